package forkcheck_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
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
			traces := 400
			if testing.Short() {
				traces = 100
			}
			for range traces {
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
		if choice != model.NoChoice {
			e.replay(&before, op, s, res)
		}
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

// A choice that it takes to break something stays, in a trace that is proved minimal among those with choices; others go.
func TestMinimizeChoices(t *testing.T) {
	t.Parallel()
	leaderFirst := invariants.Invariant{Name: "LeaderFirst", Says: "a leader is never left without a child by another thread", Step: func(c *invariants.Check) error {
		for _, d := range c.Result.Done {
			if d.Kind == model.Wait4 && d.Errno == model.ECHILD && c.Before.Flight[d.Actor].Asleep && c.Before.Task[d.Actor].Leader == d.Actor {
				return errors.New("it is")
			}
		}
		return nil
	}}
	trace, err := model.ParseTrace("", []byte(`kernel v6.x
x := a.fork().choose(9)
b := x.fork().choose(1)
t := x.clone(VM|FS|SIGHAND|THREAD)
c := x.fork().choose(2)
x.wait4(-1)
t.wait4(-1, __WALL).choose(4)
c.exit(3).choose(2)
t.wait4(-1)
b.exit(5).choose(2)
`))
	if err != nil {
		t.Fatal(err)
	}
	list := []invariants.Invariant{leaderFirst}
	f, err := forkcheck.Failing(trace, forkcheck.Options{Checker: &invariants.Checker{Invariants: list}})
	if err != nil || f == nil {
		t.Fatal(f, err)
	}
	f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{Invariants: list, States: 100_000})
	want := `kernel v6.x
b := init.clone(VM|SIGHAND|THREAD) // 3
b.wait4(-1)                        // asleep do_wait
init.wait4(-1)                     // asleep do_wait
a.exit(0).choose(2)                // -; init: ECHILD do_wait; b: a exited 0
`
	if diff := cmp.Diff(want, f.Trace().String()); diff != "" || !f.Certificate.Minimal() || f.Certificate.Scope != "orders" {
		t.Errorf("%v (-want +got):\n%s", f.Certificate, diff)
	}
}
