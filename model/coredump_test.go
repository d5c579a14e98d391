package model

import "testing"

// A dump kills the threads that it can gather: one that is past that place gets no SIGKILL (zap_process), and a zombie shows none.
func TestDumpSparesThoseWhoAreThrough(t *testing.T) {
	for _, v := range Versions {
		text := "kernel " + v.Name + "\nb := a.fork()\nt := b.clone(VM|SIGHAND|THREAD)\nb.exit(0)\na.tkill(t, QUIT)\n"
		s, _ := stepped(t, text)
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

// SIGKILL ends what v3.11 calls a core dump in the flags, so that other signals come as to any process that exits; in v6.x the
// core_state stays until the end, and lets only SIGKILL through (complete_signal, prepare_signal).
func TestKilledDumperAndOtherSignals(t *testing.T) {
	for _, v := range Versions {
		text := "kernel " + v.Name + "\nb := a.fork()\nt := b.clone(VM|SIGHAND|THREAD)\nt.fork().pause(copy_files)\n" +
			"a.kill(b, QUIT)\na.kill(b, KILL)\na.kill(b, TERM)\n"
		s, names := stepped(t, text)
		queued := false
		for i := range s.Task {
			if names.Of(TaskID(i)) == "b" {
				queued = s.Signal[s.Task[i].Signal].Shared.Has(SIGTERM)
			}
		}
		if want := v.Name == "v3.11"; queued != want {
			t.Errorf("%s: TERM after KILL is queued: %v", v.Name, queued)
		}
	}
}

// stepped is what a trace comes to.
func stepped(t *testing.T, text string) (s State, names *Names) {
	t.Helper()
	trace, err := ParseTrace("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k, err := trace.Boot.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	trace.Boot.State(&s)
	names = NewNames(&trace.Boot, &s)
	for _, l := range trace.Lines {
		if l.Stmt != nil {
			op := names.Resolve(k, &s, l.Stmt)
			res := k.Step(&s, op)
			names.Born(&s, op, l.Stmt.Bind, &res)
		}
	}
	return s, names
}

// Who dies of a signal to its group has taken SIGKILL off its own queue (get_signal); what was sent stays on that of the group.
func TestKilledHasTakenSigkill(t *testing.T) {
	for _, v := range Versions {
		s, names := stepped(t, "kernel "+v.Name+"\nb := a.fork()\na.kill(b, KILL)\n")
		for i := range s.Task {
			if p := &s.Task[i]; names.Of(TaskID(i)) == "b" && (p.Pending != 0 || !s.Signal[p.Signal].Shared.Has(SIGKILL)) {
				t.Errorf("%s: pending %v, for the group %v", v.Name, p.Pending.Names(), s.Signal[p.Signal].Shared.Names())
			}
		}
	}
}
