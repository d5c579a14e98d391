package search

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck/internal/canon"
)

// graph is what is known of a model's graph.
type graph struct{ States, Transitions uint64 }

// The ways to know a state of the reduced model: as it is, but for the names of objects, and but for those of tasks as well.
var (
	miniRaw  = canon.Options{Raw: true}
	miniNorm = canon.Options{Fixed: "slot"}
	miniSym  = canon.Options{}
)

// explore searches the graph of a model. Its states are told to seen, which need not be safe for many workers.
func explore(t *testing.T, m *miniModel, keys canon.Options, o Options, seen func(*mini)) Result {
	t.Helper()
	form := canon.New[mini](miniTypes, keys)
	var mu sync.Mutex
	return Run(context.Background(), func() Space[mini] {
		sp := &miniSpace{miniModel: m, keyer: canon.NewKeyer(form)}
		if seen != nil {
			sp.seen = func(s *mini) {
				mu.Lock()
				defer mu.Unlock()
				seen(s)
			}
		}
		return sp
	}, o)
}

// The graph has as many states and transitions as in other programs, with one worker and with two, and no state breaks an
// invariant.
func TestMini(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tasks int
		keys  canon.Options
		want  graph
		long  bool
	}{
		{"raw of 3", 3, miniRaw, graph{5742, 71550}, false},
		{"norm of 3", 3, miniNorm, graph{228, 2870}, false},
		{"sym of 3", 3, miniSym, graph{119, 1494}, false},
		{"norm of 4", 4, miniNorm, graph{26557, 461740}, true},
		{"sym of 4", 4, miniSym, graph{4645, 80849}, false},
	} {
		for workers := 1; workers <= 2; workers++ {
			t.Run(fmt.Sprintf("%s, %d workers", tt.name, workers), func(t *testing.T) {
				if tt.long && testing.Short() {
					t.Skip("takes long; without -short")
				}
				r := explore(t, newMini(tt.tasks, 0), tt.keys, Options{Workers: workers}, nil)
				if diff := cmp.Diff(tt.want, graph{r.States, r.Transitions}); diff != "" {
					t.Error(diff)
				}
				if r.Why != Closed || len(r.Findings) > 0 {
					t.Errorf("ended as %d with %v", r.Why, r.Findings)
				}
			})
		}
	}
}

// Where nothing is renamed the states fall into classes of the same key, as many as there are states where all is renamed,
// and from each state of a class lead as many transitions.
func TestMiniClasses(t *testing.T) {
	m, keyer := newMini(3, 0), canon.NewKeyer(canon.New[mini](miniTypes, miniSym))
	degrees := map[canon.Key]uint64{}
	r := explore(t, m, miniRaw, Options{Workers: 2}, func(s *mini) {
		key, degree := keyer.Key(s), m.degree(s)
		if other, ok := degrees[key]; ok && other != degree {
			t.Errorf("%d and %d transitions from states with the same key", other, degree)
		}
		degrees[key] = degree
	})
	got := graph{States: uint64(len(degrees))}
	for _, degree := range degrees {
		got.Transitions += degree
	}
	if diff := cmp.Diff(graph{119, 1494}, got); diff != "" {
		t.Errorf("of %d states: %s", r.States, diff)
	}
}

// degree is how many transitions there are from a state.
func (m *miniModel) degree(s *mini) (n uint64) {
	for _, op := range m.ops {
		if to := *s; m.step(&to, op) {
			n++
		}
	}
	return n
}

// Trying every order of the tasks tells the same states apart as naming them on a walk.
func TestMiniBruteForce(t *testing.T) {
	tasks := 4
	if testing.Short() {
		tasks = 3
	}
	keyer := canon.NewKeyer(canon.New[mini](miniTypes, miniSym))
	classes := newPairing()
	r := explore(t, newMini(tasks, 0), miniNorm, Options{}, func(s *mini) { classes.add(t, keyer.Key(s), keyer.BruteForce(s, "slot")) })
	if want := map[int]int{3: 119, 4: 4645}[tasks]; len(classes.there) != want || len(classes.back) != want {
		t.Errorf("%d keys and %d by brute force of %d states, want %d of each", len(classes.there), len(classes.back), r.States, want)
	}
}

// pairing is a relation between keys that should be one to one.
type pairing struct{ there, back map[canon.Key]canon.Key }

func newPairing() pairing { return pairing{map[canon.Key]canon.Key{}, map[canon.Key]canon.Key{}} }

// add adds a pair.
func (p pairing) add(t *testing.T, a, b canon.Key) {
	if old, ok := p.there[a]; ok && old != b {
		t.Errorf("%x goes with %x and %x", a, old, b)
	}
	if old, ok := p.back[b]; ok && old != a {
		t.Errorf("%x goes with %x and %x", b, old, a)
	}
	p.there[a], p.back[b] = b, a
}

// Each mutant is found in as few ops as it takes, by the same ones with one worker and with two, however states are known.
func TestMiniMutants(t *testing.T) {
	for _, tt := range []struct {
		mutant, tasks, ops, invariant int
	}{
		{1, 4, 1, 2}, {2, 4, 1, 3}, {3, 4, 1, 4}, {4, 4, 1, 4}, {5, 4, 1, 4}, {6, 4, 1, 4},
		{7, 4, 4, 5}, {8, 4, 3, 5}, {9, 4, 3, 6}, {10, 4, 2, 5}, {11, 4, 4, 1}, {12, 4, 2, 4},
		{8, 5, 4, 5}, {10, 5, 2, 5},
	} {
		t.Run(fmt.Sprintf("mutant %d of %d", tt.mutant, tt.tasks), func(t *testing.T) {
			m := newMini(tt.tasks, tt.mutant)
			var first []Finding
			for workers := 1; workers <= 2; workers++ {
				r := explore(t, m, miniSym, Options{Workers: workers, Ends: 1, Stop: func(int) bool { return true }}, nil)
				if r.Why != Found {
					t.Fatalf("ended as %d", r.Why)
				}
				f := least(r.Findings)
				if len(f.Ops) != tt.ops || f.Kind != tt.invariant || m.run(f.Ops) != f.Kind {
					t.Errorf("invariant %d in %d ops, want %d in %d", f.Kind, len(f.Ops), tt.invariant, tt.ops)
				}
				first = append(first, f)
			}
			if diff := cmp.Diff(first[0].Ops, first[1].Ops); diff != "" {
				t.Errorf("one worker and two: %s", diff)
			}
		})
	}
}

// least is the least of some findings.
func least(findings []Finding) Finding {
	f := findings[0]
	for i := range findings {
		if findings[i].Less(&f) {
			f = findings[i]
		}
	}
	return f
}

// run is the number of the invariant that some ops break.
func (m *miniModel) run(ops []int) int {
	s := m.start()
	for _, op := range ops {
		m.step(&s, m.ops[op])
	}
	return m.broken(&s)
}

// BenchmarkMini5 searches the graph of five tasks, which takes too long for a test.
func BenchmarkMini5(b *testing.B) {
	form := canon.New[mini](miniTypes, miniSym)
	for b.Loop() {
		r := Run(b.Context(), func() Space[mini] { return &miniSpace{miniModel: newMini(5, 0), keyer: canon.NewKeyer(form)} }, Options{})
		if diff := cmp.Diff(graph{254477, 5694590}, graph{r.States, r.Transitions}); diff != "" {
			b.Fatal(diff)
		}
		b.ReportMetric(float64(r.Transitions)/r.Elapsed.Seconds(), "transitions/s")
		b.ReportMetric(float64(r.Bytes)/float64(r.States), "bytes/state")
	}
}
