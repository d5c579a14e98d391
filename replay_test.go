package forkcheck_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/internal/kept"
	"forkcheck/model"
)

var update = flag.Bool("update", false, "write the results of testdata/**/*.trace anew")

// traceFiles are all traces below testdata.
func traceFiles(t testing.TB) (files []string) {
	t.Helper()
	files, err := kept.Traces("testdata")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d traces, error %v", len(files), err)
	}
	return files
}

// Every trace below testdata gives the results that it says it gives, and breaks nothing; one of testdata/known ends in
// the defect of the kernel that its name begins with.
func TestReplay(t *testing.T) {
	if !*update { // it writes what others read
		t.Parallel()
	}
	run := subtests(t)
	for _, file := range traceFiles(t) {
		run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) { replay(t, file) })
	}
}

// readTrace reads a trace that must be one.
func readTrace(t testing.TB, file string) *model.Trace {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := model.ParseTrace(file, text)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

func replay(t *testing.T, file string) {
	trace := readTrace(t, file)
	got := *trace
	got.Lines = append([]model.Line{}, trace.Lines...)
	verdict, err := forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error {
		got.Lines[s.Line.No-1].Result = s.Text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkEnd(t, file, &verdict)
	if *update {
		rewrite(t, file, got.String())
		return
	}
	for i := range got.Lines {
		if trace.Lines[i].Result == "" {
			got.Lines[i].Result = "" // not compared
		}
	}
	if diff := cmp.Diff(trace.String(), got.String()); diff != "" {
		t.Errorf("results differ; -update writes them anew (-want +got):\n%s", diff)
	}
}

// checkEnd says whether the run ended as it should.
func checkEnd(t *testing.T, file string, v *forkcheck.Verdict) {
	t.Helper()
	known, wantsKnown := strings.CutPrefix(file, "testdata/known/")
	id, _, _ := strings.Cut(known, "-")
	switch b := v.Breach; {
	case b != nil && b.Known == nil:
		t.Errorf("%s:%d: %v", file, v.Line.No, b)
	case b == nil && wantsKnown:
		t.Errorf("%s: nothing broke, want known defect %s", file, id)
	case b != nil && !wantsKnown:
		t.Errorf("%s:%d: %v; a trace that ends in a known defect belongs into testdata/known/%s-*.trace", file, v.Line.No, b, b.Known.ID)
	case b != nil && b.Known.ID != id:
		t.Errorf("%s:%d: %v; the name of the file says %s", file, v.Line.No, b, id)
	}
}

// rewrite replaces a file whose results changed.
func rewrite(t *testing.T, file, after string) {
	t.Helper()
	if before, err := os.ReadFile(file); err == nil && string(before) == after {
		return
	}
	if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("rewrote %s", file)
}
