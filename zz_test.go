package forkcheck_test

import (
	"context"
	"os"
	"testing"
	"strconv"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/model"
)

func TestZZ(t *testing.T) {
	v := model.V311()
	if os.Getenv("VER") != "" { v = model.V6() }
	d, _ := strconv.Atoi(os.Getenv("DEPTH"))
	w, _ := strconv.Atoi(os.Getenv("W"))
	n, _ := strconv.Atoi(os.Getenv("TASKS"))
	e := forkcheck.Explore{Version: v, Scope: generators.FindScope(os.Getenv("SCOPE")), Depth: d, Workers: w, Tasks: n, Raw: os.Getenv("RAW") != "", Bytes: 2<<30}
	r, err := e.Run(context.Background())
	if err != nil { t.Fatal(err) }
	t.Logf("%s: %d states %d transitions depth %d %d bytes/state %v %.0f trans/s: %s", os.Getenv("SCOPE"), r.States, r.Transitions, r.Depth, r.Bytes/int(r.States), r.Elapsed, float64(r.Transitions)/r.Elapsed.Seconds(), r.Ended())
	for _, f := range r.Failures { t.Log("\n"+f.Report()) }
}
