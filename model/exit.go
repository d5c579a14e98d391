package model

import "slices"

const exitC = "kernel/exit.c:do_exit"

// act is a row that cannot fail; assign one that only sets fields.
func act(name, source string, body Act) Row       { return Row{Name: name, Source: source, Body: body} }
func assign(name, source string, body Assign) Row { return Row{Name: name, Source: source, Body: body} }

// Drop is a row body as data: the caller gives up its object of Class, if it has one, and forgets it.
type Drop struct{ Class Class }

// Do makes a Drop the body of a row.
func (b Drop) Do(k *Kernel, s *State, f *Flight) Errno {
	s.drop(f.Op.Actor, b.Class)
	return next
}

// exitDrop is a row in which the dying task gives up an object.
func exitDrop(name, source string, c Class) Row {
	return Row{Name: name, Source: source, Body: Drop{c}}
}

// exitCalls are exit(2) of one thread, exit_group(2) of all, and a fatal signal taking effect, from a version's own
// do_coredump, do_group_exit and do_exit.
func exitCalls(dump []Row, groupExit Row, doExit func() []Row) (exit, exitGroup, die Table) {
	return Table{Name: "exit", Rows: slices.Concat([]Row{rowSysExit}, doExit())},
		Table{Name: "exit_group", Rows: slices.Concat([]Row{rowSysExit, groupExit}, doExit())},
		Table{Name: "die", Rows: slices.Concat(dump, []Row{groupExit}, doExit())}
}

// doExitV311 is do_exit: the order in which a dying task lets go.
func doExitV311() []Row {
	return slices.Concat([]Row{rowExitSignals, rowSignalLive, rowAuditFree, rowExitCode, rowMMRelease,
		rowExitMMCoreState},
		exitDrops, []Row{rowCgroupExit, rowModulePut, rowChildReaperDies}, zapRows(private), []Row{
			forget("find_new_reaper", "kernel/exit.c:find_new_reaper", Assign(findNewReaper)),
			forget("forget_original_parent", "kernel/exit.c:forget_original_parent", Act(forgetOriginalParent)),
			rowKillOrphanedPgrp, rowExitNotify, rowReleaseSelf}, exitEnd)
}

// doExitV6 is do_exit of v6.x: the last thread decides the code of the group, the seccomp filter goes early, the css_set stays
// until the last put, and children that nobody will wait for are released at the end.
func doExitV6() []Row {
	return slices.Concat([]Row{rowSynchronizeGroupExit, rowCoredumpTaskExit, rowExitSignals, exitDrop("seccomp_filter_release", "kernel/seccomp.c:seccomp_filter_release", Seccomp),
		rowSignalLive, rowGlobalInitDies, rowAuditFree, rowExitCode, rowMMRelease},
		exitDrops, []Row{rowFindChildReaper.in("exit_notify")}, zapRows(many), []Row{
			notify("find_new_reaper", "kernel/exit.c:find_new_reaper", findNewReaperV6).sets(),
			notify("forget_original_parent", "kernel/exit.c:forget_original_parent", reparentChildren),
			rowKillOrphanedPgrp, rowExitNotify, rowReleaseSelf, rowReleaseDead}, exitEnd)
}

// The rows of do_exit.
var (
	rowExitSignals = act("exit_signals", "kernel/signal.c:exit_signals", exitSignals)
	rowSignalLive  = act("signal_live", exitC, func(k *Kernel, s *State, f *Flight) {
		sig := &s.Signal[s.parent(f).Signal]
		sig.Live--
		f.GroupDead = sig.Live == 0
	}).yields(leavesOthers)
	rowAuditFree  = exitDrop("audit_free", exitC, Audit)
	rowExitCode   = assign("exit_code", exitC, func(k *Kernel, s *State, f *Flight) { s.parent(f).ExitCode = f.Code })
	rowMMRelease  = assign("mm_release", "kernel/fork.c:mm_release", mmRelease).yields(wakes)
	rowCgroupExit = exitDrop("cgroup_exit", "kernel/cgroup.c:cgroup_exit", CSS)
	rowModulePut  = exitDrop("module_put", exitC, Module)

	exitDrops = []Row{
		exitDrop("exit_mm", "kernel/exit.c:exit_mm", MM),
		exitDrop("exit_sem", "ipc/sem.c:exit_sem", SysvSem),
		exitDrop("exit_files", "fs/file.c:exit_files", Files),
		exitDrop("exit_fs", "fs/fs_struct.c:exit_fs", FS),
		exitDrop("exit_task_namespaces", "kernel/nsproxy.c:exit_task_namespaces", Nsproxy),
		exitDrop("perf_event_exit_task", "kernel/events/core.c:perf_event_exit_task", Perf),
	}

	rowChildReaperDies = forget("child_reaper_dies", "kernel/exit.c:find_new_reaper", Func(childReaperDies))
	rowFindChildReaper = forget("find_child_reaper", "kernel/exit.c:find_child_reaper", Func(childReaperDies))

	rowKillOrphanedPgrp = notify("kill_orphaned_pgrp", "kernel/exit.c:kill_orphaned_pgrp", func(k *Kernel, s *State, f *Flight) {
		if f.GroupDead {
			k.killOrphanedPgrp(s, s.parent(f).Leader, 0)
		}
	})
	rowExitNotify  = notify("exit_notify", "kernel/exit.c:exit_notify", exitNotify).yields(wakes)
	rowReleaseSelf = act("release_self", "kernel/exit.c:exit_notify", func(k *Kernel, s *State, f *Flight) {
		if f.Victim == f.Op.Actor {
			k.release(s, f, f.Op.Actor)
		}
	})

	exitEnd = []Row{
		exitDrop("mpol_put", exitC, Mempolicy),
		exitDrop("exit_io_context", "block/blk-ioc.c:exit_io_context", IO),
		act("task_dead", "kernel/sched/core.c:finish_task_switch", func(k *Kernel, s *State, f *Flight) {
			s.parent(f).Flags |= Dead
			k.putTask(s, f.Op.Actor)
		}),
	}
)

// What only v6.x does.
var (
	// The last thread to begin its exit ends the group with its own code, unless that is decided already.
	rowSynchronizeGroupExit = act("synchronize_group_exit", "kernel/exit.c:synchronize_group_exit", func(k *Kernel, s *State, f *Flight) {
		sig := &s.Signal[s.parent(f).Signal]
		if sig.QuickThreads--; sig.QuickThreads == 0 && sig.Flags&SignalGroupExit == 0 {
			sig.Flags, sig.GroupExitCode, sig.StopCount = SignalGroupExit, f.Code, 0
		}
	})
	// The global init takes the machine down as soon as its last thread is on its way out.
	rowGlobalInitDies = Row{Name: "global_init_dies", Source: exitC, Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
		if !f.GroupDead || !k.globalInit(s, f.Op.Actor) {
			return next
		}
		s.Panic = true
		return sleep
	})}
	rowReleaseDead = act("release_dead", "kernel/exit.c:exit_notify", releaseDead)
)

const zapC = "kernel/pid_namespace.c:zap_pid_ns_processes"

// forget is a row of forget_original_parent's hold of the tasklist lock, which only a dying init lets go in between.
func forget(name, source string, body Body) Row {
	return Row{Name: name, Source: source, Body: body, Lock: "forget_original_parent"}
}

// notify is a row of exit_notify's hold of the tasklist lock. In v6.x that is the same as forget_original_parent's.
func notify(name, source string, body Act) Row {
	return Row{Name: name, Source: source, Body: body, Lock: "exit_notify"}
}

// zap is a row that only a dying init of a pid namespace runs. It has let the tasklist lock go.
func zap(name string, body Body) Row {
	return Row{Name: name, Source: zapC, Body: body, If: func(k *Kernel, s *State, f *Flight) bool { return f.Zap }}
}

// zapRows are zap_pid_ns_processes: it kills by the thread or by the group, as the version does.
func zapRows(q queue) []Row {
	return []Row{
		zap("disable_pid_allocation", Assign(func(k *Kernel, s *State, f *Flight) { s.PidNS[s.ActiveNS(f.Op.Actor)].Adding = false })),
		zap("ignore_sigchld", Assign(func(k *Kernel, s *State, f *Flight) {
			h := &s.Sighand[s.parent(f).Ref[Sighand]]
			h.Ignore, h.Handler = h.Ignore|SIGCHLD.Bit(), h.Handler&^SIGCHLD.Bit()
		})),
		zap("zap_kill", zapKill(q)),
		zap("zap_wait", Func(zapWait)).sleeps(Uninterruptible),
		zap("zap_sleep", Func(zapSleep)).sleeps(Uninterruptible),
	}
}

// yields says when others may run after the row.
func (r Row) yields(when Cond) Row {
	r.Yields = when
	return r
}

// sleeps says how the row sleeps.
func (r Row) sleeps(how Sleep) Row {
	r.Sleep = how
	return r
}

var (
	rowSysExit   = assign("sys_exit", "kernel/exit.c:sys_exit", func(k *Kernel, s *State, f *Flight) { f.Code = uint16(f.Op.Arg&0xff) << 8 })
	rowGroupExit = act("do_group_exit", "kernel/exit.c:do_group_exit", func(k *Kernel, s *State, f *Flight) {
		if s.Signal[s.parent(f).Signal].exiting() || !s.alone(f.Op.Actor) {
			doGroupExit(k, s, f) // v3.11 passes over a single thread
		}
	}).yields(zapsOthers)
	rowGroupExitV6 = act("do_group_exit", "kernel/exit.c:do_group_exit", doGroupExit).yields(zapsOthers)
)

// doGroupExit settles the exit code of the group, the first one wins, and kills the other threads.
func doGroupExit(k *Kernel, s *State, f *Flight) {
	sig := &s.Signal[s.parent(f).Signal]
	if sig.exiting() {
		f.Code = sig.GroupExitCode
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
	if k.DropsPending {
		p.Pending = 0
	}
	if s.alone(f.Op.Actor) || s.Signal[p.Signal].exiting() || !p.SigPending {
		return
	}
	s.retarget(f.Op.Actor, ^p.Blocked)
	if p.Jobctl&StopPending != 0 && k.participateGroupStop(s, f.Op.Actor) {
		k.notifyParentCldstop(s, f.Op.Actor, SignalCldStopped)
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

// exitNotify decides what is left of the task: a zombie that its parent reaps, or nothing.
func exitNotify(k *Kernel, s *State, f *Flight) {
	p, t := s.parent(f), f.Op.Actor
	p.ExitState, f.Victim = ExitDead, t
	if s.leader(t) && !(s.alone(t) && k.notifyParent(s, t, Signal(p.ExitSignal))) {
		p.ExitState, f.Victim = ExitZombie, 0
	}
}
