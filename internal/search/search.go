package search

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"forkcheck/internal/canon"
)

// Move is what came of an op.
type Move uint8

// The moves.
const (
	Stay Move = iota // nothing changed, or nothing that was not there before
	Next             // a state, to go on from
	Cut              // a state that nobody goes on from
	Void             // no transition: the op was another one in disguise
)

// None is no finding.
const None = -1

// Space is what is searched. It has buffers; each worker has one of its own.
type Space[S any] interface {
	Start(s *S)                                   // the first state
	Ops(s *S) int                                 // how many ops there are in a state; they keep their order
	Redo(s *S, op int)                            // does one of the ops that Ops has counted
	Do(from *S, op int, to *S) (m Move, find int) // does it in another state, and looks at what it came to
	End(s *S) (find int)                          // looks at a state as the last one
	Key(s *S) canon.Key
}

// Options bound a search. The zero value bounds nothing.
type Options struct {
	Depth       int                 // findings that cost more are not looked for: a finding costs its ops
	Transitions uint64              // a level that ends with more is not closed, and not gone on with once there are more. With Stop it takes one worker to end the same way each time
	Bytes       int                 // of memory for visited states
	Workers     int                 // 0: one for each core
	Stop        func(find int) bool // a finding of this kind ends the search, unless a shorter one can still come
	Ends        int                 // what a finding of End counts more than its ops
	Progress    func(Stats)         // called once a second
}

// Stats are what was visited.
type Stats struct {
	States, Transitions uint64
	Depth               int // levels that are closed: every way of as many ops was gone
	Bytes               int
	Elapsed             time.Duration
}

// Finding is the least way to a kind of finding.
type Finding struct {
	Kind  int
	Ops   []int // the way: which of the ops of each state
	AtEnd bool  // it was the state after the last op that was looked at
	cost  int
	way   way
}

// Why says how a search ended.
type Why uint8

// The ways to end.
const (
	Closed      Why = iota // there is nothing more
	Deep                   // the way would be longer than Options.Depth
	Found                  // Options.Stop
	Exhausted              // Options.Transitions
	Full                   // Options.Bytes
	Interrupted            // the context
)

// Result is what a search came to.
type Result struct {
	Stats
	Why      Why
	Findings []Finding // by kind
}

// Run searches. Every worker gets a Space of its own.
func Run[S any](ctx context.Context, space func() Space[S], o Options) Result {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	r := &run[S]{Options: o, ctx: ctx, began: time.Now()}
	for range o.Workers {
		r.workers = append(r.workers, &worker[S]{run: r, space: space()})
	}
	return r.search()
}

// run is a search in progress.
type run[S any] struct {
	Options
	ctx     context.Context
	began   time.Time
	workers []*worker[S]
	table   table
	nodes   nodes
	depth   int           // of the level that is expanded
	first   uint32        // its first state
	claimed atomic.Uint32 // the next of its states that nobody has taken

	transitions atomic.Uint64
	bytes       atomic.Int64
	why         atomic.Uint32 // Closed, or why the level is not gone on with
	least       atomic.Uint64 // the least way so far of a finding that ends the search

	mu       sync.Mutex
	findings []Finding

	telling sync.Mutex
	told    time.Time
}

// search goes through the levels.
func (r *run[S]) search() Result {
	r.root()
	for closed := 0; ; closed++ {
		if why := r.level(); why != Closed || r.nodes.len() == r.first {
			return r.result(why, closed)
		}
	}
}

// root stores the first state.
func (r *run[S]) root() {
	w := r.workers[0]
	w.states = make([]S, 1)
	w.space.Start(&w.states[0])
	for _, other := range r.workers[1:] {
		other.states = []S{w.states[0]}
	}
	r.table.add(w.space.Key(&w.states[0]), 0)
	r.nodes.add(r.table.close(nil))
}

// ends and steps say whether findings of the level are cheap enough to be looked for.
func (r *run[S]) ends() bool  { return r.Depth == 0 || r.depth+r.Ends <= r.Depth }
func (r *run[S]) steps() bool { return r.Depth == 0 || r.depth < r.Depth }

// level expands the states of one level, and stores those of the next. It answers Closed when the search goes on.
func (r *run[S]) level() Why {
	r.claimed.Store(r.first)
	r.least.Store(^uint64(0))
	last := r.nodes.len()
	if !r.ends() && !r.steps() {
		r.first = last
		return Deep
	}
	var wg sync.WaitGroup
	for _, w := range r.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			w.expand(last)
		}()
	}
	wg.Wait()
	r.first = last
	if why := Why(r.why.Load()); why != Closed {
		return why
	}
	switch {
	case r.spent(): // with its last states; whether a worker noticed in time makes no difference
		return Exhausted
	case r.over():
		return Found
	case !r.steps():
		return Deep
	}
	ways := r.table.close(nil)
	slices.Sort(ways)
	r.nodes.add(ways)
	r.depth++
	return Closed
}

// over says whether there is a finding that ends the search, and none that costs less can still come.
func (r *run[S]) over() bool {
	return slices.ContainsFunc(r.findings, func(f Finding) bool { return r.Stop != nil && r.Stop(f.Kind) && f.cost <= r.depth+1 })
}

// spent says whether there were more transitions than there may be.
func (r *run[S]) spent() bool { return r.Transitions > 0 && r.transitions.Load() > r.Transitions }

// found notes a finding, if it is the least of its kind.
func (r *run[S]) found(kind int, w way, end bool) {
	f := Finding{Kind: kind, AtEnd: end, cost: r.depth + 1, way: w}
	if end {
		f.cost = r.depth + r.Ends
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !end && r.Ends > 0 && r.Stop != nil && r.Stop(kind) && uint64(w) < r.least.Load() { // an end that costs nothing would be less
		r.least.Store(uint64(w))
	}
	i := slices.IndexFunc(r.findings, func(f Finding) bool { return f.Kind == kind })
	switch {
	case i < 0:
		f.Ops = r.wayTo(f)
		r.findings = append(r.findings, f)
	case f.Less(&r.findings[i]):
		f.Ops = r.wayTo(f)
		r.findings[i] = f
	}
}

// Less orders findings: by cost, then the way.
func (f *Finding) Less(g *Finding) bool {
	if f.cost != g.cost {
		return f.cost < g.cost
	}
	if f.AtEnd != g.AtEnd {
		return g.AtEnd
	}
	return f.way < g.way
}

// wayTo lists the ops that lead to a finding.
func (r *run[S]) wayTo(f Finding) (ops []int) {
	if !f.AtEnd {
		ops = append(ops, f.way.op())
	}
	for n := f.way.parent(); n != 0; n = r.nodes.at(n).parent() {
		ops = append(ops, r.nodes.at(n).op())
	}
	slices.Reverse(ops)
	return ops
}

// result sums up.
func (r *run[S]) result(why Why, closed int) Result {
	slices.SortFunc(r.findings, func(f, g Finding) int { return f.Kind - g.Kind })
	s := r.stats()
	s.Depth = closed
	return Result{Stats: s, Why: why, Findings: r.findings}
}

func (r *run[S]) stats() Stats {
	return Stats{States: uint64(r.nodes.len()), Transitions: r.transitions.Load(), Depth: r.depth, Bytes: int(r.bytes.Load()) + r.nodes.bytes(), Elapsed: time.Since(r.began)}
}

// tell calls Progress, if a second has passed since it was called.
func (r *run[S]) tell() {
	if r.Progress == nil || !r.telling.TryLock() {
		return
	}
	defer r.telling.Unlock()
	if now := time.Now(); now.Sub(r.told) >= time.Second {
		r.told = now
		r.Progress(r.stats())
	}
}

// nodes are the ways to all states, in blocks, so that they need not move.
type nodes struct {
	blocks [][]way
	n      uint32
}

const blockLen = 1 << 12

func (n *nodes) len() uint32     { return n.n }
func (n *nodes) at(i uint32) way { return n.blocks[i/blockLen][i%blockLen] }
func (n *nodes) bytes() int      { return len(n.blocks) * blockLen * 8 }
func (n *nodes) add(ways []way) {
	for _, w := range ways {
		if n.n%blockLen == 0 {
			n.blocks = append(n.blocks, make([]way, 0, blockLen))
		}
		b := &n.blocks[n.n/blockLen]
		*b = append(*b, w)
		n.n++
	}
}
