package forkcheck_test

import (
	"flag"
	"testing"
	"time"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

var liveTraces = flag.Int("live.traces", 150, "")
var liveSeed = flag.Uint64("live.seed", 1, "")

func TestLive(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	start := time.Now()
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: *liveTraces, Seed: *liveSeed}
	shown := 0
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error {
		if shown++; shown < 6 {
			t.Errorf("%s\n%d: %s\n%s", tr, d.Line.No, d.Line.Text, d.Text)
		}
		return nil
	})
	t.Log(n, time.Since(start))
	if err != nil {
		t.Fatal(err)
	}
}

func TestLiveTraces(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	b := forkcheck.Beside{Lab: lab}
	good, bad, skipped := 0, 0, 0
	for _, file := range traceFiles(t) {
		trace := readTrace(t, file)
		if trace.Boot.Version != "v6.x" {
			continue
		}
		if _, why := lab.Refuses(trace); why != "" {
			skipped++
			continue
		}
		r, err := b.Run(trace)
		if err != nil {
			t.Fatal(file, err)
		}
		if r.Divergence != nil {
			bad++
			t.Errorf("%s:%d: %s\n%s", file, r.Divergence.Line.No, r.Divergence.Line.Text, r.Divergence.Text)
			continue
		}
		good++
	}
	t.Log(good, bad, skipped)
}
