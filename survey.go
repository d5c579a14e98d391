package forkcheck

import (
	"cmp"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"forkcheck/generators"
	"forkcheck/internal/canon"
	"forkcheck/internal/search"
	"forkcheck/invariants"
	"forkcheck/model"
)

// survey goes through a scope for what is refused or accepted there, and looks whether something breaks later. It does so alone,
// in one order, so that what it counts is the same everywhere.
type survey struct {
	*space
	then  *generators.Alphabet
	judge invariants.Checker // asks what does not only restate a row
	ahead int
	seen  map[canon.Key]bool
	later map[later]string
}

// later is a state, and how many ops further it is looked.
type later struct {
	key   canon.Key
	ahead int
}

// reached is a state and the ops that lead to it.
type reached struct {
	state model.State
	ops   []model.Op
}

// surveys has fn go through every look, several at a time.
func surveys(v *model.Version, looks []look, fn func(i int, s *survey)) error {
	list := make([]*survey, len(looks))
	for i := range looks {
		s, err := newSurvey(v, &looks[i])
		if err != nil {
			return err
		}
		list[i] = s
	}
	var wg sync.WaitGroup
	room := make(chan bool, runtime.GOMAXPROCS(0))
	for i, s := range list {
		room <- true
		wg.Go(func() {
			fn(i, s)
			<-room
		})
	}
	wg.Wait()
	return nil
}

// find finds the scope of a look.
func (l *look) find() *generators.Scope {
	for i := range needCorners {
		if needCorners[i].Name == l.scope {
			return &needCorners[i]
		}
	}
	return generators.FindScope(l.scope)
}

func newSurvey(v *model.Version, l *look) (*survey, error) {
	sc := *l.find()
	sc.World = cmp.Or(l.world, sc.World)
	e := Explore{Version: v, Scope: &sc}
	boot, err := e.world()
	if err != nil {
		return nil, err
	}
	x := e.explorer(boot)
	return &survey{space: x.newSpace(), then: aftermath.Alphabet(x.kernel, boot.Actor()), judge: invariants.Checker{Invariants: structural()},
		ahead: l.ahead, seen: map[canon.Key]bool{}, later: map[later]string{}}, nil
}

// structural are the invariants that do not only say once more what a row refuses, and what unshare promises.
func structural() (list []invariants.Invariant) {
	for _, inv := range invariants.All {
		if !inv.Restates {
			list = append(list, inv)
		}
	}
	return append(list, unsharedIsOwn)
}

// unsharedIsOwn is what unshare has no other way to keep than to refuse: it takes no thread from its group, and copies neither
// memory nor handlers. Where it is refused nothing is shared, so that this is asked only when a refusal is lifted.
var unsharedIsOwn = invariants.Invariant{Name: "UnsharedIsOwn", Says: "the thread group, the handlers and the memory that unshare names are the caller's alone",
	Source: "unshare(2)", Of: model.Unshare, Step: func(c *invariants.Check) error {
		p, f := &c.After.Task[c.Op.Actor], c.Op.Flags
		if c.Result.Outcome != model.Returned || c.Result.Errno != 0 {
			return nil
		}
		if f&model.CloneThread != 0 && c.After.Signal[p.Signal].NrThreads > 1 || f&model.CloneSighand != 0 && c.After.Count[model.Sighand][p.Ref[model.Sighand]] > 1 ||
			f&model.CloneVM != 0 && c.After.Count[model.MM][p.Ref[model.MM]] > 1 {
			return fmt.Errorf("unshare with flags %#x left them shared", uint32(f))
		}
		return nil
	}}

// walk visits what can be reached in fewer ops than a depth, breadth first, and there every op.
func (s *survey) walk(depth int, visit func(p *reached, to *model.State, ops []model.Op)) {
	level := make([]reached, 1)
	s.Start(&level[0].state)
	s.seen[s.Key(&level[0].state)] = true
	for ; depth > 0; depth-- {
		var next []reached
		for i := range level {
			next = s.expand(&level[i], next, visit)
		}
		level = next
	}
}

// expand does every op in a state, and adds the states that are new.
func (s *survey) expand(p *reached, next []reached, visit func(p *reached, to *model.State, ops []model.Op)) []reached {
	var to model.State
	for i := range s.Ops(&p.state) {
		move, _ := s.Do(&p.state, i, &to)
		if move == search.Void {
			continue
		}
		ops := append(slices.Clip(p.ops), s.ops[i])
		visit(p, &to, ops)
		if move != search.Next {
			continue
		}
		if key := s.Key(&to); !s.seen[key] {
			s.seen[key] = true
			next = append(next, reached{to, ops})
		}
	}
	return next
}

// step says which invariant an op that was done breaks, or what comes after it, on the kernel as it is; "" for none. A known defect
// ends what is looked at.
func (s *survey) step(k *model.Kernel, from, to *model.State, op model.Op, ahead int) string {
	switch b := s.judge.Step(k, from, to, op, &s.result); {
	case b != nil && b.Known == nil:
		return b.Invariant.Name
	case b != nil || to.Panic || !s.judge.Changed():
		return ""
	}
	return s.after(to, ahead)
}

// after says which invariant breaks when all is killed and reaped, or in a few more ops.
func (s *survey) after(at *model.State, ahead int) string {
	key := later{s.Key(at), ahead}
	broke, known := s.later[key]
	if !known {
		broke = s.look(at, ahead)
		s.later[key] = broke
	}
	return broke
}

func (s *survey) look(at *model.State, ahead int) string {
	if b := s.judge.Quiet(s.kernel, at); b != nil && b.Known == nil {
		return b.Invariant.Name
	}
	if ahead == 0 {
		return ""
	}
	for _, op := range s.then.Ops(at, nil) {
		to := *at
		s.kernel.StepInto(&to, op, &s.result, nil)
		if broke := s.step(s.kernel, at, &to, op, ahead-1); broke != "" {
			return broke
		}
	}
	return ""
}

// way is a trace on its way to a result.
type way struct {
	boot *model.Boot
	ops  []model.Op // nil: none
}

// flags counts the flags of the last op.
func (w *way) flags() int { return bits.OnesCount32(uint32(w.ops[len(w.ops)-1].Flags)) }

// less says whether one way is plainer than another: its last op has fewer flags, or comes after fewer others.
func (w *way) less(o *way) bool {
	return o.ops == nil || cmp.Or(w.flags()-o.flags(), len(w.ops)-len(o.ops)) < 0
}

// trace writes a way down, with the answers of a version.
func (w *way) trace(v *model.Version) *model.Trace {
	return model.Transcribe(&model.Kernel{Version: v, Limits: w.boot.Limits}, *w.boot, w.ops)
}
