package model

import (
	"math"
	"slices"
)

// outcomeTurns is how many turns Outcomes tries before it gives up.
const outcomeTurns = 4096

// Outcomes lists what an op can come to, depending on whose turn is next when the kernel settles: each state with its result
// once, with a choice that leads there, in ascending order; choice 0 is first. The state that it begins with is not changed.
// What is yielded holds until yield returns, which may end the search. It answers whether all has been yielded.
func (k *Kernel) Outcomes(s *State, op Op, yield func(s *State, res *Result, choice uint64) bool) bool {
	op.Choice = 0
	o := outcomes{kernel: k, op: op, seen: map[branch]bool{}, ends: map[branch]bool{}, yield: yield}
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
	open   []pending
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
		if tries == outcomeTurns || !o.arrive(&b, p.choice, p.scale) {
			return false
		}
	}
	return true
}

// next takes out the turn with the lowest choice. No two have the same: where they part, their digits differ.
func (o *outcomes) next() pending {
	least := 0
	for i := range o.open {
		if o.open[i].choice < o.open[least].choice {
			least = i
		}
	}
	p := o.open[least]
	o.open = slices.Delete(o.open, least, least+1)
	return p
}

// arrive notes the turns that there are at a point, or yields it if there is none. It says whether to go on.
func (o *outcomes) arrive(b *branch, choice, scale uint64) bool {
	b.res.why = "" // of a call that has ended
	if o.seen[*b] {
		return true
	}
	o.seen[*b] = true
	turns := o.kernel.rest(&b.state, &b.res)
	switch {
	case turns == 0:
		return o.end(b, choice)
	case scale > math.MaxUint64/turns:
		return false // there is no number for it
	}
	for i := range turns {
		o.open = append(o.open, pending{b, i, choice + i*scale, scale * turns})
	}
	return true
}

// rest frees what there is while nobody has anything to do, and counts those who have.
func (k *Kernel) rest(s *State, res *Result) (turns uint64) {
	for !s.Panic {
		if turns = k.turns(s); turns > 0 || !k.free(s, res) {
			return turns
		}
	}
	return 0
}

// end yields what the step came to.
func (o *outcomes) end(b *branch, choice uint64) bool {
	end := *b
	o.kernel.answer(&end.state, o.op, &end.res)
	if o.ends[end] {
		return true
	}
	o.ends[end] = true
	return o.yield(&end.state, &end.res, choice)
}
