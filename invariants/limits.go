package invariants

import (
	"fmt"

	"forkcheck/model"
)

// limits are the invariants of the global counters and of what bounds them.
var limits = []Invariant{
	{Name: "NrThreadsGlobal", Says: "nr_threads is the number of hashed tasks", Source: "copy_process, __unhash_process", State: func(c *Check) error {
		if int(c.After.NrThreads) != c.Census.NTasks {
			return fmt.Errorf("nr_threads is %d, and %d tasks are hashed", c.After.NrThreads, c.Census.NTasks)
		}
		return nil
	}},
	{Name: "ProcessCounts", Says: "process_counts is the number of hashed leaders", Source: "copy_process, __unhash_process", State: func(c *Check) error {
		if int(c.After.ProcessCounts) != c.Census.Leaders {
			return fmt.Errorf("process_counts is %d, and %d leaders are hashed", c.After.ProcessCounts, c.Census.Leaders)
		}
		return nil
	}},
	{Name: "NprocCharged", Says: "user.processes is the number of the user's tasks, zombies and those under construction included",
		Source: "copy_creds, release_task", State: func(c *Check) error {
			for u := 1; u < model.MaxUsers; u++ {
				if is, should := c.After.User[u].Processes, c.Census.Processes[u]; is != should {
					return fmt.Errorf("uid %d is charged %d processes and has %d", c.After.User[u].UID, is, should)
				}
			}
			return nil
		}},
	{Name: "UcountsExact", Says: "ucounts are charged with the tasks and namespaces of their user, and with those of the namespaces below that it owns",
		Source: "inc_rlimit_ucounts, inc_ucount", Versions: V6, State: ucountsExact},
	{Name: "UcountsRefs", Says: "ucounts are counted for each cred and each namespace that is charged there", Source: "alloc_ucounts, put_ucounts", Versions: V6,
		State: func(c *Check) error {
			for id := 1; id < model.MaxUcounts; id++ {
				if is, should := c.After.Ucounts[id].Count, c.Census.Ucounts[id].Count; is != should {
					return fmt.Errorf("%s have count %d, and %s", c.ucountsName(id), is, holders(int(should)))
				}
			}
			return nil
		}},
	{Name: "NprocBound", Restates: true, Says: "a fork under RLIMIT_NPROC leaves at most as many processes as the limit allows, and one more for each other fork in flight",
		Source: "copy_process: rlimit_nproc", Versions: V311, Premise: "a successful clone by a limited user", Step: func(c *Check) error {
			if c.child() == 0 || c.nprocExempt() {
				return nil
			}
			c.met()
			n, limit := c.processes(c.After), c.nproc()
			if n > limit+c.Census.InFlight {
				return fmt.Errorf("uid %d has %d processes, RLIMIT_NPROC is %d", c.user(c.After).UID, n, limit)
			}
			return nil
		}},
	{Name: "NprocRefusesAtLimit", Restates: true, Says: "a fork fails for RLIMIT_NPROC only at the limit, and nobody exempt fails",
		Source: "copy_process: rlimit_nproc", Versions: V311, Premise: "a clone that RLIMIT_NPROC refused", Step: func(c *Check) error {
			if c.Op.Kind != model.Clone || c.Result.Why != "rlimit_nproc" || c.faulted() {
				return nil
			}
			c.met()
			if n, limit := c.processes(c.Before), c.nproc(); n < limit || c.nprocExempt() {
				return fmt.Errorf("%s, uid %d, with %d processes under RLIMIT_NPROC %d, could not fork", c.name(c.Op.Actor), c.user(c.Before).UID, n, limit)
			}
			return nil
		}},
	{Name: "NprocSettled", Restates: true, Says: "a fork under RLIMIT_NPROC leaves no counter above its limit: not in its user namespace, nor in those above",
		Source: "copy_process: rlimit_nproc; is_rlimit_overlimit", Versions: V6, Premise: "a successful clone by a limited user", Step: func(c *Check) error {
			t := c.child()
			if t == 0 || c.nprocExempt() {
				return nil
			}
			c.met()
			if over := c.nprocOver(t); over > 0 {
				return fmt.Errorf("%s was made, and its user is %d above a limit", c.name(t), over)
			}
			return nil
		}},
	{Name: "NprocRefusedOver", Restates: true, Says: "a fork fails for RLIMIT_NPROC only if it would pass a limit, and nobody exempt fails",
		Source: "copy_process: rlimit_nproc; is_rlimit_overlimit", Versions: V6, Premise: "a clone that RLIMIT_NPROC refused", Of: model.Clone, Step: nprocRefusedOver},
	{Name: "NprocSettledLater", Restates: true, Says: "a fork that was held up before it was charged leaves no counter above its limit either",
		Source: "copy_process: rlimit_nproc", State: nprocSettledLater},
	{Name: "MaxThreadsBound", Restates: true, Says: "a fork leaves at most max_threads threads, and one more for each other fork in flight",
		Source: "copy_process: max_threads", Premise: "a successful clone under a low max_threads", Step: func(c *Check) error {
			if c.child() == 0 || c.K.MaxThreads > model.MaxTasks {
				return nil
			}
			c.met()
			if n := int(c.After.NrThreads); n > int(c.K.MaxThreads)+c.Census.InFlight {
				return fmt.Errorf("%d threads, max_threads is %d", n, c.K.MaxThreads)
			}
			return nil
		}},
	{Name: "MaxThreadsRefusesAtLimit", Restates: true, Says: "a fork fails for max_threads only at the limit",
		Source: "copy_process: max_threads", Premise: "a clone that max_threads refused", Step: func(c *Check) error {
			if c.Op.Kind != model.Clone || c.Result.Why != "max_threads" || c.faulted() {
				return nil
			}
			c.met()
			if c.Before.NrThreads < int32(c.K.MaxThreads) {
				return fmt.Errorf("a fork was refused at %d threads, max_threads is %d", c.Before.NrThreads, c.K.MaxThreads)
			}
			return nil
		}},
	{Name: "ExhaustionIsEAGAIN", Says: "a fork that finds no free number fails with EAGAIN, as fork(2) says",
		Source: "fork(2); alloc_pidmap", Premise: "a clone that found no free number", Step: func(c *Check) error {
			if c.Op.Kind != model.Clone || c.Result.Why != "alloc_pidmap" || c.faulted() {
				return nil
			}
			c.met()
			if c.Result.Errno != model.EAGAIN {
				return fmt.Errorf("no free pid number is reported as %v", c.Result.Errno)
			}
			return nil
		}},
	{Name: "RlimitsInOrder", Restates: true, Says: "the soft limit is not above the hard one", Source: "do_prlimit", Task: func(c *Check, t model.TaskID) error {
		if sig := c.signal(t); sig.NprocCur > sig.NprocMax {
			return fmt.Errorf("%s has RLIMIT_NPROC %d above %d", c.name(t), sig.NprocCur, sig.NprocMax)
		}
		return nil
	}},
}

// user is the actor's user_struct in a state.
func (c *Check) user(s *model.State) *model.User {
	return &s.User[s.Cred[s.Task[c.Op.Actor].Ref[model.Cred]].User]
}

// processes is the actor's user's charge in a state. A clone with its own user namespace is still charged to the same user.
func (c *Check) processes(s *model.State) int { return int(s.User[c.userID()].Processes) }

func (c *Check) userID() model.UserID {
	return c.Before.Cred[c.Before.Task[c.Op.Actor].Ref[model.Cred]].User
}

// nproc is the actor's soft limit.
func (c *Check) nproc() int {
	if cur := c.Before.Signal[c.Before.Task[c.Op.Actor].Signal].NprocCur; cur != model.RlimInfinity {
		return int(cur)
	}
	return 1 << 20
}

// nprocExempt says whether RLIMIT_NPROC does not bind the actor: root, or a capability in the initial user namespace.
func (c *Check) nprocExempt() bool {
	cred := &c.Before.Cred[c.Before.Task[c.Op.Actor].Ref[model.Cred]]
	return cred.User == model.InitUser || cred.UserNS == model.RootUserNS && cred.Caps&(model.CapSysAdmin|model.CapSysResource) != 0
}

// faulted says whether the op's fault struck.
func (c *Check) faulted() bool { return c.Op.Fault.Row != 0 && !c.Result.FaultMissed }

// call is the kind of the call that the op made, or resumed.
func (c *Check) call() model.Kind {
	if c.Op.Kind == model.Resume {
		return c.Before.Flight[c.Op.Actor].Op.Kind
	}
	return c.Op.Kind
}

// child is the task that a clone has just made, 0 if it failed or the child is gone again.
func (c *Check) child() model.TaskID { return c.made }

// newTask finds it.
func (c *Check) newTask() model.TaskID {
	var t model.TaskID
	switch {
	case c.call() != model.Clone:
	case c.Result.Outcome == model.Returned && c.Result.Errno == 0:
		t = c.Result.Who
	case c.Result.Outcome == model.Asleep:
		t = c.After.Flight[c.Op.Actor].Child
	}
	if t == 0 || c.After.Task[t].Stage != model.Hashed {
		return 0
	}
	return t
}

// cloned says whether a clone has returned with a child that is still there.
func (c *Check) cloned() bool { return c.child() != 0 && c.Result.Outcome == model.Returned }

// ucountsName names ucounts by user and user namespace.
func (c *Check) ucountsName(id int) string {
	u := &c.After.Ucounts[id]
	return fmt.Sprintf("the ucounts of uid %d in user namespace %d", u.UID, u.NS)
}

func ucountsExact(c *Check) error {
	for id := 1; id < model.MaxUcounts; id++ {
		is, should := &c.After.Ucounts[id], &c.Census.Ucounts[id]
		if is.Nproc != should.Nproc {
			return fmt.Errorf("%s are charged %d processes, and there are %d", c.ucountsName(id), is.Nproc, should.Nproc)
		}
		if is.Namespaces != should.Namespaces {
			return fmt.Errorf("%s are charged with namespaces %v, and there are %v", c.ucountsName(id), is.Namespaces, should.Namespaces)
		}
	}
	return nil
}

// nprocSettledLater speaks of forks that are charged in this step. A limit that falls, or a charge that does not mind it, may
// leave a fork above the limit that was charged before: nobody looks again then.
func nprocSettledLater(c *Check) error {
	t := c.born()
	if t == 0 || c.Op.Kind != model.Resume || c.Before.Flight[c.Op.Actor].Took&model.TookCharge != 0 || c.nprocExempt() {
		return nil
	}
	if over := c.nprocOver(t); over > 0 {
		return fmt.Errorf("%s was made, and its user is %d above a limit", c.name(t), over)
	}
	return nil
}

// nprocOver is how far the actor's limit, or one of those above a child of it, is exceeded.
func (c *Check) nprocOver(child model.TaskID) int {
	if ucounts := c.After.Cred[c.task(child).Ref[model.Cred]].Ucounts; ucounts != 0 {
		return c.After.NprocExcess(ucounts, c.Before.Signal[c.before().Signal].NprocCur)
	}
	return c.processes(c.After) - c.nproc()
}

// nprocRefusedOver charges the child once more, by hand: its own user namespace, if it brings one, and those above.
func nprocRefusedOver(c *Check) error {
	if c.Result.Why != "rlimit_nproc" || c.faulted() {
		return nil
	}
	c.met()
	limit, first := c.Before.Signal[c.before().Signal].NprocCur, 0
	if c.Op.Flags&model.CloneNewUser != 0 { // the limit binds the new namespace as a whole, in which the child is alone
		first = 1 - int(limit)
	}
	over := max(first, c.Before.NprocExcess(c.Before.Cred[c.before().Ref[model.Cred]].Ucounts, limit)+1)
	if over <= 0 || c.nprocExempt() {
		return fmt.Errorf("%s, uid %d, could not fork, and would have been %d below its limit", c.name(c.Op.Actor), c.user(c.Before).UID, -over)
	}
	return nil
}
