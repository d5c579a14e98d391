package live

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"forkcheck/model"
)

// Comparable is an observation without what a running kernel does not show on such a machine, in an order that does not
// depend on the slots of the model or on the inodes of the kernel. What is left has to be the same on both sides. A namespace
// has one label for a whole trace, which spaces keeps.
func (f *Facts) Comparable(o model.Observation, spaces *Labels) model.Observation {
	blind(reflect.ValueOf(&o).Elem())
	unborn := unborn(&o)
	tasks := slices.Clone(o.Tasks)
	for i := range tasks {
		t := &tasks[i]
		blind(reflect.ValueOf(t).Elem())
		if !f.Unborn && unborn[t.Namespaces.PidForChildren] {
			t.Namespaces.PidForChildren = "" // the link is not there before somebody is born into it
		}
		hide(t)
		f.hide(t)
	}
	slices.SortStableFunc(tasks, func(a, b model.TaskView) int { return cmp.Compare(a.Name, b.Name) })
	spaces.relabel(tasks)
	relabelObjects(tasks)
	for i := range tasks {
		compact(&tasks[i])
	}
	o.Tasks, o.Users, o.PidNamespaces = tasks, nil, nil
	o.Done = append([]model.Call(nil), o.Done...)
	for i := range o.Done {
		o.Done[i] = ComparableCall(o.Done[i])
	}
	slices.SortStableFunc(o.Done, func(a, b model.Call) int { return cmp.Compare(a.Actor, b.Actor) })
	return o
}

// ComparableCall is an answer without the model's reasons.
func ComparableCall(c model.Call) model.Call {
	c.Why, c.Text, c.Status = "", "", withoutCore(c.Status)
	return c
}

// withoutCore leaves out whether there was a core dump: the tasks of a lab make none.
func withoutCore(status string) string { return strings.TrimSuffix(status, " core") }

// blind clears the fields that only the model has.
func blind(v reflect.Value) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("live") == "-" {
			v.Field(i).SetZero()
		}
	}
}

// unborn are the labels of pid namespaces that nobody was ever in.
func unborn(o *model.Observation) map[string]bool {
	set := map[string]bool{}
	for _, ns := range o.PidNamespaces {
		if ns.Reaper == "" {
			set[ns.Label] = true
		}
	}
	return set
}

// hide clears what a task does not show in its state: a zombie has let go of its nsproxy, and kcmp has nothing to compare; of a
// stopped task /proc does not tell whether a call is through or not.
func hide(t *model.TaskView) {
	t.Exit = withoutCore(t.Exit)
	if t.Threads > 1 {
		t.Exit = "" // of a leader that others outlive it is not decided
	}
	t.Flags = slices.DeleteFunc(slices.Clone(t.Flags), func(f string) bool { return f == "SUPERPRIV" }) // any use of a capability sets it
	switch t.State {
	case "stopped":
		t.Call = ""
	case "zombie":
		t.Namespaces = model.Spaces{User: t.Namespaces.User, Pid: t.Namespaces.Pid}
		t.Shares, t.ClearTid, t.Call = model.Shares{}, false, ""
	case "dying":
		t.Shares, t.ClearTid, t.Call = model.Shares{}, false, ""
	}
}

// spaceLinks are the links of /proc/TID/ns.
var spaceLinks = []struct {
	kind string
	flag model.Flags // that makes a new one
	to   func(s *model.Spaces) *string
}{
	{"user", model.CloneNewUser, func(s *model.Spaces) *string { return &s.User }},
	{"pid", model.CloneNewPID, func(s *model.Spaces) *string { return &s.Pid }},
	{"pid_for_children", model.CloneNewPID, func(s *model.Spaces) *string { return &s.PidForChildren }},
	{"mnt", model.CloneNewNS, func(s *model.Spaces) *string { return &s.Mnt }},
	{"uts", model.CloneNewUTS, func(s *model.Spaces) *string { return &s.UTS }},
	{"ipc", model.CloneNewIPC, func(s *model.Spaces) *string { return &s.IPC }},
	{"net", model.CloneNewNet, func(s *model.Spaces) *string { return &s.Net }},
	{"cgroup", model.CloneNewCgroup, func(s *model.Spaces) *string { return &s.Cgroup }},
	{"time", model.CloneNewTime, func(s *model.Spaces) *string { return &s.Time }},
	{"time_for_children", model.CloneNewTime, func(s *model.Spaces) *string { return &s.TimeForChildren }},
}

// objects are what kcmp(2) compares.
var objects = []struct {
	kind string
	of   func(s *model.Shares) *string
}{
	{"vm", func(s *model.Shares) *string { return &s.VM }},
	{"files", func(s *model.Shares) *string { return &s.Files }},
	{"fs", func(s *model.Shares) *string { return &s.FS }},
	{"sighand", func(s *model.Shares) *string { return &s.Sighand }},
	{"io", func(s *model.Shares) *string { return &s.IO }},
	{"sysvsem", func(s *model.Shares) *string { return &s.SysvSem }},
}

// Labels name namespaces after the first task that shows them, for a whole trace. What came later and was shown first by the same
// task has a number besides.
type Labels struct {
	given map[[2]string]string // by kind and old name
	used  map[string]int       // how often a label was given
}

// NewLabels is for the beginning of a trace.
func NewLabels() *Labels { return &Labels{map[[2]string]string{}, map[string]int{}} }

// Clone is a copy that goes its own way.
func (l *Labels) Clone() *Labels { return &Labels{maps.Clone(l.given), maps.Clone(l.used)} }

// give puts the label in the place of the old name.
func (l *Labels) give(kind string, s *string, holder string) {
	if *s == "" {
		return
	}
	key := [2]string{kind, *s}
	if l.given[key] == "" {
		label := kind + ":" + holder
		if l.used[label]++; l.used[label] > 1 {
			label += fmt.Sprintf(" (%d)", l.used[label])
		}
		l.given[key] = label
	}
	*s = l.given[key]
}

// relabel labels the namespaces that tasks show.
func (l *Labels) relabel(tasks []model.TaskView) {
	for i := range tasks {
		t := &tasks[i]
		for _, link := range spaceLinks {
			if kind, ofChildren := strings.CutSuffix(link.kind, "_for_children"); ofChildren {
				l.give(kind, link.to(&t.Namespaces), t.Name+"'s children")
			} else {
				l.give(kind, link.to(&t.Namespaces), t.Name)
			}
		}
	}
}

// relabelObjects names objects after the first task that has them now: kcmp(2) does not tell one from an earlier one.
func relabelObjects(tasks []model.TaskView) {
	l := NewLabels()
	for i := range tasks {
		for _, o := range objects {
			l.give(o.kind, o.of(&tasks[i].Shares), tasks[i].Name)
		}
	}
}

// Common is what two observations have of those tasks that are in both. The objects that they share are named after them alone.
func Common(a, b model.Observation) (ofA, ofB model.Observation) { return among(a, b), among(b, a) }

// among is an observation without the tasks that another one has not.
func among(o, other model.Observation) model.Observation {
	o.Tasks = slices.DeleteFunc(slices.Clone(o.Tasks), func(t model.TaskView) bool {
		return !slices.ContainsFunc(other.Tasks, func(u model.TaskView) bool { return u.Name == t.Name })
	})
	relabelObjects(o.Tasks)
	return o
}

// compact makes an empty list nil, so that it does not matter who made it.
func compact(t *model.TaskView) {
	for _, list := range []*[]string{&t.Signals.Pending, &t.Signals.SharedPending, &t.Signals.Blocked, &t.Signals.Ignored, &t.Signals.Caught, &t.Caps, &t.Flags} {
		if len(*list) == 0 {
			*list = nil
		}
	}
}
