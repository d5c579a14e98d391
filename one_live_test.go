package forkcheck_test

import (
	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
	"os"
	"strings"
	"testing"
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
			lab.End()
			t.Errorf("%s\n%s", r.Divergence.Line.Text, r.Divergence.Text)
		} else {
			t.Log("agree", r.Steps)
		}
	}
}
