package invariants

import (
	"fmt"
	"math"

	"forkcheck/model"
)

// v6 are the other invariants of what only v6.x marks and promises: threads and handlers on their way out, signals, subreapers.
var v6 = []Invariant{
	{Name: "QuickThreads", Says: "quick_threads is the number of threads of a group that have not begun to exit; when there is none the group is exiting",
		Source: "synchronize_group_exit, copy_process", Versions: V6, Task: quickThreads},
	{Name: "SubreaperMarks", Says: "a process whose parent is a subreaper, or marked as below one, is marked itself, unless the parent is an init, which adopts others",
		Source: "copy_process: has_child_subreaper; find_new_reaper", Versions: V6, Premise: "a parent that is a subreaper or below one", Task: subreaperMarks},
	{Name: "StopCounted", Says: "group_stop_count is the number of threads that have yet to stop", Source: "do_signal_stop, task_join_group_stop", Versions: V6, Task: stopCounted},
	{Name: "DyingTakesNothing", Says: "nothing is sent to a group that is exiting, but for SIGKILL while it dumps core", Source: "prepare_signal", Versions: V6, State: dyingTakesNothing},
	{Name: "InitTakesOnlyForced", Says: "nothing but SIGKILL and SIGSTOP is queued on an init that does not block or handle it, from wherever it comes",
		Source: "sig_task_ignored", Versions: V6, Premise: "a signal to an init", Of: model.Kill, Step: initTakesOnlyForced},
	{Name: "HeirIsFirst", Says: "the children of a thread that exits before its group go to the first thread that is left, the leader before all",
		Source: "find_alive_thread", Versions: V6, Premise: "a thread with children that exited before its group", Of: model.Exit, Step: heirIsFirst},
	{Name: "ZombieHasNoFilter", Says: "a zombie has no seccomp filter", Source: "seccomp_filter_release", Versions: V6, Premise: "a zombie", Task: zombieHasNoFilter},
	{Name: "InterruptedGoesOn", Says: "a call whose sleep a signal has ended has returned or begun anew, unless its task is stopped", Source: "do_signal",
		Task: interruptedGoesOn},
	{Name: "GlobalInitPanics", Says: "the machine is down as soon as the last thread of the global init is on its way out", Source: "do_exit: panic", Versions: V6, State: func(c *Check) error {
		group := c.After.Task[model.Init0].Signal
		if c.After.Signal[group].Live != 0 {
			return nil
		}
		for _, t := range c.Census.Tasks[:c.Census.NTasks] {
			if c.task(t).Signal == group && !c.K.Past(c.After, t, "global_init_dies") {
				return nil
			}
		}
		return fmt.Errorf("no thread of the global init is left, and the machine goes on")
	}},
	{Name: "IntMinIsNobody", Restates: true, Says: "kill and wait4 know nobody by the number whose negative does not exist", Source: "kill_something_info, kernel_wait4", Versions: V6,
		Premise: "a kill or wait4 with INT_MIN", Step: intMinIsNobody},
}

// quickThreads asks once for each group.
func quickThreads(c *Check, t model.TaskID) error {
	if c.task(t).Leader != t {
		return nil
	}
	quick := 0
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if c.task(o).Signal == c.task(t).Signal && !c.K.Past(c.After, o, "synchronize_group_exit") {
			quick++
		}
	}
	if quick == 0 && c.signal(t).Flags&model.SignalGroupExit == 0 {
		return fmt.Errorf("all threads of the group of %s are exiting, and the group is not", c.name(t))
	}
	return c.count(t, "quick_threads", int(c.signal(t).QuickThreads), quick)
}

func subreaperMarks(c *Check, t model.TaskID) error {
	p := c.task(t).RealParent
	if p == 0 || c.task(t).Leader != t || isReaper(c.After, p) {
		return nil
	}
	if sig := c.signal(p); !sig.IsChildSubreaper && !sig.HasChildSubreaper {
		return nil
	}
	c.met()
	if !c.signal(t).HasChildSubreaper {
		return fmt.Errorf("%s is not marked as below a subreaper, and its parent %s is one or is below one", c.name(t), c.name(p))
	}
	return nil
}

// stopCounted leaves groups aside that are exiting: they do not stop any more.
func stopCounted(c *Check, t model.TaskID) error {
	if c.task(t).Leader != t || c.signal(t).Flags&model.SignalGroupExit != 0 {
		return nil
	}
	yet := 0
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if c.task(o).Signal == c.task(t).Signal && c.task(o).Jobctl&model.StopConsume != 0 {
			yet++
		}
	}
	return c.count(t, "group_stop_count", int(c.signal(t).StopCount), yet)
}

func dyingTakesNothing(c *Check) error {
	for g := 1; g < model.MaxTasks; g++ {
		b, a := &c.Before.Signal[g], &c.After.Signal[g]
		if b.Flags&model.SignalGroupExit == 0 || a.LeaderPid != b.LeaderPid {
			continue
		}
		gained := a.Shared &^ b.Shared
		if groupDumps(c.Before, model.SignalID(g)) {
			gained &^= 1 << (model.SIGKILL - 1)
		}
		if gained != 0 {
			return fmt.Errorf("the group of pid %d is exiting and got %v", c.Before.Pid[b.LeaderPid].Nr[0], gained.Names())
		}
	}
	return nil
}

func initTakesOnlyForced(c *Check) error {
	if !c.succeeded(model.Kill) || c.Op.Sig == 0 || c.Op.Sig.Bit()&killStop != 0 {
		return nil
	}
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		b := &c.Before.Task[t]
		before := &c.Before.Signal[b.Signal]
		if !c.differs || b.Leader != t || !c.same(t) || before.Flags&model.SignalUnkillable == 0 || c.blockedIn(b.Signal) || c.Before.Sighand[b.Ref[model.Sighand]].Handler.Has(c.Op.Sig) {
			continue
		}
		c.met()
		if gained := c.signal(t).Shared &^ before.Shared; gained.Has(c.Op.Sig) {
			return fmt.Errorf("%s, an init, has %v queued, which it neither blocks nor handles", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

// blockedIn says whether a thread of a group blocked the signal of the op before the step.
func (c *Check) blockedIn(group model.SignalID) bool {
	for t := range c.Before.Task {
		if b := &c.Before.Task[t]; b.Stage == model.Hashed && b.Signal == group && b.Blocked.Has(c.Op.Sig) {
			return true
		}
	}
	return false
}

func heirIsFirst(c *Check) error {
	a := c.Op.Actor
	if c.Result.Outcome != model.Gone || c.before().Children == 0 || !c.outlived(a) {
		return nil
	}
	c.met()
	first := c.before().Leader
	for fuel := model.MaxTasks; fuel > 0 && (first == a || c.Before.Task[first].Flags&model.PFExiting != 0); fuel-- {
		first = c.Before.Task[first].Thread
	}
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			if from == a && to != first && c.task(to).Signal == c.before().Signal {
				return fmt.Errorf("%s went to %s, not to %s, the first thread that is left", c.name(t), c.name(to), c.name(first))
			}
			return nil
		})
	})
}

func zombieHasNoFilter(c *Check, t model.TaskID) error {
	if c.task(t).ExitState != model.ExitZombie {
		return nil
	}
	c.met()
	if filter := c.task(t).Ref[model.Seccomp]; filter != 0 {
		return fmt.Errorf("%s is a zombie and has seccomp filter %d", c.name(t), filter)
	}
	return nil
}

func interruptedGoesOn(c *Check, t model.TaskID) error {
	if f := &c.After.Flight[t]; f.Asleep && f.Signalled && c.task(t).Jobctl&model.Stopped == 0 {
		return fmt.Errorf("a signal has ended the sleep of %s, which is still in its call", c.name(t))
	}
	return nil
}

func intMinIsNobody(c *Check) error {
	bad := c.Op.Kind == model.Wait4 && c.Result.Errno == model.EINVAL // the options come first
	if c.Op.Kind != model.Kill && c.Op.Kind != model.Wait4 || c.Op.Target != 0 || c.Op.Arg != math.MinInt32 || c.faulted() || bad {
		return nil
	}
	c.met()
	if c.Result.Outcome != model.Returned || c.Result.Errno != model.ESRCH {
		return fmt.Errorf("%v of INT_MIN gave %v", c.Op.Kind, c.Result.Errno)
	}
	return nil
}
