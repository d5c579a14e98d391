package canon

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"
)

// Key is a fingerprint of 128 bits. Two values have the same key if they are the same but for the slots of their objects,
// and else with the odds of Collision.
type Key [2]uint64

// Collision bounds the odds that any two of n different values have the same key.
func Collision(n uint64) float64 { return float64(n) * float64(n) / (1 << 63) / (1 << 63) / 8 }

// Keyer makes keys. It has buffers; use one for each goroutine.
type Keyer[S any] struct {
	form *Form[S]
	walk walk
}

// NewKeyer is a Keyer of a form.
func NewKeyer[S any](f *Form[S]) *Keyer[S] { return &Keyer[S]{form: f} }

// Key is the key of a value.
func (k *Keyer[S]) Key(s *S) Key { return Hash(k.text(s)) }

// text is the value with its objects renamed, as bytes.
func (k *Keyer[S]) text(s *S) []byte {
	w := &k.walk
	w.begin(k.form.arenas, unsafe.Pointer(s))
	for slot := range k.form.fixedLen() {
		w.name(k.form.fixed, uint8(slot))
	}
	w.parts(k.form.top, w.at)
	if k.form.raw {
		return w.all()
	}
	w.follow()
	w.rest()
	return w.text
}

// BruteForce is a key that tries every order of one arena's objects, and so needs nothing of what Key relies on. It takes
// factorial time.
func (k *Keyer[S]) BruteForce(s *S, name string) Key {
	a := slices.IndexFunc(k.form.arenas, func(a arena) bool { return a.name == name })
	k.walk.begin(k.form.arenas, unsafe.Pointer(s))
	var least []byte
	permute(k.walk.alive(a), func(order []uint8) {
		w := &k.walk
		w.begin(k.form.arenas, unsafe.Pointer(s))
		w.text = append(w.text, uint8(len(order)))
		for _, slot := range order {
			w.name(uint8(a), slot)
		}
		w.parts(k.form.top, w.at)
		w.follow()
		w.rest()
		if least == nil || bytes.Compare(w.text, least) < 0 {
			least = slices.Clone(w.text)
		}
	})
	return Hash(least)
}

// permute calls fn with every order of a list.
func permute(list []uint8, fn func([]uint8)) { permuteFrom(list, 0, fn) }

func permuteFrom(list []uint8, i int, fn func([]uint8)) {
	if i == len(list) {
		fn(list)
		return
	}
	for j := i; j < len(list); j++ {
		list[i], list[j] = list[j], list[i]
		permuteFrom(list, i+1, fn)
		list[i], list[j] = list[j], list[i]
	}
}

// maxArenas and maxSlots bound what a walk has room for.
const (
	maxArenas = 32
	maxSlots  = 64
)

// object is one that was met.
type object struct{ arena, slot uint8 }

// walk is a value on its way to bytes.
type walk struct {
	arenas []arena
	at     unsafe.Pointer
	names  [maxArenas][maxSlots]uint8 // the number of an object in its arena, from 1 on
	met    [maxArenas]uint8
	top    [maxArenas]uint8 // the highest slot that was named
	queue  []object
	next   int
	sets   []members
	text   []byte
}

// members is a set that was met. It is written when all objects have names.
type members struct {
	arena uint8
	bits  uint32
}

// begin starts a walk.
func (w *walk) begin(arenas []arena, at unsafe.Pointer) {
	w.arenas, w.at = arenas, at
	w.names, w.met, w.top = [maxArenas][maxSlots]uint8{}, [maxArenas]uint8{}, [maxArenas]uint8{}
	w.queue, w.next, w.sets, w.text = w.queue[:0], 0, w.sets[:0], w.text[:0]
}

// copyOf makes the walk one that has come as far as another.
func (w *walk) copyOf(o *walk) {
	queue, sets, text := append(w.queue[:0], o.queue...), append(w.sets[:0], o.sets...), append(w.text[:0], o.text...)
	*w = *o
	w.queue, w.sets, w.text = queue, sets, text
}

// all writes every object in its place.
func (w *walk) all() []byte {
	for a := range w.arenas {
		for slot := range w.arenas[a].len {
			w.object(object{uint8(a), uint8(slot)})
		}
	}
	return w.text
}

// follow writes the objects that were met, and those that they name.
func (w *walk) follow() {
	for ; w.next < len(w.queue); w.next++ {
		w.object(w.queue[w.next])
	}
}

// object writes what an object holds. A part that is all zero is one byte.
func (w *walk) object(o object) {
	for i := range w.arenas[o.arena].arrays {
		a := &w.arenas[o.arena].arrays[i]
		if at := a.at(w.at, int(o.slot)); at == nil || zero(at, a.size) {
			w.text = append(w.text, 0)
		} else {
			w.text = append(w.text, 1)
			w.parts(a.parts, at)
		}
	}
}

// parts writes a struct.
func (w *walk) parts(parts []part, at unsafe.Pointer) {
	for i := range parts {
		p := &parts[i]
		field := unsafe.Add(at, p.off)
		switch p.kind {
		case raw:
			w.text = append(w.text, unsafe.Slice((*byte)(field), p.size)...)
		case ref:
			w.text = append(w.text, w.name(p.arena, *(*uint8)(field)))
		case number:
			w.text = append(w.text, short(field, p.size))
		case set:
			w.sets = append(w.sets, members{p.arena, *(*uint32)(field)})
		}
	}
}

// members writes the sets, each as the set of the names.
func (w *walk) members() {
	for _, m := range w.sets {
		named := uint32(0)
		for ; m.bits != 0; m.bits &= m.bits - 1 {
			named |= 1 << (w.names[m.arena][bits.TrailingZeros32(m.bits)] % 32)
		}
		w.text = binary.LittleEndian.AppendUint32(w.text, named)
	}
}

// name is the name of an object, which it gets when it is met. Nobody is 0.
func (w *walk) name(arena, slot uint8) uint8 {
	if slot == 0 {
		return 0
	}
	name := &w.names[arena][slot%maxSlots]
	if *name == 0 {
		w.met[arena]++
		*name = w.met[arena]
		w.top[arena] = max(w.top[arena], slot%maxSlots)
		if len(w.arenas[arena].arrays) > 0 && int(slot) < w.arenas[arena].len {
			w.queue = append(w.queue, object{arena, slot})
		}
	}
	return *name
}

// short is 0 for 0, 1 for 1 and 2 for any other number.
func short(field unsafe.Pointer, size uintptr) byte {
	switch size {
	case 2:
		return byte(min(*(*uint16)(field), 2))
	case 4:
		return byte(min(*(*uint32)(field), 2))
	}
	b := unsafe.Slice((*byte)(field), size)
	if zero(unsafe.Add(field, 1), size-1) {
		return min(b[0], 2)
	}
	return 2
}

var zeros [1 << 12]byte

// zero says whether some memory is all zero.
func zero(at unsafe.Pointer, size uintptr) bool {
	return string(unsafe.Slice((*byte)(at), size)) == string(zeros[:size])
}

// alive lists the objects of an arena that are not all zero.
func (w *walk) alive(arena int) (list []uint8) {
	for slot := 1; slot < w.arenas[arena].len; slot++ {
		if w.holds(arena, slot) {
			list = append(list, uint8(slot))
		}
	}
	return list
}

// holds says whether an object is not all zero.
func (w *walk) holds(arena, slot int) bool {
	for i := range w.arenas[arena].arrays {
		a := &w.arenas[arena].arrays[i]
		if at := a.at(w.at, slot); at != nil && !zero(at, a.size) {
			return true
		}
	}
	return false
}

// unmet lists the objects that are not all zero and that nobody has named.
func (w *walk) unmet() (list []object) {
	for i := range w.arenas {
		a := &w.arenas[i]
		used := int(w.top[i]) + 1 // where the slots begin of which none is named
		switch {
		case used < a.len && !w.empty(a, used):
			used = a.len
		case w.met[i] == w.top[i]:
			continue // there are no gaps
		}
		for slot := 1; slot < min(used, a.len); slot++ {
			if w.names[i][slot] == 0 && w.holds(i, slot) {
				list = append(list, object{uint8(i), uint8(slot)})
			}
		}
	}
	return list
}

// empty says whether all objects of an arena are zero from a slot on.
func (w *walk) empty(a *arena, from int) bool {
	for i := range a.arrays {
		e := &a.arrays[i]
		if at := e.at(w.at, from); at != nil && !zero(at, uintptr(e.len-from)*e.size) {
			return false
		}
	}
	return true
}

// Hash is a fingerprint of some bytes: two lanes of multiplications that fold. The length comes when all bytes are mixed, for
// it must not make up for a byte.
func Hash(text []byte) Key {
	a, b, n := uint64(0x9e3779b97f4a7c15), uint64(0xe7037ed1a0b428db), uint64(len(text))
	for ; len(text) >= 16; text = text[16:] {
		a, b = mix(a, b, binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:]))
	}
	var last [16]byte
	copy(last[:], text)
	a, b = mix(a, b, binary.LittleEndian.Uint64(last[:]), binary.LittleEndian.Uint64(last[8:]))
	a, b = fold(a^n, b^0x589965cc75374cc3), fold(b^n, a^0x1d8e4e27c47d124f)
	if a|b == 0 {
		a = 1 // the zero key is none
	}
	return Key{a, b}
}

// mix mixes 16 bytes into both lanes.
func mix(a, b, x, y uint64) (uint64, uint64) {
	return fold(a^x, y^0xa0761d6478bd642f), fold(b^y, x^0x8ebc6af09c88c6e3)
}

func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}
