package model

import "slices"

const exitC = "kernel/exit.c:do_exit"

// act is a row that cannot fail.
func act(name, source string, body Act) Row { return Row{Name: name, Source: source, Body: body} }

// exitDrop is a row in which the dying task gives up an object.
func exitDrop(name, source string, c Class) Row {
	return act(name, source, func(k *Kernel, s *State, f *Flight) { s.drop(f.Op.Actor, c) })
}

// exitV311 is exit(2) of one thread, exitGroupV311 that of the whole group, dieV311 a fatal signal taking effect.
func exitV311() Table {
	return Table{Name: "exit", Rows: slices.Concat([]Row{rowSysExit}, doExitV311())}
}

func exitGroupV311() Table {
	return Table{Name: "exit_group", Rows: slices.Concat([]Row{rowSysExit, rowGroupExit}, doExitV311())}
}

func dieV311() Table {
	return Table{Name: "die", Rows: slices.Concat([]Row{rowGroupExit}, doExitV311())}
}

// doExitV311 is do_exit: the order in which a dying task lets go.
func doExitV311() []Row {
	return []Row{
		act("exit_signals", "kernel/signal.c:exit_signals", exitSignals),
		act("signal_live", exitC, func(k *Kernel, s *State, f *Flight) {
			sig := &s.Signal[s.parent(f).Signal]
			sig.Live--
			f.GroupDead = sig.Live == 0
		}),
		exitDrop("audit_free", exitC, Audit),
		act("exit_code", exitC, func(k *Kernel, s *State, f *Flight) { s.parent(f).ExitCode = f.Code }),
		act("mm_release", "kernel/fork.c:mm_release", mmRelease),
		exitDrop("exit_mm", "kernel/exit.c:exit_mm", MM),
		exitDrop("exit_sem", "ipc/sem.c:exit_sem", SysvSem),
		exitDrop("exit_files", "fs/file.c:exit_files", Files),
		exitDrop("exit_fs", "fs/fs_struct.c:exit_fs", FS),
		exitDrop("exit_task_namespaces", "kernel/nsproxy.c:exit_task_namespaces", Nsproxy),
		exitDrop("perf_event_exit_task", "kernel/events/core.c:perf_event_exit_task", Perf),
		exitDrop("cgroup_exit", "kernel/cgroup.c:cgroup_exit", CSS),
		exitDrop("module_put", exitC, Module),

		forget("child_reaper_dies", "kernel/exit.c:find_new_reaper", Func(childReaperDies)),
		zap("disable_pid_allocation", func(k *Kernel, s *State, f *Flight) { s.PidNS[s.activeNS(f.Op.Actor)].Adding = false }),
		zap("ignore_sigchld", func(k *Kernel, s *State, f *Flight) {
			h := &s.Sighand[s.parent(f).Ref[Sighand]]
			h.Ignore, h.Handler = h.Ignore|SIGCHLD.Bit(), h.Handler&^SIGCHLD.Bit()
		}),
		zap("zap_kill", zapKill),
		forget("zap_wait", zapC, Func(zapWait)).sleeps(Uninterruptible),
		forget("zap_sleep", zapC, Func(zapSleep)).sleeps(Uninterruptible),
		forget("find_new_reaper", "kernel/exit.c:find_new_reaper", Act(findNewReaper)),
		forget("forget_original_parent", "kernel/exit.c:forget_original_parent", Act(forgetOriginalParent)),

		notify("kill_orphaned_pgrp", "kernel/exit.c:kill_orphaned_pgrp", func(k *Kernel, s *State, f *Flight) {
			if f.GroupDead {
				s.killOrphanedPgrp(s.parent(f).Leader, 0)
			}
		}),
		notify("exit_notify", "kernel/exit.c:exit_notify", exitNotify),
		act("release_self", "kernel/exit.c:exit_notify", func(k *Kernel, s *State, f *Flight) {
			if s.parent(f).ExitState == ExitDead {
				k.release(s, f, f.Op.Actor)
			}
		}),
		exitDrop("mpol_put", exitC, Mempolicy),
		exitDrop("exit_io_context", "block/blk-ioc.c:exit_io_context", IO),
		act("task_dead", "kernel/sched/core.c:finish_task_switch", func(k *Kernel, s *State, f *Flight) {
			s.parent(f).Flags |= Dead
			s.put(TaskClass, Ref(f.Op.Actor))
		}),
	}
}

const zapC = "kernel/pid_namespace.c:zap_pid_ns_processes"

// forget is a row of forget_original_parent's hold of the tasklist lock; a sleep in it lets the lock go.
func forget(name, source string, body Body) Row {
	return Row{Name: name, Source: source, Body: body, Lock: "forget_original_parent"}
}

// notify is a row of exit_notify's hold of the tasklist lock.
func notify(name, source string, body Act) Row {
	return Row{Name: name, Source: source, Body: body, Lock: "exit_notify"}
}

// zap is a row that only a dying init of a pid namespace runs.
func zap(name string, body Act) Row {
	return forget(name, zapC, Act(func(k *Kernel, s *State, f *Flight) {
		if f.Zap {
			body(k, s, f)
		}
	}))
}

// sleeps says how the row sleeps.
func (r Row) sleeps(how Sleep) Row {
	r.Sleep = how
	return r
}

var (
	rowSysExit   = act("sys_exit", "kernel/exit.c:sys_exit", func(k *Kernel, s *State, f *Flight) { f.Code = uint16(f.Op.Arg&0xff) << 8 })
	rowGroupExit = act("do_group_exit", "kernel/exit.c:do_group_exit", doGroupExit)
)

// doGroupExit settles the exit code of the group, the first one wins, and kills the other threads.
func doGroupExit(k *Kernel, s *State, f *Flight) {
	sig := &s.Signal[s.parent(f).Signal]
	if sig.Flags&SignalGroupExit != 0 {
		f.Code = sig.GroupExitCode
		return
	}
	if s.alone(f.Op.Actor) {
		return
	}
	sig.GroupExitCode, sig.Flags, sig.StopCount = f.Code, SignalGroupExit, 0
	s.others(f.Op.Actor, func(t TaskID) bool { // zap_other_threads
		if s.clearStop(t); s.Task[t].ExitState == Alive {
			s.Task[t].Pending |= SIGKILL.Bit()
			s.wakeUp(t, true)
		}
		return false
	})
}

// exitSignals marks the task as exiting and leaves its share of the group's signals to the other threads.
func exitSignals(k *Kernel, s *State, f *Flight) {
	p := s.parent(f)
	p.Flags |= PFExiting
	if s.alone(f.Op.Actor) || s.Signal[p.Signal].Flags&SignalGroupExit != 0 || !p.SigPending {
		return
	}
	s.retarget(f.Op.Actor, ^p.Blocked)
	if p.Jobctl&StopPending != 0 && s.participateGroupStop(f.Op.Actor) {
		s.notifyParentCldstop(f.Op.Actor, SignalCldStopped)
	}
}

// mmRelease is mm_release: the robust list and the child tid are done with, and a vfork parent goes on.
func mmRelease(k *Kernel, s *State, f *Flight) {
	p := s.parent(f)
	if waiting := p.VforkDone; waiting != 0 {
		s.Flight[waiting].Woken = true // complete_vfork_done
	}
	p.RobustList, p.ClearChildTid, p.VforkDone = false, false, 0
}

// childReaperDies is the part of find_new_reaper for a reaper without another live thread: the global init takes
// the machine down, any other clears its namespace first.
func childReaperDies(k *Kernel, s *State, f *Flight) Errno {
	ns := s.activeNS(f.Op.Actor)
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

// zapKill kills every task with a number above 1 in the namespace, those of nested namespaces included.
func zapKill(k *Kernel, s *State, f *Flight) {
	ns := s.activeNS(f.Op.Actor)
	for t := TaskID(1); t < MaxTasks; t++ {
		if nr := s.NumberSeen(f.Op.Actor, t); nr > 1 && s.nrIn(s.Task[t].Pids[PidtypePID], ns) == nr && !s.fatalPending(t) {
			s.sendSignal(SIGKILL, t, private, true)
		}
	}
}

// zapWait reaps children, whatever their exit signal, until there is none.
func zapWait(k *Kernel, s *State, f *Flight) Errno {
	if !f.Zap {
		return next
	}
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
	if !f.Zap {
		return next
	}
	if s.PidNS[s.activeNS(f.Op.Actor)].Hashed != s.initPids(f.Op.Actor) {
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
	ns := &s.PidNS[s.activeNS(father)]
	if live := s.liveThread(father); live != 0 {
		if ns.Reaper == father {
			ns.Reaper = live
		}
		f.Who = live
		return
	}
	if f.Who = ns.Reaper; ns.Reaper != father && s.Signal[s.Task[father].Signal].HasChildSubreaper {
		if r := s.subreaper(father, ns.Reaper); r != 0 {
			f.Who = r
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

// forgetOriginalParent gives the children to the new parent, which reaps at once those that nobody will wait for.
func forgetOriginalParent(k *Kernel, s *State, f *Flight) {
	father, reaper := f.Op.Actor, f.Who
	var dead [MaxTasks]bool
	s.children(father, func(p TaskID) {
		s.delChild(p)
		s.threads(p, func(t TaskID) bool {
			s.Task[t].RealParent = reaper
			if sig := s.Task[t].Pdeath; sig != 0 {
				s.sendUser(father, t, sig, shared)
			}
			return false
		})
		s.addChild(reaper, p)
		dead[p] = s.reparentLeader(father, p)
	})
	for p, reap := range dead {
		if reap {
			k.release(s, f, TaskID(p))
		}
	}
}

// reparentLeader is reparent_leader: what changes when a child leaves the group of its parent. It says whether
// the new parent has no use for the zombie.
func (s *State) reparentLeader(father, p TaskID) (autoreap bool) {
	c := &s.Task[p]
	if c.ExitState == ExitDead || s.sameGroup(c.RealParent, father) {
		return false
	}
	c.ExitSignal = int16(SIGCHLD)
	if c.ExitState == ExitZombie && s.alone(p) && s.notifyParent(p, SIGCHLD) {
		c.ExitState, autoreap = ExitDead, true
	}
	s.killOrphanedPgrp(p, father)
	return autoreap
}

// exitNotify decides what is left of the task: a zombie that its parent reaps, or nothing.
func exitNotify(k *Kernel, s *State, f *Flight) {
	p, t := s.parent(f), f.Op.Actor
	p.ExitState = ExitDead
	if s.leader(t) && !(s.alone(t) && s.notifyParent(t, Signal(p.ExitSignal))) {
		p.ExitState = ExitZombie
	}
}

// notifyParent is do_notify_parent: the exit signal goes to the parent's group, and the answer is whether the parent
// wants no zombie. A custom signal is not sent to a parent that has executed another program since.
func (s *State) notifyParent(t TaskID, sig Signal) (autoreap bool) {
	p := &s.Task[t]
	parent := &s.Task[p.RealParent]
	if p.RealParent == 0 {
		s.oops(NullWrite, TaskClass)
		return false
	}
	if sig != SIGCHLD && p.ParentExecID != parent.SelfExecID {
		sig = SIGCHLD
	}
	h := &s.Sighand[parent.Ref[Sighand]]
	if sig == SIGCHLD && (h.Ignore | h.NoCldWait).Has(SIGCHLD) {
		autoreap = true
		if h.Ignore.Has(SIGCHLD) {
			sig = 0
		}
	}
	if sig != 0 && sig <= NSIG {
		s.sendSignal(sig, p.RealParent, shared, false)
	}
	s.wakeParent(t)
	return autoreap
}

// wakeParent is __wake_up_parent: the threads of the parent's group that sleep in wait look again, if this child may
// be one that they wait for.
func (s *State) wakeParent(child TaskID) {
	parent := s.Task[child].RealParent
	s.threads(parent, func(t TaskID) bool {
		f := &s.Flight[t]
		switch {
		case !f.Asleep:
		case f.Op.Kind == Wait4:
			chosen := f.Type == NPidtypes || s.Task[child].Pids[f.Type] == f.Pid
			f.Woken = f.Woken || chosen && (f.Flags&WNOTHREAD == 0 || t == parent)
		case f.Zap:
			f.Woken = true
		}
		return false
	})
}

// orphaned is will_become_orphaned_pgrp: no member but the ignored one has a parent in another group of its session.
func (s *State) orphaned(pgrp PidID, ignored TaskID) bool {
	orphaned := true
	s.members(pgrp, PidtypePGID, func(t TaskID) {
		p := &s.Task[t]
		if t == ignored || p.ExitState != Alive && s.alone(t) || s.globalInit(p.RealParent) {
			return
		}
		if s.pgrp(p.RealParent) != pgrp && s.session(p.RealParent) == s.session(t) {
			orphaned = false
		}
	})
	return orphaned
}

// globalInit is is_global_init.
func (s *State) globalInit(t TaskID) bool { return t != 0 && s.Task[t].Nr == 1 }

// killOrphanedPgrp is kill_orphaned_pgrp: if t's death, or its move away from parent, leaves its process group
// orphaned with stopped members, they get SIGHUP and SIGCONT. Parent 0 means the death of t itself.
func (s *State) killOrphanedPgrp(t, parent TaskID) {
	pgrp, ignored := s.pgrp(t), TaskID(0)
	if parent == 0 {
		parent, ignored = s.Task[t].RealParent, t
	}
	if s.pgrp(parent) != pgrp && s.session(parent) == s.session(t) && s.orphaned(pgrp, ignored) && s.hasStoppedJobs(pgrp) {
		s.signalGroup(SIGHUP, pgrp)
		s.signalGroup(SIGCONT, pgrp)
	}
}

// hasStoppedJobs is has_stopped_jobs.
func (s *State) hasStoppedJobs(pgrp PidID) (stopped bool) {
	s.members(pgrp, PidtypePGID, func(t TaskID) {
		stopped = stopped || s.Signal[s.Task[t].Signal].Flags&SignalStopStopped != 0
	})
	return stopped
}

// signalGroup sends to every member of a process group, without asking for permission (__kill_pgrp_info).
func (s *State) signalGroup(sig Signal, pgrp PidID) {
	s.members(pgrp, PidtypePGID, func(t TaskID) { s.sendSignal(sig, t, shared, false) })
}
