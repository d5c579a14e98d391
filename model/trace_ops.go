package model

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// opSpec is how a trace writes one op. An op that is missing here cannot be written; adding one is adding a row.
type opSpec struct {
	name     string
	kind     Kind
	usage    string
	min, max int // arguments
	read     func(p *stmtParser, args []ast.Expr)
	write    func(st *Stmt) []string // the arguments in canonical spelling; nil for another spelling of an op above
}

// ops are the ops of a trace. Where two rows have the same kind, the first whose spelling fits is the canonical one.
var ops = []opSpec{
	{"fork", Clone, "fork()", 0, 0, readFork(0), writeFork(0)},
	{"vfork", Clone, "vfork()", 0, 0, readFork(CloneVM | CloneVfork), writeFork(CloneVM | CloneVfork)},
	{"clone", Clone, "clone(FLAGS[, SIG])", 1, 2, readClone, writeClone},
	{"unshare", Unshare, "unshare(FLAGS)", 1, 1, readUnshare, func(st *Stmt) []string { return []string{bitNames(UnshareWords, uint32(st.Op.Flags))} }},
	{"exit", Exit, "exit([CODE])", 0, 1, readCode, writeArg},
	{"exit_group", ExitGroup, "exit_group([CODE])", 0, 1, readCode, writeArg},
	{"wait4", Wait4, "wait4(WHO[, OPTIONS])", 1, 2, readWait4, writeWait4},
	{"kill", Kill, "kill(WHO, SIG)", 2, 2, readKill, writeKill},
	{"tkill", Tkill, "tkill(TID, SIG)", 2, 2, readTkill, writeKill},
	{"tgkill", Tgkill, "tgkill(TGID, TID, SIG)", 3, 3, readTgkill, writeTgkill},
	{"sigaction", Sigaction, "sigaction(SIG, DFL|IGN|HANDLER[, FLAGS])", 2, 3, readSigaction, writeSigaction},
	{"sigprocmask", Sigprocmask, "sigprocmask(BLOCK|UNBLOCK|SETMASK, SET)", 2, 2, readSigprocmask, writeSigprocmask},
	{"setrlimit", Setrlimit, "setrlimit(NPROC, SOFT[, HARD])", 2, 3, readSetrlimit, writeSetrlimit},
	{"map_ids", MapIDs, "map_ids()", 0, 0, readNothing, writeNothing},
	{"sysctl", Sysctl, "sysctl(KNOB, N)", 2, 2, readSysctl, writeSysctl},
	{"resume", Resume, "resume()", 0, 0, readNothing, writeNothing},
}

// findOp finds an op by name, nil if there is none.
func findOp(name string) *opSpec {
	if i := slices.IndexFunc(ops, func(o opSpec) bool { return o.name == name }); i >= 0 {
		return &ops[i]
	}
	return nil
}

func opNames() (names []string) {
	for _, o := range ops {
		names = append(names, o.name)
	}
	return names
}

// OpUsage lists how each op is written: "clone(FLAGS[, SIG])".
func OpUsage() (usage []string) {
	for _, o := range ops {
		usage = append(usage, o.usage)
	}
	return usage
}

// String is the op in canonical spelling, without a result.
func (st *Stmt) String() string {
	var b strings.Builder
	if st.Bind != "" {
		b.WriteString(st.Bind + " := ")
	}
	fmt.Fprintf(&b, "%s.%s", st.Actor, st.call())
	if st.FaultRow != "" {
		fmt.Fprintf(&b, ".fault(%s, %s)", st.FaultRow, st.Op.Fault.Errno)
	}
	if st.PauseRow != "" {
		fmt.Fprintf(&b, ".pause(%s)", st.PauseRow)
	}
	if st.Op.Choice != 0 {
		fmt.Fprintf(&b, ".choose(%d)", st.Op.Choice)
	}
	return b.String()
}

// call is the op with its arguments.
func (st *Stmt) call() string {
	for _, o := range ops {
		if o.kind != st.Op.Kind {
			continue
		}
		if args := o.write(st); args != nil {
			return o.name + "(" + strings.Join(args, ", ") + ")"
		}
	}
	return "noop()"
}

func readNothing(*stmtParser, []ast.Expr) {}
func writeNothing(*Stmt) []string         { return []string{} }

// readFork and writeFork are fork and vfork: clone with fixed arguments.
func readFork(flags Flags) func(*stmtParser, []ast.Expr) {
	return func(p *stmtParser, _ []ast.Expr) { p.st.Op.Flags, p.st.Op.Sig = flags, SIGCHLD }
}

func writeFork(flags Flags) func(*Stmt) []string {
	return func(st *Stmt) []string {
		if st.Op.Flags != flags || st.Op.Sig != SIGCHLD {
			return nil
		}
		return []string{}
	}
}

// readClone takes the exit signal from the second argument, or from the low byte of the flags, or it is SIGCHLD.
func readClone(p *stmtParser, args []ast.Expr) {
	word := p.bits(args[0], cloneBits)
	low := Signal(word & CSIGNAL)
	p.st.Op.Flags = Flags(word &^ CSIGNAL)
	switch {
	case len(args) == 1 && low == 0:
		p.st.Op.Sig = SIGCHLD
	case len(args) == 1:
		p.st.Op.Sig = low
	case low != 0:
		p.failAt(args[1], "two exit signals; the low byte of the flags is %d already", low)
	default:
		p.st.Op.Sig = p.signal(args[1])
	}
}

func writeClone(st *Stmt) []string {
	flags := bitNames(CloneWords, uint32(st.Op.Flags))
	if st.Op.Sig == SIGCHLD {
		return []string{flags}
	}
	return []string{flags, st.Op.Sig.String()}
}

func readUnshare(p *stmtParser, args []ast.Expr) {
	p.st.Op.Flags = Flags(p.bits(args[0], unshareBits))
}

// readCode reads an exit code; none is 0.
func readCode(p *stmtParser, args []ast.Expr) {
	if len(args) > 0 {
		p.st.Op.Arg = p.number(args[0])
	}
}

func writeArg(st *Stmt) []string { return []string{strconv.Itoa(int(st.Op.Arg))} }

func readWait4(p *stmtParser, args []ast.Expr) {
	p.who(args[0])
	if len(args) > 1 {
		p.st.Op.Flags = Flags(p.bits(args[1], waitBits))
	}
}

func writeWait4(st *Stmt) []string {
	if st.Op.Flags == 0 {
		return []string{writeWho(st)}
	}
	return []string{writeWho(st), bitNames(WaitWords, uint32(st.Op.Flags))}
}

func readKill(p *stmtParser, args []ast.Expr) {
	p.who(args[0])
	p.st.Op.Sig = p.signal(args[1])
}

func writeKill(st *Stmt) []string { return []string{writeWho(st), st.Op.Sig.String()} }

func readTkill(p *stmtParser, args []ast.Expr) {
	p.st.Target, p.st.Op.Arg = p.taskOrNumber(args[0])
	p.st.Op.Sig = p.signal(args[1])
}

func readTgkill(p *stmtParser, args []ast.Expr) {
	p.st.Target2, p.st.Op.Arg2 = p.taskOrNumber(args[0])
	readTkill(p, args[1:])
}

func writeTgkill(st *Stmt) []string {
	return append([]string{nameOr(st.Target2, st.Op.Arg2)}, writeKill(st)...)
}

// who reads the pid argument of wait4 and kill: a task, the group that a task leads, or a number.
func (p *stmtParser) who(e ast.Expr) {
	if minus, group := negated(e); group {
		if id, isName := minus.(*ast.Ident); isName {
			p.st.Target, p.st.Op.Mode = p.task(id), Negative
			return
		}
	}
	p.st.Target, p.st.Op.Arg = p.taskOrNumber(e)
}

func (p *stmtParser) taskOrNumber(e ast.Expr) (string, int32) {
	if id, isName := e.(*ast.Ident); isName {
		return p.task(id), 0
	}
	return "", p.number(e)
}

func writeWho(st *Stmt) string {
	if st.Target != "" && st.Op.Mode == Negative {
		return "-" + st.Target
	}
	return nameOr(st.Target, st.Op.Arg)
}

func nameOr(name string, n int32) string {
	if name != "" {
		return name
	}
	return strconv.Itoa(int(n))
}

// actions and hows are the words for the modes of sigaction and sigprocmask.
var (
	actions = []Word{{"DFL", uint32(SigDfl)}, {"IGN", uint32(SigIgn)}, {"HANDLER", uint32(SigHandler)}}
	hows    = []Word{{"BLOCK", uint32(SigBlock)}, {"UNBLOCK", uint32(SigUnblock)}, {"SETMASK", uint32(SigSetmask)}}
)

func readSigaction(p *stmtParser, args []ast.Expr) {
	p.st.Op.Sig = p.signal(args[0])
	p.st.Op.Mode = p.mode(args[1], "action", actions)
	if len(args) > 2 {
		p.st.Op.Flags = Flags(p.bits(args[2], actionBits))
	}
}

func writeSigaction(st *Stmt) []string {
	args := []string{st.Op.Sig.String(), modeName(actions, st.Op.Mode)}
	if st.Op.Flags != 0 {
		args = append(args, bitNames(SigactionWords, uint32(st.Op.Flags)))
	}
	return args
}

func readSigprocmask(p *stmtParser, args []ast.Expr) {
	p.st.Op.Mode = p.mode(args[0], "way to change the mask", hows)
	p.st.Op.Set = SigSet(p.bits(args[1], signalBits))
}

func writeSigprocmask(st *Stmt) []string {
	return []string{modeName(hows, st.Op.Mode), st.Op.Set.text()}
}

// text writes a set as traces do: ALL, names joined by |, and what has no name as a mask.
func (set SigSet) text() string {
	if set == ^SigSet(0) {
		return "ALL"
	}
	named := set & (1<<(len(signalNames)-1) - 1)
	return joinBits(named.Names(), uint64(set&^named))
}

func readSetrlimit(p *stmtParser, args []ast.Expr) {
	if what := p.ident(args[0], "a resource"); what != "NPROC" && what != "RLIMIT_NPROC" {
		p.failAt(args[0], "unknown resource %q; the one that is modelled is NPROC", what)
	}
	p.st.Op.Arg, p.st.Op.Arg2 = p.limit(args[1]), -1
	if len(args) > 2 {
		p.st.Op.Arg2 = p.limit(args[2])
	}
}

func writeSetrlimit(st *Stmt) []string {
	args := []string{"NPROC", limitText(st.Op.Arg)}
	if st.Op.Arg2 >= 0 {
		args = append(args, limitText(st.Op.Arg2))
	}
	return args
}

func readSysctl(p *stmtParser, args []ast.Expr) {
	p.st.Op.Arg2 = int32(p.mode(args[0], "sysctl", KnobWords))
	p.st.Op.Arg = p.number(args[1])
}

func writeSysctl(st *Stmt) []string {
	return []string{modeName(KnobWords, Mode(st.Op.Arg2)), strconv.Itoa(int(st.Op.Arg))}
}

// limitText writes a limit; what does not fit is clipped by the kernel, and is unlimited here.
func limitText(n int32) string {
	if n < 0 || n >= int32(RlimInfinity) {
		return "unlimited"
	}
	return strconv.Itoa(int(n))
}

func modeName(words []Word, m Mode) string {
	for _, w := range words {
		if w.Bits == uint32(m) {
			return w.Name
		}
	}
	return words[0].Name
}
