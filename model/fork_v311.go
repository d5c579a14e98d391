package model

import "slices"

// V311 is Linux 3.11: its calls row by row, in its order. Every call gets tables of its own, so that a
// changed copy changes nothing else.
func V311() *Version {
	exit, exitGroup, die := exitCalls(dumpV311, rowGroupExit, doExitV311)
	v := &Version{Name: "v3.11", Release: releaseTask(unchargeProcesses), Settle: settleV311, boot: bootV311, dressed: DidExec}
	v.Calls = [NKinds]Table{
		Clone:       cloneV311(),
		Unshare:     unshareV311(),
		Exit:        exit,
		ExitGroup:   exitGroup,
		Die:         die,
		Wait4:       wait4,
		Kill:        kill,
		Tkill:       tkill,
		Tgkill:      tgkill,
		Sigaction:   sigaction,
		Sigprocmask: sigprocmask,
		Setrlimit:   setrlimit,
		MapIDs:      mapIDs,
		Sysctl:      sysctlV311(),
	}
	return v.own()
}

// The rules on the flags, do_fork's first: it is not part of copy_process.
var rulesV311 = []Row{
	rule("newuser_newpid_thread_parent", "kernel/fork.c:do_fork", Rule{Any: [2]Flags{CloneNewUser | CloneNewPID, CloneThread | CloneParent}}),
	rule("newns_fs", forkC, Rule{All: CloneNewNS | CloneFS}),
	rule("newuser_fs", forkC, Rule{All: CloneNewUser | CloneFS}),
	rule("thread_needs_sighand", forkC, Rule{All: CloneThread, Without: CloneSighand}),
	rule("sighand_needs_vm", forkC, Rule{All: CloneSighand, Without: CloneVM}),
	rule("parent_of_init", forkC, Rule{All: CloneParent, When: unkillable}),
	rule("thread_in_other_pidns", forkC, Rule{Any: [2]Flags{CloneVM | CloneNewPID}, When: nsDiff}),
}

// rule is a row that refuses a combination of flags with EINVAL before anything is allocated.
func rule(name, source string, r Rule) Row {
	r.Errno = EINVAL
	return Row{Name: name, Source: source, Body: r, Errs: []Errno{EINVAL}}
}

func cloneV311() Table {
	return Table{Name: "clone", Ladder: ladderV311(), Rows: slices.Concat(rulesV311, []Row{
		rowSecurity, rowDup, rowSeccomp, rowNproc, rowClearNproc,
		rowShareCreds, rowPrepareCreds, rowCreateUserNS, rowInstallCreds, rowCharge,
		rowMaxThreads, rowTryModuleGet,
		rowDidExec, rowCopyFlags, rowChildren, rowVforkReset, rowSigpending, rowIOReset, rowAuditReset,
		rowThreadgroupLock, rowCgroupFork, rowMpol, rowPerfReset, rowPerf, rowAudit,
		rowSemundo, rowFiles, rowFS, rowSighand, rowSignal, rowMMReset, rowMM,
		rowGetNsproxy, rowNamespaceCap, rowNewipcSysvsem},
		createNamespaces("put_old_nsproxy"), []Row{rowSetNsproxy,
			rowIO, rowThread,
			rowAllocPid}, allocNumbers(allocPidmap, ENOMEM), []Row{rowPrepareProc, rowGetPidNS, rowHashPid,
			rowSetTid, rowClearTid, rowRobustList, rowAltstack, rowSingleStep,
			rowPid, rowThreadIDs, rowLeaderSignal, rowExitSignal, rowLeaderIDs, rowPdeath, rowExitState, rowThreadGroup,
			rowSibling, rowRealParent, rowSignalPending, rowJobctl,
			rowInitPid, rowInitPgid, rowInitSid, rowChildReaper, rowUnkillable, rowLeaderPid,
			rowAddChild, rowAddProcess, rowAttachPgid, rowAttachSid, rowProcessCounts,
			rowNrThreads, rowLive, rowSigcnt, rowAddThread, rowAttachPid, rowNrThreadsAll, rowTotalForks,
			rowThreadgroupUp, rowPidVnr, rowVforkDone, rowWakeUp, rowVforkWait,
		})}
}

// ladderV311 is the undo of copy_process, top to bottom, then the labels of the functions that it calls.
// It is the stages in reverse but for two: the thread group's lock is dropped before cgroup_exit undoes what came
// after it, and a failing perf_event_init_task enters at a label that undoes that stage itself.
func ladderV311() []Rung {
	return slices.Concat([]Rung{
		{Label: "bad_fork_free_pid", Name: "free_pid", Gives: TookPid | TookPidNS, Undo: func(k *Kernel, s *State, f *Flight) { k.freePid(s, f.Pid) }},
		{Label: "bad_fork_cleanup_io", Name: "exit_io_context", Gives: 1 << IO, If: has(IO), Undo: putOwn(IO)},
		{Label: "bad_fork_cleanup_namespaces", Name: "exit_task_namespaces", Gives: 1 << Nsproxy, Undo: giveUp(Nsproxy)},
		{Label: "bad_fork_cleanup_mm", Name: "mmput", Gives: 1 << MM, If: has(MM), Undo: putOwn(MM)},
		{Label: "bad_fork_cleanup_signal", Name: "free_signal_struct", Gives: TookSignal, If: notThread, Undo: freeSignalStruct},
		{Label: "bad_fork_cleanup_sighand", Name: "cleanup_sighand", Gives: 1 << Sighand, Undo: putOf(Sighand)},
		{Label: "bad_fork_cleanup_fs", Name: "exit_fs", Gives: 1 << FS, Undo: giveUp(FS)},
		{Label: "bad_fork_cleanup_files", Name: "exit_files", Gives: 1 << Files, Undo: giveUp(Files)},
		{Label: "bad_fork_cleanup_semundo", Name: "exit_sem", Gives: 1 << SysvSem, Undo: giveUp(SysvSem)},
		{Label: "bad_fork_cleanup_audit", Name: "audit_free", Gives: 1 << Audit, Undo: giveUp(Audit)},
		{Label: "bad_fork_cleanup_policy", Name: "perf_event_free_task", Gives: 1 << Perf, Undo: putOf(Perf)},
		{Name: "mpol_put", Gives: 1 << Mempolicy, Undo: putOf(Mempolicy)},
		{Label: "bad_fork_cleanup_cgroup", Name: "threadgroup_change_end", Gives: TookRwsem, If: thread, Undo: threadgroupChangeEnd},
		{Name: "cgroup_exit", Gives: 1 << CSS, Undo: giveUp(CSS)},
		{Name: "module_put", Gives: 1 << Module, Undo: putOf(Module)},
		{Label: "bad_fork_cleanup_count", Name: "uncharge_processes", Gives: TookCharge, Undo: func(k *Kernel, s *State, f *Flight) { s.User[s.cred(f.Child).User].Processes-- }},
		{Name: "exit_creds", Gives: 1 << Cred, Undo: func(k *Kernel, s *State, f *Flight) { s.exitCreds(s.child(f)) }},
		{Label: "bad_fork_free", Name: "free_task", Gives: TookTask | 1<<Seccomp, Undo: func(k *Kernel, s *State, f *Flight) { s.freeTask(f.Child) }, Goto: "end"},
		{Label: "fork_out", Name: "fork_out", Goto: "end"},
		{Label: "error_put", Name: "put_cred", Undo: putNewCred, Goto: "bad_fork_free"},
	}, undoNamespaces("put_old_nsproxy"), []Rung{
		{Label: "put_old_nsproxy", Name: "put_old_nsproxy", Gives: 1 << Nsproxy, Undo: putOf(Nsproxy), Goto: "bad_fork_cleanup_mm"},
		{Label: "out_free", Name: "free_pidmap", Gives: TookPid | TookPidNS, Undo: freePidmap, Goto: "bad_fork_cleanup_io"},
	})
}

func thread(k *Kernel, s *State, f *Flight) bool    { return f.Flags&CloneThread != 0 }
func notThread(k *Kernel, s *State, f *Flight) bool { return f.Flags&CloneThread == 0 }

// has guards a rung by the child's pointer, as `if (p->mm)` does.
func has(c Class) Cond {
	return func(k *Kernel, s *State, f *Flight) bool { return s.child(f).Ref[c] != 0 }
}

// giveUp drops what the child points to.
func giveUp(c Class) Act { return func(k *Kernel, s *State, f *Flight) { s.drop(f.Child, c) } }

// putOf is giveUp for functions that are given the object and leave the pointer where it is (__cleanup_sighand, mpol_put, module_put, put_nsproxy, put_ctx).
func putOf(c Class) Act {
	return func(k *Kernel, s *State, f *Flight) {
		if id := s.child(f).Ref[c]; id != 0 {
			s.put(c, id)
		}
	}
}

// putOwn is giveUp for functions that do not look whether there is anything (mmput, exit_io_context): their rungs do.
func putOwn(c Class) Act {
	return func(k *Kernel, s *State, f *Flight) {
		id := s.child(f).Ref[c]
		s.child(f).Ref[c] = 0
		s.put(c, id)
	}
}

// freeSignalStruct is free_signal_struct: it frees, whatever the count says, as long as there is one.
func freeSignalStruct(k *Kernel, s *State, f *Flight) {
	id := s.child(f).Signal
	if s.Count[SignalClass][id] == 0 {
		s.oops(FreedPut, SignalClass)
	}
	s.Count[SignalClass][id], s.Signal[id] = 0, SignalStruct{}
}

func putNewCred(k *Kernel, s *State, f *Flight) {
	cred := f.Cred
	f.Cred = 0
	s.put(Cred, cred)
}

// freePidmap is the out_free path of alloc_pid: the numbers taken so far and the struct. v3.11 leaves behind the
// reference that get_pid_ns took when it comes here because the namespace is dying.
func freePidmap(k *Kernel, s *State, f *Flight) {
	if f.Pid == 0 {
		s.oops(NullPut, TaskClass)
	}
	s.Pid[f.Pid], f.Pid = Pid{}, 0
}
