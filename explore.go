package forkcheck

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"forkcheck/generators"
	"forkcheck/internal/canon"
	"forkcheck/internal/search"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Explore visits every state that the ops of a scope lead to, and checks every invariant after every step, and in every state
// what is left when all is killed and reaped.
type Explore struct {
	Version    *model.Version // nil: v3.11
	Setting    model.Setting  // what it does otherwise outside of the tables
	Scope      *generators.Scope
	Boot       *model.Boot            // nil: the scope's world
	Invariants []invariants.Invariant // nil: all
	Tasks      int                    // instead of the scope's bound, unless 0
	Depth      int                    // instead of the scope's, unless 0
	Bytes      int                    // of memory, 0 for as many as it takes
	Workers    int                    // 0: one for each core
	Keep       []string               // fields of the State that keys leave out and that are to stay in
	Raw        bool                   // states that differ in slots count as different
	Progress   func(search.Stats)     // called once a second
}

// Exploration is what Explore came to.
type Exploration struct {
	search.Stats
	Why      search.Why
	Failures []*Failure // the shortest trace of each invariant that broke, and of each known defect; the news first
}

// Run explores. It ends early with the context, with what is known until then.
func (e *Explore) Run(ctx context.Context) (*Exploration, error) {
	boot, err := e.world()
	if err != nil {
		return nil, err
	}
	x := e.explorer(boot)
	r := search.Run(ctx, x.space, search.Options{Depth: x.depth, Bytes: e.Bytes, Workers: e.Workers, Progress: e.Progress})
	found := &Exploration{Stats: r.Stats, Why: r.Why}
	for i := range r.Findings {
		found.Failures = append(found.Failures, x.failure(&r.Findings[i]))
	}
	slices.SortStableFunc(found.Failures, func(f, g *Failure) int { return order(f) - order(g) })
	return found, nil
}

// version is the kernel that is explored.
func (e *Explore) version() *model.Version {
	if e.Version == nil {
		return model.V311()
	}
	return e.Version
}

// world is the one that is asked for, or the scope's.
func (e *Explore) world() (*model.Boot, error) {
	if e.Boot != nil {
		return e.Boot, e.Boot.Check()
	}
	t, err := model.ParseTrace("scope "+e.Scope.Name, []byte("kernel "+e.version().Name+" "+e.Scope.World+"\n"))
	if err != nil {
		return nil, err
	}
	return &t.Boot, nil
}

// order puts known defects last.
func order(f *Failure) int {
	if f.Breach.Known != nil {
		return 1
	}
	return 0
}

// explorer is what the workers of an exploration share.
type explorer struct {
	kernel   *model.Kernel
	boot     model.Boot
	alphabet *generators.Alphabet
	list     []invariants.Invariant
	form     *canon.Form[model.State]
	depth    int
}

// explorer prepares an exploration.
func (e *Explore) explorer(boot *model.Boot) *explorer {
	x := &explorer{kernel: &model.Kernel{Version: e.version(), Limits: boot.Limits, Setting: e.Setting}, boot: *boot, list: e.Invariants, depth: cmp.Or(e.Depth, e.Scope.Depth)}
	if x.list == nil {
		x.list = invariants.All
	}
	x.alphabet = e.Scope.Alphabet(x.kernel, boot.Actor())
	x.alphabet.Tasks = cmp.Or(e.Tasks, e.Scope.Tasks)
	x.form = canon.New[model.State](keyTypes, canon.Options{Numbers: e.Scope.Numbers, Keep: e.Keep, Raw: e.Raw})
	return x
}

// keyTypes say which arenas the indexes in a State point into.
var keyTypes = func() (t canon.Types) {
	t.Handles = map[reflect.Type]string{
		reflect.TypeFor[model.TaskID](): "task", reflect.TypeFor[model.SignalID](): "signal", reflect.TypeFor[model.PidID](): "pid",
		reflect.TypeFor[model.PidNSID](): "pid_ns", reflect.TypeFor[model.UserNSID](): "user_ns", reflect.TypeFor[model.UserID](): "user",
		reflect.TypeFor[model.UcountsID](): "ucounts",
	}
	for c := range model.NClasses {
		t.Classes = append(t.Classes, c.String())
	}
	return t
}()

// space is the scope as the search sees it: a worker's view.
type space struct {
	*explorer
	checker invariants.Checker
	keyer   *canon.Keyer[model.State]
	ops     []model.Op
	of      model.State // the state that has these ops, where it costs more to list them than to compare it
	result  model.Result
	breach  *invariants.Breach // the last one
}

func (x *explorer) space() search.Space[model.State] { return x.newSpace() }

func (x *explorer) newSpace() *space {
	return &space{explorer: x, checker: invariants.Checker{Invariants: x.list}, keyer: canon.NewKeyer(x.form)}
}

// Start makes the world.
func (sp *space) Start(s *model.State) { sp.boot.State(s) }

// Ops lists the ops.
func (sp *space) Ops(s *model.State) int {
	switch {
	case !sp.alphabet.Orders:
		sp.ops = sp.alphabet.Ops(s, sp.ops)
	case sp.of != *s:
		sp.of, sp.ops = *s, sp.alphabet.Outcomes(sp.kernel, s, sp.ops)
	}
	return len(sp.ops)
}

// Redo does an op that was found good.
func (sp *space) Redo(s *model.State, op int) { sp.kernel.StepInto(s, sp.ops[op], &sp.result, nil) }

// Do does an op and checks every invariant.
func (sp *space) Do(from *model.State, i int, to *model.State) (search.Move, int) {
	*to = *from
	op := sp.ops[i]
	sp.kernel.StepInto(to, op, &sp.result, nil)
	if missed(&op, &sp.result, to) {
		return search.Void, search.None
	}
	if sp.breach = sp.checker.Step(sp.kernel, from, to, op, &sp.result); sp.breach != nil {
		return search.Cut, sp.finding()
	}
	switch {
	case to.Panic:
		return search.Cut, search.None
	case sp.checker.Changed():
		return search.Next, search.None
	}
	return search.Stay, search.None
}

// missed says whether an op was another one in disguise: its fault, its choice or its pause was not reached. A task that dies has no answer
// to tell a pause by.
func missed(op *model.Op, r *model.Result, s *model.State) bool {
	return r.FaultMissed || r.ChoiceMissed || op.Pause != 0 && !s.Flight[op.Actor].Paused
}

// End kills and reaps everybody.
func (sp *space) End(s *model.State) int {
	if sp.breach = sp.checker.Quiet(sp.kernel, s); sp.breach != nil {
		return sp.finding()
	}
	return search.None
}

// Key is the key of a state.
func (sp *space) Key(s *model.State) canon.Key { return sp.keyer.Key(s) }

// finding is the number of what the last step broke.
func (sp *space) finding() int { return sp.kind(sp.breach) }

// kind numbers what can break: the invariants, then, from known on, the known defects.
func (x *explorer) kind(b *invariants.Breach) int {
	if b.Known != nil {
		return known + slices.IndexFunc(invariants.KnownDefects, func(d invariants.Known) bool { return d.ID == b.Known.ID })
	}
	return slices.IndexFunc(x.list, func(inv invariants.Invariant) bool { return inv.Name == b.Invariant.Name })
}

const known = 10000

// failure goes a way again.
func (x *explorer) failure(f *search.Finding) *Failure {
	sp := x.newSpace()
	var from, to model.State
	sp.Start(&to)
	failure := &Failure{Kernel: x.kernel, Boot: x.boot}
	for _, i := range f.Ops {
		from = to
		sp.Ops(&from)
		failure.Ops = append(failure.Ops, sp.ops[i])
		sp.Do(&from, i, &to)
	}
	if f.AtEnd {
		sp.End(&to)
	}
	failure.Breach, failure.AtEnd = sp.breach, f.AtEnd
	return failure
}

// Complete says whether the search came to its end.
func (e *Exploration) Complete() bool { return e.Why == search.Closed || e.Why == search.Deep }

// Ended says how an exploration ended, and what to do about it.
func (e *Exploration) Ended() string {
	switch e.Why {
	case search.Closed:
		return "closed: nothing else can be reached, by traces of any length"
	case search.Deep:
		return fmt.Sprintf("every trace of at most %d ops was run", e.Depth)
	case search.Full:
		return fmt.Sprintf("memory is full: every trace of %d ops was run, some of %d; give more with -mem, or ask for fewer -tasks or less -depth", e.Depth, e.Depth+1)
	}
	return fmt.Sprintf("interrupted: every trace of %d ops was run, some of %d", e.Depth, e.Depth+1)
}

// LeftOut lists the fields of a State that keys leave out, as Type.Field: functions of the rest, and what nothing looks at.
func LeftOut() []string { return canon.New[model.State](keyTypes, canon.Options{}).LeftOut() }

// listScopes lists the scopes, the smallest first.
func listScopes() Listing {
	l := Listing{Name: "scopes", Head: []string{"scope", "world", "tasks", "ops", "says"}}
	for i := range generators.Scopes {
		sc := &generators.Scopes[i]
		l.add(sc.Name, sc.World, bound(sc.Tasks), bound(sc.Depth), sc.Says)
	}
	return l
}

// bound is a number, or nothing where there is none.
func bound(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
