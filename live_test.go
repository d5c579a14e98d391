package forkcheck_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

var (
	liveFlag   = flag.String("live", "", "`off`: leave the running kernel alone")
	liveTraces = flag.Int("live.traces", 150, "TestLive: how many random traces; half as many if tests are short")
	liveSeed   = flag.Uint64("live.seed", 1, "TestLive: the seed of the first trace")
)

// openLab is a lab until the test is over. Where there can be none the test is skipped.
func openLab(t *testing.T) *live.Lab {
	t.Helper()
	if *liveFlag == "off" {
		t.Skip("-live=off")
	}
	if !heldAgainst(live.Kernel()) {
		t.Skipf("v6.x was held against 6.12 to 7.2, and this is %s; `forkcheck live` compares any kernel", live.Kernel())
	}
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	recognize(t, lab)
	return lab
}

// recognized is what the first lab found out about the kernel, which is the same for all.
var recognized struct {
	sync.Once
	variants []*model.Variant
	err      error
}

// recognize tells a lab which variants its kernel has.
func recognize(t *testing.T, lab *live.Lab) {
	t.Helper()
	recognized.Do(func() {
		recognized.err = forkcheck.Recognize(lab)
		recognized.variants = lab.Variants
	})
	if recognized.err != nil {
		t.Fatal(recognized.err)
	}
	lab.Variants = slices.Clone(recognized.variants)
}

// heldAgainst says whether a release is one of those of which all differences from v6.x are known.
func heldAgainst(release string) bool {
	var major, minor int
	_, err := fmt.Sscanf(release, "%d.%d", &major, &minor)
	return err == nil && (major == 6 && minor >= 12 || major == 7 && minor <= 2)
}

// mostBlocks is how many divergences a test prints.
const mostBlocks = 5

// someTraces is one in so many of the random traces that are asked for, but one at least.
func someTraces(in int) int {
	if testing.Short() {
		in *= 2
	}
	return max(1, *liveTraces/in)
}

// Random traces run beside the running kernel: it shows what the model says.
func TestLive(t *testing.T) {
	r := forkcheck.LiveRun{Lab: openLab(t), Version: model.V6(), Traces: someTraces(1), Seed: *liveSeed}
	left := mostBlocks
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error {
		if left--; left < 0 {
			t.Errorf("more than %d divergences", mostBlocks)
			return nil
		}
		return reportMinimal(t, r.Lab, tr, d)
	})
	t.Log(n)
	if err != nil {
		t.Fatal(err)
	}
}

// In a user namespace a trace has one user only, and may limit the number of namespaces.
func TestLiveUserNS(t *testing.T) {
	openLab(t)
	lab, err := live.OpenUserNS()
	if err != nil {
		t.Skipf("no lab in a user namespace (%v); allow unprivileged user namespaces", err)
	}
	defer lab.Close()
	recognize(t, lab)
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: someTraces(5), Seed: *liveSeed}
	n, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error { return reportMinimal(t, lab, tr, d) })
	if t.Log(n); err != nil {
		t.Fatal(err)
	}
}

// Where rest is known by a time bound, traces come out the same. A dying init that waits for others, who are dead but for their
// old parents, is at rest.
func TestLiveWeak(t *testing.T) {
	lab := openLab(t)
	lab.Weak = true
	trace, err := model.ParseTrace("t", []byte("kernel v6.x\ne := a.fork()\ne.unshare(NEWPID)\nf := e.clone(PARENT)\ng := e.clone(VM)\nf.exit_group(0)\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := forkcheck.Beside{Lab: lab}
	if r, err := b.Run(trace); err != nil || r.Divergence != nil || r.Steps != 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6(), Traces: someTraces(15), Seed: *liveSeed}
	if _, err := r.Run(func(tr *model.Trace, d *forkcheck.Divergence) error { return reportMinimal(t, lab, tr, d) }); err != nil {
		t.Fatal(err)
	}
}

// reportMinimal fails a test with a divergence made small. One that never shows again is only told.
func reportMinimal(t *testing.T, lab *live.Lab, tr *model.Trace, d *forkcheck.Divergence) error {
	t.Helper()
	b := forkcheck.Beside{Lab: lab}
	m, err := b.MinimizeLive(tr, d)
	if err != nil {
		return err
	}
	tell := t.Errorf
	if m.Shown == 0 {
		tell = t.Logf
	}
	tell("%s", block(m.Trace, m.Divergence, fmt.Sprintf("\nit shows in %d of 5 more runs", m.Shown)))
	return nil
}

// block is what a test says of a divergence.
func block(tr *model.Trace, d *forkcheck.Divergence, more string) string {
	return fmt.Sprintf("\n%s\nat %s\n%s%s", tr, d.Line.Stmt, d.Text, more)
}

// again runs a trace, and once more if it diverges, and then once more if it does not: what shows in two of three runs counts.
func again(t *testing.T, b *forkcheck.Beside, tr *model.Trace) forkcheck.BesideResult {
	t.Helper()
	var agreed forkcheck.BesideResult
	for shown, hidden := 0, 0; ; {
		r, err := b.Run(tr)
		switch {
		case err != nil:
			t.Fatal(err)
		case r.Divergence == nil:
			agreed = r
			hidden++
		default:
			shown++
		}
		switch {
		case shown == 2:
			return r
		case shown == 0, hidden == 2:
			return agreed
		}
	}
}

// The conversations of v6.x run on the running kernel as the model says.
func TestLiveTraces(t *testing.T) {
	lab := openLab(t)
	b := forkcheck.Beside{Lab: lab}
	agree, cut, refused := 0, 0, 0
	for _, c := range conversations(t, "v6.x") {
		if _, why := lab.Refuses(c.Trace); why != "" {
			refused++
			continue
		}
		switch r := again(t, &b, c.Trace); {
		case r.Divergence != nil:
			t.Error(block(c.Trace, r.Divergence, "\n"+c.file))
		case r.Why != "":
			cut++
		default:
			agree++
		}
	}
	if agree == 0 {
		t.Error("none was compared")
	}
	t.Logf("conversations of v6.x: %d agree, %d as far as they can be compared, %d cannot run here", agree, cut, refused)
}

// conversation is a trace of testdata.
type conversation struct {
	file string
	*model.Trace
}

// conversations are those that are written for a version; every third if tests are short.
func conversations(t *testing.T, version string) (list []conversation) {
	t.Helper()
	for _, file := range traceFiles(t) {
		if c := (conversation{file, readTrace(t, file)}); c.Boot.Version == version && strings.HasPrefix(file, "testdata/traces/") {
			list = append(list, c)
		}
	}
	if testing.Short() {
		list = everyThird(list)
	}
	return list
}

func everyThird(list []conversation) (some []conversation) {
	for i := 0; i < len(list); i += 3 {
		some = append(some, list[i])
	}
	return some
}

// A variant that the kernel has shows in its trace where the model does without it, and one that it has not where the model
// does have it.
func TestLiveVariants(t *testing.T) {
	lab := openLab(t)
	t.Logf("%s: %s", live.Kernel(), forkcheck.TellVariants(lab))
	has := lab.Variants
	for i := range model.Variants {
		v := &model.Variants[i]
		lab.Variants = slices.DeleteFunc(slices.Clone(has), func(h *model.Variant) bool { return h == v })
		if len(lab.Variants) == len(has) {
			lab.Variants = append(lab.Variants, v)
		}
		trace, err := model.ParseTrace(v.Name, []byte(v.Shows))
		if err != nil {
			t.Fatal(err)
		}
		b := forkcheck.Beside{Lab: lab}
		if _, why := b.Refuses(trace); why != "" {
			t.Logf("%s: %s", v.Name, why)
			continue
		}
		if r, err := b.Run(trace); err != nil || r.Divergence == nil {
			t.Errorf("%s: error %v, divergence %v", v.Name, err, r.Divergence)
		}
	}
}
