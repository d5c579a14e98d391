package forkcheck_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// What the kernel does, and how a trace ends, does not depend on the slots that tasks are in: whoever changes places with
// somebody else before a step is in that one's place after it, and nothing else is different. Free slots stay where they are,
// so that a newborn is in the same one either way.
func TestSlotsMeanNothing(t *testing.T) {
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			o := order{Rand: rand.New(rand.NewPCG(1, 1)), steps: 2000}
			if testing.Short() {
				o.steps = 1000
			}
			hook := invariants.Invariant{Name: "SlotsMeanNothing", Says: "tasks in other slots do the same", State: o.ask}
			for seed := uint64(0); o.steps > 0; seed++ {
				f := forkcheck.Sample(forkcheck.CheckOptions{Version: v.New(), Invariants: []invariants.Invariant{hook}}, seed, 1)
				if f != nil {
					t.Fatal(f.Report())
				}
			}
			t.Logf("%d tasks changed places, in %d states", o.moved, o.asked)
		})
	}
}

// order asks of so many steps more.
type order struct {
	*rand.Rand
	steps, asked, moved int
}

// ask does a step once more with the tasks in other places; after the last step of a trace, its end.
func (o *order) ask(c *invariants.Check) error {
	if o.steps--; o.steps < 0 {
		return nil
	}
	to := o.permutation(c.Before)
	s, op := to.state(c.Before), to.op(c.Op)
	var res model.Result
	if c.Op.Kind == model.NoOp {
		c.K.Drain(&s, &res)
	} else {
		c.K.StepInto(&s, op, &res, nil)
	}
	if want := to.state(c.After); s != want {
		return fmt.Errorf("with the tasks in other slots (%v) it comes to something else:\n%s", to, strings.Join(model.Diff(&want, &s, 20, slot), "\n"))
	}
	if c.Op.Kind == model.NoOp {
		return nil
	}
	if got, want := to.returns(c.Result), (answers{res.Return, [2]bool{res.FaultMissed, res.ChoiceMissed}, res.Done}); got != want {
		return fmt.Errorf("with the tasks in other slots (%v) the answers are %v, not %v", to, want, got)
	}
	return nil
}

func slot(t model.TaskID) string { return fmt.Sprint(t) }

// places says where each task goes.
type places [model.MaxTasks]model.TaskID

// permutation lets tasks that are there change places, all but the global init, which model.Drain knows by its slot.
func (o *order) permutation(s *model.State) (to places) {
	var there []model.TaskID
	for t := range to {
		if to[t] = model.TaskID(t); t > int(model.Init0) && s.Task[t].Stage != model.Free {
			there = append(there, model.TaskID(t))
		}
	}
	o.asked++
	for i, j := range o.Perm(len(there)) {
		if to[there[i]] = there[j]; i != j {
			o.moved++
		}
	}
	return to
}

// state moves every task, the call that it is in, and whoever names it.
func (to *places) state(was *model.State) model.State {
	s := *was
	for t := range to {
		s.Task[to[t]], s.Flight[to[t]] = to.task(was.Task[t]), to.flight(was.Flight[t])
		s.Count[model.TaskClass][to[t]] = was.Count[model.TaskClass][t]
	}
	for i := range s.Signal {
		to.move(&s.Signal[i].CurrTarget)
	}
	for i := range s.PidNS {
		to.move(&s.PidNS[i].Reaper)
	}
	to.move(&s.Tasks)
	return s
}

func (to *places) move(list ...*model.TaskID) {
	for _, t := range list {
		*t = to[*t]
	}
}

func (to *places) task(p model.Task) model.Task {
	to.move(&p.Leader, &p.RealParent, &p.Children, &p.Sibling, &p.Thread, &p.Next, &p.VforkDone)
	return p
}

// flight moves a call.
func (to *places) flight(f model.Flight) model.Flight {
	f.Op = to.op(f.Op)
	to.move(&f.Child, &f.Who, &f.Reaper, &f.Victim, &f.ZapLeader)
	dead := f.Dead
	f.Dead = 0
	for t := range to {
		f.Dead |= dead >> t & 1 << to[t]
	}
	return f
}

func (to *places) op(op model.Op) model.Op {
	to.move(&op.Actor, &op.Target, &op.Target2)
	return op
}

// answers are what user space hears of a step.
type answers struct {
	model.Return
	missed [2]bool // a fault, a choice
	done   [model.MaxTasks]model.Return
}

func (to *places) returns(r *model.Result) answers {
	a := answers{to.answer(r.Return), [2]bool{r.FaultMissed, r.ChoiceMissed}, [model.MaxTasks]model.Return{}}
	for t := range to {
		a.done[to[t]] = to.answer(r.Done[t])
	}
	return a
}

func (to *places) answer(r model.Return) model.Return {
	to.move(&r.Actor, &r.Who)
	return r
}
