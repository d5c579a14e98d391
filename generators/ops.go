package generators

import "forkcheck/model"

// Taste is what one trace favours: with a taste for everything, rare things drown each other.
type Taste struct {
	Faults     bool // rows of clone and unshare are made to fail
	Threads    bool // clones of threads rather than processes
	Namespaces bool // NEW flags
	Signals    bool // kill, masks and actions as often as clone
	Wild       bool // any flags, any arguments
	forks      []model.Fault
	unshares   []model.Fault
}

// NewTaste draws the taste of a trace for a kernel.
func NewTaste(src Source, k *model.Kernel) Taste {
	t := Taste{Faults: src.Bool("faults"), Threads: src.Bool("threads"), Namespaces: src.Bool("namespaces"), Signals: src.Bool("signals"), Wild: src.Bool("wild")}
	return t.prepare(k)
}

// FullTaste is a taste for everything at once, which is what traces are like without swarm testing. It is there to be compared with.
func FullTaste(k *model.Kernel) Taste {
	t := Taste{Faults: true, Threads: true, Namespaces: true, Signals: true, Wild: true}
	return t.prepare(k)
}

// prepare lists the faults that the trace may ask for.
func (t Taste) prepare(k *model.Kernel) Taste {
	if t.Faults {
		t.forks, t.unshares = Faults(&k.Calls[model.Clone]), Faults(&k.Calls[model.Unshare])
	}
	return t
}

// Faults lists every way in which a row of a table can be made to fail.
func Faults(t *model.Table) (list []model.Fault) {
	for i := range t.Rows {
		for _, e := range t.Rows[i].Errs {
			list = append(list, model.Fault{Row: uint16(i) + 1, Errno: e})
		}
	}
	return list
}

// kinds are the operations by weight, in nested lists of at most seven so that none is far from the front.
var kinds = [...]model.Kind{model.Clone, model.Exit, model.Wait4, model.Clone, model.Kill, model.NoOp}
var rareKinds = [...]model.Kind{model.Unshare, model.ExitGroup, model.Sigaction, model.Sigprocmask, model.Tkill, model.Setrlimit, model.NoOp}
var rarestKinds = [...]model.Kind{model.Tgkill, model.MapIDs, model.Sysctl, model.Unshare, model.ExitGroup}
var signalKinds = [...]model.Kind{model.Kill, model.Clone, model.Sigaction, model.Sigprocmask, model.Tkill, model.Wait4}

// kind draws what to do. NoOp in a list leads to the next one.
func (t *Taste) kind(src Source) model.Kind {
	if t.Signals && src.Bool("signal op") {
		return signalKinds[src.Intn(len(signalKinds), "kind")]
	}
	k := kinds[src.Intn(len(kinds), "kind")]
	if k == model.NoOp {
		k = rareKinds[src.Intn(len(rareKinds), "rare kind")]
	}
	if k == model.NoOp {
		k = rarestKinds[src.Intn(len(rarestKinds), "rarest kind")]
	}
	return k
}

// Op draws an op that somebody can do in this state; NoOp if nobody can do anything.
func (t *Taste) Op(src Source, s *model.State, first model.TaskID) model.Op {
	actors, n := tasks(s, first, s.CanAct)
	if n == 0 {
		return model.Op{}
	}
	op := model.Op{Kind: t.kind(src), Actor: actors[src.Intn(n, "actor")]}
	if endsWorld(s, &op) {
		op.Kind = model.Wait4
	}
	fields[op.Kind](t, src, s, &op)
	return op
}

// endsWorld says whether the op is the death of the global init, after which nothing is left to check: it reaps instead.
func endsWorld(s *model.State, op *model.Op) bool {
	init := &s.Task[model.Init0]
	last := op.Kind == model.Exit && s.Signal[init.Signal].Live == 1 || op.Kind == model.ExitGroup
	return last && s.Task[op.Actor].Signal == init.Signal
}

// tasks lists the tasks that satisfy ok, `a` first, then by slot, the global init last: the order in which a
// trace shrinks.
func tasks(s *model.State, first model.TaskID, ok func(model.TaskID) bool) (list [model.MaxTasks]model.TaskID, n int) {
	add := func(t model.TaskID) {
		if ok(t) {
			list[n] = t
			n++
		}
	}
	add(first)
	for t := model.TaskID(2); t < model.MaxTasks; t++ {
		if t != first {
			add(t)
		}
	}
	add(model.Init0)
	return list, n
}

// fields draws the arguments of an op, by kind.
var fields = [model.NKinds]func(t *Taste, src Source, s *model.State, op *model.Op){
	model.Clone:       (*Taste).clone,
	model.Unshare:     (*Taste).unshare,
	model.Exit:        func(t *Taste, src Source, s *model.State, op *model.Op) { op.Arg = int32(src.Intn(4, "code")) },
	model.ExitGroup:   func(t *Taste, src Source, s *model.State, op *model.Op) { op.Arg = int32(src.Intn(4, "code")) },
	model.Wait4:       (*Taste).wait4,
	model.Kill:        (*Taste).kill,
	model.Tkill:       (*Taste).tkill,
	model.Tgkill:      (*Taste).tgkill,
	model.Sigaction:   (*Taste).sigaction,
	model.Sigprocmask: (*Taste).sigprocmask,
	model.Setrlimit: func(t *Taste, src Source, s *model.State, op *model.Op) {
		op.Arg, op.Arg2 = int32(pick(src, "soft", 3, 1, 5, int(model.RlimInfinity))), int32(pick(src, "hard", -1, 4, int(model.RlimInfinity)))
	},
	model.MapIDs: func(*Taste, Source, *model.State, *model.Op) {},
	model.Sysctl: (*Taste).sysctl,
}

// The flags in the order in which a shrunk trace keeps them.
var (
	shareFlags = [...]model.Flags{model.CloneFiles, model.CloneFS, model.CloneSysvsem, model.CloneIO}
	nsFlags    = [...]model.Flags{model.CloneNewPID, model.CloneNewUser, model.CloneNewUTS, model.CloneNewIPC, model.CloneNewNet, model.CloneNewNS}
	otherFlags = [...]model.Flags{model.CloneVM, model.CloneSighand, model.CloneThread, model.CloneParent, model.CloneVfork, model.CloneChildSettid, model.CloneChildCleartid}
)

const threadFlags = model.CloneVM | model.CloneSighand | model.CloneThread

// shapes are the flag words that clones mostly have; each is legal.
var shapes = [...]model.Flags{0, threadFlags, model.CloneParent, model.CloneVM | model.CloneVfork, model.CloneVM | model.CloneSighand, model.CloneVM}

// toggle draws a bool for each flag.
func toggle(src Source, label string, flags []model.Flags) (word model.Flags) {
	for _, flag := range flags {
		if src.Bool(label) {
			word |= flag
		}
	}
	return word
}

func (t *Taste) clone(src Source, s *model.State, op *model.Op) {
	op.Sig = model.SIGCHLD
	switch {
	case t.Threads && src.Bool("thread"):
		op.Flags = threadFlags
	default:
		op.Flags = shapes[src.Intn(len(shapes), "shape")]
	}
	if src.Bool("share") {
		op.Flags |= toggle(src, "share flag", shareFlags[:])
	}
	if t.Namespaces && src.Bool("namespaces") {
		op.Flags |= t.namespaces(src)
	}
	if t.Wild && src.Bool("wild") {
		op.Flags ^= toggle(src, "flag", otherFlags[:])
	}
	if src.Bool("exit signal") {
		op.Sig = pick(src, "signal", model.SIGUSR1, 0, model.SIGKILL, 200)
	}
	op.Fault = t.fault(src, t.forks)
}

// namespaces draws NEW flags: one of them, or any.
func (t *Taste) namespaces(src Source) model.Flags {
	if t.Wild && src.Bool("many") {
		return toggle(src, "namespace", nsFlags[:])
	}
	return nsFlags[src.Intn(len(nsFlags), "namespace")]
}

// fault draws none, or one of a list: the list first by eighths, so that no end of it is favoured.
func (t *Taste) fault(src Source, list []model.Fault) model.Fault {
	if len(list) == 0 || !src.Bool("fault") {
		return model.Fault{}
	}
	i := src.Intn(8, "fault") + 8*src.Intn((len(list)+7)/8, "fault")
	return list[i%len(list)]
}

func (t *Taste) unshare(src Source, s *model.State, op *model.Op) {
	op.Flags = pick(src, "unshare", model.CloneNewPID, model.CloneFiles, model.CloneFS, model.CloneNewUser, model.CloneNewIPC, model.CloneSysvsem)
	if src.Bool("more") {
		op.Flags |= toggle(src, "share flag", shareFlags[:3]) | t.namespaces(src)
	}
	if t.Wild && src.Bool("wild") {
		op.Flags ^= toggle(src, "flag", otherFlags[:4])
	}
	op.Fault = t.fault(src, t.unshares)
}

// target draws a task to speak of, alive or dead.
func target(src Source, s *model.State, op *model.Op) {
	list, n := tasks(s, op.Actor, func(t model.TaskID) bool { return s.Task[t].Stage == model.Hashed })
	op.Target = list[src.Intn(n, "target")]
}

// who draws the pid argument of kill and wait4: a task, its group, or a number with a meaning of its own.
func (t *Taste) who(src Source, s *model.State, op *model.Op) {
	switch src.Intn(5, "who") {
	case 3:
		op.Mode = model.Negative
		target(src, s, op)
	case 4:
		op.Arg = pick[int32](src, "number", 0, -1, 77, -77)
	default:
		target(src, s, op)
	}
}

func (t *Taste) wait4(src Source, s *model.State, op *model.Op) {
	op.Arg = -1
	if src.Bool("one") {
		t.who(src, s, op)
	}
	if src.Bool("options") {
		op.Flags = pick(src, "option", model.WNOHANG, model.WALL, model.WUNTRACED|model.WCONTINUED, model.WCLONE, model.WNOTHREAD, model.WNOHANG|model.WALL|model.WUNTRACED, 4)
	} else if src.Bool("nohang") {
		op.Flags = model.WNOHANG
	}
}

// sigs are the signals that make a difference: fatal ones, those that stop and resume, one that is ignored by
// default, one that is blocked under dress, and none.
var sigs = [...]model.Signal{model.SIGKILL, model.SIGTERM, model.SIGSTOP, model.SIGCONT, model.SIGUSR1, model.SIGCHLD}
var rareSigs = [...]model.Signal{0, model.SIGTSTP, model.SIGQUIT, 34, 65}

func signal(src Source) model.Signal {
	i := src.Intn(len(sigs)+1, "signal")
	if i == len(sigs) {
		return rareSigs[src.Intn(len(rareSigs), "rare signal")]
	}
	return sigs[i]
}

func (t *Taste) kill(src Source, s *model.State, op *model.Op) {
	t.who(src, s, op)
	op.Sig = signal(src)
}

func (t *Taste) tkill(src Source, s *model.State, op *model.Op) {
	target(src, s, op)
	if t.Wild && src.Bool("number") {
		op.Target, op.Arg = 0, pick[int32](src, "number", 0, 77, -1)
	}
	op.Sig = signal(src)
}

func (t *Taste) tgkill(src Source, s *model.State, op *model.Op) {
	t.tkill(src, s, op)
	op.Target2 = s.Task[op.Target].Leader
	if src.Bool("other group") {
		op.Target2, op.Arg2 = 0, pick[int32](src, "number", 77, 0)
	}
}

func (t *Taste) sigaction(src Source, s *model.State, op *model.Op) {
	op.Sig = pick(src, "signal", model.SIGCHLD, model.SIGTERM, model.SIGUSR1, model.SIGCONT, model.SIGTSTP, model.SIGKILL)
	op.Mode = pick(src, "action", model.SigIgn, model.SigHandler, model.SigDfl)
	if src.Bool("flags") {
		op.Flags = pick(src, "flag", model.SANOCLDWAIT, model.SARESTART, model.SANOCLDSTOP)
	}
}

func (t *Taste) sigprocmask(src Source, s *model.State, op *model.Op) {
	op.Mode = pick(src, "how", model.SigBlock, model.SigUnblock, model.SigSetmask)
	one, another := signal(src), signal(src)
	op.Set = one.Bit() | another.Bit()
	if src.Bool("all") {
		op.Set = ^model.SigSet(0)
	}
}

// sysctl draws a limit that soon binds.
func (t *Taste) sysctl(src Source, s *model.State, op *model.Op) {
	op.Arg2 = int32(pick(src, "knob", model.KnobPidMax, model.KnobPid, model.KnobUser, model.KnobUTS, model.KnobTime))
	if op.Arg = pick[int32](src, "value", 0, 1, 2, -1); model.Knob(op.Arg2) == model.KnobPidMax {
		op.Arg = pick[int32](src, "value", 305, 302, 10, 32769)
	}
}
