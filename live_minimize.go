package forkcheck

import (
	"slices"

	"forkcheck/model"
)

// How often a divergence is run again: it is steady if it shows each time, and a candidate is taken only if it does as well.
const (
	steadyRuns    = 5
	candidateRuns = 3
	liveRuns      = 1500 // of a descent at most
)

// Minimal is a divergence made small.
type Minimal struct {
	*Divergence
	Trace *model.Trace // with the results of the model
	Runs  int          // of the trace as it was found, afterwards
	Shown int          // in how many of them it shows
}

// Steady says whether the divergence shows in each run.
func (m *Minimal) Steady() bool { return m.Shown == steadyRuns }

// MinimizeLive makes a divergence smaller for as long as it shows: fewer ops, a plainer world, fewer flags, each candidate run
// several times. A divergence that does not show each time stays as it was found, but for what came after it.
func (b *Beside) MinimizeLive(t *model.Trace, d *Divergence) (*Minimal, error) {
	m := &liveMinimizer{b: b, best: candidate{boot: t.Boot}, found: d}
	for i := range t.Lines {
		if t.Lines[i].Stmt != nil && t.Lines[i].No <= d.Line.No {
			m.best.stmts = append(m.best.stmts, *t.Lines[i].Stmt)
		}
	}
	shown := 0
	for range steadyRuns {
		again := m.best
		if d, err := m.run(&again); err != nil {
			return nil, err
		} else if d != nil && len(again.stmts) == len(m.best.stmts) { // not an earlier one
			shown++
		}
	}
	for m.runs = liveRuns; shown == steadyRuns && m.err == nil && m.round(); {
	}
	if m.err != nil {
		return nil, m.err
	}
	small, err := b.transcript(m.best.boot, m.best.stmts)
	return &Minimal{Divergence: m.found, Trace: small, Runs: steadyRuns, Shown: shown}, err
}

// liveMinimizer is a descent on two kernels at once.
type liveMinimizer struct {
	b     *Beside
	best  candidate
	found *Divergence
	runs  int
	err   error
}

// round tries every edit and says whether one helped.
func (m *liveMinimizer) round() (helped bool) {
	for i := len(m.best.stmts) - 1; i >= 0; i-- {
		if i < len(m.best.stmts) && m.take(m.best.without(m.best.about(i)...), m.best.without(i)) {
			helped = true
		}
	}
	for _, change := range liveWorlds {
		if c := m.best.in(change); c.boot != m.best.boot && m.take(c) {
			helped = true
		}
	}
	for i := 0; i < len(m.best.stmts); i++ {
		for _, flag := range each(m.best.stmts[i].Op.Flags) {
			if i < len(m.best.stmts) && m.take(m.best.with(i, func(st *model.Stmt) { st.Op.Flags &^= flag })) {
				helped = true
			}
		}
	}
	return helped
}

// liveWorlds make a world plainer.
var liveWorlds = []func(b *model.Boot){
	plainWorld, globalWorld,
	func(b *model.Boot) { b.Dress = false },
	func(b *model.Boot) { b.UID, b.Caps, b.Nproc = 0, model.CapAll, model.RlimInfinity },
	func(b *model.Boot) { b.Limits, b.LastPid = model.DefaultLimits, 0 },
}

// take goes on with the first candidate that diverges each time.
func (m *liveMinimizer) take(list ...candidate) bool {
	return slices.ContainsFunc(list, func(c candidate) bool {
		var d *Divergence
		for range candidateRuns {
			if m.runs == 0 || m.err != nil || c.boot.Check() != nil {
				return false
			}
			m.runs--
			if d, m.err = m.run(&c); d == nil {
				return false
			}
		}
		m.best, m.found = c, d
		return true
	})
}

// run runs a candidate and cuts off what comes after a divergence.
func (m *liveMinimizer) run(c *candidate) (*Divergence, error) {
	t := c.written()
	if _, why := m.b.Lab.Refuses(t); why != "" {
		return nil, nil
	}
	r, err := m.b.Run(t)
	if err != nil || r.Divergence == nil {
		return nil, err
	}
	c.stmts = c.stmts[:r.Steps]
	return r.Divergence, nil
}

// written is the candidate as a trace that can be printed.
func (c *candidate) written() *model.Trace {
	t := model.NewTrace(c.boot)
	for _, st := range c.stmts {
		t.Add(model.NewLine(st, ""))
	}
	return t
}
