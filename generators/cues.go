package generators

import "forkcheck/model"

// cue is something that a state asks for, and that chance seldom brings: a row says which tasks give it, who can answer,
// and what the answer is.
type cue struct {
	name string
	when func(s *model.State, t model.TaskID) bool
	by   func(s *model.State, t model.TaskID) model.TaskID // nil: anyone
	do   answer
}

// answer draws the op that a cue of a task asks for; its actor is chosen.
type answer func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID)

func itself(s *model.State, t model.TaskID) model.TaskID    { return t }
func itsParent(s *model.State, t model.TaskID) model.TaskID { return s.Task[t].RealParent }

// cues are in the order in which a trace shrinks.
var cues = [...]cue{
	{"stopped: wait", stopped, itsParent, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Arg, op.Flags = model.Wait4, -1, pick(src, "option", model.WUNTRACED, model.WUNTRACED|model.WCONTINUED|model.WALL)
	}},
	{"stopped: resume", stopped, nil, signals(model.SIGCONT, model.SIGKILL, model.SIGTERM)},
	{"is a thread with handlers", handles, nil, handled},
	{"is the next to be signalled: exit", nextTarget, itself, exits},
	{"has handlers and children: wait", expects, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Arg = model.Wait4, -1
	}},
	{"waits and has handlers", waits, nil, handled},
	{"has blocked what is pending: unblock", blocks, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Mode, op.Set = model.Sigprocmask, model.SigUnblock, ^model.SigSet(0)
	}},
	{"has blocked what is pending: cancel", blocks, nil, signals(model.SIGCONT, model.SIGTSTP)},
	{"can take a signal: fork", deliverable, itself, clones(0)},
	{"is in vfork", inVfork, nil, signals(model.SIGKILL, model.SIGTERM, model.SIGSTOP)},
	{"shares files: unshare", sharesFiles, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Flags = model.Unshare, pick(src, "flags", model.CloneFiles, model.CloneFiles|model.CloneFS)
		t.fault(src, s, op)
	}},
	{"has a namespace for its children", between, itself, clones(0, model.CloneNewPID, model.CloneVM)},
	{"has no mapping", unmapped, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) { op.Kind = model.MapIDs }},
	{"leads others into exit", leaderDead, itself, exits},
	{"is an init: kill", isInit, nil, signals(model.SIGKILL, model.SIGSTOP, model.SIGTERM)},
	{"is an init with members: exit", hasMembers, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) { op.Kind = model.ExitGroup }},
	{"is an init with threads: exit", initWithThreads, itself, exits},
	{"has a subreaper and children: exit", orphans, itself, exits},
	{"may have few namespaces of a kind", limited, itself, oneMore},
	{"is half-way in a fork: signal", forking, nil, interrupts},
	{"is half-way in a fork: its parent exits", forking, itsParent, exits},
	{"is half-way in a fork: the child's init exits", forking, itsReaper, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) { op.Kind = model.ExitGroup }},
	{"has a pdeath signal: block", mourns, itself, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Mode, op.Set = model.Sigprocmask, model.SigBlock, s.Task[who].Pdeath.Bit()
	}},
	{"has a pdeath signal: exit", mourns, itsParent, leaveToThread},
}

// crowds are cues after which several tasks have something to do at once. They are for traces in which it matters who is first.
var crowds = [...]cue{
	{"waits, and has another thread: wait as well", waitsForChild, otherThread, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Arg = model.Wait4, -1
	}},
	{"is waited for: kill", waitedFor, nil, signals(model.SIGKILL, model.SIGTERM, model.SIGSTOP)},
	{"is waited for: kill all", waitedFor, nil, func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Arg, op.Sig = model.Kill, -1, pick(src, "signal", model.SIGTERM, model.SIGKILL, model.SIGUSR1)
	}},
	{"is of a group: kill the group", isChild, itsParent, interrupts},
	{"has no children: fork", childless, itself, clones(0, threadFlags, model.CloneNewPID)},
}

// waitsForChild says whether a task sleeps in wait4.
func waitsForChild(s *model.State, t model.TaskID) bool { return asleepIn(s, t, model.Wait4) }

// otherThread is a thread of the same group that can act, 0 if there is none.
func otherThread(s *model.State, t model.TaskID) model.TaskID {
	for o := s.Task[t].Thread; o != t && o != 0; o = s.Task[o].Thread {
		if s.CanAct(o) {
			return o
		}
	}
	return 0
}

// waitedFor says whether somebody sleeps in wait4 who is told of the task's death.
func waitedFor(s *model.State, t model.TaskID) bool {
	p := s.Task[t].RealParent
	return p != 0 && (waitsForChild(s, p) || otherWaits(s, p))
}

// otherWaits says whether another thread of the group sleeps in wait4.
func otherWaits(s *model.State, t model.TaskID) bool {
	for o := s.Task[t].Thread; o != t && o != 0; o = s.Task[o].Thread {
		if waitsForChild(s, o) {
			return true
		}
	}
	return false
}

func isChild(s *model.State, t model.TaskID) bool { return s.Task[t].RealParent > model.Init0 }

func childless(s *model.State, t model.TaskID) bool { return s.Task[t].Children == 0 }

// signals is a kill of the task with one of these.
func signals(list ...model.Signal) answer {
	return func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Target, op.Sig = model.Kill, who, pick(src, "signal", list...)
	}
}

// clones is a fork with one of these flags.
func clones(list ...model.Flags) answer {
	return func(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
		op.Kind, op.Sig, op.Flags = model.Clone, model.SIGCHLD, pick(src, "flags", list...)
		t.fault(src, s, op)
		t.pause(src, op)
	}
}

// handled is a kill of the group with the lowest signal that the task has a handler for.
func handled(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
	op.Kind, op.Target = model.Kill, s.Task[who].Leader
	for op.Sig = 1; !s.Sighand[s.Task[who].Ref[model.Sighand]].Handler.Has(op.Sig); {
		op.Sig++
	}
}

func exits(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
	op.Kind = model.Exit
	t.exit(src, s, op)
}

// leaveToThread is an exit of a thread that has another one to leave its children to, or the clone of that one.
func leaveToThread(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
	if op.Kind = model.Exit; s.Task[op.Actor].Thread == op.Actor {
		op.Kind, op.Flags, op.Sig = model.Clone, threadFlags, model.SIGCHLD
	}
}

// interrupts is a signal to the task, or to its process group.
func interrupts(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
	op.Kind, op.Target, op.Sig = model.Kill, who, pick(src, "signal", model.SIGSTOP, model.SIGKILL, model.SIGUSR1, model.SIGCONT)
	for g := range model.TaskID(model.MaxTasks) {
		if p := &s.Task[g]; p.Stage == model.Hashed && p.Pids[model.PidtypePID] == s.Task[who].Pids[model.PidtypePGID] && src.Bool("group") {
			op.Target, op.Mode = g, model.Negative
		}
	}
}

// kindFlags are the flags of the kinds of namespaces, in the order of their classes.
var kindFlags = [model.NNamespaces]model.Flags{model.CloneNewNS, model.CloneNewUTS, model.CloneNewIPC, model.CloneNewNet, model.CloneNewCgroup,
	model.CloneNewTime, model.CloneNewPID, model.CloneNewUser}

// oneMore is an unshare, or a clone where there is one, of the first kind of namespace that is limited.
func oneMore(t *Taste, src Source, s *model.State, op *model.Op, who model.TaskID) {
	kind := limitedKind(s, who)
	op.Kind, op.Flags = model.Unshare, kindFlags[kind]
	if op.Flags != model.CloneNewTime && src.Bool("clone") {
		op.Kind, op.Sig = model.Clone, model.SIGCHLD
	}
}

// limitedKind is the first kind of namespace of which a user may not have any number, NNamespaces if there is none.
func limitedKind(s *model.State, t model.TaskID) int {
	ns := &s.UserNS[s.Cred[s.Task[t].Ref[model.Cred]].UserNS]
	kind := 0
	for kind < model.NNamespaces && ns.UcountMax[kind] == model.UcountUnlimited {
		kind++
	}
	return kind
}

// limited leaves v3.11 aside, which counts nothing of the sort.
func limited(s *model.State, t model.TaskID) bool {
	return s.Ucounts[1].NS != 0 && limitedKind(s, t) < model.NNamespaces
}

func forking(s *model.State, t model.TaskID) bool {
	return s.Flight[t].Paused && s.Flight[t].Op.Kind == model.Clone
}

// itsReaper is the init of the pid namespace that the child of a fork will live in, unless that is the global one.
func itsReaper(s *model.State, t model.TaskID) model.TaskID {
	p := &s.Pid[s.Flight[t].Pid]
	if r := s.PidNS[p.NS[p.Level]].Reaper; r != model.Init0 {
		return r
	}
	return 0
}

func stopped(s *model.State, t model.TaskID) bool {
	return s.Task[t].Leader == t && s.Task[t].Jobctl&model.Stopped != 0
}

func hasHandler(s *model.State, t model.TaskID) bool {
	return s.Sighand[s.Task[t].Ref[model.Sighand]].Handler != 0
}

func handles(s *model.State, t model.TaskID) bool {
	return s.Task[t].Leader != t && hasHandler(s, t)
}

// nextTarget says whether the search for a thread that takes a signal begins at one that is not the leader.
func nextTarget(s *model.State, t model.TaskID) bool {
	return s.Task[t].Leader != t && s.Signal[s.Task[t].Signal].CurrTarget == t
}

func asleepIn(s *model.State, t model.TaskID, kind model.Kind) bool {
	return s.Flight[t].Asleep && s.Flight[t].Op.Kind == kind
}

func expects(s *model.State, t model.TaskID) bool { return s.Task[t].Children != 0 && hasHandler(s, t) }

func sharesFiles(s *model.State, t model.TaskID) bool {
	return s.Count[model.Files][s.Task[t].Ref[model.Files]] > 1
}

func waits(s *model.State, t model.TaskID) bool {
	return asleepIn(s, t, model.Wait4) && hasHandler(s, t)
}

func inVfork(s *model.State, t model.TaskID) bool { return asleepIn(s, t, model.Clone) }

func pending(s *model.State, t model.TaskID) model.SigSet {
	return s.Task[t].Pending | s.Signal[s.Task[t].Signal].Shared
}

func blocks(s *model.State, t model.TaskID) bool { return pending(s, t)&s.Task[t].Blocked != 0 }

func deliverable(s *model.State, t model.TaskID) bool { return pending(s, t)&^s.Task[t].Blocked != 0 }

func between(s *model.State, t model.TaskID) bool {
	id := s.Task[t].Ref[model.Nsproxy]
	return id != 0 && s.Nsproxy[id].ForChildren != s.ActiveNS(t)
}

func unmapped(s *model.State, t model.TaskID) bool {
	return !s.UserNS[s.Cred[s.Task[t].Ref[model.Cred]].UserNS].Mapped
}

func leaderDead(s *model.State, t model.TaskID) bool {
	return s.Task[t].Leader != t && s.Task[s.Task[t].Leader].ExitState != model.Alive
}

// isInit says whether a task is of the group of its pid namespace's init, the global one left aside.
func isInit(s *model.State, t model.TaskID) bool {
	r := s.PidNS[s.ActiveNS(t)].Reaper
	return r > model.Init0 && s.Task[r].Signal == s.Task[t].Signal
}

func hasMembers(s *model.State, t model.TaskID) bool {
	return isInit(s, t) && s.PidNS[s.ActiveNS(t)].Hashed > 1
}

func initWithThreads(s *model.State, t model.TaskID) bool {
	return isInit(s, t) && s.Task[t].Leader == t && s.Task[t].Thread != t
}

func orphans(s *model.State, t model.TaskID) bool {
	return s.Task[t].Children != 0 && s.Signal[s.Task[t].Signal].HasChildSubreaper
}

func mourns(s *model.State, t model.TaskID) bool { return s.Task[t].Pdeath != 0 }

// maxCues is how many cues a list has at most.
const maxCues = max(len(cues), len(crowds))

// given is a cue and the tasks that give it, a bit each.
type given struct {
	cue   *cue
	tasks uint32
}

// given finds the tasks that give the cue and can be answered.
func (c *cue) given(s *model.State) (g given) {
	g.cue = c
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		if s.Task[t].Stage == model.Hashed && s.Task[t].ExitState == model.Alive && c.when(s, t) && (c.by == nil || s.CanAct(c.by(s, t))) {
			g.tasks |= 1 << t
		}
	}
	return g
}

// draw draws one of the tasks.
func (g *given) draw(src Source) model.TaskID {
	var list [model.MaxTasks]model.TaskID
	n := 0
	for t := range model.TaskID(model.MaxTasks) {
		if g.tasks&(1<<t) != 0 {
			list[n] = t
			n++
		}
	}
	return list[src.Intn(n, "cue of")]
}

// cue draws an answer to one of some cues; false if there is none. Anyone is one of those who can act.
func (t *Taste) cue(src Source, s *model.State, op *model.Op, anyone []model.TaskID, cues []cue) bool {
	var list [maxCues]given
	n := 0
	for i := range cues {
		if list[n] = cues[i].given(s); list[n].tasks != 0 {
			n++
		}
	}
	if n == 0 {
		return false
	}
	g := &list[src.Intn(n, "cue")]
	who := g.draw(src)
	if g.cue.by != nil {
		op.Actor = g.cue.by(s, who)
	} else {
		op.Actor = anyone[src.Intn(len(anyone), "actor")]
	}
	if g.cue.do(t, src, s, op, who); endsWorld(s, op) {
		*op = model.Op{Kind: model.Wait4, Actor: op.Actor, Arg: -1}
	}
	return true
}
