package forkcheck_test

import (
	"bufio"
	"context"
	"fmt"
	"forkcheck"
	"forkcheck/generators"
	"forkcheck/model"
	"os"
	"strings"
	"testing"
)

func TestZZEquiv(t *testing.T) {
	if os.Getenv("ZZE") == "" {
		t.Skip()
	}
	want := map[string]bool{}
	f, _ := os.Open("/tmp/survey.txt")
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		w := strings.Fields(sc.Text())
		if w[0] == "SURV" {
			want[w[1]] = true
		}
	}
	for _, v := range []string{"v3.11", "v6.x"} {
		var list []*model.Mutant
		ms := model.Mutants(v)
		for i := range ms {
			if want[ms[i].Name] {
				list = append(list, &ms[i])
			}
		}
		ran := map[string]bool{}
		diff := map[string]string{}
		for i := range generators.Scopes {
			s := &generators.Scopes[i]
			lim := uint64(60000)
			r, err := (&forkcheck.Comparison{Version: v, Scope: s, Mutants: list, Limit: lim}).Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println(v, s.Name, r.States, r.Transitions, r.Depth, r.Elapsed)
			for n, m := range list {
				if r.Ran[n] {
					ran[m.Name] = true
				}
				if r.Differs[n] != "" && diff[m.Name] == "" {
					diff[m.Name] = s.Name + ": " + r.Differs[n]
				}
			}
		}
		out, _ := os.Create("/tmp/equiv-" + v + ".txt")
		for _, m := range list {
			fmt.Fprintf(out, "%s ran=%v %s\n", m.Name, ran[m.Name], diff[m.Name])
		}
	}
}
