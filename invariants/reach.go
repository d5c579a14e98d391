package invariants

import (
	"fmt"
	"slices"

	"forkcheck/model"
)

// Reach is what a run came by: ops and their outcomes, rows and rungs of the tables, premises of the invariants, and
// known defects; and of random traces how long they were, and what became of their steps.
type Reach struct {
	Traces, Steps int
	Marks         model.Marks
	Ops           [model.NKinds]int
	Errnos        [model.NKinds][len(errnos)]int // by kind, and index into errnos
	Sleeps        [model.NKinds]int
	Pauses        [model.NKinds]int
	Seen          []int // premises met, by row of All
	Known         []int // by row of KnownDefects

	Idle    int                     // steps that changed nothing
	Asked   int                     // steps with a fault
	Missed  int                     // faults whose row did not run
	Chosen  int                     // steps with a choice
	Spare   int                     // choices of more than there was to choose
	Alive   [model.MaxTasks + 1]int // steps, by how many tasks were alive after them
	Lengths [maxLength + 1]int      // traces that are over, by their steps
	length  int                     // of the trace that is under way
}

// maxLength is what longer traces count as.
const maxLength = 500

// errnos are the errors that are counted apart.
var errnos = [...]model.Errno{0, model.EPERM, model.ESRCH, model.EINTR, model.ECHILD, model.EAGAIN, model.ENOMEM, model.EACCES, model.EBUSY, model.EINVAL, model.ENOENT, model.EFAULT,
	model.EMFILE, model.ENOSPC, model.EUSERS, model.ERESTARTSYS, model.ERESTARTNOINTR}

// NewReach is an empty Reach.
func NewReach() *Reach {
	return &Reach{Seen: make([]int, len(All)), Known: make([]int, len(KnownDefects))}
}

// Begin counts a random trace.
func (r *Reach) Begin() {
	r.end()
	r.Traces++
}

// end counts the length of the trace that is under way, if there is one.
func (r *Reach) end() {
	if r.Traces > 0 {
		r.Lengths[min(r.length, maxLength)]++
	}
	r.length = 0
}

// NoteStep counts a step of a random trace.
func (r *Reach) NoteStep(before, after *model.State, op *model.Op, res *model.Result) {
	r.note(op.Kind, res)
	r.length++
	r.Alive[alive(after)]++
	if *before == *after {
		r.Idle++
	}
	if op.Fault.Row != 0 {
		r.Asked++
	}
	if res.FaultMissed {
		r.Missed++
	}
	if op.Choice != 0 {
		r.Chosen++
	}
	if res.ChoiceMissed {
		r.Spare++
	}
}

// alive counts the tasks that are no zombies.
func alive(s *model.State) (n int) {
	for t := range s.Task {
		if p := &s.Task[t]; p.Stage == model.Hashed && p.ExitState == model.Alive {
			n++
		}
	}
	return n
}

// Note counts a step.
func (r *Reach) Note(res *model.Result) { r.note(res.Kind, res) }

// note counts a step of an op, which answers for another one if it is a resume.
func (r *Reach) note(kind model.Kind, res *model.Result) {
	r.Steps++
	r.Ops[kind]++
	switch res.Outcome {
	case model.Returned:
		r.answer(&res.Return)
	case model.Asleep:
		r.Sleeps[res.Kind]++
	case model.Paused:
		r.Pauses[res.Kind]++
	}
	for i := range res.Done {
		if res.Done[i].Actor != 0 {
			r.answer(&res.Done[i])
		}
	}
}

func (r *Reach) answer(ret *model.Return) {
	r.Errnos[ret.Kind][max(0, slices.Index(errnos[:], ret.Errno))]++
}

// NoteKnown counts a trace that ended at a known defect.
func (r *Reach) NoteKnown(d *Known) {
	for i := range KnownDefects {
		if &KnownDefects[i] == d {
			r.Known[i]++
		}
	}
}

// Missing lists the rows, errnos, rungs, settle rules, premises and known defects that a good run should have met and
// this one did not.
func (r *Reach) Missing(v *model.Version) (missing []string) {
	for kind := range v.Calls {
		t := &v.Calls[kind]
		for i := range t.Rows {
			if !r.Marks.Row(model.Kind(kind), i) {
				missing = append(missing, fmt.Sprintf("row %s %s", t.Name, t.Rows[i].Name))
			}
		}
		for i := range t.Ladder {
			if !r.Marks.Rung(model.Kind(kind), i) {
				missing = append(missing, fmt.Sprintf("rung %s %s", t.Name, t.Ladder[i].Name))
			}
		}
		for _, e := range tableErrnos(t) {
			if r.Errnos[kind][slices.Index(errnos[:], e)] == 0 {
				missing = append(missing, fmt.Sprintf("errno %s %v", t.Name, e))
			}
		}
	}
	for i := range v.Settle {
		if r.Marks.Settle&(1<<i) == 0 {
			missing = append(missing, "settle "+v.Settle[i].Name)
		}
	}
	return append(missing, r.missingPremises(v.Name)...)
}

func (r *Reach) missingPremises(version string) (missing []string) {
	for i := range All {
		if All[i].In(version) && All[i].Premise != "" && r.Seen[i] == 0 {
			missing = append(missing, fmt.Sprintf("premise of %s: %s", All[i].Name, All[i].Premise))
		}
	}
	for i := range KnownDefects {
		if KnownDefects[i].In(version) && r.Known[i] == 0 {
			missing = append(missing, "known defect "+KnownDefects[i].ID)
		}
	}
	return missing
}

// tableErrnos are the errors that the rows of a table can give.
func tableErrnos(t *model.Table) (list []model.Errno) {
	for i := range t.Rows {
		for _, e := range t.Rows[i].Errs {
			if !slices.Contains(list, e) {
				list = append(list, e)
			}
		}
	}
	return list
}
