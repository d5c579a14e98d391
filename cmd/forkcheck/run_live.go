package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

// runLive is `forkcheck run -live`: it prints each trace with what the running kernel answers.
func (e *env) runLive(files []string, kernel string) int {
	if err := checkLive(kernel, files); err != nil {
		return e.usage("%v", err)
	}
	return e.besideKernel(files, kernel, func(b *forkcheck.Beside, traces []*model.Trace) int {
		status := exitOK
		for i, t := range traces {
			if len(traces) > 1 {
				fmt.Fprintf(e.out, "%s== %s\n", strings.Repeat("\n", min(i, 1)), t.File)
			}
			s, err := e.runLiveTrace(b, t)
			switch {
			case errors.Is(err, context.Canceled):
				fmt.Fprintf(e.err, "forkcheck: interrupted before the end of %s\n", t.File)
				return max(status, exitCut)
			case err != nil:
				return e.usage("%v", err)
			}
			status = max(status, s)
		}
		return status
	})
}

// runLiveTrace prints one trace.
func (e *env) runLiveTrace(b *forkcheck.Beside, t *model.Trace) (status int, err error) {
	ran := *t
	p := newPrinter(e.out, &ran, runOptions{}).(*textPrinter)
	b.Seen = func(l *model.Line, o *model.Observation) {
		if l.Stmt != nil {
			p.got[l] = forkcheck.LiveText(l, o)
		}
	}
	got, first, err := compare(b, t)
	if err != nil {
		return exitOK, err
	}
	ran.Lines = p.compared(t, got.Steps)
	for _, d := range []*forkcheck.Divergence{first, got.Divergence} {
		if d != nil {
			p.notes[d.Line] = indented(d.Text)
		}
	}
	if err := p.end(&forkcheck.Verdict{}); err != nil {
		return exitOK, err
	}
	switch {
	case first != nil:
		fmt.Fprintf(e.out, "\n%s:%d: divergence, kernel %s\n", t.File, traceLineNo(t, first.Line), live.Kernel())
		return exitFound, nil
	case got.Why != "":
		fmt.Fprintln(e.err, cutText(t, t.File, &got))
		return exitUsage, nil
	}
	return exitOK, nil
}

// compared are the lines up to the last step. A task that cannot act on either side has nothing to say.
func (p *textPrinter) compared(t *model.Trace, steps int) []model.Line {
	for i := range t.Lines {
		l := &t.Lines[i]
		if l.Stmt == nil {
			continue
		}
		if steps == 0 {
			return t.Lines[:i]
		}
		if steps--; p.got[l] == "" {
			p.got[l] = "no task"
		}
	}
	return t.Lines
}

// indented sets a text apart from the lines of a trace.
func indented(text string) (indented string) {
	for line := range strings.Lines(text) {
		indented += indent + strings.TrimSuffix(line, "\n") + "\n"
	}
	return indented
}
