package live

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"forkcheck/model"
)

// plain is a machine that hides nothing.
var plain Facts

// What is compared does not depend on the order of the tasks, nor on what namespaces and objects are called.
func TestComparableIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "tasks")
		kinds := make([]int, 2*n)
		for i := range kinds {
			kinds[i] = rapid.IntRange(0, 3).Draw(t, "object")
		}
		order := rapid.Permutation(slices.Collect(upTo(n))).Draw(t, "order")
		one, other := tasks(kinds, slices.Collect(upTo(n)), "a%d"), tasks(kinds, order, "b%d")
		if diff := cmp.Diff(plain.Comparable(one, NewLabels()), plain.Comparable(other, NewLabels())); diff != "" {
			t.Fatal(diff)
		}
	})
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
}

// tasks are some in an order, with objects by number.
func tasks(kinds, order []int, label string) (o model.Observation) {
	for _, i := range order {
		v := model.TaskView{Name: fmt.Sprintf("t%d", i), State: "running"}
		v.Shares.VM, v.Namespaces.User = fmt.Sprintf(label, kinds[2*i]), fmt.Sprintf(label, kinds[2*i+1])
		o.Tasks = append(o.Tasks, v)
	}
	return o
}

// A difference in any field that is compared is seen; those of the model alone are not.
func TestComparableSeesFields(t *testing.T) {
	base := func() model.Observation {
		return model.Observation{Tasks: []model.TaskView{{Name: "a", State: "running", Threads: 1}}}
	}
	for _, c := range []struct {
		name   string
		change func(v *model.TaskView)
		seen   bool
	}{
		{"pids", func(v *model.TaskView) { v.Pids = []int{2} }, true},
		{"parent", func(v *model.TaskView) { v.Parent = "b" }, true},
		{"exit signal", func(v *model.TaskView) { v.ExitSignal = 10 }, true},
		{"threads", func(v *model.TaskView) { v.Threads = 2 }, true},
		{"pending", func(v *model.TaskView) { v.Signals.Pending = []string{"TERM"} }, true},
		{"files", func(v *model.TaskView) { v.Shares.Files = "1" }, true},
		{"net", func(v *model.TaskView) { v.Namespaces.Net = "1" }, true},
		{"caps", func(v *model.TaskView) { v.Caps = []string{"KILL"} }, true},
		{"nproc", func(v *model.TaskView) { v.Nproc = 3 }, true},
		{"pdeath", func(v *model.TaskView) { v.Pdeath = "USR2" }, true},
		{"row", func(v *model.TaskView) { v.Row = "copy_mm" }, false},
		{"unkillable", func(v *model.TaskView) { v.Unkillable = true }, false},
	} {
		changed := base()
		c.change(&changed.Tasks[0])
		if seen := !cmp.Equal(plain.Comparable(base(), NewLabels()), plain.Comparable(changed, NewLabels())); seen != c.seen {
			t.Errorf("%s: seen %v, want %v", c.name, seen, c.seen)
		}
	}
}

// A pid namespace that nobody was born in shows only on machines that show it.
func TestComparableUnborn(t *testing.T) {
	o := model.Observation{
		Tasks:         []model.TaskView{{Name: "a", State: "running", Namespaces: model.Spaces{Pid: "1", PidForChildren: "2"}}},
		PidNamespaces: []model.PidNSView{{Label: "1", Reaper: "a"}, {Label: "2"}},
	}
	for shows, want := range map[bool]string{false: "", true: "pid:a's children"} {
		f := Facts{Unborn: shows}
		if got := f.Comparable(o, NewLabels()).Tasks[0].Namespaces.PidForChildren; got != want {
			t.Errorf("a machine that shows it, %v: %q, want %q", shows, got, want)
		}
	}
}

// Whether a namespace is an earlier one can be told, though nobody shares either with anybody.
func TestSpacesHaveHistory(t *testing.T) {
	history := func(uts ...string) (list []model.Observation) {
		spaces := NewLabels()
		for _, u := range uts {
			o := model.Observation{Tasks: []model.TaskView{{Name: "a", State: "running", Namespaces: model.Spaces{UTS: u}}}}
			list = append(list, plain.Comparable(o, spaces))
		}
		return list
	}
	renewed := history("uts:1", "uts:2", "uts:1")
	if diff := cmp.Diff(renewed, history("uts:[7]", "uts:[9]", "uts:[7]")); diff != "" {
		t.Errorf("the same history under other names (-first +other):\n%s", diff)
	}
	for _, other := range [][]string{{"uts:1", "uts:1", "uts:1"}, {"uts:1", "uts:2", "uts:3"}, {"uts:1", "uts:2", "uts:2"}} {
		if cmp.Equal(renewed, history(other...)) {
			t.Errorf("%v looks like a second namespace and back to the first", other)
		}
	}
}

// What one copy of the labels gives, the other has yet to give.
func TestLabelsCloneGoesItsOwnWay(t *testing.T) {
	l := NewLabels()
	one, other := "1", "2"
	l.Clone().give("uts", &one, "a")
	if l.give("uts", &other, "a"); other != "uts:a" {
		t.Errorf("the first label of a is %q after a copy has given one", other)
	}
}

// What wait will say of a leader is not decided while other threads live.
func TestComparableExitOfLeader(t *testing.T) {
	for threads, want := range map[int]string{1: "exited 1", 2: ""} {
		o := model.Observation{Tasks: []model.TaskView{{Name: "a", State: "zombie", Exit: "exited 1", Threads: threads}}}
		if got := (&Facts{}).Comparable(o, NewLabels()).Tasks[0].Exit; got != want {
			t.Errorf("with %d threads the exit is %q, not %q", threads, got, want)
		}
	}
}
