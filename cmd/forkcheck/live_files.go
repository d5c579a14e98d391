package main

import (
	"fmt"
	"strings"

	"forkcheck"
	"forkcheck/model"
)

// liveVersion is the version that running kernels are compared with.
const liveVersion = "v6.x"

// checkLive refuses a version that no running kernel is, and flags behind files.
func checkLive(kernel string, files []string) error {
	if _, err := version(kernel); err != nil && kernel != "" {
		return err
	}
	if kernel != "" && kernel != liveVersion {
		return fmt.Errorf("-kernel=%s does not run here; the running kernel is compared with %s", kernel, liveVersion)
	}
	for _, file := range files {
		if strings.HasPrefix(file, "-") && file != "-" {
			return fmt.Errorf("%s comes after a file; flags come first", file)
		}
	}
	return nil
}

// besideKernel reads files and opens a lab, in which do runs them if all of them can run there. At an interrupt the lab's traces end.
func (e *env) besideKernel(files []string, kernel string, do func(b *forkcheck.Beside, traces []*model.Trace) int) int {
	traces, ok := e.liveTraces(files, kernel)
	if !ok {
		return exitUsage
	}
	ctx, stop := interruptible()
	defer stop()
	lab, err := forkcheck.OpenLab()
	if err != nil {
		return e.usage("%v", err)
	}
	defer lab.Close()
	b := &forkcheck.Beside{Lab: lab, Stop: ctx.Err}
	if e.refuses(b, traces) {
		return exitUsage
	}
	return do(b, traces)
}

// liveTraces reads files. It says what is wrong with each, in a line.
func (e *env) liveTraces(files []string, kernel string) (traces []*model.Trace, ok bool) {
	ok = true
	for _, file := range files {
		t, err := e.liveTrace(file, kernel)
		if err != nil {
			fmt.Fprintln(e.err, err)
			ok = false
		}
		traces = append(traces, t)
	}
	return traces, ok
}

// liveTrace reads a file. The results that are written for another kernel say nothing.
func (e *env) liveTrace(file, kernel string) (*model.Trace, error) {
	text, name, err := e.read(file)
	if err != nil {
		return nil, fmt.Errorf("forkcheck: %w", err)
	}
	t, err := parse(name, text, "")
	if err != nil || t.Boot.Version == liveVersion {
		return t, err
	}
	if kernel == "" {
		return nil, fmt.Errorf("%s:%d: %s is not the kernel that runs; -kernel %s takes the trace for one of that", name, t.HeaderNo, t.Boot.Version, liveVersion)
	}
	if t, err = parse(name, text, kernel); err == nil {
		for i := range t.Lines {
			t.Lines[i].Result = ""
		}
	}
	return t, err
}

// traceLineNo is the number of a line, where any but that of an op means the header.
func traceLineNo(t *model.Trace, l *model.Line) int {
	if l.Stmt == nil {
		return t.HeaderNo
	}
	return l.No
}

// refuses says of each trace that cannot run here why, and whether there is one.
func (e *env) refuses(b *forkcheck.Beside, traces []*model.Trace) (refused bool) {
	for _, t := range traces {
		if l, why := b.Refuses(t); why != "" {
			fmt.Fprintf(e.err, "%s:%d: %s\n", t.File, traceLineNo(t, l), why)
			refused = true
		}
	}
	return refused
}
