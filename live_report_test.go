package forkcheck_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
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

// Where nobody can tell who shares what, that is left out on both sides.
func TestLiveWithoutKcmp(t *testing.T) {
	lab := openLab(t)
	lab.Blind = true
	trace, err := model.ParseTrace("t", []byte("kernel v6.x\nb := a.clone(FILES)\nb.unshare(FILES)\nb.exit(0)\n"))
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
}
