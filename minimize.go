package forkcheck

import (
	"context"
	"math/bits"
	"slices"
	"strings"

	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// minimizeRuns bounds how many traces Minimize runs. It is a number of runs and not a time, so that a failure comes to the
// same trace on every machine.
const minimizeRuns = 20000

// MinimizeOptions say how a counterexample is made smaller. The zero value keeps to the invariant that broke.
type MinimizeOptions struct {
	Invariants []invariants.Invariant // nil: all
	Any        bool                   // another invariant may break, if that is no known defect: a bug has many symptoms, and the nearest one is as good
	States     uint64                 // how many transitions the proof may take; 0 is ProofStates, and 1 comes to no proof
	Context    context.Context        // what is smallest when it ends is the answer; nil is for ever
}

// Minimize makes a counterexample smaller for as long as the same invariant breaks: fewer ops first, then fewer options of
// the world, then plainer ops. Rapid lowers what was drawn; this edits the trace, in which a task is called by the line that
// made it, so that dropping a line renames nobody. Then a search of the smallest scope that can spell the trace proves that no
// trace there is shorter, or finds one; of the shortest it takes the first, so that it does not matter where the descent began.
func Minimize(f *Failure, o MinimizeOptions) *Failure {
	m := &minimizer{version: f.Kernel.Version, checker: invariants.Checker{Invariants: o.Invariants}, breach: f.Breach, any: o.Any, runs: minimizeRuns, states: o.States, ctx: o.Context}
	if m.states == 0 {
		m.states = ProofStates
	}
	if m.ctx == nil {
		m.ctx = context.Background()
	}
	m.best = candidateOf(f)
	if !m.run(&m.best) {
		return f
	}
	for m.round() {
	}
	certificate := m.prove()
	c := &m.best
	return &Failure{Kernel: c.kernel(m.version), Boot: c.boot, Ops: c.ops, Breach: c.breach, AtEnd: c.atEnd, Rapid: f.Rapid, Checks: f.Checks, Certificate: certificate}
}

// candidateOf is the trace of a failure.
func candidateOf(f *Failure) (c candidate) {
	c.boot = f.Boot
	for _, l := range f.Trace().Lines {
		if l.Stmt != nil {
			c.stmts = append(c.stmts, *l.Stmt)
		}
	}
	return c
}

// minimizer is one descent: from a trace to plainer ones, until nothing that it knows to try is plainer and still fails.
type minimizer struct {
	version *model.Version
	checker invariants.Checker
	breach  *invariants.Breach // the one that was found
	any     bool               // another invariant may break
	runs    int                // how many are left
	states  uint64             // transitions that the proof may take
	ctx     context.Context    // when it ends, no candidate is taken any more
	best    candidate
}

// round tries every edit at every op, the last op first, and says whether one helped.
func (m *minimizer) round() (helped bool) {
	for _, edit := range edits {
		for i := len(m.best.stmts) - 1; i >= 0 && m.ctx.Err() == nil; i-- { // it takes long to list edits of a long trace
			for i < len(m.best.stmts) && m.take(edit(m, i)) {
				helped = true
			}
		}
	}
	for m.take(m.deaths()) || m.take(m.plainerWorlds()) {
		helped = true
	}
	return helped
}

// take goes on with the first of some candidates that is plainer than the best one and fails.
func (m *minimizer) take(list []candidate) bool {
	for _, c := range list {
		if m.ctx.Err() != nil {
			return false
		}
		if m.plainer(&c) && m.run(&c) && m.plainer(&c) {
			m.best = c
			return true
		}
	}
	return false
}

// plainer says whether a candidate costs less than the best one.
func (m *minimizer) plainer(c *candidate) bool { return slices.Compare(m.cost(c), m.cost(&m.best)) < 0 }

// run runs a candidate and says whether it fails as it should. What came after the breach is cut off.
func (m *minimizer) run(c *candidate) bool {
	if m.runs == 0 || c.boot.Check() != nil {
		return false
	}
	m.runs--
	verdict, err := Run(c.trace(), Options{Kernel: c.kernel(m.version), Checker: &m.checker}, func(s *Step) error {
		c.ops = append(c.ops, s.Op)
		return nil
	})
	c.stmts, c.breach, c.atEnd = c.stmts[:len(c.ops)], verdict.Breach, verdict.AtQuiet
	b := verdict.Breach
	return err == nil && b != nil && b.Known == m.breach.Known && (m.any || b.Invariant.Name == m.breach.Invariant.Name)
}

// edits change the best trace at its i-th op, each in several ways. Those that save ops come first.
var edits = []func(m *minimizer, i int) []candidate{
	(*minimizer).drop, (*minimizer).usualOrder, (*minimizer).unpause, (*minimizer).fold, (*minimizer).isolate, (*minimizer).die, (*minimizer).otherTasks,
	(*minimizer).otherFault, (*minimizer).otherPause, (*minimizer).fewerFlags, (*minimizer).otherFlag, (*minimizer).plainArgs,
}

// deaths do to one task what the end of a trace does to all: it is killed, and may be reaped.
func (m *minimizer) deaths() (list []candidate) {
	names := m.best.names()
	for _, name := range names {
		dead := m.best.followed(exitOf(name))
		list = append(list, dead)
		for _, parent := range names {
			list = append(list, dead.followed(model.Stmt{Actor: parent, Op: model.Op{Kind: model.Wait4, Arg: -1}}))
		}
	}
	return list
}

// exitOf is an op that ends a task.
func exitOf(name string) model.Stmt {
	return model.Stmt{Actor: name, Op: model.Op{Kind: model.Exit}}
}

// drop leaves out an op: alone, or with all that its child does and suffers, or with its caller in the child's place, or with
// both one generation older, or under another limit, which fewer ops reach.
func (m *minimizer) drop(i int) []candidate {
	st, c := &m.best.stmts[i], m.best.without(i)
	list := []candidate{c}
	if st.Bind != "" {
		older := c.renamed("a", "init").renamed(st.Bind, "a")
		list = append(list, m.best.without(m.best.about(i)...), c.renamed(st.Bind, st.Actor), older, older.in(dressed))
	}
	for _, change := range otherLimits {
		list = append(list, c.in(change))
	}
	return list
}

// fold leaves out an unshare whose flags a later clone by the same task takes over.
func (m *minimizer) fold(i int) (list []candidate) {
	st := &m.best.stmts[i]
	for j, u := range m.best.stmts[:i] {
		if st.Op.Kind == model.Clone && u.Op.Kind == model.Unshare && st.Actor == u.Actor {
			list = append(list, m.best.with(i, func(st *model.Stmt) { st.Op.Flags |= u.Op.Flags }).without(j))
		}
	}
	return list
}

// isolate keeps of all ops those of the last one's caller and its children, with `a` as the caller in a plain world; or the
// last op alone, and has it fail by a fault where it took other ops, or a world, to make it fail.
func (m *minimizer) isolate(i int) (list []candidate) {
	st := &m.best.stmts[i]
	if i != len(m.best.stmts)-1 {
		return nil
	}
	family := m.best.family(st.Actor).renamed(st.Actor, "a")
	list = append(list, family, family.in(plainWorld), family.in(plainWorld).in(dressed))
	if st.FaultRow != "" {
		return list
	}
	for _, c := range m.withFaults(i) {
		last := candidate{boot: c.boot, stmts: c.stmts[i:]}.renamed(st.Actor, "a").in(plainWorld)
		list = append(list, last, last.in(dressed), last.with(0, threadAtMost), c.in(plainWorld))
	}
	return list
}

// die puts somebody's death in an op's place.
func (m *minimizer) die(i int) (list []candidate) {
	for _, name := range m.best.names() {
		list = append(list, m.best.with(i, func(st *model.Stmt) { *st = exitOf(name) }))
	}
	return list
}

// otherTasks lets an earlier task act, here or everywhere, or suffer.
func (m *minimizer) otherTasks(i int) (list []candidate) {
	st, names := &m.best.stmts[i], m.best.names()
	for _, name := range names[:rank(names, st.Actor)] {
		list = append(list, m.best.renamed(st.Actor, name), m.best.with(i, func(st *model.Stmt) { st.Actor = name }))
	}
	for _, name := range names[:rank(names, st.Target)] {
		list = append(list, m.best.with(i, func(st *model.Stmt) { st.Target = name }))
	}
	return list
}

// unpause lets a paused call run through, or fail: what came in between may only have made it fail.
func (m *minimizer) unpause(i int) (list []candidate) {
	if m.best.stmts[i].PauseRow == "" {
		return nil
	}
	through := func(st *model.Stmt) { st.PauseRow = "" }
	list = []candidate{m.best.with(i, through)}
	for _, c := range m.withFaults(i) {
		list = append(list, c.with(i, through))
	}
	return list
}

// usualOrder has the tasks go on in the usual order, or in one that is nearer to it.
func (m *minimizer) usualOrder(i int) (list []candidate) {
	for n := range min(m.best.stmts[i].Op.Choice, lowChoices) {
		list = append(list, m.best.with(i, func(st *model.Stmt) { st.Op.Choice = n }))
	}
	return list
}

// lowChoices are how many choices are tried in the place of a higher one.
const lowChoices = 64

// otherFault removes a fault, or has an earlier row fail, or any row of the call without most of its flags: they decide
// which rows can fail, and how.
func (m *minimizer) otherFault(i int) []candidate {
	if m.best.stmts[i].FaultRow == "" {
		return nil
	}
	list := append(m.withFaults(i), m.best.with(i, func(st *model.Stmt) { st.FaultRow, st.Op.Fault = "", model.Fault{} }))
	for _, c := range m.withFaults(i) {
		list = append(list, c.with(i, threadAtMost))
	}
	return append(list, inPlainWorld(list)...)
}

// otherPause lets a call stop before an earlier row.
func (m *minimizer) otherPause(i int) (list []candidate) {
	st := &m.best.stmts[i]
	if st.PauseRow == "" {
		return nil
	}
	t := &m.version.Calls[st.Op.Kind]
	for _, row := range generators.Pauses(t, st.Op.Flags) {
		if name := t.Rows[row].Name; name != st.PauseRow {
			list = append(list, m.best.with(i, func(st *model.Stmt) { st.PauseRow = name }))
		} else {
			break
		}
	}
	return list
}

// threadAtMost leaves a call no flags but those of a thread.
func threadAtMost(st *model.Stmt) { st.Op.Flags &= threadFlags }

const threadFlags = model.CloneVM | model.CloneSighand | model.CloneThread

// withFaults gives an op every fault that it can have.
func (m *minimizer) withFaults(i int) (list []candidate) {
	t := &m.version.Calls[m.best.stmts[i].Op.Kind]
	for _, fault := range generators.Faults(t) {
		list = append(list, m.best.with(i, func(st *model.Stmt) {
			st.FaultRow, st.Op.Fault = t.Rows[fault.Row-1].Name, model.Fault{Errno: fault.Errno}
		}))
	}
	return list
}

// fewerFlags removes flags: all, those of a thread, or one.
func (m *minimizer) fewerFlags(i int) (list []candidate) {
	flags := m.best.stmts[i].Op.Flags
	for _, some := range append([]model.Flags{flags, threadFlags, threadFlags &^ model.CloneVM}, each(flags)...) {
		list = append(list, m.best.with(i, func(st *model.Stmt) { st.Op.Flags &^= some }))
	}
	return list
}

// otherFlag puts another flag in a flag's place, or has one do what it took a world to do.
func (m *minimizer) otherFlag(i int) (list []candidate) {
	k, flags := m.best.stmts[i].Op.Kind, m.best.stmts[i].Op.Flags
	if k != model.Clone && k != model.Unshare {
		return nil
	}
	for _, flag := range append(each(flags), 0) {
		for _, w := range model.CloneWords {
			list = append(list, m.best.with(i, func(st *model.Stmt) { st.Op.Flags = flags&^flag | model.Flags(w.Bits) }))
		}
	}
	return append(list, inPlainWorld(list)...)
}

// each lists the bits of a word or a set.
func each[T model.Flags | model.SigSet](set T) (list []T) {
	for ; set != 0; set &= set - 1 {
		list = append(list, set&-set)
	}
	return list
}

// plainArgs gives the arguments of an op plainer values, one by one.
func (m *minimizer) plainArgs(i int) (list []candidate) {
	changes := []func(op *model.Op){
		func(op *model.Op) {
			if op.Kind == model.Tkill || op.Kind == model.Tgkill {
				op.Kind = model.Kill
			}
		},
		func(op *model.Op) { op.Sig = plainSignal(op.Kind) },
		func(op *model.Op) { op.Sig = 0 },
		func(op *model.Op) { op.Mode = plainMode(op.Mode) },
		func(op *model.Op) { op.Mode = plainMode(plainMode(op.Mode)) },
		func(op *model.Op) { op.Arg = 0 },
		func(op *model.Op) { op.Arg = 1 },
		func(op *model.Op) { op.Arg2 = 0 },
	}
	for _, bit := range each(m.best.stmts[i].Op.Set) {
		changes = append(changes, func(op *model.Op) { op.Set = bit })
	}
	for _, change := range changes {
		list = append(list, m.best.with(i, func(st *model.Stmt) { change(&st.Op) }))
	}
	list = append(list, inPlainWorld(list)...)
	if k := m.best.stmts[i].Op.Kind; k == model.Wait4 || k == model.Kill {
		list = append(list, m.best.with(i, func(st *model.Stmt) { st.Target, st.Op.Mode, st.Op.Arg = "", model.Plain, -1 }))
	}
	return append(list, m.best.with(i, func(st *model.Stmt) { st.PauseRow = "" }))
}

// inPlainWorld is each of a list in the plain world.
func inPlainWorld(list []candidate) (plain []candidate) {
	for _, c := range list {
		plain = append(plain, c.in(plainWorld))
	}
	return plain
}

// plainerWorlds drops options of the world, one by one, or changes a limit.
func (m *minimizer) plainerWorlds() (list []candidate) {
	plain := model.DefaultBoot()
	changes := []func(b *model.Boot){
		plainWorld,
		func(b *model.Boot) { plainWorld(b); dressed(b) },
		globalWorld,
		func(b *model.Boot) { b.Dress = false },
		func(b *model.Boot) { b.UID, b.Caps = plain.UID, plain.Caps },
		func(b *model.Boot) { b.Caps = 0 },
		func(b *model.Boot) { b.Nproc = plain.Nproc },
		func(b *model.Boot) { b.LastPid = plain.LastPid },
		func(b *model.Boot) { b.Limits.MaxThreads = plain.Limits.MaxThreads },
		func(b *model.Boot) {
			b.Limits.PidMax, b.Limits.ReservedPids = plain.Limits.PidMax, plain.Limits.ReservedPids
		},
		func(b *model.Boot) { b.Limits.ReservedPids = plain.Limits.ReservedPids },
		func(b *model.Boot) { b.Limits.PidNSDepth = plain.Limits.PidNSDepth },
		func(b *model.Boot) { b.Limits.UserNSDepth = plain.Limits.UserNSDepth },
	}
	for _, change := range append(changes, otherLimits...) {
		c := m.best.in(change)
		list = append(list, c, c.renamed("host", "a").renamed("init0", "init"))
	}
	return list
}

// plainWorld is the world without options.
func plainWorld(b *model.Boot) {
	version := b.Version
	*b = model.DefaultBoot()
	b.Version = version
}

// dressed is the world in which `a` has one of everything.
func dressed(b *model.Boot) { b.Dress = true }

// globalWorld leaves the container, which has two tasks more for limits to count.
func globalWorld(b *model.Boot) {
	b.World = model.Global
	if b.Limits.MaxThreads != model.DefaultLimits.MaxThreads {
		b.Limits.MaxThreads -= 2
	}
	if b.Limits.PidMax != model.DefaultLimits.PidMax {
		b.Limits.PidMax -= 2
	}
}

// otherLimits change a limit by one; one that nothing reached is set to a low value.
var otherLimits = []func(b *model.Boot){
	func(b *model.Boot) { b.Nproc = min(b.Nproc-1, model.MaxTasks) },
	func(b *model.Boot) { b.Limits.MaxThreads = min(b.Limits.MaxThreads-1, model.MaxTasks) },
	func(b *model.Boot) { b.Limits.MaxThreads++ },
	func(b *model.Boot) { b.Limits.PidMax = min(b.Limits.PidMax-1, model.MaxPids) },
}

// cost orders traces: by ops, the end being two if it takes that to fail, then by options of the world, then by how high its
// limits are, then by how plain the ops are. Whatever an edit does, only a lower cost is an improvement, and so the descent
// ends. Of a candidate that has not run it is not known where it fails.
func (m *minimizer) cost(c *candidate) []int {
	names, weight := c.names(), 0
	for i := range c.stmts {
		st := &c.stmts[i]
		weight += m.weight(st) + 4*rank(names, st.Actor) + 4*rank(names, st.Target)
	}
	l, end := &c.boot.Limits, 0
	if c.atEnd {
		end = 2
	}
	return []int{len(c.stmts) + end, len(strings.Fields(c.boot.String())), end, int(l.MaxThreads) + int(l.PidMax) + int(c.boot.Nproc), weight}
}

// weight is how far an op is from a fork, whoever calls it.
func (m *minimizer) weight(st *model.Stmt) int {
	op := &st.Op
	w := 64*int(op.Kind) + 4*bits.OnesCount64(uint64(op.Set)) + magnitude(op.Arg2) + int(op.Mode)
	for _, flag := range each(op.Flags) {
		w += 32 + bits.TrailingZeros32(uint32(flag))
	}
	if st.FaultRow != "" {
		t := &m.version.Calls[op.Kind]
		row := t.Row(st.FaultRow)
		w += 16 + row
		if row >= 0 {
			w += slices.Index(t.Rows[row].Errs, op.Fault.Errno)
		}
	}
	if st.PauseRow != "" {
		w += 256 + m.version.Calls[op.Kind].Row(st.PauseRow)
	}
	if op.Choice != 0 {
		w += 256 + int(min(op.Choice, 256))
	}
	if op.Sig != plainSignal(op.Kind) {
		w += 8 + int(op.Sig)
	}
	switch {
	case st.Target != "":
		w += 2
	case op.Kind == model.Wait4:
		w += magnitude(op.Arg + 1) // any child is the plainest
	default:
		w += magnitude(op.Arg)
	}
	return w
}

// magnitude is how far a number is from 0, as far as that matters.
func magnitude(n int32) int { return int(min(max(n, -n), 64)) }

// plainSignal is the signal that says least about an op.
func plainSignal(k model.Kind) model.Signal {
	switch k {
	case model.Clone:
		return model.SIGCHLD
	case model.Kill, model.Tkill, model.Tgkill:
		return model.SIGKILL
	case model.Sigaction:
		return model.SIGTERM
	}
	return 0
}

// plainMode is the next plainer mode of the same op.
func plainMode(mode model.Mode) model.Mode {
	if mode == model.Plain || mode == model.SigBlock || mode == model.SigDfl {
		return mode
	}
	return mode - 1
}
