package model

import "testing"

// A dump kills the threads that it can gather: one that is past that place gets no SIGKILL (zap_process), and a zombie shows none.
func TestDumpSparesThoseWhoAreThrough(t *testing.T) {
	for _, v := range Versions {
		text := "kernel " + v.Name + "\nb := a.fork()\nt := b.clone(VM|SIGHAND|THREAD)\nb.exit(0)\na.tkill(t, QUIT)\n"
		trace, err := ParseTrace("through", []byte(text))
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
			}
		}
		zombies := 0
		for i := range s.Task {
			if p := &s.Task[i]; p.Stage == Hashed && p.ExitState == ExitZombie {
				if zombies++; p.Pending != 0 {
					t.Errorf("%s: the leader, dead before the dump, got %v", v.Name, p.Pending.Names())
				}
			}
		}
		if zombies != 1 {
			t.Errorf("%s: %d zombies, not the leader alone", v.Name, zombies)
		}
	}
}
