package forkcheck

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"forkcheck/generators"
	"forkcheck/internal/search"
	"forkcheck/model"
)

// Comparison runs mutants beside the kernel as it is: from every state of a scope, every op of it, in both. A mutant that never
// comes to another state or another answer there is the same kernel, as far as the scope goes.
type Comparison struct {
	Version string
	Scope   *generators.Scope
	Mutants []*model.Mutant
	Limit   uint64 // of transitions, 0 for none
}

// Compared is what a comparison came to.
type Compared struct {
	search.Stats
	Why     search.Why
	Ran     []bool   // by mutant: whether the row or rung that is wrong in it ran, in the kernel as it is
	Differs []string // by mutant: the first difference, "" if there is none
}

// Run compares.
func (c *Comparison) Run(ctx context.Context) (*Compared, error) {
	v := model.NewVersion(c.Version)
	e := Explore{Version: v, Scope: c.Scope}
	boot, err := e.world()
	if err != nil {
		return nil, err
	}
	boot.Dress = true // whoever has nothing has nothing to lose
	x := &comparer{explorer: e.explorer(boot), differs: make([]string, len(c.Mutants))}
	for _, m := range c.Mutants {
		x.sides = append(x.sides, newSide(x.kernel, m))
	}
	r := search.Run(ctx, x.newSpace, search.Options{Depth: x.depth, Transitions: c.Limit})
	out := &Compared{Stats: r.Stats, Why: r.Why, Differs: x.differs}
	for _, m := range c.Mutants {
		out.Ran = append(out.Ran, ran(v, m, &x.marks) || m.Table == v.Release.Name && x.released.Load())
	}
	return out, nil
}

// ran says whether a mutant's row, rung or settle rule is marked.
func ran(v *model.Version, m *model.Mutant, marks *model.Marks) bool {
	for kind := range v.Calls {
		t := &v.Calls[kind]
		if m.Table != t.Name && !(m.Table == "do_exit" && t.Row("exit_signals") >= 0) {
			continue
		}
		if i := t.Row(m.Row); i >= 0 && marks.Row(model.Kind(kind), i) {
			return true
		}
		if i := slices.IndexFunc(t.Ladder, func(r model.Rung) bool { return r.Name == m.Row }); i >= 0 && marks.Rung(model.Kind(kind), i) {
			return true
		}
	}
	i := slices.IndexFunc(v.Settle, func(r model.Settle) bool { return r.Name == m.Row })
	return i >= 0 && marks.Settle&(1<<i) != 0
}

// side is a mutant, and where its rows are those of the kernel as it is: a row may have moved.
type side struct {
	kernel      *model.Kernel
	there, back [model.NKinds][]uint16 // index plus one by index plus one; 0 where there is none
}

func newSide(k *model.Kernel, m *model.Mutant) *side {
	sd := &side{kernel: &model.Kernel{Version: m.New(), Limits: k.Limits}}
	for kind := range k.Calls {
		sd.there[kind] = places(&k.Calls[kind], &sd.kernel.Calls[kind])
		sd.back[kind] = places(&sd.kernel.Calls[kind], &k.Calls[kind])
	}
	return sd
}

// places finds the rows of one table in another. What is past the end stays there.
func places(from, to *model.Table) []uint16 {
	list := make([]uint16, len(from.Rows)+2)
	for i := range from.Rows {
		list[i+1] = uint16(to.Row(from.Rows[i].Name) + 1)
	}
	list[len(from.Rows)+1] = uint16(len(to.Rows) + 1)
	return list
}

// op is an op of the kernel as it is for the mutant; false if that lacks the row.
func (sd *side) op(op model.Op) (model.Op, bool) {
	at := sd.there[op.Kind]
	ok := (op.Fault.Row == 0 || at[op.Fault.Row] != 0) && (op.Pause == 0 || at[op.Pause] != 0)
	op.Fault.Row, op.Pause = at[op.Fault.Row], at[op.Pause]
	return op, ok
}

// moved puts the calls in flight at the rows of the other table; false if it lacks one.
func moved(s *model.State, to *[model.NKinds][]uint16) bool {
	for t := range s.Flight {
		f := &s.Flight[t]
		if !f.On {
			continue
		}
		at := to[f.Op.Kind]
		pc, fault, pause := at[f.PC+1], at[f.Op.Fault.Row], at[f.Op.Pause]
		if pc == 0 || f.Op.Fault.Row != 0 && fault == 0 || f.Op.Pause != 0 && pause == 0 {
			return false
		}
		f.PC, f.Op.Fault.Row, f.Op.Pause = pc-1, fault, pause
	}
	return true
}

// comparer is what the workers of a comparison share.
type comparer struct {
	*explorer
	sides []*side

	released atomic.Bool // a task was

	mu      sync.Mutex
	marks   model.Marks
	differs []string
}

// compareSpace is a scope in which steps are compared instead of checked.
type compareSpace struct {
	*space
	c     *comparer
	marks model.Marks
	other model.State
	res   model.Result
}

func (c *comparer) newSpace() search.Space[model.State] {
	return &compareSpace{space: c.explorer.newSpace(), c: c}
}

// Do does an op in the kernel as it is, then in each mutant.
func (sp *compareSpace) Do(from *model.State, i int, to *model.State) (search.Move, int) {
	op := sp.ops[i]
	*to = *from
	marks := sp.marks
	sp.kernel.StepInto(to, op, &sp.result, &sp.marks)
	if marks != sp.marks {
		sp.c.mu.Lock()
		sp.c.marks.Add(&sp.marks)
		sp.c.mu.Unlock()
	}
	if missed(&op, &sp.result, to) {
		return search.Void, search.None
	}
	if to.NrThreads < from.NrThreads {
		sp.c.released.Store(true)
	}
	for n, sd := range sp.c.sides {
		if what := sp.compare(sd, from, op, to); what != "" {
			sp.c.note(n, what)
		}
	}
	switch {
	case to.Panic:
		return search.Cut, search.None
	case *from != *to:
		return search.Next, search.None
	}
	return search.Stay, search.None
}

// End kills and reaps everybody, in each mutant as well.
func (sp *compareSpace) End(s *model.State) int {
	want := *s
	sp.kernel.Drain(&want, &sp.result)
	for n, sd := range sp.c.sides {
		sp.other = *s
		if !moved(&sp.other, &sd.there) {
			continue
		}
		sd.kernel.Drain(&sp.other, &sp.res)
		if moved(&sp.other, &sd.back); sp.other != want && !(sp.other.Panic && want.Panic) {
			sp.c.note(n, "the end: "+diffText(&want, &sp.other))
		}
	}
	return search.None
}

// compare does an op in a mutant and says what is different from what the kernel as it is came to.
func (sp *compareSpace) compare(sd *side, from *model.State, op model.Op, to *model.State) string {
	theirs, ok := sd.op(op)
	sp.other = *from
	if !ok {
		if op.Pause != 0 {
			return "" // it cannot be stopped there
		}
		return op.Kind.String() + ": the row that fails is not there"
	}
	if !moved(&sp.other, &sd.there) {
		return "" // it would not be here
	}
	sd.kernel.StepInto(&sp.other, theirs, &sp.res, nil)
	if !moved(&sp.other, &sd.back) {
		return op.Kind.String() + ": a call stays at a row of its own"
	}
	if got, want := wholeAnswer(&sp.res), wholeAnswer(&sp.result); got != want {
		return op.Kind.String() + ": another answer"
	}
	if sp.other.Panic && to.Panic {
		return "" // the machine is down
	}
	if sp.other != *to {
		return op.Kind.String() + ": " + diffText(to, &sp.other)
	}
	return ""
}

// wholeAnswer is a result without the rows that it names, and without what marks where it was.
func wholeAnswer(r *model.Result) (a struct {
	model.Return
	Done   [model.MaxTasks]model.Return
	Missed bool
}) {
	a.Return, a.Done, a.Missed = r.Return, r.Done, r.FaultMissed || r.ChoiceMissed
	a.Why = ""
	for i := range a.Done {
		a.Done[i].Why = ""
	}
	return a
}

func diffText(a, b *model.State) string {
	return strings.Join(model.Diff(a, b, 3, func(t model.TaskID) string { return "task" }), ", ")
}

// note keeps the first difference of a mutant.
func (c *comparer) note(n int, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.differs[n] == "" {
		c.differs[n] = what
	}
}
