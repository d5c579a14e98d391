//go:build linux && amd64

package live

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"forkcheck/internal/testmain"
	"forkcheck/model"
)

// TestMain is a controller that opens a lab, begins a trace and waits to be killed, if a test asks for one.
func TestMain(m *testing.M) {
	if os.Getenv("LIVE_TEST_CONTROLLER") != "" {
		fmt.Println(waitInLab())
		select {}
	}
	testmain.Run(m)
}

// waitInLab begins a trace and says which tasks there are.
func waitInLab() string {
	l, err := Open()
	if err != nil {
		return err.Error()
	}
	boot := model.DefaultBoot()
	if err := l.Begin(&boot); err != nil {
		return err.Error()
	}
	return fmt.Sprint(l.zygote.tid, l.tasks[0].tid, l.tasks[1].tid)
}

func openLab(t testing.TB) *Lab {
	t.Helper()
	l, err := Open()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// run runs a trace of the plain world and answers what is seen in the end.
func run(t testing.TB, l *Lab, calls ...Call) (answers []model.Call, o model.Observation) {
	t.Helper()
	boot := model.DefaultBoot()
	check(t, l.Begin(&boot))
	var err error
	for i := range calls {
		answers, err = l.Step(&calls[i])
		check(t, err)
	}
	o, err = l.Observe(true)
	check(t, err)
	check(t, l.End())
	return answers, o
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fork(actor, bind string) Call {
	return Call{Actor: actor, Bind: bind, Op: model.Op{Kind: model.Clone, Sig: model.SIGCHLD}}
}

func op(actor string, o model.Op, number int) Call { return Call{Actor: actor, Op: o, Number: number} }

// An ordinary trace: a child exits and is waited for.
func TestForkExitWait(t *testing.T) {
	l := openLab(t)
	answers, o := run(t, l, fork("a", "b"), op("b", model.Op{Kind: model.Exit, Arg: 5}, 0), op("a", model.Op{Kind: model.Wait4}, -1))
	want := []model.Call{{Actor: "a", Call: "wait4", Outcome: "returned", Ret: 3, Reports: "b", Status: "exited 5"}}
	if diff := cmp.Diff(want, answers); diff != "" || len(o.Tasks) != 2 {
		t.Errorf("%d tasks are left; (-want +got):\n%s", len(o.Tasks), diff)
	}
}

// The same trace gives the same observation each time, whatever the numbers outside.
func TestSameEachTime(t *testing.T) {
	l := openLab(t)
	trace := func() model.Observation {
		_, o := run(t, l, fork("a", "b"), Call{Actor: "b", Bind: "c", Op: model.Op{Kind: model.Clone, Flags: model.CloneVM | model.CloneNewPID, Sig: model.SIGUSR1}},
			op("b", model.Op{Kind: model.Unshare, Flags: model.CloneNewNS | model.CloneFS}, 0), op("a", model.Op{Kind: model.Kill, Sig: model.SIGSTOP}, 3))
		return plain.Comparable(o, NewLabels())
	}
	first := trace()
	for range 20 {
		if diff := cmp.Diff(first, trace()); diff != "" {
			t.Fatalf("(-first +now):\n%s", diff)
		}
	}
}

// A handler runs on the stack of the slot, is counted, and lets the call that it interrupts end.
func TestHandlersCount(t *testing.T) {
	l := openLab(t)
	boot := model.DefaultBoot()
	check(t, l.Begin(&boot))
	for _, c := range []Call{
		fork("a", "b"), op("a", model.Op{Kind: model.Sigaction, Sig: model.SIGUSR1, Mode: model.SigHandler}, 0), op("a", model.Op{Kind: model.Wait4}, -1),
	} {
		_, err := l.Step(&c)
		check(t, err)
	}
	c := op("b", model.Op{Kind: model.Kill, Sig: model.SIGUSR1}, 2)
	answers, err := l.Step(&c)
	check(t, err)
	if n := l.slots.at(l.task("a").slot).handled; n != 1 || len(answers) != 2 || answers[1].Errno != "EINTR" {
		t.Errorf("%d signals handled, answers %v; 1 and EINTR are right", n, answers)
	}
	check(t, l.End())
}

// After many traces the zygote has no child, the controller no more files, and after Close there is no zygote.
func TestNothingIsLeft(t *testing.T) {
	l := openLab(t)
	files := openFiles(t)
	for range 50 {
		run(t, l, fork("a", "b"), fork("b", "c"), op("b", model.Op{Kind: model.ExitGroup}, 0))
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", l.zygote.tid))
	if err != nil || strings.TrimSpace(string(children)) != "" || openFiles(t) != files {
		t.Errorf("children %q (%v), %d files, %d before", children, err, openFiles(t), files)
	}
	check(t, l.Close())
	if err := unix.Kill(l.zygote.tid, 0); err != unix.ESRCH {
		t.Errorf("the zygote: %v", err)
	}
}

// A pid namespace whose tasks are reaped counts no more against the limit of its user: nothing of the lab keeps it.
func TestKeepsNoNamespace(t *testing.T) {
	l := openLab(t)
	if l.Lacks&(model.CloneNewUser|model.CloneNewPID) != 0 {
		t.Skip("the kernel has no user or no pid namespaces")
	}
	answers, _ := run(t, l, op("a", model.Op{Kind: model.Unshare, Flags: model.CloneNewUser}, 0),
		op("a", model.Op{Kind: model.Sysctl, Arg: 1, Arg2: int32(model.KnobPid)}, 0),
		Call{Actor: "a", Bind: "b", Op: model.Op{Kind: model.Clone, Flags: model.CloneNewPID, Sig: model.SIGCHLD}},
		op("b", model.Op{Kind: model.Exit, Arg: 1}, 0), op("a", model.Op{Kind: model.Wait4}, -1),
		op("a", model.Op{Kind: model.Unshare, Flags: model.CloneNewPID}, 0))
	want := []model.Call{{Actor: "a", Call: "unshare", Outcome: "returned"}}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Errorf("the second pid namespace (-want +got):\n%s", diff)
	}
}

// A tracer changes what a trace does, so a lab that is traced says so.
func TestTraced(t *testing.T) {
	l := openLab(t)
	boot := model.DefaultBoot()
	check(t, l.Begin(&boot))
	traced, over := make(chan error), make(chan struct{})
	defer close(over)
	go func() {
		runtime.LockOSThread() // the tracer, which lets go when it ends with this function
		traced <- unix.PtraceSeize(l.task("a").tid)
		<-over
	}()
	if err := <-traced; err != nil {
		t.Skipf("ptrace: %v", err)
	}
	if _, err := l.Observe(true); !errors.Is(err, errTraced) {
		t.Errorf("observing a task that is traced: %v", err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(list)
}

// When the controller is killed all tasks die.
func TestControllerKilled(t *testing.T) {
	openLab(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LIVE_TEST_CONTROLLER=1")
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	var tids [3]int
	_, err = fmt.Fscan(out, &tids[0], &tids[1], &tids[2])
	check(t, cmd.Process.Kill())
	_ = cmd.Wait()
	check(t, err)
	for _, tid := range tids {
		for start := time.Now(); alive(tid); time.Sleep(time.Millisecond) {
			if time.Since(start) > 10*time.Second {
				t.Fatalf("task %d lives on", tid)
			}
		}
	}
}

// alive says whether a task is there and not a zombie, which whoever adopted it may be slow to reap.
func alive(tid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", tid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// Without /proc/PID/syscall traces run as well.
func TestWeak(t *testing.T) {
	l := openLab(t)
	l.Weak = true
	answers, _ := run(t, l, fork("a", "b"), op("a", model.Op{Kind: model.Wait4}, -1), op("b", model.Op{Kind: model.Exit, Arg: 5}, 0))
	want := []model.Call{{Actor: "a", Call: "wait4", Outcome: "returned", Ret: 3, Reports: "b", Status: "exited 5"}}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Closing twice is closing once, and the caller may run anywhere again.
func TestCloseTwice(t *testing.T) {
	l := openLab(t)
	boot := model.DefaultBoot()
	check(t, l.Begin(&boot))
	check(t, l.Close())
	check(t, l.Close())
	if l.pinned {
		t.Error("the caller is kept on one processor")
	}
}

// A lab acts in its own pid namespace only, and touches no knob of the machine.
func TestRefuses(t *testing.T) {
	l := openLab(t)
	for _, c := range []struct{ trace, why string }{
		{"kernel v6.x\na.fork().fault(copy_mm, ENOMEM)", "a fault: no user can make copy_mm fail"},
		{"kernel v6.x\na.fork().pause(alloc_pid)", "a pause: no user can hold a call half-way"},
		{"kernel v6.x max_threads=5\na.fork()", "max_threads is a limit of the whole machine"},
		{"kernel v6.x pid_ns_depth=5\na.fork()", "pid_ns_depth is built into the kernel"},
		{"kernel v6.x pid_max=300\na.fork()", "pid_max=300 leaves no number above the reserved 300"},
		{"kernel v6.x\na.fork()", ""},
	} {
		trace, err := model.ParseTrace("t", []byte(c.trace+"\n"))
		check(t, err)
		if _, why := l.Refuses(trace); why != c.why {
			t.Errorf("%s\n%q, want %q", c.trace, why, c.why)
		}
	}
	if l.UserNS {
		return
	}
	boot := model.DefaultBoot()
	check(t, l.Begin(&boot))
	limit := Call{Actor: "a", Op: model.Op{Kind: model.Sysctl, Arg2: int32(model.KnobPid), Arg: 1}}
	if l.RefusesSysctl(&limit) == "" {
		t.Error("user.max_pid_namespaces of the machine may be written")
	}
	check(t, l.End())
}

// BenchmarkTrace is a trace of three steps, world and end included; ms/world is what these take alone.
func BenchmarkTrace(b *testing.B) {
	l := openLab(b)
	boot := model.DefaultBoot()
	var world time.Duration
	for b.Loop() {
		start := time.Now()
		check(b, l.Begin(&boot))
		world += time.Since(start)
		for _, c := range []Call{fork("a", "b"), op("b", model.Op{Kind: model.Exit}, 0), op("a", model.Op{Kind: model.Wait4}, -1)} {
			_, err := l.Step(&c)
			check(b, err)
			_, err = l.Observe(false)
			check(b, err)
		}
		start = time.Now()
		check(b, l.End())
		world += time.Since(start)
	}
	b.ReportMetric(float64(world.Microseconds())/1000/float64(b.N), "ms/world")
	b.ReportMetric(3*float64(b.N)/b.Elapsed().Seconds(), "steps/s")
}

// Where a lab may not open as many files as it needs, it says so: it is not taken for a /proc that hides tasks.
func TestTooFewFiles(t *testing.T) {
	openLab(t)
	var was unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &was))
	defer func() { check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &was)) }()
	for _, n := range []uint64{20, 64, filesNeeded - 1} {
		check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: was.Max}))
		want := fmt.Sprintf("RLIMIT_NOFILE is %d, and a lab needs 128 open files", n)
		for _, open := range []func() (*Lab, error){Open, OpenUserNS} {
			if _, err := open(); err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			}
		}
	}
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 2 * filesNeeded, Max: was.Max}))
	for range filesNeeded * 3 / 2 { // the program has them
		file, err := os.Open("/proc/self/stat")
		check(t, err)
		defer file.Close()
	}
	_, err := Open()
	if err == nil || !strings.Contains(err.Error(), "a lab needs 128 open files besides those") || strings.Contains(err.Error(), "hidepid") {
		t.Errorf("the error is %v", err)
	}
	for errno, want := range map[unix.Errno]string{unix.ENFILE: "fs.file-max", unix.ENOENT: "hidepid", unix.EACCES: "hidepid"} {
		if got := whyNotOpen(errno); !strings.Contains(got, want) {
			t.Errorf("%v: %q says nothing of %s", errno, got, want)
		}
	}
}
