//go:build linux && amd64

package live

import (
	"testing"

	"forkcheck/model"
)

func TestLab(t *testing.T) {
	l, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Log(l.base, l.caps, l.UserNS)
	for _, text := range []string{"kernel v6.x", "kernel v6.x dress", "kernel v6.x uid=1000", "kernel v6.x world=container dress uid=1000 caps=KILL nproc=3"} {
		tr, err := model.ParseTrace("x", []byte(text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Begin(&tr.Boot); err != nil {
			t.Fatal(text, err)
		}
		o, err := l.Observe(true)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range o.Tasks {
			t.Logf("%+v", v)
		}
		c := Call{Actor: "a", Op: model.Op{Kind: model.Clone, Sig: 17}}
		calls, err := l.Step(&c)
		t.Log(calls, err)
		if err := l.End(); err != nil {
			t.Fatal(err)
		}
	}
}
