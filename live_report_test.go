package forkcheck_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

// A model whose fork keeps the parent-death signal diverges: the trace is made short, and its file shows it again.
func TestLiveReport(t *testing.T) {
	k := &model.Kernel{Version: model.V6(), Limits: model.DefaultLimits}
	clone := &k.Calls[model.Clone]
	clone.Rows = slices.Delete(clone.Rows, clone.Row("pdeath_signal"), clone.Row("pdeath_signal")+1)
	b := forkcheck.Beside{Lab: openLab(t), Kernel: k}
	trace, err := model.ParseTrace("text", []byte("kernel v6.x dress world=container\nx := a.fork()\na.kill(x, 0)\ny := a.clone(FS|IO)\nx.exit(3)"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Run(trace)
	if err != nil || r.Divergence == nil {
		t.Fatalf("error %v, divergence %v", err, r.Divergence)
	}
	m, err := b.MinimizeLive(trace, r.Divergence)
	if err != nil {
		t.Fatal(err)
	}
	head, rows, _ := strings.Cut(m.Report(), "the model ran the rows ")
	const want = "    kernel v6.x dress\n    x := a.fork() // 3\n\nx.Pdeath: the model \"USR2\", the kernel \"\"\n\n"
	if diff := cmp.Diff(want, head); diff != "" || !strings.HasSuffix(rows, "\n\nsteady: it shows in each of 5 runs\n") || !strings.Contains(rows, "leader_ids, thread_group") {
		t.Errorf("rows\n%s\n(-want +got):\n%s", rows, diff)
	}
	replayLive(t, &b, m)
}

// Of a task that only one side has it is said that the other has none, and not of all that it shares.
func TestLiveStranger(t *testing.T) {
	k := &model.Kernel{Version: model.V6(), Limits: model.DefaultLimits}
	clone := &k.Calls[model.Clone]
	clone.Rows = slices.Delete(clone.Rows, clone.Row("sighand_needs_vm"), clone.Row("sighand_needs_vm")+1)
	b := forkcheck.Beside{Lab: openLab(t), Kernel: k}
	trace, err := model.ParseTrace("text", []byte("kernel v6.x\nA := a.clone(SIGHAND)"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Run(trace)
	if err != nil || r.Divergence == nil {
		t.Fatalf("error %v, divergence %v", err, r.Divergence)
	}
	const want = `A: the model a task, running, the kernel nothing
the answer to a.Ret: the model 3, the kernel -1
the answer to a.Errno: the model "", the kernel "EINVAL"
the answer to a.Child: the model "A", the kernel ""`
	if diff := cmp.Diff(want, r.Divergence.Text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// replayLive saves a trace and runs it again.
func replayLive(t *testing.T, b *forkcheck.Beside, m *forkcheck.Minimal) {
	t.Helper()
	file, err := m.Save(t.TempDir(), "live")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := model.ParseTrace(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := b.Run(again); err != nil || r.Divergence == nil || r.Divergence.Text != m.Text {
		t.Errorf("%s\nerror %v, divergence %+v, want %s", text, err, r.Divergence, m.Text)
	}
}

// What cannot run is refused with its line and the reason, the world with the first line.
func TestLiveRefuses(t *testing.T) {
	b := forkcheck.Beside{Lab: openLab(t)}
	for _, c := range []struct {
		text string
		line int
		why  string
	}{
		{"kernel v6.x\na.fork()\na.exit(0)", 0, ""},
		{"kernel v6.x max_threads=9\na.fork()", 1, "max_threads is a limit of the whole machine"},
		{"kernel v6.x\na.fork()\na.fork().fault(copy_mm, ENOMEM)", 3, "a fault: no user can make copy_mm fail"},
		{"kernel v6.x\nb := a.fork().pause(copy_mm)\na.resume()", 2, "a pause: no user can hold a call half-way"},
		{"kernel v6.x\na.fork()\ninit.exit(0)", 3, "the global init would die"},
		{"kernel v6.x\nb := a.fork()\na.kill(b, STOP)\na.exit(0)\ninit.wait4(b)", 5, "its result depends on the global init, which no trace has"},
	} {
		trace, err := model.ParseTrace("text", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		no := 0
		l, why := b.Refuses(trace)
		if l != nil {
			no = l.No
		}
		if no != c.line || why != c.why {
			t.Errorf("%s\nis refused in line %d: %q; want %d: %q", c.text, no, why, c.line, c.why)
		}
	}
}

// A kernel without a kind of namespaces is not asked for them, and what it shows is compared without.
func TestLiveWithoutNamespaces(t *testing.T) {
	lab := openLab(t)
	lab.Lacks = model.CloneNewTime | model.CloneNewNet
	b := forkcheck.Beside{Lab: lab}
	for text, want := range map[string]string{
		"kernel v6.x\nb := a.clone(NEWPID)\na.wait4(-1, __WALL)": "",
		"kernel v6.x\na.clone(NEWNET|NEWPID)":                    "the kernel has no net namespaces",
		"kernel v6.x\na.unshare(NEWNET|NEWTIME)":                 "the kernel has no net and no time namespaces",
	} {
		trace, err := model.ParseTrace("t", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, why := b.Refuses(trace); why != want {
			t.Errorf("%s\nis refused: %q, want %q", text, why, want)
		}
	}
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: 10, Seed: 1}
	for seed := range uint64(100) {
		if _, why := lab.Refuses(r.Draw(seed + 1)); why != "" {
			t.Errorf("the trace of seed %d is drawn and refused: %s", seed+1, why)
		}
	}
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error { return reportMinimal(t, lab, tr, d) })
	if err != nil || n.Less == "" {
		t.Errorf("%v, %v", n, err)
	}
}

// What a machine does not show is left out on both sides, and the last line says so.
func TestLiveWithout(t *testing.T) {
	for _, c := range []struct {
		name, text string
		lacks      func(l *live.Lab)
	}{
		{"kcmp", "kernel v6.x\nb := a.clone(FILES)\nb.unshare(FILES)\nb.exit(0)\n", func(l *live.Lab) { l.Blind = true }},
		{"tid address", "kernel v6.x\nb := a.clone(CHILD_CLEARTID)\nb.fork()\nb.exit(0)\n", func(l *live.Lab) { l.NoTid = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := openLab(t)
			c.lacks(lab)
			trace, err := model.ParseTrace("t", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			b := forkcheck.Beside{Lab: lab}
			r, err := b.Run(trace)
			if err != nil || r.Divergence != nil || r.Steps != 3 {
				t.Errorf("%+v, %v", r, err)
			}
			if forkcheck.Less(lab) == "" {
				t.Error("the last line does not say so")
			}
		})
	}
}

// Divergences are of one kind if the same call with the same flags makes the same fields differ, whoever does it.
func TestLiveKind(t *testing.T) {
	const refused = "%[1]s: the model a task, running, the kernel nothing\nthe answer to %[2]s.Errno: the model \"\", the kernel \"EINVAL\""
	kind := func(text, differs string) string {
		trace, err := model.ParseTrace("t", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return (&forkcheck.Minimal{Divergence: &forkcheck.Divergence{Text: differs}, Trace: trace}).Kind()
	}
	one := kind("kernel v6.x\na.clone(VM)", fmt.Sprintf(refused, "#3", "a"))
	for _, c := range []struct {
		name, text, differs string
		same                bool
	}{
		{"another task", "kernel v6.x\nb := a.fork()\nc := b.clone(VM)", fmt.Sprintf(refused, "c", "b"), true},
		{"another flag", "kernel v6.x\na.clone(FS)", fmt.Sprintf(refused, "#3", "a"), false},
		{"another call", "kernel v6.x\na.unshare(0x100)", fmt.Sprintf(refused, "#3", "a"), false},
		{"the other way round", "kernel v6.x\na.clone(VM)", "#3: the model nothing, the kernel a task, running\nthe answer to a.Errno: the model \"EINVAL\", the kernel \"\"", false},
		{"another errno", "kernel v6.x\na.clone(VM)", strings.Replace(fmt.Sprintf(refused, "#3", "a"), "EINVAL", "EAGAIN", 1), false},
		{"another field", "kernel v6.x\na.clone(VM)", fmt.Sprintf(refused, "#3", "a") + "\na.Threads: the model 2, the kernel 1", false},
	} {
		if same := kind(c.text, c.differs) == one; same != c.same {
			t.Errorf("%s: the same kind: %v", c.name, same)
		}
	}
}

// A divergence that does not show each time is only called flaky where the model leaves a choice, which is named.
func TestLiveNamesTheChoice(t *testing.T) {
	k := &model.Kernel{Version: model.V6(), Limits: model.DefaultLimits}
	clone := &k.Calls[model.Clone]
	clone.Rows = slices.Delete(clone.Rows, clone.Row("pdeath_signal"), clone.Row("pdeath_signal")+1)
	b := forkcheck.Beside{Lab: openLab(t), Kernel: k}
	const waiters = "kernel v6.x dress\nb := init.fork()\nu := b.clone(VM|SIGHAND|THREAD)\nc := b.fork()\nb.wait4(-1)\nu.wait4(-1)\nc.exit(3)\na.fork()"
	for _, c := range []struct{ text, want string }{
		{waiters, "flaky: it shows in 2 of 5 runs, so the trace was not made shorter; in line 7 it is open who is first: c (preempt_schedule), b (wake_up), u (wake_up)"},
		{"kernel v6.x dress\na.fork()", "unexplained: it shows in 2 of 5 runs, and the model leaves no choice; the kernel, or what is around it, has one"},
	} {
		trace, err := model.ParseTrace("text", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Run(trace)
		if err != nil || r.Divergence == nil {
			t.Fatalf("error %v, divergence %v", err, r.Divergence)
		}
		m := r.Divergence.AsFound(trace)
		m.Runs, m.Shown = 5, 2
		if got := m.Report(); !strings.HasSuffix(got, "\n"+c.want+"\n") {
			t.Errorf("%s\nends\n%s\nwant %s", c.text, got, c.want)
		}
	}
}
