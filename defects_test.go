package forkcheck_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/internal/live"
	"forkcheck/model"
)

// native are the defects of current kernels that the model has, each with a search that shows it, and the change of the kernel with
// which the same search finds nothing that breaks: it mends the defect and does no harm there. docs/defects.md tells of them.
var native = []struct {
	id    string
	world string
	scope *generators.Scope
	depth int
	mend  func(v *model.Version, s *model.Setting)
}{
	{"N1", "", handlers, 4, func(v *model.Version, _ *model.Setting) {
		for _, call := range []model.Kind{model.Exit, model.ExitGroup, model.Die} {
			row := &v.Calls[call].Rows[v.Calls[call].Row("ignore_sigchld")]
			row.Body = ownHandlersFirst{row.Body}
		}
	}},
	{"N3", "world=container", masks, 4, sparesInit},
	{"N3", "", generators.FindScope("signals"), 3, sparesInit}, // the global init
}

// sparesInit lets no fatal signal but SIGKILL begin the exit of an init.
func sparesInit(_ *model.Version, s *model.Setting) { s.SparesInit = true }

// handlers is a scope of processes that share signal handlers, in pid namespaces or not.
var handlers = &generators.Scope{Name: "handlers", Says: "who shares signal handlers, in and below pid namespaces", Tasks: 6, Lazy: true, Letters: func(*model.Kernel) []generators.Letter {
	const handlers = model.CloneVM | model.CloneSighand
	list := []generators.Letter{{Kind: model.Exit}, {Kind: model.Wait4, Arg: -1}, {Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGKILL}}
	for _, flags := range []model.Flags{0, handlers, handlers | model.CloneThread, model.CloneNewPID, handlers | model.CloneNewPID} {
		list = append(list, generators.Letter{Kind: model.Clone, Flags: flags, Sig: model.SIGCHLD})
	}
	return list
}}

// masks is a scope of signals to processes whose threads block them or not.
var masks = &generators.Scope{Name: "masks", Says: "fatal signals, and threads that block them", Tasks: 6, Lazy: true, Letters: func(*model.Kernel) []generators.Letter {
	term := model.SIGTERM.Bit()
	list := []generators.Letter{{Kind: model.Exit}, {Kind: model.Clone, Sig: model.SIGCHLD}, {Kind: model.Clone, Flags: model.CloneVM | model.CloneSighand | model.CloneThread},
		{Kind: model.Sigprocmask, Mode: model.SigBlock, Set: term}, {Kind: model.Sigprocmask, Mode: model.SigUnblock, Set: term},
		{Kind: model.Sigaction, Sig: model.SIGTERM, Mode: model.SigHandler}, {Kind: model.Tkill, Target: generators.Anyone, Sig: model.SIGTERM}}
	for _, sig := range []model.Signal{model.SIGTERM, model.SIGKILL} {
		list = append(list, generators.Letter{Kind: model.Kill, Target: generators.Anyone, Sig: sig})
	}
	return list
}}

// ownHandlersFirst gives a task handlers of its own before it changes them, as exec does (unshare_sighand).
type ownHandlersFirst struct{ model.Body }

// Do is the row.
func (b ownHandlersFirst) Do(k *model.Kernel, s *model.State, f *model.Flight) model.Errno {
	p := &s.Task[f.Op.Actor]
	counts := &s.Count[model.Sighand]
	if old := p.Ref[model.Sighand]; counts[old] > 1 {
		free := slices.Index(counts[1:], 0) + 1
		s.Sighand[free], p.Ref[model.Sighand] = s.Sighand[old], model.Ref(free)
		counts[free], counts[old] = 1, counts[old]-1
	}
	return b.Body.Do(k, s, f)
}

// Each defect of current kernels goes away with a change of the row at fault, and nothing else breaks where the search has shown it.
func TestNativeDefectsMended(t *testing.T) {
	if testing.Short() {
		t.Skip("searches for some seconds; without -short")
	}
	t.Parallel()
	for _, d := range native {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			scope := *d.scope
			scope.World = d.world
			e := forkcheck.Explore{Version: model.V6(), Scope: &scope, Depth: d.depth}
			before := explore(t, e)
			if !shows(before, d.id) {
				t.Errorf("%s does not show in %d transitions", d.id, before.Transitions)
			}
			d.mend(e.Version, &e.Setting)
			after := explore(t, e)
			for _, f := range after.Failures {
				t.Errorf("with the change:\n%s", f.Report())
			}
			t.Logf("%s: %d states, %d transitions, and with the change %d states, %d transitions; then %d invariants break",
				d.id, before.States, before.Transitions, after.States, after.Transitions, len(after.Failures))
		})
	}
}

// shows says whether a search has come to a known defect.
func shows(x *forkcheck.Exploration, id string) bool {
	return slices.ContainsFunc(x.Failures, func(f *forkcheck.Failure) bool { return f.Breach.Known != nil && f.Breach.Known.ID == id })
}

// defectPrograms are the programs in docs/defects. What one says of the running kernel is what the model says of it, where that has the
// defect.
var defectPrograms = []struct {
	file  string
	shows func(variants []string) bool // nil: the model has no such calls
}{
	{"n1-sigchld-ignored.c", func([]string) bool { return true }},
	{"n3-init-killed.c", func(variants []string) bool { return !slices.Contains(variants, "spares_init") }},
	{"setns-moves-peer.c", nil},
	{"ptrace-kills-init.c", nil},
}

// The programs build without a warning, end soon, and agree with the model of the running kernel.
func TestDefectPrograms(t *testing.T) {
	lab := openLab(t)
	if v := live.Kernel(); !strings.HasPrefix(v, "6.") && !strings.HasPrefix(v, "7.") {
		t.Skipf("kernel %s is older than those that the programs were tried on", v)
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	var variants []string
	for _, v := range lab.Variants {
		variants = append(variants, v.Name)
	}
	sources, err := filepath.Glob("docs/defects/*.c")
	if err != nil || len(sources) != len(defectPrograms) {
		t.Errorf("%d programs are run, and there are %v, %v", len(defectPrograms), sources, err)
	}
	for _, p := range defectPrograms {
		t.Run(p.file, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "program")
			if out, err := exec.Command(cc, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-o", program, filepath.Join("docs", "defects", p.file)).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, program)
			out, err := cmd.Output()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			switch status := cmd.ProcessState.ExitCode(); {
			case status == 2:
				t.Skipf("%s", out)
			case status != 0 && status != 1:
				t.Errorf("status %d, prints\n%s", status, out)
			case p.shows != nil && p.shows(variants) != (status == 1):
				t.Errorf("status %d, and the model of this kernel, with the variants %v, says the contrary:\n%s", status, variants, out)
			}
		})
	}
}

// The page about defects has every program, and no other.
func TestDefectPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("docs", "defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range defectPrograms {
		if !strings.Contains(string(text), "(defects/"+p.file+")") {
			t.Errorf("docs/defects.md does not have a link to defects/%s", p.file)
		}
	}
	for _, d := range native {
		if !strings.Contains(string(text), "## "+d.id+":") {
			t.Errorf("docs/defects.md has no section %s", d.id)
		}
	}
}
