package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

// needLab skips a test where no trace can run.
func needLab(t *testing.T) {
	t.Helper()
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	if err := lab.Close(); err != nil {
		t.Error(err)
	}
}

// liveCountLine is the last line of a run.
var liveCountLine = regexp.MustCompile(`^live: (\d+) traces, \d+ steps, (\d+) divergences, kernel \S+$`)

// lastCount are the traces and the divergences of the last line.
func lastCount(t *testing.T, out string) (traces, divergences string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	m := liveCountLine.FindStringSubmatch(lines[len(lines)-1])
	if m == nil {
		t.Fatalf("the last line is none of a count:\n%s", out)
	}
	return m[1], m[2]
}

// Random traces say their seed, and how many there were.
func TestLiveRandom(t *testing.T) {
	needLab(t)
	t.Chdir(t.TempDir())
	status, out, errors := call("", "live", "-traces", "3", "-seed", "7")
	traces, divergences := lastCount(t, out)
	if traces != "3" || (divergences == "0") != (status == exitOK) || errors != "" || !strings.HasPrefix(out, "random traces, -seed 7\n") {
		t.Errorf("status %d, says %q, prints\n%s", status, errors, out)
	}
}

// A file whose results are those of the kernel is fine; so is one without results, and one that is taken for another kernel's.
func TestLiveFiles(t *testing.T) {
	needLab(t)
	for _, c := range []struct{ name, in, args string }{
		{"results", "kernel v6.x\nb := a.fork() // 3\na.wait4(9) // ECHILD do_wait", "-"},
		{"no results", "kernel v6.x world=container\na.fork()", "-"},
		{"another kernel", "kernel v3.11\na.fork() // 7", "-kernel v6.x -"},
		{"a trace of the project", "", "../../testdata/traces/v6-clone-thread-with-parent.trace"},
	} {
		status, out, errors := call(c.in, strings.Fields("live "+c.args)...)
		if traces, _ := lastCount(t, out); status != exitOK || traces != "1" || errors != "" {
			t.Errorf("%s: status %d, says %q, prints\n%s", c.name, status, errors, out)
		}
	}
}

// A result that a file has and the kernel does not give is told, each of them, and is no divergence.
func TestLiveUnexpected(t *testing.T) {
	needLab(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("wrong.trace", []byte("kernel v6.x\n# no\na.fork() // 9\na.kill(77, 0) // EPERM\na.fork() // 4\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	status, out, errors := call("", "live", "wrong.trace")
	const want = `wrong.trace:3: the kernel gives "3", and "9" is written
wrong.trace:4: the kernel gives "ESRCH kill_something_info", and "EPERM" is written
`
	if status != exitFound || errors != "" || !strings.HasPrefix(out, want) || !strings.Contains(out, "live: 1 traces, 3 steps, 0 divergences, 2 results not as written, kernel ") {
		t.Errorf("status %d, says %q, prints\n%s\nwant\n%s", status, errors, out, want)
	}
}

// A line whose outcome is open may have any result that the kernel may give; run -live says in which order it came, and what it prints
// can be run again.
func TestLiveOpenOutcome(t *testing.T) {
	needLab(t)
	t.Chdir(t.TempDir())
	const lines = "kernel v6.x\nr := a.clone(VM|SIGHAND|THREAD) // 3\nb := a.fork() // 4\na.wait4(-1) // asleep\nr.wait4(-1) // asleep do_wait\nb.exit(3)"
	status, out, errors := call(lines, "run", "-live", "-")
	if status != exitOK || errors != "" {
		t.Fatalf("status %d, says %q, prints\n%s", status, errors, out)
	}
	if status, again, errors := call(out, "run", "-"); status != exitOK || errors != "" {
		t.Errorf("%s\nrun again: status %d, says %q, prints\n%s", out, status, errors, again)
	}
	const a, r = " // -; a: b exited 3; r: ECHILD", " // -; a: ECHILD do_wait; r: b exited 3"
	written, other := a, r
	if strings.Contains(out, "a: ECHILD") {
		written, other = r, a
	}
	if status, _, _ := call(lines+written, "run", "-live", "-"); status != exitOK {
		t.Skip("this kernel takes one order and then the other")
	}
	if status, out, _ := call(lines+other, "live", "-"); status != exitFound || !strings.Contains(out, ", 0 divergences, 1 result not as written") {
		t.Errorf("the other order: status %d, prints\n%s", status, out)
	}
}

// Of divergences of one kind one is shown, and its trace kept; the others have a line.
func TestLiveDivergence(t *testing.T) {
	lab, err := forkcheck.OpenLab()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	t.Chdir(t.TempDir())
	k := &model.Kernel{Version: model.V6(), Limits: model.DefaultLimits}
	clone := &k.Calls[model.Clone]
	clone.Rows = slices.Delete(clone.Rows, clone.Row("pdeath_signal"), clone.Row("pdeath_signal")+1)
	trace, err := parse("odd.trace", []byte("kernel v6.x dress\na.kill(a, 0)\na.clone(FS)\na.fork()\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	var out, errors strings.Builder
	e := &env{strings.NewReader(""), &out, &errors}
	status := e.liveRun(&forkcheck.Beside{Lab: lab, Kernel: k}, []*model.Trace{trace, trace, trace}, liveOptions{})
	for _, want := range []string{"divergence 1: live-odd\n\n    kernel v6.x dress\n    a.fork() // 3\n", "steady: it shows in each of 5 runs",
		"\ndivergence 2: live-odd, at a.clone(FS): of the kind of divergence 1\n", "\ndivergence 3: live-odd, at a.clone(FS): of the kind of divergence 1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
	if traces, divergences := lastCount(t, out.String()); status != exitFound || traces != "3" || divergences != "3" {
		t.Errorf("status %d, %s traces and %s divergences, want 3", status, traces, divergences)
	}
	if _, err := os.Stat(filepath.Join("testdata", "failures", "live-odd.trace")); err != nil {
		t.Error(err)
	}
}

// run -live prints what the kernel answers, without the rows that it does not tell.
func TestRunLive(t *testing.T) {
	needLab(t)
	const in = `# a comment
kernel v6.x
t := a.clone(VM|SIGHAND|THREAD)
b := a.fork() // 7
t.clone(NEWPID|THREAD)
c := b.clone(NEWPID)
t.wait4(c)
a.wait4(b)
b.exit(3)
b.exit(1)
t.exit(0)
`
	const want = `# a comment
kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := a.fork()                   // 4
    # want: 7
t.clone(NEWPID|THREAD)          // EINVAL
c := b.clone(NEWPID)            // 5, 1 inside
t.wait4(c)                      // ECHILD
a.wait4(b)                      // asleep
b.exit(3)                       // -; a: b exited 3
b.exit(1)                       // no task
t.exit(0)                       // -

# <stdin>: 1 result is not the one written
`
	status, out, errors := call(in, "run", "-live", "-")
	if status != exitFound || errors != "" || out != want {
		t.Errorf("status %d, says %q (-want +got):\n%s", status, errors, cmp.Diff(want, out))
	}
	status, out, errors = call(strings.Replace(in, " // 7", "", 1), "run", "-live", "-")
	if status != exitOK || errors != "" || !strings.HasSuffix(out, "t.exit(0)                       // -\n") {
		t.Errorf("status %d, says %q, prints\n%s", status, errors, out)
	}
}

// What cannot run on a kernel is refused before anything runs, all files in one go.
func TestLiveRefused(t *testing.T) {
	needLab(t)
	const dir = "../../testdata/traces/"
	want := dir + "v6-fault-copies.trace:3: a fault: no user can make copy_files fail\n" +
		dir + "v6-limits-max-threads.trace:1: max_threads is a limit of the whole machine\n" +
		dir + "v6-exit-orphans-get-hup.trace:6: its result depends on the global init, which no trace has\n"
	for _, command := range []string{"live", "run -live"} {
		args := append(strings.Fields(command), dir+"v6-fault-copies.trace", dir+"v6-clone-thread-with-parent.trace", dir+"v6-limits-max-threads.trace",
			dir+"v6-exit-orphans-get-hup.trace")
		status, out, errors := call("", args...)
		if diff := cmp.Diff(want, errors); diff != "" || status != exitUsage || out != "" {
			t.Errorf("%s: status %d, prints %q (-want +got):\n%s", command, status, out, diff)
		}
	}
	if _, _, errors := call("# a comment\n\nkernel v6.x pid_ns_depth=3\n", "live", "-"); errors != "<stdin>:3: pid_ns_depth is built into the kernel\n" {
		t.Errorf("a world that cannot be is refused as %q", errors)
	}
}

// Bad usage and bad files get a line, on any machine.
func TestLiveErrors(t *testing.T) {
	const usage = "; usage: forkcheck "
	const exclude = "-live prints what the running kernel answers, with none of -json, -tree, -minimize and -fuzz" + usage + runUsage
	for _, c := range []struct{ args, in, want string }{
		{"live -x", "", "forkcheck: flag provided but not defined: -x" + usage + liveUsage},
		{"live -traces 0", "", "forkcheck: -traces=0 is outside 1..10000000"},
		{"live -seed 0", "", "forkcheck: -seed=0 is none; any other number is one"},
		{"live -kernel v6", "", "forkcheck: unknown kernel \"v6\"; valid: v3.11, v6.x"},
		{"live -kernel v3.11", "", "forkcheck: -kernel=v3.11 does not run here; the running kernel is compared with v6.x"},
		{"live -seed 3 -", small, "forkcheck: -seed is about random traces, and there are files" + usage + liveUsage},
		{"live none.trace -seed 3", "", "forkcheck: -seed comes after a file; flags come first"},
		{"live none.trace", "", "forkcheck: open none.trace: no such file or directory"},
		{"live -", "kernel v6.x\na.frok()", "<stdin>:2:3: unknown op \"frok\"; did you mean fork?"},
		{"live -", "# no\n" + small, "<stdin>:2: v3.11 is not the kernel that runs; -kernel v6.x takes the trace for one of that"},
		{"run -live -", small, "<stdin>:1: v3.11 is not the kernel that runs; -kernel v6.x takes the trace for one of that"},
		{"run -live", "", "forkcheck: no file" + usage + runUsage},
		{"run -live -json -", small, "forkcheck: " + exclude},
		{"run -live -tree -", small, "forkcheck: " + exclude},
		{"run -fuzz -live -", small, "forkcheck: " + exclude},
		{"run -live -minimize -", small, "forkcheck: " + exclude},
		{"run -live -kernel v3.11 -", small, "forkcheck: -kernel=v3.11 does not run here; the running kernel is compared with v6.x"},
	} {
		status, out, errors := call(c.in, strings.Fields(c.args)...)
		if diff := cmp.Diff(c.want+"\n", errors); diff != "" || status != exitUsage || out != "" {
			t.Errorf("%s: status %d, prints %q (-want +got):\n%s", c.args, status, out, diff)
		}
	}
}

// interrupter is an output that interrupts the program when something is written for the first time.
type interrupter struct {
	strings.Builder
	once sync.Once
	err  error
}

// Write writes.
func (i *interrupter) Write(p []byte) (int, error) {
	i.once.Do(func() {
		self, err := os.FindProcess(os.Getpid())
		if i.err = err; err == nil {
			i.err = self.Signal(os.Interrupt)
		}
	})
	return i.Builder.Write(p)
}

// An interrupt ends a run between two traces, with a count of those that ran.
func TestLiveInterrupt(t *testing.T) {
	needLab(t)
	t.Chdir(t.TempDir())
	var out interrupter
	var errors strings.Builder
	status := dispatch(&env{strings.NewReader(""), &out, &errors}, []string{"live", "-traces", "1000000"})
	if out.err != nil {
		t.Fatal(out.err)
	}
	_, divergences := lastCount(t, out.String())
	if want := map[bool]int{true: exitCut, false: exitFound}[divergences == "0"]; status != want {
		t.Errorf("status %d, want %d", status, want)
	}
	if !regexp.MustCompile(`^forkcheck: interrupted after the first \d+ of 1000000 traces\n$`).MatchString(errors.String()) {
		t.Errorf("says %q", errors.String())
	}
}

// A divergence is kept under a name that can be typed, wherever its trace came from.
func TestFileName(t *testing.T) {
	for file, want := range map[string]string{
		"<stdin>": "live-stdin", "a/b/c.trace": "live-c", "x.txt": "live-x.txt", "my file.trace": "live-my_file", "a;rm $b\n'*\"é.trace": "live-a_rm__b_____",
	} {
		if got := fileName(&model.Trace{File: file}); got != want {
			t.Errorf("%q is kept as %q, want %q", file, got, want)
		}
	}
}

// What run -live prints is a trace that can be run again, whatever was written in its file: what differs is a comment, and
// a choice is there only where this kernel took that order.
func TestRunLiveAgain(t *testing.T) {
	needLab(t)
	for _, c := range []struct {
		lines string
		want  int
	}{
		{"kernel v6.x\nb := a.fork() // 7\na.kill(77, 0) // 0\na.wait4(b) // 9", exitFound},
		{"kernel v6.x\nb := a.fork()\nb.exit(5).choose(7)\na.wait4(b).choose(1)", exitOK},
	} {
		status, out, errors := call(c.lines, "run", "-live", "-")
		if status != c.want || errors != "" {
			t.Errorf("status %d, want %d, says %q, prints\n%s", status, c.want, errors, out)
		}
		if status, again, errors := call(out, "run", "-"); status != exitOK || errors != "" {
			t.Errorf("%s\nrun again: status %d, says %q, prints\n%s", out, status, errors, again)
		}
	}
}

// A kernel cannot be asked for the choice of a line: where it took another order, what is written behind says nothing,
// even if the line itself has the same result.
func TestLiveOtherOrder(t *testing.T) {
	needLab(t)
	t.Chdir(t.TempDir())
	const lines = "kernel v6.x\np := a.fork()\nq := a.fork()\nb := p.fork()\nc := q.fork()\n" +
		"b.sigaction(TERM, IGN)\nc.sigaction(TERM, IGN)\n" +
		"a.kill(-1, TERM).choose(%d) // 0\nb.exit(1)\nc.exit(2)\ninit.wait4(-1) // %s\n"
	first := strings.Replace(fmt.Sprintf(lines, 0, "b exited 1"), ".choose(0)", "", 1)
	second := fmt.Sprintf(lines, 1, "c exited 2")
	for _, text := range []string{first, second} {
		if status, _, errors := call(text, "run", "-"); status != exitOK {
			t.Fatalf("the model: status %d, %s", status, errors)
		}
	}
	if status, out, errors := call(second, "live", "-"); status != exitOK || errors != "" {
		t.Errorf("status %d, says %q, prints\n%s", status, errors, out)
	}
}

// A file whose results depend on a capability that root has not here is refused, and not told to be wrong.
func TestLiveLacksCapability(t *testing.T) {
	lab, err := live.Open()
	if err != nil {
		t.Skip(err)
	}
	defer lab.Close()
	if lab.UserNS || lab.Caps()&model.CapSysResource != 0 {
		t.Skip("root has CAP_SYS_RESOURCE here, or the lab none that counts")
	}
	const in = "kernel v6.x uid=1000 caps=SYS_RESOURCE nproc=1\na.kill(a, 0)\na.fork() // 3"
	status, out, errors := call(in, "live", "-")
	const want = "<stdin>:3: its result depends on a capability that root has not here: SYS_RESOURCE\n"
	if status != exitUsage || out != "" || errors != want {
		t.Errorf("status %d, prints %q, says %q", status, out, errors)
	}
}
