package live

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"forkcheck/model"
)

// Comparable is an observation without what a running kernel does not show, in an order that does not depend on the slots of
// the model or on the inodes of the kernel. What is left has to be the same on both sides.
func Comparable(o model.Observation) model.Observation {
	blind(reflect.ValueOf(&o).Elem())
	unborn := unborn(&o)
	tasks := slices.Clone(o.Tasks)
	for i := range tasks {
		t := &tasks[i]
		blind(reflect.ValueOf(t).Elem())
		if unborn[t.Namespaces.PidForChildren] {
			t.Namespaces.PidForChildren = "" // the link is not there before somebody is born into it
		}
		hide(t)
	}
	slices.SortStableFunc(tasks, func(a, b model.TaskView) int { return cmp.Compare(a.Name, b.Name) })
	relabel(tasks)
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

// relabel names namespaces and objects after the first task that shows them.
func relabel(tasks []model.TaskView) {
	labels := map[string]string{}
	label := func(kind string, s *string, name string) {
		if *s == "" {
			return
		}
		key := kind + *s
		if labels[key] == "" {
			labels[key] = kind + ":" + name
		}
		*s = labels[key]
	}
	for i := range tasks {
		t := &tasks[i]
		n, s := &t.Namespaces, &t.Shares
		label("pid", &n.Pid, t.Name)
		label("pid", &n.PidForChildren, t.Name+"'s children")
		label("user", &n.User, t.Name)
		label("mnt", &n.Mnt, t.Name)
		label("uts", &n.UTS, t.Name)
		label("ipc", &n.IPC, t.Name)
		label("net", &n.Net, t.Name)
		label("cgroup", &n.Cgroup, t.Name)
		label("time", &n.Time, t.Name)
		label("time", &n.TimeForChildren, t.Name+"'s children")
		label("vm", &s.VM, t.Name)
		label("files", &s.Files, t.Name)
		label("fs", &s.FS, t.Name)
		label("sighand", &s.Sighand, t.Name)
		label("io", &s.IO, t.Name)
		label("sysvsem", &s.SysvSem, t.Name)
	}
}

// compact makes an empty list nil, so that it does not matter who made it.
func compact(t *model.TaskView) {
	for _, list := range []*[]string{&t.Signals.Pending, &t.Signals.SharedPending, &t.Signals.Blocked, &t.Signals.Ignored, &t.Signals.Caught, &t.Caps, &t.Flags} {
		if len(*list) == 0 {
			*list = nil
		}
	}
}
