package invariants

import "forkcheck/model"

// Known is a defect that the kernel itself has: not a bug of the model. Cause looks at the step that causes it, never at
// the invariant alone, so that another cause of the same breach is a failure.
type Known struct {
	ID       string // V1; the file testdata/known/V1-*.trace shows it
	Says     string
	Since    string   // the first kernel that has it, "" where that was not looked up
	Fixed    string   // the first kernel that does not have it any more
	Versions string   // the version that has it; "" is all
	Breaks   []string // the invariants that it can break
	Cause    func(c *Check) bool
}

// KnownDefects are those that the modelled calls reach.
var KnownDefects = []Known{
	{ID: "V1", Says: "a first fork into a pid namespace that fails after it took number 1 leaves a namespace that can never have an init, and pins it by its proc mount",
		Versions: V311, Since: "v3.8", Fixed: "v3.12", Breaks: []string{"FailedForkRestores", "PidNSCount", "NumberOneIsInit"}, Cause: firstForkFailed},
	{ID: "V2", Says: "a fork into a pid namespace whose init is dead leaks a reference on the namespace",
		Versions: V311, Since: "v3.8", Fixed: "by v6.12", Breaks: []string{"FailedForkRestores", "PidNSCount"}, Cause: func(c *Check) bool {
			return c.call() == model.Clone && (c.Result.Why == "nr_hashed_adding" || c.Result.Outcome == model.Gone) || c.draining()
		}},
	{ID: "V3", Says: "a fork that has its number when the init of the pid namespace dies goes on, and its child is born into the dead namespace",
		Versions: V311, Since: "v3.8", Fixed: "v4.12", Breaks: []string{"AddingWhileInitLives"}, Cause: bornTooLate},
	{ID: "V4", Says: "a group stop or continue overwrites signal->flags, and an init that was stopped from outside can be killed and can make siblings",
		Versions: V311, Fixed: "by v5.10", Breaks: []string{"ReaperIsUnkillable", "InitEndsByExitOrKill"}, Cause: stoppedInit},
	{ID: "V5", Says: "a fork with PARENT takes the exit signal of its leader before it has the lock: when the parent of the leader dies in between, the child keeps a signal that its new parent does not expect",
		Versions: V311, Since: "v3.4", Fixed: "v5.10", Breaks: []string{"SiblingSignalsAsLeader"}, Cause: readTooEarly},
	{ID: "V6", Says: "a fork looks at RLIMIT_NPROC before it is charged: those that are between the two together pass the limit",
		Versions: V311, Fixed: "by v6.12", Breaks: []string{"NprocSettledLater"}, Cause: lookedTooEarly},
	{ID: "V9", Says: "a process whose leader exited first reports the leader's exit code, not that of its last thread",
		Versions: V311, Fixed: "by v6.1", Breaks: []string{"ExitCodeOfLastThread"}, Cause: leaderCodeKept},
	{ID: "V10", Says: "a core dump kills all that use the memory, an init among them, which no signal from inside can",
		Versions: V311, Fixed: "v5.16", Breaks: []string{"PanicByExit", "InitEndsByExitOrKill", "InitIsProtected"}, Cause: dumpedWithInit},
	{ID: "V11", Says: "a core dump gives all that use the memory its own exit code, also those that had one already",
		Versions: V311, Fixed: "v5.16", Breaks: []string{"GroupExitCodeStays"}, Cause: dumpedAgain},
	{ID: "N1", Says: "a dying init of a pid namespace sets SIGCHLD to be ignored in a sighand_struct that it may share with its parent, which from then on is never told of its children",
		Since: "v3.8", Fixed: "not in v7.2", Breaks: []string{"ActionsAreOwn"}, Cause: sharedZap},
	{ID: "N2", Says: "SIGKILL from outside does not begin a group exit of an init: while the thread that was told of it waits in vfork, the others live on",
		Versions: V311, Fixed: "by v5.10", Breaks: []string{"KilledDies"}, Cause: toldInVfork},
	{ID: "N3", Says: "a fatal signal from inside kills an init of which one thread blocks it and another does not: because it is blocked it is not ignored, and then nothing protects the group",
		Versions: V6, Fixed: "not in v7.2", Breaks: []string{"InitIsProtected", "InitEndsByExitOrKill", "PanicByExit"}, Cause: blockedByOneThread},
	{ID: "P05", Says: "the last thread of an init waits for two numbers to remain, and is woken only when one remains",
		Versions: V311, Since: "v3.8", Fixed: "v3.12", Breaks: []string{"ZapEnds"}, Cause: lostWakeup},
	{ID: "P11", Says: "fork reports exhausted pid numbers as ENOMEM", Versions: V311, Fixed: "v4.1", Breaks: []string{"ExhaustionIsEAGAIN"}, Cause: func(c *Check) bool {
		return c.Result.Why == "alloc_pidmap" && c.Result.Errno == model.ENOMEM && !c.faulted()
	}},
	{ID: "R02", Says: "a subreaper takes an orphan with its leader, though that is dying and another thread lives on",
		Versions: V311, Since: "v3.4", Fixed: "v3.19", Breaks: []string{"SubreaperTakesAlive"}, Cause: takenByDyingLeader},
}

// In says whether a version has the defect.
func (d *Known) In(version string) bool {
	return d.Versions == "" || model.SameVersion(d.Versions, version)
}

// known finds the defect that explains the breach of the invariant being asked, nil if none does.
func (c *Check) known(inv *Invariant) *Known {
	for i := range KnownDefects {
		d := &KnownDefects[i]
		if !d.In(c.K.Name) {
			continue
		}
		for _, name := range d.Breaks {
			if name == inv.Name && d.Cause(c) {
				return d
			}
		}
	}
	return nil
}

// leaderCodeKept: the last thread has exited, and the code of the leader, which had exited before, is still its own.
func leaderCodeKept(c *Check) bool {
	l := c.before().Leader
	b := &c.Before.Task[l]
	return c.Op.Kind == model.Exit && l != c.Op.Actor && b.Flags&model.PFExiting != 0 && c.task(l).ExitCode == b.ExitCode
}

// firstForkFailed: a first clone into a namespace failed after its search for a number had begun, or its caller was killed
// by the signal that made it fail.
func firstForkFailed(c *Check) bool {
	if c.draining() {
		return true
	}
	if c.call() != model.Clone || c.child() != 0 {
		return false
	}
	fc := c.Before.Nsproxy[c.Before.Task[c.Op.Actor].Ref[model.Nsproxy]].ForChildren
	first := (c.Op.Flags|c.Before.Flight[c.Op.Actor].Flags)&model.CloneNewPID != 0 || c.Before.PidNS[fc].Reaper == 0
	t := &c.K.Calls[model.Clone]
	return first && (c.Result.Outcome == model.Gone || t.Row(c.Result.Why) >= t.Row("alloc_pidmap"))
}

// bornTooLate: a paused fork has gone on whose number was taken before the init of one of its pid namespaces died.
func bornTooLate(c *Check) bool {
	for t := range c.Before.Flight {
		f := &c.Before.Flight[t]
		resumed := c.Op.Kind == model.NoOp || c.Op.Kind == model.Resume && c.Op.Actor == model.TaskID(t)
		if p := &c.Before.Pid[f.Pid]; resumed && f.Paused && f.Op.Kind == model.Clone && p.Hashed {
			for level := range p.Level {
				if !c.Before.PidNS[p.NS[level+1]].Adding {
					return true
				}
			}
		}
	}
	return false
}

// readTooEarly: a paused fork has gone on that had read the exit signal of its caller's leader, and since then that leader has been
// given a new parent, which will get SIGCHLD.
func readTooEarly(c *Check) bool {
	f, l := &c.Before.Flight[c.Op.Actor], c.before().Leader
	is := c.Before.Task[l].ExitSignal
	return c.resumedAfter("exit_signal_of_leader") && f.Flags&model.CloneParent != 0 && is == int16(model.SIGCHLD) && c.Before.Task[f.Child].ExitSignal != is
}

// lookedTooEarly: a paused fork has gone on that RLIMIT_NPROC had let pass and that was not yet charged, and by then its user had
// as many processes as it may.
func lookedTooEarly(c *Check) bool {
	return c.resumedAfter("rlimit_nproc") && c.Before.Flight[c.Op.Actor].Took&model.TookCharge == 0 && c.processes(c.Before) >= c.nproc()
}

// resumedAfter says whether the op lets a clone go on that was paused somewhere after a row.
func (c *Check) resumedAfter(row string) bool {
	f, i := &c.Before.Flight[c.Op.Actor], c.K.Calls[model.Clone].Row(row)
	return c.Op.Kind == model.Resume && f.Op.Kind == model.Clone && i >= 0 && int(f.PC) > i
}

// stoppedInit: an init that was unkillable has come to a group stop, or out of one; a signal that was waiting may have killed it at
// once.
func stoppedInit(c *Check) bool {
	for ns := 2; ns < model.MaxPidNS; ns++ {
		r := c.After.PidNS[ns].Reaper
		if r == 0 || c.Before.Task[r].Nr != c.After.Task[r].Nr {
			continue
		}
		b, a := &c.Before.Signal[c.Before.Task[r].Signal], &c.After.Signal[c.After.Task[r].Signal]
		const stop = model.SignalStopStopped | model.SignalStopContinued | model.SignalCldContinued | model.SignalCldStopped
		stopping := b.StopCount != 0 || b.Flags&stop != 0
		if b.Flags&model.SignalUnkillable != 0 && a.Flags&model.SignalUnkillable == 0 && (a.Flags&stop != 0 || c.wasContinued(r) || stopping && a.Flags&model.SignalGroupExit != 0) {
			return true
		}
	}
	return false
}

// wasContinued says whether a wait that this step ended has reported that a task goes on: the mark of it is gone then.
func (c *Check) wasContinued(t model.TaskID) bool {
	for i := range c.Result.Done {
		if d := &c.Result.Done[i]; d.Actor != 0 && d.Kind == model.Wait4 && d.Who == t && d.Status == 0xffff {
			return true
		}
	}
	return false
}

// sharedZap: an init that shares its sighand_struct with a task that lives on has begun to clear its namespace.
func sharedZap(c *Check) bool {
	for ns := 2; ns < model.MaxPidNS; ns++ {
		b, a := &c.Before.PidNS[ns], &c.After.PidNS[ns]
		if b.Reaper != 0 && b.Adding && !a.Adding && c.Before.Count[model.Sighand][c.Before.Task[b.Reaper].Ref[model.Sighand]] > 1 {
			return true
		}
	}
	return false
}

// toldInVfork: SIGKILL is pending on an unkillable group, and the thread that was told of it is in a call that it does
// not interrupt, or has yet to be woken for the first time.
func toldInVfork(c *Check) bool {
	for t := range c.After.Flight {
		f := &c.After.Flight[t]
		sig := c.signal(model.TaskID(t))
		p := c.task(model.TaskID(t))
		if (f.On || p.Stage == model.Hashed && p.Flags&model.NotWoken != 0) && p.SigPending && sig.Shared.Has(model.SIGKILL) && sig.Flags&model.SignalUnkillable != 0 {
			return true
		}
	}
	return false
}

// draining says whether the trace is over and a fork that it left paused has just run to its end.
func (c *Check) draining() bool {
	if c.Op.Kind != model.NoOp {
		return false
	}
	for t := range c.Before.Flight {
		if f := &c.Before.Flight[t]; f.Paused && f.Op.Kind == model.Clone {
			return true
		}
	}
	return false
}

// lostWakeup: the last thread of an init that is not its leader sleeps, and nothing woke it.
func lostWakeup(c *Check) bool {
	for t := range c.After.Flight {
		f := &c.After.Flight[t]
		if f.Asleep && f.Zap && !f.Woken && c.After.Task[t].Leader != model.TaskID(t) {
			return true
		}
	}
	return false
}

// blockedByOneThread: the group of an init that was unkillable has begun to exit by a signal that one of its threads blocks.
func blockedByOneThread(c *Check) bool {
	for t := range c.Before.Task {
		b := &c.Before.Task[t]
		was, is := &c.Before.Signal[b.Signal], &c.After.Signal[b.Signal]
		sig := model.Signal(is.GroupExitCode)
		if b.Stage == model.Hashed && was.Flags&model.SignalUnkillable != 0 && is.Flags&model.SignalGroupExit != 0 && sig != model.SIGKILL && b.Blocked.Has(sig) {
			return true
		}
	}
	return false
}

// dumpedWithInit: an init has begun to exit with the core-dumping signal that killed another process, with which it shared its memory.
func dumpedWithInit(c *Check) bool {
	for t := range c.Before.Task {
		b := &c.Before.Task[t]
		was, is := &c.Before.Signal[b.Signal], &c.After.Signal[b.Signal]
		begun := is.Flags&^was.Flags&model.SignalGroupExit != 0 && coreSignals.Has(model.Signal(is.GroupExitCode))
		if b.Stage == model.Hashed && isReaper(c.Before, model.TaskID(t)) && begun && c.sharesMemory(model.TaskID(t)) != 0 {
			return true
		}
	}
	return false
}

// dumpedAgain: a group that was exiting has got the code of another one that dumps core and shared its memory.
func dumpedAgain(c *Check) bool {
	for t := range c.Before.Task {
		b := &c.Before.Task[t]
		was, is := &c.Before.Signal[b.Signal], &c.After.Signal[b.Signal]
		sharer := c.sharesMemory(model.TaskID(t))
		if b.Stage == model.Hashed && was.Flags&model.SignalGroupExit != 0 && is.GroupExitCode != was.GroupExitCode && sharer != 0 &&
			(groupDumps(c.After, c.Before.Task[sharer].Signal) || c.signal(sharer).GroupExitCode&0x7f == is.GroupExitCode&0x7f) {
			return true
		}
	}
	return false
}

// adopted says whether a task has become the parent of somebody.
func (c *Check) adopted(by model.TaskID) bool {
	for t := range c.After.Task {
		if a, b := &c.After.Task[t], &c.Before.Task[t]; a.Stage == model.Hashed && b.Stage == model.Hashed && a.Nr == b.Nr && a.RealParent == by && b.RealParent != by {
			return true
		}
	}
	return false
}

// takenByDyingLeader: a thread of a subreaper is held up in its exit, still has its children, and is not the last one.
func takenByDyingLeader(c *Check) bool {
	for t := range c.Before.Task {
		b := &c.Before.Task[t]
		if !c.adopted(model.TaskID(t)) {
			continue
		}
		dying := b.Stage == model.Hashed && b.Flags&model.PFExiting != 0 && c.Before.Flight[t].Paused
		if dying && c.Before.Signal[b.Signal].IsChildSubreaper && !c.K.Past(c.Before, model.TaskID(t), "forget_original_parent") && c.lives(b.Signal) {
			return true
		}
	}
	return false
}
