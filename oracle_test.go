package forkcheck_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/model"
)

// What a running Linux 6.18 (x86-64) answered. These tables are typed from its answers and know nothing of the model's rows:
// an errno is compared, and not where it comes from.

// The flags that are combined, in the order of their bits in a word below 1<<12.
var oracleFlags = [...]model.Flags{
	model.CloneVM, model.CloneFS, model.CloneSighand, model.CloneThread, model.CloneParent, model.CloneSysvsem,
	model.CloneNewNS, model.CloneNewUser, model.CloneNewPID, model.CloneNewIPC, model.CloneNewUTS, model.CloneFiles,
}

// refusedBy6 is what the running kernel refuses with EINVAL. isInit: the caller is the init of a pid namespace; away: its
// children go to another pid namespace than its own.
func refusedBy6(f model.Flags, isInit, away bool) bool {
	with := func(all model.Flags) bool { return f&all == all }
	return with(model.CloneNewNS|model.CloneFS) ||
		with(model.CloneNewUser|model.CloneFS) ||
		with(model.CloneThread) && !with(model.CloneSighand) ||
		with(model.CloneSighand) && !with(model.CloneVM) ||
		with(model.CloneParent) && isInit ||
		with(model.CloneThread) && (with(model.CloneNewUser) || with(model.CloneNewPID) || away) ||
		with(model.CloneNewIPC|model.CloneSysvsem) ||
		with(model.CloneNewPID) && away
}

// flagCaller is who calls clone with all those words, and how many the running kernel accepts from it.
type flagCaller struct {
	name, header string
	actor        model.TaskID
	isInit, away bool
	accepted     int
}

// All 4,096 combinations of twelve flags by three callers: which are EINVAL, and how many are not.
func TestOracleFlags(t *testing.T) {
	for _, c := range []flagCaller{
		{name: "init", header: "kernel v6.x world=container", actor: model.CInit, isInit: true, accepted: 396},
		{name: "plain", header: "kernel v6.x", actor: model.A, accepted: 792},
		{name: "after-unshare-newpid", header: "kernel v6.x", actor: model.A, away: true, accepted: 360},
	} {
		t.Run(c.name, func(t *testing.T) {
			accepted := 0
			start, k := c.world(t)
			for word := range 1 << len(oracleFlags) {
				if c.accepts(t, k, *start, flagsOfWord(word)) {
					accepted++
				}
			}
			if accepted != c.accepted {
				t.Errorf("%d combinations accepted, want %d", accepted, c.accepted)
			}
		})
	}
}

// accepts asks the model, which must answer what the predicate says: EINVAL or success.
func (c *flagCaller) accepts(t *testing.T, k *model.Kernel, s model.State, f model.Flags) bool {
	t.Helper()
	want := model.Errno(0)
	if refusedBy6(f, c.isInit, c.away) {
		want = model.EINVAL
	}
	res := k.Step(&s, model.Op{Kind: model.Clone, Actor: c.actor, Flags: f, Sig: model.SIGCHLD})
	if res.Errno != want {
		t.Fatalf("clone(%#x): %v %v, the live kernel says %v", uint32(f), res.Errno, res.Why, want)
	}
	return want == 0
}

// world is the state that the caller is in.
func (c *flagCaller) world(t *testing.T) (s *model.State, k *model.Kernel) {
	t.Helper()
	trace := oracleTrace(t, c.header)
	k, err := trace.Boot.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	s = new(model.State)
	trace.Boot.State(s)
	if c.away {
		k.Step(s, model.Op{Kind: model.Unshare, Actor: c.actor, Flags: model.CloneNewPID})
	}
	return s, k
}

func flagsOfWord(word int) (f model.Flags) {
	for i, flag := range oracleFlags {
		if word>>i&1 != 0 {
			f |= flag
		}
	}
	return f
}

func oracleTrace(t *testing.T, text string) *model.Trace {
	t.Helper()
	trace, err := model.ParseTrace(t.Name(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// unshareAnswers are the 90 answers of unshare: a word a line, and a column for whom the caller shares what with.
const unshareAnswers = `
word       | alone  | thread | VM     | VM|SIGHAND | FS
THREAD     | 0      | EINVAL | 0      | 0          | 0
FS         | 0      | 0      | 0      | 0          | 0
NEWNS      | 0      | 0      | 0      | 0          | 0
SIGHAND    | 0      | EINVAL | 0      | EINVAL     | 0
VM         | 0      | EINVAL | EINVAL | EINVAL     | 0
FILES      | 0      | 0      | 0      | 0          | 0
SYSVSEM    | 0      | 0      | 0      | 0          | 0
NEWUTS     | 0      | 0      | 0      | 0          | 0
NEWIPC     | 0      | 0      | 0      | 0          | 0
NEWNET     | 0      | 0      | 0      | 0          | 0
NEWUSER    | 0      | EINVAL | 0      | 0          | 0
NEWPID     | 0      | 0      | 0      | 0          | 0
NEWCGROUP  | 0      | 0      | 0      | 0          | 0
NEWTIME    | 0      | 0      | 0      | 0          | 0
PARENT     | EINVAL | EINVAL | EINVAL | EINVAL     | EINVAL
IO         | EINVAL | EINVAL | EINVAL | EINVAL     | EINVAL
PTRACE     | EINVAL | EINVAL | EINVAL | EINVAL     | EINVAL
0x11       | EINVAL | EINVAL | EINVAL | EINVAL     | EINVAL
`

// How the caller comes to share something, column by column: a thread, or another process.
var unshareSetup = [...]string{"", "b := a.clone(VM|SIGHAND|THREAD)", "b := a.clone(VM)", "b := a.clone(VM|SIGHAND)", "b := a.clone(FS)"}

// What unshare refuses depends on who shares the caller's group, handlers and address space.
func TestOracleUnshare(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(unshareAnswers), "\n")
	columns := oracleCells(lines[0])
	for _, line := range lines[1:] {
		row := oracleCells(line)
		for i, setup := range unshareSetup {
			t.Run(row[0]+"/"+columns[i+1], func(t *testing.T) {
				got := oracleAnswers(t, fmt.Sprintf("kernel v6.x\n%s\na.unshare(%s)", setup, row[0]))
				if last := got[len(got)-1]; last != row[i+1] {
					t.Errorf("unshare(%s): %s, want %s", row[0], last, row[i+1])
				}
			})
		}
	}
}

// oracleCells splits a line of a table; what stands between blanks around a bar.
func oracleCells(line string) (cells []string) {
	for _, c := range strings.Split(line, " |") {
		cells = append(cells, strings.TrimSpace(c))
	}
	return cells
}

// A row of the tables below: a conversation with the kernel's answers, and the answer to its last call.
type oracleRow struct{ name, trace, want string }

// Where an errno comes from, and where a call sleeps: the live kernel does not say.
var whence = regexp.MustCompile(`\b(E[A-Z0-9]+|asleep) [a-z0-9_]+`)

// oracleAnswers runs a trace and gives what user space sees of its results, which must be those in the trace.
func oracleAnswers(t *testing.T, text string) (got []string) {
	t.Helper()
	verdict, err := forkcheck.Run(oracleTrace(t, text), forkcheck.Options{}, func(s *forkcheck.Step) error {
		answer := whence.ReplaceAllString(s.Text, "$1")
		if s.Line.Result != "" && s.Line.Result != answer {
			t.Errorf("line %d: %s, want %s", s.Line.No, answer, s.Line.Result)
		}
		got = append(got, answer)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Failed() {
		t.Errorf("line %d: %v", verdict.Line.No, verdict.Breach)
	}
	return got
}

func testOracle(t *testing.T, rows []oracleRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := oracleAnswers(t, row.trace)
			if diff := cmp.Diff(row.want, got[len(got)-1]); diff != "" {
				t.Errorf("the answer to the last call differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOracleWait(t *testing.T) { testOracle(t, oracleWait) }

var oracleWait = []oracleRow{
	{"list-order", `kernel v6.x
b := a.fork() // 3
c := a.fork() // 4
c.exit(2)     // -
b.exit(1)     // -
a.wait4(-1)`, "b exited 1"},
	{"no-child", `kernel v6.x
a.wait4(-1)`, "ECHILD"},
	{"no-child-nohang", `kernel v6.x
a.wait4(-1, WNOHANG)`, "ECHILD"},
	{"no-such-process", `kernel v6.x
b := a.fork() // 3
a.wait4(77)`, "ECHILD"},
	{"no-such-group", `kernel v6.x
b := a.fork() // 3
a.wait4(-77)`, "ECHILD"},
	{"grandchild", `kernel v6.x
b := a.fork() // 3
c := b.fork() // 4
c.exit(1)     // -
a.wait4(c)`, "ECHILD"},
	{"nothing-to-report-nohang", `kernel v6.x
b := a.fork() // 3
a.wait4(b, WNOHANG)`, "0"},
	{"nothing-to-report", `kernel v6.x
b := a.fork() // 3
a.wait4(b)`, "asleep"},
	{"exit-status", `kernel v6.x
b := a.fork() // 3
b.exit(259)   // -
a.wait4(b)`, "b exited 3"},
	{"signal-status", `kernel v6.x
b := a.fork()   // 3
a.kill(b, TERM) // 0
a.wait4(b)`, "b killed TERM"},
	{"once", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b)    // b exited 1
a.wait4(b)`, "ECHILD"},
	{"thread-is-no-child", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.wait4(t)`, "ECHILD"},
	{"thread-is-no-child-wall", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
t.exit(1)                       // -
a.wait4(4, WNOHANG|__WALL)`, "ECHILD"},
	{"child-of-a-sibling-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
b.exit(1)                       // -
a.wait4(b)`, "b exited 1"},
	{"child-of-a-sibling-thread-nothread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
b.exit(1)                       // -
a.wait4(b, __WNOTHREAD)`, "ECHILD"},
	{"delayed-leader", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)                       // -
a.wait4(b, WNOHANG)`, "0"},
	{"usr1-child", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b)`, "ECHILD"},
	{"usr1-child-wclone", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b, __WCLONE)`, "b exited 1"},
	{"usr1-child-wall", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b, __WALL)`, "b exited 1"},
	{"usual-child-wclone", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b, __WCLONE)`, "ECHILD"},
	{"odd-exit-signal-wall", `kernel v6.x
b := a.clone(0xc8) // 3
b.exit(1)          // -
a.wait4(b)         // ECHILD
a.wait4(b, __WALL)`, "b exited 1"},
	{"wexited", `kernel v6.x
a.wait4(-1, 4)`, "EINVAL"},
	{"unknown-option", `kernel v6.x
a.wait4(-1, 0x01000000)`, "EINVAL"},
	{"all-options", `kernel v6.x
b := a.fork() // 3
a.wait4(b, WNOHANG|WUNTRACED|WCONTINUED|__WNOTHREAD|__WCLONE|__WALL)`, "0"},
	{"int-min", `kernel v6.x
a.wait4(-2147483648)`, "ESRCH"},
	{"int-min-bad-option", `kernel v6.x
a.wait4(-2147483648, 4)`, "EINVAL"},
	{"own-group", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(0)`, "b exited 1"},
	{"group-by-number", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(-a)`, "b exited 1"},
	{"child-in-another-group", `kernel v6.x
a.exit(1) // -
init.wait4(0)`, "ECHILD"},
	{"stop-not-asked-for", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.wait4(b, WNOHANG)`, "0"},
	{"stop", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.wait4(b, WUNTRACED)`, "b stopped STOP"},
	{"stop-once", `kernel v6.x
b := a.fork()         // 3
a.kill(b, STOP)       // 0
a.wait4(b, WUNTRACED) // b stopped STOP
a.wait4(b, WUNTRACED|WNOHANG)`, "0"},
	{"continue", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, CONT) // 0
a.wait4(b, WCONTINUED)`, "b continued"},
	{"continue-once", `kernel v6.x
b := a.fork()          // 3
a.kill(b, STOP)        // 0
a.kill(b, CONT)        // 0
a.wait4(b, WCONTINUED) // b continued
a.wait4(b, WCONTINUED|WNOHANG)`, "0"},
	{"autoreap-ignored", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.fork()          // 3
b.exit(1)              // -
a.wait4(b)`, "ECHILD"},
	{"autoreap-nocldwait", `kernel v6.x
a.sigaction(CHLD, DFL, NOCLDWAIT) // 0
b := a.fork()                     // 3
b.exit(1)                         // -
a.wait4(b)`, "ECHILD"},
	{"autoreap-not-backwards", `kernel v6.x
b := a.fork()          // 3
b.exit(1)              // -
a.sigaction(CHLD, IGN) // 0
a.wait4(b)`, "b exited 1"},
	{"autoreap-not-with-another-signal", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.clone(0, 0)     // 3
b.exit(1)              // -
a.wait4(b, __WALL)`, "b exited 1"},
	{"autoreap-ends-a-wait", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.fork()          // 3
a.wait4(-1)            // asleep
b.exit(1)`, "-; a: ECHILD"},
	{"handler-ends-a-wait", `kernel v6.x
a.sigaction(USR1, HANDLER) // 0
b := a.fork()              // 3
a.wait4(b)                 // asleep
init.kill(a, USR1)`, "0; a: EINTR"},
	{"handler-restarts-a-wait", `kernel v6.x
a.sigaction(USR1, HANDLER, RESTART) // 0
b := a.fork()                       // 3
a.wait4(b)                          // asleep
init.kill(a, USR1)                  // 0
b.exit(1)`, "-; a: b exited 1"},
}

func TestOracleKill(t *testing.T) { testOracle(t, oracleKill) }

var oracleKill = []oracleRow{
	{"another-user", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, TERM)`, "EPERM"},
	{"another-user-continue-in-session", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, CONT)`, "0"},
	{"another-user-cap-kill", `kernel v6.x uid=1000 caps=KILL
b := init.fork() // 3
a.kill(b, TERM)  // 0
init.wait4(b)`, "b killed TERM"},
	{"by-thread-number", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
a.kill(t, TERM)                 // 0
a.wait4(b)`, "b killed TERM"},
	{"own-group", `kernel v6.x
b := a.fork()          // 3
a.sigaction(USR1, IGN) // 0
a.kill(0, USR1)        // 0
a.wait4(b)`, "b killed USR1"},
	{"group", `kernel v6.x
b := a.fork()       // 3
c := b.fork()       // 4
init.kill(-a, KILL) // 0
init.wait4(a)       // a killed KILL
init.wait4(b)       // b killed KILL
init.wait4(c)`, "c killed KILL"},
	{"no-such-group", `kernel v6.x
a.kill(-77, TERM)`, "ESRCH"},
	{"no-such-process", `kernel v6.x
a.kill(77, TERM)`, "ESRCH"},
	{"all", `kernel v6.x
b := a.fork()    // 3
c := init.fork() // 4
a.kill(-1, TERM) // 0
a.wait4(b)       // b killed TERM
init.wait4(c)`, "c killed TERM"},
	{"all-none-permitted", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(-1, TERM)`, "0"},
	{"all-nobody", `kernel v6.x
a.kill(-1, TERM)`, "ESRCH"},
	{"int-min", `kernel v6.x
a.kill(-2147483648, TERM)`, "ESRCH"},
	{"zero-asks", `kernel v6.x
b := a.fork() // 3
a.kill(b, 0)  // 0
a.wait4(b, WNOHANG)`, "0"},
	{"zero-not-permitted", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, 0)`, "EPERM"},
	{"signal-64", `kernel v6.x
b := a.fork() // 3
a.kill(b, 64)`, "0"},
	{"signal-65", `kernel v6.x
b := a.fork() // 3
a.kill(b, 65)`, "EINVAL"},
	{"zombie", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.kill(b, TERM)`, "0"},
	{"reaped", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b)    // b exited 1
a.kill(b, 0)`, "ESRCH"},
	{"tkill-zero", `kernel v6.x
a.tkill(0, TERM)`, "EINVAL"},
	{"tkill-negative", `kernel v6.x
a.tkill(-1, TERM)`, "EINVAL"},
	{"tgkill-other-group", `kernel v6.x
b := a.fork() // 3
init.tgkill(a, b, TERM)`, "ESRCH"},
	{"tgkill-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
init.tgkill(a, t, TERM)         // 0
init.wait4(a)`, "a killed TERM"},
	{"tgkill-zero", `kernel v6.x
a.tgkill(0, a, TERM)`, "EINVAL"},
	{"thread-signal-waits-for-that-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.sigprocmask(BLOCK, TERM)      // 0
init.tkill(a, TERM)             // 0
init.wait4(a, WNOHANG)`, "0"},
	{"group-signal-any-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.sigprocmask(BLOCK, TERM)      // 0
init.kill(a, TERM)              // 0
init.wait4(a, WNOHANG)`, "a killed TERM"},
	{"ignored-is-dropped", `kernel v6.x
a.sigaction(TERM, IGN) // 0
init.kill(a, TERM)     // 0
a.sigaction(TERM, DFL) // 0
init.wait4(a, WNOHANG)`, "0"},
	{"ignored-but-blocked-is-kept", `kernel v6.x
a.sigaction(TERM, IGN)       // 0
a.sigprocmask(BLOCK, TERM)   // 0
init.kill(a, TERM)           // 0
a.sigaction(TERM, DFL)       // 0
a.sigprocmask(UNBLOCK, TERM) // -
init.wait4(a)`, "a killed TERM"},
	{"continue-drops-stop", `kernel v6.x
b := a.fork()                // 3
b.sigprocmask(BLOCK, TSTP)   // 0
a.kill(b, TSTP)              // 0
a.kill(b, CONT)              // 0
b.sigprocmask(UNBLOCK, TSTP) // 0
a.wait4(b, WUNTRACED|WNOHANG)`, "0"},
	{"stop-drops-continue", `kernel v6.x
a.sigaction(USR1, HANDLER)      // 0
b := a.fork()                   // 3
b.sigaction(CONT, HANDLER)      // 0
b.sigprocmask(BLOCK, CONT|TSTP) // 0
c := b.fork()                   // 4
a.kill(b, CONT)                 // 0
a.kill(b, TSTP)                 // 0
b.wait4(c)                      // asleep
c.exit(1)`, "-; b: c exited 1"},
	{"stopped-keeps-others", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, TERM) // 0
a.wait4(b, WNOHANG)`, "0"},
	{"stopped-keeps-others-until-continue", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, TERM) // 0
a.kill(b, CONT) // 0
a.wait4(b)`, "b killed TERM"},
	{"stopped-not-kill", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, KILL) // 0
a.wait4(b)`, "b killed KILL"},
	{"child-has-nothing-pending", `kernel v6.x
a.sigprocmask(BLOCK, TERM) // 0
a.kill(a, TERM)            // 0
a.tkill(a, TERM)           // 0
b := a.fork()              // 3
b.sigprocmask(UNBLOCK, TERM)`, "0"},
	{"child-has-the-mask", `kernel v6.x
a.sigprocmask(BLOCK, TERM)   // 0
b := a.fork()                // 3
a.kill(b, TERM)              // 0
a.wait4(b, WNOHANG)          // 0
b.sigprocmask(UNBLOCK, TERM) // -
a.wait4(b)`, "b killed TERM"},
	{"kill-cannot-be-blocked", `kernel v6.x
b := a.fork()               // 3
b.sigprocmask(SETMASK, ALL) // 0
a.kill(b, KILL)             // 0
a.wait4(b)`, "b killed KILL"},
	{"kill-cannot-be-ignored", `kernel v6.x
a.sigaction(KILL, IGN)`, "EINVAL"},
	{"init-term-inside", `kernel v6.x world=container
a.kill(init, TERM) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-kill-inside", `kernel v6.x world=container
a.kill(init, KILL) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-stop-inside", `kernel v6.x world=container
a.kill(init, STOP) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-term-outside", `kernel v6.x world=container
host.kill(init, TERM) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-stop-outside", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "init stopped STOP"},
	{"init-continue-outside", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
host.wait4(init, WCONTINUED)`, "init continued"},
	{"init-kill-outside", `kernel v6.x world=container
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"init-kill-outside-stopped", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"init-keeps-protection", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
init.clone(PARENT)`, "EINVAL"},
	{"init-keeps-protection-from-kill", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
a.kill(init, KILL)    // 0
host.wait4(init, WNOHANG)`, "0"},
	{"init-handles", `kernel v6.x world=container
init.sigaction(TERM, HANDLER) // 0
init.wait4(a)                 // asleep
a.kill(init, TERM)`, "0; init: EINTR"},
	{"init-ignores-silently", `kernel v6.x world=container
init.wait4(a) // asleep
host.kill(init, TERM)`, "0"},
	{"init-in-vfork", `kernel v6.x world=container
b := init.vfork()     // asleep
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"vfork-fatal", `kernel v6.x
b := a.vfork()     // asleep
init.kill(a, TERM) // 0
init.wait4(a)`, "a killed TERM"},
	{"vfork-handler", `kernel v6.x
a.sigaction(TERM, HANDLER) // 0
b := a.vfork()             // asleep
init.kill(a, TERM)         // 0
init.wait4(a, WNOHANG)     // 0
b.exit(0)`, "-; a: b 3"},
}

func TestOracleNproc(t *testing.T) { testOracle(t, oracleNproc) }

var oracleNproc = []oracleRow{
	{"limit-5", `kernel v6.x uid=1000 nproc=5
b := a.fork() // 3
c := a.fork() // 4
d := a.fork() // 5
e := a.fork() // 6
a.fork()`, "EAGAIN"},
	{"limit-5-threads", `kernel v6.x uid=1000 nproc=5
b := a.clone(VM|SIGHAND|THREAD) // 3
c := a.clone(VM|SIGHAND|THREAD) // 4
d := a.clone(VM|SIGHAND|THREAD) // 5
e := a.clone(VM|SIGHAND|THREAD) // 6
a.clone(VM|SIGHAND|THREAD)`, "EAGAIN"},
	{"limit-5-mixed", `kernel v6.x uid=1000 nproc=5
b := a.clone(VM|SIGHAND|THREAD) // 3
c := a.fork()                   // 4
d := c.clone(VM|SIGHAND|THREAD) // 5
e := b.fork()                   // 6
c.fork()`, "EAGAIN"},
	{"limit-1", `kernel v6.x uid=1000 nproc=1
a.fork()`, "EAGAIN"},
	{"limit-0", `kernel v6.x uid=1000 nproc=0
a.fork()`, "EAGAIN"},
	{"limit-0-thread", `kernel v6.x uid=1000 nproc=0
a.clone(VM|SIGHAND|THREAD)`, "EAGAIN"},
	{"zombies-count", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
b.exit(0)     // -
a.fork()`, "EAGAIN"},
	{"reaped-do-not", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
b.exit(0)     // -
a.wait4(b)    // b exited 0
c := a.fork()`, "4"},
	{"dead-threads-do-not", `kernel v6.x uid=1000 nproc=2
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit(0)                       // -
u := a.clone(VM|SIGHAND|THREAD)`, "4"},
	{"others-do-not-count", `kernel v6.x uid=1000 nproc=2
b := init.fork() // 3
c := init.fork() // 4
d := a.fork()`, "5"},
	{"uid-0", `kernel v6.x caps=none nproc=1
b := a.fork() // 3
c := a.fork()`, "4"},
	{"uid-0-in-user-namespace", `kernel v6.x nproc=1
a.unshare(NEWUSER) // 0
b := a.fork()      // 3
c := a.fork()`, "4"},
	{"cap-sys-admin", `kernel v6.x uid=1000 caps=SYS_ADMIN nproc=1
b := a.fork() // 3
c := a.fork()`, "4"},
	{"cap-kill", `kernel v6.x uid=1000 caps=KILL nproc=1
a.fork()`, "EAGAIN"},
	{"lowered-below-use", `kernel v6.x uid=1000 nproc=5
b := a.fork()         // 3
c := a.fork()         // 4
a.setrlimit(NPROC, 2) // 0
a.fork()              // EAGAIN
d := b.fork()`, "5"},
	{"limit-of-the-group", `kernel v6.x uid=1000 nproc=5
t := a.clone(VM|SIGHAND|THREAD) // 3
t.setrlimit(NPROC, 2)           // 0
a.fork()`, "EAGAIN"},
	{"hard-limit-not-raised", `kernel v6.x uid=1000 nproc=5
a.setrlimit(NPROC, 5, 6)`, "EPERM"},
	{"no-number-lost", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
a.fork()      // EAGAIN
a.fork()      // EAGAIN
b.exit(0)     // -
a.wait4(b)    // b exited 0
c := a.fork()`, "4"},
	{"user-namespace-limit-4-at-creation", `kernel v6.x uid=1000 nproc=50
a.setrlimit(NPROC, 4)  // 0
a.unshare(NEWUSER)     // 0
a.setrlimit(NPROC, 50) // 0
b := a.fork()          // 3
c := a.fork()          // 4
d := a.fork()          // 5
a.fork()`, "EAGAIN"},
	{"user-namespace-own-count-begins-anew", `kernel v6.x uid=1000 nproc=50
b := a.fork()         // 3
c := a.fork()         // 4
a.unshare(NEWUSER)    // 0
a.setrlimit(NPROC, 2) // 0
d := a.fork()         // 5
a.fork()`, "EAGAIN"},
	{"user-namespace-outside-shares-count", `kernel v6.x uid=1000 nproc=5
b := a.fork()      // 3
b.unshare(NEWUSER) // 0
c := b.fork()      // 4
d := b.fork()      // 5
e := b.fork()      // 6
a.fork()`, "EAGAIN"},
	{"user-namespace-bound-by-outside", `kernel v6.x uid=1000 nproc=3
b := a.fork()      // 3
b.unshare(NEWUSER) // 0
c := a.fork()      // 4
b.fork()`, "EAGAIN"},
	{"user-namespace-child-counts-twice", `kernel v6.x uid=1000 nproc=2
b := a.clone(NEWUSER) // 3
a.fork()`, "EAGAIN"},
	{"user-namespace-capabilities-do-not-help", `kernel v6.x uid=1000 nproc=2
b := a.clone(NEWUSER) // 3
b.fork()`, "EAGAIN"},
	{"user-namespace-nested", `kernel v6.x uid=1000 nproc=50
a.setrlimit(NPROC, 3)  // 0
a.unshare(NEWUSER)     // 0
a.map_ids()            // 0
a.setrlimit(NPROC, 50) // 0
b := a.clone(NEWUSER)  // 3
c := b.fork()          // 4
b.fork()`, "EAGAIN"},
	{"user-namespace-of-root-is-free", `kernel v6.x nproc=1
b := a.clone(NEWUSER) // 3
c := b.fork()         // 4
d := b.fork()`, "5"},
	{"unshare-is-not-refused", `kernel v6.x uid=1000 nproc=0
a.unshare(NEWUSER)`, "0"},
	{"before-permission", `kernel v6.x uid=1000 nproc=1
a.clone(NEWPID)`, "EAGAIN"},
	{"after-user-namespace", `kernel v6.x uid=1000 nproc=1
a.unshare(NEWUSER) // 0
a.clone(NEWUSER)`, "EPERM"},
	{"after-flags", `kernel v6.x uid=1000 nproc=0
a.clone(THREAD)`, "EINVAL"},
}

func TestOracleExit(t *testing.T) { testOracle(t, oracleExit) }

var oracleExit = []oracleRow{
	{"last-threads-code", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
t.exit(5)                       // -
init.wait4(a)`, "a exited 5"},
	{"leader-last", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit(5)                       // -
a.exit(3)                       // -
init.wait4(a)`, "a exited 3"},
	{"group-exit-after-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
t.exit_group(9)                 // -
init.wait4(a)`, "a exited 9"},
	{"group-exit-ends-all", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit_group(9)                 // -
a.fork()                        // no task
init.wait4(a)`, "a exited 9"},
	{"killed-after-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.kill(a, KILL)              // 0
init.wait4(a)`, "a killed KILL"},
	{"delayed-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.wait4(a)                   // asleep
t.exit(5)`, "-; init: a exited 5"},
	{"delayed-leader-can-be-signalled", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.kill(a, 0)`, "0"},
	{"last-thread-releases-ignored-leader", `kernel v6.x
a.sigaction(CHLD, IGN)          // 0
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)                       // -
t.exit(1)                       // -
a.kill(3, 0)`, "ESRCH"},
	{"orphan-to-init", `kernel v6.x
b := a.fork() // 3
a.exit(1)     // -
b.exit(2)     // -
init.wait4(b)`, "b exited 2"},
	{"orphan-to-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
t.exit(0)                       // -
b.exit(2)                       // -
a.wait4(b, __WNOTHREAD)`, "b exited 2"},
	{"orphan-to-init-of-namespace", `kernel v6.x world=container
b := a.fork() // 3
a.exit(1)     // -
b.exit(2)     // -
init.wait4(b)`, "b exited 2"},
	{"orphan-to-second-thread-of-init", `kernel v6.x world=container
t := init.clone(VM|SIGHAND|THREAD) // 3
b := a.fork()                      // 4
init.exit(0)                       // -
a.exit(1)                          // -
b.exit(2)                          // -
t.wait4(b, __WNOTHREAD)`, "b exited 2"},
	{"orphans-exit-signal-is-sigchld", `kernel v6.x
b := a.clone(0, USR1) // 3
a.exit(1)             // -
b.exit(2)             // -
init.wait4(b)`, "b exited 2"},
	{"orphan-keeps-exit-signal-in-group", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.clone(0, 0)              // 4
t.exit(0)                       // -
b.exit(2)                       // -
a.wait4(b)                      // ECHILD
a.wait4(b, __WCLONE)`, "b exited 2"},
	{"orphan-stops-at-subreaper", `kernel v6.x dress
b := a.fork() // 3
c := b.fork() // 4
b.exit(0)     // -
c.exit(5)     // -
a.wait4(c)`, "c exited 5"},
	{"orphan-does-not-leave-namespace", `kernel v6.x dress
a.unshare(NEWPID) // 0
n := a.fork()     // 3, 1 inside
m := a.fork()     // 4, 2 inside
o := m.fork()     // 3
m.exit(0)         // -
o.exit(3)         // -
n.wait4(o)`, "o exited 3"},
	{"init-takes-all-along", `kernel v6.x
b := a.clone(NEWPID) // 3, 1 inside
c := b.fork()        // 2
d := c.fork()        // 3
b.exit(4)            // -
c.fork()             // no task
d.fork()             // no task
a.wait4(b)`, "b exited 4"},
	{"init-takes-nested-along", `kernel v6.x
b := a.clone(NEWPID) // 3, 1 inside
c := b.clone(NEWPID) // 2, 1 inside
d := c.fork()        // 2
a.kill(b, KILL)      // 0
a.wait4(b)           // b killed KILL
a.kill(5, 0)`, "ESRCH"},
	{"init-waits-for-outside-parent", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
c := a.fork()     // 4, 2 inside
b.exit(4)         // -
a.wait4(b, WNOHANG)`, "0"},
	{"init-waits-until-reaped", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
c := a.fork()     // 4, 2 inside
b.exit(4)         // -
a.wait4(c)        // c killed KILL
a.wait4(b)`, "b exited 4"},
	{"init-thread-is-last", `kernel v6.x
a.unshare(NEWPID)               // 0
i := a.fork()                   // 3, 1 inside
j := i.clone(VM|SIGHAND|THREAD) // 2
d := a.fork()                   // 5, 3 inside
i.exit(0)                       // -
j.exit(6)                       // -
a.wait4(d)                      // d killed KILL
a.wait4(i)`, "i exited 6"},
	{"vfork-child-exits", `kernel v6.x
b := a.vfork() // asleep
b.exit(1)`, "-; a: b 3"},
	{"vfork-child-thread-exits", `kernel v6.x
b := a.vfork()                  // asleep
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)`, "-; a: b 3"},
	{"vfork-without-vm", `kernel v6.x
b := a.clone(VFORK) // asleep
b.exit(1)`, "-; a: b 3"},
}

func TestOracleFork(t *testing.T) { testOracle(t, oracleFork) }

var oracleFork = []oracleRow{
	{"first-fork-fails-late", `kernel v6.x
a.unshare(NEWPID)                            // 0
a.clone(PIDFD).fault(pidfd_put_user, EFAULT) // EFAULT
a.fork()`, "ENOMEM"},
	{"first-fork-over-cgroup-limit", `kernel v6.x
a.unshare(NEWPID)                       // 0
a.fork().fault(cgroup_can_fork, EAGAIN) // EAGAIN
a.fork()`, "ENOMEM"},
	{"first-fork-fails-in-alloc-pid", `kernel v6.x last_pid=299
a.sysctl(pid_max, 301) // 0
b := a.fork()          // 300
a.unshare(NEWPID)      // 0
a.fork()               // EAGAIN
b.exit(0)              // -
a.wait4(b)             // b exited 0
c := a.fork()`, "300, 1 inside"},
	{"later-fork-fails-late", `kernel v6.x
b := a.fork()                                // 3
a.clone(PIDFD).fault(pidfd_put_user, EFAULT) // EFAULT
c := a.fork()`, "5"},
	{"namespace-without-init", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.fork()`, "ENOMEM"},
	{"namespace-without-init-vfork", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.vfork()`, "ENOMEM"},
	{"namespace-without-init-thread", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.clone(VM|SIGHAND|THREAD)`, "EINVAL"},
	{"numbers-exhausted", `kernel v6.x pid_max=301 last_pid=299
b := a.fork() // 300
a.fork()`, "EAGAIN"},
	{"low-numbers-stay-free", `kernel v6.x pid_max=302 last_pid=300
b := a.fork() // 301
c := a.fork() // 300
a.fork()`, "EAGAIN"},
	{"pid-max-of-the-namespace", `kernel v6.x last_pid=310
b := a.clone(NEWPID)   // 311, 1 inside
b.sysctl(pid_max, 301) // 0
c := a.fork()          // 312
d := b.fork()`, "2"},
	{"pid-max-too-low", `kernel v6.x
a.sysctl(pid_max, 300)`, "EINVAL"},
	{"pid-max-of-another-user", `kernel v6.x uid=1000
a.sysctl(pid_max, 400)`, "EACCES"},
	{"vfork-after-unshare-newpid", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.vfork()    // asleep
b.exit(0)`, "-; a: b 3, 1 inside"},
	{"newpid-with-parent", `kernel v6.x
b := a.clone(NEWPID|PARENT) // 3, 1 inside
b.exit(1)                   // -
init.wait4(b)`, "b exited 1"},
	{"injected-sibling", `kernel v6.x
a.unshare(NEWPID)    // 0
b := a.fork()        // 3, 1 inside
c := a.fork()        // 4, 2 inside
d := c.clone(PARENT) // 3
d.exit(1)            // -
a.wait4(d)`, "d exited 1"},
	{"thread-unshares-for-itself", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.unshare(NEWPID)               // 0
b := a.fork()                   // 4
u := a.clone(VM|SIGHAND|THREAD)`, "5"},
	{"thread-unshares-newpid", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.unshare(NEWPID)               // 0
b := t.fork()`, "4, 1 inside"},
	{"second-unshare-newpid", `kernel v6.x
a.unshare(NEWPID) // 0
a.unshare(NEWPID)`, "EINVAL"},
	{"sibling-takes-leaders-exit-signal", `kernel v6.x
a.sigaction(USR1, IGN)                // 0
b := a.clone(0, USR1)                 // 3
t := b.clone(VM|SIGHAND|THREAD, USR2) // 4
c := t.clone(PARENT, CHLD)            // 5
c.exit(1)                             // -
a.wait4(c)                            // ECHILD
a.wait4(c, __WCLONE)`, "c exited 1"},
	{"new-namespace-not-permitted", `kernel v6.x uid=1000
a.clone(NEWPID)`, "EPERM"},
	{"new-namespace-with-newuser", `kernel v6.x uid=1000
b := a.clone(NEWUSER|NEWPID|NEWUTS)`, "3, 1 inside"},
	{"nested-user-namespace-not-mapped", `kernel v6.x uid=1000
b := a.clone(NEWUSER) // 3
b.clone(NEWUSER)`, "EPERM"},
	{"newipc-with-sysvsem", `kernel v6.x
a.clone(NEWIPC|SYSVSEM)`, "EINVAL"},
	{"newipc-with-sysvsem-not-permitted", `kernel v6.x uid=1000
a.clone(NEWIPC|SYSVSEM)`, "EPERM"},
	{"max-uts-namespaces", `kernel v6.x
a.unshare(NEWUSER)              // 0
a.sysctl(max_uts_namespaces, 1) // 0
b := a.clone(NEWUTS)            // 3
a.clone(NEWUTS)`, "ENOSPC"},
	{"max-pid-namespaces-of-outer", `kernel v6.x
a.unshare(NEWUSER)              // 0
a.map_ids()                     // 0
a.sysctl(max_pid_namespaces, 2) // 0
b := a.clone(NEWUSER)           // 3
c := b.clone(NEWPID)            // 4, 1 inside
d := b.clone(NEWPID)            // 5, 1 inside
b.clone(NEWPID)`, "ENOSPC"},
	{"pidfd-with-thread", `kernel v6.x
t := a.clone(PIDFD|VM|SIGHAND|THREAD)`, "3"},
	{"pidfd-with-detached", `kernel v6.x
a.clone(PIDFD|DETACHED)`, "EINVAL"},
	{"pidfd-with-parent-settid", `kernel v6.x
a.clone(PIDFD|PARENT_SETTID)`, "EINVAL"},
	{"vm-child-after-newtime", `kernel v6.x
a.unshare(NEWTIME) // 0
b := a.clone(VM)`, "3"},
	{"group-killed-while-forking", `kernel v6.x
b := a.fork()                   // 3
b.fork().pause(cgroup_can_fork) // paused
init.kill(-a, KILL)             // 0
b.resume()                      // -
init.wait4(a)                   // a killed KILL
init.wait4(b)                   // b killed KILL
init.wait4(-1)`, "ECHILD"},
}
