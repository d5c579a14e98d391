package forkcheck

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"forkcheck/internal/live"
	"forkcheck/model"
)

// Beside runs a trace on the model and on the running kernel, and compares what both show after each step.
type Beside struct {
	Lab    *live.Lab
	Kernel *model.Kernel // nil: the one that the header names

	state  model.State
	result model.Result
	names  *model.Names
	owed   []model.Call // answers of tasks that stopped before they could note them
}

// Divergence is where the running kernel did something else than the model.
type Divergence struct {
	Line *model.Line
	Text string // what differs: - is the model, + the kernel
}

// BesideResult is what became of a trace.
type BesideResult struct {
	Steps      int
	Divergence *Divergence // nil: they agree
}

// Run runs a trace. An error is of the lab.
func (b *Beside) Run(t *model.Trace) (r BesideResult, err error) {
	k := b.Kernel
	if k == nil {
		if k, err = t.Boot.NewKernel(); err != nil {
			return r, err
		}
	}
	k = b.Lab.Here(k)
	b.owed = nil
	t.Boot.State(&b.state)
	b.names = model.NewNames(&t.Boot, &b.state)
	if err := b.Lab.Begin(&t.Boot); err != nil {
		return r, err
	}
	live.Settle(b.Lab, &t.Boot, &b.state)
	d, err := b.look(k, &t.Lines[0], nil, nil, false)
	for i := 0; i < len(t.Lines) && d == nil && err == nil; i++ {
		if t.Lines[i].Stmt != nil {
			r.Steps++
			d, err = b.step(k, &t.Lines[i], i == len(t.Lines)-1)
		}
	}
	r.Divergence = d
	if err != nil {
		return r, err
	}
	return r, b.Lab.End()
}

// step runs one line on both sides.
func (b *Beside) step(k *model.Kernel, l *model.Line, last bool) (*Divergence, error) {
	op := b.names.Resolve(k, &b.state, l.Stmt)
	call := &live.Call{Op: op, Actor: l.Stmt.Actor, Bind: l.Stmt.Bind, Number: number(&b.state, &op, op.Target, op.Arg), Tgid: number(&b.state, &op, op.Target2, op.Arg2)}
	if can := b.state.CanAct(op.Actor); !can || !b.Lab.CanAct(l.Stmt.Actor) {
		if can != b.Lab.CanAct(l.Stmt.Actor) {
			return &Divergence{l, fmt.Sprintf("%s can act: model %v, kernel %v", l.Stmt.Actor, can, !can)}, nil
		}
		return nil, nil
	}
	k.StepInto(&b.state, op, &b.result, nil)
	b.names.Born(&b.state, op, l.Stmt.Bind, &b.result)
	done := b.result.Calls(op, b.names.Of)
	b.names.Gone(&b.state)
	answers, err := b.Lab.Step(call)
	if err != nil {
		return nil, err
	}
	return b.look(k, l, done, answers, last)
}

// look compares what both sides show.
func (b *Beside) look(k *model.Kernel, l *model.Line, done, answers []model.Call, last bool) (*Divergence, error) {
	seen, err := b.Lab.Observe(last)
	if err != nil {
		return nil, err
	}
	want := model.Observe(k, &b.state, b.names.Of)
	want.Done = b.settleDebts(&want, done, answers)
	seen.Done = answers
	want, seen = live.Comparable(want), live.Comparable(seen)
	if !cmp.Equal(want, seen) {
		return &Divergence{l, sides(&want, &seen)}, nil
	}
	return nil, nil
}

// settleDebts holds back the answers of tasks that are stopped: whether one is noted before the stop or when the task goes on,
// if it does, is a race.
func (b *Beside) settleDebts(o *model.Observation, done, answers []model.Call) (now []model.Call) {
	all := append(slices.Clone(b.owed), done...)
	b.owed = nil
	for _, c := range all {
		i := slices.IndexFunc(o.Tasks, func(t model.TaskView) bool { return t.Name == c.Actor })
		noted := slices.ContainsFunc(answers, func(a model.Call) bool { return a.Actor == c.Actor })
		switch {
		case i < 0 || o.Tasks[i].State == "zombie" || o.Tasks[i].State == "dying":
		case o.Tasks[i].State == "stopped" && !noted:
			b.owed = append(b.owed, c)
		default:
			now = append(now, c)
		}
	}
	return now
}

// number is what a call gets for a task: its number in the caller's eyes, or one that nobody has.
func number(s *model.State, op *model.Op, target model.TaskID, arg int32) int {
	if target == 0 {
		return int(arg)
	}
	nr := int(s.NumberSeen(op.Actor, target))
	if nr == 0 {
		nr = model.PidMaxLimit
	}
	if op.Mode == model.Negative {
		return -nr
	}
	return nr
}
