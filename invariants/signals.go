package invariants

import (
	"fmt"

	"forkcheck/model"
)

const (
	killStop = 1<<(model.SIGKILL-1) | 1<<(model.SIGSTOP-1)
	stops    = 1<<(model.SIGSTOP-1) | 1<<(model.SIGTSTP-1) | 1<<(model.SIGTTIN-1) | 1<<(model.SIGTTOU-1)
)

// signals are the invariants of pending signals, stops and death.
var signals = []Invariant{
	{Name: "StopXorCont", Says: "a stop signal and SIGCONT are never pending on one queue",
		Source: "prepare_signal", Task: func(c *Check, t model.TaskID) error {
			for _, set := range [...]model.SigSet{c.task(t).Pending, c.signal(t).Shared} {
				if set&stops != 0 && set.Has(model.SIGCONT) && c.signal(t).Flags&model.SignalGroupExit == 0 {
					return fmt.Errorf("%s has %v pending", c.name(t), set.Names())
				}
			}
			return nil
		}},
	{Name: "KillStopUnblockable", Says: "SIGKILL and SIGSTOP cannot be blocked, ignored or caught",
		Source: "sigprocmask, do_sigaction", Task: func(c *Check, t model.TaskID) error {
			h := &c.After.Sighand[c.task(t).Ref[model.Sighand]]
			if c.task(t).Blocked&killStop != 0 || (h.Ignore|h.Handler)&killStop != 0 {
				return fmt.Errorf("%s blocks, ignores or catches SIGKILL or SIGSTOP", c.name(t))
			}
			return nil
		}},
	{Name: "OneDisposition", Says: "a signal is ignored or caught, not both", Source: "do_sigaction", Task: func(c *Check, t model.TaskID) error {
		if h := &c.After.Sighand[c.task(t).Ref[model.Sighand]]; h.Ignore&h.Handler != 0 {
			return fmt.Errorf("%s ignores and catches %v", c.name(t), (h.Ignore & h.Handler).Names())
		}
		return nil
	}},
	{Name: "NothingDeliverable", Says: "at rest no task in user space has a signal that it could take",
		Source: "complete_signal, get_signal_to_deliver", Task: nothingDeliverable},
	{Name: "KilledDies", Says: "a task in user space with SIGKILL pending is dying, and so is a group that has begun to exit",
		Source: "complete_signal, do_group_exit", Task: killedDies},
	{Name: "StopIsOfGroup", Says: "when a group is stopped, each of its threads is stopped or cannot be", Source: "do_signal_stop",
		Premise: "a stopped group", Task: stopIsOfGroup},
	{Name: "KillReaches", Says: "a signal that kill sent is pending, or was acted on, or is ignored",
		Source: "__send_signal", Premise: "a successful kill of one process", Of: model.Kill, Step: killReaches},
	{Name: "SigkillKills", Says: "SIGKILL kills every process that is not an init seen from inside",
		Source: "complete_signal", Premise: "a successful SIGKILL", Of: model.Kill, Step: sigkillKills},
	{Name: "InitIsProtected", Says: "a signal from inside does nothing to a namespace's init that has no handler for it",
		Source: "sig_task_ignored", Premise: "a fatal signal to an init from inside", Step: initIsProtected},
	{Name: "InitEndsByExitOrKill", Says: "the group of an init ends by its own exit or by SIGKILL, by no other signal", Source: "sig_task_ignored, complete_signal",
		Premise: "the end of an init's group", State: initEndsByExitOrKill},
	{Name: "PanicByExit", Says: "the global init dies only by its own exit", Source: "sig_task_ignored, do_exit", Panic: func(c *Check) error {
		init := c.Before.Task[model.Init0].Signal
		sig := &c.Before.Signal[init]
		own := c.Before.Task[c.Op.Actor].Signal == init && (c.call() == model.Exit || c.call() == model.ExitGroup)
		if begun := sig.Flags&model.SignalGroupExit != 0 && sig.GroupExitCode&0x7f == 0; own || begun {
			return nil
		}
		return fmt.Errorf("the global init died of %v by %s", c.call(), name(c.Before, c.Op.Actor))
	}},
	{Name: "GroupSignalReachesAll", Says: "a signal to a process group reaches every member that may be signalled",
		Source: "__kill_pgrp_info", Premise: "a signal to a process group", Of: model.Kill, Step: groupSignalReachesAll},
	{Name: "ContResumes", Says: "SIGCONT resumes a stopped process", Source: "prepare_signal", Premise: "a SIGCONT to a stopped process", Of: model.Kill, Step: contResumes},
	{Name: "ExitCodeOfLastThread", Says: "a process whose threads exit one by one ends with the code of the last one",
		Source: "POSIX exit; do_exit", Premise: "a last thread that is not the leader", Of: model.Exit, Step: exitCodeOfLastThread},
	{Name: "GroupExitCodeStays", Says: "the first exit of a whole group decides its code, but for a SIGKILL while it dumps core", Source: "do_group_exit", Premise: "a group that is exiting", State: groupExitCodeStays},
}

// resting says whether a task is in user space, or stopped there: nothing holds up its signals.
func (c *Check) resting(t model.TaskID) bool {
	p := c.task(t)
	return p.Stage == model.Hashed && p.ExitState == model.Alive && p.Flags&(model.NotWoken|model.PFExiting) == 0 && !c.After.Flight[t].On
}

func nothingDeliverable(c *Check, t model.TaskID) error {
	p := c.task(t)
	if !c.resting(t) || p.Jobctl&model.Stopped != 0 {
		return nil
	}
	if set := (p.Pending | c.signal(t).Shared) &^ p.Blocked; set != 0 && !(p.Pending&^p.Blocked == 0 && c.toldOther(t)) {
		return fmt.Errorf("%s could take %v and does not", c.name(t), set.Names())
	}
	return nil
}

// toldOther says whether another thread of the group, in a call that signals do not interrupt or not yet woken, is the one
// that was told of the signals of the group.
func (c *Check) toldOther(t model.TaskID) bool {
	for o := c.task(t).Thread; o != t; o = c.task(o).Thread {
		if c.task(o).SigPending && !c.resting(o) {
			return true
		}
	}
	return false
}

func killedDies(c *Check, t model.TaskID) error {
	if !c.resting(t) {
		return nil
	}
	if c.task(t).Pending.Has(model.SIGKILL) || c.signal(t).Shared.Has(model.SIGKILL) || c.signal(t).Flags&model.SignalGroupExit != 0 {
		return fmt.Errorf("%s was killed and is still alive", c.name(t))
	}
	return nil
}

func stopIsOfGroup(c *Check, t model.TaskID) error {
	if c.signal(t).Flags&model.SignalStopStopped == 0 {
		return nil
	}
	c.met()
	if c.resting(t) && c.task(t).Jobctl&model.Stopped == 0 {
		return fmt.Errorf("%s runs in a stopped group", c.name(t))
	}
	return nil
}

// killed is the leader of the one process that a successful kill was sent to, 0 for any other op.
func (c *Check) killed() model.TaskID {
	if c.Op.Kind != model.Kill || c.Op.Target == 0 || c.Op.Mode == model.Negative || c.Op.Sig == 0 || c.Result.Outcome != model.Returned || c.Result.Errno != 0 {
		return 0
	}
	if c.Before.NumberSeen(c.Op.Actor, c.Op.Target) == 0 {
		return 0
	}
	return c.Before.Task[c.Op.Target].Leader
}

// same says whether a task of the state before is still in its slot.
func (c *Check) same(t model.TaskID) bool {
	return c.After.Task[t].Stage == model.Hashed && c.After.Task[t].Nr == c.Before.Task[t].Nr
}

// killReaches speaks of what is blocked in the thread that was addressed: that must be pending afterwards.
func killReaches(c *Check) error {
	l := c.killed()
	t := c.Op.Target
	if l == 0 || !c.Before.Task[t].Blocked.Has(c.Op.Sig) || !c.Before.CanAct(t) || c.Before.Signal[c.Before.Task[t].Signal].NrThreads > 1 {
		return nil
	}
	c.met()
	if c.same(t) && !c.signal(t).Shared.Has(c.Op.Sig) {
		return fmt.Errorf("%s blocks %v, was sent it, and does not have it pending", c.name(t), c.Op.Sig)
	}
	return nil
}

func sigkillKills(c *Check) error {
	l := c.killed()
	if l == 0 || c.Op.Sig != model.SIGKILL || isReaper(c.Before, l) {
		return nil
	}
	c.met()
	if c.same(l) && c.resting(l) {
		return fmt.Errorf("%s survived SIGKILL", c.name(l))
	}
	return nil
}

func initIsProtected(c *Check) error {
	l := c.killed()
	if c.Op.Kind == model.Kill && c.Result.Outcome == model.Gone && c.Op.Target != 0 && c.Op.Mode != model.Negative && c.Op.Sig != 0 {
		l = c.Before.Task[c.Op.Target].Leader // it took the sender along
	}
	if l == 0 || !isReaper(c.Before, l) || c.Before.ActiveNS(c.Op.Actor) != c.Before.ActiveNS(l) && !below(c.Before, c.Before.ActiveNS(c.Op.Actor), c.Before.ActiveNS(l)) {
		return nil
	}
	h := &c.Before.Sighand[c.Before.Task[l].Ref[model.Sighand]]
	if h.Handler.Has(c.Op.Sig) || c.Before.Signal[c.Before.Task[l].Signal].Flags&model.SignalUnkillable == 0 {
		return nil
	}
	c.met()
	begun := c.signal(l).Flags&^c.Before.Signal[c.Before.Task[l].Signal].Flags&model.SignalGroupExit != 0
	if c.Before.Task[l].Flags&model.PFExiting == 0 && (c.dying(l) || begun || c.task(l).Jobctl&model.Stopped&^c.Before.Task[l].Jobctl != 0) {
		return fmt.Errorf("%s, an init, was hit by %v from inside", name(c.Before, l), c.Op.Sig)
	}
	return nil
}

func groupSignalReachesAll(c *Check) error {
	if c.Op.Sig != model.SIGKILL || c.Result.Errno != 0 || c.Op.Target != 0 || c.Op.Arg != 0 {
		return nil
	}
	c.met()
	a := c.Op.Actor
	group := c.Before.Task[c.Before.Task[a].Leader].Pids[model.PidtypePGID]
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		b := &c.Before.Task[t]
		if b.Stage != model.Hashed || b.Leader != t || b.Pids[model.PidtypePGID] != group || isReaper(c.Before, t) || !mayKill(c.Before, a, t) {
			continue
		}
		if c.same(t) && c.resting(t) {
			return fmt.Errorf("%s, a member of the group, survived SIGKILL to it", c.name(t))
		}
	}
	return nil
}

func contResumes(c *Check) error {
	l := c.killed()
	if l == 0 || c.Op.Sig != model.SIGCONT || c.Before.Task[c.Op.Target].Jobctl&model.Stopped == 0 {
		return nil
	}
	c.met()
	if c.same(c.Op.Target) && c.task(c.Op.Target).Jobctl&model.Stopped != 0 && c.task(c.Op.Target).ExitState == model.Alive && !c.dying(c.Op.Target) {
		return fmt.Errorf("%s is still stopped after SIGCONT", c.name(c.Op.Target))
	}
	return nil
}

func exitCodeOfLastThread(c *Check) error {
	t := c.Op.Actor
	b := &c.Before.Task[t]
	sig := &c.Before.Signal[b.Signal]
	if c.Result.Outcome != model.Gone || b.Leader == t || sig.Live != 1 || sig.Flags&model.SignalGroupExit != 0 {
		return nil
	}
	c.met()
	l := b.Leader
	if !c.same(l) {
		return nil // reaped, or unwanted, at once
	}
	status := c.task(l).ExitCode
	if c.signal(l).Flags&model.SignalGroupExit != 0 {
		status = c.signal(l).GroupExitCode
	}
	if last := uint16(c.Op.Arg&0xff) << 8; status != last {
		return fmt.Errorf("the last thread of %s exited with %d, wait will report %d", c.name(l), last>>8, status>>8)
	}
	return nil
}

func groupExitCodeStays(c *Check) error {
	for s := 1; s < model.MaxTasks; s++ {
		b, a := &c.Before.Signal[s], &c.After.Signal[s]
		if b.Flags&model.SignalGroupExit == 0 || c.After.Count[model.SignalClass][s] == 0 || a.LeaderPid != b.LeaderPid {
			continue
		}
		c.met()
		ended := groupDumps(c.Before, model.SignalID(s)) && (a.GroupExitCode == uint16(model.SIGKILL) || a.GroupExitCode == b.GroupExitCode|0x80)
		if a.Flags&model.SignalGroupExit == 0 || a.GroupExitCode != b.GroupExitCode && !ended {
			return fmt.Errorf("a group that exits with code %#x now exits with %#x", b.GroupExitCode, a.GroupExitCode)
		}
	}
	return nil
}

func initEndsByExitOrKill(c *Check) error {
	for ns := 1; ns < model.MaxPidNS; ns++ {
		r := c.After.PidNS[ns].Reaper
		if r == 0 || !c.leads(r, model.PidNSID(ns)) || c.signal(r).Flags&model.SignalGroupExit == 0 {
			continue
		}
		c.met()
		if sig := model.Signal(c.signal(r).GroupExitCode & 0x7f); sig != 0 && sig != model.SIGKILL {
			return fmt.Errorf("%s, an init, ends by %v", c.name(r), sig)
		}
	}
	return nil
}
