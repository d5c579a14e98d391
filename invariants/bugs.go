package invariants

import (
	"fmt"

	"forkcheck/model"
)

// bugs are invariants that nothing but a bug of Linux, planted or its own, has asked for.
var bugs = []Invariant{
	{Name: "SubreaperTakesAlive", Says: "of a subreaper that takes an orphan the thread that gets it is not dying, if there is one",
		Source: "find_new_reaper: find_alive_thread", Premise: "an orphan that goes to a subreaper", Step: subreaperTakesAlive},
	{Name: "HangupOnlyOrphaned", Says: "the end of a process wakes a stopped one without children only if the process group of that is orphaned then",
		Source: "kill_orphaned_pgrp, will_become_orphaned_pgrp", Premise: "an exit that wakes a stopped process", Step: hangupOnlyOrphaned},
	{Name: "NoBirthUnderSignal", Says: "nobody is born to a task to which a signal has come while it forked, so that a signal to its group reaches the child as well",
		Source: "copy_process: signal_pending", Versions: V311, Premise: "a birth by a fork that was held up", State: noBirthUnderSignal},
}

// subreaperTakesAlive does not speak of inits: one that dies hands on its role later than it is marked as dying.
func subreaperTakesAlive(c *Check) error {
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			b := c.Before
			if group := b.Task[to].Signal; group == b.Task[from].Signal || !b.Signal[group].IsChildSubreaper || isReaper(b, to) || !c.lives(group) {
				return nil
			}
			c.met()
			if c.same(to) && b.Task[to].Flags&model.PFExiting != 0 {
				return fmt.Errorf("%s went to %s, which is dying while a thread of its group lives", c.name(t), c.name(to))
			}
			return nil
		})
	})
}

// hangupOnlyOrphaned leaves out what may wake a process for another reason: the exit signal of a child, a parent-death signal, and
// SIGKILL from a dying init.
func hangupOnlyOrphaned(c *Check) error {
	if c.Op.Kind != model.Exit && c.Op.Kind != model.ExitGroup {
		return nil
	}
	for t := range c.Before.Task {
		b, l := &c.Before.Task[t], model.TaskID(t)
		sig := &c.Before.Signal[b.Signal]
		if b.Stage != model.Hashed || sig.Flags&model.SignalStopStopped == 0 || sig.NrThreads > 1 || b.Children != 0 || b.Pdeath != 0 || b.Signal == c.before().Signal {
			continue
		}
		if c.same(l) && (c.signal(l).Flags&model.SignalStopStopped != 0 || c.task(l).ExitCode == uint16(model.SIGKILL) || c.signal(l).GroupExitCode == uint16(model.SIGKILL)) {
			continue
		}
		if !c.same(l) {
			continue // whoever killed it, it is gone
		}
		c.met()
		if link := c.linkOf(b.Pids[model.PidtypePGID]); link != 0 {
			return fmt.Errorf("%s was woken, and its process group is not orphaned: %s has a parent outside of it", c.name(l), c.name(link))
		}
	}
	return nil
}

// linkOf is a member of a process group whose parent is in another group of its session, 0 if the group is orphaned. The global init
// is nobody's link: before v4.5 its leader, since then every thread of it.
func (c *Check) linkOf(pgrp model.PidID) model.TaskID {
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		if p := c.task(t); p.Pids[model.PidtypePGID] == pgrp && links(c.After, t) && !c.globalInit(p.RealParent) {
			return t
		}
	}
	return 0
}

// globalInit says whether a parent is the global init to the process groups of its children.
func (c *Check) globalInit(t model.TaskID) bool {
	if !c.K.Is(V311) {
		t = c.task(t).Leader
	}
	return t == model.Init0 && !c.K.Nested
}

// links says whether a process has a parent in another group of its session (POSIX).
func links(s *model.State, t model.TaskID) bool {
	p := &s.Task[t]
	if p.Leader != t || p.RealParent == 0 || !member(s, t) {
		return false
	}
	parent := &s.Task[s.Task[p.RealParent].Leader]
	return parent.Pids[model.PidtypePGID] != p.Pids[model.PidtypePGID] && parent.Pids[model.PidtypeSID] == p.Pids[model.PidtypeSID]
}

// member says whether a process counts for its group: it does until its last thread is gone.
func member(s *model.State, t model.TaskID) bool {
	p := &s.Task[t]
	return p.Stage == model.Hashed && (p.ExitState == model.Alive || s.Signal[p.Signal].NrThreads > 1)
}

// noBirthUnderSignal speaks of forks that were paused, which is when a signal comes meanwhile; NoForkUnderSignal speaks of the others.
// The creator may be gone by now, for the signal was delivered when its call was over.
func noBirthUnderSignal(c *Check) error {
	f := &c.Before.Flight[c.Op.Actor]
	child := c.Result.Who
	if f.Child != 0 {
		child = f.Child
	}
	if c.Op.Kind != model.Resume || f.Op.Kind != model.Clone || child == 0 || c.Before.Task[child].Stage == model.Hashed || c.task(child).Stage != model.Hashed {
		return nil
	}
	c.met()
	b := c.before()
	if (b.Pending|c.Before.Signal[b.Signal].Shared)&^b.Blocked != 0 {
		return fmt.Errorf("%s was born although its creator %s had a signal to take", c.name(child), name(c.Before, c.Op.Actor))
	}
	return nil
}
