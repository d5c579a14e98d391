package forkcheck

import (
	"forkcheck/invariants"
	"forkcheck/model"
)

// Options say how a trace is run. The zero value is what `forkcheck run` does.
type Options struct {
	Kernel    *model.Kernel       // nil: the one that the trace's header names
	Checker   *invariants.Checker // nil: all invariants
	KnownFail bool                // a known defect of the kernel counts as a failure
	NoQuiet   bool                // do not kill and reap everything after the last line
	Reach     *invariants.Reach   // counts what was reached, unless nil
}

// Step is a line of a trace that ran. It holds until the visitor returns.
type Step struct {
	Line   *model.Line
	Kernel *model.Kernel
	Before *model.State
	After  *model.State
	Names  *model.Names
	Op     model.Op
	Result model.Result
	Text   string             // the result as a trace writes it
	Breach *invariants.Breach // nil: every invariant holds
}

// Differs says whether the trace expects another result.
func (s *Step) Differs() bool { return s.Line.Result != "" && !model.SameResult(s.Line.Result, s.Text) }

// Observe is what user space can see after the step, with the calls that ended in it.
func (s *Step) Observe() model.Observation {
	o := s.Names.Observe(s.Kernel, s.After)
	o.Done = s.Result.Calls(s.Op, s.Names.Of)
	return o
}

// Verdict is how a run ended.
type Verdict struct {
	Steps   int                // ops that ran
	Differ  int                // results that are not those of the trace
	Breach  *invariants.Breach // what broke first, nil if nothing did
	Line    *model.Line        // where it broke, or the last line that ran
	AtQuiet bool               // it broke after the last line, when all was killed and reaped
	failed  bool
}

// OK says whether the run is what it should be: results as written, and no breach but a known defect.
func (v *Verdict) OK() bool { return !v.failed && v.Differ == 0 }

// Failed says whether an invariant broke in a way that is no known defect: the run ended there.
func (v *Verdict) Failed() bool { return v.failed }

// Run runs a trace and calls visit, if there is one, after each op. It ends at the first failure; after a known defect
// it goes on without checking, for what broke stays broken. An error is the visitor's, or that of a world that cannot be.
func Run(t *model.Trace, o Options, visit func(*Step) error) (Verdict, error) {
	r, err := newRunner(t, o)
	if err != nil {
		return Verdict{}, err
	}
	for i := range t.Lines {
		if t.Lines[i].Stmt == nil {
			continue
		}
		step := r.step(&t.Lines[i])
		if visit != nil {
			if err := visit(step); err != nil {
				return r.verdict, err
			}
		}
		if r.verdict.failed {
			return r.verdict, nil
		}
	}
	if !o.NoQuiet && r.verdict.Breach == nil {
		r.quiet()
	}
	return r.verdict, nil
}

// Failing runs a trace until an invariant breaks, and answers that; nil if none does.
func Failing(t *model.Trace, o Options) (*Failure, error) {
	f := &Failure{Kernel: o.Kernel, Boot: t.Boot}
	verdict, err := Run(t, o, func(s *Step) error {
		f.Kernel, f.Ops = s.Kernel, append(f.Ops, s.Op)
		return nil
	})
	if err != nil || !verdict.Failed() {
		return nil, err
	}
	f.Breach, f.AtEnd = verdict.Breach, verdict.AtQuiet
	return f, nil
}

// runner is a run in progress.
type runner struct {
	options Options
	kernel  *model.Kernel
	checker *invariants.Checker
	names   *model.Names
	before  model.State
	after   model.State
	verdict Verdict
}

func newRunner(t *model.Trace, o Options) (*runner, error) {
	r := &runner{options: o, kernel: o.Kernel, checker: o.Checker}
	if r.kernel == nil {
		k, err := t.Boot.NewKernel()
		if err != nil {
			return nil, err
		}
		r.kernel = k
	}
	if r.checker == nil {
		r.checker = &invariants.Checker{}
		if o.Reach != nil {
			r.checker.Seen = o.Reach.Seen
		}
	}
	t.Boot.State(&r.after)
	r.names = model.NewNames(&t.Boot, &r.after)
	return r, nil
}

// do runs the op of a line, and counts what it came by.
func (r *runner) do(s *Step) {
	reach := r.options.Reach
	if reach == nil {
		r.kernel.StepInto(&r.after, s.Op, &s.Result, nil)
		return
	}
	r.kernel.StepInto(&r.after, s.Op, &s.Result, &reach.Marks)
	reach.Note(&s.Result)
}

// step runs one line.
func (r *runner) step(l *model.Line) *Step {
	r.before = r.after
	s := &Step{Line: l, Kernel: r.kernel, Before: &r.before, After: &r.after, Names: r.names}
	s.Op = r.names.Resolve(r.kernel, &r.after, l.Stmt)
	r.do(s)
	r.names.Born(&r.after, s.Op, l.Stmt.Bind, &s.Result)
	s.Text = s.Result.Text(s.Op, r.names.Of)
	r.names.Gone(&r.after)
	r.verdict.Steps++
	if s.Differs() {
		r.verdict.Differ++
	}
	if r.verdict.Breach == nil {
		r.verdict.Line = l
		s.Breach = r.checker.Step(r.kernel, &r.before, &r.after, s.Op, &s.Result)
		r.judge(s.Breach)
	}
	return s
}

// quiet ends a run that broke nothing.
func (r *runner) quiet() {
	b := r.checker.Quiet(r.kernel, &r.after)
	r.verdict.AtQuiet = b != nil
	r.judge(b)
}

// judge notes a breach.
func (r *runner) judge(b *invariants.Breach) {
	if b != nil {
		r.verdict.Breach = b
		r.verdict.failed = b.Known == nil || r.options.KnownFail
		if b.Known != nil && r.options.Reach != nil {
			r.options.Reach.NoteKnown(b.Known)
		}
	}
}
