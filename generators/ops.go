package generators

import (
	"math"

	"forkcheck/model"
)

// Op draws an op that somebody can do in this state; NoOp if nobody can do anything.
func (t *Taste) Op(src Source, s *model.State, first model.TaskID) (op model.Op) {
	actors, n := tasks(s, first, s.CanAct)
	switch {
	case t.Pauses != 0 && t.resume(src, s, &op, n == 0):
	case n == 0:
	case t.Cues && seldom(src, 8, "cue") && t.cue(src, s, &op, actors[:n], cues[:]):
	case t.Orders && seldom(src, 4, "crowd") && t.cue(src, s, &op, actors[:n], crowds[:]):
	default:
		op.Kind, op.Actor = t.kind(src), actors[src.Intn(n, "actor")]
		if endsWorld(s, &op) {
			op.Kind = model.Wait4
		}
		fields[op.Kind](t, src, s, &op)
	}
	if t.Orders {
		t.choice(src, &op)
	}
	return op
}

// resume draws a paused call that goes on, or nothing: if there is nothing else to do it is always drawn.
func (t *Taste) resume(src Source, s *model.State, op *model.Op, must bool) bool {
	paused, n := tasks(s, model.Init0, s.CanResume)
	if n == 0 || !must && !seldom(src, 4, "resume") {
		return false
	}
	op.Kind, op.Actor = model.Resume, paused[src.Intn(n, "paused")]
	return true
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
	model.Exit:        (*Taste).exit,
	model.ExitGroup:   (*Taste).exit,
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

// words are what calls mostly ask for, of the kind that v3.11 knows and of that which came later.
var (
	unshares      = [...]model.Flags{model.CloneNewPID, model.CloneFiles, model.CloneFS, model.CloneNewUser, model.CloneNewNS, model.CloneSysvsem}
	newerClones   = [...]model.Flags{model.ClonePidfd, model.CloneNewCgroup, model.ClonePidfd | model.CloneNewCgroup, model.CloneNewCgroup, model.ClonePidfd | model.CloneDetached, model.ClonePidfd | model.CloneParentSettid, model.CloneDetached | model.CloneParentSettid}
	newerUnshares = [...]model.Flags{model.CloneNewTime, model.CloneNewCgroup}
)

// toggle draws a bool for each flag.
func toggle(src Source, label string, flags []model.Flags) (word model.Flags) {
	for _, flag := range flags {
		if src.Bool(label) {
			word |= flag
		}
	}
	return word
}

// allowed leaves out of a list the words with a flag that the trace goes without.
func (t *Taste) allowed(words []model.Flags) (list [8]model.Flags, n int) {
	for _, word := range words {
		if word&t.Without == 0 {
			list[n] = word
			n++
		}
	}
	return list, n
}

// one draws one of the words that are allowed, 0 if none is.
func (t *Taste) one(src Source, label string, words []model.Flags) model.Flags {
	list, n := t.allowed(words)
	return list[src.Intn(n, label)]
}

// any draws a set of the flags that are allowed.
func (t *Taste) any(src Source, label string, flags []model.Flags) model.Flags {
	list, n := t.allowed(flags)
	return toggle(src, label, list[:n])
}

func (t *Taste) clone(src Source, s *model.State, op *model.Op) {
	op.Sig = model.SIGCHLD
	switch {
	case t.Threads && src.Bool("thread"):
		op.Flags = threadFlags
	default:
		op.Flags = t.one(src, "shape", shapes[:])
	}
	if src.Bool("share") {
		op.Flags |= t.any(src, "share flag", shareFlags[:])
	}
	if t.Namespaces && src.Bool("namespaces") {
		op.Flags |= t.namespaces(src)
	}
	if t.Wild && src.Bool("wild") {
		op.Flags ^= t.any(src, "flag", otherFlags[:])
	}
	if t.Newer && seldom(src, 4, "newer") {
		op.Flags |= pick(src, "newer", newerClones[:]...)
	}
	if src.Bool("exit signal") {
		op.Sig = pick(src, "signal", model.SIGUSR1, 0, model.SIGKILL, 200)
	}
	t.fault(src, s, op)
	t.pause(src, op)
}

// namespaces draws NEW flags: one of them, or any.
func (t *Taste) namespaces(src Source) model.Flags {
	if t.Wild && src.Bool("many") {
		return t.any(src, "namespace", nsFlags[:])
	}
	return t.one(src, "namespace", nsFlags[:])
}

func (t *Taste) unshare(src Source, s *model.State, op *model.Op) {
	op.Flags = t.one(src, "unshare", unshares[:])
	if src.Bool("more") {
		op.Flags |= t.any(src, "share flag", shareFlags[:3]) | t.namespaces(src)
	}
	if t.Wild && src.Bool("wild") {
		op.Flags ^= t.any(src, "flag", otherFlags[:4])
	}
	if t.Newer && seldom(src, 4, "newer") {
		op.Flags |= pick(src, "newer", newerUnshares[:]...)
	}
	t.fault(src, s, op)
	t.pause(src, op)
}

func (t *Taste) exit(src Source, s *model.State, op *model.Op) {
	op.Arg = int32(src.Intn(4, "code"))
	t.pause(src, op)
}

// target draws a task to speak of, alive or dead.
func target(src Source, s *model.State, op *model.Op) {
	list, n := tasks(s, op.Actor, func(t model.TaskID) bool { return s.Task[t].Stage == model.Hashed })
	op.Target = list[src.Intn(n, "target")]
}

// group draws a process group: a task that has given one its number. There is init's, at least.
func group(src Source, s *model.State, op *model.Op) {
	list, n := tasks(s, op.Actor, func(t model.TaskID) bool {
		p := &s.Task[t]
		return p.Stage == model.Hashed && p.Pids[model.PidtypePGID] == p.Pids[model.PidtypePID]
	})
	op.Mode, op.Target = model.Negative, list[src.Intn(n, "group")]
}

// who draws the pid argument of kill and wait4: a task, its group, or a number with a meaning of its own.
func (t *Taste) who(src Source, s *model.State, op *model.Op) {
	switch src.Intn(5, "who") {
	case 3:
		group(src, s, op)
	case 4:
		op.Arg = pick[int32](src, "number", 0, -1, 77, -77, math.MinInt32)
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

// sigs are the signals that make a difference: fatal ones, one of them with a core, those that stop and resume, one that
// is ignored by default, one that is blocked under dress.
var sigs = [...]model.Signal{model.SIGKILL, model.SIGTERM, model.SIGSTOP, model.SIGCONT, model.SIGUSR1, model.SIGCHLD, model.SIGTSTP, model.SIGQUIT}

// rareSigs are none, the pdeath signal under dress, and the ends of what is a number of a signal.
var rareSigs = [...]model.Signal{0, model.SIGUSR2, 34, 65}

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
	if t.Newer && src.Bool("namespaces") {
		op.Arg2 = int32(model.KnobMnt) + int32(src.Intn(model.NNamespaces, "knob"))
		op.Arg = pick[int32](src, "value", 0, 1, 2, -1)
		return
	}
	op.Arg = pick[int32](src, "value", 305, 302, 10, 7, 32769)
}
