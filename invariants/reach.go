package invariants

import (
	"fmt"
	"slices"
	"strings"

	"forkcheck/model"
)

// Reach is what a run came by: ops and their outcomes, rows and rungs of the tables, premises of the invariants, and
// known defects.
type Reach struct {
	Traces, Steps int
	Marks         model.Marks
	Ops           [model.NKinds]int
	Errnos        [model.NKinds][len(errnos)]int // by kind, and index into errnos
	Sleeps        [model.NKinds]int
	Seen          []int // premises met, by row of All
	Known         []int // by row of KnownDefects
}

// errnos are the errors that are counted apart.
var errnos = [...]model.Errno{0, model.EPERM, model.ESRCH, model.EINTR, model.ECHILD, model.EAGAIN, model.ENOMEM, model.EACCES, model.EBUSY, model.EINVAL, model.ENOENT, model.EFAULT,
	model.EMFILE, model.ENOSPC, model.EUSERS, model.ERESTARTSYS, model.ERESTARTNOINTR}

// NewReach is an empty Reach.
func NewReach() *Reach {
	return &Reach{Seen: make([]int, len(All)), Known: make([]int, len(KnownDefects))}
}

// Note counts a step.
func (r *Reach) Note(res *model.Result) {
	r.Steps++
	r.Ops[res.Kind]++
	switch res.Outcome {
	case model.Returned:
		r.answer(&res.Return)
	case model.Asleep:
		r.Sleeps[res.Kind]++
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

// Report is what -v prints: operations with their answers, rows and rungs, known defects, premises.
func (r *Reach) Report(v *model.Version) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d traces, %d steps\n", r.Traces, r.Steps)
	for kind := model.Kind(1); kind < model.NKinds; kind++ {
		if r.Ops[kind] != 0 {
			r.reportKind(&b, kind)
		}
	}
	for kind := range v.Calls {
		if t := &v.Calls[kind]; t.Name != "" {
			rows, rungs := r.reached(model.Kind(kind), t)
			fmt.Fprintf(&b, "  %-12s %d of %d rows, %d of %d rungs\n", t.Name, rows, len(t.Rows), rungs, len(t.Ladder))
		}
	}
	for i := range KnownDefects {
		fmt.Fprintf(&b, "  known %s: %d traces\n", KnownDefects[i].ID, r.Known[i])
	}
	b.WriteString("  premises:\n")
	for i := range All {
		if All[i].Premise != "" {
			fmt.Fprintf(&b, "    %-26s %d\n", All[i].Name, r.Seen[i])
		}
	}
	return b.String()
}

// reportKind is the line of one kind of op.
func (r *Reach) reportKind(b *strings.Builder, kind model.Kind) {
	fmt.Fprintf(b, "  %-12v %8d:", kind, r.Ops[kind])
	for i, e := range errnos {
		if n := r.Errnos[kind][i]; n != 0 {
			fmt.Fprintf(b, " %v %d", e, n)
		}
	}
	if n := r.Sleeps[kind]; n != 0 {
		fmt.Fprintf(b, " asleep %d", n)
	}
	b.WriteByte('\n')
}

// Breadth is how many different things a run came by: rows and rungs, errnos of calls, premises.
func (r *Reach) Breadth(v *model.Version) (rows, errnos, premises int) {
	for kind := range v.Calls {
		ran, undone := r.reached(model.Kind(kind), &v.Calls[kind])
		rows += ran + undone
		for _, n := range r.Errnos[kind] {
			errnos += min(n, 1)
		}
	}
	for _, n := range r.Seen {
		premises += min(n, 1)
	}
	return rows, errnos, premises
}

// reached counts the rows and rungs of a table that ran.
func (r *Reach) reached(kind model.Kind, t *model.Table) (rows, rungs int) {
	for i := range t.Rows {
		if r.Marks.Row(kind, i) {
			rows++
		}
	}
	for i := range t.Ladder {
		if r.Marks.Rung(kind, i) {
			rungs++
		}
	}
	return rows, rungs
}
