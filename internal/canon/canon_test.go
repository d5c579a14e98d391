package canon

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// nodeID and colourID are indexes that are known by their types.
type (
	nodeID   uint8
	colourID uint8
)

// node has one of each of what a field can be.
type node struct {
	Value   uint8
	Left    uint8 `key:"-"`
	Next    nodeID
	Box     uint8    `ref:"box"`
	Tints   [2]uint8 `ref:"red"` // a red one and a blue one
	Number  int16    `key:"number"`
	Cursor  uint16   `key:"cursor"`
	Friends uint32   `set:"node"`
}

// call is a second part of a node.
type call struct {
	Op   uint8
	Whom nodeID
}

// value is a value of arenas of all sorts: one in two arrays of different length, two in one array, one without any, and one
// of plain numbers.
type value struct {
	Root  nodeID
	Plain uint8
	Node  [4]node      `arena:"node"`
	Call  [3]call      `arena:"node"`
	Box   [3]uint8     `arena:"box"`
	Owner [2][3]nodeID `arena:"red"`
	Name  colourID
	Twin  colourID
	Count [4]uint8 `arena:"node" key:"-"`
	Group uint32   `set:"node"`
}

var valueTypes = Types{
	Handles: map[reflect.Type]string{reflect.TypeFor[nodeID](): "node", reflect.TypeFor[colourID](): "name"},
	Classes: []string{"red", "blue"},
}

// drawValue draws a value with few objects, so that many look alike.
func drawValue(t *rapid.T) (v value) {
	small := func(n int) uint8 { return uint8(rapid.IntRange(0, n).Draw(t, "")) }
	v.Root, v.Plain = nodeID(small(3)), small(1)
	for i := 1; i < len(v.Node); i++ {
		if small(4) == 0 {
			continue
		}
		v.Node[i] = node{small(1), small(1), nodeID(small(3)), small(2), [2]uint8{small(2), small(2)}, int16(small(3)), uint16(small(1)), uint32(small(7)) << 1}
	}
	for i := 1; i < len(v.Call); i++ {
		v.Call[i] = call{small(1), nodeID(small(3))}
		v.Box[i] = small(1)
		v.Owner[0][i], v.Owner[1][i] = nodeID(small(3)), nodeID(small(3))
	}
	v.Name, v.Twin, v.Group = colourID(small(2)), colourID(small(2)), uint32(small(7))<<1
	return v.clean()
}

// clean takes out of sets who is not there: sets are of objects that hold something.
func (v value) clean() value {
	for range v.Node { // what leaves a set may have been there for nothing but its own
		there := uint32(0)
		for i := range v.Node {
			if v.Node[i] != (node{}) || i < len(v.Call) && v.Call[i] != (call{}) {
				there |= 1 << i
			}
		}
		v.Group &= there
		for i := range v.Node {
			v.Node[i].Friends &= there
		}
	}
	return v
}

// renaming says where each object goes, by arena.
type renaming struct {
	node                 [4]uint8
	box, red, blue, name [3]uint8
}

// renamings are all of them.
var renamings = func() (all []renaming) {
	nodes := orders(3)
	for _, n := range nodes {
		for i := range 16 {
			r := renaming{node: [4]uint8{0, n[0], n[1], n[2]}}
			for j, two := range []*[3]uint8{&r.box, &r.red, &r.blue, &r.name} {
				if *two = [3]uint8{0, 1, 2}; i>>j&1 != 0 {
					*two = [3]uint8{0, 2, 1}
				}
			}
			all = append(all, r)
		}
	}
	return all
}()

// orders are the orders of the numbers from 1 to n.
func orders(n int) (all [][]uint8) {
	list := make([]uint8, n)
	for i := range list {
		list[i] = uint8(i + 1)
	}
	permute(list, func(order []uint8) { all = append(all, slices.Clone(order)) })
	return all
}

// rename moves the objects of a value. It is no renaming if one does not fit where it should go.
func (r *renaming) rename(v value) (to value, fits bool) {
	to.Root, to.Plain = r.id(v.Root), v.Plain
	to.Name, to.Twin, to.Group = colourID(r.name[v.Name]), colourID(r.name[v.Twin]), r.set(v.Group)
	for i, n := range v.Node {
		n.Next, n.Box, n.Friends = r.id(n.Next), r.box[n.Box], r.set(n.Friends)
		n.Tints = [2]uint8{r.red[n.Tints[0]], r.blue[n.Tints[1]]}
		to.Node[r.node[i]], to.Count[r.node[i]] = n, v.Count[i]
	}
	for i, c := range v.Call {
		c.Whom = r.id(c.Whom)
		if at := r.node[i]; int(at) < len(to.Call) {
			to.Call[at] = c
		} else if c != (call{}) {
			return v, false
		}
		to.Box[r.box[i]] = v.Box[i]
		to.Owner[0][r.red[i]], to.Owner[1][r.blue[i]] = r.id(v.Owner[0][i]), r.id(v.Owner[1][i])
	}
	return to, true
}

func (r *renaming) id(n nodeID) nodeID { return nodeID(r.node[n]) }

func (r *renaming) set(s uint32) (to uint32) {
	for ; s != 0; s &= s - 1 {
		to |= 1 << r.node[bits.TrailingZeros32(s)]
	}
	return to
}

// plain is a value without what keys leave out. That an object is there is not left out.
func (v value) plain() value {
	v.Count = [4]uint8{}
	for i := range v.Node {
		n := &v.Node[i]
		there := *n != (node{})
		if n.Left, n.Cursor, n.Number = 0, 0, min(n.Number, 2); there {
			n.Left = 1
		}
	}
	return v
}

// least is a text that two values share if and only if one is a renaming of the other.
func (v value) least() (least string) {
	for i := range renamings {
		if to, fits := renamings[i].rename(v.plain()); fits {
			if text := fmt.Sprint(to); least == "" || text < least {
				least = text
			}
		}
	}
	return least
}

// mutate changes one field of one object, or none.
func mutate(t *rapid.T, v value) value {
	i, small := rapid.IntRange(1, 3).Draw(t, "object"), uint8(rapid.IntRange(0, 2).Draw(t, "value"))
	n, c := &v.Node[i], i%2+1
	switch rapid.IntRange(0, 15).Draw(t, "field") {
	case 0:
		v.Root = nodeID(small)
	case 1:
		v.Plain = small
	case 2:
		n.Value = small
	case 3:
		n.Left = small
	case 4:
		n.Next = nodeID(small)
	case 5:
		n.Box = small
	case 6:
		n.Tints[c-1] = small
	case 7:
		n.Number = int16(small)
	case 8:
		n.Friends ^= 2 << small
	case 9:
		v.Call[c].Op = small
	case 10:
		v.Call[c].Whom = nodeID(small)
	case 11:
		v.Box[c] = small
	case 12:
		v.Owner[i%2][c] = nodeID(small)
	case 13:
		v.Twin = colourID(small)
	case 14:
		v.Group ^= 2 << small
	case 15:
		v.Owner[0], v.Owner[1] = v.Owner[1], v.Owner[0]
	}
	return v.clean()
}

// Two values have the same key if and only if they are the same but for the slots of objects and what keys leave out.
func TestKeyRenaming(t *testing.T) {
	keyer := NewKeyer(New[value](valueTypes, Options{}))
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		r := rapid.SampledFrom(renamings).Draw(t, "renaming")
		w, _ := r.rename(v)
		if keyer.Key(&v) != keyer.Key(&w) {
			t.Fatalf("renamed:\n%s\n%q\n%q", gocmp.Diff(v, w), keyer.textOf(&v), keyer.textOf(&w))
		}
		w = mutate(t, w)
		if same := v.least() == w.least(); same != (keyer.Key(&v) == keyer.Key(&w)) {
			t.Fatalf("same but for slots: %v, same key: %v\n%s\n%q\n%q", same, !same, gocmp.Diff(v, w), keyer.textOf(&v), keyer.textOf(&w))
		}
	})
}

// textOf is a copy of the text that a key is made of.
func (k *Keyer[S]) textOf(s *S) string { return string(k.text(s)) }

// A key that tries every order of the nodes tells the same values apart.
func TestBruteForce(t *testing.T) {
	keyer := NewKeyer(New[value](valueTypes, Options{}))
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		w := v
		if rapid.Bool().Draw(t, "other") {
			w = mutate(t, v)
		}
		r := rapid.SampledFrom(renamings).Draw(t, "renaming")
		w, _ = r.rename(w)
		brute, key := keyer.BruteForce(&v, "node") == keyer.BruteForce(&w, "node"), keyer.Key(&v) == keyer.Key(&w)
		if brute != key {
			t.Fatalf("same by brute force: %v, by key: %v\n%s", brute, key, gocmp.Diff(v, w))
		}
	})
}

// sample is a value of which every object is named and holds something.
func sample() (v value) {
	v.Root, v.Plain, v.Name, v.Twin, v.Group = 1, 1, 1, 1, 1<<1|1<<2
	v.Node[1] = node{Value: 1, Left: 1, Next: 2, Box: 1, Tints: [2]uint8{1, 1}, Number: 5, Cursor: 1, Friends: 1 << 2}
	v.Node[2] = node{Value: 2, Next: 3, Box: 2, Tints: [2]uint8{2, 2}, Number: 1}
	v.Node[3] = node{Value: 3}
	v.Call[1] = call{1, 2}
	v.Box = [3]uint8{0, 1, 2}
	v.Owner = [2][3]nodeID{{0, 1, 2}, {0, 2, 3}}
	v.Count = [4]uint8{0, 1, 1, 1}
	return v
}

// Each tag does to a field what the package's comment says, and options vary it.
func TestTags(t *testing.T) {
	type on struct{ plain, numbers, keep, raw bool } // whether the key changes, by options
	all := on{true, true, true, true}
	for _, tt := range []struct {
		name   string
		change func(v *value)
		want   on
	}{
		{"nothing", func(v *value) {}, on{}},
		{"a byte of the value", func(v *value) { v.Plain = 2 }, all},
		{"a byte of an object", func(v *value) { v.Node[1].Value = 9 }, all},
		{"a byte of a second part", func(v *value) { v.Call[1].Op = 9 }, all},
		{"a plain object", func(v *value) { v.Box[2] = 9 }, all},
		{"an index by its type", func(v *value) { v.Node[1].Next = 3 }, all},
		{"an index by its tag", func(v *value) { v.Node[1].Box = 2 }, all},
		{"an index to nobody", func(v *value) { v.Node[2].Next = 0 }, all},
		{"an index of the value", func(v *value) { v.Root = 2 }, all},
		{"the first of an array of indexes", func(v *value) { v.Node[2].Tints[0] = 1 }, all},
		{"the second of an array of indexes", func(v *value) { v.Node[2].Tints[1] = 1 }, all},
		{"an array of two arenas", func(v *value) { v.Owner[1][2] = 1 }, all},
		{"two objects without arrays", func(v *value) { v.Twin = 2 }, all},
		{"another object without arrays", func(v *value) { v.Name, v.Twin = 2, 2 }, on{raw: true}},
		{"a set", func(v *value) { v.Group = 1<<1 | 1<<3 }, all},
		{"a set in an object", func(v *value) { v.Node[1].Friends = 1 << 3 }, all},
		{"left out", func(v *value) { v.Node[1].Left = 9 }, on{keep: true}},
		{"left out of the value", func(v *value) { v.Count[1] = 9 }, on{keep: true}},
		{"many as a number", func(v *value) { v.Node[1].Number = -1 }, on{numbers: true}},
		{"256 as a number", func(v *value) { v.Node[1].Number = 256 }, on{numbers: true}},
		{"1 as a number", func(v *value) { v.Node[1].Number = 1 }, all},
		{"0 as a number", func(v *value) { v.Node[2].Number = 0 }, all},
		{"a cursor", func(v *value) { v.Node[1].Cursor = 9 }, on{numbers: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := sample()
			tt.change(&v)
			changes := func(o Options) bool {
				keyer, old := NewKeyer(New[value](valueTypes, o)), sample()
				return keyer.Key(&v) != keyer.Key(&old)
			}
			got := on{changes(Options{}), changes(Options{Numbers: true}), changes(Options{Keep: []string{"node.Left", "value.Count"}}), changes(Options{Raw: true})}
			if got != tt.want {
				t.Errorf("changes %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Objects are renamed unless they are in the arena that is fixed, or all stand for themselves.
func TestRenamed(t *testing.T) {
	nodes := renaming{node: [4]uint8{0, 2, 1, 3}, box: [3]uint8{0, 1, 2}, red: [3]uint8{0, 1, 2}, blue: [3]uint8{0, 1, 2}, name: [3]uint8{0, 1, 2}}
	boxes := nodes
	boxes.node, boxes.box = [4]uint8{0, 1, 2, 3}, [3]uint8{0, 2, 1}
	for _, tt := range []struct {
		name         string
		o            Options
		nodes, boxes bool // whether renaming these is not seen
	}{
		{"all", Options{}, true, true},
		{"nodes fixed", Options{Fixed: "node"}, false, true},
		{"boxes fixed", Options{Fixed: "box"}, true, false},
		{"raw", Options{Raw: true}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keyer, v := NewKeyer(New[value](valueTypes, tt.o)), sample()
			same := func(r renaming) bool {
				w, fits := r.rename(v)
				return fits && w != v && keyer.Key(&v) == keyer.Key(&w)
			}
			if got := [2]bool{same(nodes), same(boxes)}; got != [2]bool{tt.nodes, tt.boxes} {
				t.Errorf("not seen: %v, want %v", got, [2]bool{tt.nodes, tt.boxes})
			}
		})
	}
}

// What no walk reaches is told apart by its arena, and by the sets that it is in.
func TestUnmet(t *testing.T) {
	type unmet struct {
		A, B [4]uint8 `arena:"red"`
		Set  uint32   `set:"red"`
	}
	type other struct {
		A   [4]uint8 `arena:"a"`
		B   [4]uint8 `arena:"b"`
		Set uint32   `set:"a"`
	}
	two := NewKeyer(New[other](Types{}, Options{}))
	if a, b := (other{A: [4]uint8{0, 5}}), (other{B: [4]uint8{0, 5}}); two.Key(&a) == two.Key(&b) {
		t.Error("an object in one arena is one in another")
	}
	if a, b := (other{A: [4]uint8{0, 5, 5}, Set: 1 << 1}), (other{A: [4]uint8{0, 5, 5}, Set: 1 << 2}); two.Key(&a) != two.Key(&b) {
		t.Error("it matters which of two is in a set")
	}
	one := NewKeyer(New[unmet](Types{}, Options{}))
	if a, b := (unmet{A: [4]uint8{0, 5}}), (unmet{B: [4]uint8{0, 0, 5}}); one.Key(&a) == one.Key(&b) {
		t.Error("one part of an object is the other")
	}
	if a, b := (unmet{A: [4]uint8{0, 5, 6}, B: [4]uint8{0, 6, 5}}), (unmet{A: [4]uint8{0, 6, 5}, B: [4]uint8{0, 5, 6}}); one.Key(&a) != one.Key(&b) {
		t.Error("it matters where two objects stand")
	}
	if a, b := (unmet{A: [4]uint8{0, 5, 6}, B: [4]uint8{0, 6, 5}}), (unmet{A: [4]uint8{0, 5, 6}, B: [4]uint8{0, 5, 6}}); one.Key(&a) == one.Key(&b) {
		t.Error("parts of two objects are mixed up")
	}
}

// Rings that no walk reaches are told apart though each of their objects looks like the others.
func TestRings(t *testing.T) {
	type rings struct {
		Next [7]uint8 `arena:"node" ref:"node"`
	}
	keyer := NewKeyer(New[rings](Types{}, Options{}))
	for _, tt := range []struct {
		name string
		a, b [7]uint8
		same bool
	}{
		{"a ring of six in another order", [7]uint8{0, 2, 3, 4, 5, 6, 1}, [7]uint8{0, 3, 5, 2, 1, 6, 4}, true},
		{"two of three in another order", [7]uint8{0, 2, 3, 1, 5, 6, 4}, [7]uint8{0, 3, 4, 5, 6, 1, 2}, true},
		{"a ring of six, two of three", [7]uint8{0, 2, 3, 4, 5, 6, 1}, [7]uint8{0, 2, 3, 1, 5, 6, 4}, false},
		{"two of three, three of two", [7]uint8{0, 2, 3, 1, 5, 6, 4}, [7]uint8{0, 2, 1, 4, 3, 6, 5}, false},
		{"each itself, each another", [7]uint8{0, 1, 2, 3, 4, 5, 6}, [7]uint8{0, 2, 1, 4, 3, 6, 5}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a, b := (rings{tt.a}), (rings{tt.b}); (keyer.Key(&a) == keyer.Key(&b)) != tt.same {
				t.Errorf("same key: %v", !tt.same)
			}
		})
	}
}

// A form says what it leaves out, kept or not.
func TestLeftOut(t *testing.T) {
	for _, keep := range [][]string{nil, {"node.Left"}} {
		got := New[value](valueTypes, Options{Keep: keep}).LeftOut()
		if diff := gocmp.Diff([]string{"node.Left", "value.Count"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A mistake in the tags of a type panics.
func TestNewPanics(t *testing.T) {
	in := Types{Classes: []string{"red", "blue"}}
	for _, tt := range []struct {
		name string
		fn   func()
		want string
	}{
		{"an array of indexes too long", func() {
			New[struct {
				X [2]uint8 `ref:"blue"`
			}](in, Options{})
		}, "nothing is 1 places after blue in red blue"},
		{"an array of arenas too long", func() {
			New[struct {
				X [3][4]uint8 `arena:"red"`
			}](in, Options{})
		}, "nothing is 2 places after red in red blue"},
		{"a wide index", func() {
			New[struct {
				X uint16 `ref:"red"`
			}](in, Options{})
		}, "uint16 has 2 bytes, and what points into arena red has 1"},
		{"an array of sets", func() {
			New[struct {
				X [2]uint32 `set:"red"`
			}](in, Options{})
		}, "[2]uint32 has 8 bytes, and what points into arena red has 4"},
		{"too many slots", func() {
			New[struct {
				X [maxSlots + 1]uint8 `arena:"red"`
			}](in, Options{})
		}, "65 slots in arena red, and room for 64"},
		{"too many arenas", func() { New[struct{}](Types{Classes: make33()}, Options{}) }, "33 arenas, and room for 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); got != "canon: "+tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
			}()
			tt.fn()
		})
	}
}

// make33 is a list of one name more than there is room for.
func make33() (names []string) {
	for i := range maxArenas + 1 {
		names = append(names, strings.Repeat("x", i+1))
	}
	return names
}

// No two of a million short texts have the same key, nor the zero key; and the odds that any two have are small.
func TestHash(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n /= 2
	}
	keys := make([]Key, 0, n)
	text := make([]byte, 40)
	for i := range n {
		clear(text)
		binary.LittleEndian.PutUint32(text[i%7*5:], uint32(i/28)) // alike but for a few bytes, at different places
		keys = append(keys, Hash(text[:i%7*5+4+i/7%4]))
	}
	for lane := range 2 {
		slices.SortFunc(keys, func(a, b Key) int { return cmp.Or(cmp.Compare(a[lane], b[lane]), cmp.Compare(a[1-lane], b[1-lane])) })
		same := 0
		for i := 1; i < n; i++ {
			if keys[i] == keys[i-1] {
				t.Fatalf("two texts have the key %x", keys[i])
			}
			if keys[i][lane] == keys[i-1][lane] {
				same++
			}
		}
		if keys[0][lane] == 0 && keys[0][1-lane] == 0 || same > 0 {
			t.Errorf("half %d: the least key is %x, %d are the same", lane, keys[0], same)
		}
	}
	if p := Collision(1 << 32); p <= 0 || p > 1e-18 {
		t.Errorf("odds of a collision of 2^32 values: %g", p)
	}
}

// Keys are never zero, which stands for none.
func TestHashNotZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if text := rapid.SliceOf(rapid.Byte()).Draw(t, "text"); Hash(text) == (Key{}) {
			t.Fatalf("the key of %x is zero", text)
		}
	})
}

// A key allocates nothing when every object is reached.
func TestKeyAllocs(t *testing.T) {
	keyer, v := NewKeyer(New[value](valueTypes, Options{})), sample()
	keyer.Key(&v)
	if n := testing.AllocsPerRun(100, func() { keyer.Key(&v) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
