package model

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The child reaper of a dead pid namespace is not whoever has its slot now.
func TestReaperOfDeadNamespace(t *testing.T) {
	const text = "kernel v6.x\na.unshare(NEWPID)\nb := a.fork()\nb.exit(0)\na.wait4(b)\nc := init.fork()\n"
	trace, err := ParseTrace("dead", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k, err := trace.Boot.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	var s State
	trace.Boot.State(&s)
	names := NewNames(&trace.Boot, &s)
	for _, l := range trace.Lines {
		if l.Stmt != nil {
			op := names.Resolve(k, &s, l.Stmt)
			res := k.Step(&s, op)
			names.Born(&s, op, l.Stmt.Bind, &res)
			names.Gone(&s)
		}
	}
	o := Observe(k, &s, names.Of)
	want := []PidNSView{
		{Label: "pid:1", LastPid: 4, Population: 3, Reaper: "init", Adding: true},
		{Label: "pid:2", Level: 1, LastPid: 1, Reaper: "gone"},
	}
	if diff := cmp.Diff(want, o.PidNamespaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
