package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// runLiveTrace prints one trace, as a trace: what differs is a comment.
func (e *env) runLiveTrace(b *forkcheck.Beside, t *model.Trace) (status int, err error) {
	ran := *t
	p := newPrinter(e.out, &ran, runOptions{fuzz: true}).(*textPrinter)
	got, err := b.Run(t)
	if err != nil {
		return exitOK, err
	}
	ran.Lines = slices.Clone(linesRun(t, got.Steps))
	here := func(l *model.Line) *model.Line {
		return &ran.Lines[slices.IndexFunc(t.Lines, func(o model.Line) bool { return o.No == l.No })]
	}
	for _, c := range got.Lines {
		l := here(c.Line)
		p.got[l] = model.WithoutRows(c.Result)
		choice := c.Choice // the order that this kernel took
		if choice == model.NoChoice {
			choice = 0
		}
		if choice != l.Stmt.Op.Choice {
			st := *l.Stmt
			st.Op.Choice = choice
			l.Stmt, l.Text = &st, st.String()
		}
	}
	for _, u := range got.Unexpected {
		p.notes[here(u.Line)] = indented(comment(strings.TrimSpace(wantText(u.Line))))
	}
	if d := got.Divergence; d != nil {
		p.notes[here(d.Line)] += indented(comment(d.Text))
	}
	if err := p.end(&forkcheck.Verdict{Differ: len(got.Unexpected)}); err != nil {
		return exitOK, err
	}
	if d := got.Divergence; d != nil {
		fmt.Fprintf(e.out, "\n# %s:%d: divergence, kernel %s\n", t.File, traceLineNo(t, d.Line), live.Kernel())
	}
	if got.Why != "" {
		fmt.Fprintln(e.err, cutText(t, t.File, &got))
	}
	switch {
	case got.Divergence != nil || len(got.Unexpected) > 0:
		return exitFound, nil
	case got.Why != "":
		return exitUsage, nil
	}
	return exitOK, nil
}

// linesRun are the lines up to the last step.
func linesRun(t *model.Trace, steps int) []model.Line {
	for i := range t.Lines {
		if t.Lines[i].Stmt == nil {
			continue
		}
		if steps--; steps < 0 {
			return t.Lines[:i]
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
