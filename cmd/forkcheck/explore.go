package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/internal/search"
	"forkcheck/model"
)

const exploreUsage = "explore [-kernel VERSION] [-tasks N] [-depth N] [-mem SIZE] [-workers N] [-known=fail] -scope NAME"

// exploreCommand is `forkcheck explore`: it visits all that a scope can reach.
func exploreCommand(e *env, args []string) int {
	var o searchOptions
	var scope, kernel, known string
	flags := flag.NewFlagSet("explore", flag.ContinueOnError)
	flags.StringVar(&scope, "scope", "", "which scope")
	flags.StringVar(&kernel, "kernel", "v3.11", "which kernel")
	flags.StringVar(&known, "known", "", "fail: a known defect of the kernel is a failure")
	o.register(flags)
	if status, done := e.parse(flags, args, exploreUsage); done {
		return status
	}
	if err := o.check(flags); err != nil {
		return e.usage("%v", err)
	}
	if known != "" && known != "fail" {
		return e.usage("-known=%s is unknown, the one value is fail; usage: forkcheck %s", known, exploreUsage)
	}
	v, err := version(kernel)
	if err != nil {
		return e.usage("%v", err)
	}
	sc, err := findScope(scope)
	if err != nil {
		return e.usage("%v", err)
	}
	ctx, stop := interruptible()
	defer stop()
	x := forkcheck.Explore{Version: v, Scope: sc, Tasks: o.tasks, Depth: o.depth, Bytes: int(o.mem), Workers: o.workers, Progress: e.progress()}
	found, err := x.Run(ctx)
	if err != nil {
		return e.usage("%v", err)
	}
	return e.explored(v, sc, found, known == "fail")
}

// searchOptions are the bounds of a search, as flags.
type searchOptions struct {
	tasks, depth, workers int
	mem                   size
}

func (o *searchOptions) register(flags *flag.FlagSet) {
	o.mem = 1 << 30
	flags.IntVar(&o.tasks, "tasks", 0, "task_structs at most, instead of the scope's bound")
	flags.IntVar(&o.depth, "depth", 0, "the longest trace, instead of the scope's bound")
	flags.IntVar(&o.workers, "workers", 0, "how many cores, instead of all")
	flags.Var(&o.mem, "mem", "memory for what was visited, such as 512M or 2G")
}

// check refuses what no search can do.
func (o *searchOptions) check(flags *flag.FlagSet) error {
	return within(flags, bound{"tasks", o.tasks, model.MaxTasks - 1}, bound{"depth", o.depth, 1000},
		bound{"workers", o.workers, mostWorkers})
}

// mostWorkers is more than a machine has cores.
const mostWorkers = 1024

// size is a number of bytes.
type size int

// String is the number.
func (s *size) String() string { return strconv.Itoa(int(*s)) }

// Set reads a number with K, M, G or nothing behind it.
func (s *size) Set(text string) error {
	digits := strings.TrimRight(text, "KMG")
	n, err := strconv.Atoi(digits)
	shift, ok := map[string]int{"": 0, "K": 10, "M": 20, "G": 30}[text[len(digits):]]
	if err != nil || !ok || n < 1 || n > 1<<20 && shift == 30 || n<<shift < 1<<20 {
		return fmt.Errorf("a size is a number with K, M or G behind it, 1M or more")
	}
	*s = size(n << shift)
	return nil
}

// parse reads flags and no arguments; it says whether that was the end of it.
func (e *env) parse(flags *flag.FlagSet, args []string, usage string) (status int, done bool) {
	switch err := parseFlags(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(e.out, "usage: forkcheck "+usage)
		return exitOK, true
	case err != nil:
		return e.usage("%v; usage: forkcheck %s", err, usage), true
	case flags.NArg() > 0:
		return e.usage("%q is no flag; usage: forkcheck %s", flags.Arg(0), usage), true
	}
	return exitOK, false
}

// findScope finds a scope by name.
func findScope(name string) (*generators.Scope, error) {
	if sc := generators.FindScope(name); sc != nil {
		return sc, nil
	}
	var names []string
	for i := range generators.Scopes {
		names = append(names, generators.Scopes[i].Name)
	}
	if name == "" {
		return nil, fmt.Errorf("no scope; -scope is one of %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("unknown scope %q%s", name, model.Suggest(name, names))
}

// progress prints a line once a second where somebody is looking, and nothing elsewhere.
func (e *env) progress() func(search.Stats) {
	f := e.terminal()
	if f == nil {
		return nil
	}
	return func(s search.Stats) { fmt.Fprintf(f, "\r\x1b[K%s", statsText(s)) }
}

// terminal is where somebody is looking; nil elsewhere.
func (e *env) terminal() *os.File {
	if f, ok := e.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// statsText is one line.
func statsText(s search.Stats) string {
	rate := float64(s.Transitions) / max(s.Elapsed.Seconds(), 1e-9)
	return fmt.Sprintf("%d states, %d transitions, depth %d, %.0f transitions/s, %.0f MB", s.States, s.Transitions, s.Depth, rate, float64(s.Bytes)/1e6)
}

// explored prints what an exploration came to.
func (e *env) explored(v *model.Version, sc *generators.Scope, x *forkcheck.Exploration, knownFail bool) int {
	if e.progress() != nil {
		fmt.Fprint(e.err, "\r\x1b[K")
	}
	status := exitOK
	for _, f := range x.Failures {
		if f.Breach.Known == nil || knownFail {
			status = exitFound
		}
		head := "broken: "
		if f.Breach.Known != nil {
			head = "known defect " + f.Breach.Known.ID + ": "
		}
		fmt.Fprintf(e.out, "%s%s", head, f.Report())
		fmt.Fprintln(e.out)
	}
	fmt.Fprintf(e.out, "scope %s of %s: %s\n%s\n", sc.Name, v.Name, statsText(x.Stats), x.Ended())
	if status == exitOK && !x.Complete() {
		return exitCut
	}
	return status
}
