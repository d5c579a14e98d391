package forkcheck_test

import (
	"slices"
	"strings"

	"forkcheck/model"
)

// A mutant is a kernel with one thing wrong: table/row/what it does to the row. Rungs of a ladder are rows here too.
type mutant struct {
	name  string
	wrong operator
}

// mutants are those of v3.11. Each breaks an invariant; testdata/mutants shows which, and how.
var mutants = []mutant{
	// The rules on flags: one is gone, or forgets a part of its condition.
	{"clone/newuser_newpid_thread_parent/dropped", drop},
	{"clone/newuser_newpid_thread_parent/newuser-allowed", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneNewUser })},
	{"clone/newuser_newpid_thread_parent/newpid-allowed", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneNewPID })},
	{"clone/newuser_newpid_thread_parent/parent-allowed", rule(func(r *model.Rule) { r.Any[1] &^= model.CloneParent })},
	{"clone/newns_fs/dropped", drop},
	{"clone/newns_fs/newns-refused-alone", rule(func(r *model.Rule) { r.All &^= model.CloneFS })},
	{"clone/newuser_fs/dropped", drop},
	{"clone/thread_needs_sighand/dropped", drop},
	{"clone/sighand_needs_vm/dropped", drop},
	{"clone/parent_of_init/dropped", drop},
	{"clone/parent_of_init/everybody-refused", rule(func(r *model.Rule) { r.When = nil })},
	{"clone/parent_of_init/global-init-only", rule(globalInitOnly)},
	{"clone/thread_in_other_pidns/dropped", drop},
	{"clone/thread_in_other_pidns/vm-allowed", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneVM })},
	{"clone/thread_in_other_pidns/in-every-namespace", rule(func(r *model.Rule) { r.When = nil })},
	{"clone/newipc_sysvsem/dropped", drop},

	// Limits: the bound is off by one, another counter is read, somebody is not exempt, the charge comes first.
	{"clone/rlimit_nproc/dropped", drop},
	{"clone/rlimit_nproc/above-for-at-least", limit(func(l *model.Limit) { l.Cmp = model.Above })},
	{"clone/rlimit_nproc/bound-too-high", limit(bound(+1))},
	{"clone/rlimit_nproc/bound-too-low", limit(bound(-1))},
	{"clone/rlimit_nproc/root-bound-too", limit(func(l *model.Limit) { l.Exempt = l.Exempt[1:] })},
	{"clone/rlimit_nproc/sys-admin-bound-too", limit(func(l *model.Limit) { l.Exempt = l.Exempt[:2] })},
	{"clone/rlimit_nproc/after-the-charge", before("max_threads")},
	{"clone/max_threads/dropped", drop},
	{"clone/max_threads/above-for-at-least", limit(func(l *model.Limit) { l.Cmp = model.Above })},
	{"clone/max_threads/bound-too-low", limit(bound(-1))},
	{"clone/max_threads/counts-processes", limit(countsProcesses)},
	{"clone/copy_pid_ns/one-level-deeper", deeper},

	// The ladder: a rung is missing, done twice, or without its guard.
	{"clone/free_pid/undo-dropped", noUndo},
	{"clone/free_pid/undo-twice", undoTwice},
	{"clone/exit_io_context/undo-dropped", noUndo},
	{"clone/exit_task_namespaces/undo-dropped", noUndo},
	{"clone/mmput/undo-dropped", noUndo},
	{"clone/free_signal_struct/undo-dropped", noUndo},
	{"clone/free_signal_struct/guard-dropped", noGuard},
	{"clone/cleanup_sighand/undo-dropped", noUndo},
	{"clone/exit_fs/undo-dropped", noUndo},
	{"clone/exit_files/undo-dropped", noUndo},
	{"clone/exit_sem/undo-dropped", noUndo},
	{"clone/audit_free/undo-dropped", noUndo},
	{"clone/perf_event_free_task/undo-dropped", noUndo},
	{"clone/mpol_put/undo-dropped", noUndo},
	{"clone/threadgroup_change_end/undo-dropped", noUndo},
	{"clone/threadgroup_change_end/undo-twice", undoTwice},
	{"clone/threadgroup_change_end/guard-dropped", noGuard},
	{"clone/cgroup_exit/undo-dropped", noUndo},
	{"clone/module_put/undo-dropped", noUndo},
	{"clone/uncharge_processes/undo-dropped", noUndo},
	{"clone/uncharge_processes/undo-twice", undoTwice},
	{"clone/exit_creds/undo-dropped", noUndo},
	{"clone/exit_creds/undo-twice", undoTwice},
	{"clone/free_task/undo-dropped", noUndo},
	{"clone/put_cred/undo-dropped", noUndo},
	{"clone/put_uts_ns/undo-twice", undoTwice},
	{"clone/put_mnt_ns/undo-dropped", noUndo},
	{"clone/free_nsproxy/undo-dropped", noUndo},
	{"clone/put_old_nsproxy/undo-dropped", noUndo},
	{"clone/free_pidmap/undo-dropped", noUndo},

	// Labels: a stage fails to the label of its neighbour. Too early undoes what the parent still has.
	{"clone/dup_task_struct/label-too-early", failTo("bad_fork_free")},
	{"clone/rlimit_nproc/label-too-early", failTo("bad_fork_cleanup_count")},
	{"clone/rlimit_nproc/label-too-late", failTo("fork_out")},
	{"clone/max_threads/label-too-late", failTo("bad_fork_free")},
	{"clone/perf_event_init_task/label-too-late", failTo("bad_fork_cleanup_cgroup")},
	{"clone/copy_files/label-too-early", failTo("bad_fork_cleanup_files")},
	{"clone/copy_files/label-too-late", failTo("bad_fork_cleanup_audit")},
	{"clone/copy_fs/label-too-early", failTo("bad_fork_cleanup_fs")},
	{"clone/copy_fs/label-too-late", failTo("bad_fork_cleanup_semundo")},
	{"clone/copy_sighand/label-too-early", failTo("bad_fork_cleanup_sighand")},
	{"clone/copy_signal/label-too-early", failTo("bad_fork_cleanup_signal")},
	{"clone/copy_signal/label-too-late", failTo("bad_fork_cleanup_fs")},
	{"clone/copy_mm/label-too-late", failTo("bad_fork_cleanup_sighand")},
	{"clone/copy_thread/label-too-late", failTo("bad_fork_cleanup_namespaces")},
	{"clone/alloc_pidmap/label-too-late", failTo("bad_fork_cleanup_io")},
	{"clone/signal_pending/label-too-late", failTo("bad_fork_cleanup_io")},
	{"clone/create_user_ns/label-too-late", failTo("bad_fork_free")},

	// Resets: a newborn keeps something of its parent.
	{"clone/did_exec/dropped", drop},
	{"clone/copy_flags/dropped", drop},
	{"clone/children/dropped", drop},
	{"clone/vfork_done/dropped", drop},
	{"clone/init_sigpending/dropped", drop},
	{"clone/perf_event_ctxp_null/dropped", drop},
	{"clone/robust_list/dropped", drop},
	{"clone/user_disable_single_step/dropped", drop},
	{"clone/pdeath_signal/dropped", drop},
	{"clone/thread_group/dropped", drop},
	{"clone/sas_ss_reset/dropped", drop},
	{"clone/sas_ss_reset/vfork-too", on(model.CloneVM, 0)},
	{"clone/set_child_tid/dropped", drop},
	{"clone/clear_child_tid/dropped", drop},

	// Sharing: copied for shared, shared for copied, shared without a count, on the wrong flag.
	{"clone/get_seccomp_filter/dropped", drop},
	{"clone/cgroup_fork/dropped", drop},
	{"clone/try_module_get/dropped", drop},
	{"clone/threadgroup_change_begin/dropped", drop},
	{"clone/share_creds/dropped", drop},
	{"clone/share_creds/counted-once", then(uncount(model.Cred))},
	{"clone/charge_processes/dropped", drop},
	{"clone/charge_processes/not-for-threads", on(0, model.CloneThread)},
	{"clone/charge_processes/twice", twice},
	{"clone/mpol_dup/always-shared", instead(shareIt(model.Mempolicy))},
	{"clone/copy_semundo/dropped", drop},
	{"clone/copy_semundo/uncounted", then(uncount(model.SysvSem))},
	{"clone/copy_files/always-copied", share(func(b *model.Share) { b.Flag = 0 })},
	{"clone/copy_files/always-shared", instead(shareIt(model.Files))},
	{"clone/copy_files/uncounted", then(uncount(model.Files))},
	{"clone/copy_files/shared-by-fs", share(func(b *model.Share) { b.Flag = model.CloneFS })},
	{"clone/copy_fs/always-shared", instead(shareIt(model.FS))},
	{"clone/copy_fs/uncounted", then(uncount(model.FS))},
	{"clone/copy_sighand/always-copied", share(func(b *model.Share) { b.Flag = 0 })},
	{"clone/copy_sighand/always-shared", instead(shareIt(model.Sighand))},
	{"clone/copy_sighand/actions-lost", then(loseActions)},
	{"clone/copy_signal/dropped", drop},
	{"clone/copy_signal/pending-kept", then(keepShared)},
	{"clone/copy_signal/limit-lost", then(func(s *model.State, f *model.Flight) { group(s, f.Child).NprocCur = model.RlimInfinity })},
	{"clone/copy_signal/subreaper-unknown", then(func(s *model.State, f *model.Flight) { group(s, f.Child).HasChildSubreaper = false })},
	{"clone/copy_mm/always-copied", share(func(b *model.Share) { b.Flag = 0 })},
	{"clone/copy_mm/always-shared", instead(shareIt(model.MM))},
	{"clone/copy_mm/uncounted", then(uncount(model.MM))},
	{"clone/copy_io/always-copied", share(func(b *model.Share) { b.Flag = 0 })},
	{"clone/get_nsproxy/dropped", drop},
	{"clone/copy_mnt_ns/always-new", first(func(s *model.State, f *model.Flight) { f.Flags |= model.CloneNewNS })},
	{"clone/copy_utsname/never-new", first(func(s *model.State, f *model.Flight) { f.Flags &^= model.CloneNewUTS })},
	{"clone/set_nsproxy/dropped", drop},

	// Pids: numbers, levels, and a namespace that is dead.
	{"clone/alloc_pidmap/no-number-at-the-top", then(func(s *model.State, f *model.Flight) { s.Pid[f.Pid].Nr[0] = 0 })},
	{"clone/get_pid_ns/dropped", drop},
	{"clone/nr_hashed_adding/adding-ignored", instead(hash)},
	{"clone/nr_hashed_adding/own-level-uncounted", then(func(s *model.State, f *model.Flight) { s.PidNS[ownNS(s, f.Pid)].Hashed-- })},
	{"clone/pid/number-inside", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].Nr = s.Pid[f.Pid].Nr[s.Pid[f.Pid].Level] })},

	// Whose child it is, and what it tells its parent.
	{"clone/thread_ids/dropped", drop},
	{"clone/thread_ids/exit-signal-kept", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].ExitSignal = int16(model.SIGCHLD) })},
	{"clone/thread_ids/caller-leads", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].Leader = f.Op.Actor })},
	{"clone/exit_signal_of_leader/dropped", drop},
	{"clone/exit_signal_of_leader/as-asked", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].ExitSignal = int16(f.Op.Sig) })},
	{"clone/exit_signal/dropped", drop},
	{"clone/leader_ids/dropped", drop},
	{"clone/real_parent_shared/caller", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].RealParent = f.Op.Actor })},
	{"clone/real_parent_shared/exec-id-of-caller", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].ParentExecID = s.Task[f.Op.Actor].SelfExecID })},
	{"clone/real_parent/dropped", drop},
	{"clone/real_parent/leader", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].RealParent = s.Task[f.Op.Actor].Leader })},
	{"clone/real_parent/exec-id-of-grandparent", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].ParentExecID = s.Task[f.Op.Actor].ParentExecID })},

	// Publication: something is not told of the child, or told too much.
	{"clone/init_task_pid/dropped", drop},
	{"clone/init_task_sid/own-session", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].Pids[model.PidtypeSID] = f.Pid })},
	{"clone/child_reaper/dropped", drop},
	{"clone/child_reaper/every-child", then(func(s *model.State, f *model.Flight) { s.PidNS[ownNS(s, f.Pid)].Reaper = f.Child })},
	{"clone/signal_unkillable/dropped", drop},
	{"clone/signal_unkillable/every-child", then(func(s *model.State, f *model.Flight) { group(s, f.Child).Flags |= model.SignalUnkillable })},
	{"clone/leader_pid/dropped", drop},
	{"clone/list_sibling/dropped", drop},
	{"clone/list_sibling/threads-too", on(0, 0)},
	{"clone/list_tasks/dropped", drop},
	{"clone/attach_pgid/dropped", drop},
	{"clone/attach_sid/dropped", drop},
	{"clone/process_counts/dropped", drop},
	{"clone/process_counts/threads-too", on(0, 0)},
	{"clone/signal_nr_threads/dropped", drop},
	{"clone/signal_live/dropped", drop},
	{"clone/signal_sigcnt/dropped", drop},
	{"clone/list_thread_group/dropped", drop},
	{"clone/attach_pid/dropped", drop},
	{"clone/nr_threads/dropped", drop},
	{"clone/nr_threads/twice", twice},
	{"clone/total_forks/dropped", drop},
	{"clone/threadgroup_change_end/dropped", drop},
	{"clone/wait_for_vfork_done/dropped", drop},

	// unshare.
	{"unshare/newuser_implies_thread_fs/dropped", drop},
	{"unshare/newns_implies_fs/dropped", drop},
	{"unshare/unshare_shared_mm/dropped", drop},
	{"unshare/unshare_fs/dropped", drop},
	{"unshare/unshare_exit_sem/dropped", drop},
	{"unshare/switch_task_namespaces/dropped", drop},
	{"unshare/swap_fs/dropped", drop},
	{"unshare/swap_files/dropped", drop},
	{"unshare/commit_creds/dropped", drop},
	{"unshare/put_old_files/dropped", drop},
	{"unshare/put_old_fs/dropped", drop},
	{"unshare/put_cred/undo-dropped", noUndo},
	{"unshare/put_cred/guard-dropped", noGuard},
	{"unshare/put_files_struct/undo-dropped", noUndo},
	{"unshare/free_fs_struct/undo-dropped", noUndo},

	// do_exit, whether by exit, exit_group or a signal: something is not let go of.
	{"do_exit/exit_signals/dropped", drop},
	{"do_exit/signal_live/dropped", drop},
	{"do_exit/audit_free/dropped", drop},
	{"do_exit/exit_mm/dropped", drop},
	{"do_exit/exit_sem/dropped", drop},
	{"do_exit/exit_files/dropped", drop},
	{"do_exit/exit_files/uncounted", instead(func(s *model.State, f *model.Flight) { s.Task[f.Op.Actor].Ref[model.Files] = 0 })},
	{"do_exit/exit_fs/dropped", drop},
	{"do_exit/exit_task_namespaces/dropped", drop},
	{"do_exit/cgroup_exit/dropped", drop},
	{"do_exit/module_put/dropped", drop},
	{"do_exit/mpol_put/dropped", drop},
	{"do_exit/exit_io_context/dropped", drop},
	{"do_exit/task_dead/dropped", drop},
	{"exit_group/do_group_exit/dropped", drop},

	// The death of an init.
	{"do_exit/child_reaper_dies/dropped", drop},
	{"do_exit/disable_pid_allocation/dropped", drop},
	{"do_exit/zap_kill/dropped", drop},
	{"do_exit/zap_wait/dropped", drop},

	// The heirs, and what the parent hears.
	{"do_exit/find_new_reaper/dropped", drop},
	{"do_exit/find_new_reaper/global-init", then(func(s *model.State, f *model.Flight) { f.Reaper = model.Init0 })},
	{"do_exit/find_new_reaper/grandparent", then(func(s *model.State, f *model.Flight) { f.Reaper = s.Task[f.Op.Actor].RealParent })},
	{"do_exit/forget_original_parent/dropped", drop},
	{"do_exit/forget_original_parent/exit-signal-kept", keep(func(was, is *model.Task) { is.ExitSignal = was.ExitSignal })},
	{"do_exit/forget_original_parent/pdeath-signal-lost", first(losePdeath)},
	{"do_exit/forget_original_parent/threads-left-behind", keep(leaveThreads)},
	{"do_exit/exit_notify/dropped", drop},
	{"do_exit/exit_notify/before-the-children-leave", before("forget_original_parent")},
	{"do_exit/exit_notify/always-a-zombie", then(func(s *model.State, f *model.Flight) { s.Task[f.Op.Actor].ExitState, f.Victim = model.ExitZombie, 0 })},
	{"do_exit/exit_notify/never-a-zombie", then(func(s *model.State, f *model.Flight) {
		s.Task[f.Op.Actor].ExitState, f.Victim = model.ExitDead, f.Op.Actor
	})},
	{"do_exit/release_self/dropped", drop},

	// release_task.
	{"release_task/uncharge_processes/dropped", drop},
	{"release_task/uncharge_processes/twice", twice},
	{"release_task/curr_target/dropped", drop},
	{"release_task/signal_nr_threads/dropped", drop},
	{"release_task/nr_threads/dropped", drop},
	{"release_task/detach_pid/dropped", drop},
	{"release_task/detach_pgid/dropped", drop},
	{"release_task/list_tasks/dropped", drop},
	{"release_task/list_sibling/dropped", drop},
	{"release_task/process_counts/dropped", drop},
	{"release_task/list_thread_group/dropped", drop},
	{"release_task/cleanup_sighand/dropped", drop},
	{"release_task/notify_leader/dropped", drop},
	{"release_task/delayed_put_task_struct/dropped", drop},

	// wait4.
	{"wait4/find_get_pid/uncounted", then(func(s *model.State, f *model.Flight) { s.Pid[f.Pid].Count -= int8(min(f.Pid, 1)) })},
	{"wait4/put_pid/dropped", drop},
	{"wait4/put_pid/undo-dropped", noUndo},
	{"wait4/do_wait/any-pid", first(func(s *model.State, f *model.Flight) { f.Type = model.NPidtypes })},
	{"wait4/do_wait/any-exit-signal", first(func(s *model.State, f *model.Flight) { f.Flags |= model.WALL })},
	{"wait4/do_wait/never-clone-children", first(func(s *model.State, f *model.Flight) { f.Flags &^= model.WCLONE | model.WALL })},
	{"wait4/do_wait/own-children-only", first(func(s *model.State, f *model.Flight) { f.Flags |= model.WNOTHREAD })},
	{"wait4/do_wait/nothread-ignored", first(func(s *model.State, f *model.Flight) { f.Flags &^= model.WNOTHREAD })},
	{"wait4/do_wait/delayed-leader-reaped", around(leadersAlone)},
	{"wait4/do_wait/not-reaped", around(undoReaping)},
	{"wait4/do_wait/status-lost", then(func(s *model.State, f *model.Flight) { f.Code = 0 })},

	// Signals.
	{"kill/kill_something_info/lost", instead(func(s *model.State, f *model.Flight) {})},
	{"kill/kill_something_info/one-of-the-group", first(selfForGroup)},
	{"kill/kill_something_info/continue-forgotten", around(stayStopped)},
	{"kill/kill_something_info/stop-kept-by-continue", around(keepStops)},
	{"sigaction/sigaction_signal/dropped", drop},
	{"sigaction/set_action/ignored-and-caught", then(func(s *model.State, f *model.Flight) { sighand(s, f.Op.Actor).Ignore |= f.Op.Sig.Bit() })},
	{"sigprocmask/set_current_blocked/kill-too", then(func(s *model.State, f *model.Flight) { s.Task[f.Op.Actor].Blocked |= f.Op.Set })},
	{"setrlimit/rlim_cur_above_max/dropped", drop},

	// What happens between calls.
	{"settle/get_signal_to_deliver/dropped", dropSettle},
	{"settle/wake_up/dropped", dropSettle},
	{"settle/delayed_put_task_struct/dropped", dropSettle},
	{"settle/delayed_put_pid/dropped", dropSettle},
	{"settle/proc_work/dropped", dropSettle},

	// Rows that only refuse, or only wait: nothing is corrupted without them, a promise is broken.
	{"clone/namespaces_ns_capable/missing", drop},
	{"clone/clear_nproc_exceeded/missing", drop},
	{"clone/pid_ns_prepare_proc/missing", drop},
	{"clone/signal_pending/missing", drop},
	{"clone/init_completion/missing", drop},
	{"clone/task_pid_vnr/missing", drop},
	{"clone/copy_io/fails-to-mm", failTo("bad_fork_cleanup_mm")},
	{"unshare/newpid_implies_thread/missing", drop},
	{"unshare/unshare_unknown_flags/missing", drop},
	{"unshare/namespaces_ns_capable/missing", drop},
	{"do_exit/exit_code/missing", drop},
	{"do_exit/mm_release/missing", drop},
	{"do_exit/zap_sleep/missing", drop},
	{"do_exit/find_new_reaper/subreapers-passed-over", first(func(s *model.State, f *model.Flight) { group(s, f.Op.Actor).HasChildSubreaper = false })},
	{"die/do_group_exit/missing", drop},
	{"wait4/wait4_options/missing", drop},
	{"wait4/do_wait/never-sleeps", first(func(s *model.State, f *model.Flight) { f.Flags |= model.WNOHANG })},
	{"wait4/do_wait/always-sleeps", first(func(s *model.State, f *model.Flight) { f.Flags &^= model.WNOHANG })},
	{"kill/kill_something_info/asks-for-no-permission", around(asRoot)},
	{"tkill/do_send_specific/asks-for-no-permission", around(asRoot)},
	{"tkill/tkill_pid/missing", drop},
	{"tgkill/tgkill_tgid/missing", drop},
	{"sigaction/flush_ignored/missing", drop},
	{"setrlimit/rlim_max_raised/missing", drop},
	{"map_ids/map_write_permission/missing", drop},
}

// kernel is a new kernel with this one thing wrong; nil if it has no such row.
func (m *mutant) kernel(version func() *model.Version) *model.Version {
	v, part := version(), strings.SplitN(m.name, "/", 3)
	if !m.wrong(v, part[0], part[1]) {
		return nil
	}
	return v
}

// operator breaks a row of a table. It says whether there is such a row.
type operator func(v *model.Version, table, row string) bool

// tables finds a table by name. All three ways to die have the rows of do_exit.
func tables(v *model.Version, name string) (list []*model.Table) {
	names := []string{name}
	if name == "do_exit" {
		names = []string{"exit", "exit_group", "die"}
	}
	for kind := range v.Calls {
		if slices.Contains(names, v.Calls[kind].Name) {
			list = append(list, &v.Calls[kind])
		}
	}
	if name == v.Release.Name {
		list = append(list, &v.Release)
	}
	return list
}

// rows changes a row, given the rows of its table and its index; what it answers are the new rows.
func rows(change func(rows []model.Row, i int) []model.Row) operator {
	return func(v *model.Version, table, row string) (found bool) {
		for _, t := range tables(v, table) {
			if i := t.Row(row); i >= 0 {
				t.Rows, found = change(slices.Clone(t.Rows), i), true
			}
		}
		return found
	}
}

// row changes a row in its place.
func row(change func(r *model.Row)) operator {
	return rows(func(rows []model.Row, i int) []model.Row { change(&rows[i]); return rows })
}

// rung changes a rung.
func rung(change func(r *model.Rung)) operator {
	return func(v *model.Version, table, name string) (found bool) {
		for _, t := range tables(v, table) {
			t.Ladder = slices.Clone(t.Ladder)
			for i := range t.Ladder {
				if t.Ladder[i].Name == name {
					change(&t.Ladder[i])
					found = true
				}
			}
		}
		return found
	}
}

// The operators that fit many rows.
var (
	drop      = rows(func(rows []model.Row, i int) []model.Row { return slices.Delete(rows, i, i+1) })
	twice     = rows(func(rows []model.Row, i int) []model.Row { return slices.Insert(rows, i, rows[i]) })
	noUndo    = rung(func(r *model.Rung) { r.Undo = nil })
	noGuard   = rung(func(r *model.Rung) { r.If = nil })
	undoTwice = rung(func(r *model.Rung) {
		undo := r.Undo
		r.Undo = func(k *model.Kernel, s *model.State, f *model.Flight) { undo(k, s, f); undo(k, s, f) }
	})
)

// dropSettle takes away a rule of what happens between calls.
func dropSettle(v *model.Version, _, name string) bool {
	all := len(v.Settle)
	v.Settle = slices.DeleteFunc(v.Settle, func(r model.Settle) bool { return r.Name == name })
	return len(v.Settle) < all
}

// failTo sends failures of a row to another label.
func failTo(l model.Label) operator { return row(func(r *model.Row) { r.Fail = l }) }

// on changes with which flags a row runs.
func on(with, without model.Flags) operator {
	return row(func(r *model.Row) { r.On, r.Off = with, without })
}

// before moves a row to the front of another one.
func before(name string) operator {
	return rows(func(rows []model.Row, i int) []model.Row {
		r := rows[i]
		rows = slices.Delete(rows, i, i+1)
		return slices.Insert(rows, slices.IndexFunc(rows, func(o model.Row) bool { return o.Name == name }), r)
	})
}

// data changes a body that is data.
func data[B model.Body](change func(b *B)) operator {
	return row(func(r *model.Row) {
		b := r.Body.(B)
		change(&b)
		r.Body = b
	})
}

func rule(change func(r *model.Rule)) operator   { return data(change) }
func limit(change func(l *model.Limit)) operator { return data(change) }
func share(change func(b *model.Share)) operator { return data(change) }

// code is a body as mutants write it: it cannot fail.
type code func(s *model.State, f *model.Flight)

// around puts code around a body, which it runs by calling do. The body's answer stands.
func around(fn func(do func(), s *model.State, f *model.Flight)) operator {
	return row(func(r *model.Row) {
		body := r.Body
		r.Body = model.Func(func(k *model.Kernel, s *model.State, f *model.Flight) (e model.Errno) {
			fn(func() { e = body.Do(k, s, f) }, s, f)
			return e
		})
	})
}

// first runs code before a body, then runs it after one that succeeds, and instead in its place.
func first(fn code) operator {
	return around(func(do func(), s *model.State, f *model.Flight) { fn(s, f); do() })
}

func then(fn code) operator {
	return row(func(r *model.Row) {
		body := r.Body
		r.Body = model.Func(func(k *model.Kernel, s *model.State, f *model.Flight) model.Errno {
			e := body.Do(k, s, f)
			if e == 0 {
				fn(s, f)
			}
			return e
		})
	})
}

func instead(fn code) operator {
	return row(func(r *model.Row) {
		r.Body = model.Act(func(k *model.Kernel, s *model.State, f *model.Flight) { fn(s, f) })
	})
}

// keep gives the children that have a new parent something of what they were before.
func keep(fn func(was, is *model.Task)) operator {
	return around(func(do func(), s *model.State, f *model.Flight) {
		was := s.Task
		do()
		for t := range s.Task {
			if is := &s.Task[t]; is.Stage == model.Hashed && is.RealParent != was[t].RealParent {
				fn(&was[t], is)
			}
		}
	})
}

// group and sighand are what a task shares with its threads; ownNS is the namespace of a pid's last number.
func group(s *model.State, t model.TaskID) *model.SignalStruct { return &s.Signal[s.Task[t].Signal] }
func sighand(s *model.State, t model.TaskID) *model.SighandStruct {
	return &s.Sighand[s.Task[t].Ref[model.Sighand]]
}
func ownNS(s *model.State, pid model.PidID) model.PidNSID { return s.Pid[pid].NS[s.Pid[pid].Level] }

func globalInitOnly(r *model.Rule) {
	when := r.When
	r.When = func(k *model.Kernel, s *model.State, f *model.Flight) bool {
		return when(k, s, f) && s.Task[f.Op.Actor].Tgid == 1
	}
}

// bound moves the bound of a limit.
func bound(by int) func(l *model.Limit) {
	return func(l *model.Limit) {
		old := l.Bound
		l.Bound = func(k *model.Kernel, s *model.State, f *model.Flight) int { return old(k, s, f) + by }
	}
}

func countsProcesses(l *model.Limit) {
	l.Value = func(k *model.Kernel, s *model.State, f *model.Flight) int { return int(s.ProcessCounts) }
}

// deeper allows one more level of namespaces.
var deeper = row(func(r *model.Row) {
	body := r.Body
	r.Body = model.Func(func(k *model.Kernel, s *model.State, f *model.Flight) model.Errno {
		deeper := *k
		deeper.PidNSDepth++
		return body.Do(&deeper, s, f)
	})
})

// uncount forgets the reference that a child took on what it shares.
func uncount(c model.Class) code {
	return func(s *model.State, f *model.Flight) {
		if id := s.Task[f.Child].Ref[c]; id != 0 && id == s.Task[f.Op.Actor].Ref[c] {
			s.Count[c][id]--
		}
	}
}

// shareIt shares whatever the flags say.
func shareIt(c model.Class) code {
	return func(s *model.State, f *model.Flight) {
		if id := s.Task[f.Op.Actor].Ref[c]; id != 0 {
			s.Count[c][id]++
			s.Task[f.Child].Ref[c] = id
		}
	}
}

// loseActions gives a child with a sighand_struct of its own the default actions.
func loseActions(s *model.State, f *model.Flight) {
	if f.Flags&model.CloneSighand == 0 {
		*sighand(s, f.Child) = model.SighandStruct{}
	}
}

// keepShared lets a new process inherit what is pending for its parent's group.
func keepShared(s *model.State, f *model.Flight) {
	group(s, f.Child).Shared = group(s, f.Op.Actor).Shared
}

// hash publishes a pid without looking whether its namespace takes new members.
func hash(s *model.State, f *model.Flight) {
	p := &s.Pid[f.Pid]
	p.Hashed = true
	for level := range p.Level + 1 {
		s.PidNS[p.NS[level]].Hashed++
	}
}

// losePdeath forgets who wants to hear of this death.
func losePdeath(s *model.State, f *model.Flight) {
	for t := s.Task[f.Op.Actor].Children; t != 0; t = s.Task[t].Sibling {
		s.Task[t].Pdeath = 0
	}
}

// leaveThreads gives leaders a new parent and not their threads.
func leaveThreads(was, is *model.Task) {
	if was.ExitSignal < 0 {
		is.RealParent = was.RealParent
	}
}

// leadersAlone makes zombie leaders look as if they had no threads left.
func leadersAlone(do func(), s *model.State, f *model.Flight) {
	was := s.Task
	for t := range s.Task {
		if p := &s.Task[t]; p.ExitState == model.ExitZombie {
			p.Thread = model.TaskID(t)
		}
	}
	do()
	for t := range s.Task {
		if p := &s.Task[t]; p.Stage == model.Hashed && p.ExitState == model.ExitZombie {
			p.Thread = was[t].Thread
		}
	}
}

// asRoot lets a caller do what root may.
func asRoot(do func(), s *model.State, f *model.Flight) {
	cred := &s.Cred[s.Task[f.Op.Actor].Ref[model.Cred]]
	was := *cred
	cred.Caps, cred.UserNS = model.CapAll, model.RootUserNS
	do()
	*cred = was
}

// undoReaping reports a child and leaves everything as it was.
func undoReaping(do func(), s *model.State, f *model.Flight) {
	was := *s
	if do(); f.Who != 0 {
		flight := *f
		*s = was
		*f = flight
	}
}

// selfForGroup takes kill(0) for the caller alone.
func selfForGroup(s *model.State, f *model.Flight) {
	if f.Op.Target == 0 && f.Op.Arg == 0 {
		f.Op.Target = f.Op.Actor
	}
}

// stayStopped sends SIGCONT and does not resume.
func stayStopped(do func(), s *model.State, f *model.Flight) {
	was := s.Task
	do()
	for t := range s.Task {
		if s.Task[t].Stage == model.Hashed && f.Op.Sig == model.SIGCONT {
			s.Task[t].Jobctl = was[t].Jobctl
		}
	}
}

// keepStops sends SIGCONT and leaves stop signals of the group pending.
func keepStops(do func(), s *model.State, f *model.Flight) {
	was := s.Signal
	do()
	for g := range s.Signal {
		if f.Op.Sig == model.SIGCONT && s.Signal[g].LeaderPid != 0 {
			s.Signal[g].Shared |= was[g].Shared & model.SIGTSTP.Bit()
		}
	}
}
