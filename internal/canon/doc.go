// Package canon reduces a value to a key that says what it is, and not where in memory its parts stand.
//
// The value is a flat struct of arenas: arrays whose elements name each other by index, index 0 being nobody. Two values
// that differ only in which slots their objects occupy behave alike, and have the same key. A Form is compiled once from
// the type and its tags:
//
//	arena:"task"    on an array of the value: its elements are the objects of that arena, or a part of them
//	ref:"files"     on an index without a type of its own: the arena that it points into; on an array of them, the first
//	                one's, and those that follow in Types.Classes
//	set:"task"      on a number of 32 bits: a set of indexes into an arena
//	key:"-"         left out: a function of the rest, or nothing that the future depends on; the comment says why
//	key:"number"    a number that only counts as 0, 1 or another, unless numbers are kept
//	key:"cursor"    left out unless numbers are kept
//
// An element is an object if any of its bytes is not zero, those of fields that are left out as well. A set is of objects.
//
// Objects are named in the order in which they are met on a walk from the fields outside the arenas. Where lists are ordered
// this is canonical by itself. What no walk reaches is told apart by colours: what an object holds, then what the objects hold
// that it names, and so on. Objects that still look alike are tried in each order, and the least key counts.
package canon
