package forkcheck

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"forkcheck/internal/live"
	"forkcheck/model"
)

// Beside runs a trace on the model and on the running kernel, and compares what both show after each step. Where the model says
// that a step can come to several things, because it is open whose turn is next, the kernel may do any of them.
type Beside struct {
	Lab    *live.Lab
	Kernel *model.Kernel // nil: the one that the header names

	Stop func() error                              // unless nil it is asked before each line; after its error the lab is of no use
	Seen func(l *model.Line, o *model.Observation) // unless nil it is told what the kernel shows after each line

	instead host          // of the lab
	kernel  *model.Kernel // as it is there
	facts   live.Facts
	may     []*possible // what the state can be, as far as the kernel has shown
}

// host is where a kernel shows what it does: a lab, one whose answers are kept, or these.
type host interface {
	Here(k *model.Kernel) *model.Kernel
	Begin(b *model.Boot) error
	Facts(b *model.Boot) live.Facts
	CanAct(name string) bool
	RefusesSysctl(c *live.Call) string
	Step(c *live.Call) ([]model.Call, error)
	Observe(all bool) (model.Observation, error)
	End() error
}

// host is the side of the kernel.
func (b *Beside) host() host {
	if b.instead != nil {
		return b.instead
	}
	return b.Lab
}

// possible is a state of the model that agrees with all that the kernel has shown.
type possible struct {
	state model.State
	names *model.Names
	owed  []model.Call // answers of tasks that stopped before they could note them
}

// Divergence is where the running kernel did something that the model does not allow.
type Divergence struct {
	Line *model.Line
	Text string   // what differs, a field a line; of several outcomes the nearest
	Rows []string // of the model's call that ran

	Written bool // the kernel does what the model does, and the trace has another result
}

// BesideResult is what became of a trace.
type BesideResult struct {
	Steps      int
	Divergence *Divergence // nil: they agree
	Why        string      // the trace ended early because its next line cannot be compared
}

// Run runs a trace. An error is of the lab.
func (b *Beside) Run(t *model.Trace) (r BesideResult, err error) {
	if err := b.stopped(); err != nil {
		return r, err
	}
	if err := b.begin(t); err != nil {
		return r, err
	}
	o, err := b.observe(&t.Lines[0], nil)
	if err != nil {
		return r, err
	}
	if may, text := b.agreeing(b.may, &o, nil); len(may) == 0 {
		r.Divergence = &Divergence{Line: &t.Lines[0], Text: text}
	}
	last := &t.Lines[0]
	for i := 0; i < len(t.Lines) && r.Divergence == nil; i++ {
		l := &t.Lines[i]
		if l.Stmt == nil {
			continue
		}
		if err := b.stopped(); err != nil {
			return r, err
		}
		if r.Why = b.incomparable(l.Stmt); r.Why != "" {
			break
		}
		r.Steps++
		last = l
		if r.Divergence, err = b.step(l); err != nil {
			return r, err
		}
	}
	if r.Divergence == nil {
		if r.Divergence, err = b.lastLook(last); err != nil {
			return r, err
		}
	}
	return r, b.host().End()
}

// stopped asks Stop.
func (b *Beside) stopped() error {
	if b.Stop == nil {
		return nil
	}
	return b.Stop()
}

// lastLook reads everything anew: also what calls of others are not expected to change.
func (b *Beside) lastLook(l *model.Line) (*Divergence, error) {
	o, err := b.host().Observe(true)
	if err != nil {
		return nil, err
	}
	o = knownTo(b.kernel, b.facts.Comparable(o))
	if may, text := b.agreeing(b.may, &o, nil); len(may) == 0 {
		return &Divergence{Line: l, Text: text}, nil
	}
	return nil, nil
}

// begin makes the world on both sides.
func (b *Beside) begin(t *model.Trace) error {
	k := b.Kernel
	if k == nil {
		var err error
		if k, err = t.Boot.NewKernel(); err != nil {
			return err
		}
	}
	b.kernel = b.host().Here(k)
	p := &possible{}
	t.Boot.State(&p.state)
	p.names = model.NewNames(&t.Boot, &p.state)
	if err := b.host().Begin(&t.Boot); err != nil {
		return err
	}
	b.facts = b.host().Facts(&t.Boot)
	b.facts.Settle(&t.Boot, &p.state)
	b.may = []*possible{p}
	return nil
}

// incomparable says why a line is beyond what both sides can be asked for; "" if it is not.
func (b *Beside) incomparable(st *model.Stmt) string {
	p := b.may[0]
	op := p.names.Resolve(b.kernel, &p.state, st)
	after := p.state
	res := b.kernel.Step(&after, op)
	if why := beyond(&p.state, &after, &res); why != "" {
		return why
	}
	if len(b.may) > mostPossible {
		return fmt.Sprintf("more than %d states of the model agree with all that the kernel has shown", mostPossible)
	}
	return b.host().RefusesSysctl(&live.Call{Op: op, Actor: st.Actor})
}

// beyond says why what a step comes to in the model is beyond a kernel; "" if it is not. It does not go by the answer alone, which
// may be what is wrong.
func beyond(before, after *model.State, res *model.Result) string {
	switch {
	case after.Panic:
		return "the global init would die"
	case res.Errno == model.ERESTARTNOINTR && hasSignal(before, res.Actor):
		return "the fork would begin anew"
	case res.Errno == model.ENOMEM && crowded(before):
		return "the model is full: it has room for 23 tasks and 8 pid namespaces"
	}
	return ""
}

// step runs one line on both sides.
func (b *Beside) step(l *model.Line) (*Divergence, error) {
	p := b.may[0]
	op := p.names.Resolve(b.kernel, &p.state, l.Stmt)
	if can, does := p.state.CanAct(op.Actor), b.host().CanAct(l.Stmt.Actor); !can || !does {
		if can == does {
			return nil, nil
		}
		return &Divergence{Line: l, Text: fmt.Sprintf("%s can act: the model %v, the kernel %v", l.Stmt.Actor, can, !can)}, nil
	}
	answers, err := b.host().Step(&live.Call{Op: op, Actor: l.Stmt.Actor, Bind: l.Stmt.Bind,
		Number: number(&p.state, &op, op.Target, op.Arg), Tgid: number(&p.state, &op, op.Target2, op.Arg2)})
	if err != nil {
		return nil, err
	}
	o, err := b.observe(l, answers)
	if err != nil {
		return nil, err
	}
	d := b.narrow(l, &o, answers, model.OutcomeTurns)
	if d != nil {
		d = b.narrow(l, &o, answers, patientTurns)
	}
	if d != nil {
		d.Rows = rows(b.kernel, p.state, op)
	}
	return d, nil
}

// mostPossible is how many states are gone on with. A few dozen are many.
const mostPossible = 1000

// patientTurns is how many orders are tried before it is said that none does what the kernel does.
const patientTurns = 40_000

// narrow goes on with those states that a line can lead to and that agree with what the kernel shows.
func (b *Beside) narrow(l *model.Line, seen *model.Observation, answers []model.Call, turns int) *Divergence {
	var next []*possible
	for _, p := range b.may {
		next = append(next, p.outcomes(b.kernel, l.Stmt, turns)...)
	}
	may, nearest := b.agreeing(next, seen, answers)
	if len(may) == 0 {
		return &Divergence{Line: l, Text: nearest}
	}
	b.may = may
	return nil
}

// outcomes are what a line can lead to.
func (p *possible) outcomes(k *model.Kernel, st *model.Stmt, turns int) (list []*possible) {
	op := p.names.Resolve(k, &p.state, st)
	k.OutcomesWithin(turns, &p.state, op, func(s *model.State, res *model.Result, _ uint64) bool {
		n := &possible{state: *s, names: p.names.Clone()}
		n.names.Born(s, op, st.Bind, res)
		n.owed = append(slices.Clone(p.owed), res.Calls(op, n.names.Of)...)
		n.names.Gone(s)
		list = append(list, n)
		return true
	})
	return list
}

// observe is what the kernel shows after a line.
func (b *Beside) observe(l *model.Line, answers []model.Call) (model.Observation, error) {
	o, err := b.host().Observe(false)
	if err != nil {
		return o, err
	}
	o.Done = answers
	if b.Seen != nil {
		b.Seen(l, &o)
	}
	return knownTo(b.kernel, b.facts.Comparable(o)), nil
}

// agreeing are the states that would show what the kernel shows. If none does, nearest says what differs from the one that comes
// nearest.
func (b *Beside) agreeing(list []*possible, seen *model.Observation, answers []model.Call) (may []*possible, nearest string) {
	wants := make([]model.Observation, len(list))
	for i, p := range list {
		if wants[i] = p.observe(b, answers); reflect.DeepEqual(wants[i], *seen) {
			may = append(may, p)
		}
	}
	for i := 0; i < len(wants) && len(may) == 0; i++ {
		if text := sides(&wants[i], seen); i == 0 || strings.Count(text, "\n") < strings.Count(nearest, "\n") {
			nearest = text
		}
	}
	if len(may) == 0 && nearest == "" {
		nearest = "no order that was tried leads to what the kernel shows"
	}
	return may, nearest
}

// observe is what the state would show.
func (p *possible) observe(b *Beside, answers []model.Call) model.Observation {
	o := model.Observe(b.kernel, &p.state, p.names.Of)
	o.Done = p.pay(&o, answers)
	return b.facts.Comparable(o)
}

// knownTo is an observation without what came after v3.11, if that is the kernel.
func knownTo(k *model.Kernel, o model.Observation) model.Observation {
	if k.Name != "v3.11" {
		return o
	}
	for i := range o.Tasks {
		n := &o.Tasks[i].Namespaces
		n.Cgroup, n.Time, n.TimeForChildren = "", "", ""
	}
	return o
}

// pay gives out answers, and holds back those of tasks that are stopped: whether one is noted before the stop or when the task
// goes on, if it does, is a race.
func (p *possible) pay(o *model.Observation, answers []model.Call) (now []model.Call) {
	all := p.owed
	p.owed = nil
	for _, c := range all {
		i := slices.IndexFunc(o.Tasks, func(t model.TaskView) bool { return t.Name == c.Actor })
		noted := slices.ContainsFunc(answers, func(a model.Call) bool { return a.Actor == c.Actor })
		switch {
		case i < 0 || o.Tasks[i].State == "zombie" || o.Tasks[i].State == "dying":
		case o.Tasks[i].State == "stopped" && !noted:
			p.owed = append(p.owed, c)
		default:
			now = append(now, c)
		}
	}
	return now
}

// rows are those of the call that run, in the model.
func rows(k *model.Kernel, s model.State, op model.Op) (names []string) {
	var res model.Result
	var marks model.Marks
	k.StepInto(&s, op, &res, &marks)
	for i, row := range k.Calls[op.Kind].Rows {
		if marks.Row(op.Kind, i) {
			names = append(names, row.Name)
		}
	}
	return names
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
