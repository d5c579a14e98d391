package forkcheck_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// explored are scopes as far as they can be searched in no time.
var explored = []struct {
	scope string
	depth int // 0: until nothing is new, or the scope's bound
	tasks int
}{
	{"flags", 1, 0}, {"limits", 4, 0}, {"numbers", 7, 0}, {"sharing", 0, 3}, {"sharing", 4, 4}, {"family", 3, 0}, {"faults", 2, 0}, {"pidns", 3, 0}, {"wait", 3, 0},
	{"signals", 2, 0}, {"namespaces", 3, 0}, {"races", 3, 0}, {"pauses", 4, 0}, {"orders", 3, 0},
}

// explore searches a scope.
func explore(t *testing.T, e forkcheck.Explore) *forkcheck.Exploration {
	t.Helper()
	x, err := e.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !x.Complete() {
		t.Fatalf("%s: %s", e.Scope.Name, x.Ended())
	}
	return x
}

// What scopes hold is the same on every machine, with one worker or two, and so is the shortest trace to everything that
// breaks there. Nothing breaks but by a known defect.
func TestExplore(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, v := range model.Versions {
		for i, x := range explored {
			if testing.Short() && i%3 != 0 {
				continue
			}
			name := fmt.Sprintf("%s/%s-%d", v.Name, x.scope, x.tasks)
			e := forkcheck.Explore{Version: v.New(), Scope: generators.FindScope(x.scope), Depth: x.depth, Tasks: x.tasks, Workers: 1}
			t.Run(name, func(t *testing.T) {
				one := exploredText(explore(t, e))
				if e.Workers = 2; !testing.Short() {
					if diff := cmp.Diff(one, exploredText(explore(t, e))); diff != "" {
						t.Errorf("two workers come to something else (-one +two):\n%s", diff)
					}
				}
				fmt.Fprintf(&b, "%s%s, at most %d ops%s%s\n", sectionStart, name, x.depth, sectionEnd, one)
			})
		}
	}
	compareSections(t, "testdata/explore.txt", b.String())
}

// compareSections compares a text with a file; with -short some sections do not run, and those that do must be there.
func compareSections(t *testing.T, file, got string) {
	t.Helper()
	if !testing.Short() {
		compareGolden(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range strings.Split(got, "\n\n") {
		if !strings.Contains(string(want), section) {
			t.Errorf("%s has no\n%s", file, section)
		}
	}
}

// exploredText is what an exploration came to, without what depends on the machine.
func exploredText(x *forkcheck.Exploration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d states, %d transitions, depth %d\n", x.States, x.Transitions, x.Depth)
	for _, f := range x.Failures {
		fmt.Fprintf(&b, "%s\n%s", breachLine(f), f.Trace())
	}
	return b.String()
}

// breachLine names what broke.
func breachLine(f *forkcheck.Failure) string {
	if f.Breach.Known == nil {
		return "BROKEN " + f.Breach.Invariant.Name
	}
	return f.Breach.Known.ID + " " + f.Breach.Invariant.Name
}

// A field that keys leave out makes no difference to what breaks. One that is a function of the rest does not even make
// another state.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	history := []string{"State.TotalForks", "Task.Nr", "Task.Tgid"} // they number the forks there were
	e := forkcheck.Explore{Scope: generators.FindScope("family"), Depth: 3, Workers: 1}
	without := explore(t, e)
	for _, field := range forkcheck.LeftOut() {
		t.Run(field, func(t *testing.T) {
			e := e
			e.Keep = []string{field}
			with := explore(t, e)
			if diff := cmp.Diff(breaches(without), breaches(with)); diff != "" {
				t.Errorf("something else breaks (-left out +kept):\n%s", diff)
			}
			if more := with.States > without.States; more != slices.Contains(history, field) {
				t.Errorf("%d states, and %d with the field", without.States, with.States)
			}
		})
	}
}

func breaches(x *forkcheck.Exploration) (list []string) {
	for _, f := range x.Failures {
		list = append(list, fmt.Sprintf("%s %d", breachLine(f), len(f.Ops)))
	}
	return list
}

// A full memory and an interrupt end a search with what is known until then, and with advice.
func TestExploreEndsEarly(t *testing.T) {
	t.Parallel()
	e := forkcheck.Explore{Scope: generators.FindScope("wait"), Bytes: 1 << 20}
	x, err := e.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if x.Complete() || !strings.Contains(x.Ended(), "memory is full") || x.States == 0 {
		t.Errorf("%s: %d states", x.Ended(), x.States)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x, err = e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if x.Complete() || !strings.Contains(x.Ended(), "interrupted") {
		t.Error(x.Ended())
	}
}

// The defects of v3.11 that it takes a race to see are found without being told of, by the shortest traces of their scope.
func TestExploreFindsRaces(t *testing.T) {
	t.Parallel()
	for i, want := range []struct{ scope, id string }{{"pauses", "V1"}, {"pauses", "V3"}, {"pauses", "V5"}, {"races", "V6"}} {
		t.Run(want.id, func(t *testing.T) {
			if testing.Short() && i%2 > 0 {
				t.Skip("takes long; without -short")
			}
			kept := minimalKnown(t, want.id, want.scope)
			x := explore(t, forkcheck.Explore{Scope: generators.FindScope(want.scope), Depth: len(kept.Lines) - 1})
			for _, f := range x.Failures {
				if f.Breach.Known != nil && f.Breach.Known.ID == want.id {
					if diff := cmp.Diff(kept.String(), f.Trace().String()); diff != "" {
						t.Errorf("%s (-want +got):\n%s", kept.File, diff)
					}
					return
				}
			}
			t.Errorf("not found in %d transitions", x.Transitions)
		})
	}
}

// minimalKnown is the trace of a defect that says that it is minimal in a scope, without comments.
func minimalKnown(t *testing.T, id, scope string) *model.Trace {
	t.Helper()
	files, err := filepath.Glob("testdata/known/" + id + "-*.trace")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		trace := readTrace(t, file)
		if slices.ContainsFunc(trace.Lines, func(l model.Line) bool { return l.Text == "# Minimal in scope "+scope+"." }) {
			trace.Lines = slices.DeleteFunc(trace.Lines, func(l model.Line) bool { return strings.HasPrefix(l.Text, "#") })
			return trace
		}
	}
	t.Fatalf("no trace of %s says that it is minimal in scope %s", id, scope)
	return nil
}

// halting is a scope of forks that stop before some rows, two at a time, with deaths and waits in between.
func halting(rows ...string) *generators.Scope {
	return &generators.Scope{Name: "halting", Forks: 2, Lazy: true, Letters: func(k *model.Kernel) (list []generators.Letter) {
		fork := generators.Letter{Kind: model.Clone, Sig: model.SIGCHLD}
		list = append(list, fork, generators.Letter{Kind: model.Exit}, generators.Letter{Kind: model.Wait4, Arg: -1})
		for _, row := range rows {
			fork.Pause = uint16(k.Calls[model.Clone].Row(row)) + 1
			list = append(list, fork)
		}
		return list
	}}
}

// A call that stops in the middle of its death is gone for its caller, and is searched like any other that stops.
func TestExploreHoldsExits(t *testing.T) {
	for _, v := range model.Versions {
		k := v.New()
		exit := &k.Calls[model.Exit]
		for i := range exit.Rows {
			if exit.Atomic(i) || exit.Rows[i].If != nil {
				continue
			}
			t.Run(k.Name+"/"+exit.Rows[i].Name, func(t *testing.T) {
				held := generators.Scope{Name: "held", Forks: 1, Lazy: true, Letters: func(*model.Kernel) []generators.Letter {
					return []generators.Letter{{Kind: model.Exit, Pause: uint16(i) + 1}}
				}}
				x := explore(t, forkcheck.Explore{Version: v.New(), Scope: &held, Depth: 1, Workers: 1})
				if x.Transitions != 1 || x.States != 2 {
					t.Errorf("%d states, %d transitions", x.States, x.Transitions)
				}
			})
		}
	}
}

// Two forks that race pass a limit by one at most: that is reached, and never passed. In v6.x none passes RLIMIT_NPROC, for
// the charge comes before the check. A fork fails although fewer tasks are there than the limit allows, while another one is
// charged that may yet fail.
func TestRaceBounds(t *testing.T) {
	for _, tt := range []struct {
		version, world, name string
		limit, most          int
		count                func(s *model.State) int
		rows                 []string
	}{
		{"v3.11", "uid=1000 nproc=3", "rlimit_nproc", 3, 3 - 1 + 2, processesOf, []string{"rlimit_nproc", "clear_nproc_exceeded", "thread_group"}},
		{"v6.x", "uid=1000 nproc=3", "rlimit_nproc", 3, 3, settledProcesses, []string{"inc_rlimit_ucounts", "rlimit_nproc", "thread_group"}},
		{"v3.11", "max_threads=4", "max_threads", 4, 4 - 1 + 2, nrThreads, []string{"max_threads", "thread_group"}},
		{"v6.x", "max_threads=4", "max_threads", 4, 4 - 1 + 2, nrThreads, []string{"max_threads", "thread_group"}},
	} {
		t.Run(tt.version+"/"+tt.name, func(t *testing.T) {
			most, spurious := 0, false
			look := invariants.Invariant{Name: "Look", State: func(c *invariants.Check) error {
				spurious = spurious || c.Result.Why == "rlimit_nproc" && settledProcesses(c.Before) < tt.limit
				return nil
			}}
			all := invariants.Invariant{Name: "All", State: func(c *invariants.Check) error { most = max(most, tt.count(c.After)); return nil }}
			sc := halting(tt.rows...)
			sc.World = tt.world
			x := explore(t, forkcheck.Explore{Version: versionNamed(t, tt.version), Scope: sc, Depth: 7, Workers: 1, Invariants: []invariants.Invariant{all, look}})
			if most != tt.most {
				t.Errorf("in %d transitions at most %d, want %d", x.Transitions, most, tt.most)
			}
			if wants := tt.name == "rlimit_nproc"; spurious != wants {
				t.Errorf("a fork failed for it below the limit: %v, want %v", spurious, wants)
			}
			t.Logf("%d states, %d transitions: at most %d under a limit of %d", x.States, x.Transitions, most, tt.limit)
		})
	}
}

func versionNamed(t *testing.T, name string) *model.Version {
	t.Helper()
	for _, v := range model.Versions {
		if v.Name == name {
			return v.New()
		}
	}
	t.Fatalf("there is no version %s", name)
	return nil
}

func nrThreads(s *model.State) int { return int(s.NrThreads) }

// processesOf is what v3.11 charges the user of `a`.
func processesOf(s *model.State) int {
	return int(s.User[s.Cred[s.Task[model.A].Ref[model.Cred]].User].Processes)
}

// settledProcesses are the tasks of the user of `a` that are there.
func settledProcesses(s *model.State) (n int) {
	for t := range s.Task {
		if p := &s.Task[t]; p.Stage == model.Hashed && model.TaskID(t) != model.Init0 {
			n++
		}
	}
	return n
}
