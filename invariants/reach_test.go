package invariants

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck/model"
)

// reached runs traces, lines of model.Ops with a clone that fails by fault in each, as random ones do.
func reached(t *testing.T, traces ...[]model.Op) *Reach {
	t.Helper()
	r := NewReach()
	for _, ops := range traces {
		b := model.DefaultBoot()
		k, err := b.NewKernel()
		if err != nil {
			t.Fatal(err)
		}
		var before, after model.State
		var res model.Result
		checker := Checker{Seen: r.Seen}
		b.State(&after)
		r.Begin()
		for _, op := range ops {
			before = after
			k.StepInto(&after, op, &res, &r.Marks)
			r.NoteStep(&before, &after, &op, &res)
			if breach := checker.Step(k, &before, &after, op, &res); breach != nil {
				t.Fatal(breach)
			}
		}
	}
	return r
}

// The report is one of few lines, whatever a run was like.
func TestReachReport(t *testing.T) {
	v := model.V311()
	clone := &v.Calls[model.Clone]
	fork := model.Op{Kind: model.Clone, Actor: model.A, Sig: model.SIGCHLD}
	missed, struck, paused, thread := fork, fork, fork, fork
	missed.Fault = model.Fault{Row: uint16(clone.Row("copy_io")) + 1, Errno: model.ENOMEM} // `a` has none
	struck.Fault = model.Fault{Row: uint16(clone.Row("copy_mm")) + 1, Errno: model.ENOMEM}
	paused.Pause = uint16(clone.Row("copy_mm")) + 1
	thread.Flags, thread.Choice = model.CloneThread, 1
	wait := model.Op{Kind: model.Wait4, Actor: model.A, Arg: -1}
	r := reached(t, []model.Op{fork, missed, thread, wait}, []model.Op{struck}, []model.Op{paused, {Kind: model.Resume, Actor: model.A}})
	head, _, _ := strings.Cut(r.Report(v), "  exit ")
	want := `3 traces, 7 steps
  steps in a trace   median 2, 90% at most 4, most 4
  tasks alive        median 3, 90% at most 4, most 4
  changed nothing    28 of 100 steps
  faults             2 asked for, 1 struck
  choices            1 asked for, 0 made
  call           times  failed      rows   rungs  answers
  clone              5     40%     74/97   13/27  OK 3 ENOMEM 1 EINVAL 1 paused 1
  unshare            0              0/25     0/8
`
	if diff := cmp.Diff(want, head); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A report fits on a page, also where nearly nothing was met, and names what was met least.
func TestReachReportIsShort(t *testing.T) {
	v := model.V6()
	r := NewReach()
	for i := range r.Seen {
		r.Seen[i] = 1000 - i
	}
	text := r.Report(v)
	if n := strings.Count(text, "\n"); n > 60 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	rarest := ""
	for i := range All {
		if All[i].Premise != "" && All[i].In(v.Name) {
			rarest = All[i].Name
		}
	}
	if _, list, _ := strings.Cut(text, "rarest of "); !strings.Contains(strings.SplitN(list, "\n", 3)[1], " "+rarest+" ") {
		t.Errorf("the premise of %s is not the first of the rarest:\n%s", rarest, text)
	}
	if !strings.Contains(text, "\n    row clone ") || !strings.Contains(text, " more\n") {
		t.Errorf("it does not say what was never met:\n%s", text)
	}
}
