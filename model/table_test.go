package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every row says where it comes from, is alone with its name, and fails to a label that exists.
func TestTablesAreWellFormed(t *testing.T) {
	for _, version := range Versions {
		v := version.New()
		for kind := range v.Calls {
			checkTable(t, v.Name, &v.Calls[kind])
		}
		checkTable(t, v.Name, &v.Release)
	}
}

func checkTable(t *testing.T, version string, table *Table) {
	names := map[string]bool{}
	for _, r := range table.Rows {
		at := version + " " + table.Name + " " + r.Name
		if r.Name == "" || names[r.Name] {
			t.Errorf("%s: no name, or a second row of that name", at)
		}
		names[r.Name] = true
		if _, function, ok := strings.Cut(r.Source, ":"); !ok || function == "" {
			t.Errorf("%s: source %q is not file:function", at, r.Source)
		}
		if r.Fail != "" && table.rung(r.Fail) == len(table.Ladder) {
			t.Errorf("%s: label %s is not in the ladder", at, r.Fail)
		}
		if (r.Fail != "") && len(r.Errs) == 0 {
			t.Errorf("%s: fails to %s with no errno", at, r.Fail)
		}
		if r.Body == nil && len(r.Errs) == 0 {
			t.Errorf("%s: does nothing and cannot fail", at)
		}
	}
	for i, r := range table.Ladder {
		if r.Goto != "" && r.Goto != "end" && table.rung(r.Goto) == len(table.Ladder) {
			t.Errorf("%s %s: rung %d goes on at %s, which is not there", version, table.Name, i, r.Goto)
		}
	}
}

// The ladder undoes the stages of copy_process in reverse. Two rungs are out of order in the kernel, and stay so: the
// thread group's lock is dropped first at its label, and perf's undo is behind the label that a failing
// perf_event_init_task itself enters.
func TestLadderIsStagesReversed(t *testing.T) {
	v := V311()
	table := &v.Calls[Clone]
	var taken []Took
	for _, r := range table.Rows {
		if r.Takes != 0 && !slices.Contains(taken, r.Takes) {
			taken = append(taken, r.Takes)
		}
	}
	slices.Reverse(taken)
	var given []Took
	for _, r := range table.Ladder[:table.rung("fork_out")] {
		if r.Gives != 0 {
			given = append(given, r.Gives)
		}
	}
	want := []Took{}
	for _, took := range taken {
		switch took {
		case TookPidNS, 1 << Seccomp: // together with the struct pid, and with the task
		case TookPid:
			want = append(want, TookPid|TookPidNS)
		case TookTask:
			want = append(want, TookTask|1<<Seccomp)
		default:
			want = append(want, took)
		}
	}
	swap := func(a, b Took) { // the kernel's own order at these two places
		i, j := slices.Index(want, a), slices.Index(want, b)
		want[i], want[j] = want[j], want[i]
	}
	swap(1<<CSS, TookRwsem)
	if diff := cmp.Diff(want, given); diff != "" {
		t.Errorf("the ladder is not the stages in reverse (-want +got):\n%s", diff)
	}
}

// The labels of copy_process, top to bottom.
func TestLabels(t *testing.T) {
	want := []Label{"bad_fork_free_pid", "bad_fork_cleanup_io", "bad_fork_cleanup_namespaces", "bad_fork_cleanup_mm", "bad_fork_cleanup_signal",
		"bad_fork_cleanup_sighand", "bad_fork_cleanup_fs", "bad_fork_cleanup_files", "bad_fork_cleanup_semundo", "bad_fork_cleanup_audit",
		"bad_fork_cleanup_policy", "bad_fork_cleanup_cgroup", "bad_fork_cleanup_count", "bad_fork_free", "fork_out"}
	var got []Label
	v := V311()
	for _, r := range v.Calls[Clone].Ladder {
		if r.Label != "" && len(got) < len(want) {
			got = append(got, r.Label)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels differ (-want +got):\n%s", diff)
	}
}
