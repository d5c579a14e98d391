package forkcheck_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forkcheck"
	"forkcheck/internal/testmain"
	"forkcheck/invariants"
	"forkcheck/model"
)

var known = flag.String("known", "", "`fail`: count the kernel's own known defects as failures")

// TestMain stops a run whose flags cannot mean what they say, before rapid or a test ignores them.
func TestMain(m *testing.M) { testmain.Run(m, checkFlags) }

// checkFlags refuses a bad -known or -live, and a run that checks nothing.
func checkFlags() error {
	if *known != "" && *known != "fail" {
		return fmt.Errorf("-known=%s: the only value is fail", *known)
	}
	if *liveFlag != "" && *liveFlag != "off" {
		return fmt.Errorf("-live=%s: the only value is off", *liveFlag)
	}
	for _, f := range []struct {
		name     string
		n, least uint64
	}{
		{"live.traces", uint64(max(0, *liveTraces)), 1}, {"shrink.seeds", uint64(max(0, *shrinkSeeds)), 2}, {"shrink.states", *shrinkStates, 1},
	} {
		if f.n < f.least {
			return fmt.Errorf("-%s=%s would check nothing; ask for %d or more", f.name, flag.Lookup(f.name).Value, f.least)
		}
	}
	return nil
}

// TestFork is the main job: random traces, every invariant after every step. -rapid.checks says how many.
func TestFork(t *testing.T) {
	run := subtests(t)
	for _, v := range model.Versions {
		run(v.Name, func(t *testing.T) {
			reach := invariants.NewReach()
			o := forkcheck.CheckOptions{Version: v.New(), KnownFail: *known == "fail", Reach: reach}
			if deadline, ok := t.Deadline(); ok {
				o.Deadline = deadline.Add(-time.Until(deadline) / 10)
			}
			f, err := forkcheck.Check(t, o)
			judge(t, f, err)
			if testing.Verbose() {
				t.Log(reach.Report(v.New()))
			}
		})
	}
}

// judge fails a test with the block of a counterexample. A fail file that rapid cannot use ends the run: whoever named
// it waits for its trace, not for another one.
func judge(t *testing.T, f *forkcheck.Failure, err error) {
	t.Helper()
	var unusable *forkcheck.FailFileError
	switch {
	case errors.As(err, &unusable):
		fmt.Fprintln(os.Stderr, unusable)
		os.Exit(2)
	case err != nil:
		t.Fatal(err)
	case f != nil:
		f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{States: *shrinkStates})
		t.Fatalf("\n%s\nreplay:  %s", f.Report(), replayCommand(t, f))
	}
}

// replayCommand saves the trace and says how to run it, and how to make rapid find it again.
func replayCommand(t *testing.T, f *forkcheck.Failure) string {
	file, err := f.Save(filepath.Join("testdata", "failures"))
	command := forkcheck.ReplayCommand("-tree", file, f.Trace(), err)
	if _, repeat, ok := strings.Cut(f.Rapid, "To reproduce, specify "); ok {
		repeat, _, _ = strings.Cut(repeat, "\n")
		command += "\nor:      go test . " + repeat
	}
	return command
}

// TestForkReach runs a fixed set of random traces and all of testdata, and demands that they come by everything: each row
// and rung of every table, each errno, each premise of an invariant, each known defect. What cannot be reached is listed
// with its reason.
func TestForkReach(t *testing.T) {
	t.Parallel()
	for i, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && i == 0 {
				t.Skip("takes long; without -short")
			}
			reach := invariants.NewReach()
			if f := forkcheck.Sample(forkcheck.CheckOptions{Version: v.New(), Reach: reach}, 1, 6000); f != nil {
				t.Fatal(f.Report())
			}
			reachTraces(t, reach)
			for _, missing := range reach.Missing(v.New()) {
				if unreachable[missing] == "" {
					t.Errorf("never reached: %s", missing)
				}
			}
			if testing.Verbose() {
				t.Log(reach.Report(v.New()))
			}
			t.Logf("reached every row, rung, errno, premise and known defect in %d traces and %d steps", reach.Traces, reach.Steps)
		})
	}
}

// unreachable is what no trace can come by, and why.
var unreachable = map[string]string{}

// reachTraces adds what the traces of testdata come by.
func reachTraces(t *testing.T, reach *invariants.Reach) {
	t.Helper()
	for _, file := range traceFiles(t) {
		if _, err := forkcheck.Run(readTrace(t, file), forkcheck.Options{Reach: reach}, nil); err != nil {
			t.Fatal(err)
		}
	}
}
