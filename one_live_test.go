package forkcheck_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

func TestOneLive(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	b := forkcheck.Beside{Lab: lab}
	text, _ := os.ReadFile(os.Getenv("TRACE"))
	for _, part := range strings.Split(string(text), "===\n") {
		trace, err := model.ParseTrace("x", []byte(part))
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Run(trace)
		if err != nil {
			t.Fatal(err)
		}
		if r.Divergence != nil {
			t.Errorf("%s\n%s", r.Divergence.Line.Text, r.Divergence.Text)
		} else {
			t.Log("agree", r.Steps)
		}
	}
}

func TestLiveClasses(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: *liveTraces, Seed: *liveSeed}
	shown := 0
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error {
		if shown++; shown > 12 {
			return nil
		}
		b := forkcheck.Beside{Lab: lab}
		m, err := b.MinimizeLive(tr, d)
		if err != nil {
			return err
		}
		fmt.Println("=== shown", m.Shown)
		fmt.Println(tr.Boot.String())
		fmt.Println(m.Trace.Boot.String())
		for _, l := range m.Trace.Lines {
			fmt.Println(l.Stmt)
		}
		fmt.Println(m.Text)
		return nil
	})
	t.Log(n, err)
}

func TestLiveShow(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6()}
	fmt.Println(r.Draw(*liveSeed))
}

func TestLiveUserNS(t *testing.T) {
	lab, err := live.OpenUserNS()
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: *liveTraces, Seed: *liveSeed}
	shown := 0
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error {
		if shown++; shown > 6 {
			return nil
		}
		b := forkcheck.Beside{Lab: lab}
		m, err := b.MinimizeLive(tr, d)
		if err != nil {
			return err
		}
		fmt.Println("=== shown", m.Shown)
		fmt.Println(m.Trace.Boot.String())
		for _, l := range m.Trace.Lines {
			fmt.Println(l.Stmt)
		}
		fmt.Println(m.Text)
		return nil
	})
	t.Log(n, err)
}
