package canon

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unsafe"
)

// rest goes on with what no walk has reached: the object that looks least, or, where some look alike, whichever of them
// makes the least text. The sets come last, when all objects have names.
func (w *walk) rest() {
	for alike := w.least(); len(alike) > 0; alike = w.least() {
		if len(alike) > 1 {
			w.try(alike)
			return
		}
		w.from(alike[0])
	}
	w.text = append(w.text, 0)
	w.members()
}

// from goes on from an object that no walk has reached. Only the text can tell which arena it is in.
func (w *walk) from(o object) {
	w.text = append(w.text, o.arena+1)
	w.name(o.arena, o.slot)
	w.follow()
}

// try goes on with each of some objects that look alike, and keeps the walk with the least text.
func (w *walk) try(alike []object) {
	var start, best walk
	start.copyOf(w)
	for i, o := range alike {
		w.copyOf(&start)
		w.from(o)
		if w.rest(); i == 0 || bytes.Compare(w.text, best.text) < 0 {
			best.copyOf(w)
		}
	}
	w.copyOf(&best)
}

// least are the objects of the least colour among those that nobody has named, nil when there is none.
func (w *walk) least() []object {
	list := w.unmet()
	if len(list) < 2 {
		return list
	}
	colours := w.colours(list)
	least := slices.MinFunc(colours, func(a, b Key) int { return slices.Compare(a[:], b[:]) })
	i := 0
	return slices.DeleteFunc(list, func(object) bool { i++; return colours[i-1] != least })
}

// colours tell objects apart by what they hold: first by all but the unnamed objects that they name, then by the colours of
// those, as often as there are objects.
func (w *walk) colours(list []object) []Key {
	old, colours := make([]Key, len(list)), make([]Key, len(list))
	for range list {
		for i, o := range list {
			colours[i] = Hash(w.look(o, list, old))
		}
		old, colours = colours, old
	}
	return old
}

// look writes an object as far as it can be told without naming anybody.
func (w *walk) look(o object, list []object, colours []Key) (text []byte) {
	text = append(text, o.arena)
	for i := range w.arenas[o.arena].arrays {
		a := &w.arenas[o.arena].arrays[i]
		at := a.at(w.at, int(o.slot))
		if at == nil || zero(at, a.size) {
			text = append(text, 0) // an object looks alike in a slot that an array does not have
			continue
		}
		text = append(text, 1)
		for j := range a.parts {
			p := &a.parts[j]
			field := unsafe.Add(at, p.off)
			switch p.kind {
			case raw:
				text = append(text, unsafe.Slice((*byte)(field), p.size)...)
			case number:
				text = append(text, short(field, p.size))
			case ref:
				text = w.lookRef(text, o, object{p.arena, *(*uint8)(field)}, list, colours)
			}
		}
	}
	return text
}

// lookRef writes an index: the name of the object, or itself where an object names itself, or its colour.
func (w *walk) lookRef(text []byte, from, to object, list []object, colours []Key) []byte {
	if to == from {
		return append(text, 254)
	}
	text = append(text, w.names[to.arena][to.slot%maxSlots])
	if i := slices.Index(list, to); i >= 0 {
		text = binary.LittleEndian.AppendUint64(text, colours[i][0])
	}
	return text
}
