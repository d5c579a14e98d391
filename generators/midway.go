package generators

import "forkcheck/model"

// What happens to a call half-way: a row fails, or the call stops before a row. And who is first after it.

// Faults lists every way in which a row of a table can be made to fail.
func Faults(t *model.Table) (list []model.Fault) {
	for i := range t.Rows {
		for _, e := range t.Rows[i].Errs {
			list = append(list, model.Fault{Row: uint16(i) + 1, Errno: e})
		}
	}
	return list
}

// rows is a list of rows of a table, by index.
type rows struct {
	list [128]uint8
	n    int
}

func (r *rows) add(i int) {
	r.list[r.n] = uint8(i)
	r.n++
}

// draw draws each row as often as any other, bit by bit: numbers are drawn with a liking for the low ones, which are the early rows.
func (r *rows) draw(src Source, label string) int {
	n := 0
	for bit := 1; bit < 2*r.n; bit *= 2 {
		if src.Bool(label) {
			n |= bit
		}
	}
	return int(r.list[n%r.n])
}

// fault draws nothing, or a row that runs with the flags of the call and an errno of it: as often as not one of those that can only fail
// because of what this call asks for, as things stand.
func (t *Taste) fault(src Source, s *model.State, op *model.Op) {
	if !t.Faults || !src.Bool("fault") {
		return
	}
	f := model.Flight{Op: *op, Flags: implied(op)}
	table := &t.kernel.Calls[op.Kind]
	var can, own rows
	for i := range table.Rows {
		r := &table.Rows[i]
		if len(r.Errs) == 0 || !r.Applies(f.Flags) {
			continue
		}
		can.add(i)
		if (r.On != 0 || r.CanFail != nil) && (r.CanFail == nil || r.CanFail(t.kernel, s, &f)) {
			own.add(i)
		}
	}
	if own.n > 0 && src.Bool("own") {
		can = own
	}
	i := can.draw(src, "row")
	op.Fault = model.Fault{Row: uint16(i) + 1, Errno: pick(src, "errno", table.Rows[i].Errs...)}
}

// implied are the flags of a call, with what unshare adds to them and rows that can fail ask for.
func implied(op *model.Op) model.Flags {
	if op.Kind == model.Unshare && op.Flags&(model.CloneNewNS|model.CloneNewUser) != 0 {
		return op.Flags | model.CloneFS
	}
	return op.Flags
}

// pause draws nothing, or a row that runs with the flags of the call, and of its critical section is the first to do so.
func (t *Taste) pause(src Source, op *model.Op) {
	if !t.Pauses.has(op.Kind) || !seldom(src, 4, "pause") {
		return
	}
	can := pauses(&t.kernel.Calls[op.Kind], op.Flags)
	op.Pause = uint16(can.draw(src, "row")) + 1
}

// Pauses lists the rows before which a call with some flags can stop.
func Pauses(t *model.Table, flags model.Flags) (list []int) {
	can := pauses(t, flags)
	for _, row := range can.list[:can.n] {
		list = append(list, int(row))
	}
	return list
}

// pauses are the rows before which a call with some flags can stop: those that run, and of a critical section the first.
func pauses(t *model.Table, flags model.Flags) (can rows) {
	inside := false
	for i := range t.Rows {
		inside = inside && t.Atomic(i)
		if !inside && t.Rows[i].Applies(flags) {
			can.add(i)
			inside = true
		}
	}
	return can
}

// choices are more than most steps have to choose from.
const choices = 16

// choice draws the order in which tasks go on after the call, as often as not the usual one.
func (t *Taste) choice(src Source, op *model.Op) {
	if op.Kind != model.NoOp && src.Bool("order") {
		op.Choice = uint64(src.Intn(choices, "choice"))
	}
}
