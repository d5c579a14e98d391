package model

import (
	"encoding/binary"
	"fmt"
)

const (
	worldBytes = 16
	opBytes    = 8
)

// MaxBinaryOps is how many ops are read: a clone for each slot that the larger world leaves free. Hand-written traces have
// fewer, and what a run costs is in proportion.
const MaxBinaryOps = MaxTasks - 1 - int(CA)

// field is a part of a word: so many bits, and what of v they are. put makes sense of any bits.
type field[T any] struct {
	width int
	get   func(v T) uint64
	put   func(v T, bits uint64)
}

// pack makes a word of fields, the first one lowest. What does not fit its field is cut off.
func pack[T any](fields []field[T], v T) (word uint64) {
	at := 0
	for i := range fields {
		f := &fields[i]
		word |= f.get(v) & (1<<f.width - 1) << at
		at += f.width
	}
	return word
}

// unpack takes a word apart. A field may look at those before it.
func unpack[T any](fields []field[T], v T, word uint64) {
	for i := range fields {
		f := &fields[i]
		f.put(v, word&(1<<f.width-1))
		word >>= f.width
	}
}

// Binary is a trace that came in binary: what a fuzzer changes at random. It is 16 bytes for the world (binary_world.go) and
// 8 for each op (binary_op.go), in little-endian words of bit fields.
//
// Any bytes are a trace. What is missing of the world is 0, and zeroes are the plain world, in which zeroes are a fork by
// `a`. The rest of an op at the end says nothing, nor does what follows MaxBinaryOps. A value out of range is reduced to one
// within; a choice is one of 16; a fault or a pause that the call does not have is none, and a pause inside a section is one where it begins. A
// world that contradicts itself is mended.
//
// Tasks go by number, in the order of their names: `a`, the other tasks of the world, then the child of each clone in the
// order of the lines, born or not. So a trace comes back with names of its own, b, c, d, ..., and one for each clone.
//
// Its methods keep the buffers.
type Binary struct {
	Only    *Version // if it is set, all traces are taken for traces of this version
	Version *Version // shared: not to be changed
	Boot    Boot
	Stmts   []Stmt

	names    []string // of the tasks so far, in the order that numbers them
	children int
}

// Decode reads a trace. All bytes are one.
func (b *Binary) Decode(data []byte) {
	var world [worldBytes]byte
	n := copy(world[:], data)
	b.begin(world)
	for data = data[n:]; len(data) >= opBytes && len(b.Stmts) < MaxBinaryOps; data = data[opBytes:] {
		b.Stmts = append(b.Stmts, Stmt{})
		b.op(&b.Stmts[len(b.Stmts)-1], binary.LittleEndian.Uint64(data))
	}
}

// begin reads the world.
func (b *Binary) begin(world [worldBytes]byte) {
	b.Boot = Boot{}
	for i, fields := range worldFields {
		unpack(fields, &b.Boot, binary.LittleEndian.Uint64(world[8*i:]))
	}
	b.Boot.mend()
	if b.Version = b.Only; b.Only == nil {
		b.Version = b.Boot.bootKernel().Version
	}
	b.Boot.Version = b.Version.Name
	b.Stmts, b.names, b.children = b.Stmts[:0], append(b.names[:0], "a"), 0
	for _, t := range b.Boot.Tasks() {
		if t.Name != "a" {
			b.names = append(b.names, t.Name)
		}
	}
}

// op reads an op.
func (b *Binary) op(st *Stmt, word uint64) {
	x := packed{st, b}
	unpack(opHead, x, word)
	unpack(opFields[st.Op.Kind], x, word>>headBits)
	if st.Op.Kind == Clone {
		st.Bind = childName(b.children)
		b.names = append(b.names, st.Bind)
		b.children++
	}
}

// Trace is the trace as if it had been read from a text.
func (b *Binary) Trace() *Trace {
	t := NewTrace(b.Boot)
	for _, st := range b.Stmts {
		t.Add(NewLine(st, ""))
	}
	return t
}

// EncodeTrace writes a trace in binary: Decode gives back its world and its ops, with a name of its own for each clone. The
// error names a line that has no binary form: its numbers are too big, or there are too many before it.
func EncodeTrace(t *Trace) ([]byte, error) {
	world := worldBits(&t.Boot)
	b := Binary{}
	if b.begin(world); b.Boot.String() != t.Boot.String() {
		return nil, fmt.Errorf("%s:1: the world has no binary form; the nearest is %q", t.File, b.Boot.String())
	}
	data := world[:]
	names := newRenaming(&t.Boot)
	for i := range t.Lines {
		l := &t.Lines[i]
		if l.Stmt == nil {
			continue
		}
		if len(data) == worldBytes+opBytes*MaxBinaryOps {
			return nil, fmt.Errorf("%s:%d: too long for the binary form, which has at most %d ops", t.File, l.No, MaxBinaryOps)
		}
		word, err := b.encode(names.stmt(l.Stmt))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", t.File, l.No, err)
		}
		data = binary.LittleEndian.AppendUint64(data, word)
	}
	return data, nil
}

// encode writes an op, and reads it to see whether it is the same.
func (b *Binary) encode(st Stmt) (uint64, error) {
	x := packed{&st, b}
	word := pack(opHead, x) | pack(opFields[st.Op.Kind], x)<<headBits
	var again Stmt
	if b.op(&again, word); again.String() != st.String() {
		return 0, fmt.Errorf("%s has no binary form; the nearest is %s", &st, &again)
	}
	return word, nil
}

// renaming gives the tasks of a trace the names that Decode gives them.
type renaming struct {
	names    map[string]string
	children int
}

func newRenaming(b *Boot) *renaming {
	r := &renaming{names: map[string]string{}}
	for _, t := range b.Tasks() {
		r.names[t.Name] = t.Name
	}
	return r
}

// stmt renames the tasks of a line.
func (r *renaming) stmt(from *Stmt) Stmt {
	st := *from
	st.Actor, st.Target, st.Target2 = r.names[st.Actor], r.names[st.Target], r.names[st.Target2]
	if st.Op.Kind == Clone {
		st.Bind = childName(r.children)
		r.children++
		if from.Bind != "" {
			r.names[from.Bind] = st.Bind
		}
	}
	return st
}
