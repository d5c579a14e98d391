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

// The ladder undoes the stages of copy_process in reverse, but for the places where the kernel's own order is another.
func TestLadderIsStagesReversed(t *testing.T) {
	for _, c := range []struct {
		v        *Version
		together map[Took]Took // what one rung gives back besides what its stage took; 0: another rung does
		mend     func(want []Took) []Took
	}{
		// The thread group's lock is dropped first at its label.
		{V311(), map[Took]Took{TookPidNS: 0, 1 << Seccomp: 0, TookPid: TookPid | TookPidNS, TookTask: TookTask | 1<<Seccomp},
			func(want []Took) []Took {
				i, j := slices.Index(want, 1<<CSS), slices.Index(want, TookRwsem)
				want[i], want[j] = want[j], want[i]
				return want
			}},
		// can_fork takes two things at once.
		{V6(), map[Took]Took{TookPidNS: 0, TookPid: TookPid | TookPidNS, TookTask: TookTask | 1<<Seccomp, 1<<CSS | TookRwsem: TookRwsem},
			func(want []Took) []Took {
				return slices.Insert(want, slices.Index(want, TookRwsem)+1, 1<<CSS)
			}},
	} {
		t.Run(c.v.Name, func(t *testing.T) {
			table := &c.v.Calls[Clone]
			want := c.mend(stagesReversed(table, c.together))
			if diff := cmp.Diff(want, given(table)); diff != "" {
				t.Errorf("the ladder is not the stages in reverse (-want +got):\n%s", diff)
			}
		})
	}
}

// stagesReversed is what the stages take, last to first.
func stagesReversed(table *Table, together map[Took]Took) (want []Took) {
	var taken []Took
	for _, r := range table.Rows {
		if r.Takes != 0 && !slices.Contains(taken, r.Takes) {
			taken = append(taken, r.Takes)
		}
	}
	slices.Reverse(taken)
	for _, took := range taken {
		gives, special := together[took]
		switch {
		case !special:
			want = append(want, took)
		case gives != 0:
			want = append(want, gives)
		}
	}
	return want
}

// given is what the rungs of copy_process give back, top to bottom; what comes behind fork_out are the labels of other functions.
func given(table *Table) (given []Took) {
	for _, r := range table.Ladder[:table.rung("fork_out")+1] {
		if r.Gives != 0 {
			given = append(given, r.Gives)
		}
	}
	return given
}

// The labels of copy_process, top to bottom.
func TestLabels(t *testing.T) {
	for _, c := range []struct {
		v    *Version
		want []Label
	}{
		{V311(), []Label{"bad_fork_free_pid", "bad_fork_cleanup_io", "bad_fork_cleanup_namespaces", "bad_fork_cleanup_mm", "bad_fork_cleanup_signal",
			"bad_fork_cleanup_sighand", "bad_fork_cleanup_fs", "bad_fork_cleanup_files", "bad_fork_cleanup_semundo", "bad_fork_cleanup_audit",
			"bad_fork_cleanup_policy", "bad_fork_cleanup_cgroup", "bad_fork_cleanup_count", "bad_fork_free", "fork_out"}},
		{V6(), []Label{"bad_fork_core_free", "bad_fork_cancel_cgroup", "bad_fork_put_pidfd", "bad_fork_free_pid", "bad_fork_cleanup_thread", "bad_fork_cleanup_io",
			"bad_fork_cleanup_namespaces", "bad_fork_cleanup_mm", "bad_fork_cleanup_signal", "bad_fork_cleanup_sighand", "bad_fork_cleanup_fs", "bad_fork_cleanup_files",
			"bad_fork_cleanup_semundo", "bad_fork_cleanup_security", "bad_fork_cleanup_audit", "bad_fork_cleanup_perf", "bad_fork_sched_cancel_fork",
			"bad_fork_cleanup_policy", "bad_fork_cleanup_delayacct", "bad_fork_cleanup_count", "bad_fork_free", "fork_out"}},
	} {
		var got []Label
		for _, r := range c.v.Calls[Clone].Ladder {
			if r.Label != "" && len(got) < len(c.want) {
				got = append(got, r.Label)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("labels of %s differ (-want +got):\n%s", c.v.Name, diff)
		}
	}
}
