package invariants

import (
	"fmt"

	"forkcheck/model"
)

// groups are the invariants of thread groups.
var groups = []Invariant{
	{Name: "ThreadGroupSharesSighand", Says: "the threads of a group have one sighand_struct",
		Source: "copy_process: THREAD needs SIGHAND", Task: func(c *Check, t model.TaskID) error {
			return c.likeLeader(t, "sighand", c.task(t).Ref[model.Sighand], c.leader(t).Ref[model.Sighand])
		}},
	{Name: "ThreadGroupSharesVM", Says: "the threads of a group have one mm, until they drop it on their way out",
		Source: "copy_process: SIGHAND needs VM", Task: func(c *Check, t model.TaskID) error {
			if c.task(t).Ref[model.MM] == 0 || c.leader(t).Ref[model.MM] == 0 {
				return nil
			}
			return c.likeLeader(t, "mm", c.task(t).Ref[model.MM], c.leader(t).Ref[model.MM])
		}},
	{Name: "SighandImpliesVM", Says: "tasks with one sighand_struct have one mm",
		Source: "copy_process: SIGHAND needs VM", State: sighandImpliesVM},
	{Name: "TgidIsLeaderPid", Says: "a task's tgid is the pid of its group leader",
		Source: "copy_process", Task: func(c *Check, t model.TaskID) error {
			if c.task(t).Tgid != c.leader(t).Nr {
				return fmt.Errorf("%s has tgid %d, its leader has pid %d", c.name(t), c.task(t).Tgid, c.leader(t).Nr)
			}
			return nil
		}},
	{Name: "LeaderLeadsItself", Says: "a group leader is its own leader, hashed, and shares the signal_struct of its threads",
		Source: "copy_process, release_task", Task: func(c *Check, t model.TaskID) error {
			l := c.task(t).Leader
			switch {
			case l == 0 || c.leader(t).Stage != model.Hashed:
				return fmt.Errorf("the leader of %s, %s, is gone", c.name(t), c.name(l))
			case c.leader(t).Leader != l:
				return fmt.Errorf("%s, the leader of %s, is led by %s", c.name(l), c.name(t), c.name(c.leader(t).Leader))
			}
			return c.likeLeader(t, "signal_struct", model.Ref(c.task(t).Signal), model.Ref(c.leader(t).Signal))
		}},
	{Name: "OnlyLeadersSignalExit", Says: "a leader has an exit signal or none, any other thread has -1",
		Source: "copy_process", Task: func(c *Check, t model.TaskID) error {
			if (c.task(t).Leader == t) != (c.task(t).ExitSignal >= 0) {
				return fmt.Errorf("%s has exit signal %d and is led by %s", c.name(t), c.task(t).ExitSignal, c.name(c.task(t).Leader))
			}
			return nil
		}},
	{Name: "LeaderPidOfGroup", Says: "signal_struct.leader_pid is the struct pid of the leader", Source: "copy_process: leader_pid; since v4.19 signal->pids[PIDTYPE_TGID]", Task: func(c *Check, t model.TaskID) error {
		if l := c.task(t).Leader; l == t && c.signal(t).LeaderPid != c.task(t).Pids[model.PidtypePID] {
			return fmt.Errorf("leader_pid of %s is not its pid", c.name(t))
		}
		return nil
	}},
	{Name: "NrThreadsOfGroup", Says: "signal_struct.nr_threads is the number of hashed threads",
		Source: "copy_process, __exit_signal", Task: func(c *Check, t model.TaskID) error {
			return c.count(t, "nr_threads", int(c.signal(t).NrThreads), int(c.Census.NrThreads[c.task(t).Signal]))
		}},
	{Name: "LiveOfGroup", Says: "signal_struct.live is the number of threads that have not begun to exit",
		Source: "copy_process, do_exit", Task: func(c *Check, t model.TaskID) error {
			return c.count(t, "live", int(c.signal(t).Live), int(c.Census.Live[c.task(t).Signal]))
		}},
	{Name: "ThreadgroupLock", Says: "group_rwsem is read by as many threads as are being created",
		Source: "threadgroup_change_begin", Task: func(c *Check, t model.TaskID) error {
			return c.count(t, "group_rwsem", int(c.signal(t).Readers), int(c.Census.Readers[c.task(t).Signal]))
		}},
	{Name: "ThreadRing", Says: "the ring of a group visits each of its hashed threads once",
		Source: "copy_process, __unhash_process", Task: threadRing},
	{Name: "GroupInOnePidNS", Says: "the threads of a group are in one pid namespace and one user namespace",
		Source: "copy_process: thread_in_other_pidns", Task: groupInOneNS},
	{Name: "SameRealParent", Says: "the threads of a group have one real parent",
		Source: "copy_process, forget_original_parent", Task: func(c *Check, t model.TaskID) error {
			if p, l := c.task(t).RealParent, c.leader(t).RealParent; p != l {
				return fmt.Errorf("%s is a child of %s, its leader of %s", c.name(t), c.name(p), c.name(l))
			}
			return nil
		}},
	{Name: "NoNewThreadAfterGroupExit", Says: "a group that exits gains no thread", Source: "copy_process: signal_pending", Task: func(c *Check, t model.TaskID) error {
		b := &c.Before.Signal[c.task(t).Signal]
		if c.Before.Task[t].Stage != model.Hashed && b.Flags&model.SignalGroupExit != 0 && b.LeaderPid == c.signal(t).LeaderPid {
			return fmt.Errorf("%s was born into a group that exits", c.name(t))
		}
		return nil
	}},
}

// leader is the leader of a task after the step.
func (c *Check) leader(t model.TaskID) *model.Task { return &c.After.Task[c.After.Task[t].Leader] }

// likeLeader fails when a thread's object is not its leader's.
func (c *Check) likeLeader(t model.TaskID, what string, mine, leaders model.Ref) error {
	if mine == leaders {
		return nil
	}
	return fmt.Errorf("%s has %s %d, its leader %s has %s %d", c.name(t), what, mine, c.name(c.task(t).Leader), what, leaders)
}

// count fails when a counter of a task's group is not what the census found.
func (c *Check) count(t model.TaskID, what string, is, should int) error {
	if is == should {
		return nil
	}
	return fmt.Errorf("the group of %s has %s %d, and %d are there", c.name(t), what, is, should)
}

func sighandImpliesVM(c *Check) error {
	var first [model.Slots]model.TaskID
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		p := c.task(t)
		h := p.Ref[model.Sighand]
		if h == 0 || p.Ref[model.MM] == 0 {
			continue
		}
		if o := first[h]; o == 0 {
			first[h] = t
		} else if c.task(o).Ref[model.MM] != p.Ref[model.MM] {
			return fmt.Errorf("%s and %s share sighand %d but have mm %d and %d", c.name(o), c.name(t), h, c.task(o).Ref[model.MM], p.Ref[model.MM])
		}
	}
	return nil
}

func threadRing(c *Check, t model.TaskID) error {
	steps := int8(1)
	for o := c.task(t).Thread; o != t; o = c.task(o).Thread {
		if steps++; o == 0 || c.task(o).Signal != c.task(t).Signal || c.task(o).Stage != model.Hashed || steps > model.MaxTasks {
			return fmt.Errorf("the thread ring of %s leads to %s", c.name(t), c.name(o))
		}
	}
	return c.count(t, "a ring of", int(steps), int(c.Census.NrThreads[c.task(t).Signal]))
}

func groupInOneNS(c *Check, t model.TaskID) error {
	l := c.task(t).Leader
	if c.task(l).ExitState != model.Alive || c.dying(t) || c.dying(l) {
		return nil // v3.11 lets the last thread unshare the user namespace, for nobody else uses the mm
	}
	if a, b := c.After.ActiveNS(t), c.After.ActiveNS(l); a != b {
		return fmt.Errorf("%s is in pid namespace %d, its leader in %d", c.name(t), a, b)
	}
	if a, b := userNS(c.After, t), userNS(c.After, l); a != b {
		return fmt.Errorf("%s is in user namespace %d, its leader in %d", c.name(t), a, b)
	}
	return nil
}

// userNS is the user namespace of a task's credentials.
func userNS(s *model.State, t model.TaskID) model.UserNSID {
	return s.Cred[s.Task[t].Ref[model.Cred]].UserNS
}
