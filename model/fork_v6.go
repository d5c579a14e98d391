package model

import "slices"

// V6 is a modern Linux: 6.12, but for pid_max, which each pid namespace has since 6.14.
func V6() *Version {
	exit, exitGroup, die := exitCalls(dumpV6, rowGroupExitV6, doExitV6)
	v := &Version{Name: "v6.x", Release: releaseTask(decRlimitUcounts), Settle: settleV6,
		FinalPuts: []Class{CSS, Security}, boot: bootV6,
		Manners: Manners{PidMaxPerNS: true, KeepUnkillable: true, KernelOnlyForced: true, DropWhenDying: true, FatalToInit: true,
			DelayedSignals: true, FirstForkEnds: true, InitByTgid: true, WakeAtTwo: true, DumpsAlone: true, ExitFirst: true}}
	v.Calls = [NKinds]Table{
		Clone:       cloneV6(),
		Unshare:     unshareV6(),
		Exit:        exit,
		ExitGroup:   exitGroup,
		Die:         die,
		Wait4:       wait4V6,
		Kill:        killV6,
		Tkill:       tkill,
		Tgkill:      tgkill,
		Sigaction:   sigaction,
		Sigprocmask: sigprocmaskV6,
		Setrlimit:   setrlimit,
		MapIDs:      mapIDs,
		Sysctl:      sysctlV6(),
	}
	return v.own()
}

// The rules on the flags. kernel_clone's is first: a pidfd needs a place of its own to be written to, and the old clone has
// only the one for the parent's tid. Of what creates namespaces only threads are restricted.
var rulesV6 = []Row{
	rule("pidfd_parent_settid", "kernel/fork.c:kernel_clone", Rule{All: ClonePidfd | CloneParentSettid}),
	rule("newns_fs", forkC, Rule{All: CloneNewNS | CloneFS}),
	rule("newuser_fs", forkC, Rule{All: CloneNewUser | CloneFS}),
	rule("thread_needs_sighand", forkC, Rule{All: CloneThread, Without: CloneSighand}),
	rule("sighand_needs_vm", forkC, Rule{All: CloneSighand, Without: CloneVM}),
	rule("parent_of_init", forkC, Rule{All: CloneParent, When: unkillable}),
	rule("thread_in_new_ns", forkC, Rule{All: CloneThread, Any: [2]Flags{CloneNewUser | CloneNewPID}}),
	rule("thread_in_other_pidns", forkC, Rule{All: CloneThread, When: nsDiff}),
	rule("pidfd_detached", forkC, Rule{All: ClonePidfd | CloneDetached}),
}

func cloneV6() Table {
	return Table{Name: "clone", Ladder: ladderV6(), Rows: slices.Concat(rulesV6, []Row{
		rowMultiprocess, rowSignalPendingFirst,
		rowDup, rowSeccompNull, rowSetTid, rowClearTid,
		rowShareCreds, rowPrepareCreds, rowCreateUserNSV6, rowSetCredUcounts.at("error_put"), rowInstallCreds, rowIncUcounts,
		rowNprocV6, rowClearNproc, rowMaxThreads,
		rowCopyFlags, rowChildren, rowVforkReset, rowSigpending, rowIOReset, rowAuditReset,
		rowMpol.at("bad_fork_cleanup_delayacct"), rowSchedFork, rowPerfReset, rowPerf.at("bad_fork_sched_cancel_fork"),
		rowAudit.at("bad_fork_cleanup_perf"), rowSecurityAlloc,
		rowSemundo.at("bad_fork_cleanup_security"), rowFiles, rowFS, rowSighand, rowSignalV6, rowMMReset, rowMM,
		rowTimensDiffers, rowGetNsproxy.off(anyNsproxy), rowNamespaceCap.on(newNamespacesV6).at("bad_fork_cleanup_mm"),
		rowNewipcSysvsem.on(anyNsproxy).at("bad_fork_cleanup_mm")},
		createNamespacesV6("bad_fork_cleanup_mm", anyNsproxy), []Row{rowTimensOnFork, rowInstallNsproxy,
			rowIO, rowThread,
			rowAllocPid.at("bad_fork_cleanup_thread")}, allocNumbers(allocCyclic, EAGAIN), []Row{rowGetPidNS, rowPidAllocated,
			rowPidfdPrepare, rowPidfdPutUser,
			rowRobustList, rowAltstack, rowSingleStep,
			rowPid, rowThreadLeader, rowLeaderIDs, rowPdeath, rowThreadGroup,
			rowCanFork, rowSchedCgroupFork,
			rowSibling, rowThreadSignal, rowLeaderSignal.in("commit"), rowRealParent, rowExitSignal.in("commit"),
			rowAddingRecheck, rowFatalSignal,
			rowCopySeccomp, rowJobctl, rowInitPid, rowLeaderPid, rowInitPgid, rowInitSid, rowChildReaper, rowUnkillable,
			rowSharedDelayed, rowHasSubreaper, rowAddChild, rowAddProcess, rowAttachPgid, rowAttachSid, rowProcessCounts,
			rowNrThreads, rowQuickThreads, rowLive, rowSigcnt, rowJoinGroupStop, rowAddThread,
			rowAttachPid, rowNrThreadsAll, rowTotalForks, rowMultiprocessEnd,
			rowFdInstall, rowCgroupPostFork, rowPidVnr, rowVforkDone, rowWakeUp, rowCalculateSigpending, rowVforkWait,
		})}
}

// ladderV6 is the undo of copy_process, as in mainline 6.12: the stages in reverse. (Stable 6.12.y gives up the file table later.)
func ladderV6() []Rung {
	return slices.Concat([]Rung{
		{Label: "bad_fork_core_free", Name: "core_free"}, // the locks, which are no rows
		{Label: "bad_fork_cancel_cgroup", Name: "threadgroup_change_end", Gives: TookRwsem, Undo: threadgroupChangeEnd},
		{Name: "put_css_set", Gives: 1 << CSS, Undo: giveUp(CSS)},
		{Label: "bad_fork_put_pidfd", Name: "fput_pidfile", Gives: TookPidfd, If: pidfd, Undo: func(k *Kernel, s *State, f *Flight) { s.putPid(f.Pid) }},
		{Label: "bad_fork_free_pid", Name: "free_pid", Gives: TookPid | TookPidNS, Undo: func(k *Kernel, s *State, f *Flight) { k.freePid(s, f.Pid) }},
		{Label: "bad_fork_cleanup_thread", Name: "exit_thread"},
		{Label: "bad_fork_cleanup_io", Name: "exit_io_context", Gives: 1 << IO, If: has(IO), Undo: putOwn(IO)},
		{Label: "bad_fork_cleanup_namespaces", Name: "exit_task_namespaces", Gives: 1 << Nsproxy, Undo: giveUp(Nsproxy)},
		{Label: "bad_fork_cleanup_mm", Name: "mmput", Gives: 1 << MM, If: has(MM), Undo: putOwn(MM)},
		{Label: "bad_fork_cleanup_signal", Name: "free_signal_struct", Gives: TookSignal, If: notThread, Undo: freeSignalStruct},
		{Label: "bad_fork_cleanup_sighand", Name: "cleanup_sighand", Gives: 1 << Sighand, Undo: putOf(Sighand)},
		{Label: "bad_fork_cleanup_fs", Name: "exit_fs", Gives: 1 << FS, Undo: giveUp(FS)},
		{Label: "bad_fork_cleanup_files", Name: "exit_files", Gives: 1 << Files, Undo: giveUp(Files)},
		{Label: "bad_fork_cleanup_semundo", Name: "exit_sem", Gives: 1 << SysvSem, Undo: giveUp(SysvSem)},
		{Label: "bad_fork_cleanup_security", Name: "security_task_free", Gives: 1 << Security, Undo: giveUp(Security)},
		{Label: "bad_fork_cleanup_audit", Name: "audit_free", Gives: 1 << Audit, Undo: giveUp(Audit)},
		{Label: "bad_fork_cleanup_perf", Name: "perf_event_free_task", Gives: 1 << Perf, Undo: giveUp(Perf)},
		{Label: "bad_fork_sched_cancel_fork", Name: "sched_cancel_fork"},
		{Label: "bad_fork_cleanup_policy", Name: "mpol_put", Gives: 1 << Mempolicy, Undo: putOf(Mempolicy)},
		{Label: "bad_fork_cleanup_delayacct", Name: "delayacct_tsk_free"},
		{Label: "bad_fork_cleanup_count", Name: "dec_rlimit_ucounts", Gives: TookCharge, Undo: func(k *Kernel, s *State, f *Flight) { s.chargeNproc(s.cred(f.Child).Ucounts, -1) }},
		{Name: "exit_creds", Gives: 1 << Cred, Undo: func(k *Kernel, s *State, f *Flight) { s.exitCreds(s.child(f)) }},
		{Label: "bad_fork_free", Name: "free_task", Gives: TookTask | 1<<Seccomp, Undo: func(k *Kernel, s *State, f *Flight) { s.freeTask(f.Child) }},
		{Label: "fork_out", Name: "multiprocess", Gives: TookDelayed, Undo: func(k *Kernel, s *State, f *Flight) { f.Delayed = 0 }, Goto: "end"},
		{Label: "error_put", Name: "put_cred", Undo: putNewCred, Goto: "bad_fork_free"},
	}, undoNamespacesV6("bad_fork_cleanup_mm"), []Rung{
		{Label: "out_unlock", Name: "put_pid_ns_unhashed", Gives: TookPidNS, Undo: func(k *Kernel, s *State, f *Flight) { s.put(PidNSClass, Ref(s.forChildren(f.Child))) }},
		{Label: "out_free", Name: "free_pidmap", Gives: TookPid, Undo: freePidmap},
		{Name: "reset_cursor", If: firstNumber, Undo: func(k *Kernel, s *State, f *Flight) { s.PidNS[s.forChildren(f.Child)].LastPid = 0 }, Goto: "bad_fork_cleanup_thread"},
	})
}

func pidfd(k *Kernel, s *State, f *Flight) bool { return f.Flags&ClonePidfd != 0 }

// firstNumber says whether nobody has a number in the namespace yet, and somebody may still get one.
func firstNumber(k *Kernel, s *State, f *Flight) bool {
	n := &s.PidNS[s.forChildren(f.Child)]
	return n.Hashed == 0 && n.Adding
}

// The signals: those that are there before the fork are delivered first; of those that come meanwhile only a fatal one ends it,
// and what is sent to many processes is kept for the child.
var (
	rowMultiprocess       = Row{Name: "multiprocess", Source: forkC, Off: CloneThread, Lock: "signals", Takes: TookDelayed, Body: Assign(func(k *Kernel, s *State, f *Flight) { f.Delayed = 0 })}
	rowSignalPendingFirst = rowSignalPending.at("fork_out").in("signals")
	rowFatalSignal        = Row{Name: "fatal_signal_pending", Source: forkC, Fail: "bad_fork_core_free", Errs: []Errno{EINTR}, Lock: "commit",
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return s.fatalPending(f.Op.Actor) }, Errno: EINTR}}
	rowSharedDelayed       = publish("shared_pending_delayed", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.Signal[s.child(f).Signal].Shared = f.Delayed }).sets()
	rowMultiprocessEnd     = publish("multiprocess_end", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { f.Took &^= TookDelayed }).sets()
	rowCalculateSigpending = assign("calculate_sigpending", "kernel/signal.c:calculate_sigpending", func(k *Kernel, s *State, f *Flight) {
		if c := s.child(f); c.Stage == Hashed && c.Flags&PFExiting == 0 {
			s.recalcSigpending(f.Child)
		}
	})
)

// The charge comes before the check, in the user namespace of the child and in those above.
var (
	rowCreateUserNSV6 = Row{Name: "create_user_ns", Source: "kernel/user_namespace.c:create_user_ns", On: CloneNewUser, Fail: "error_put",
		Errs: []Errno{ENOSPC, EPERM, ENOMEM}, Body: createUserNSV6(ENOSPC)}
	rowSetCredUcounts = Row{Name: "set_cred_ucounts", Source: "kernel/cred.c:set_cred_ucounts", On: CloneNewUser, Errs: []Errno{EAGAIN}, Body: Func(setCredUcounts)}
	rowIncUcounts     = Row{Name: "inc_rlimit_ucounts", Source: "kernel/cred.c:copy_creds", Takes: TookCharge,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.chargeNproc(s.cred(f.Child).Ucounts, 1) })}
	rowNprocV6 = Row{Name: "rlimit_nproc", Source: forkC, Body: nprocLimitV6, Fail: "bad_fork_cleanup_count", Errs: []Errno{EAGAIN}}
)

// Stages that v3.11 does not have, or has elsewhere.
var (
	rowSeccompNull   = reset("seccomp_filter_null", "kernel/fork.c:dup_task_struct", func(c *Task) { c.Ref[Seccomp] = 0 })
	rowSchedFork     = Row{Name: "sched_fork", Source: "kernel/sched/core.c:sched_fork", Fail: "bad_fork_cleanup_policy", Errs: []Errno{EAGAIN}}
	rowSecurityAlloc = share("security_task_alloc", "security/security.c:security_task_alloc", Security, 0, "bad_fork_cleanup_audit", EPERM, EACCES)
	rowSignalV6      = Row{Name: "copy_signal", Source: "kernel/fork.c:copy_signal", Off: CloneThread, Fail: "bad_fork_cleanup_sighand", Errs: []Errno{ENOMEM}, Takes: TookSignal,
		Body: copySignalV6(false)}
	rowPidAllocated = rowHashPid.named("pid_allocated_adding").at("out_unlock")
	rowPidfdPrepare = Row{Name: "pidfd_prepare", Source: "kernel/fork.c:__pidfd_prepare", On: ClonePidfd, Fail: "bad_fork_free_pid", Errs: []Errno{EMFILE, ENOMEM}, Takes: TookPidfd,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.Pid[f.Pid].Count++ })}
	rowPidfdPutUser = Row{Name: "pidfd_put_user", Source: forkC, On: ClonePidfd, Fail: "bad_fork_put_pidfd", Errs: []Errno{EFAULT}}
	rowCanFork      = Row{Name: "cgroup_can_fork", Source: "kernel/cgroup/cgroup.c:cgroup_can_fork", Fail: "bad_fork_put_pidfd", Errs: []Errno{EAGAIN, ENOMEM}, Takes: 1<<CSS | TookRwsem,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			s.get(CSS, s.child(f).Ref[CSS])
			s.Signal[s.parent(f).Signal].Readers++
		})}
	rowSchedCgroupFork = Row{Name: "sched_cgroup_fork", Source: "kernel/sched/core.c:sched_cgroup_fork", Fail: "bad_fork_cancel_cgroup", Errs: []Errno{ENOMEM}}
	rowAddingRecheck   = Row{Name: "adding_recheck", Source: forkC, Fail: "bad_fork_core_free", Errs: []Errno{ENOMEM}, Lock: "commit",
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { p := &s.Pid[f.Pid]; return !s.PidNS[p.NS[p.Level]].Adding }, Errno: ENOMEM}}
	rowCgroupPostFork = act("cgroup_post_fork", "kernel/cgroup/cgroup.c:cgroup_post_fork", func(k *Kernel, s *State, f *Flight) {
		threadgroupChangeEnd(k, s, f)
		f.Took &^= TookRwsem
	})
	// The file has the struct pid from now on, for as long as a table has the file.
	rowFdInstall = Row{Name: "fd_install", Source: forkC, On: ClonePidfd, Body: Act(func(k *Kernel, s *State, f *Flight) {
		f.Took &^= TookPidfd // it is the file's now
		s.Pid[f.Pid].Pidfds |= 1 << s.parent(f).Ref[Files]
	})}
)

// copySignalV6 is copy_signal. Whether the child is below a subreaper is v3.11's to say here, from its creator.
func copySignalV6(mark bool) Func {
	return func(k *Kernel, s *State, f *Flight) Errno {
		e := copySignal(k, s, f)
		if sig := &s.Signal[s.child(f).Signal]; e == next {
			sig.QuickThreads, sig.HasChildSubreaper = 1, sig.HasChildSubreaper && mark
		}
		return e
	}
}

// The commit, where it differs: the exit signal is read under the lock, the filter is taken late, the mark of a subreaper comes
// from the real parent, and a new thread joins a stop of its group.
var (
	rowThreadLeader = Row{Name: "thread_ids", Source: forkC, On: CloneThread, Body: Assign(func(k *Kernel, s *State, f *Flight) {
		c, p := s.child(f), s.parent(f)
		c.Leader, c.Tgid = p.Leader, p.Tgid
	})}
	rowThreadSignal = Row{Name: "exit_signal_of_thread", Source: forkC, On: CloneThread, Lock: "commit", Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).ExitSignal = -1 })}
	rowCopySeccomp  = publish("copy_seccomp", 0, 0, func(k *Kernel, s *State, f *Flight) {
		if filter := s.parent(f).Ref[Seccomp]; filter != 0 {
			s.get(Seccomp, filter)
			s.child(f).Ref[Seccomp] = filter
		}
	})
	rowHasSubreaper = publish("has_child_subreaper", 0, CloneThread, func(k *Kernel, s *State, f *Flight) {
		p := &s.Signal[s.Task[s.child(f).RealParent].Signal]
		s.Signal[s.child(f).Signal].HasChildSubreaper = p.HasChildSubreaper || p.IsChildSubreaper
	}).sets()
	rowQuickThreads  = publish("signal_quick_threads", CloneThread, 0, func(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].QuickThreads++ })
	rowJoinGroupStop = publish("task_join_group_stop", CloneThread, 0, func(k *Kernel, s *State, f *Flight) {
		switch sig := &s.Signal[s.parent(f).Signal]; {
		case sig.StopCount != 0:
			sig.StopCount++
			s.child(f).Jobctl |= StopPending | StopConsume
		case sig.Flags&SignalStopStopped != 0:
			s.child(f).Jobctl |= StopPending
		}
	})
)
