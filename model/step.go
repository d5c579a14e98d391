package model

// Outcome is how a call stands at the end of a step.
type Outcome uint8

// The outcomes.
const (
	Returned Outcome = iota // with Ret, or with Errno and Why
	Paused                  // stopped before the row that the op named
	Asleep                  // sleeping at the row Why
	Gone                    // the actor is dead or dying: nobody is there to see an answer
	NoTask                  // the actor cannot act, or has nothing to resume
	Panicked                // the global init is dead
)

// Return is the answer of one call.
type Return struct {
	Actor   TaskID
	Kind    Kind
	Outcome Outcome
	Errno   Errno
	Who     TaskID // clone: the child; wait4: the task that it reports
	Status  uint16 // wait4: the status word; continued is 0xffff
	Ret     int32  // what user space sees
	Inside  uint16 // clone: the child's number in its own pid namespace when that is not the caller's, else 0
	Why     string // the row that failed, or sleeps; of a task that is gone the row at which its exit sleeps
	Stopped bool   // the task is stopped, and has yet to see the answer
}

// Result is what one step did.
type Result struct {
	Return
	FaultMissed  bool             // the op's fault was at a row that did not run
	ChoiceMissed bool             // the op's choice is of more than there was to choose
	Done         [MaxTasks]Return // other calls that returned in this step: of task i at i, if Actor is set
	why          string
	marks        *Marks
	choice       uint64 // what is left of the op's choice
}

// Step does one op and lets the kernel settle. The state changes in place; a failed call is a normal result.
func (k *Kernel) Step(s *State, op Op) Result {
	var res Result
	k.StepInto(s, op, &res, nil)
	return res
}

// StepInto is Step with the caller's buffer for the result, so that it allocates nothing. It notes in marks, unless
// that is nil, which rows and rungs ran.
func (k *Kernel) StepInto(s *State, op Op, res *Result, marks *Marks) {
	if !k.launch(s, op, res, marks) {
		return
	}
	res.choice = op.Choice
	k.settle(s, res)
	res.ChoiceMissed, res.choice = res.choice != 0, 0
	k.answer(s, op, res)
}

// launch runs the call itself, as far as it comes before others have their turns. It says whether there is one.
func (k *Kernel) launch(s *State, op Op, res *Result, marks *Marks) bool {
	*res = Result{marks: marks}
	res.Return = Return{Actor: op.Actor, Kind: op.Kind, Outcome: NoTask}
	if s.Panic {
		res.Outcome = Panicked
		return false
	}
	if !k.begin(s, op) {
		return false
	}
	k.run(s, &s.Flight[op.Actor], res)
	return true
}

// begin puts the call into flight, if its actor can make one.
func (k *Kernel) begin(s *State, op Op) bool {
	if op.Kind == Resume {
		return s.CanResume(op.Actor)
	}
	if op.Kind == NoOp || op.Kind >= Die || !s.CanAct(op.Actor) {
		return false
	}
	op.Choice = 0
	s.Flight[op.Actor] = Flight{Op: op, Flags: op.Flags, On: true}
	if op.Kind == Clone {
		s.Flight[op.Actor].Flags &^= CSIGNAL // the exit signal is there
	}
	return true
}

// CanAct says whether a task is in user space and may make a call.
func (s *State) CanAct(t TaskID) bool {
	p := &s.Task[t]
	return t != 0 && p.Stage == Hashed && p.ExitState == Alive && p.Flags&(NotWoken|PFExiting) == 0 && p.Jobctl&Stopped == 0 && !s.Flight[t].On && !s.Panic
}

// CanResume says whether a task has a paused call.
func (s *State) CanResume(t TaskID) bool { return s.Flight[t].On && s.Flight[t].Paused && !s.Panic }

// finish ends a call: its answer goes to the result, its flight leaves the state.
func (r *Result) finish(s *State, f *Flight) {
	ret := Return{Actor: f.Op.Actor, Kind: f.Op.Kind, Outcome: Returned, Ret: f.Ret, Errno: f.Err, Who: f.Who, Status: f.Code, Inside: f.Inside}
	if f.Err != 0 {
		ret.Ret, ret.Why, ret.Who, ret.Status, ret.Inside = -1, r.why, 0, 0, 0
	}
	if f.Op.Fault.Row != 0 && !f.FaultHit {
		r.FaultMissed = true
	}
	r.Done[ret.Actor] = ret
	if f.Took&TookDelayed != 0 {
		s.oops(LinkedForEver, SignalClass) // the place on the list is on the stack of the call
	}
	*f = Flight{}
}

// leaves says whether a task does not come back to user space: it exits, or a fatal signal has taken effect.
func (s *State) leaves(t TaskID) bool {
	return s.Task[t].Stage != Hashed || s.Task[t].Flags&PFExiting != 0 || s.Flight[t].Op.Kind == Die
}

// answer fills in the actor's own part of the result after settling.
func (k *Kernel) answer(s *State, op Op, res *Result) {
	f, ret := &s.Flight[op.Actor], &res.Done[op.Actor]
	switch {
	case s.Panic:
		res.Outcome = Panicked
	case s.leaves(op.Actor):
		if res.Outcome = Gone; f.Asleep {
			res.Why = k.Calls[f.Op.Kind].Rows[f.PC].Name
		}
	case ret.Actor != 0:
		res.Return = *ret
		res.Stopped = s.Task[op.Actor].Jobctl&Stopped != 0
	case f.Paused:
		res.Outcome = Paused
	default:
		res.Outcome, res.Why = Asleep, k.Calls[f.Op.Kind].Rows[f.PC].Name
	}
	if ret.Actor != 0 {
		*ret = Return{}
	}
	for t := range res.Done {
		if d := &res.Done[t]; d.Actor != 0 && s.leaves(TaskID(t)) {
			*d = Return{} // nobody is there to see it
		} else if d.Actor != 0 {
			d.Stopped = s.Task[t].Jobctl&Stopped != 0
		}
	}
}
