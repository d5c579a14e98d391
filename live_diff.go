package forkcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"forkcheck/internal/live"
	"forkcheck/model"
)

// seen is an observation by name, so that what is missing on one side does not shift the rest.
type seen struct {
	Tasks map[string]model.TaskView
	Done  map[string]model.Call
}

// byName takes what is in both observations as it is there, named after nobody who is missing in one of them.
func byName(o *model.Observation, common model.Observation) seen {
	s := seen{map[string]model.TaskView{}, map[string]model.Call{}}
	for _, t := range slices.Concat(o.Tasks, common.Tasks) {
		s.Tasks[t.Name] = t
	}
	for _, c := range o.Done {
		s.Done[c.Actor] = c
	}
	return s
}

// sides lists what differs, a field a line: `a.Exit: the model "exited 0", the kernel "killed TERM"`.
func sides(m, kernel *model.Observation) string {
	r := &lister{}
	x, y := live.Common(*m, *kernel)
	cmp.Equal(byName(m, x), byName(kernel, y), cmp.Reporter(r))
	return strings.Join(r.lines, "\n")
}

// lister is a cmp.Reporter.
type lister struct {
	path  cmp.Path
	lines []string
}

func (r *lister) PushStep(s cmp.PathStep) { r.path = append(r.path, s) }
func (r *lister) PopStep()                { r.path = r.path[:len(r.path)-1] }

// Report notes a leaf that differs. Lists are compared as a whole, by their first leaf.
func (r *lister) Report(result cmp.Result) {
	if result.Equal() {
		return
	}
	var where []string
	at := r.path
	for i, step := range r.path {
		switch s := step.(type) {
		case cmp.MapIndex:
			where = append(where, s.Key().String())
		case cmp.StructField:
			if s.Name() == "Done" {
				where = append(where, "the answer to")
			} else if s.Name() != "Tasks" {
				where = append(where, s.Name())
			}
		case cmp.SliceIndex:
			at = r.path[:i]
		}
		if len(at) < len(r.path) {
			break
		}
	}
	x, y := at.Last().Values()
	line := fmt.Sprintf("%s: the model %s, the kernel %s", strings.ReplaceAll(strings.Join(where, "."), "the answer to.", "the answer to "), value(x.IsValid(), func() any { return x.Interface() }), value(y.IsValid(), func() any { return y.Interface() }))
	if len(r.lines) == 0 || r.lines[len(r.lines)-1] != line {
		r.lines = append(r.lines, line)
	}
}

// value prints one side.
func value(there bool, of func() any) string {
	if !there {
		return "nothing"
	}
	switch v := of().(type) {
	case model.TaskView:
		return "a task, " + v.State
	case model.Call:
		return strings.TrimSpace(fmt.Sprintf("%s %d %s %s%s %s", v.Outcome, v.Ret, v.Errno, v.Child, v.Reports, v.Status))
	case []string:
		return "[" + strings.Join(v, " ") + "]"
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}
