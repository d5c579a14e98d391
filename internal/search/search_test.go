package search

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"forkcheck/internal/canon"
)

// edge is an op of a graph of numbers.
type edge struct {
	To   int
	Move Move
	Find int
}

// toy is a graph as a space: the edges of each node, and what it comes to as the last one.
type toy struct {
	edges func(n int) []edge
	end   func(n int) int
}

func (g toy) Start(n *int)         { *n = 0 }
func (g toy) Ops(n *int) int       { return len(g.edges(*n)) }
func (g toy) Redo(n *int, op int)  { *n = g.edges(*n)[op].To }
func (g toy) Key(n *int) canon.Key { return toyKey(*n) }
func (g toy) Do(from *int, op int, to *int) (Move, int) {
	e := g.edges(*from)[op]
	*to = e.To
	return e.Move, e.Find
}
func (g toy) End(n *int) int {
	if g.end == nil {
		return None
	}
	return g.end(*n)
}

// toyKey spreads numbers like a hash.
func toyKey(n int) canon.Key {
	h := uint64(n+1) * 0x9e3779b97f4a7c15
	return canon.Key{h ^ h>>32, (h ^ h>>29) * 0xbf58476d1ce4e5b9}
}

// search searches it.
func (g toy) search(o Options) Result {
	return Run(context.Background(), func() Space[int] { return g }, o)
}

// chart is a small graph, drawn.
type chart struct {
	Edges [][]edge
	Ends  []int
}

func (c chart) toy() toy {
	return toy{func(n int) []edge { return c.Edges[n] }, func(n int) int { return c.Ends[n] }}
}

// kinds are those of findings in a chart.
const kinds = 3

func drawChart(t *rapid.T) (c chart) {
	n := rapid.IntRange(1, 12).Draw(t, "nodes")
	find := func() int {
		if k := rapid.IntRange(0, 7*kinds).Draw(t, "find"); k > 0 && k <= kinds {
			return k - 1
		}
		return None
	}
	for range n {
		var edges []edge
		for range rapid.IntRange(0, 3).Draw(t, "edges") {
			move := rapid.SampledFrom([]Move{Next, Next, Next, Next, Stay, Cut, Void}).Draw(t, "move")
			edges = append(edges, edge{rapid.IntRange(0, n-1).Draw(t, "to"), move, find()})
		}
		c.Edges, c.Ends = append(c.Edges, edges), append(c.Ends, find())
	}
	return c
}

// ways are the least of the shortest ways to each node, nil where none leads, by trying all.
func (c chart) ways() [][]int {
	ways := make([][]int, len(c.Edges))
	ways[0] = []int{}
	for changed := true; changed; {
		changed = false
		for n := range c.Edges {
			for op, e := range c.Edges[n] {
				if ways[n] == nil || e.Move != Next {
					continue
				}
				if way := append(slices.Clone(ways[n]), op); ways[e.To] == nil || shorter(way, ways[e.To]) {
					ways[e.To], changed = way, true
				}
			}
		}
	}
	return ways
}

func shorter(a, b []int) bool { return len(a) < len(b) || len(a) == len(b) && slices.Compare(a, b) < 0 }

// outcome is what can be told of a search in advance.
type outcome struct {
	States, Transitions uint64
	Why                 Why
	Findings            []Finding
}

func outcomeOf(r Result) outcome { return outcome{r.States, r.Transitions, r.Why, bare(r.Findings)} }

// bare are findings without what only the search knows.
func bare(findings []Finding) (list []Finding) {
	for _, f := range findings {
		list = append(list, Finding{Kind: f.Kind, Ops: append([]int{}, f.Ops...), AtEnd: f.AtEnd, cost: f.cost})
	}
	return list
}

// outcome is what a search of some depth comes to, 0 for any.
func (c chart) outcome(depth, ends int) (o outcome) {
	found := map[int]Finding{}
	note := func(f Finding) {
		old, ok := found[f.Kind]
		if f.Kind != None && (depth == 0 || f.cost <= depth) && (!ok || before(f, old)) {
			found[f.Kind] = f
		}
	}
	for n, way := range c.ways() {
		if way == nil || depth > 0 && len(way) > depth {
			continue
		}
		o.States++
		note(Finding{Kind: c.Ends[n], Ops: way, AtEnd: true, cost: len(way) + ends})
		if depth > 0 && len(way) == depth {
			o.Why = Deep
			continue
		}
		for op, e := range c.Edges[n] {
			if e.Move != Void {
				o.Transitions++
			}
			note(Finding{Kind: e.Find, Ops: append(slices.Clone(way), op), cost: len(way) + 1})
		}
	}
	for kind := range kinds {
		if f, ok := found[kind]; ok {
			o.Findings = append(o.Findings, f)
		}
	}
	return o
}

// before orders findings: by cost, those of a step first, then by the way.
func before(f, g Finding) bool {
	if f.cost != g.cost {
		return f.cost < g.cost
	}
	if f.AtEnd != g.AtEnd {
		return g.AtEnd
	}
	return shorter(f.Ops, g.Ops)
}

var findings = cmp.AllowUnexported(Finding{})

// A search comes to what trying all ways comes to, whatever its depth and its workers: it visits the same, and the way to each
// finding is the least of the shortest.
func TestRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, depth, ends := drawChart(t), rapid.IntRange(0, 6).Draw(t, "depth"), rapid.IntRange(0, 3).Draw(t, "ends")
		want := c.outcome(depth, ends)
		for workers := 1; workers <= 3; workers++ {
			r := c.toy().search(Options{Depth: depth, Ends: ends, Workers: workers})
			if diff := cmp.Diff(want, outcomeOf(r), findings); diff != "" {
				t.Fatalf("%d workers: %s", workers, diff)
			}
		}
	})
}

// A search that stops at a finding stops at the one that a search of everything finds.
func TestStop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, ends := drawChart(t), rapid.IntRange(0, 3).Draw(t, "ends")
		all := c.outcome(0, ends)
		want := slices.DeleteFunc(slices.Clone(all.Findings), func(f Finding) bool { return f.Kind != 0 })
		for workers := 1; workers <= 3; workers++ {
			r := c.toy().search(Options{Ends: ends, Workers: workers, Stop: func(kind int) bool { return kind == 0 }})
			got := slices.DeleteFunc(bare(r.Findings), func(f Finding) bool { return f.Kind != 0 })
			if diff := cmp.Diff(want, got, findings, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%d workers: %s", workers, diff)
			}
			if r.Transitions > all.Transitions || r.Why != Closed && (r.Why != Found || len(want) == 0) {
				t.Fatalf("ended as %d after %d transitions of %d", r.Why, r.Transitions, all.Transitions)
			}
		}
	})
}

// What a finding of End costs more decides which of two is the least: at the same cost the step is.
func TestEnds(t *testing.T) {
	// 0 -> 1 -> 2 -> 3: node 1 is bad as the last one, and so is the step from 2 to 3.
	g := toy{
		edges: func(n int) []edge { return []edge{{n + 1, Next, []int{None, None, 0, None}[min(n, 3)]}} },
		end: func(n int) int {
			if n == 1 {
				return 0
			}
			return None
		},
	}
	for _, tt := range []struct {
		ends int
		want Finding
	}{
		{0, Finding{0, []int{0}, true, 1, 0}},
		{1, Finding{0, []int{0}, true, 2, 0}},
		{2, Finding{0, []int{0, 0, 0}, false, 3, 0}},
		{3, Finding{0, []int{0, 0, 0}, false, 3, 0}},
	} {
		r := g.search(Options{Ends: tt.ends, Depth: 9, Stop: func(int) bool { return true }})
		if diff := cmp.Diff([]Finding{tt.want}, bare(r.Findings), findings); diff != "" || r.Why != Found {
			t.Errorf("at the price of %d: %s", tt.ends, diff)
		}
	}
}

// An end that costs nothing is less than a step of the same level, even if the step is from an earlier state.
func TestEndsFree(t *testing.T) {
	// 0 -> 1 and 0 -> 2: the step from 1 is bad, and so is 2 as the last one.
	g := chart{[][]edge{{{1, Next, None}, {2, Next, None}}, {{3, Next, 0}}, nil, nil}, []int{None, None, 0, None}}.toy()
	r := g.search(Options{Workers: 1, Stop: func(int) bool { return true }})
	if diff := cmp.Diff([]Finding{{0, []int{1}, true, 1, 0}}, bare(r.Findings), findings); diff != "" {
		t.Error(diff)
	}
}

// tree is a binary tree of some levels below its root, whose leaves lead nowhere.
func tree(levels int) toy {
	return toy{edges: func(n int) []edge {
		if n+1 >= 1<<levels {
			return nil
		}
		return []edge{{2*n + 1, Next, None}, {2*n + 2, Next, None}}
	}}
}

// A search ends when there is nothing more, when it may go no deeper, or when it has used up what it may.
func TestWhy(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		o      Options
		why    Why
		depth  int
		states uint64 // 0: it depends
	}{
		{"closed", context.Background(), Options{}, Closed, 14, 1<<15 - 1},
		{"deep", context.Background(), Options{Depth: 5}, Deep, 5, 1<<6 - 1},
		{"deep, ends cost", context.Background(), Options{Depth: 5, Ends: 2}, Deep, 5, 1<<6 - 1},
		{"exhausted", context.Background(), Options{Transitions: 900}, Exhausted, 8, 1<<9 - 1},
		{"exhausted by the last states of a level", context.Background(), Options{Transitions: 1<<10 - 3}, Exhausted, 8, 1<<9 - 1},
		{"not quite exhausted", context.Background(), Options{Transitions: 1<<10 - 2}, Exhausted, 9, 1<<10 - 1},
		{"full", context.Background(), Options{Bytes: 200_000}, Full, 0, 0},
		{"interrupted", cancelled, Options{}, Interrupted, 0, 1},
	} {
		for workers := 1; workers <= 2; workers++ {
			t.Run(fmt.Sprintf("%s, %d workers", tt.name, workers), func(t *testing.T) {
				tt.o.Workers = workers
				r := Run(tt.ctx, func() Space[int] { return tree(14) }, tt.o)
				if r.Why != tt.why || tt.states > 0 && (r.Depth != tt.depth || r.States != tt.states) {
					t.Errorf("ended as %d with %d states to depth %d", r.Why, r.States, r.Depth)
				}
				if tt.o.Bytes > 0 && (r.Bytes < tt.o.Bytes || r.Bytes > 2*tt.o.Bytes) {
					t.Errorf("%d bytes, with %d to spend", r.Bytes, tt.o.Bytes)
				}
			})
		}
	}
}

// A search that is interrupted in a level tells what it knows until then.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	g := toy{edges: func(n int) []edge {
		if n == 1<<10 {
			cancel()
		}
		return []edge{{2*n + 1, Next, None}, {2*n + 2, Next, None}, {n, Stay, 7}}
	}}
	r := Run(ctx, func() Space[int] { return g }, Options{Workers: 2})
	if r.Why != Interrupted || r.Depth != 10 || r.States != 1<<11-1 {
		t.Errorf("ended as %d with %d states to depth %d", r.Why, r.States, r.Depth)
	}
	if diff := cmp.Diff([]Finding{{7, []int{2}, false, 1, 0}}, bare(r.Findings), findings); diff != "" {
		t.Error(diff)
	}
}

// A state takes at most 64 bytes.
func TestBytes(t *testing.T) {
	levels := 19
	if testing.Short() {
		levels = 16
	}
	r := tree(levels).search(Options{})
	if per := float64(r.Bytes) / float64(r.States); r.States != 2<<levels-1 || per < 28 || per > 64 {
		t.Errorf("%d states at %.1f bytes", r.States, per)
	}
}

// Progress is told by one worker, when it begins and then at most once a second.
func TestProgress(t *testing.T) {
	var calls atomic.Int32
	r := tree(12).search(Options{Workers: 2, Progress: func(s Stats) {
		if calls.Add(1); s.States == 0 {
			t.Error("no states")
		}
	}})
	if n := calls.Load(); n == 0 || int(r.Elapsed.Seconds()) < int(n)-2 {
		t.Errorf("%d calls in %v", n, r.Elapsed)
	}
}

// A table grows, keeps what it has, and of each state of a level the least way.
func TestTable(t *testing.T) {
	const n = 20_000
	var tab table
	grown := 0
	for _, w := range []way{9, 7, 8} {
		for i := range n {
			grown += tab.add(toyKey(i), newWay(uint32(i), int(w)))
		}
	}
	size, born := 0, 0
	for i := range tab.shard {
		size, born = size+len(tab.shard[i].keys), born+cap(tab.shard[i].born)
	}
	if grown != size*slotBytes+born*bornBytes || size < n*5/4 || size > 2*n {
		t.Errorf("grown by %d bytes to %d slots for %d states", grown, size, n)
	}
	ways := tab.close(nil)
	slices.Sort(ways)
	for i, w := range ways {
		if w.parent() != uint32(i) || w.op() != 7 {
			t.Fatalf("way %d is by op %d of state %d", i, w.op(), w.parent())
		}
	}
	if len(ways) != n {
		t.Errorf("%d ways", len(ways))
	}
	for i := range n {
		tab.add(toyKey(i), 0)
	}
	if ways := tab.close(nil); len(ways) > 0 {
		t.Errorf("%d states of an earlier level are new", len(ways))
	}
}

// States whose keys want the same slot find room, beyond the table's end as well.
func TestTableCrowded(t *testing.T) {
	for _, half := range []uint64{0, 1 << 63, ^uint64(0)} {
		var tab table
		for range 2 {
			for i := range uint64(500) {
				tab.add(canon.Key{(i + 1) * shards, half}, newWay(uint32(i), 0))
			}
		}
		if n := len(tab.close(nil)); n != 500 {
			t.Errorf("%d states, want 500", n)
		}
	}
}

// An interrupt is noticed before the next state, not after a chunk of them.
func TestInterruptWithinChunk(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	expanded := 0
	g := toy{edges: func(n int) (list []edge) {
		if n == 0 {
			for i := range chunk {
				list = append(list, edge{To: i + 1, Move: Next, Find: None})
			}
		}
		return list
	}, end: func(n int) int {
		if n != 0 {
			expanded++
			cancel()
		}
		return None
	}}
	r := Run(ctx, func() Space[int] { return g }, Options{Workers: 1})
	if expanded != 1 || r.Why != Interrupted {
		t.Errorf("%d states after the interrupt, and the search ended with %d", expanded-1, r.Why)
	}
}
