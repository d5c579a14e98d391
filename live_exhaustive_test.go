package forkcheck_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/model"
)

var liveAll = flag.Bool("live.all", false, "TestLiveExhaustive: all of it, not a sample")

// liveTable is every op of a list, by tasks in some situations.
type liveTable struct {
	what       string
	situations []string // a header, and how it comes about; the op is of the task that the last line names, `a.` or `b.`
	ops        []model.Op
	stride     int // of the sample
}

// liveTables are small enough to be compared whole.
var liveTables = []liveTable{
	{"clones", []string{
		"kernel v6.x\na.",
		"kernel v6.x\ninit.",
		"kernel v6.x world=container\ninit.",
		"kernel v6.x\na.unshare(NEWPID)\na.",
		"kernel v6.x\na.unshare(NEWPID)\nb := a.fork()\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\nt.",
	}, opsOf(model.Clone, everyWord(oracleFlags[:])), 199},
	{"unshares", []string{
		"kernel v6.x\na.",
		"kernel v6.x uid=1000\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\nt.",
		"kernel v6.x\nb := a.clone(VM)\na.",
		"kernel v6.x\nb := a.clone(VM|SIGHAND)\nb.",
		"kernel v6.x\nb := a.clone(FS|FILES)\na.",
		"kernel v6.x\na.unshare(NEWPID)\na.",
		"kernel v6.x\na.unshare(NEWUSER)\na.",
	}, opsOf(model.Unshare, oneOrTwo(unshareWords)), 11},
	{"waits", []string{
		"kernel v6.x\na.",
		"kernel v6.x\nb := a.fork()\na.",
		"kernel v6.x\nb := a.fork()\nb.exit(1)\na.",
		"kernel v6.x\nb := a.fork()\na.kill(b, TERM)\na.",
		"kernel v6.x\nb := a.fork()\na.kill(b, STOP)\na.",
		"kernel v6.x\nb := a.fork()\na.kill(b, STOP)\na.kill(b, CONT)\na.",
		"kernel v6.x\nb := a.clone(0, USR1)\na.",
		"kernel v6.x\na.sigaction(USR1, IGN)\nb := a.clone(0, USR1)\nb.exit(1)\na.",
		"kernel v6.x\nb := a.clone(0, 0)\nb.exit(1)\na.",
		"kernel v6.x\nb := a.clone(0, 0)\na.kill(b, STOP)\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\nb := t.fork()\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\nb := t.fork()\nb.exit(1)\na.",
		"kernel v6.x\nt := a.clone(VM|SIGHAND|THREAD)\nb := t.fork()\na.kill(b, STOP)\na.",
		"kernel v6.x\nb := a.fork()\nt := b.clone(VM|SIGHAND|THREAD)\nb.exit(1)\na.",
		"kernel v6.x\na.sigaction(CHLD, IGN)\nb := a.fork()\na.",
	}, opsOf(model.Wait4, everyWord([]model.Flags{model.WNOHANG, model.WUNTRACED, model.WCONTINUED, model.WNOTHREAD, model.WALL, model.WCLONE})), 17},
}

// unshareWords are what unshare knows, and some that it does not.
var unshareWords = []model.Flags{
	model.CloneThread, model.CloneFS, model.CloneNewNS, model.CloneSighand, model.CloneVM, model.CloneFiles, model.CloneSysvsem, model.CloneNewUTS, model.CloneNewIPC,
	model.CloneNewNet, model.CloneNewUser, model.CloneNewPID, model.CloneNewCgroup, model.CloneNewTime, model.CloneParent, model.CloneIO, model.ClonePtrace,
}

// opsOf are ops of a kind, with each word.
func opsOf(kind model.Kind, words []model.Flags) (list []model.Op) {
	for _, w := range words {
		op := model.Op{Kind: kind, Flags: w}
		switch kind {
		case model.Clone:
			op.Sig = model.SIGCHLD
		case model.Wait4:
			op.Arg = -1
		}
		list = append(list, op)
	}
	return list
}

// everyWord are all unions of some flags.
func everyWord(flags []model.Flags) (list []model.Flags) {
	list = []model.Flags{0}
	for _, flag := range flags {
		for _, w := range slices.Clone(list) {
			list = append(list, w|flag)
		}
	}
	return list
}

// oneOrTwo are the flags, and all pairs of them.
func oneOrTwo(flags []model.Flags) (list []model.Flags) {
	for i, flag := range flags {
		for _, other := range flags[i:] {
			list = append(list, flag|other)
		}
	}
	return list
}

// What can be listed is compared with the running kernel one by one: what clone makes of any word of twelve flags, unshare of any
// two, wait4 of any options, and every trace of two ops of some scopes.
func TestLiveExhaustive(t *testing.T) {
	x := &exhaustive{T: t, b: forkcheck.Beside{Lab: openLab(t)}}
	for i := range liveTables {
		x.table(&liveTables[i])
	}
	clones, unshares, waits := x.counts["clones"], x.counts["unshares"], x.counts["waits"]
	for _, name := range []string{"family", "wait", "signals"} {
		x.scope(generators.FindScope(name))
	}
	for _, name := range []string{"clones", "unshares", "waits", "traces"} {
		if x.counts[name] == 0 {
			t.Errorf("no %s were compared", name)
		}
	}
	t.Logf("exhaustive: %d clones, %d unshares, %d waits, %d traces of length 2, %d divergences", clones, unshares, waits, x.counts["traces"], x.divergences)
}

// exhaustive is the comparison under way.
type exhaustive struct {
	*testing.T
	b           forkcheck.Beside
	counts      map[string]int
	divergences int
}

// table compares a table.
func (x *exhaustive) table(tab *liveTable) {
	for i, text := range tab.situations {
		setup, actor := situation(x.T, text)
		s := x.start(setup.Boot)
		s.follow(setup)
		var ops []model.Op
		stride := x.stride(tab.stride)
		for j := i % stride; j < len(tab.ops); j += stride {
			op := tab.ops[j]
			op.Actor = s.names.Task(actor)
			ops = append(ops, op)
		}
		x.all(tab.what, s, ops)
	}
}

// stride is that of the sample, or 1.
func (x *exhaustive) stride(of int) int {
	if *liveAll {
		return 1
	}
	return of
}

// situation splits what stands in a table.
func situation(t *testing.T, text string) (setup *model.Trace, actor string) {
	t.Helper()
	i := strings.LastIndex(text, "\n")
	return oracleTrace(t, text[:i+1]), strings.TrimSuffix(text[i+1:], ".")
}

// scope compares every trace of two ops of a scope.
func (x *exhaustive) scope(sc *generators.Scope) {
	boot := model.DefaultBoot()
	boot.Version = "v6.x"
	first := x.start(boot)
	alphabet := sc.Alphabet(first.k, boot.Actor())
	for i, op := range alphabet.Ops(&first.state, nil) {
		s := x.start(boot)
		if !s.step(op) {
			continue
		}
		var second []model.Op
		for j, op := range alphabet.Ops(&s.state, nil) {
			if (i+j)%x.stride(61) == 0 {
				second = append(second, op)
			}
		}
		x.all("traces", s, second)
	}
}

// all compares what each op does from a state. Those that change nothing share a trace with the next.
func (x *exhaustive) all(what string, from *sofar, ops []model.Op) {
	for len(ops) > 0 {
		s, n := from.clone(), 0
		for n < len(ops) && s.state == from.state {
			s.step(ops[n])
			n++
		}
		x.run(what, s, n)
		ops = ops[n:]
	}
}

// run compares a trace, of which the last n ops count.
func (x *exhaustive) run(what string, s *sofar, n int) {
	x.Helper()
	tr := model.Transcribe(s.k, s.boot, s.ops)
	r := again(x.T, &x.b, tr)
	if x.counts == nil {
		x.counts = map[string]int{}
	}
	x.counts[what] += max(0, r.Steps-(len(s.ops)-n))
	if r.Divergence == nil {
		return
	}
	if x.divergences++; x.divergences <= mostBlocks {
		x.Error(block(tr, r.Divergence, ""))
	}
}

// sofar is a trace in the making.
type sofar struct {
	k     *model.Kernel
	boot  model.Boot
	state model.State
	names *model.Names
	ops   []model.Op
}

// start is a world, on a kernel as it is here.
func (x *exhaustive) start(boot model.Boot) *sofar {
	x.Helper()
	k, err := boot.NewKernel()
	if err != nil {
		x.Fatal(err)
	}
	s := &sofar{k: x.b.Lab.Here(k), boot: boot}
	boot.State(&s.state)
	s.names = model.NewNames(&boot, &s.state)
	return s
}

func (s *sofar) clone() *sofar {
	c := *s
	c.names, c.ops = s.names.Clone(), slices.Clone(s.ops)
	return &c
}

// step adds an op, unless the world would end by it.
func (s *sofar) step(op model.Op) bool {
	after := s.state
	if s.k.Step(&after, op); after.Panic {
		return false
	}
	s.state, s.ops = after, append(s.ops, op)
	return true
}

// follow adds the lines of a trace.
func (s *sofar) follow(t *model.Trace) {
	for i := range t.Lines {
		if st := t.Lines[i].Stmt; st != nil {
			op := s.names.Resolve(s.k, &s.state, st)
			after := s.state
			res := s.k.Step(&after, op)
			s.state, s.ops = after, append(s.ops, op)
			s.names.Born(&s.state, op, st.Bind, &res)
			s.names.Gone(&s.state)
		}
	}
}
