package model

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// outcome is what Outcomes yields.
type outcome struct {
	state  State
	res    Result
	choice uint64
}

// allOutcomes checks what Outcomes promises: choice 0 first, ascending, no two the same, and each is what Step does.
func allOutcomes(t rapid.TB, k *Kernel, s *State, op Op) (list []outcome) {
	t.Helper()
	before := *s
	all := k.Outcomes(s, op, func(s *State, res *Result, choice uint64) bool {
		list = append(list, outcome{*s, *res, choice})
		return true
	})
	if !all || *s != before || list[0].choice != 0 {
		t.Fatalf("all: %v, unchanged: %v, first: %d", all, *s == before, list[0].choice)
	}
	for i, o := range list {
		if o.choice == NoChoice {
			continue
		}
		again := *s
		op.Choice = o.choice
		res := k.Step(&again, op)
		if res.why = ""; again != o.state || res != o.res {
			t.Fatalf("choice %d of %v does something else: %s", o.choice, op, cmp.Diff(o.res.Return, res.Return))
		}
		for _, other := range list[:i] {
			if other.choice >= o.choice || other.state == o.state && other.res == o.res {
				t.Fatalf("%d is not after %d, or the same", o.choice, other.choice)
			}
		}
	}
	return list
}

// play runs all lines of a trace but the last one, which it resolves.
func play(t *testing.T, text string) (*Kernel, *State, Op, *Names) {
	t.Helper()
	trace := mustParse(t, text)
	k, s := world(t, trace.Boot)
	names := NewNames(&trace.Boot, s)
	for i := range trace.Lines {
		st := trace.Lines[i].Stmt
		if st == nil {
			continue
		}
		op := names.Resolve(k, s, st)
		if i == len(trace.Lines)-1 {
			return k, s, op, names
		}
		res := k.Step(s, op)
		names.Born(s, op, st.Bind, &res)
		names.Gone(s)
	}
	t.Fatal("an empty trace")
	return nil, nil, Op{}, nil
}

// What the last op of a trace can come to, with the first choice for each result.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct{ name, trace, want string }{
		{"nobody else has anything to do", `
b := a.fork()
b.exit(0)`, "0: -"},
		{"one sleeper", `
b := a.fork()
a.wait4(-1)
b.exit(5)`, "0: -; a: b exited 5"},
		{"two wait for one child", `
t := a.clone(VM|SIGHAND|THREAD)
b := a.fork()
a.wait4(-1)
t.wait4(-1)
b.exit(5)`, "0: -; a: b exited 5; t: ECHILD do_wait\n2: -; a: ECHILD do_wait; t: b exited 5"},
		{"who dies first is reported", `
b := a.fork()
c := a.fork()
a.sigaction(TERM, IGN)
b.sigaction(TERM, DFL)
c.sigaction(TERM, DFL)
a.wait4(-1)
init.kill(-1, TERM)`, "0: 0; a: b killed TERM\n5: 0; a: c killed TERM"},
		{"there is no such actor", `
b := a.fork()
b.exit(0)
b.exit(0)`, "0: no task"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, s, op, names := play(t, "kernel v6.x"+c.trace)
			var lines []string
			said := map[string]bool{}
			for _, o := range allOutcomes(t, k, s, op) {
				if text := o.res.Text(op, names.Of); !said[text] {
					said[text] = true
					lines = append(lines, fmt.Sprintf("%d: %s", o.choice, text))
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
