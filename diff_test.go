package forkcheck_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/model"
)

var diffAll = flag.Bool("diff.all", false, "TestDiff: search all scopes, and with -update write testdata/diff anew")

// invisible are the switches that Diff does not show, and why.
var invisible = map[string]string{
	"lsm_hook":          "which hook fails is not told, and a fault at a row of one version has no like in the other",
	"dead_ns_leak":      "a leaked reference is not seen",
	"seccomp_late":      "a reference of a failed fork is not seen",
	"subreaper_mark":    "it only spares a walk that finds nothing",
	"unshare_fs_copy":   "an fs_struct that nobody shares is as good as its copy",
	"exit_in_one":       "only a call stopped in between shows it, at a row that the other version does not have there",
	"join_group_stop":   "a fork under a stop signal is signals_first before it is this",
	"sched_and_cgroups": "rows that only fail by a fault",
	"exec_domain":       "a reference to a module is not seen",
	"proc_mount":        "a mount that only the kernel has is not seen",
}

// Where user space sees the versions differ, the shortest trace for each switch is kept; together they show all switches but
// those that cannot be seen.
func TestDiff(t *testing.T) {
	t.Parallel()
	if *diffAll {
		ds, err := (&forkcheck.Diff{}).Run(context.Background())
		if err != nil || !ds.Complete {
			t.Fatal(err, ds)
		}
		for i := range ds.List {
			d := &ds.List[i]
			compareGolden(t, filepath.Join("testdata/diff", d.Shows+".trace"), d.Text())
		}
		for _, name := range ds.Unseen {
			if invisible[name] == "" {
				t.Errorf("%s shows nowhere", name)
			}
		}
		t.Logf("%d pairs of states, %d transitions, %d differences", ds.States, ds.Transitions, ds.Found)
	}
	for _, sw := range model.Switches {
		t.Run(sw.Name, func(t *testing.T) {
			file := filepath.Join("testdata/diff", sw.Name+".trace")
			_, err := os.Stat(file)
			if why := invisible[sw.Name]; why != "" || err != nil {
				if why == "" || err == nil {
					t.Errorf("%s: %v; listed as not to be seen: %q", file, err, why)
				}
				return
			}
			trace := readTrace(t, file)
			if names := forkcheck.SwitchesBehind(trace); !slices.Contains(names, sw.Name) {
				t.Errorf("the switches behind %s are %v", file, names)
			}
		})
	}
}

// What a diff comes to is the same with one worker and two.
func TestDiffCounts(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, sc := range forkcheck.DiffScopes() {
		if testing.Short() && i%3 != 0 || !slices.Contains([]string{"limits", "wait", "arguments", "pid depth", "user depth", "container", "init in vfork", "failed first forks", "held exits", "numbers inside", "users"}, sc.Name) {
			continue
		}
		one := diffText(t, sc, 1)
		if !testing.Short() {
			if diff := cmp.Diff(one, diffText(t, sc, 2)); diff != "" {
				t.Errorf("%s: two workers come to something else (-one +two):\n%s", sc.Name, diff)
			}
		}
		b.WriteString(one)
	}
	compareSections(t, "testdata/diff.txt", b.String())
}

func diffText(t *testing.T, sc *generators.Scope, workers int) string {
	t.Helper()
	ds, err := (&forkcheck.Diff{Scopes: []*generators.Scope{sc}, Workers: workers}).Run(context.Background())
	if err != nil || !ds.Complete {
		t.Fatal(err, ds)
	}
	var names []string
	for i := range ds.List {
		names = append(names, ds.List[i].Shows)
	}
	return fmt.Sprintf("%s: %d pairs of states, %d transitions, %d differences, %s\n\n", sc.Name, ds.States, ds.Transitions, ds.Found, strings.Join(names, " "))
}

// interruptedAfter is a context that ends when it has been asked so many times.
type interruptedAfter struct {
	context.Context
	left atomic.Int64
}

// Err says whether it has ended.
func (c *interruptedAfter) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// within is such a context.
func within(n int64) *interruptedAfter {
	c := &interruptedAfter{Context: context.Background()}
	c.left.Store(n)
	return c
}

// An interrupt ends a diff wherever it comes: between scopes, in a search, and between differences of which the
// switches are looked for.
func TestDiffInterrupt(t *testing.T) {
	d := forkcheck.Diff{Scopes: []*generators.Scope{generators.FindScope("limits")}, Depth: 3, Workers: 1}
	const plenty = 1 << 40
	ctx := within(plenty)
	whole, err := d.Run(ctx)
	if err != nil || !whole.Complete || whole.Untold != 0 || whole.Found < 2 {
		t.Fatalf("error %v, %+v", err, whole)
	}
	asked := plenty - ctx.left.Load()
	for _, c := range []struct {
		name           string
		after          int64
		scopes, untold int
	}{
		{"at once", 0, 0, 0},
		{"in the search", asked / 2, 1, -1},
		{"before the differences", asked - int64(whole.Found), 1, int(whole.Found)},
		{"before the last one", asked - 1, 1, 1},
	} {
		got, err := d.Run(within(c.after))
		if err != nil || got.Complete || got.Scopes != c.scopes || c.untold >= 0 && got.Untold != c.untold {
			t.Errorf("%s: error %v, complete %v, %d scopes, %d untold; want %d and %d",
				c.name, err, got.Complete, got.Scopes, got.Untold, c.scopes, c.untold)
		}
	}
}

// An interrupted Minimize answers what it has: a trace that breaks the same, with as much of a proof as there is.
func TestMinimizeInterrupt(t *testing.T) {
	f, err := forkcheck.Failing(readTrace(t, "testdata/known/N3-global-init-killed.trace"), forkcheck.Options{KnownFail: true})
	if err != nil || f == nil {
		t.Fatalf("error %v, failure %v", err, f)
	}
	for _, n := range []int64{0, 1, 100, 1000} {
		m := forkcheck.Minimize(f, forkcheck.MinimizeOptions{States: 1 << 40, Context: within(n)})
		if m.Certificate == nil || m.Certificate.Minimal() || m.Breach.Known != f.Breach.Known || len(m.Ops) > len(f.Ops) {
			t.Errorf("after %d: %v, certificate %v, of\n%s", n, m.Breach, m.Certificate, m.Trace())
		}
	}
}
