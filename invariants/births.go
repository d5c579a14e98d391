package invariants

import (
	"fmt"

	"forkcheck/model"
)

// births are the invariants for a fork on its way, most of them of v6.x: what comes meanwhile, and what the child has when it is there. They
// speak of calls that were paused, too, and are therefore asked of each state: a step is only an op that ran whole.
var births = []Invariant{
	{Name: "FirstForkFailedIsDead", Says: "a pid namespace whose first fork fails is dead if the child had its numbers, and as new if it had not",
		Source: "alloc_pid, free_pid", Versions: V6, Premise: "a failed clone into a pid namespace that nobody was in", Of: model.Clone, Step: firstForkFailedIsDead},
	{Name: "NoBirthInDeadNS", Restates: true, Says: "a child is born into a pid namespace that took members before, or that is its own",
		Source: "alloc_pid, copy_process: adding_recheck", Versions: V6, Premise: "a birth", State: noBirthInDeadNS},
	{Name: "DelayedNoted", Says: "a signal to a process group, or to all, is noted for the child of each fork that is under way in a group that gets it",
		Source: "__send_signal_locked: multiprocess", Versions: V6, Premise: "a signal to many while one of them forks", Of: model.Kill, Step: delayedNoted},
	{Name: "DelayedReachesChild", Says: "what was sent to many processes while one of them forked is pending on the child that blocks it",
		Source: "copy_process: delayed signals", Versions: V6, Premise: "a birth after signals to many", State: delayedReachesChild},
	{Name: "OnlyFatalInterrupts", Restates: true, Says: "of the signals that come while a fork is under way only a fatal one ends it",
		Source: "copy_process: fatal_signal_pending", Versions: V6, Premise: "a fork that went on under a signal", State: onlyFatalInterrupts},
	{Name: "NewThreadJoinsStop", Says: "a thread that is born into a group that stops, or has stopped, stops too",
		Source: "task_join_group_stop, calculate_sigpending", Versions: V6, Premise: "a thread born while its group stops", State: newThreadJoinsStop},
	{Name: "NewThreadTakesNothing", Says: "a new thread leaves what is pending for its group", Source: "copy_process", Premise: "a new thread of a group for which something is pending",
		Of: model.Clone, Step: newThreadTakesNothing},
	{Name: "NsproxyShared", Says: "a child has its parent's nsproxy unless it asks for a namespace or enters a time namespace",
		Source: "copy_namespaces", Versions: V6, Premise: "a successful clone", Of: model.Clone, Step: nsproxyShared},
	{Name: "SubreaperMarkAtBirth", Says: "a new process is marked as below a subreaper only if its parent is one or is below one",
		Source: "copy_process: has_child_subreaper", Versions: V6, State: subreaperMarkAtBirth},
	{Name: "SiblingSignalsAsLeader", Says: "a sibling of its creator has the exit signal that the creator's leader has when it is born",
		Source: "copy_process: exit_signal", State: siblingSignalsAsLeader},
}

func firstForkFailedIsDead(c *Check) error {
	if !c.failed() {
		return nil
	}
	ns := forChildren(c.Before, c.Op.Actor)
	if b := &c.Before.PidNS[ns]; b.Reaper != 0 || b.Hashed != 0 || b.LastPid != 0 || !b.Adding {
		return nil
	}
	c.met()
	t, a := &c.K.Calls[model.Clone], &c.After.PidNS[ns]
	switch numbered := t.Row(c.Result.Why) > t.Row("pid_allocated_adding"); {
	case numbered && a.Adding:
		return fmt.Errorf("the first fork into pid namespace %d failed at %s, and there can still be another", ns, c.Result.Why)
	case !numbered && (!a.Adding || a.LastPid != 0):
		return fmt.Errorf("the first fork into pid namespace %d failed at %s, and the next one will not get number 1", ns, c.Result.Why)
	}
	return nil
}

// born is the child that a clone has made in this step, whether it was paused on its way or not; 0 if there is none.
func (c *Check) born() model.TaskID {
	t := c.child()
	if t != 0 && c.Op.Kind == model.Resume && c.Before.Flight[c.Op.Actor].Child == t && c.Before.Task[t].Stage == model.Hashed {
		return 0 // it was there when the clone was paused
	}
	return t
}

func noBirthInDeadNS(c *Check) error {
	t := c.born()
	if t == 0 {
		return nil
	}
	c.met()
	if ns := c.After.ActiveNS(t); c.Before.Count[model.PidNSClass][ns] > 0 && !c.Before.PidNS[ns].Adding {
		return fmt.Errorf("%s was born into pid namespace %d, which takes no new members", c.name(t), ns)
	}
	return nil
}

// forking says whether a task is paused in a fork of a process that is not yet there.
func forking(s *model.State, t model.TaskID) bool {
	f := &s.Flight[t]
	return f.On && f.Paused && f.Op.Kind == model.Clone && f.Flags&model.CloneThread == 0 && f.Child != 0 && s.Task[f.Child].Stage == model.Building
}

// addressed says whether a kill names the process of a task as one of many.
func (c *Check) addressed(t model.TaskID) bool {
	b, group := c.Before, func(t model.TaskID) model.PidID {
		return c.Before.Task[c.Before.Task[t].Leader].Pids[model.PidtypePGID]
	}
	switch {
	case c.Op.Target != 0:
		return c.Op.Mode == model.Negative && b.NumberSeen(c.Op.Actor, c.Op.Target) != 0 && group(t) == b.Task[c.Op.Target].Pids[model.PidtypePID]
	case c.Op.Arg == 0:
		return group(t) == group(c.Op.Actor)
	}
	return c.Op.Arg == -1 && b.NumberSeen(c.Op.Actor, b.Task[t].Leader) > 1 // no init
}

// bereaved says whether a child of the task's process has died whose exit signal is the one that was sent.
func (c *Check) bereaved(t model.TaskID) bool {
	for o := range c.Before.Task {
		b := &c.Before.Task[o]
		if b.Stage == model.Hashed && b.ExitState == model.Alive && b.ExitSignal == int16(c.Op.Sig) && c.Before.Task[b.RealParent].Signal == c.Before.Task[t].Signal &&
			(!c.same(model.TaskID(o)) || c.task(model.TaskID(o)).ExitState != model.Alive) {
			return true
		}
	}
	return false
}

func delayedNoted(c *Check) error {
	if !c.succeeded(model.Kill) || c.Op.Sig == 0 {
		return nil
	}
	for i := range c.Before.Flight {
		t := model.TaskID(i)
		if !forking(c.Before, t) || !c.addressed(t) || !c.signal(t).Shared.Has(c.Op.Sig) || c.Before.Signal[c.Before.Task[t].Signal].Shared.Has(c.Op.Sig) {
			continue
		}
		if c.bereaved(t) {
			continue // the signal may be that of the death
		}
		c.met()
		if !c.After.Flight[t].Delayed.Has(c.Op.Sig) {
			return fmt.Errorf("%s got %v with others, and the child that it forks will not", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

func delayedReachesChild(c *Check) error {
	t := c.born()
	if t == 0 || c.Op.Kind != model.Resume || c.Before.Flight[c.Op.Actor].Delayed == 0 {
		return nil
	}
	c.met()
	if lost := c.Before.Flight[c.Op.Actor].Delayed & c.task(t).Blocked &^ c.signal(t).Shared; lost != 0 {
		return fmt.Errorf("%v were sent to many while %s was made, and are not pending on it", lost.Names(), c.name(t))
	}
	return nil
}

// onlyFatalInterrupts speaks of forks that were paused after they had looked for signals for the first time.
func onlyFatalInterrupts(c *Check) error {
	a := c.Op.Actor
	f := &c.Before.Flight[a]
	if c.Op.Kind != model.Resume || f.Op.Kind != model.Clone || f.Child == 0 || f.Op.Fault.Row != 0 || c.Result.Outcome != model.Returned {
		return nil
	}
	if b := &c.Before.Task[a]; (b.Pending|c.Before.Signal[b.Signal].Shared)&^b.Blocked == 0 {
		return nil
	}
	c.met()
	if e := c.Result.Errno; e == model.EINTR || e == model.ERESTARTNOINTR {
		return fmt.Errorf("the fork of %s ended with %v for a signal that did not kill it", c.name(a), e)
	}
	return nil
}

func newThreadJoinsStop(c *Check) error {
	t := c.born()
	if t == 0 || c.task(t).Leader == t {
		return nil
	}
	if b := &c.Before.Signal[c.Before.Task[c.Op.Actor].Signal]; b.StopCount == 0 && b.Flags&model.SignalStopStopped == 0 {
		return nil
	}
	c.met()
	if c.resting(t) && c.task(t).Jobctl&model.Stopped == 0 {
		return fmt.Errorf("%s was born while its group stops, and runs", c.name(t))
	}
	return nil
}

func newThreadTakesNothing(c *Check) error {
	t := c.child()
	if t == 0 || c.task(t).Leader == t {
		return nil
	}
	was := c.Before.Signal[c.before().Signal].Shared
	if was == 0 {
		return nil
	}
	c.met()
	if lost := was &^ c.signal(t).Shared; lost != 0 {
		return fmt.Errorf("%v were pending for the group of %s, and since it is there they are not", lost.Names(), c.name(t))
	}
	return nil
}

func nsproxyShared(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	const namespaces = model.CloneNewNS | model.CloneNewUTS | model.CloneNewIPC | model.CloneNewNet | model.CloneNewPID | model.CloneNewCgroup
	was := c.before().Ref[model.Nsproxy]
	n := &c.Before.Nsproxy[was]
	enters := c.Op.Flags&model.CloneVM == 0 && n.TimeForChildren != n.NS[model.TimeNS-model.MntNS]
	if is := c.task(t).Ref[model.Nsproxy]; (is != was) != (enters || c.Op.Flags&namespaces != 0) {
		return fmt.Errorf("%s has nsproxy %d, %s has %d, and the flags are %#x", c.name(t), is, c.name(c.Op.Actor), was, uint32(c.Op.Flags))
	}
	return nil
}

func subreaperMarkAtBirth(c *Check) error {
	t := c.born()
	if t == 0 || c.task(t).Leader != t || !c.signal(t).HasChildSubreaper {
		return nil
	}
	if p := c.signal(c.task(t).RealParent); !p.IsChildSubreaper && !p.HasChildSubreaper {
		return fmt.Errorf("%s is marked as below a subreaper, and its parent %s is neither one nor marked", c.name(t), c.name(c.task(t).RealParent))
	}
	return nil
}

func siblingSignalsAsLeader(c *Check) error {
	t, a := c.born(), c.Op.Actor
	if t == 0 || c.task(t).Leader != t || c.task(t).RealParent == a || c.task(t).RealParent != c.task(a).RealParent {
		return nil
	}
	if is, should := c.task(t).ExitSignal, c.leader(a).ExitSignal; is != should {
		return fmt.Errorf("%s was born with exit signal %d beside %s, whose leader has %d", c.name(t), is, c.name(a), should)
	}
	return nil
}
