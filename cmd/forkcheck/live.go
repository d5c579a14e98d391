package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"forkcheck"
	"forkcheck/model"
)

const liveUsage = "live [-traces N] [-seed S] [-kernel v6.x] [FILE...]"

// liveOptions are the flags of `forkcheck live`.
type liveOptions struct {
	traces int
	seed   uint64
	kernel string
}

// liveCommand is `forkcheck live`: it runs files, or random traces, on the model and on the running kernel.
func liveCommand(e *env, args []string) int {
	var o liveOptions
	flags := flag.NewFlagSet("live", flag.ContinueOnError)
	flags.IntVar(&o.traces, "traces", 150, "how many random traces")
	flags.Uint64Var(&o.seed, "seed", 1, "of the first random trace; each further one has the next")
	flags.StringVar(&o.kernel, "kernel", "", "run on this kernel, whichever one the header names")
	switch err := parseFlags(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(e.out, "usage: forkcheck "+liveUsage)
		return exitOK
	case err != nil:
		return e.usage("%v; usage: forkcheck %s", err, liveUsage)
	}
	if err := o.check(flags); err != nil {
		return e.usage("%v", err)
	}
	return e.besideKernel(flags.Args(), o.kernel, func(b *forkcheck.Beside, traces []*model.Trace) int {
		return e.liveRun(b, traces, o)
	})
}

// check refuses what cannot be done.
func (o *liveOptions) check(flags *flag.FlagSet) (err error) {
	switch {
	case o.traces < 1 || o.traces > 10_000_000:
		return fmt.Errorf("-traces=%d is outside 1..10000000", o.traces)
	case o.seed == 0:
		return fmt.Errorf("-seed=0 is none; any other number is one")
	}
	if err := checkLive(o.kernel, flags.Args()); err != nil || flags.NArg() == 0 {
		return err
	}
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "kernel" {
			err = fmt.Errorf("-%s is about random traces, and there are files; usage: forkcheck %s", f.Name, liveUsage)
		}
	})
	return err
}

// liveRun is `forkcheck live` when all that can be wrong is not.
func (e *env) liveRun(b *forkcheck.Beside, traces []*model.Trace, o liveOptions) int {
	r := &liveRun{env: e, beside: b, total: len(traces), count: forkcheck.LiveCount{Less: forkcheck.Less(b.Lab)}, kinds: map[string]int{}, names: map[string]int{}}
	next := func(i int) (*model.Trace, string) { return traces[i], fileName(traces[i]) }
	if r.total == 0 {
		draw := forkcheck.LiveRun{Lab: b.Lab, Version: model.V6()}
		r.total = o.traces
		next = func(i int) (*model.Trace, string) {
			seed := o.seed + uint64(i)
			return draw.Draw(seed), fmt.Sprintf("live-%d", seed)
		}
		fmt.Fprintf(e.out, "random traces, -seed %d\n", o.seed)
	}
	for i := range r.total {
		if err := r.run(next(i)); err != nil {
			return r.end(err)
		}
		r.progress()
	}
	return r.end(nil)
}

// fileName is what the trace of a divergence is called, in letters that no shell takes for anything else.
func fileName(t *model.Trace) string {
	return "live-" + strings.Map(func(r rune) rune {
		if strings.ContainsRune("-._", r) || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, strings.TrimSuffix(strings.Trim(filepath.Base(t.File), "<>"), ".trace"))
}

// How many divergences are shown, one of each kind, and how many are made small to find out of what kind they are.
const (
	mostBlocks = 10
	mostSmall  = 50
)

// failuresDir is where the traces of those go.
var failuresDir = filepath.Join("testdata", "failures")

// liveRun is a run of many traces.
type liveRun struct {
	env    *env
	beside *forkcheck.Beside
	total  int
	count  forkcheck.LiveCount
	ended  int            // traces of which the end was not run
	kinds  map[string]int // the number of the first divergence of a kind
	blocks int            // divergences that were shown
	hidden int            // divergences of which nothing was said
	names  map[string]int // of traces that were kept
	told   time.Time      // when progress was printed
}

// run runs a trace. An error is of the lab, or an interrupt.
func (r *liveRun) run(t *model.Trace, name string) error {
	got, err := r.beside.Run(t)
	if err != nil {
		return r.broken(t, name, err)
	}
	r.count.Traces++
	r.count.Steps += got.Steps
	if t.File != "" { // the results of a trace that was drawn are the model's, for a machine that gives all
		r.unexpected(t, got.Unexpected)
	}
	d := got.Divergence
	if got.Why != "" {
		r.ended++
		fmt.Fprintln(r.env.err, cutText(t, cmp.Or(t.File, name), &got))
	}
	if d == nil {
		return nil
	}
	if r.count.Divergences++; r.blocks == mostBlocks || r.count.Divergences > mostSmall {
		r.hidden++
		return nil
	}
	if err := r.show(t, d, name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// broken keeps the trace that a lab broke on, and says where it is.
func (r *liveRun) broken(t *model.Trace, name string, err error) error {
	err = fmt.Errorf("%s: %w", name, err)
	if t.File != "" || errors.Is(err, context.Canceled) {
		return err
	}
	file, noFile := r.keep(&forkcheck.Minimal{Trace: t}, name)
	if noFile != nil { // the trace is a random one: its seed is its name
		return fmt.Errorf("%w: no file: %w", err, noFile)
	}
	return fmt.Errorf("%w: the trace is %s", err, file)
}

// keep saves a trace. Of those of one name the later ones have a number.
func (r *liveRun) keep(m *forkcheck.Minimal, name string) (file string, err error) {
	if r.names[name]++; r.names[name] > 1 {
		name = fmt.Sprintf("%s-%d", name, r.names[name])
	}
	return m.Save(failuresDir, name)
}

// unexpected tells of results that a file has and the kernel does not give: the model may be right, and the file wrong.
func (r *liveRun) unexpected(t *model.Trace, list []forkcheck.Came) {
	for _, u := range list {
		r.clear()
		r.count.Unexpected++
		fmt.Fprintf(r.env.out, "%s:%d: the kernel gives %q, and %q is written\n", t.File, u.Line.No, u.Result, u.Line.Result)
	}
}

// cutText says why the rest of a trace was not run.
func cutText(t *model.Trace, name string, got *forkcheck.BesideResult) string {
	ran := 0
	for i := range t.Lines {
		if t.Lines[i].Stmt == nil {
			continue
		}
		if ran++; ran > got.Steps {
			return fmt.Sprintf("%s:%d: not run from here: %s", name, t.Lines[i].No, got.Why)
		}
	}
	return name + ": " + got.Why
}

// show makes a divergence small, keeps its trace in a file and prints it.
func (r *liveRun) show(t *model.Trace, d *forkcheck.Divergence, name string) error {
	r.clear()
	m, err := r.minimize(t, d)
	if first := r.kinds[m.Kind()]; first > 0 {
		fmt.Fprintf(r.env.out, "divergence %d: %s, at %s: of the kind of divergence %d\n\n", r.count.Divergences, name, d.Line.Stmt, first)
		return err
	}
	r.kinds[m.Kind()] = r.count.Divergences
	r.blocks++
	fmt.Fprintf(r.env.out, "divergence %d: %s\n\n%s\n", r.count.Divergences, name, m.Report())
	file, noFile := r.keep(m, name)
	fmt.Fprintf(r.env.out, "replay:  %s\n\n", forkcheck.ReplayCommand("-live", file, m.Trace, noFile))
	return err
}

// minimize makes a divergence small. One that was interrupted, or on which the lab broke, is left as it was found.
func (r *liveRun) minimize(t *model.Trace, d *forkcheck.Divergence) (*forkcheck.Minimal, error) {
	m, err := r.beside.MinimizeLive(t, d)
	if err != nil {
		m = d.AsFound(t)
	}
	return m, err
}

// progress prints a line once a second where somebody is looking.
func (r *liveRun) progress() {
	if f := r.env.terminal(); f != nil && time.Since(r.told) > time.Second {
		r.told = time.Now()
		fmt.Fprintf(f, "\r\x1b[K%d of %d traces, %d steps, %d divergences", r.count.Traces, r.total, r.count.Steps, r.count.Divergences)
	}
}

// clear takes that line away.
func (r *liveRun) clear() {
	if f := r.env.terminal(); f != nil {
		fmt.Fprint(f, "\r\x1b[K")
	}
}

// end prints the last lines.
func (r *liveRun) end(err error) int {
	r.clear()
	if r.hidden > 0 {
		fmt.Fprintf(r.env.out, "%d more divergences were not looked at\n", r.hidden)
	}
	fmt.Fprint(r.env.out, forkcheck.TellVariants(r.beside.Lab))
	fmt.Fprintln(r.env.out, r.count)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(r.env.err, "forkcheck: interrupted after the first %d of %d traces\n", r.count.Traces, r.total)
	case err != nil:
		if status := r.env.usage("%v", err); r.count.Divergences == 0 && r.count.Unexpected == 0 {
			return status
		}
	}
	return r.status(err)
}

// status is how a run ended, interrupted or not.
func (r *liveRun) status(interrupt error) int {
	switch {
	case r.count.Divergences > 0 || r.count.Unexpected > 0:
		return exitFound
	case interrupt != nil:
		return exitCut
	case r.ended > 0:
		return exitUsage
	}
	return exitOK
}
