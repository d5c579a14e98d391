package forkcheck_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// answersOn are the results of a trace on a version, a line each. What a world cannot be there has none.
func answersOn(t *testing.T, trace *model.Trace, v *model.Version) []string {
	t.Helper()
	texts, err := forkcheck.Answers(trace, v, false)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// asksNothing is a checker without invariants.
func asksNothing() *invariants.Checker {
	return &invariants.Checker{Invariants: []invariants.Invariant{}}
}

// causes are the fewest switches without which v6.x gives the answers of v3.11: none of them can be left.
func causes(t *testing.T, trace *model.Trace, want []string) []model.Switch {
	t.Helper()
	undone := slices.Clone(model.Switches)
	if got := answersOn(t, trace, forkcheck.Without(undone)); !slices.Equal(want, got) {
		t.Errorf("no switch explains the difference (-v3.11 +v6.x with all of them undone):\n%s\n%s", cmp.Diff(want, got), trace)
		return nil
	}
	for i := len(undone) - 1; i >= 0; i-- {
		fewer := slices.Delete(slices.Clone(undone), i, i+1)
		if slices.Equal(want, answersOn(t, trace, forkcheck.Without(fewer))) {
			undone = fewer
		}
	}
	return undone
}

// Each conversation, whichever version it is written for, runs on both. Where the answers differ, the switches that cause it are named in
// testdata/versions.txt, and undoing just these takes the difference away.
func TestSwitchesExplainConversations(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("which switches explain a conversation takes many runs of it")
	}
	var b strings.Builder
	used := map[string]bool{}
	for _, file := range traceFiles(t) {
		if strings.HasPrefix(file, "testdata/diff/") {
			continue // it says so itself
		}
		trace := readTrace(t, file)
		want, got := answersOn(t, trace, model.V311()), answersOn(t, trace, model.V6())
		if slices.Equal(want, got) {
			continue
		}
		fmt.Fprintf(&b, "%s%s%s", sectionStart, strings.TrimPrefix(file, "testdata/"), sectionEnd)
		for _, sw := range causes(t, trace, want) {
			used[sw.Name] = true
			fmt.Fprintf(&b, "%s\n", sw.Name)
		}
		describe(&b, trace, want, got)
		b.WriteByte('\n')
	}
	compareGolden(t, "testdata/versions.txt", b.String())
	t.Logf("%d of %d switches show in a conversation", len(used), len(model.Switches))
}

// describe lists the lines that differ.
func describe(b *strings.Builder, trace *model.Trace, want, got []string) {
	i := 0
	for _, l := range trace.Lines {
		if l.Stmt == nil {
			continue
		}
		if want[i] != got[i] {
			fmt.Fprintf(b, "    %s    // %s -> %s\n", l.Stmt, want[i], got[i])
		}
		i++
	}
}

// Random traces say the same: with all switches undone v6.x answers as v3.11 does. So the list is complete, as far as random
// traces can tell.
func TestSwitchesAreComplete(t *testing.T) {
	t.Parallel()
	n := 3000
	if testing.Short() {
		n /= 4
	}
	old := model.V311()
	k := &model.Kernel{Version: forkcheck.Without(model.Switches)}
	for seed := range uint64(n) {
		trace := drawn(generators.NewSeeded(seed), old, 25)
		want, got := answersOn(t, trace, old), answersOn(t, trace, k.Version)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: v3.11 and v6.x with all switches undone differ (-v3.11 +v6.x):\n%s\n%s", seed, diff, trace)
		}
	}
}

// drawn draws a trace without pauses.
func drawn(src generators.Source, v *model.Version, n int) *model.Trace {
	b := generators.World(src, v.Name)
	k := &model.Kernel{Version: v, Limits: b.Limits}
	taste := generators.NewTaste(src, k)
	taste.Pauses = 0 // a call stops before a row, and where the versions have it is a difference of its own
	var s model.State
	b.State(&s)
	var ops []model.Op
	for range n {
		ops = append(ops, taste.Op(src, &s, b.Actor()))
		k.Step(&s, ops[len(ops)-1])
	}
	return model.Transcribe(k, b, ops)
}

// compareGolden compares a text with a file, or writes it under -update.
func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; -update writes it anew (-want +got):\n%s", file, diff)
	}
}
