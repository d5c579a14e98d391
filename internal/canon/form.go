package canon

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Types are what the tags of a value's type leave open.
type Types struct {
	Handles map[reflect.Type]string // the arena of an index, by its type
	Classes []string                // the order of arenas, for arrays of indexes into several of them
}

// Options vary a form.
type Options struct {
	Numbers bool     // numbers and cursors count as they are
	Keep    []string // fields with key:"-" that are not left out, as Type.Field
	Raw     bool     // no renaming: every index stands for itself
	Fixed   string   // an arena whose objects are not renamed
}

// kind is what is done with a part of a struct.
type kind uint8

const (
	raw    kind = iota // its bytes
	ref                // an index, which is renamed
	number             // 0, 1 or another
	set                // indexes as a set, a bit each
)

// part is a run of bytes of a struct, or one field that is more than its bytes.
type part struct {
	kind      kind
	off, size uintptr
	arena     uint8 // of a ref or a set
}

// array is where an arena's objects have a part: element i is at off + i*size.
type array struct {
	off, size uintptr
	len       int
	parts     []part
}

// at is where element i stands in a value, or nil.
func (a *array) at(s unsafe.Pointer, i int) unsafe.Pointer {
	if i >= a.len {
		return nil
	}
	return unsafe.Add(s, a.off+uintptr(i)*a.size)
}

// arena is a kind of object. Without arrays an object is nothing but its name.
type arena struct {
	name   string
	len    int // of the longest array
	arrays []array
}

// Form is how values of a type become keys.
type Form[S any] struct {
	arenas []arena
	top    []part // what stands outside the arenas
	raw    bool
	fixed  uint8 // the arena that is not renamed, len(arenas) if there is none
	left   []string
}

// New compiles the form of a type. The tags are the program's own: a mistake in them panics.
func New[S any](types Types, o Options) *Form[S] {
	c := compiler{Types: types, Options: o}
	for _, name := range types.Classes {
		c.arena(name)
	}
	t := reflect.TypeFor[S]()
	var top []part
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("arena") == "" {
			top = c.field(top, t, f, f.Offset)
		} else if !c.out(t, f) {
			c.arrays(f)
		}
	}
	c.fit()
	f := &Form[S]{arenas: c.arenas, top: top, raw: o.Raw, fixed: uint8(len(c.arenas)), left: c.left}
	if o.Fixed != "" {
		f.fixed = uint8(c.arena(o.Fixed))
	}
	return f
}

// fixedLen is how many slots there are in the arena that is not renamed.
func (f *Form[S]) fixedLen() int {
	if int(f.fixed) == len(f.arenas) {
		return 0
	}
	return f.arenas[f.fixed].len
}

// fit panics if a walk has no room for the arenas.
func (c *compiler) fit() {
	if len(c.arenas) > maxArenas {
		panic(fmt.Sprintf("canon: %d arenas, and room for %d", len(c.arenas), maxArenas))
	}
	for _, a := range c.arenas {
		if a.len > maxSlots {
			panic(fmt.Sprintf("canon: %d slots in arena %s, and room for %d", a.len, a.name, maxSlots))
		}
	}
}

// LeftOut lists the fields with key:"-", as Type.Field.
func (f *Form[S]) LeftOut() []string { return f.left }

// compiler collects arenas.
type compiler struct {
	Types
	Options
	arenas []arena
	left   []string
}

// arena is the index of a name.
func (c *compiler) arena(name string) int {
	i := slices.IndexFunc(c.arenas, func(a arena) bool { return a.name == name })
	if i < 0 {
		i = len(c.arenas)
		c.arenas = append(c.arenas, arena{name: name})
	}
	return i
}

// arrays adds a field of the value to its arena: an array of parts of objects, or one such array for each of several arenas.
func (c *compiler) arrays(f reflect.StructField) {
	t, n := f.Type, 1
	if t.Elem().Kind() == reflect.Array {
		n, t = t.Len(), t.Elem()
	}
	for i := range n {
		e := array{off: f.Offset + uintptr(i)*t.Size(), size: t.Elem().Size(), len: t.Len()}
		e.parts = c.tagged(nil, f.Tag, t.Elem(), 0)
		a := &c.arenas[c.arena(c.after(f.Tag.Get("arena"), i))]
		a.len, a.arrays = max(a.len, e.len), append(a.arrays, e)
	}
}

// out says whether a field is left out.
func (c *compiler) out(in reflect.Type, f reflect.StructField) bool {
	switch f.Tag.Get("key") {
	case "-":
		name := in.Name() + "." + f.Name
		c.left = append(c.left, name)
		return !slices.Contains(c.Keep, name)
	case "cursor":
		return !c.Numbers
	}
	return false
}

// field adds a field of a struct.
func (c *compiler) field(parts []part, in reflect.Type, f reflect.StructField, off uintptr) []part {
	if c.out(in, f) {
		return parts
	}
	return c.tagged(parts, f.Tag, f.Type, off)
}

// tagged adds what stands at an offset, by its tags.
func (c *compiler) tagged(parts []part, tag reflect.StructTag, t reflect.Type, off uintptr) []part {
	switch {
	case tag.Get("key") == "number" && !c.Numbers:
		return c.numbers(parts, t, off)
	case tag.Get("set") != "" && !c.Raw:
		return append(parts, c.index(set, t, 4, off, tag.Get("set")))
	}
	return c.typed(parts, t, off, tag.Get("ref"))
}

// index is an index into an arena, or a set of them, of the one size that a walk reads.
func (c *compiler) index(k kind, t reflect.Type, size, off uintptr, class string) part {
	if t.Size() != size {
		panic(fmt.Sprintf("canon: %v has %d bytes, and what points into arena %s has %d", t, t.Size(), class, size))
	}
	return part{kind: k, off: off, size: size, arena: uint8(c.arena(class))}
}

// numbers adds a number, or an array of them.
func (c *compiler) numbers(parts []part, t reflect.Type, off uintptr) []part {
	if t.Kind() != reflect.Array {
		return append(parts, part{kind: number, off: off, size: t.Size()})
	}
	for i := range t.Len() {
		parts = c.numbers(parts, t.Elem(), off+uintptr(i)*t.Elem().Size())
	}
	return parts
}

// typed adds what stands at an offset, by its type. The classes of a ref are those from its name on.
func (c *compiler) typed(parts []part, t reflect.Type, off uintptr, class string) []part {
	if name := c.Handles[t]; name != "" {
		class = name
	}
	switch {
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			parts = c.field(parts, t, f, off+f.Offset)
		}
		return parts
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			parts = c.typed(parts, t.Elem(), off+uintptr(i)*t.Elem().Size(), c.after(class, i))
		}
		return parts
	case class != "" && !c.Raw:
		return append(parts, c.index(ref, t, 1, off, class))
	}
	return appendRaw(parts, off, t.Size())
}

// after is the class that follows another by some places; a class that is in no order is followed by itself.
func (c *compiler) after(class string, places int) string {
	if i := slices.Index(c.Classes, class); i >= 0 {
		if i+places >= len(c.Classes) {
			panic(fmt.Sprintf("canon: nothing is %d places after %s in %s", places, class, strings.Join(c.Classes, " ")))
		}
		return c.Classes[i+places]
	}
	return class
}

// appendRaw adds bytes, to the run before them if they follow it.
func appendRaw(parts []part, off, size uintptr) []part {
	if n := len(parts); n > 0 && parts[n-1].kind == raw && parts[n-1].off+parts[n-1].size == off {
		parts[n-1].size += size
		return parts
	}
	return append(parts, part{kind: raw, off: off, size: size})
}
