package model

import "strconv"

// Transcribe runs ops in a world and writes them down as a trace with results. Children are named b, c, ... in the
// order of their birth; ops of tasks that are not there are left out, as they do nothing.
func Transcribe(k *Kernel, b Boot, ops []Op) *Trace {
	s := new(State)
	b.State(s)
	w := writer{k: k, names: NewNames(&b, s), trace: NewTrace(b)}
	for _, op := range ops {
		w.step(s, op)
	}
	return w.trace
}

// writer turns ops into the lines of a trace.
type writer struct {
	k     *Kernel
	names *Names
	trace *Trace
	clone [MaxTasks]int // by actor: the line of the clone that it is in
	bound int           // how many children have got a name
}

// step runs one op and appends its line.
func (w *writer) step(s *State, op Op) {
	st, ok := w.stmt(op)
	if !ok {
		return
	}
	op = w.names.Resolve(w.k, s, &st)
	res := w.k.Step(s, op)
	line := len(w.trace.Lines)
	w.trace.Add(NewLine(st, ""))
	if op.Kind == Clone && res.Outcome != NoTask {
		w.clone[op.Actor] = line
	}
	name := childName(w.bound)
	w.names.pending[op.Actor] = name
	if w.names.Born(s, op, name, &res) != 0 {
		w.bound++
		w.bind(w.clone[op.Actor], name)
	}
	w.trace.Lines[line].Result = res.Text(op, w.names.Of)
	w.names.Gone(s)
}

// bind gives the clone of a line its name.
func (w *writer) bind(line int, name string) {
	l := &w.trace.Lines[line]
	l.Stmt.Bind = name
	l.Text = l.Stmt.String()
}

// childName is the name of the i-th child: b to z, then b2 to z2, and so on.
func childName(i int) string {
	const letters = "bcdefghijklmnopqrstuvwxyz"
	name := letters[i%len(letters) : i%len(letters)+1]
	if round := i / len(letters); round > 0 {
		name += strconv.Itoa(round + 1)
	}
	return name
}

// stmt is the op with names. A target that has none is a number that nobody has, for that is what it means.
func (w *writer) stmt(op Op) (Stmt, bool) {
	st := Stmt{Actor: w.live(op.Actor), FaultRow: w.row(op.Kind, op.Fault.Row), PauseRow: w.row(op.Kind, op.Pause)}
	if op.Target != 0 {
		st.Target = w.live(op.Target)
		op.Arg = w.unknown(st.Target, op.Mode == Negative)
	}
	if op.Target2 != 0 {
		st.Target2 = w.live(op.Target2)
		op.Arg2 = w.unknown(st.Target2, false)
	}
	if st.Target == "" && op.Mode == Negative {
		op.Mode = Plain
	}
	op.Actor, op.Target, op.Target2, op.Fault.Row, op.Pause = 0, 0, 0, 0, 0
	st.Op = op
	return st, st.Actor != ""
}

// live is the name of a task that is there, "" if it is not.
func (w *writer) live(t TaskID) string {
	if b := w.names.at(t); b != nil && !b.gone {
		return b.name
	}
	return ""
}

// unknown is the number for a target without a name.
func (w *writer) unknown(name string, minus bool) int32 {
	switch {
	case name != "":
		return 0
	case minus:
		return -PidMaxLimit
	}
	return PidMaxLimit
}

// row is the name of the row that an op numbers from 1; "" for none.
func (w *writer) row(kind Kind, i uint16) string {
	if rows := w.k.Calls[kind].Rows; i > 0 && int(i) <= len(rows) {
		return rows[i-1].Name
	}
	return ""
}
