package model

import (
	"container/heap"
	"math"
)

// OutcomeTurns is how many turns Outcomes tries before it gives up.
const OutcomeTurns = 4096

// Outcomes lists what an op can come to, depending on whose turn is next when the kernel settles: each state with its result
// once, with a choice that leads there, in ascending order; choice 0 is first, and NoChoice for those that no number leads to. The
// state that it begins with is not changed. What is yielded holds until yield returns, which may end the search. It answers whether
// all has been yielded.
func (k *Kernel) Outcomes(s *State, op Op, yield func(s *State, res *Result, choice uint64) bool) bool {
	return k.OutcomesWithin(OutcomeTurns, s, op, yield)
}

// OutcomesWithin is Outcomes with another bound on the turns.
func (k *Kernel) OutcomesWithin(turns int, s *State, op Op, yield func(s *State, res *Result, choice uint64) bool) bool {
	op.Choice = 0
	o := outcomes{kernel: k, op: op, turns: turns, seen: map[branch]bool{}, ends: map[branch]bool{}, yield: yield}
	b := &branch{state: *s}
	if !k.launch(&b.state, op, &b.res, nil) {
		return yield(&b.state, &b.res, 0)
	}
	return o.arrive(b, 0, 1) && o.search()
}

// branch is a point of a step: a State that has not settled, and what the step has done so far.
type branch struct {
	state State
	res   Result
}

// pending is a turn that has not been tried.
type pending struct {
	from   *branch
	others uint64 // who come before it
	choice uint64 // the number that leads there
	scale  uint64 // what its next digit is worth
}

// outcomes is a search through the turns of one step. Many orders come to the same point, from which it goes on once.
type outcomes struct {
	kernel *Kernel
	op     Op
	turns  int       // how many may be tried
	open   []pending // a heap, the lowest choice first
	seen   map[branch]bool
	ends   map[branch]bool
	yield  func(s *State, res *Result, choice uint64) bool
}

// search tries the turn with the lowest choice until there is none.
func (o *outcomes) search() bool {
	for tries := 0; len(o.open) > 0; tries++ {
		p := o.next()
		b := *p.from
		o.kernel.give(&b.state, p.others, &b.res)
		if tries == o.turns || !o.arrive(&b, p.choice, p.scale) {
			return false
		}
	}
	return true
}

// next takes out the turn with the lowest choice.
func (o *outcomes) next() pending { return heap.Pop(o).(pending) }

// Len, Less, Swap, Push and Pop make the open turns a heap.
func (o *outcomes) Len() int           { return len(o.open) }
func (o *outcomes) Less(i, j int) bool { return o.open[i].choice < o.open[j].choice }
func (o *outcomes) Swap(i, j int)      { o.open[i], o.open[j] = o.open[j], o.open[i] }
func (o *outcomes) Push(p any)         { o.open = append(o.open, p.(pending)) }
func (o *outcomes) Pop() any {
	last := o.open[len(o.open)-1]
	o.open = o.open[:len(o.open)-1]
	return last
}

// arrive goes on from a point to where there is something to choose, and notes the turns that there are, or yields the end. It
// says whether to go on.
func (o *outcomes) arrive(b *branch, choice, scale uint64) bool {
	turns := o.kernel.settleToChoice(&b.state, &b.res)
	b.res.why = "" // of a call that has ended
	switch {
	case turns == 0:
		return o.end(b, choice)
	case o.seen[*b]:
		return true
	}
	o.seen[*b] = true
	for i := range turns {
		heap.Push(o, turnAfter(b, i, turns, choice, scale))
	}
	return true
}

// NoChoice stands for an order that has no number: it takes more digits than a choice holds.
const NoChoice = math.MaxUint64

// turnAfter is the one after i others. The usual one keeps the number.
func turnAfter(b *branch, i, turns, choice, scale uint64) pending {
	switch {
	case choice == NoChoice || scale == 0 && i > 0:
		return pending{b, i, NoChoice, 0}
	case scale == 0 || scale > (math.MaxUint64-choice)/turns:
		if i > 0 {
			return pending{b, i, NoChoice, 0}
		}
		return pending{b, i, choice, 0}
	}
	return pending{b, i, choice + i*scale, scale * turns}
}

// settleToChoice settles until several turns are to choose from, and says how many; 0 is the end.
func (k *Kernel) settleToChoice(s *State, res *Result) uint64 {
	for fuel := settleFuel; fuel > 0; fuel-- {
		if turns := k.turns(s); turns > 1 && !s.Panic {
			return turns
		}
		if s.Panic || !k.settleOnce(s, res) {
			return 0
		}
	}
	s.oops(EndlessSettle, 0)
	return 0
}

// Turn is what a task can do next, by a rule of settling.
type Turn struct {
	Task TaskID
	Rule string // Settle.Name
}

// Open lists the turns of which any may be the next where the step of an op first leaves a choice; none if it leaves none.
func (k *Kernel) Open(s *State, op Op) (turns []Turn) {
	op.Choice = 0
	b := branch{state: *s}
	if !k.launch(&b.state, op, &b.res, nil) {
		return nil
	}
	for i := range k.settleToChoice(&b.state, &b.res) {
		t, rule := k.turn(&b.state, i)
		turns = append(turns, Turn{t, k.Settle[rule].Name})
	}
	return turns
}

// end yields what the step came to, unless that is known. Where nothing was to choose it is not.
func (o *outcomes) end(b *branch, choice uint64) bool {
	o.kernel.answer(&b.state, o.op, &b.res)
	if len(o.seen) > 0 {
		if o.ends[*b] {
			return true
		}
		o.ends[*b] = true
	}
	return o.yield(&b.state, &b.res, choice)
}
