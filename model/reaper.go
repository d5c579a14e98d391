package model

// What a death means for others: a dying init clears its pid namespace, and children get a new parent.

// childReaperDies is the part of find_new_reaper for a reaper without another live thread: the global init takes
// the machine down, any other clears its namespace first.
func childReaperDies(k *Kernel, s *State, f *Flight) Errno {
	ns := s.ActiveNS(f.Op.Actor)
	if s.liveThread(f.Op.Actor) != 0 || s.PidNS[ns].Reaper != f.Op.Actor {
		return next
	}
	if ns == RootPidNS {
		s.Panic = true
		return sleep
	}
	f.Zap = true
	return next
}

// liveThread finds another thread of the group that is not exiting.
func (s *State) liveThread(t TaskID) (live TaskID) {
	s.others(t, func(o TaskID) bool {
		if s.Task[o].Flags&PFExiting == 0 {
			live = o
		}
		return live != 0
	})
	return live
}

// zapKill is a row body as data: it kills every task with a number above 1 in the namespace, those of nested namespaces included, by a
// queue. The kernel goes by the numbers; whichever thread of a process comes first, it takes the others along.
type zapKill queue

// Do makes a zapKill the body of a row.
func (q zapKill) Do(k *Kernel, s *State, f *Flight) Errno {
	for t, fuel := s.Tasks, MaxTasks; t != 0 && fuel > 0; t, fuel = s.after(t), fuel-1 {
		if s.NumberSeen(f.Op.Actor, t) > 1 && !s.fatalPending(t) {
			k.sendSignal(s, SIGKILL, t, queue(q), true)
		}
	}
	return next
}

// zapWait reaps children, whatever their exit signal, until there is none.
func zapWait(k *Kernel, s *State, f *Flight) Errno {
	for fuel := MaxTasks; fuel > 0; fuel-- {
		switch k.waitScan(s, f, waitFor{typ: NPidtypes, options: WALL}) {
		case ECHILD:
			return next
		case sleep:
			return sleep
		}
	}
	return next
}

// zapSleep waits until only the init's own numbers are left: its leader's and, if a thread is the last, that one's.
// The sleep looks again only when free_pid wakes it.
func zapSleep(k *Kernel, s *State, f *Flight) Errno {
	if s.PidNS[s.ActiveNS(f.Op.Actor)].Hashed != s.initPids(f.Op.Actor) {
		return sleep
	}
	return next
}

// initPids is how many numbers a dying init keeps in its namespace.
func (s *State) initPids(t TaskID) int8 {
	if s.leader(t) {
		return 1
	}
	return 2
}

// findNewReaper chooses the new parent: a live thread of the group, the nearest subreaper, the namespace's init.
func findNewReaper(k *Kernel, s *State, f *Flight) {
	father := f.Op.Actor
	ns := &s.PidNS[s.ActiveNS(father)]
	if live := s.liveThread(father); live != 0 {
		if ns.Reaper == father {
			ns.Reaper = live
		}
		f.Reaper = live
		return
	}
	if f.Reaper = ns.Reaper; ns.Reaper != father && s.Signal[s.Task[father].Signal].HasChildSubreaper {
		if r := s.subreaper(father, ns.Reaper); r != 0 {
			f.Reaper = r
		}
	}
}

// subreaper walks up from the dying task's parent to the nearest subreaper with a live thread, not beyond the
// namespace's init. v3.11 answers the task that it came by, even when only another thread of it is alive.
func (s *State) subreaper(father, reaper TaskID) TaskID {
	for r, fuel := s.Task[father].RealParent, MaxTasks; r != 0 && fuel > 0; r, fuel = s.Task[r].RealParent, fuel-1 {
		if reaper == 0 {
			s.oops(NullWrite, TaskClass) // v3.11 looks at the group of a namespace's init that never was
			return 0
		}
		if s.sameGroup(r, reaper) {
			return 0
		}
		if s.Signal[s.Task[r].Signal].IsChildSubreaper && (s.Task[r].Flags&PFExiting == 0 || s.liveThread(r) != 0) {
			return r
		}
	}
	return 0
}

// aliveThread is find_alive_thread of v6.x: the first thread of a group, the leader first, that is not exiting.
func (s *State) aliveThread(t TaskID) (alive TaskID) {
	s.threads(s.Task[t].Leader, func(o TaskID) bool {
		if s.Task[o].Flags&PFExiting == 0 {
			alive = o
		}
		return alive != 0
	})
	return alive
}

// findNewReaperV6 is find_child_reaper, as far as it hands on the role of an init, and find_new_reaper.
func findNewReaperV6(k *Kernel, s *State, f *Flight) {
	father := f.Op.Actor
	ns := &s.PidNS[s.ActiveNS(father)]
	alive := s.aliveThread(father)
	if alive != 0 && ns.Reaper == father {
		ns.Reaper = alive
	}
	if alive == 0 && s.Signal[s.Task[father].Signal].HasChildSubreaper {
		alive = s.subreaperAbove(father)
	}
	if f.Reaper = alive; alive == 0 {
		f.Reaper = ns.Reaper
	}
}

// subreaperAbove walks up within the levels of the pid namespace to the nearest subreaper with a live thread, which it gives.
func (s *State) subreaperAbove(father TaskID) TaskID {
	level := s.Pid[s.Task[father].Pids[PidtypePID]].Level
	for r, fuel := s.Task[father].RealParent, MaxTasks; r != 0 && fuel > 0; r, fuel = s.Task[r].RealParent, fuel-1 {
		if s.Pid[s.Task[r].Pids[PidtypePID]].Level != level {
			return 0
		}
		if !s.Signal[s.Task[r].Signal].IsChildSubreaper {
			continue
		}
		if alive := s.aliveThread(r); alive != 0 {
			return alive
		}
	}
	return 0
}

// forgetOriginalParent gives the children to the new parent, which reaps at once those that nobody will wait for.
func forgetOriginalParent(k *Kernel, s *State, f *Flight) {
	reparentChildren(k, s, f)
	releaseDead(k, s, f)
}

// releaseDead releases the children that nobody will wait for, the oldest first: the kernel has moved them to a list of their own,
// in the order in which they were on their parent's.
func releaseDead(k *Kernel, s *State, f *Flight) {
	for p, fuel := s.Tasks, MaxTasks; p != 0 && fuel > 0; fuel-- {
		following := s.Task[p].Next
		if f.Dead&(1<<p) != 0 {
			k.release(s, f, p)
		}
		p = following
	}
}

// reparentChildren gives the children to the new parent, and notes in f.Dead those that nobody will wait for.
func reparentChildren(k *Kernel, s *State, f *Flight) {
	father, reaper := f.Op.Actor, f.Reaper
	s.children(father, func(p TaskID) {
		s.delChild(p)
		s.threads(p, func(t TaskID) bool {
			s.Task[t].RealParent = reaper
			if sig := s.Task[t].Pdeath; sig != 0 {
				k.sendUser(s, father, t, sig, shared)
			}
			return false
		})
		s.addChild(reaper, p)
		if k.reparentLeader(s, father, p) {
			f.Dead |= 1 << p
		}
	})
}

// reparentLeader is reparent_leader: what changes when a child leaves the group of its parent. It says whether
// the new parent has no use for the zombie.
func (k *Kernel) reparentLeader(s *State, father, p TaskID) (autoreap bool) {
	c := &s.Task[p]
	if c.ExitState == ExitDead || s.sameGroup(c.RealParent, father) {
		return false
	}
	c.ExitSignal = int16(SIGCHLD)
	if c.ExitState == ExitZombie && s.alone(p) && k.notifyParent(s, p, SIGCHLD) {
		c.ExitState, autoreap = ExitDead, true
	}
	k.killOrphanedPgrp(s, p, father)
	return autoreap
}
