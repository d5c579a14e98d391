package forkcheck_test

import (
	"fmt"
	"os"
	"regexp"
	"sort"
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

var digits = regexp.MustCompile(`[0-9]+`)

func TestLiveClasses(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: *liveTraces, Seed: *liveSeed}
	count := map[string]int{}
	example := map[string]string{}
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error {
		key := []string{}
		for _, l := range strings.Split(strings.ReplaceAll(d.Text, "\u00a0", " "), "\n") {
			if strings.HasPrefix(l, "-") || strings.HasPrefix(l, "+") {
				f := strings.Fields(l)
				if len(f) > 1 && len(key) < 4 {
					key = append(key, digits.ReplaceAllString(strings.Join(f, " "), "N"))
				}
			}
		}
		op := d.Line.Text
		if i := strings.Index(op, "."); i > 0 {
			op = op[i+1:]
			if j := strings.Index(op, "("); j > 0 {
				op = op[:j]
			}
		}
		ks := op + " | " + strings.Join(key, " ; ")
		count[ks]++
		ex := ""
		for _, l := range tr.Lines {
			ex += l.String() + "\n"
			if l.No == d.Line.No {
				break
			}
		}
		if example[ks] == "" || len(ex) < len(example[ks]) {
			example[ks] = ex
		}
		return nil
	})
	t.Log(n, err)
	keys := []string{}
	for k := range count {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return count[keys[i]] > count[keys[j]] })
	for i, k := range keys {
		if i < 12 {
			fmt.Printf("%d x %s\n%s\n", count[k], k, example[k])
		}
	}
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
