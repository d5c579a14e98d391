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

	Stop func() error // unless nil it is asked before each line; after its error the lab is of no use

	instead host          // of the lab
	kernel  *model.Kernel // as it is there
	facts   live.Facts
	may     []*possible  // what the state can be, as far as the kernel has shown
	spaces  *live.Labels // of the namespaces that the kernel has shown
	open    string       // where the model last left something open, "" if nowhere
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
	state  model.State
	names  *model.Names
	spaces *live.Labels // of the namespaces that it has shown
	owed   []model.Call // answers of tasks that stopped before they could note them
	lines  []Came       // what the lines so far have come to
}

// Divergence is where the running kernel did something that the model does not allow.
type Divergence struct {
	Line *model.Line
	Text string   // what differs, a field a line; of several outcomes the nearest
	Rows []string // of the model's call that ran
	Open string   // whose turn it was open to be, there or before: why it may not show each time; "" if the model leaves no choice
}

// Came is what a line came to on the kernel.
type Came struct {
	Line   *model.Line
	Result string // with the rows of the model, if it agrees
	Choice uint64 // with which the model comes to the same; model.NoChoice if no number does
	Other  bool   // the line has a choice, and that comes to something else
}

// BesideResult is what became of a trace.
type BesideResult struct {
	Steps      int
	Divergence *Divergence // nil: they agree
	Lines      []Came      // the lines that ran
	Unexpected []Came      // those with another result than the one that the trace has
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
	seen, err := b.host().Observe(false)
	if err != nil {
		return r, err
	}
	o := b.comparable(seen, nil)
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
		var diverged Came
		if diverged, r.Divergence, err = b.step(l); err != nil {
			return r, err
		}
		if r.Divergence != nil {
			r.Lines = []Came{diverged}
		}
	}
	if r.Divergence == nil {
		if r.Divergence, err = b.lastLook(last); err != nil {
			return r, err
		}
	}
	r.Lines = append(slices.Clip(b.may[0].lines), r.Lines...)
	r.Unexpected = b.unexpected(r.Lines)
	return r, b.host().End()
}

// unexpected are the lines that came to something else than what is written. Where a kernel took another order than
// the choice of a line, for which it cannot be asked, what is written there and behind it says nothing.
func (b *Beside) unexpected(lines []Came) (list []Came) {
	other := false
	for i, c := range lines {
		written := c.Line.Result
		other = other || c.Other
		if written == "" || model.SameResult(written, c.Result) || b.mayGive(i, written) {
			continue
		}
		if other || c.Line.Stmt.Op.Choice != 0 {
			break
		}
		list = append(list, c)
	}
	return list
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
	o = b.comparable(o, nil)
	if may, text := b.agreeing(b.may, &o, nil); len(may) == 0 {
		return &Divergence{Line: l, Text: text, Open: b.open}, nil
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
	p.spaces, b.spaces = live.NewLabels(), live.NewLabels()
	b.may, b.open = []*possible{p}, ""
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

// mayGive says whether a line has a result on the way to some state that agrees with all that the kernel has shown.
func (b *Beside) mayGive(i int, result string) bool {
	return slices.ContainsFunc(b.may, func(p *possible) bool { return i < len(p.lines) && model.SameResult(result, p.lines[i].Result) })
}

// step runs one line on both sides. Where they diverge it says what it came to on the kernel.
func (b *Beside) step(l *model.Line) (c Came, d *Divergence, err error) {
	p := b.may[0]
	op := p.names.Resolve(b.kernel, &p.state, l.Stmt)
	if can, does := p.state.CanAct(op.Actor), b.host().CanAct(l.Stmt.Actor); !can || !does {
		c = Came{Line: l, Result: "no task"}
		if can == does {
			for _, p := range b.may {
				p.lines = append(slices.Clip(p.lines), c)
			}
			return c, nil, nil
		}
		return c, &Divergence{Line: l, Text: fmt.Sprintf("%s can act: the model %v, the kernel %v", l.Stmt.Actor, can, !can)}, nil
	}
	answers, err := b.host().Step(&live.Call{Op: op, Actor: l.Stmt.Actor, Bind: l.Stmt.Bind,
		Number: number(&p.state, &op, op.Target, op.Arg), Tgid: number(&p.state, &op, op.Target2, op.Arg2)})
	if err != nil {
		return c, nil, err
	}
	seen, err := b.host().Observe(false)
	if err != nil {
		return c, nil, err
	}
	o := b.comparable(seen, answers)
	if turns := b.kernel.Open(&p.state, op); len(turns) > 0 {
		b.open = openText(l, turns, p.names)
	}
	if d = b.narrow(l, &o, answers, model.OutcomeTurns); d != nil {
		d = b.narrow(l, &o, answers, patientTurns)
	}
	if d != nil {
		d.Rows, d.Open = rows(b.kernel, p.state, op), b.open
		seen.Done = answers
		return Came{Line: l, Result: liveText(l, &seen)}, d, nil
	}
	return c, nil, nil
}

// openText names the choice of a step.
func openText(l *model.Line, turns []model.Turn, names *model.Names) string {
	var of []string
	for _, t := range turns {
		of = append(of, fmt.Sprintf("%s (%s)", names.Of(t.Task), t.Rule))
	}
	return fmt.Sprintf("in line %d it is open who is first: %s", l.No, strings.Join(of, ", "))
}

// mostPossible is how many states are gone on with. A few dozen are many.
const mostPossible = 1000

// patientTurns is how many orders are tried before it is said that none does what the kernel does.
const patientTurns = 40_000

// narrow goes on with those states that a line can lead to and that agree with what the kernel shows.
func (b *Beside) narrow(l *model.Line, seen *model.Observation, answers []model.Call, turns int) *Divergence {
	var next []*possible
	for _, p := range b.may {
		next = append(next, p.outcomes(b.kernel, l, turns)...)
	}
	may, nearest := b.agreeing(next, seen, answers)
	if len(may) == 0 {
		return &Divergence{Line: l, Text: nearest}
	}
	b.may = may
	return nil
}

// outcomes are what a line can lead to.
func (p *possible) outcomes(k *model.Kernel, l *model.Line, turns int) (list []*possible) {
	op := p.names.Resolve(k, &p.state, l.Stmt)
	written := p.state
	if op.Choice != 0 {
		k.Step(&written, op)
	}
	k.OutcomesWithin(turns, &p.state, op, func(s *model.State, res *model.Result, choice uint64) bool {
		n := &possible{state: *s, names: p.names.Clone(), spaces: p.spaces.Clone()}
		n.names.Born(s, op, l.Stmt.Bind, res)
		n.owed = append(slices.Clone(p.owed), res.Calls(op, n.names.Of)...)
		other := op.Choice != 0 && written != *s
		n.lines = append(slices.Clip(p.lines), Came{l, res.Text(op, n.names.Of), choice, other})
		n.names.Gone(s)
		list = append(list, n)
		return true
	})
	return list
}

// comparable is what the kernel shows, as both sides can be compared.
func (b *Beside) comparable(o model.Observation, answers []model.Call) model.Observation {
	o.Done = answers
	return knownTo(b.kernel, b.facts.Comparable(o, b.spaces))
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
	o := p.names.Observe(b.kernel, &p.state)
	o.Done = p.pay(&o, answers)
	return b.facts.Comparable(o, p.spaces)
}

// knownTo is an observation without what came after v3.11, if that is the kernel.
func knownTo(k *model.Kernel, o model.Observation) model.Observation {
	if !k.Is("v3.11") {
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
