package forkcheck_test

import (
	"fmt"
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

// oracleAnswers runs a trace and gives what user space sees of its results, which must be those in the trace.
func oracleAnswers(t *testing.T, text string) (got []string) {
	t.Helper()
	verdict, err := forkcheck.Run(oracleTrace(t, text), forkcheck.Options{}, func(s *forkcheck.Step) error {
		answer := model.WithoutRows(s.Text) // the live kernel does not say where an errno comes from, and where a call sleeps
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
