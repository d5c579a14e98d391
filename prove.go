package forkcheck

import (
	"fmt"
	"slices"

	"forkcheck/generators"
	"forkcheck/internal/search"
	"forkcheck/model"
)

// ProofStates is how many transitions a proof may take where nothing else is said.
const ProofStates = 1_000_000

// Certificate says how far it was looked for a trace that is shorter than a counterexample. Killing and reaping everybody at
// the end of a trace counts as two ops.
type Certificate struct {
	Scope               string // where: the alphabet, in the world of the counterexample
	Length              int    // of the counterexample
	Proved              int    // no trace is shorter than this
	States, Transitions uint64 // what was visited
}

// Minimal says whether there is no shorter trace in the scope.
func (c *Certificate) Minimal() bool { return c.Proved == c.Length }

// String is one line.
func (c *Certificate) String() string {
	if !c.Minimal() {
		return fmt.Sprintf("minimal to depth %d in scope %s, not proved beyond: %s, %s", c.Proved-1, c.Scope, count(c.States, "state"), count(c.Transitions, "transition"))
	}
	return fmt.Sprintf("minimal: no shorter trace in scope %s of this world: %s, %s", c.Scope, count(c.States, "state"), count(c.Transitions, "transition"))
}

// prove looks for a shorter trace: first in the plain worlds and the scopes that can be searched to that length with little, the
// smallest first, which for most failures comes to the same trace wherever the descent began; else in the trace's own world, in
// the first scope that can spell it.
func (m *minimizer) prove() *Certificate {
	if c := m.sweep(); c != nil {
		return c
	}
	for {
		length, scope := m.best.length(), m.scope()
		c, found := m.look(m.best.boot, scope, length, m.states)
		if !found || m.best.length() == length && m.scope().Name == scope.Name {
			return c
		}
	}
}

// sweep searches for traces of one op, of two, and so on up to the best one's length, in several worlds and scopes.
func (m *minimizer) sweep() *Certificate {
	left := m.states / 2
	for length := 1; length <= m.best.length(); length++ {
		for _, world := range m.worlds() {
			for i := range generators.Scopes {
				sc := &generators.Scopes[i]
				if sc.Depth > 0 && length > sc.Depth || sc.Orders && !choosing(m.best.ops) {
					continue
				}
				c, found := m.look(world, sc, length, min(left, sweepStates/uint64(max(1, length-1))))
				if found {
					return c
				}
				if left -= min(left, c.Transitions); left == 0 || m.ctx.Err() != nil {
					return nil
				}
			}
		}
	}
	return nil
}

// sweepStates is how many transitions a sweep gives to one scope; for longer traces less, so that it comes round.
const sweepStates = 20_000

// worlds are those that a sweep goes through: the plain ones, the trace's own, and where that sets a limit some with a low one.
func (m *minimizer) worlds() (list []model.Boot) {
	plain := model.DefaultBoot()
	plain.Version = m.best.boot.Version
	for i := range 4 {
		w := plain
		w.Dress = i&1 != 0
		if i&2 != 0 {
			w.World = model.Container
		}
		list = append(list, w)
	}
	if slices.ContainsFunc(m.best.ops, func(op model.Op) bool { return op.Kind == model.Setrlimit }) {
		for nproc := range int16(3) {
			w := m.best.boot
			w.Nproc = nproc
			list = append(list, w)
		}
	}
	if !slices.Contains(list, m.best.boot) {
		list = append(list, m.best.boot)
	}
	return list
}

// affordable is how many transitions there are in a scope for the price of some: they cost more where each order is looked at.
func affordable(scope *generators.Scope, transitions uint64) uint64 {
	if scope.Orders {
		return transitions / 8
	}
	return transitions
}

// look searches a scope for the shortest trace that fails as it should, and takes it if it is no longer than a length.
func (m *minimizer) look(world model.Boot, scope *generators.Scope, length int, states uint64) (*Certificate, bool) {
	r, x := m.search(world, scope, length, affordable(scope, states))
	c := &Certificate{Scope: scope.Name, Length: m.best.length(), Proved: min(r.Depth+1, m.best.length()), States: r.States, Transitions: r.Transitions}
	found := shortest(r, x.target(m))
	if found == nil {
		return c, false
	}
	shorter := candidateOf(x.failure(found))
	if !m.run(&shorter) {
		return c, false
	}
	m.best = shorter
	c.Length, c.Proved = shorter.length(), shorter.length()
	return c, true
}

// length is what a trace costs: its ops, and two for the end if it takes that to fail.
func (c *candidate) length() int {
	if c.atEnd {
		return len(c.stmts) + endCost
	}
	return len(c.stmts)
}

// endCost is what it counts that everybody is killed and reaped.
const endCost = 2

// scope is the first that can spell the best trace and is meant for such long ones, or one made of the trace's own ops.
func (m *minimizer) scope() *generators.Scope {
	k := m.best.kernel(m.version)
	for i := range generators.Scopes {
		sc := &generators.Scopes[i]
		if sc.Depth > 0 && m.best.length() > sc.Depth || sc.Orders && !choosing(m.best.ops) {
			continue
		}
		if a := sc.Alphabet(k, m.best.boot.Actor()); !slices.ContainsFunc(m.best.ops, func(op model.Op) bool { return !a.Has(op) }) && flying(m.best.ops) <= sc.Forks {
			return sc
		}
	}
	return generators.OwnScope(m.best.ops)
}

// choosing says whether a trace has a choice. One that has none needs no scope with orders, in which every step costs more.
func choosing(ops []model.Op) bool {
	return slices.ContainsFunc(ops, func(op model.Op) bool { return op.Choice != 0 })
}

// flying is how many calls of a trace are half-way at most.
func flying(ops []model.Op) (most int) {
	n := 0
	for _, op := range ops {
		if op.Pause != 0 {
			n++
		}
		if most = max(most, n); op.Kind == model.Resume {
			n--
		}
	}
	return most
}

// search searches a scope.
func (m *minimizer) search(world model.Boot, sc *generators.Scope, length int, states uint64) (search.Result, *explorer) {
	e := Explore{Version: m.version, Scope: sc, Boot: &world, Invariants: m.checker.Invariants, Depth: length}
	x := e.explorer(&world)
	x.alphabet.Tasks = 0 // the length bounds them
	o := search.Options{Depth: length, Transitions: states, Workers: 1, Ends: endCost, Stop: x.target(m)}
	return search.Run(m.ctx, x.space, o), x
}

// target says which findings are failures as they should be.
func (x *explorer) target(m *minimizer) func(kind int) bool {
	return func(kind int) bool {
		switch {
		case m.breach.Known != nil:
			return kind == x.kind(m.breach)
		case kind >= known:
			return false
		}
		return m.any || x.list[kind].Name == m.breach.Invariant.Name
	}
}

// shortest is the least of the findings that count.
func shortest(r search.Result, counts func(kind int) bool) (least *search.Finding) {
	for i := range r.Findings {
		if f := &r.Findings[i]; counts(f.Kind) && (least == nil || f.Less(least)) {
			least = f
		}
	}
	return least
}

// count is a number of things.
func count(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
