package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/model"
)

const diffUsage = "diff v3.11 v6.x [-scope NAME] [-tasks N] [-depth N] [-mem SIZE] [-workers N]"

// diffCommand is `forkcheck diff`: it searches two versions side by side for what user space sees to differ.
func diffCommand(e *env, args []string) int {
	versions, rest := leading(args)
	var o searchOptions
	var scope string
	flags := flag.NewFlagSet("diff", flag.ContinueOnError)
	flags.StringVar(&scope, "scope", "", "one scope instead of all that are searched in no time")
	o.register(flags)
	if status, done := e.parse(flags, rest, diffUsage); done {
		return status
	}
	for _, name := range versions {
		if _, err := version(name); err != nil {
			return e.usage("%v", err)
		}
	}
	if len(versions) != 2 || versions[0] != "v3.11" || versions[1] != "v6.x" {
		return e.usage("the versions that can be compared are v3.11 and v6.x, in this order; usage: forkcheck %s", diffUsage)
	}
	if err := o.check(flags); err != nil {
		return e.usage("%v", err)
	}
	d := forkcheck.Diff{Depth: o.depth, Tasks: o.tasks, Bytes: int(o.mem), Workers: o.workers, Progress: e.progress()}
	if scope != "" {
		sc, err := diffScope(scope)
		if err != nil {
			return e.usage("%v", err)
		}
		d.Scopes = []*generators.Scope{sc}
	}
	ctx, stop := interruptible()
	defer stop()
	ds, err := d.Run(ctx)
	if err != nil {
		return e.usage("%v", err)
	}
	return e.differences(ds)
}

// diffScope finds a scope by name: a named one as deep as it is, or a corner of the diff's own.
func diffScope(name string) (*generators.Scope, error) {
	if sc := generators.FindScope(name); sc != nil {
		return sc, nil
	}
	var names []string
	for _, sc := range forkcheck.DiffScopes() {
		if sc.Name == name {
			return sc, nil
		}
		names = append(names, sc.Name)
	}
	return nil, fmt.Errorf("unknown scope %q%s", name, model.Suggest(name, names))
}

// leading are the arguments before the first flag, and the rest.
func leading(args []string) (words, rest []string) {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") {
			return args[:i], args[i:]
		}
	}
	return args, nil
}

// differences prints what a diff came to.
func (e *env) differences(ds *forkcheck.Differences) int {
	if e.progress() != nil {
		fmt.Fprint(e.err, "\r\x1b[K")
	}
	for i := range ds.List {
		d := &ds.List[i]
		sw := model.Switches[slices.IndexFunc(model.Switches, func(sw model.Switch) bool { return sw.Name == d.Shows })]
		fmt.Fprintf(e.out, "%s (%s)\n    v3.11: %s\n    v6.x: %s\n\n%s\n", sw.Name, sw.Source, sw.Old, sw.New, d.Text())
	}
	if len(ds.Unseen) > 0 {
		fmt.Fprintf(e.out, "not seen to differ: %s\n", strings.Join(ds.Unseen, ", "))
	}
	fmt.Fprintf(e.out, "diff: %d scopes, %d pairs of states, %d transitions, %d differences, %d of %d switches\n",
		ds.Scopes, ds.States, ds.Transitions, ds.Found, len(ds.List), len(model.Switches))
	if ds.Untold > 0 {
		fmt.Fprintf(e.out, "of %d of the differences the switches were not looked for\n", ds.Untold)
	}
	if !ds.Complete {
		fmt.Fprintln(e.out, "cut short by -mem or an interrupt: give more memory, or ask for fewer -tasks or less -depth")
		return exitCut
	}
	return exitOK
}
