package invariants

import (
	"fmt"
	"slices"

	"forkcheck/model"
)

// Invariant is one sentence that must be true, and the code that says whether it is. Exactly one of Task, State, Step,
// Panic and Quiet is set; the quantifier over tasks is the checker's.
type Invariant struct {
	Name   string // ThreadGroupSharesSighand
	Says   string // one sentence
	Source string // the kernel function, or the man page, that guarantees it

	Versions string // the version that it speaks of: V311 or V6; "" is all

	Of model.Kind // the op that a Step speaks of; 0 is any

	Restates bool // says once more what a row refuses: not asked when it is judged whether the row is needed

	Premise string // what must have happened for it to have anything to say; "" if it always has

	Task  func(c *Check, t model.TaskID) error // for each task that is hashed
	State func(c *Check) error                 // for each state at rest
	Step  func(c *Check) error                 // for each op that ran whole: Before, After, Op, Result
	Panic func(c *Check) error                 // for an op with which the global init died; nothing else is asked then
	Quiet func(c *Check) error                 // after all was killed, reaped and drained
}

// The versions that an invariant can be limited to.
const (
	V311 = "v3.11"
	V6   = "v6.x"
)

// In says whether the invariant speaks of a version.
func (inv *Invariant) In(version string) bool {
	return inv.Versions == "" || model.SameVersion(inv.Versions, version)
}

// Check is what an invariant may look at.
type Check struct {
	K      *model.Kernel
	Before *model.State
	After  *model.State
	Op     model.Op
	Result *model.Result
	Census Census // of After

	differs bool         // After is not Before
	made    model.TaskID // the task that a clone has just made, 0 if it failed or the child is gone again

	row  int // the invariant that is being asked
	seen []int
}

// met notes that the premise of the invariant held: there was something to check.
func (c *Check) met() {
	if c.seen != nil {
		c.seen[c.row]++
	}
}

// Breach is an invariant that does not hold.
type Breach struct {
	Invariant *Invariant
	Detail    string // in numbers and slots; see Checker.Name
	Known     *Known // the kernel's own defect that this is, or nil
}

// String is one line.
func (b *Breach) String() string {
	if b.Known != nil {
		return fmt.Sprintf("%s: %s (known: %s)", b.Invariant.Name, b.Detail, b.Known.ID)
	}
	return b.Invariant.Name + ": " + b.Detail
}

// Checker checks a list of invariants. It keeps buffers, so that checking allocates nothing while all is well; use one for
// each goroutine.
type Checker struct {
	Invariants []Invariant     // nil: All
	Seen       []int           // counts, by row, how often a premise was met; nil or as long as Invariants
	Each       func(b *Breach) // is told of every invariant that does not hold, so that none hides another; then no check answers a breach
	asked      questions
	version    string
	c          Check
	scratch    model.State
	result     model.Result
}

// asked is an invariant without its words: a step goes through many of them, and what it does not read stays out of its way.
type asked struct {
	task        func(c *Check, t model.TaskID) error
	state, step func(c *Check) error
	row         int
}

// questions are what there is to ask after a step: by whether it changed anything, and by its op. Op 0 is a step that is not
// that of a whole op.
type questions [2][model.NKinds][]asked

// after are the invariants of a version to ask after a step.
func (ck *Checker) after(version string, differs bool, kind model.Kind) []asked {
	if ck.version != version {
		ck.version, ck.asked = version, questions{}
		list := ck.list()
		for i := range list {
			if list[i].In(version) {
				ck.asked.add(&list[i], i)
			}
		}
	}
	if differs {
		return ck.asked[1][kind]
	}
	return ck.asked[0][kind]
}

// add adds an invariant wherever it is to be asked.
func (q *questions) add(inv *Invariant, row int) {
	for kind := range model.NKinds {
		step := inv.Step != nil && kind != 0 && (inv.Of == 0 || inv.Of == kind)
		if a := (asked{inv.Task, inv.State, inv.Step, row}); step || inv.State != nil || inv.Task != nil {
			q[1][kind] = append(q[1][kind], a)
			if step {
				q[0][kind] = append(q[0][kind], a)
			}
		}
	}
}

// Step checks one step. Invariants of states are skipped when the step changed nothing.
func (ck *Checker) Step(k *model.Kernel, before, after *model.State, op model.Op, res *model.Result) *Breach {
	c := &ck.c
	c.K, c.Before, c.After, c.Op, c.Result, c.seen = k, before, after, op, res, ck.Seen
	c.made, c.differs = c.newTask(), true
	if after.Panic {
		return ck.panicked(k)
	}
	c.differs = *before != *after
	if c.differs {
		c.Census.take(k, after)
	}
	kind := op.Kind
	if op.Kind == model.Resume || op.Pause != 0 || res.Outcome == model.NoTask {
		kind = 0
	}
	list := ck.after(k.Name, c.differs, kind)
	for i := range list {
		inv := &list[i]
		c.row = inv.row
		var err error
		switch {
		case inv.step != nil:
			err = inv.step(c)
		case inv.state != nil:
			err = inv.state(c)
		default:
			err = c.each(inv.task)
		}
		if err != nil {
			if b := ck.breach(inv.row, err.Error()); b != nil {
				return b
			}
		}
	}
	return nil
}

// breach is what is answered when an invariant does not hold, nil if Each is told.
func (ck *Checker) breach(row int, detail string) *Breach {
	inv := &ck.list()[row]
	b := &Breach{Invariant: inv, Detail: detail, Known: ck.c.known(inv)}
	if ck.Each == nil {
		return b
	}
	ck.Each(b)
	return nil
}

// Changed says whether the last step that was checked changed anything.
func (ck *Checker) Changed() bool { return ck.c.differs }

// panicked asks what is to be said of the death of the global init.
func (ck *Checker) panicked(k *model.Kernel) *Breach {
	for i := range ck.list() {
		inv := &ck.list()[i]
		if ck.c.row = i; inv.Panic == nil || !inv.In(k.Name) || ck.c.Before.Panic {
			continue
		}
		if err := inv.Panic(&ck.c); err != nil {
			if b := ck.breach(i, err.Error()); b != nil {
				return b
			}
		}
	}
	return nil
}

// Quiet ends a trace: it kills, reaps and drains a copy of the state, and checks what is left.
func (ck *Checker) Quiet(k *model.Kernel, s *model.State) *Breach {
	if s.Panic {
		return nil
	}
	c := &ck.c
	ck.scratch = *s
	if k.Drain(&ck.scratch, &ck.result); ck.scratch.Panic {
		return nil
	}
	c.K, c.Before, c.After, c.Op, c.Result, c.made = k, s, &ck.scratch, model.Op{}, &ck.result, 0
	c.Census.take(k, c.After)
	list := ck.list()
	for i := range list {
		inv := &list[i]
		c.row = i
		var err error
		switch {
		case !inv.In(k.Name):
		case inv.Quiet != nil:
			err = inv.Quiet(c)
		case inv.State != nil:
			err = inv.State(c)
		case inv.Task != nil:
			err = c.each(inv.Task)
		}
		if err != nil {
			if b := ck.breach(i, "after all was killed and reaped: "+err.Error()); b != nil {
				return b
			}
		}
	}
	return nil
}

// All are the invariants, in the order in which they are checked: an answer that is wrong is asked for first, then what corrupts most.
var All = slices.Concat(answers, refs, groups, family, pids, numbers, limits, signals, clones, calls, policy, quiet, ucounts, births, v6, pidfds, coredumps, bugs)

func (ck *Checker) list() []Invariant {
	if ck.Invariants == nil {
		return All
	}
	return ck.Invariants
}

// each asks about every hashed task, lowest slot first.
func (c *Check) each(inv func(c *Check, t model.TaskID) error) error {
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		if err := inv(c, t); err != nil {
			return err
		}
	}
	return nil
}

// task is a task after the step.
func (c *Check) task(t model.TaskID) *model.Task { return &c.After.Task[t] }

// signal is the signal_struct of a task after the step.
func (c *Check) signal(t model.TaskID) *model.SignalStruct {
	return &c.After.Signal[c.After.Task[t].Signal]
}

// dying says whether a task is past the start of do_exit.
func (c *Check) dying(t model.TaskID) bool { return c.After.Task[t].Flags&model.PFExiting != 0 }

// Name is how breaches name a task: by its pid number, or by its slot if it has none.
func name(s *model.State, t model.TaskID) string {
	if t == 0 {
		return "NULL"
	}
	if nr := s.Task[t].Nr; nr != 0 {
		return fmt.Sprintf("task %d", nr)
	}
	return fmt.Sprintf("task slot %d", t)
}

// name names a task of the state after the step.
func (c *Check) name(t model.TaskID) string { return name(c.After, t) }
