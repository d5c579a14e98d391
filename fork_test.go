package forkcheck

import (
	"flag"
	"testing"

	"forkcheck/invariants"
	"forkcheck/model"
)

var knownFail = flag.String("known", "", "`fail`: count the kernel's own known defects as failures")

// TestFork is the main job: random traces, every invariant after every step. -rapid.checks says how many.
func TestFork(t *testing.T) {
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			reach := invariants.NewReach()
			if f := Check(t, CheckOptions{Version: v.New(), KnownFail: *knownFail == "fail", Reach: reach}); f != nil {
				t.Fatal("\n" + f.Report())
			}
			if testing.Verbose() {
				t.Log(reach)
			}
		})
	}
}
