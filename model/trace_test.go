package model

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func mustParse(t testing.TB, text string) *Trace {
	t.Helper()
	trace, err := ParseTrace("t", []byte(text))
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, text)
	}
	return trace
}

// Every op in each of its spellings, and the canonical one.
func TestStmtSpelling(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // "" is the line itself
		op   Op
	}{
		{"b := a.clone(VM|SIGHAND|THREAD)", "", Op{Kind: Clone, Flags: CloneVM | CloneSighand | CloneThread, Sig: SIGCHLD}},
		{"a.clone(CLONE_VM|CLONE_FS)", "a.clone(VM|FS)", Op{Kind: Clone, Flags: CloneVM | CloneFS, Sig: SIGCHLD}},
		{"a.clone(0)", "a.fork()", Op{Kind: Clone, Sig: SIGCHLD}},
		{"a.clone(0x11)", "a.fork()", Op{Kind: Clone, Sig: SIGCHLD}},
		{"a.clone(0x10a)", "a.clone(VM, USR1)", Op{Kind: Clone, Flags: CloneVM, Sig: SIGUSR1}},
		{"a.clone((VM|FS), 0)", "a.clone(VM|FS, 0)", Op{Kind: Clone, Flags: CloneVM | CloneFS}},
		{"a.clone(0x1000|IO, 200)", "a.clone(PIDFD|IO, 200)", Op{Kind: Clone, Flags: CloneIO | 0x1000, Sig: 200}},
		{"b := a.fork()", "", Op{Kind: Clone, Sig: SIGCHLD}},
		{"a.vfork()", "", Op{Kind: Clone, Flags: CloneVM | CloneVfork, Sig: SIGCHLD}},
		{"a.unshare(NEWPID|NEWNS)", "a.unshare(NEWNS|NEWPID)", Op{Kind: Unshare, Flags: CloneNewPID | CloneNewNS}},
		{"a.unshare(17)", "a.unshare(0x11)", Op{Kind: Unshare, Flags: 0x11}},
		{"a.exit(-1)", "", Op{Kind: Exit, Arg: -1}},
		{"a.exit_group(0x105)", "a.exit_group(261)", Op{Kind: ExitGroup, Arg: 261}},
		{"a.wait4(init)", "", Op{Kind: Wait4}},
		{"a.wait4(-init, __WALL | WNOHANG)", "a.wait4(-init, WNOHANG|__WALL)", Op{Kind: Wait4, Mode: Negative, Flags: WNOHANG | WALL}},
		{"a.wait4(-1)", "", Op{Kind: Wait4, Arg: -1}},
		{"a.wait4(-2147483648, 4)", "a.wait4(-2147483648, 0x4)", Op{Kind: Wait4, Arg: -2147483648, Flags: 4}},
		{"a.kill(init, SIGTERM)", "a.kill(init, TERM)", Op{Kind: Kill, Sig: SIGTERM}},
		{"a.kill(-a, 0)", "", Op{Kind: Kill, Mode: Negative}},
		{"a.kill(0, 255)", "", Op{Kind: Kill, Sig: 255}},
		{"a.tkill(3, KILL)", "", Op{Kind: Tkill, Arg: 3, Sig: SIGKILL}},
		{"a.tgkill(init, a, USR1)", "", Op{Kind: Tgkill, Sig: SIGUSR1}},
		{"a.tgkill(2, -3, 34)", "", Op{Kind: Tgkill, Arg2: 2, Arg: -3, Sig: 34}},
		{"a.sigaction(CHLD, SIG_IGN)", "a.sigaction(CHLD, IGN)", Op{Kind: Sigaction, Sig: SIGCHLD, Mode: SigIgn}},
		{"a.sigaction(TERM, HANDLER, SA_RESTART|NOCLDSTOP)", "a.sigaction(TERM, HANDLER, NOCLDSTOP|RESTART)",
			Op{Kind: Sigaction, Sig: SIGTERM, Mode: SigHandler, Flags: SARESTART | SANOCLDSTOP}},
		{"a.sigprocmask(BLOCK, USR1|TERM)", "", Op{Kind: Sigprocmask, Mode: SigBlock, Set: SIGUSR1.Bit() | SIGTERM.Bit()}},
		{"a.sigprocmask(SIG_SETMASK, ALL)", "a.sigprocmask(SETMASK, ALL)", Op{Kind: Sigprocmask, Mode: SigSetmask, Set: ^SigSet(0)}},
		{"a.sigprocmask(UNBLOCK, 0x100000001)", "a.sigprocmask(UNBLOCK, HUP|0x100000000)", Op{Kind: Sigprocmask, Mode: SigUnblock, Set: 1<<32 | 1}},
		{"a.sigprocmask(SETMASK, 0)", "", Op{Kind: Sigprocmask, Mode: SigSetmask}},
		{"a.setrlimit(NPROC, 3)", "", Op{Kind: Setrlimit, Arg: 3, Arg2: -1}},
		{"a.setrlimit(NPROC, 3, unlimited)", "", Op{Kind: Setrlimit, Arg: 3, Arg2: int32(RlimInfinity)}},
		{"a.unshare(CLONE_NEWTIME|NEWCGROUP)", "a.unshare(NEWTIME|NEWCGROUP)", Op{Kind: Unshare, Flags: CloneNewTime | CloneNewCgroup}},
		{"a.clone(0x80)", "a.clone(0, 128)", Op{Kind: Clone, Sig: 128}},
		{"a.sysctl(pid_max, 400)", "", Op{Kind: Sysctl, Arg: 400}},
		{"a.sysctl(max_user_namespaces, -1)", "", Op{Kind: Sysctl, Arg2: int32(KnobUser), Arg: -1}},
		{"a.map_ids()", "", Op{Kind: MapIDs}},
		{"a.resume()", "", Op{Kind: Resume}},
		{"a.fork().fault(copy_mm, ENOMEM).pause(alloc_pid)", "", Op{Kind: Clone, Sig: SIGCHLD, Fault: Fault{Errno: ENOMEM}}},
		{"a.exit(0).choose(3)", "", Op{Kind: Exit, Choice: 3}},
		{"a.resume().choose(0x10)", "a.resume().choose(16)", Op{Kind: Resume, Choice: 16}},
		{"a.fork().choose(18446744073709551615).pause(alloc_pid)", "a.fork().pause(alloc_pid).choose(18446744073709551615)", Op{Kind: Clone, Sig: SIGCHLD, Choice: 1<<64 - 1}},
		{"a.fork().pause(alloc_pid).fault(copy_mm, ENOMEM)", "a.fork().fault(copy_mm, ENOMEM).pause(alloc_pid)",
			Op{Kind: Clone, Sig: SIGCHLD, Fault: Fault{Errno: ENOMEM}}},
	} {
		st := mustParse(t, "kernel v3.11\n"+c.line).Lines[1].Stmt
		if c.want == "" {
			c.want = c.line
		}
		if got := st.String(); got != c.want {
			t.Errorf("%s: canonical spelling is %q, want %q", c.line, got, c.want)
		}
		if diff := cmp.Diff(c.op, st.Op); diff != "" {
			t.Errorf("%s: op (-want +got):\n%s", c.line, diff)
		}
	}
}

// What is wrong, where, and what would be right.
func TestTraceErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `t:1:1: no header; the first line is like "kernel v3.11 max_threads=8"`},
		{"# only\n", `t:1:1: no header; the first line is like "kernel v3.11 max_threads=8"`},
		{"\n a.fork()\nkernel v3.11", `t:2:2: the header comes first, a line like "kernel v3.11 max_threads=8"`},
		{"kernel", `t:1:7: no kernel version after kernel; known: v3.11, v6.x`},
		{"kernel v3.12", `t:1:8: unknown kernel version "v3.12"; did you mean v3.11?`},
		{"kernel v3.11 max_thread=3", `t:1:14: unknown option "max_thread"; did you mean max_threads?`},
		{"kernel v3.11 uid=1 uid=1", `t:1:20: option uid is given twice; once is enough`},
		{"kernel v3.11 dress=1", `t:1:14: option dress takes no value; write dress`},
		{"kernel v3.11 world", `t:1:14: option world needs a value; write world=global or container`},
		{"kernel v3.11 world=globe", `t:1:20: unknown world "globe"; did you mean global?`},
		{"kernel v3.11 max_threads=x", `t:1:26: max_threads=x is not a number; it is 1..32767`},
		{"kernel v3.11 pid_max=1", `t:1:22: pid_max=1 is out of range; it is 2..32768`},
		{"kernel v3.11 pid_max=8 last_pid=8", `t:1:1: last_pid=8 is not below pid_max=8`},
		{"kernel v3.11 caps=KILL|SYS_ADMIM", `t:1:24: unknown capability "SYS_ADMIM"; did you mean SYS_ADMIN?`},
		{"kernel v3.11 nproc=-1", `t:1:20: nproc=-1 is out of range; it is 0..32766`},

		{"kernel v3.11\na.clne(VM)", `t:2:3: unknown op "clne"; did you mean clone?`},
		{"kernel v3.11\na.clone(VM|SIGHANDS)", `t:2:12: unknown flag "SIGHANDS"; did you mean SIGHAND?`},
		{"kernel v6.x\na.clone(VM|CLONE_NEWTIME)", `t:2:12: clone cannot take NEWTIME, its low byte is the exit signal; unshare(NEWTIME) can`},
		{"kernel v6.x\na.unshare(NEWTIM)", `t:2:11: unknown flag "NEWTIM"; did you mean NEWTIME?`},
		{"kernel v6.x\na.sysctl(pid_mx, 400)", `t:2:10: unknown sysctl "pid_mx"; did you mean pid_max?`},
		{"kernel v3.11\na.clone(0x100000000)", `t:2:9: 0x100000000 is not a number that fits here; it is 0..4294967295`},
		{"kernel v3.11\na.clone(VM+FS)", `t:2:9: this is no set of flags; join words and numbers by |`},
		{"kernel v3.11\na.clone(0x11, USR1)", `t:2:15: two exit signals; the low byte of the flags is 17 already`},
		{"kernel v3.11\na.clone(VM, 256)", `t:2:13: 256 is not a number that fits here; it is 0..255`},
		{"kernel v3.11\na.clone()", `t:2:3: clone does not take 0 arguments; write clone(FLAGS[, SIG])`},
		{"kernel v3.11\na.kill(a, TREM)", `t:2:11: unknown signal "TREM"; did you mean TERM?`},
		{"kernel v3.11\na.kill(a, -1)", `t:2:11: this is no signal; it is a name such as TERM, or a number 0..255`},
		{"kernel v3.11\na.kill(b, TERM)", `t:2:8: no line above names a task "b"; valid: a, init`},
		{"kernel v3.11\ninti.fork()", `t:2:1: no line above names a task "inti"; did you mean init?`},
		{"kernel v3.11\nb := b.fork()", `t:2:6: no line above names a task "b"; valid: a, init`},
		{"kernel v3.11\na.wait4(-1, WNOHAN)", `t:2:13: unknown option "WNOHAN"; did you mean WNOHANG?`},
		{"kernel v3.11\na.wait4(1.5)", `t:2:9: 1.5 is not a number that fits here; it is -2147483648..2147483647`},
		{"kernel v3.11\na.exit(99999999999)", `t:2:8: 99999999999 is not a number that fits here; it is -2147483648..2147483647`},
		{"kernel v3.11\na.sigaction(TERM, IGNORE)", `t:2:19: unknown action "IGNORE"; valid: DFL, IGN, HANDLER`},
		{"kernel v3.11\na.sigprocmask(BLCK, ALL)", `t:2:15: unknown way to change the mask "BLCK"; did you mean BLOCK?`},
		{"kernel v3.11\na.setrlimit(CORE, 1)", `t:2:13: unknown resource "CORE"; the one that is modelled is NPROC`},
		{"kernel v3.11\na.setrlimit(NPROC, 32767)", `t:2:20: limit 32767 is out of range; it is 0..32766 or unlimited`},

		{"kernel v3.11\nb := a.fork()\nb := a.fork()", `t:3:1: b is bound on line 2 already; take another name`},
		{"kernel v3.11\n  init := a.fork()", `t:2:3: init is a task of the world; take another name`},
		{"kernel v3.11\nx := a.exit(0)", `t:2:1: exit makes no task to name; clone, fork and vfork do`},
		{"kernel v3.11\ngo := a.fork()", `t:2:1: "go" is no name for a task; a name is letters and digits and begins with a letter`},
		{"kernel v3.11\n:= a.fork()", `t:2:1: "" is no name for a task; a name is letters and digits and begins with a letter`},

		{"kernel v3.11\na.fork().fault(copy_nm, ENOMEM)", `t:2:16: clone of v3.11 has no row "copy_nm"; did you mean copy_mm?`},
		{"kernel v3.11\na.fork().fault(do_wait, ECHILD)", `t:2:16: clone of v3.11 has no row "do_wait", but wait4 has`},
		{"kernel v3.11\na.fork().fault(copy_mm, EPREM)", `t:2:25: unknown errno "EPREM"; did you mean EPERM?`},
		{"kernel v3.11\na.fork().fault(copy_mm, EPERM)", `t:2:25: row copy_mm cannot give EPERM; it gives ENOMEM`},
		{"kernel v3.11\na.wait4(-1).fault(put_pid, EPERM)", `t:2:19: row put_pid cannot fail; rows of wait4 that can: wait4_options, do_wait`},
		{"kernel v3.11\na.fork().fault(copy_mm)", `t:2:10: fault does not take 1 argument; write fault(row, ERRNO)`},
		{"kernel v3.11\na.fork().fault(copy_mm, ENOMEM).fault(copy_fs, ENOMEM)", `t:2:33: two faults; a call has one at most`},
		{"kernel v3.11\na.fork().pause(alloc_pid).pause(alloc_pid)", `t:2:27: two pauses; a call has one at most`},
		{"kernel v3.11\na.fork().pause(list_tasks)", `t:2:16: a call cannot pause at list_tasks, inside the critical section commit; pause at real_parent, where it begins`},
		{"kernel v3.11\na.clone(PARENT).pause(list_tasks)", `t:2:23: a call cannot pause at list_tasks, inside the critical section commit; pause at real_parent_shared, where it begins`},
		{"kernel v3.11\na.fork().choose(0)", `t:2:17: 0 is no choice; it is 1..18446744073709551615, and an op without one is as if it chose 0`},
		{"kernel v3.11\na.fork().choose(18446744073709551616)", `t:2:17: 18446744073709551616 is no choice; it is 1..18446744073709551615, and an op without one is as if it chose 0`},
		{"kernel v3.11\na.fork().choose(-1)", `t:2:17: this is no choice; it is 1..18446744073709551615`},
		{"kernel v3.11\na.fork().choose()", `t:2:10: choose does not take 0 arguments; write choose(n)`},
		{"kernel v3.11\na.fork().choose(1).choose(1)", `t:2:20: two choices; an op has one at most`},
		{"kernel v3.11\na.fork().chose(1)", `t:2:10: unknown suffix "chose"; did you mean choose?`},
		{"kernel v3.11\na.fork().puase(alloc_pid)", `t:2:10: unknown suffix "puase"; did you mean pause?`},
		{"kernel v3.11\na.resume().pause(alloc_pid)", `t:2:12: resume takes no pause; it belongs to the line of the call that goes on`},

		{"kernel v3.11\na", "t:2:1: this is no op; " + lineShape},
		{"kernel v3.11\na.fork", "t:2:1: this is no op; " + lineShape},
		{"kernel v3.11\na.fork(", "t:2:8: expected ')', found 'EOF'; " + lineShape},
		{"kernel v3.11\n(a).fork()", "t:2:1: this is no op; " + lineShape},
		{"kernel v3.11\na.fork() b", "t:2:10: expected 'EOF', found b; " + lineShape},
		{"kernel v3.11\na.exit(/* five */ 5)", "t:2:8: a comment inside an op; a comment is a line that begins with #"},
		{"kernel v3.11\na.exit(func() {})", "t:2:8: this is no number; it is -2147483648..2147483647"},
		{"kernel v3.11\n" + strings.Repeat("a", 4097), "t:2:4097: the line has 4097 bytes; a line has at most 4096"},
		{strings.Repeat("\n", MaxTraceFile+1), "t:1:1: the file has 1048577 bytes; a trace has at most 1048576"},
		{strings.Repeat("\n", 10002), "t:10001:1: the file has 10002 lines; a trace has at most 10000"},
		{"kernel v3.11\na.fork()" + strings.Repeat(" ", 2048) + "// 3", "t:2:2049: the op has 2056 bytes; an op has at most 2048"},
		{"kernel v3.11\na.clne()\nb := a.frok()\nb.exit(0)\na.x()", `t:2:3: unknown op "clne"; did you mean clone?
t:3:8: unknown op "frok"; did you mean fork?
t:5:3: unknown op "x"; valid: ` + strings.Join(opNames(), ", ")},
	} {
		_, err := ParseTrace("t", []byte(c.text))
		got := "no error"
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%.60q:\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// Comments, blank lines and the spelling of ops survive; results are aligned in each run of ops.
func TestTraceKeepsText(t *testing.T) {
	const before = `# about

  kernel   v3.11 dress  
b := a.clone( 0x11 )//3
a.wait4(b)
  a.kill(b,TERM)     //  0

# more
b.exit(0) // -`
	const after = `# about

  kernel   v3.11 dress
b := a.clone( 0x11 ) // 3
a.wait4(b)
a.kill(b,TERM)       // 0

# more
b.exit(0) // -
`
	if diff := cmp.Diff(after, mustParse(t, before).String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every header that can be printed is read back as the same world.
func TestHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := DefaultBoot()
		b.Dress = rapid.Bool().Draw(t, "dress")
		b.World = World(rapid.IntRange(0, 1).Draw(t, "world"))
		b.UID = rapid.Uint16().Draw(t, "uid")
		b.Caps = CapSet(rapid.IntRange(0, int(CapAll)).Draw(t, "caps"))
		b.Nproc = int16(rapid.IntRange(0, int(RlimInfinity)).Draw(t, "nproc"))
		b.Limits.MaxThreads = int16(rapid.IntRange(1, 32767).Draw(t, "max_threads"))
		b.Limits.PidMax = uint16(rapid.IntRange(10, 32768).Draw(t, "pid_max"))
		b.LastPid = uint16(rapid.IntRange(0, int(b.Limits.PidMax)-1).Draw(t, "last_pid"))
		b.Limits.ReservedPids = uint16(rapid.IntRange(1, 32768).Draw(t, "reserved_pids"))
		b.Limits.PidNSDepth = uint8(rapid.IntRange(1, 32).Draw(t, "pid_ns_depth"))
		b.Limits.UserNSDepth = uint8(rapid.IntRange(0, 32).Draw(t, "user_ns_depth"))
		trace, err := ParseTrace("t", []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, trace.Boot); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", b.String(), diff)
		}
	})
}

// drawStmt draws any op that can be written, with names that a trace binds.
func drawStmt(t *rapid.T, k *Kernel, names []string) Stmt {
	name := rapid.SampledFrom(names)
	number := rapid.Int32()
	st := Stmt{Actor: name.Draw(t, "actor"), Op: Op{Kind: Kind(rapid.IntRange(int(Clone), int(Resume)).Draw(t, "kind"))}}
	op := &st.Op
	switch op.Kind {
	case Clone, Unshare:
		op.Flags = Flags(rapid.Uint32().Draw(t, "flags"))
		if op.Kind == Clone {
			op.Flags &^= CSIGNAL
			op.Sig = Signal(rapid.Byte().Draw(t, "sig"))
		}
	case Wait4, Kill, Tkill, Tgkill:
		if st.Target = rapid.SampledFrom(append(names, "")).Draw(t, "target"); st.Target == "" {
			op.Arg = number.Draw(t, "arg")
		} else if op.Kind == Wait4 || op.Kind == Kill {
			op.Mode = Mode(rapid.IntRange(int(Plain), int(Negative)).Draw(t, "mode"))
		}
		if op.Kind == Wait4 {
			op.Flags = Flags(rapid.Uint32().Draw(t, "options"))
		} else {
			op.Sig = Signal(rapid.Byte().Draw(t, "sig"))
		}
		if op.Kind == Tgkill {
			st.Target2 = name.Draw(t, "tgid")
		}
	case Exit, ExitGroup:
		op.Arg = number.Draw(t, "code")
	case Sigaction:
		op.Sig = Signal(rapid.Byte().Draw(t, "sig"))
		op.Mode = Mode(rapid.IntRange(int(SigDfl), int(SigHandler)).Draw(t, "action"))
		op.Flags = Flags(rapid.Uint32().Draw(t, "flags"))
	case Sigprocmask:
		op.Mode = Mode(rapid.IntRange(int(SigBlock), int(SigSetmask)).Draw(t, "how"))
		op.Set = SigSet(rapid.Uint64().Draw(t, "set"))
	case Setrlimit:
		op.Arg = rapid.Int32Range(0, int32(RlimInfinity)).Draw(t, "soft")
		op.Arg2 = rapid.Int32Range(-1, int32(RlimInfinity)).Draw(t, "hard")
	}
	drawSuffixes(t, &k.Calls[op.Kind], &st)
	return st
}

func drawSuffixes(t *rapid.T, table *Table, st *Stmt) {
	if rapid.Bool().Draw(t, "choose") {
		st.Op.Choice = rapid.Uint64().Draw(t, "choice")
	}
	if len(table.Rows) == 0 {
		return
	}
	i := rapid.IntRange(0, len(table.Rows)-1).Draw(t, "row")
	r := &table.Rows[i]
	if len(r.Errs) > 0 && rapid.Bool().Draw(t, "fault") {
		st.FaultRow, st.Op.Fault.Errno = r.Name, rapid.SampledFrom(r.Errs).Draw(t, "errno")
	}
	if !table.Atomic(i) && rapid.Bool().Draw(t, "pause") {
		st.PauseRow = r.Name
	}
}

// What is printed is read back as the same ops, whatever they are.
func TestTraceRoundTrip(t *testing.T) {
	b := DefaultBoot()
	k, err := b.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"init", "a"}
		want := NewTrace(b)
		for i := range rapid.IntRange(1, 8).Draw(t, "lines") {
			st := drawStmt(t, k, names)
			if st.Op.Kind == Clone {
				st.Bind = childName(i)
				names = append(names, st.Bind)
			}
			want.Add(NewLine(st, rapid.SampledFrom([]string{"", "0", "EINVAL row"}).Draw(t, "result")))
		}
		got, err := ParseTrace("", []byte(want.String()))
		if err != nil {
			t.Fatalf("%v\nin:\n%s", err, want)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// The examples of the package comment are what the parser takes, and there is one for each op.
func TestDocExamples(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t((?:b := )?[ab]\.(\w+)\(.*?\))(?:  .*)?$`).FindAllStringSubmatch(string(doc), -1) {
		text := m[1]
		if !strings.HasPrefix(text, "b :=") {
			text = "b := a.fork()\n" + text
		}
		mustParse(t, "kernel v3.11\n"+text)
		seen[m[2]] = true
	}
	for _, name := range opNames() {
		if !seen[name] {
			t.Errorf("no example of %s", name)
		}
	}
}

// Names of rows are what faults and pauses go by: each is unique in its call, and can be written.
func TestRowNames(t *testing.T) {
	for _, v := range Versions {
		for _, table := range v.New().Calls {
			seen := map[string]bool{}
			for _, r := range table.Rows {
				if seen[r.Name] || !isName(r.Name) {
					t.Errorf("%s %s: row name %q is no name, or not unique", v.Name, table.Name, r.Name)
				}
				seen[r.Name] = true
			}
		}
	}
}

// A trace of ops that ran gives the same results when it is read and run by name.
func TestTranscribe(t *testing.T) {
	b := DefaultBoot()
	k, _ := b.NewKernel()
	trace := Transcribe(k, b, []Op{
		{Kind: Clone, Actor: A, Flags: CloneThread, Sig: SIGCHLD},
		{Kind: Clone, Actor: A, Flags: CloneVM | CloneVfork, Sig: SIGCHLD},
		{Kind: Kill, Actor: 3, Target: A, Mode: Negative},
		{Kind: Clone, Actor: 9},
		{Kind: Exit, Actor: 3, Arg: 7},
		{Kind: Clone, Actor: A, Sig: SIGUSR1, Pause: uint16(k.Calls[Clone].Row("alloc_pid") + 1)},
		{Kind: Wait4, Actor: A, Target: 3},
		{Kind: Resume, Actor: A},
		{Kind: Kill, Actor: A, Target: 3, Sig: SIGKILL},
	})
	const want = `kernel v3.11
a.clone(THREAD)                        // EINVAL thread_needs_sighand
b := a.vfork()                         // asleep wait_for_vfork_done
b.kill(-a, 0)                          // 0
b.exit(7)                              // -; a: b 3
c := a.clone(0, USR1).pause(alloc_pid) // paused
a.wait4(b)                             // no task
a.resume()                             // c 4
a.kill(b, KILL)                        // 0
`
	if diff := cmp.Diff(want, trace.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The parser never panics, and what it reads it can write and read again.
func FuzzParseTrace(f *testing.F) {
	f.Add("kernel v3.11 max_threads=8 dress\n# x\n\nb := a.clone(VM|0x11).fault(copy_mm, ENOMEM).pause(alloc_pid) // paused\n")
	f.Add("kernel v3.11\na.sigprocmask(BLOCK, USR1|0x100)\na.tgkill(-1, a, 3)\na.wait4(-a, __WALL)")
	f.Add("kernel v3.11\n(a).b(...)\n:=\n// x\na.clone(((0)))\n\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseTrace("", []byte(text))
		if err != nil {
			return
		}
		second, err := ParseTrace("", []byte(first.String()))
		if err != nil {
			t.Fatalf("%v\nin:\n%s", err, first)
		}
		if diff := cmp.Diff(first, second, cmpopts.IgnoreFields(Line{}, "Text")); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

// A trace says where its header has the name of the kernel, so that another one can take its place.
func TestKernelAt(t *testing.T) {
	for _, c := range []struct {
		name, text string
		no         int
	}{
		{"plain", "kernel v3.11\na.fork()\n", 1},
		{"comments", "# kernel v3.11\n\n  # no\n kernel   v3.11 dress\na.fork()", 4},
		{"a byte-order mark", "\ufeffkernel v3.11", 1},
		{"a byte-order mark and comments", "\ufeff\n# kernel v3.11\nkernel v3.11\n", 3},
		{"carriage returns and tabs", "\r\n\tkernel\t\rv3.11\t\r\na.fork()\r\n", 2},
	} {
		trace := mustParse(t, c.text)
		if got := c.text[trace.KernelAt:][:len("v3.11")]; got != "v3.11" || trace.HeaderNo != c.no {
			t.Errorf("%s: %q in line %d, want v3.11 in line %d", c.name, got, trace.HeaderNo, c.no)
		}
	}
	made := NewTrace(DefaultBoot())
	if got := made.String()[made.KernelAt:]; made.HeaderNo != 1 || got != "v3.11\n" {
		t.Errorf("a trace that was made has %q in line %d", got, made.HeaderNo)
	}
}
