package model

import "slices"

// Switch is one point where v6.x does something else than v3.11. Undo makes a v6.x of its own do that one thing as v3.11 does, so
// that a difference can be traced to the switches that cause it: with all of them undone, v6.x gives the answers of v3.11.
type Switch struct {
	Name     string
	Source   string // the kernel function
	Old, New string // what v3.11 does, what v6.x does
	Undo     func(v *Version)
}

// Switches are all of them, in the order in which they can be undone one after another.
var Switches = []Switch{
	{"newns_thread_parent", "do_fork, copy_process", "NEWUSER and NEWPID go neither with THREAD nor with PARENT", "not with THREAD",
		func(v *Version) { v.Calls[Clone].insert("", rulesV311[0]) }},
	{"other_pidns", "copy_process", "while children go to another pid namespace, VM and NEWPID are refused at once", "THREAD is, and NEWPID where the namespace would be made",
		func(v *Version) { v.Calls[Clone].replace("thread_in_other_pidns", rulesV311[6]) }},
	{"pidfd", "copy_process", "CLONE_PIDFD is ignored", "it makes a pidfd",
		func(v *Version) {
			v.Calls[Clone].remove("pidfd_parent_settid", "pidfd_detached", "pidfd_prepare", "pidfd_put_user", "fd_install")
		}},
	{"lsm_hook", "copy_process", "security modules are asked first", "after audit_alloc",
		func(v *Version) {
			v.Calls[Clone].insert("dup_task_struct", rowSecurity)
			v.Calls[Clone].change("security_task_alloc", func(r *Row) { r.Fail, r.Errs, r.Name = "", nil, "security_blob" })
		}},
	{"nproc_order", "copy_process, copy_creds", "RLIMIT_NPROC is checked, then the child is charged", "the child is charged, then the limit is checked", func(v *Version) {
		check, clear := rowNproc, rowClearNproc
		limit := nprocLimitV6
		limit.Cmp = AtLeast
		check.Body = limit
		v.Calls[Clone].remove("rlimit_nproc", "clear_nproc_exceeded")
		v.Calls[Clone].insert("share_creds", check, clear)
	}},
	{"nproc_per_userns", "set_cred_ucounts", "a user's processes are counted once", "in each user namespace, and for its owner in those above", func(v *Version) {
		v.Calls[Clone].remove("set_cred_ucounts")
		v.Calls[Unshare].remove("set_cred_ucounts")
	}},
	{"signals_first", "copy_process", "any signal ends a fork, at its commit, with ERESTARTNOINTR", "those that were there before it; later ones only if they are fatal, with EINTR", func(v *Version) {
		v.Calls[Clone].remove("signal_pending")
		v.Calls[Clone].replace("fatal_signal_pending", rowSignalPending.at("bad_fork_core_free"))
	}},
	{"delayed_signals", "__send_signal_locked", "a signal to many processes misses the children of forks under way", "it is pending on them too",
		func(v *Version) {
			v.DelayedSignals = false
			v.Calls[Clone].remove("multiprocess", "multiprocess_end", "shared_pending_delayed")
		}},
	{"adding_recheck", "copy_process", "a fork is committed into a pid namespace that began to die meanwhile", "ENOMEM",
		func(v *Version) { v.Calls[Clone].remove("adding_recheck") }},
	{"number_search", "alloc_pid", "past pid_max the search begins again at RESERVED_PIDS", "at 1, unless RESERVED_PIDS was passed", func(v *Version) {
		rows := allocNumbers(allocPidmap, EAGAIN)
		v.Calls[Clone].replace("alloc_pidmap", rows[0])
		v.Calls[Clone].replace("alloc_pidmap_parents", rows[1])
	}},
	{"numbers_exhausted", "alloc_pid", "no free number is ENOMEM", "EAGAIN", func(v *Version) {
		for _, row := range []string{"alloc_pidmap", "alloc_pidmap_parents"} {
			v.Calls[Clone].change(row, func(r *Row) { r.Body = gives(r.Body, EAGAIN, ENOMEM) })
		}
	}},
	{"cursor_reset", "alloc_pid", "a first fork that fails in alloc_pid uses up number 1", "number 1 is free again", func(v *Version) {
		v.Calls[Clone].rungNamed("reset_cursor").Undo = nil
	}},
	{"first_fork_ends", "free_pid", "after a first fork that fails with its numbers the next one gets 2, in a namespace without init", "the namespace is dead",
		func(v *Version) { v.FirstForkEnds = false }},
	{"dead_ns_leak", "alloc_pid", "a fork into a dead pid namespace leaks a reference on it", "it does not", func(v *Version) {
		v.Calls[Clone].rungNamed("put_pid_ns_unhashed").Undo = nil
		v.Calls[Clone].change("pid_allocated_adding", func(r *Row) { r.Name = rowHashPid.Name })
	}},
	{"child_tid_early", "copy_process", "the words for the child's tid are noted after it has a number", "right after the task is copied", func(v *Version) {
		v.Calls[Clone].remove("set_child_tid", "clear_child_tid")
		v.Calls[Clone].insert("robust_list", rowSetTid, rowClearTid)
	}},
	{"pid_ns_depth", "create_pid_namespace", "pid namespaces nested too deeply are EINVAL", "ENOSPC", func(v *Version) {
		v.both("copy_pid_ns", func(r *Row) { r.Body = copyPidNSV6(EINVAL) })
	}},
	{"user_ns_depth", "create_user_ns", "user namespaces nested too deeply are EUSERS", "ENOSPC", func(v *Version) {
		v.both("create_user_ns", func(r *Row) { r.Body = createUserNSV6(EUSERS) })
	}},
	{"namespace_limits", "inc_ucount", "there is no limit on namespaces", "user.max_*_namespaces, counted for each user and for the owners above: ENOSPC",
		func(v *Version) { v.Calls[Sysctl].insert("", rowSysctlLookup) }},
	{"pid_max_per_ns", "alloc_pid", "pid_max is one for all", "each pid namespace has its own", func(v *Version) {
		v.PidMaxPerNS = false
		v.Calls[Sysctl].replace("sysctl_perm", rowSysctlPerm)
	}},
	{"exit_signal_locked", "copy_process", "a sibling's exit signal is read before tasklist_lock is taken", "under the lock", func(v *Version) {
		v.Calls[Clone].remove("exit_signal_of_thread", "exit_signal_of_leader", "exit_signal")
		v.Calls[Clone].replace("thread_ids", rowThreadIDs)
		v.Calls[Clone].insert("leader_ids", rowLeaderSignal, rowExitSignal)
	}},
	{"seccomp_late", "copy_process, do_exit", "the child takes the seccomp filter first, and keeps it to the last put", "under the lock, until do_exit", func(v *Version) {
		v.Calls[Clone].remove("seccomp_filter_null", "copy_seccomp")
		v.Calls[Clone].insert(v.Calls[Clone].after("dup_task_struct"), rowSeccomp)
		v.exits(func(t *Table) { t.remove("seccomp_filter_release") })
	}},
	{"subreaper_mark", "copy_signal, copy_process", "the child of a subreaper's clone is marked, whoever its parent is", "the child of a subreaper is", func(v *Version) {
		v.Calls[Clone].remove("has_child_subreaper")
		v.Calls[Clone].change("copy_signal", func(r *Row) { r.Body = copySignalV6(true) })
	}},
	{"unshare_closure", "sys_unshare", "NEWPID asks for THREAD, THREAD for VM, VM for SIGHAND", "VM for SIGHAND, SIGHAND for THREAD", func(v *Version) {
		v.Calls[Unshare].remove("sighand_implies_thread")
		v.Calls[Unshare].insert("vm_implies_sighand", imply("newpid_implies_thread", CloneNewPID, CloneThread), imply("thread_implies_vm", CloneThread, CloneVM))
	}},
	{"unshare_sharing", "check_unshare_flags", "what binds a task is a second reference on its memory", "its thread group, its signal handlers, other processes in its memory", func(v *Version) {
		v.Calls[Unshare].remove("unshare_thread_group", "unshare_sighand")
		v.Calls[Unshare].replace("unshare_single_threaded", rowSharedMM)
	}},
	{"unshare_fs_copy", "unshare_fs", "unshare(NEWNS) keeps an fs_struct that nobody shares", "copies it", func(v *Version) {
		v.Calls[Unshare].replace("unshare_fs", rowUnshareFS(sharesWithOthers(FS)))
	}},
	{"new_namespaces", "copy_namespaces", "there are no cgroup and time namespaces: clone ignores the flag, unshare refuses it", "NEWCGROUP, and NEWTIME for unshare", func(v *Version) {
		v.Calls[Unshare].replace("unshare_unknown_flags", unknownFlags(unshareFlags))
		v.Calls[Clone].insert("", act("no_cgroup_ns", forkC, func(k *Kernel, s *State, f *Flight) { f.Flags &^= CloneNewCgroup }))
	}},
	{"last_thread_code", "synchronize_group_exit", "threads that exit one by one leave the code of the leader", "the code of the last one", func(v *Version) {
		v.exits(func(t *Table) {
			t.change("synchronize_group_exit", func(r *Row) {
				r.Body = Act(func(k *Kernel, s *State, f *Flight) { s.Signal[s.parent(f).Signal].QuickThreads-- })
			})
		})
	}},
	{"group_exit_alone", "do_group_exit", "a single thread's exit_group, or death by a signal, is no group exit", "it is one", func(v *Version) {
		v.Calls[ExitGroup].replace("do_group_exit", rowGroupExit)
		v.Calls[Die].replace("do_group_exit", rowGroupExit)
	}},
	{"init_panic", "do_exit, find_new_reaper", "the death of the global init is noticed when its children look for a parent", "when its last thread begins to exit", func(v *Version) {
		v.exits(func(t *Table) { t.remove("global_init_dies") })
	}},
	{"init_by_tgid", "is_global_init",
		"a thread of the global init that is not its leader counts as any other parent for a process group",
		"every thread of it is the global init", func(v *Version) { v.InitByTgid = false }},
	{"zap_by_group", "zap_pid_ns_processes", "a dying init kills thread by thread", "group by group", func(v *Version) {
		v.exits(func(t *Table) { t.replace("zap_kill", zapRows(private)[2]) })
	}},
	{"heirs", "find_new_reaper", "children go to the thread that follows, and a subreaper's own thread takes them", "to the first thread that is not exiting, of the group or of the subreaper", func(v *Version) {
		v.exits(func(t *Table) { t.change("find_new_reaper", func(r *Row) { r.Body = Assign(findNewReaper) }) })
	}},
	{"release_at_end", "exit_notify", "orphans that nobody waits for are released before their parent is a zombie", "after it", func(v *Version) {
		v.exits(func(t *Table) {
			t.change("forget_original_parent", func(r *Row) { r.Body = Act(forgetOriginalParent) })
			t.remove("release_dead")
		})
	}},
	{"exit_in_one", "exit_notify", "a dying task hands over its children under one hold of tasklist_lock, and becomes a zombie under another", "under one hold", func(v *Version) {
		v.exits(func(t *Table) {
			t.replace("find_child_reaper", rowChildReaperDies)
			for _, row := range []string{"find_new_reaper", "forget_original_parent"} {
				t.change(row, func(r *Row) { r.Lock = rowChildReaperDies.Lock })
			}
		})
	}},
	{"join_group_stop", "task_join_group_stop", "a thread made while its group stops runs on", "it stops too", func(v *Version) {
		v.Calls[Clone].remove("task_join_group_stop", "calculate_sigpending")
	}},
	{"unkillable_kept", "signal_set_stop_flags", "a group stop or continue makes an init killable", "it stays as it is", func(v *Version) { v.KeepUnkillable = false }},
	{"forced_signals", "sig_task_ignored", "any signal from outside is queued on a namespace's init, and dropped at delivery", "only SIGKILL and SIGSTOP are queued",
		func(v *Version) { v.KernelOnlyForced = false }},
	{"dying_drops", "prepare_signal", "a group that is exiting still queues signals", "drops them", func(v *Version) { v.DropWhenDying = false }},
	{"fatal_to_init", "complete_signal", "SIGKILL from outside is one thread's affair in an init", "it begins the group's exit as in any other", func(v *Version) { v.FatalToInit = false }},
	{"dump_of_group", "zap_threads, exit_mm", "a core dump kills and gathers all that use the memory", "the threads of one group", func(v *Version) {
		v.DumpsAlone = false
		v.Calls[Die].change("zap_threads", func(r *Row) { r.Yields = nil })
		v.Calls[Die].insert("coredump_wait", rowZapSharers.yields(gathersNobody))
		v.exits(func(t *Table) {
			t.remove("coredump_task_exit")
			t.insert("exit_mm", rowExitMMCoreState)
		})
	}},
	{"dumper_flags", "zap_threads", "what the flags of a task said is lost when it dumps core", "it stays",
		func(v *Version) { v.Calls[Die].insert("coredump_wait", rowDumpcoreFlags) }},
	{"exit_first", "get_signal", "a thread of a group that exits takes the signals below SIGKILL first", "it dies at once", func(v *Version) { v.ExitFirst = false }},
	{"same_mask", "__set_current_blocked", "a sigprocmask that leaves the mask as it is looks for signals that wait", "it looks at nothing",
		func(v *Version) { v.Calls[Sigprocmask].remove("sigequalsets") }},
	{"woken_at_two", "free_pid", "a dying init is woken when one number is left", "when two or one are", func(v *Version) { v.WakeAtTwo = false }},
	{"int_min", "kill_something_info, kernel_wait4", "kill and wait4 negate INT_MIN: nobody is in that group", "ESRCH at once", func(v *Version) {
		v.Calls[Kill].remove("kill_int_min")
		v.Calls[Wait4].remove("wait4_int_min")
	}},
	{"sched_and_cgroups", "sched_fork, cgroup_can_fork, sched_cgroup_fork", "neither the scheduler nor a cgroup refuses a fork", "they may", func(v *Version) {
		for _, row := range []string{"sched_fork", "cgroup_can_fork", "sched_cgroup_fork"} {
			v.Calls[Clone].change(row, func(r *Row) { r.Fail, r.Errs, r.Name = "", nil, "v6_"+r.Name })
		}
	}},
	{"exec_domain", "copy_process", "a module that goes away ends a fork with EAGAIN", "there are no modules for exec domains", func(v *Version) {
		v.Calls[Clone].insert("copy_flags", Row{Name: "try_module_get", Source: forkC, Fail: "bad_fork_cleanup_count", Errs: []Errno{EAGAIN}})
	}},
	{"proc_mount", "alloc_pid", "the first fork into a pid namespace mounts proc for it", "there is no such mount", func(v *Version) {
		v.Calls[Clone].insert("get_pid_ns", Row{Name: "pid_ns_prepare_proc", Source: rowPrepareProc.Source, Fail: "out_free", Errs: []Errno{ENOMEM}, CanFail: childReaper})
	}},
}

// gives is a body with one errno for another.
func gives(b Body, from, to Errno) Body {
	return Func(func(k *Kernel, s *State, f *Flight) Errno {
		if e := b.Do(k, s, f); e != from {
			return e
		}
		return to
	})
}

// both changes a row of clone and of unshare.
func (v *Version) both(name string, fn func(r *Row)) {
	v.Calls[Clone].change(name, fn)
	v.Calls[Unshare].change(name, fn)
}

// exits changes the tables that end in do_exit.
func (v *Version) exits(fn func(t *Table)) {
	for _, kind := range []Kind{Exit, ExitGroup, Die} {
		fn(&v.Calls[kind])
	}
}

// change changes a row in place.
func (t *Table) change(name string, fn func(r *Row)) { fn(&t.Rows[t.Row(name)]) }

// replace puts another row in the place of one.
func (t *Table) replace(name string, r Row) { t.Rows[t.Row(name)] = r }

// remove takes rows out.
func (t *Table) remove(names ...string) {
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { return slices.Contains(names, r.Name) })
}

// insert puts rows before one, or first.
func (t *Table) insert(before string, rows ...Row) {
	t.Rows = slices.Insert(t.Rows, max(0, t.Row(before)), rows...)
}

// insertAfter puts a row behind one, if there is that.
func (t *Table) insertAfter(row string, r Row) {
	if i := t.Row(row); i >= 0 {
		t.Rows = slices.Insert(t.Rows, i+1, r)
	}
}

// after is the row that follows one.
func (t *Table) after(name string) string { return t.Rows[t.Row(name)+1].Name }

// rungNamed is a rung by what it undoes.
func (t *Table) rungNamed(name string) *Rung {
	return &t.Ladder[slices.IndexFunc(t.Ladder, func(r Rung) bool { return r.Name == name })]
}
