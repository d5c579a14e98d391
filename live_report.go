package forkcheck

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"forkcheck/invariants"
	"forkcheck/model"
)

// Refuses says why a trace cannot run beside a kernel, with the line that is to blame; "" if it can.
func (b *Beside) Refuses(t *model.Trace) (line *model.Line, why string) {
	if line, why := b.Lab.Refuses(t); why != "" {
		return line, why
	}
	here, global, err := b.besideGlobal(t)
	if err != nil {
		return &t.Lines[0], err.Error()
	}
	less, err := b.withLess(t)
	if err != nil {
		return &t.Lines[0], err.Error()
	}
	for i := range here {
		switch s := &here[i]; {
		case s.why != "":
			return s.line, s.why
		case s.text != global[i].text:
			return s.line, "its result depends on the global init, which no trace has"
		case s.text != less[i].text:
			lacks := model.CapAll &^ b.Lab.Caps()
			return s.line, "its result depends on a capability that root has not here: " + strings.Join(lacks.Names(), ", ")
		}
	}
	return nil, ""
}

// withLess runs a trace on the model as it is in the lab, without the capabilities that root has not there.
func (b *Beside) withLess(t *model.Trace) ([]said, error) {
	k, err := b.kernelFor(t)
	if err != nil {
		return nil, err
	}
	less := *t
	less.Boot.Caps &= b.Lab.Caps()
	return b.said(&less, k)
}

// besideGlobal runs a trace on the model as it is in the lab, and as it is with a global init.
func (b *Beside) besideGlobal(t *model.Trace) (here, global []said, err error) {
	k, err := b.kernelFor(t)
	if err != nil {
		return nil, nil, err
	}
	if here, err = b.said(t, k); err != nil {
		return nil, nil, err
	}
	alone := *k
	alone.Nested = false
	global, err = b.said(t, &alone)
	return here, global, err
}

// kernelFor is the model of the running kernel for the world of a trace.
func (b *Beside) kernelFor(t *model.Trace) (*model.Kernel, error) {
	k, err := t.Boot.NewKernel()
	if b.Kernel != nil {
		k = b.Kernel
	}
	return b.host().Here(k), err
}

// said is what the model says to a line.
type said struct {
	line *model.Line
	text string // its result
	why  string // it cannot be run on a kernel
}

// said runs a trace on the model, and checks nothing.
func (b *Beside) said(t *model.Trace, k *model.Kernel) (list []said, err error) {
	machine := LiveRun{Lab: b.Lab}
	o := Options{Kernel: k, Checker: &invariants.Checker{Invariants: []invariants.Invariant{}}, NoQuiet: true}
	_, err = Run(t, o, func(s *Step) error {
		why := beyond(s.Before, s.After, &s.Result)
		if why == "" && machine.touchesMachine(s.Before, &s.Op) {
			why = "it would set a limit of the machine"
		}
		list = append(list, said{s.Line, s.Text, why})
		return nil
	})
	return list, err
}

// liveText is how a line came out on the running kernel, as traces write it; of a failure or a sleep the kernel tells no row.
func liveText(l *model.Line, o *model.Observation) string {
	own := "-"
	for i := range o.Tasks {
		switch t := &o.Tasks[i]; {
		case t.Name != l.Stmt.Actor || t.State == "zombie":
		case t.State == "dying":
			own = "- asleep"
		default:
			own = t.State
		}
	}
	var others []string
	for i := range o.Done {
		if c := &o.Done[i]; c.Actor == l.Stmt.Actor {
			own = answerText(c, false)
		} else {
			others = append(others, c.Actor+": "+answerText(c, true))
		}
	}
	return strings.Join(append([]string{own}, others...), "; ")
}

// answerText is one answer.
func answerText(c *model.Call, sayChild bool) string {
	switch {
	case c.Errno != "":
		return c.Errno
	case c.Reports != "":
		return c.Reports + " " + c.Status
	}
	text := fmt.Sprint(c.Ret)
	if c.Child != "" && sayChild {
		text = c.Child + " " + text
	}
	if c.Inside != 0 {
		text += fmt.Sprintf(", %d inside", c.Inside)
	}
	return text
}

// transcript is a trace with the results of the model.
func (b *Beside) transcript(boot model.Boot, stmts []model.Stmt) (*model.Trace, error) {
	t := (&candidate{boot: boot, stmts: stmts}).written()
	k, err := b.kernelFor(t)
	if err != nil {
		return nil, err
	}
	list, err := b.said(t, k)
	for i := range list {
		list[i].line.Result = list[i].text
	}
	return t, err
}

// AsFound is a divergence that nothing was done about to make it smaller.
func (d *Divergence) AsFound(t *model.Trace) *Minimal {
	upto := *t
	upto.Lines = slices.DeleteFunc(slices.Clone(t.Lines), func(l model.Line) bool { return l.No > d.Line.No })
	return &Minimal{Divergence: d, Trace: &upto}
}

// Report is the block about a divergence: the trace, what differs after its last line, the rows that the model ran there, and
// whether it shows each time.
func (m *Minimal) Report() string {
	var b strings.Builder
	for _, line := range m.Trace.Texts() {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	fmt.Fprintf(&b, "\n%s\n", m.Text)
	if len(m.Rows) > 0 {
		fmt.Fprintf(&b, "\nthe model ran the rows %s\n", folded(m.Rows))
	}
	fmt.Fprintf(&b, "\n%s\n", m.steadiness())
	return b.String()
}

// Kind is what divergences of one cause have in common, as a rule: the call, its flags, which fields differ, with what errno, and on
// which side a task is missing.
func (m *Minimal) Kind() string {
	var last model.Op
	for i := range m.Trace.Lines {
		if st := m.Trace.Lines[i].Stmt; st != nil {
			last = st.Op
		}
	}
	fields := map[string]bool{}
	for line := range strings.Lines(m.Text) {
		where, what, _ := strings.Cut(line, ": ")
		_, field, _ := strings.Cut(where, ".") // behind the task's name
		if field == "" || field == "Errno" {
			field += what
		}
		fields[field] = true
	}
	if last.Kind == model.Clone {
		last.Sig = 0 // any will do, as a rule
	}
	return fmt.Sprintf("%v %x %v %v %q", last.Kind, last.Flags, last.Mode, last.Sig, slices.Sorted(maps.Keys(fields)))
}

// folded is a list on lines that are not too long.
func folded(words []string) string {
	const most = 100
	text, width := words[0], len("the model ran the rows ")
	for _, w := range words[1:] {
		if width += len(w) + 2; width > most {
			text, width = text+",\n    "+w, len(w)
		} else {
			text += ", " + w
		}
	}
	return text
}

// steadiness says how often it shows.
func (m *Minimal) steadiness() string {
	switch {
	case m.Runs == 0:
		return "as it was found: the trace was not run again"
	case m.Steady():
		return fmt.Sprintf("steady: it shows in each of %d runs", m.Runs)
	case m.Open != "":
		return fmt.Sprintf("flaky: it shows in %d of %d runs, so the trace was not made shorter; %s", m.Shown, m.Runs, m.Open)
	}
	return fmt.Sprintf("unexplained: it shows in %d of %d runs, and the model leaves no choice; the kernel, or what is around it, has one", m.Shown, m.Runs)
}
