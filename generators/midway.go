package generators

import "forkcheck/model"

// What happens to a call half-way: a row fails, or the call stops before a row.

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

func (r *rows) draw(src Source, label string) int { return int(r.list[src.Intn(r.n, label)]) }

// fault draws nothing, or a row that runs with the flags of the call and an errno of it: as often as not a row that has
// something to fail at as things stand.
func (t *Taste) fault(src Source, s *model.State, op *model.Op) {
	if !t.Faults || !src.Bool("fault") {
		return
	}
	f := model.Flight{Op: *op, Flags: implied(op)}
	any := src.Bool("any")
	table := &t.kernel.Calls[op.Kind]
	var can rows
	for i := range table.Rows {
		if r := &table.Rows[i]; len(r.Errs) > 0 && r.Applies(f.Flags) && (any || r.CanFail == nil || r.CanFail(t.kernel, s, &f)) {
			can.add(i)
		}
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
