package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// runOptions are the flags of `forkcheck run`.
type runOptions struct {
	json, tree bool
	known      string
	kernel     string
	fuzz       bool
	minimize   bool
	states     uint64
	live       bool
}

const runUsage = "run [-json] [-tree] [-known=fail] [-kernel VERSION] [-fuzz] [-live] [-minimize [-states N]] FILE..."

// runCommand is `forkcheck run`: it runs each file and prints each line with its result.
func runCommand(e *env, args []string) int {
	var o runOptions
	usage := "usage: forkcheck " + runUsage
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.BoolVar(&o.json, "json", false, "print one JSON object per op")
	flags.BoolVar(&o.tree, "tree", false, "draw the process tree after each op")
	flags.StringVar(&o.known, "known", "", "fail: a known defect of the kernel is a failure")
	flags.StringVar(&o.kernel, "kernel", "", "run on this kernel, whichever one the header names")
	flags.BoolVar(&o.fuzz, "fuzz", false, "the files are inputs of FuzzTrace")
	flags.BoolVar(&o.minimize, "minimize", false, "print the shortest trace that breaks the same invariant, or shows the same known defect")
	flags.Uint64Var(&o.states, "states", forkcheck.ProofStates, "how many transitions the proof may take that it is the shortest")
	flags.BoolVar(&o.live, "live", false, "run them on the running kernel as well, and print what that answers")
	switch err := parseFlags(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(e.out, usage)
		return exitOK
	case err != nil:
		return e.usage("%v; %s", err, usage)
	case o.known != "" && o.known != "fail":
		return e.usage("-known=%s is unknown, the one value is fail; %s", o.known, usage)
	case o.json && o.tree:
		return e.usage("-json and -tree exclude each other; %s", usage)
	case o.minimize && (o.json || o.tree):
		return e.usage("-minimize prints a trace, with neither -json nor -tree; %s", usage)
	case o.live && (o.json || o.tree || o.minimize || o.fuzz):
		return e.usage("-live prints what the running kernel answers, with none of -json, -tree, -minimize and -fuzz; %s", usage)
	case o.states == 0:
		return e.usage("-states=0 proves nothing; ask for 1 or more; %s", usage)
	case given(flags, "states") && !o.minimize:
		return e.usage("-states is about -minimize; %s", usage)
	case flags.NArg() == 0:
		return e.usage("no file; %s", usage)
	}
	if _, err := version(o.kernel); err != nil && o.kernel != "" {
		return e.usage("%v", err)
	}
	for _, file := range flags.Args() {
		if strings.HasPrefix(file, "-") && file != "-" {
			return e.usage("%s comes after a file; flags come first; %s", file, usage)
		}
	}
	if o.live {
		return e.runLive(flags.Args(), o.kernel)
	}
	ctx := context.Background()
	if o.minimize {
		var stop context.CancelFunc
		ctx, stop = interruptible()
		defer stop()
	}
	status := exitOK
	for i, file := range flags.Args() {
		if ctx.Err() != nil {
			return max(status, exitCut)
		}
		if flags.NArg() > 1 && !o.json {
			fmt.Fprintf(e.out, "%s== %s\n", strings.Repeat("\n", min(i, 1)), file)
		}
		status = max(status, e.runFile(ctx, file, o))
	}
	return status
}

// runFile runs one trace.
func (e *env) runFile(ctx context.Context, file string, o runOptions) int {
	text, name, err := e.read(file)
	if err != nil {
		return e.usage("%v", err)
	}
	parse := parse
	if o.fuzz {
		parse = parseFuzz
	}
	trace, err := parse(name, text, o.kernel)
	if err != nil {
		fmt.Fprintln(e.err, err)
		return exitUsage
	}
	if o.minimize {
		return e.minimizeFile(ctx, trace, o)
	}
	p := newPrinter(e.out, trace, o)
	verdict, err := forkcheck.Run(trace, forkcheck.Options{KnownFail: o.known == "fail"}, p.step)
	if err != nil {
		return e.usage("%v", err)
	}
	if err := p.end(&verdict); err != nil {
		return e.usage("%v", err)
	}
	if !verdict.OK() {
		return exitFound
	}
	return exitOK
}

// minimizeFile prints the shortest trace that breaks what a trace breaks, as a trace.
func (e *env) minimizeFile(ctx context.Context, trace *model.Trace, o runOptions) int {
	f, err := forkcheck.Failing(trace, forkcheck.Options{KnownFail: true})
	switch {
	case err != nil:
		return e.usage("%v", err)
	case f == nil:
		return e.usage("%s breaks nothing, so there is nothing to minimize", trace.File)
	}
	f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{States: o.states, Context: ctx})
	minimal := f.Trace()
	fmt.Fprint(e.out, minimal)
	fmt.Fprint(e.out, comment(fmt.Sprintf("%s: %s: %s\n%s\n", heading(f.Breach), f.Breach.Invariant.Name, f.Breach.Detail, f.Certificate)))
	if ctx.Err() != nil {
		fmt.Fprintf(e.err, "forkcheck: interrupted: there may be a shorter trace than that of %s\n", trace.File)
	}
	switch {
	case f.Breach.Known == nil || o.known == "fail":
		return exitFound
	case ctx.Err() != nil:
		return exitCut
	}
	return exitOK
}

// read reads a file, or standard input for "-", and no more than a trace may hold.
func (e *env) read(file string) (text []byte, name string, err error) {
	in, name := e.in, "<stdin>"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, file, err
		}
		defer f.Close()
		in, name = f, file
	}
	text, err = io.ReadAll(io.LimitReader(in, model.MaxTraceFile+1))
	return text, name, err
}

// printer prints a run.
type printer interface {
	step(*forkcheck.Step) error
	end(*forkcheck.Verdict) error
}

func newPrinter(out io.Writer, t *model.Trace, o runOptions) printer {
	if o.json {
		return newJSONPrinter(out, t)
	}
	return &textPrinter{out: out, trace: t, tree: o.tree, fuzz: o.fuzz, notes: map[*model.Line]string{}, got: map[*model.Line]string{}}
}

// textPrinter prints the lines of a trace, with results, when all of them are known: they are aligned.
type textPrinter struct {
	out   io.Writer
	trace *model.Trace
	tree  bool
	fuzz  bool                   // what is printed shall be a trace: what broke, or differs, is a comment
	notes map[*model.Line]string // what stands below a line
	got   map[*model.Line]string // its result
}

func (p *textPrinter) step(s *forkcheck.Step) error {
	var note strings.Builder
	if s.Differs() {
		note.WriteString(wantText(s.Line))
	}
	if p.tree {
		o := s.Observe()
		drawTree(&note, &o)
	}
	p.notes[s.Line], p.got[s.Line] = note.String(), s.Text
	return nil
}

// wantText is what stands below a line with another result than the one that is written.
func wantText(l *model.Line) string { return fmt.Sprintf("%swant: %s\n", indent, l.Result) }

// indent sets apart what is not a line of the trace.
const indent = "    "

// end prints the lines up to the last one that ran, and what broke there.
func (p *textPrinter) end(v *forkcheck.Verdict) error {
	ran := *p.trace
	ran.Lines = nil
	for i := range p.trace.Lines {
		l := p.trace.Lines[i]
		l.Result = p.got[&p.trace.Lines[i]]
		ran.Lines = append(ran.Lines, l)
		if v.Failed() && v.Line == &p.trace.Lines[i] {
			break
		}
	}
	for i, text := range ran.Texts() {
		fmt.Fprintf(p.out, "%s\n%s", text, p.notes[&p.trace.Lines[i]])
	}
	summary := p.summary(v)
	if p.fuzz {
		summary = comment(summary)
	}
	_, err := io.WriteString(p.out, summary)
	return err
}

// comment makes comments of the lines of a text, but for blank ones.
func comment(text string) (commented string) {
	for line := range strings.Lines(text) {
		if line != "\n" {
			line = "# " + line
		}
		commented += line
	}
	return commented
}

// summary is what there is to say after the last line; nothing if all is well.
func (p *textPrinter) summary(v *forkcheck.Verdict) (text string) {
	if v.Breach != nil {
		text = "\n" + breachText(p.trace.File, v)
	}
	if v.Differ == 1 {
		text += fmt.Sprintf("\n%s: 1 result is not the one written\n", p.trace.File)
	} else if v.Differ > 1 {
		text += fmt.Sprintf("\n%s: %d results are not those written\n", p.trace.File, v.Differ)
	}
	return text
}

// breachText says which invariant broke where, in a few lines.
func breachText(file string, v *forkcheck.Verdict) string {
	b := v.Breach
	return fmt.Sprintf("%s:%d: %s: %s\n%s%s\n%s%s\n", file, lineNo(v.Line), heading(b), b.Invariant.Name, indent, b.Invariant.Says, indent, b.Detail)
}

// heading says whether a breach is news.
func heading(b *invariants.Breach) string {
	if b.Known != nil {
		return "known defect " + b.Known.ID
	}
	return "invariant broken"
}

// lineNo is the number of a line; 1, the header, if none ran.
func lineNo(l *model.Line) int {
	if l == nil {
		return 1
	}
	return l.No
}
