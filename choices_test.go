package forkcheck_test

import (
	"testing"

	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Whatever the order in which the tasks go on, the invariants hold, and the choice that Outcomes names comes to the same.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			e := everyOrder{T: t, src: generators.NewSeeded(1)}
			for range 400 {
				e.trace(v.New())
			}
			t.Logf("%d of %d steps can end in several ways, %d at most; %d were not all looked at", e.several, e.steps, e.most, e.cut)
			if e.several == 0 {
				t.Error("no step ever ended in several ways")
			}
		})
	}
}

// everyOrder runs random traces, and at each step all orders.
type everyOrder struct {
	*testing.T
	src     generators.Seeded
	checker invariants.Checker

	kernel                    *model.Kernel
	state                     model.State
	broken                    bool // by a known defect
	steps, several, most, cut int
}

func (e *everyOrder) trace(v *model.Version) {
	b := generators.World(e.src, v.Name)
	e.kernel, e.broken = &model.Kernel{Version: v, Limits: b.Limits}, false
	b.State(&e.state)
	taste := generators.NewTaste(e.src, e.kernel)
	taste.Orders = true
	for n := 10 + e.src.Intn(40, "length"); n > 0 && !e.state.Panic && !e.broken; n-- {
		if op := taste.Op(e.src, &e.state, b.Actor()); op.Kind != model.NoOp {
			e.step(op)
		}
	}
}

// step looks at all that the op can come to, and goes on with one of that.
func (e *everyOrder) step(op model.Op) {
	var after model.State
	before, n := e.state, 0
	all := e.kernel.Outcomes(&before, op, func(s *model.State, res *model.Result, choice uint64) bool {
		op := op
		op.Choice = choice
		e.replay(&before, op, s, res)
		breach := e.checker.Step(e.kernel, &before, s, op, res)
		if e.broken = e.broken || breach != nil; breach != nil && breach.Known == nil {
			e.Fatalf("choice %d of %v: %s", choice, op, breach)
		}
		if n++; e.src.Intn(n, "go on") == 0 {
			after = *s
		}
		return true
	})
	e.state = after
	e.count(n, all)
}

func (e *everyOrder) replay(from *model.State, op model.Op, s *model.State, res *model.Result) {
	again := *from
	r := e.kernel.Step(&again, op)
	if again != *s || r.Return != res.Return || r.Done != res.Done || r.FaultMissed != res.FaultMissed || r.ChoiceMissed {
		e.Fatalf("%v does not come to what it was said to", op)
	}
}

func (e *everyOrder) count(n int, all bool) {
	e.steps++
	if e.most = max(e.most, n); n > 1 {
		e.several++
	}
	if !all {
		e.cut++
	}
}
