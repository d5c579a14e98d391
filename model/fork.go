package model

// The rows of clone(2) that any version may use, by what they are about. fork_v311.go puts them in order.

const forkC = "kernel/fork.c:copy_process"

// child and parent are the two ends of a fork in flight.
func (s *State) child(f *Flight) *Task  { return &s.Task[f.Child] }
func (s *State) parent(f *Flight) *Task { return &s.Task[f.Op.Actor] }

// unkillable says whether the caller's group is an init (SIGNAL_UNKILLABLE).
func unkillable(k *Kernel, s *State, f *Flight) bool {
	return s.Signal[s.parent(f).Signal].Flags&SignalUnkillable != 0
}

// nsDiff says whether children of the caller would live in another pid namespace than the caller.
func nsDiff(k *Kernel, s *State, f *Flight) bool {
	return s.ActiveNS(f.Op.Actor) != s.Nsproxy[s.parent(f).Ref[Nsproxy]].ForChildren
}

// timensDiff says whether children of the caller would live in another time namespace than the caller.
func timensDiff(k *Kernel, s *State, f *Flight) bool {
	n := &s.Nsproxy[s.parent(f).Ref[Nsproxy]]
	return n.TimeForChildren != n.NS[TimeNS-MntNS]
}

// dupTaskStruct is dup_task_struct: the child starts as a bitwise copy, so that until a stage has run
// its pointers still name the parent's objects. List membership is not copied.
func dupTaskStruct(k *Kernel, s *State, f *Flight) Errno {
	c := TaskID(s.alloc(TaskClass))
	if c == 0 {
		return ENOMEM
	}
	s.Count[TaskClass][c] = 2 // usage: the scheduler's and release_task's
	s.Task[c] = s.Task[f.Op.Actor]
	s.Task[c].Stage, s.Task[c].Attached = Building, 0
	f.Child = c
	return next
}

var (
	rowDup = Row{Name: "dup_task_struct", Source: "kernel/fork.c:dup_task_struct", Body: Func(dupTaskStruct),
		Fail: "fork_out", Errs: []Errno{ENOMEM}, Takes: TookTask}
	rowSeccomp = Row{Name: "get_seccomp_filter", Source: "kernel/seccomp.c:get_seccomp_filter", Takes: 1 << Seccomp,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			if filter := s.child(f).Ref[Seccomp]; filter != 0 {
				s.get(Seccomp, filter)
			}
		})}
	rowNproc           = Row{Name: "rlimit_nproc", Source: forkC, Body: nprocLimit, Fail: "bad_fork_free", Errs: []Errno{EAGAIN}}
	rowClearNproc      = Row{Name: "clear_nproc_exceeded", Source: forkC, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.parent(f).Flags &^= PFNprocExceeded })}
	rowMaxThreads      = Row{Name: "max_threads", Source: forkC, Body: maxThreadsLimit, Fail: "bad_fork_cleanup_count", Errs: []Errno{EAGAIN}}
	rowTryModuleGet    = Row{Name: "try_module_get", Source: forkC, Body: Act(func(k *Kernel, s *State, f *Flight) { s.get(Module, s.child(f).Ref[Module]) }), Fail: "bad_fork_cleanup_count", Errs: []Errno{EAGAIN}, Takes: 1 << Module}
	rowThreadgroupLock = Row{Name: "threadgroup_change_begin", Source: "include/linux/sched.h:threadgroup_change_begin", On: CloneThread, Takes: TookRwsem,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].Readers++ })}
	rowCgroupFork = Row{Name: "cgroup_fork", Source: "kernel/cgroup.c:cgroup_fork", Takes: 1 << CSS,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.get(CSS, s.child(f).Ref[CSS]) })}
)

// The credentials: a thread shares them, anyone else gets a copy, in a new user namespace if it asks for one.
var (
	rowShareCreds = Row{Name: "share_creds", Source: "kernel/cred.c:copy_creds", On: CloneThread, Takes: 1 << Cred,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			s.get(Cred, s.child(f).Ref[Cred])
			s.get(Cred, s.child(f).Ref[Cred])
		})}
	rowPrepareCreds = Row{Name: "prepare_creds", Source: "kernel/cred.c:copy_creds", Off: CloneThread, Fail: "bad_fork_free", Errs: []Errno{ENOMEM},
		Body: Func(prepareCreds)}
	rowCreateUserNS = Row{Name: "create_user_ns", Source: "kernel/user_namespace.c:create_user_ns", On: CloneNewUser, Fail: "error_put",
		Errs: []Errno{EUSERS, EPERM, ENOMEM}, Body: Func(createUserNS)}
	rowInstallCreds = Row{Name: "install_creds", Source: "kernel/cred.c:copy_creds", Off: CloneThread, Takes: 1 << Cred,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			s.get(Cred, f.Cred)
			s.child(f).Ref[Cred], f.Cred = f.Cred, 0
		})}
	rowCharge = Row{Name: "charge_processes", Source: "kernel/cred.c:copy_creds", Takes: TookCharge,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.User[s.cred(f.Child).User].Processes++ })}
)

func prepareCreds(k *Kernel, s *State, f *Flight) Errno {
	if f.Cred = s.prepareCreds(s.parent(f).Ref[Cred]); f.Cred == 0 {
		return ENOMEM
	}
	return next
}

// reset is a row that gives a field of the child the value that a newborn has.
func reset(name, source string, set func(c *Task)) Row {
	return Row{Name: name, Source: source, Body: Assign(func(k *Kernel, s *State, f *Flight) { set(s.child(f)) })}
}

// The resets of copy_process that mean something in this model: clocks, statistics and debugging state are left out.
var (
	rowDidExec     = reset("did_exec", forkC, func(c *Task) { c.Flags &^= DidExec })
	rowCopyFlags   = reset("copy_flags", "kernel/fork.c:copy_flags", func(c *Task) { c.Flags = c.Flags&^PFSuperpriv | PFForknoexec })
	rowChildren    = reset("children", forkC, func(c *Task) { c.Children, c.Sibling, c.Next = 0, 0, 0 })
	rowVforkReset  = reset("vfork_done", forkC, func(c *Task) { c.VforkDone = 0 })
	rowSigpending  = reset("init_sigpending", forkC, func(c *Task) { c.Pending, c.SigPending = 0, false })
	rowIOReset     = reset("io_context_null", forkC, func(c *Task) { c.Ref[IO] = 0 })
	rowAuditReset  = reset("audit_context_null", forkC, func(c *Task) { c.Ref[Audit] = 0 })
	rowPerfReset   = reset("perf_event_ctxp_null", "kernel/events/core.c:perf_event_init_task", func(c *Task) { c.Ref[Perf] = 0 })
	rowMMReset     = reset("mm_null", "kernel/fork.c:copy_mm", func(c *Task) { c.Ref[MM] = 0 })
	rowRobustList  = reset("robust_list", forkC, func(c *Task) { c.RobustList = false })
	rowSingleStep  = reset("user_disable_single_step", forkC, func(c *Task) { c.Flags &^= SingleStep })
	rowJobctl      = publish("jobctl", 0, 0, func(k *Kernel, s *State, f *Flight) { s.child(f).Jobctl = 0 }).sets() // ptrace_init_task
	rowPdeath      = reset("pdeath_signal", forkC, func(c *Task) { c.Pdeath = 0 })
	rowExitState   = reset("exit_state", forkC, func(c *Task) { c.ExitState = Alive })
	rowThreadGroup = Row{Name: "thread_group", Source: forkC, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).Thread = f.Child })}
	rowAltstack    = Row{Name: "sas_ss_reset", Source: forkC, On: CloneVM, Off: CloneVfork, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).Altstack = false })}
	rowSetTid      = Row{Name: "set_child_tid", Source: forkC, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).SetChildTid = f.Flags&CloneChildSettid != 0 })}
	rowClearTid    = Row{Name: "clear_child_tid", Source: forkC, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).ClearChildTid = f.Flags&CloneChildCleartid != 0 })}
)

// Share is a row body as data: with Flag the child takes a reference to the parent's object of Class, without it
// the child gets one of its own, copied from the parent's. A parent that has none passes none on.
type Share struct {
	Flag  Flags
	Class Class
}

// Do makes a Share the body of a row.
func (b Share) Do(k *Kernel, s *State, f *Flight) Errno {
	old := s.parent(f).Ref[b.Class]
	switch {
	case old == 0:
	case f.Flags&b.Flag != 0:
		s.get(b.Class, old)
		s.child(f).Ref[b.Class] = old
	default:
		return s.renew(f.Child, b.Class, old)
	}
	return next
}

// copies says whether there is anything to copy; sharing cannot fail.
func (b Share) copies(k *Kernel, s *State, f *Flight) bool {
	return s.parent(f).Ref[b.Class] != 0 && f.Flags&b.Flag == 0
}

// renew gives a task an object of its own, a copy of old.
func (s *State) renew(t TaskID, c Class, old Ref) Errno {
	id := s.alloc(c)
	if id == 0 {
		return ENOMEM
	}
	switch c {
	case Sighand:
		s.Sighand[id] = s.Sighand[old]
	case Files:
		s.dupFD(id, old)
	}
	s.Task[t].Ref[c] = id
	return next
}

// at, in, named, on and off are the row with another label, section or name, or under other flags.
func (r Row) at(label Label) Row  { r.Fail = label; return r }
func (r Row) in(lock Lock) Row    { r.Lock = lock; return r }
func (r Row) named(n string) Row  { r.Name = n; return r }
func (r Row) on(flags Flags) Row  { r.On = flags; return r }
func (r Row) off(flags Flags) Row { r.Off = flags; return r }

// fails says when the row can fail.
func (r Row) fails(when Cond) Row {
	r.CanFail = when
	return r
}

// share is the row of a Share.
func share(name, source string, class Class, flag Flags, fail Label, errs ...Errno) Row {
	return Row{Name: name, Source: source, Body: Share{flag, class}, Fail: fail, Errs: append([]Errno{ENOMEM}, errs...), Takes: 1 << class, CanFail: Share{flag, class}.copies}
}

// copySemundo is copy_semundo, ipc/sem.c: with SYSVSEM the list is shared, and made for the parent if it has none;
// without it the child has none.
func copySemundo(k *Kernel, s *State, f *Flight) Errno {
	if f.Flags&CloneSysvsem == 0 {
		s.child(f).Ref[SysvSem] = 0
		return next
	}
	if s.parent(f).Ref[SysvSem] == 0 {
		if s.parent(f).Ref[SysvSem] = s.alloc(SysvSem); s.parent(f).Ref[SysvSem] == 0 {
			return ENOMEM
		}
	}
	s.child(f).Ref[SysvSem] = s.parent(f).Ref[SysvSem]
	s.get(SysvSem, s.child(f).Ref[SysvSem])
	return next
}

// makesUndoList says whether copy_semundo allocates.
func makesUndoList(k *Kernel, s *State, f *Flight) bool {
	return f.Flags&CloneSysvsem != 0 && s.parent(f).Ref[SysvSem] == 0
}

// fsFails says when copy_fs can fail: copying for want of memory, sharing while an exec is under way.
func fsFails(k *Kernel, s *State, f *Flight) bool {
	return (f.Op.Fault.Errno == EAGAIN) == (f.Flags&CloneFS != 0)
}

// copySignal is copy_signal, kernel/fork.c: a new signal_struct; the subreaper mark comes from current.
func copySignal(k *Kernel, s *State, f *Flight) Errno {
	id := SignalID(s.alloc(SignalClass))
	if id == 0 {
		return ENOMEM
	}
	old := &s.Signal[s.parent(f).Signal]
	s.Signal[id] = SignalStruct{NrThreads: 1, Live: 1, NprocCur: old.NprocCur, NprocMax: old.NprocMax, CurrTarget: f.Child,
		HasChildSubreaper: old.HasChildSubreaper || old.IsChildSubreaper}
	s.child(f).Signal = id
	return next
}

// The stages that copy what the caller has. The errno that a real kernel gives is ENOMEM unless listed.
var (
	rowMpol     = share("mpol_dup", "mm/mempolicy.c:__mpol_dup", Mempolicy, 0, "bad_fork_cleanup_cgroup")
	rowPerf     = share("perf_event_init_task", "kernel/events/core.c:perf_event_init_task", Perf, 0, "bad_fork_cleanup_policy")
	rowAudit    = share("audit_alloc", "kernel/auditsc.c:audit_alloc", Audit, 0, "bad_fork_cleanup_policy")
	rowSemundo  = Row{Name: "copy_semundo", Source: "ipc/sem.c:copy_semundo", Body: Func(copySemundo), Fail: "bad_fork_cleanup_audit", Errs: []Errno{ENOMEM}, Takes: 1 << SysvSem, CanFail: makesUndoList}
	rowFiles    = share("copy_files", "kernel/fork.c:copy_files", Files, CloneFiles, "bad_fork_cleanup_semundo", EMFILE)
	rowFS       = share("copy_fs", "kernel/fork.c:copy_fs", FS, CloneFS, "bad_fork_cleanup_files", EAGAIN).fails(fsFails)
	rowSighand  = share("copy_sighand", "kernel/fork.c:copy_sighand", Sighand, CloneSighand, "bad_fork_cleanup_fs")
	rowSignal   = Row{Name: "copy_signal", Source: "kernel/fork.c:copy_signal", Off: CloneThread, Body: Func(copySignal), Fail: "bad_fork_cleanup_sighand", Errs: []Errno{ENOMEM}, Takes: TookSignal}
	rowMM       = share("copy_mm", "kernel/fork.c:copy_mm", MM, CloneVM, "bad_fork_cleanup_signal")
	rowIO       = share("copy_io", "kernel/fork.c:copy_io", IO, CloneIO, "bad_fork_cleanup_namespaces")
	rowThread   = Row{Name: "copy_thread", Source: "arch/x86/kernel/process_64.c:copy_thread", Fail: "bad_fork_cleanup_io", Errs: []Errno{ENOMEM}}
	rowSecurity = Row{Name: "security_task_create", Source: "security/security.c:security_task_create", Fail: "fork_out", Errs: []Errno{EPERM, EACCES, ENOMEM}}
)

// alloc_pid, kernel/pid.c, as its own stages. All of its failures come out as ENOMEM in v3.11.
var (
	rowAllocPid = Row{Name: "alloc_pid", Source: "kernel/pid.c:alloc_pid", Fail: "bad_fork_cleanup_io", Errs: []Errno{ENOMEM}, Takes: TookPid,
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			if f.Pid = s.newPid(s.forChildren(f.Child)); f.Pid == 0 {
				return ENOMEM
			}
			return next
		})}
	rowPrepareProc = Row{Name: "pid_ns_prepare_proc", Source: "fs/proc/root.c:pid_ns_prepare_proc", Fail: "out_free", Errs: []Errno{ENOMEM}, CanFail: childReaper,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			if ns := s.forChildren(f.Child); childReaper(k, s, f) {
				s.get(PidNSClass, Ref(ns)) // the superblock of the internal mount
				s.PidNS[ns].Proc = true
			}
		})}
	rowGetPidNS = Row{Name: "get_pid_ns", Source: "kernel/pid.c:alloc_pid", Takes: TookPidNS,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.get(PidNSClass, Ref(s.forChildren(f.Child))) })}
	rowHashPid = Row{Name: "nr_hashed_adding", Source: "kernel/pid.c:alloc_pid", Fail: "out_free", Errs: []Errno{ENOMEM},
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			if !s.PidNS[s.forChildren(f.Child)].Adding {
				return ENOMEM
			}
			s.hashPid(f.Pid)
			return next
		})}
)

// forChildren is the namespace that the numbers of a new task's pid begin in.
func (s *State) forChildren(t TaskID) PidNSID { return s.Nsproxy[s.Task[t].Ref[Nsproxy]].ForChildren }

// childReaper is is_child_reaper: the new pid has number 1 in its own namespace.
func childReaper(k *Kernel, s *State, f *Flight) bool {
	p := &s.Pid[f.Pid]
	return p.Nr[p.Level] == 1
}

// allocNumbers are the rows of alloc_pid that take a number at each level, by a version's search, and say so with its errno when
// there is none.
func allocNumbers(search func(k *Kernel, s *State, ns PidNSID) uint16, exhausted Errno) []Row {
	take := func(k *Kernel, s *State, f *Flight, level int, ns PidNSID) Errno {
		nr := search(k, s, ns)
		if nr == 0 {
			return exhausted
		}
		s.Pid[f.Pid].Nr[level], s.Pid[f.Pid].NS[level] = nr, ns
		return next
	}
	errs := []Errno{exhausted}
	if exhausted != ENOMEM {
		errs = append(errs, ENOMEM)
	}
	return []Row{
		{Name: "alloc_pidmap", Source: "kernel/pid.c:alloc_pidmap", Fail: "out_free", Errs: errs,
			Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
				return take(k, s, f, int(s.Pid[f.Pid].Level), s.forChildren(f.Child))
			})},
		{Name: "alloc_pidmap_parents", Source: "kernel/pid.c:alloc_pidmap", Fail: "out_free", Errs: errs,
			CanFail: func(k *Kernel, s *State, f *Flight) bool { return s.Pid[f.Pid].Level > 0 },
			Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
				ns := s.forChildren(f.Child)
				for i := int(s.Pid[f.Pid].Level) - 1; i >= 0; i-- {
					ns = s.PidNS[ns].Parent
					if e := take(k, s, f, i, ns); e != next {
						return e
					}
				}
				return next
			})},
	}
}

// Who the child is, and whose.
var (
	rowPid       = Row{Name: "pid", Source: forkC, Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).Nr = s.Pid[f.Pid].Nr[0] })}
	rowThreadIDs = Row{Name: "thread_ids", Source: forkC, On: CloneThread, Body: Assign(func(k *Kernel, s *State, f *Flight) {
		c, p := s.child(f), s.parent(f)
		c.ExitSignal, c.Leader, c.Tgid = -1, p.Leader, p.Tgid
	})}
	rowLeaderSignal = Row{Name: "exit_signal_of_leader", Source: forkC, On: CloneParent, Off: CloneThread,
		Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).ExitSignal = s.Task[s.parent(f).Leader].ExitSignal })}
	rowExitSignal = Row{Name: "exit_signal", Source: forkC, Off: CloneParent | CloneThread,
		Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).ExitSignal = int16(f.Op.Sig) })}
	rowLeaderIDs = Row{Name: "leader_ids", Source: forkC, Off: CloneThread, Body: Assign(func(k *Kernel, s *State, f *Flight) {
		c := s.child(f)
		c.Leader, c.Tgid = f.Child, c.Nr
	})}
	rowSibling = Row{Name: "real_parent_shared", Source: forkC, On: CloneParent | CloneThread, Lock: "commit", Body: Assign(func(k *Kernel, s *State, f *Flight) {
		c, p := s.child(f), s.parent(f)
		c.RealParent, c.ParentExecID = p.RealParent, p.ParentExecID
	})}
	rowRealParent = Row{Name: "real_parent", Source: forkC, Off: CloneParent | CloneThread, Lock: "commit", Body: Assign(func(k *Kernel, s *State, f *Flight) {
		c, p := s.child(f), s.parent(f)
		c.RealParent, c.ParentExecID = f.Op.Actor, p.SelfExecID
	})}
	rowSignalPending = Row{Name: "signal_pending", Source: forkC, Fail: "bad_fork_free_pid", Errs: []Errno{ERESTARTNOINTR}, Lock: "commit",
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			if s.recalcSigpending(f.Op.Actor); s.parent(f).SigPending {
				return ERESTARTNOINTR
			}
			return next
		})}
)

// sets is the row with an Act that only sets fields as the Assign that it is.
func (r Row) sets() Row {
	r.Body = Assign(r.Body.(Act))
	return r
}

// publish is a row of the commit: under both locks, and it cannot fail.
func publish(name string, on, off Flags, body Act) Row {
	return Row{Name: name, Source: forkC, On: on, Off: off, Lock: "commit", Body: body}
}

// The commit. A leader joins its parent's children, the processes, its group and session; a thread joins its group.
var (
	rowInitPid     = publish("init_task_pid", 0, 0, func(k *Kernel, s *State, f *Flight) { s.child(f).Pids[PidtypePID] = f.Pid }).sets()
	rowInitPgid    = publish("init_task_pgid", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.child(f).Pids[PidtypePGID] = s.pgrp(f.Op.Actor) }).sets()
	rowInitSid     = publish("init_task_sid", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.child(f).Pids[PidtypeSID] = s.session(f.Op.Actor) }).sets()
	rowChildReaper = publish("child_reaper", 0, CloneThread, func(k *Kernel, s *State, f *Flight) {
		if p := &s.Pid[f.Pid]; childReaper(k, s, f) {
			s.PidNS[p.NS[p.Level]].Reaper = f.Child
		}
	}).sets()
	rowUnkillable = publish("signal_unkillable", 0, CloneThread, func(k *Kernel, s *State, f *Flight) {
		if childReaper(k, s, f) {
			s.Signal[s.child(f).Signal].Flags |= SignalUnkillable
		}
	}).sets()
	rowLeaderPid     = publish("leader_pid", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.Signal[s.child(f).Signal].LeaderPid = f.Pid }).sets()
	rowAddChild      = publish("list_sibling", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.addChild(s.child(f).RealParent, f.Child) })
	rowAddProcess    = publish("list_tasks", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.addProcess(f.Child) })
	rowAttachPgid    = publish("attach_pgid", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.attach(f.Child, PidtypePGID) })
	rowAttachSid     = publish("attach_sid", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.attach(f.Child, PidtypeSID) })
	rowProcessCounts = publish("process_counts", 0, CloneThread, func(k *Kernel, s *State, f *Flight) { s.ProcessCounts++ })
	rowNrThreads     = publish("signal_nr_threads", CloneThread, 0, func(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].NrThreads++ })
	rowLive          = publish("signal_live", CloneThread, 0, func(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].Live++ })
	rowSigcnt        = publish("signal_sigcnt", CloneThread, 0, func(k *Kernel, s *State, f *Flight) { s.get(SignalClass, Ref(s.parent(f).Signal)) })
	rowAddThread     = publish("list_thread_group", CloneThread, 0, func(k *Kernel, s *State, f *Flight) { s.joinRing(s.child(f).Leader, f.Child) })
	rowAttachPid     = publish("attach_pid", 0, 0, func(k *Kernel, s *State, f *Flight) {
		s.attach(f.Child, PidtypePID)
		c := s.child(f)
		c.Stage, c.Flags, f.Took = Hashed, c.Flags|NotWoken, f.Took&(TookRwsem|TookPidfd|TookDelayed)
	})
	rowNrThreadsAll  = publish("nr_threads", 0, 0, func(k *Kernel, s *State, f *Flight) { s.NrThreads++ })
	rowTotalForks    = publish("total_forks", 0, 0, func(k *Kernel, s *State, f *Flight) { s.TotalForks++ })
	rowThreadgroupUp = Row{Name: "threadgroup_change_end", Source: forkC, On: CloneThread, Body: Act(func(k *Kernel, s *State, f *Flight) {
		threadgroupChangeEnd(k, s, f)
		f.Took &^= TookRwsem
	})}
)

func threadgroupChangeEnd(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].Readers-- }

// The end of do_fork, kernel/fork.c: the number for the caller, and the wait of vfork.
var (
	rowPidVnr = Row{Name: "task_pid_vnr", Source: "kernel/fork.c:do_fork", Body: Assign(func(k *Kernel, s *State, f *Flight) {
		f.Who, f.Ret = f.Child, int32(s.NumberSeen(f.Op.Actor, f.Child))
		if p := &s.Pid[f.Pid]; p.NS[p.Level] != s.ActiveNS(f.Op.Actor) {
			f.Inside = p.Nr[p.Level]
		}
	})}
	rowVforkDone = Row{Name: "init_completion", Source: "kernel/fork.c:do_fork", On: CloneVfork,
		Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).VforkDone = f.Op.Actor })}
	rowWakeUp    = Row{Name: "wake_up_new_task", Source: "kernel/fork.c:do_fork", Body: Assign(func(k *Kernel, s *State, f *Flight) { s.child(f).Flags &^= NotWoken })}
	rowVforkWait = Row{Name: "wait_for_vfork_done", Source: "kernel/fork.c:wait_for_vfork_done", On: CloneVfork, Sleep: Killable, Body: Func(waitForVforkDone)}
)

// waitForVforkDone sleeps until mm_release of the child; a parent that is killed takes its completion back.
func waitForVforkDone(k *Kernel, s *State, f *Flight) Errno {
	for t := range s.Task {
		switch {
		case s.Task[t].VforkDone != f.Op.Actor || s.Task[t].Stage == Building:
		case f.Signalled:
			s.Task[t].VforkDone = 0
		default:
			return sleep
		}
	}
	return next
}
