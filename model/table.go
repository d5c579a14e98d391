package model

// Label names a rung of a table's ladder: the kernel's goto label.
type Label string

// Lock names a critical section. Rows of one section do not come apart; two adjacent sections do.
type Lock string

// Sleep is how a row may be interrupted while its call sleeps at it.
type Sleep uint8

// The kinds of sleep.
const (
	NoSleep         Sleep = iota
	Interruptible         // TASK_INTERRUPTIBLE: any deliverable signal
	Killable              // TASK_KILLABLE: a fatal signal only
	Uninterruptible       // TASK_UNINTERRUPTIBLE: nothing but the event
)

// Body is what a row does. It answers 0 to go on, an errno, or an outcome of the driver (done, sleep).
type Body interface {
	Do(k *Kernel, s *State, f *Flight) Errno
}

// Func is straight code as a Body.
type Func func(k *Kernel, s *State, f *Flight) Errno

// Do calls the function.
func (fn Func) Do(k *Kernel, s *State, f *Flight) Errno { return fn(k, s, f) }

// Act is straight code that cannot fail, as a Body.
type Act func(k *Kernel, s *State, f *Flight)

// Do calls the function and goes on.
func (fn Act) Do(k *Kernel, s *State, f *Flight) Errno { fn(k, s, f); return next }

// Assign is straight code that only sets fields, as a Body: it cannot fail, and done twice it is as done once.
type Assign func(k *Kernel, s *State, f *Flight)

// Do calls the function and goes on.
func (fn Assign) Do(k *Kernel, s *State, f *Flight) Errno { fn(k, s, f); return next }

// Row is one step of a system call.
type Row struct {
	Name    string  // the kernel's identifier
	Source  string  // file:function of v3.11
	On      Flags   // the row runs only with one of these flags, if any is named
	Off     Flags   // and with none of these
	If      Cond    // the row runs only when this holds; nil: always
	Body    Body    // nil: the row only ever fails by fault
	Fail    Label   // where its failure enters the ladder; "" returns at once
	Errs    []Errno // the errnos that it can give; a fault may choose any of them
	CanFail Cond    // when the kernel does something here that can fail; nil: always. A fault strikes only then
	Takes   Took    // what the half-built child holds from here on
	Lock    Lock
	Sleep   Sleep
	Yields  Cond // when others may come before the next row: the task holds no lock; nil: never
}

// Applies says whether the row runs under these flags.
func (r *Row) Applies(flags Flags) bool {
	return (r.On == 0 || flags&r.On != 0) && flags&r.Off == 0
}

// Rung is one step of the ladder that undoes a failed call. A failure enters at a label and falls through.
type Rung struct {
	Label Label  // "" belongs to the label above
	Name  string // what it undoes, unique in the table
	If    Cond   // nil: always. It reads what the kernel's guard reads
	Undo  Act    // nil: a label with nothing below it
	Gives Took   // what the half-built child holds no more
	Goto  Label  // where it goes on instead of the next rung, for the labels of inner functions
}

// Cond is a condition on the state of a call.
type Cond func(k *Kernel, s *State, f *Flight) bool

// Table is a system call: its rows in order, and the ladder that they fail to.
type Table struct {
	Name   string
	Rows   []Row
	Ladder []Rung
}

// Row finds a row by name, -1 if there is none.
func (t *Table) Row(name string) int {
	for i := range t.Rows {
		if t.Rows[i].Name == name {
			return i
		}
	}
	return -1
}

// Atomic says whether a call cannot be stopped before row i, because the row before it holds the same lock. Rows that run only
// under a condition do not end a section: the call that does not run them has not let go.
func (t *Table) Atomic(i int) bool {
	return t.Rows[i].Lock != "" && i > 0 && t.Rows[i].Lock == t.Rows[t.before(i)].Lock
}

// before is the row before one, rows with a condition left out.
func (t *Table) before(i int) int {
	for i--; i > 0 && t.Rows[i].If != nil; i-- {
	}
	return i
}

// rung finds the index of a label, len(Ladder) if there is none.
func (t *Table) rung(l Label) int {
	for i := range t.Ladder {
		if t.Ladder[i].Label == l {
			return i
		}
	}
	return len(t.Ladder)
}

// run is the driver: it takes a call from its next row to its end, to its pause, or to a row where it sleeps.
// A call that ends is reported to res and leaves no trace in the state.
func (k *Kernel) run(s *State, f *Flight, res *Result) {
	t := &k.Calls[f.Op.Kind]
	for int(f.PC) < len(t.Rows) {
		r := &t.Rows[f.PC]
		if !r.Applies(f.Flags) || r.If != nil && !r.If(k, s, f) {
			f.PC++
			continue
		}
		if f.Op.Pause == uint16(f.PC)+1 && !f.Paused {
			f.Paused = true
			return
		}
		if f.Paused {
			f.Paused, f.Op.Pause = false, 0
		}
		res.reach(f.Op.Kind, f.PC)
		e := k.do(s, r, f)
		if f.Asleep = e == sleep; f.Asleep {
			return
		}
		switch e {
		case next:
			f.Took |= r.Takes
			f.PC++
			if r.Yields != nil && f.Op.Pause == 0 && r.Yields(k, s, f) {
				f.Paused, f.Op.Pause = true, preempted
				return
			}
		case done:
			f.PC = uint16(len(t.Rows))
		default:
			f.Err = e
			res.why = r.Name
			k.unwind(s, t, f, r.Fail, res)
			f.PC = uint16(len(t.Rows))
		}
	}
	res.finish(s, f)
}

// do runs one row, or its fault.
func (k *Kernel) do(s *State, r *Row, f *Flight) Errno {
	if f.Op.Fault.Row == uint16(f.PC)+1 && (r.CanFail == nil || r.CanFail(k, s, f)) {
		f.FaultHit = true
		return f.Op.Fault.Errno
	}
	if r.Body == nil {
		return next
	}
	return r.Body.Do(k, s, f)
}

// unwind enters the ladder at a label and falls through, as the kernel's goto does.
func (k *Kernel) unwind(s *State, t *Table, f *Flight, label Label, res *Result) {
	if label == "" {
		return
	}
	for i, fuel := t.rung(label), 2*len(t.Ladder); i < len(t.Ladder) && fuel > 0; fuel-- {
		r := &t.Ladder[i]
		i++
		if r.If == nil || r.If(k, s, f) {
			res.reachRung(f.Op.Kind, i-1)
			if r.Undo != nil {
				r.Undo(k, s, f)
				f.Took &^= r.Gives
			}
		}
		if r.Goto != "" {
			i = t.rung(r.Goto)
		}
	}
}

// whole runs a table that neither fails nor sleeps, inside one row of another call (release_task).
func (k *Kernel) whole(s *State, t *Table, f *Flight) {
	for i := range t.Rows {
		if r := &t.Rows[i]; r.Applies(f.Flags) {
			r.Body.Do(k, s, f)
		}
	}
}
