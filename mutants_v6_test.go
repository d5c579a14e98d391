package forkcheck_test

import (
	"reflect"
	"slices"
	"strings"

	"forkcheck/invariants"
	"forkcheck/model"
)

// mutantsV6 are those of v6.x: what it has of its own, has elsewhere, or does in another way.
var mutantsV6 = append([]mutant{
	// The rules on flags.
	{"clone/pidfd_parent_settid/dropped", drop},
	{"clone/pidfd_parent_settid/refused-alone", rule(func(r *model.Rule) { r.All &^= model.CloneParentSettid })},
	{"clone/pidfd_detached/dropped", drop},
	{"clone/thread_in_new_ns/dropped", drop},
	{"clone/thread_in_new_ns/newuser-allowed", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneNewUser })},
	{"clone/thread_in_new_ns/newpid-allowed", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneNewPID })},
	{"clone/thread_in_new_ns/processes-too", rule(func(r *model.Rule) { r.All = 0 })},
	{"clone/thread_in_other_pidns/dropped", drop},
	{"clone/thread_in_other_pidns/in-every-namespace", rule(func(r *model.Rule) { r.When = nil })},
	{"clone/thread_in_other_pidns/vm-refused", rule(func(r *model.Rule) { r.All = model.CloneVM })},
	{"clone/newipc_sysvsem/dropped", drop},

	// Signals: those before the fork end it, of those that come meanwhile only fatal ones do, and the child gets what is for many.
	{"clone/signal_pending/dropped", drop},
	{"clone/signal_pending/threads-fork-on", on(0, model.CloneThread)},
	{"clone/fatal_signal_pending/dropped", drop},
	{"clone/fatal_signal_pending/any-signal", rule(func(r *model.Rule) {
		r.When = func(k *model.Kernel, s *model.State, f *model.Flight) bool {
			t := &s.Task[f.Op.Actor]
			return (t.Pending|group(s, f.Op.Actor).Shared)&^t.Blocked != 0
		}
	})},
	{"clone/multiprocess/dropped", drop},
	{"clone/shared_pending_delayed/dropped", drop},
	{"clone/shared_pending_delayed/kept-from-parent", then(keepShared)},
	{"clone/calculate_sigpending/dropped", drop},
	{"clone/task_join_group_stop/dropped", drop},
	{"clone/task_join_group_stop/uncounted", then(func(s *model.State, f *model.Flight) { group(s, f.Child).StopCount = 0 })},
	{"clone/adding_recheck/dropped", drop},
	{"clone/adding_recheck/before-the-cgroup", before("cgroup_can_fork")},

	// RLIMIT_NPROC: charged first, on every level, and compared on every level.
	{"clone/inc_rlimit_ucounts/dropped", drop},
	{"clone/inc_rlimit_ucounts/twice", twice},
	{"clone/inc_rlimit_ucounts/not-for-threads", on(0, model.CloneThread)},
	{"clone/inc_rlimit_ucounts/own-level-only", around(chargeOwnLevel)},
	{"clone/inc_rlimit_ucounts/creator", instead(chargeCreator)},
	{"clone/rlimit_nproc/dropped", drop},
	{"clone/rlimit_nproc/at-least-for-above", limit(func(l *model.Limit) { l.Cmp = model.AtLeast })},
	{"clone/rlimit_nproc/bound-too-high", limit(bound(+1))},
	{"clone/rlimit_nproc/bound-too-low", limit(bound(-1))},
	{"clone/rlimit_nproc/before-the-charge", before("inc_rlimit_ucounts")},
	{"clone/rlimit_nproc/root-bound-too", limit(func(l *model.Limit) { l.Exempt = l.Exempt[1:] })},
	{"clone/rlimit_nproc/sys-admin-bound-too", limit(func(l *model.Limit) { l.Exempt = l.Exempt[:2] })},
	{"clone/rlimit_nproc/sys-resource-bound-too", limit(func(l *model.Limit) { l.Exempt = []model.Cond{l.Exempt[0], l.Exempt[2]} })},
	{"clone/rlimit_nproc/levels-above-forgotten", limit(ownLevelOnly)},
	{"clone/rlimit_nproc/own-limit-everywhere", limit(ownLimitEverywhere)},
	{"clone/rlimit_nproc/uncharged-when-refused", failTo("bad_fork_free")},
	{"clone/clear_nproc_exceeded/dropped", drop},
	{"clone/dec_rlimit_ucounts/undo-dropped", noUndo},
	{"clone/dec_rlimit_ucounts/undo-twice", undoTwice},
	{"clone/set_cred_ucounts/dropped", drop},
	{"clone/set_cred_ucounts/uncounted", then(func(s *model.State, f *model.Flight) { s.Ucounts[s.Cred[f.Cred].Ucounts].Count-- })},
	{"clone/set_cred_ucounts/old-kept", around(keepUcounts)},
	{"clone/prepare_creds/ucounts-uncounted", then(func(s *model.State, f *model.Flight) { s.Ucounts[s.Cred[f.Cred].Ucounts].Count-- })},
	{"clone/create_user_ns/no-limit-of-its-own", then(func(s *model.State, f *model.Flight) {
		s.UserNS[s.Cred[f.Cred].UserNS].NprocMax = model.RlimInfinity
	})},
	{"clone/create_user_ns/limited-by-root", then(func(s *model.State, f *model.Flight) {
		s.UserNS[s.Cred[f.Cred].UserNS].NprocMax = 0
	})},
	{"release_task/dec_rlimit_ucounts/dropped", drop},
	{"release_task/dec_rlimit_ucounts/twice", twice},
	{"unshare/move_nproc/dropped", drop},
	{"unshare/move_nproc/twice", twice},
	{"unshare/set_cred_ucounts/dropped", drop},
	{"unshare/set_cred_ucounts/old-kept", around(keepUcounts)},

	// Namespaces: who is charged, how many there may be, and how deep they nest.
	{"clone/create_user_ns/uncharged", then(uncharged(model.UserNSClass))},
	{"clone/create_user_ns/limit-ignored", around(unlimited)},
	{"clone/create_user_ns/one-level-deeper", deeperUserNS},
	{"clone/copy_mnt_ns/uncharged", then(uncharged(model.MntNS))},
	{"clone/copy_utsname/uncharged", then(uncharged(model.UTSNS))},
	{"clone/copy_ipcs/uncharged", then(uncharged(model.IPCNS))},
	{"clone/copy_pid_ns/uncharged", then(uncharged(model.PidNSClass))},
	{"clone/copy_cgroup_ns/uncharged", then(uncharged(model.CgroupNS))},
	{"clone/copy_net_ns/uncharged", then(uncharged(model.NetNS))},
	{"unshare/copy_time_ns/uncharged", then(uncharged(model.TimeNS))},
	{"clone/copy_mnt_ns/limit-ignored", around(unlimited)},
	{"clone/copy_utsname/limit-ignored", around(unlimited)},
	{"clone/copy_pid_ns/limit-ignored", around(unlimited)},
	{"clone/copy_utsname/limit-too-low", around(oneLess)},
	{"clone/copy_utsname/levels-above-uncharged", then(func(s *model.State, f *model.Flight) { unchargeAbove(s, f, model.UTSNS) })},
	{"unshare/copy_utsname/limit-ignored", around(unlimited)},
	{"unshare/copy_time_ns/limit-ignored", around(unlimited)},
	{"unshare/create_user_ns/limit-ignored", around(unlimited)},
	{"clone/copy_pid_ns/one-level-deeper", deeper},
	{"clone/copy_cgroup_ns/always-new", first(func(s *model.State, f *model.Flight) { f.Flags |= model.CloneNewCgroup })},
	{"clone/copy_cgroup_ns/never-new", first(func(s *model.State, f *model.Flight) { f.Flags &^= model.CloneNewCgroup })},
	{"clone/namespaces_ns_capable/dropped", drop},
	{"unshare/put_net/undo-dropped", noUndo},
	{"clone/put_cgroup_ns/undo-dropped", noUndo},
	{"clone/put_cgroup_ns/undo-twice", undoTwice},
	{"clone/put_pid_ns/undo-dropped", noUndo},
	{"clone/put_ipc_ns/undo-dropped", noUndo},
	{"clone/copy_cgroup_ns/label-too-early", failTo("out_net")},
	{"clone/copy_cgroup_ns/label-too-late", failTo("out_pid")},
	{"clone/copy_net_ns/label-too-late", failTo("out_cgroup")},
	{"clone/create_nsproxy/label-too-late", failTo("bad_fork_cleanup_signal")},
	{"clone/copy_time_ns/dropped", drop},
	{"clone/get_time_ns/dropped", drop},
	{"clone/set_nsproxy/dropped", drop},
	{"clone/get_nsproxy/dropped", drop},
	{"clone/get_nsproxy/new-namespaces-too", on(0, 0)},

	// Time namespaces are entered at birth, unless the memory is shared.
	{"clone/timens_differs/dropped", drop},
	{"clone/timens_differs/vm-too", on(0, 0)},
	{"clone/timens_on_fork/dropped", drop},
	{"clone/timens_on_fork/vm-too", on(0, 0)},
	{"clone/timens_on_fork/uncounted", then(func(s *model.State, f *model.Flight) { s.Count[model.TimeNS][s.Nsproxy[f.Nsproxy].TimeForChildren]-- })},
	{"unshare/copy_time_ns/dropped", drop},
	{"unshare/get_time_ns/that-of-children", instead(enterTimeNS)},

	// The other stages: what the child must not keep of its parent's, and the labels.
	{"clone/seccomp_filter_null/dropped", drop},
	{"clone/copy_seccomp/dropped", drop},
	{"clone/copy_seccomp/uncounted", then(uncount(model.Seccomp))},
	{"clone/security_task_alloc/dropped", drop},
	{"clone/security_task_alloc/always-shared", instead(shareIt(model.Security))},
	{"clone/security_task_free/undo-dropped", noUndo},
	{"clone/security_task_alloc/label-too-early", failTo("bad_fork_cleanup_security")},
	{"clone/security_task_alloc/label-too-late", failTo("bad_fork_cleanup_perf")},
	{"clone/copy_semundo/label-too-late", failTo("bad_fork_cleanup_audit")},
	{"clone/mpol_dup/label-too-early", failTo("bad_fork_cleanup_policy")},
	{"clone/sched_fork/label-too-late", failTo("bad_fork_cleanup_delayacct")},
	{"clone/audit_alloc/label-too-late", failTo("bad_fork_sched_cancel_fork")},
	{"clone/copy_files/label-too-early", failTo("bad_fork_cleanup_files")},
	{"clone/copy_files/label-too-late", failTo("bad_fork_cleanup_security")},
	{"clone/copy_fs/label-too-early", failTo("bad_fork_cleanup_fs")},
	{"clone/copy_fs/label-too-late", failTo("bad_fork_cleanup_semundo")},
	{"clone/copy_mm/label-too-late", failTo("bad_fork_cleanup_sighand")},
	{"clone/exit_files/undo-dropped", noUndo},
	{"clone/perf_event_free_task/undo-dropped", noUndo},
	{"clone/exit_task_namespaces/undo-dropped", noUndo},
	{"clone/mmput/undo-dropped", noUndo},
	{"clone/free_signal_struct/guard-dropped", noGuard},
	{"clone/alloc_pid/label-too-late", failTo("bad_fork_cleanup_namespaces")},
	{"clone/cgroup_can_fork/dropped", drop},
	{"clone/cgroup_can_fork/label-too-early", failTo("bad_fork_cancel_cgroup")},
	{"clone/cgroup_can_fork/label-too-late", failTo("bad_fork_cleanup_thread")},
	{"clone/sched_cgroup_fork/label-too-late", failTo("bad_fork_put_pidfd")},
	{"clone/adding_recheck/label-too-late", failTo("bad_fork_put_pidfd")},
	{"clone/fatal_signal_pending/label-too-late", failTo("bad_fork_put_pidfd")},
	{"clone/cgroup_post_fork/dropped", drop},
	{"clone/threadgroup_change_end/undo-dropped", noUndo},
	{"clone/threadgroup_change_end/undo-twice", undoTwice},
	{"clone/put_css_set/undo-dropped", noUndo},

	// The pidfd counts the struct pid while the fork holds it.
	{"clone/pidfd_prepare/uncounted", instead(func(s *model.State, f *model.Flight) {})},
	{"clone/pidfd_prepare/label-too-early", failTo("bad_fork_put_pidfd")},
	{"clone/pidfd_prepare/label-too-late", failTo("bad_fork_cleanup_thread")},
	{"clone/pidfd_put_user/label-too-late", failTo("bad_fork_free_pid")},
	{"clone/fput_pidfile/undo-dropped", noUndo},
	{"clone/fput_pidfile/undo-twice", undoTwice},
	{"clone/fput_pidfile/guard-dropped", noGuard},
	{"clone/fd_install/dropped", drop},

	// Numbers: the search, the cursor, a namespace that is dying or never began.
	{"clone/alloc_pidmap/no-number-at-the-top", then(func(s *model.State, f *model.Flight) { s.Pid[f.Pid].Nr[0] = 0 })},
	{"clone/alloc_pidmap/skips-one", first(func(s *model.State, f *model.Flight) { s.PidNS[childNS(s, f)].LastPid++ })},
	{"clone/alloc_pidmap/reuses", then(func(s *model.State, f *model.Flight) { s.PidNS[childNS(s, f)].LastPid-- })},
	{"clone/pid_allocated_adding/dropped", drop},
	{"clone/pid_allocated_adding/adding-ignored", instead(hash)},
	{"clone/pid_allocated_adding/label-too-late", failTo("out_free")},
	{"clone/put_pid_ns_unhashed/undo-dropped", noUndo},
	{"clone/free_pidmap/undo-dropped", noUndo},
	{"clone/reset_cursor/undo-dropped", noUndo},
	{"clone/reset_cursor/guard-dropped", noGuard},
	{"clone/free_pid/undo-dropped", noUndo},
	{"clone/free_pid/undo-twice", undoTwice},

	// Whose child it is, and who joins what.
	{"clone/exit_signal_of_thread/dropped", drop},
	{"clone/exit_signal_of_leader/as-asked", then(func(s *model.State, f *model.Flight) { s.Task[f.Child].ExitSignal = int16(f.Op.Sig) })},
	{"clone/exit_signal/dropped", drop},
	{"clone/has_child_subreaper/dropped", drop},
	{"clone/has_child_subreaper/creator", then(func(s *model.State, f *model.Flight) {
		p := group(s, f.Op.Actor)
		group(s, f.Child).HasChildSubreaper = p.HasChildSubreaper || p.IsChildSubreaper
	})},
	{"clone/has_child_subreaper/marks-only", then(func(s *model.State, f *model.Flight) {
		group(s, f.Child).HasChildSubreaper = group(s, s.Task[f.Child].RealParent).HasChildSubreaper
	})},
	{"clone/copy_signal/quick-threads-unset", then(func(s *model.State, f *model.Flight) { group(s, f.Child).QuickThreads = 0 })},
	{"clone/signal_quick_threads/dropped", drop},
	{"clone/signal_quick_threads/processes-too", on(0, 0)},

	// unshare: what binds a task, and what follows from what.
	{"unshare/newuser_implies_thread_fs/dropped", drop},
	{"unshare/newns_implies_fs/dropped", drop},
	{"unshare/unshare_unknown_flags/dropped", drop},
	{"unshare/unshare_unknown_flags/time-unknown", rule(func(r *model.Rule) { r.Any[0] |= model.CloneNewTime })},
	{"unshare/unshare_thread_group/dropped", drop},
	{"unshare/unshare_thread_group/newuser-forgotten", rule(func(r *model.Rule) { r.Any[0] &^= model.CloneThread })},
	{"unshare/unshare_sighand/dropped", drop},
	{"unshare/unshare_single_threaded/dropped", drop},
	{"unshare/unshare_single_threaded/everybody-refused", rule(func(r *model.Rule) { r.When = nil })},
	{"unshare/unshare_fs/dropped", drop},
	{"unshare/put_nsproxy/undo-dropped", noUndo},
	{"unshare/put_nsproxy/guard-dropped", noGuard},
	{"unshare/set_cred_ucounts/label-too-late", failTo("bad_unshare_cleanup_cred")},
	{"unshare/put_cgroup_ns/undo-dropped", noUndo},

	// do_exit.
	{"do_exit/synchronize_group_exit/dropped", drop},
	{"do_exit/synchronize_group_exit/code-of-the-leader", then(func(s *model.State, f *model.Flight) {
		if sig := group(s, f.Op.Actor); sig.QuickThreads == 0 && s.Task[f.Op.Actor].Leader != f.Op.Actor {
			sig.GroupExitCode = s.Task[s.Task[f.Op.Actor].Leader].ExitCode
		}
	})},
	{"do_exit/synchronize_group_exit/group-does-not-exit", around(noGroupExit)},
	{"do_exit/synchronize_group_exit/first-thread-ends-all", first(func(s *model.State, f *model.Flight) { group(s, f.Op.Actor).QuickThreads = 1 })},
	{"do_exit/seccomp_filter_release/dropped", drop},
	{"do_exit/seccomp_filter_release/uncounted", instead(func(s *model.State, f *model.Flight) { s.Task[f.Op.Actor].Ref[model.Seccomp] = 0 })},
	{"do_exit/find_child_reaper/dropped", drop},
	{"do_exit/disable_pid_allocation/dropped", drop},
	{"do_exit/zap_kill/dropped", drop},
	{"do_exit/zap_wait/dropped", drop},
	{"do_exit/find_new_reaper/dropped", drop},
	{"do_exit/find_new_reaper/exiting-thread-too", then(func(s *model.State, f *model.Flight) {
		if f.Reaper != 0 && group(s, f.Reaper) == group(s, f.Op.Actor) {
			f.Reaper = s.Task[f.Op.Actor].Leader
		}
	})},
	{"do_exit/find_new_reaper/subreapers-passed-over", first(func(s *model.State, f *model.Flight) { group(s, f.Op.Actor).HasChildSubreaper = false })},
	{"do_exit/find_new_reaper/own-thread-passed-over", then(func(s *model.State, f *model.Flight) {
		if f.Reaper != 0 && group(s, f.Reaper) == group(s, f.Op.Actor) {
			f.Reaper = s.PidNS[ownNS(s, s.Task[f.Op.Actor].Pids[model.PidtypePID])].Reaper
		}
	})},
	{"do_exit/forget_original_parent/dropped", drop},
	{"do_exit/release_dead/dropped", drop},
	{"do_exit/release_self/dropped", drop},
	{"die/do_group_exit/dropped", drop},
	{"exit_group/do_group_exit/dropped", drop},

	// kill, wait4, sysctl.
	{"wait4/wait4_int_min/dropped", drop},
	{"sysctl/sysctl_perm/dropped", drop},
	{"sysctl/pid_max_range/dropped", drop},
	{"sysctl/set_knob/dropped", drop},

	// What differs inside straight code.
	{"manner/PidMaxPerNS/off", manner},
	{"manner/KeepUnkillable/off", manner},
	{"manner/KernelOnlyForced/off", manner},
	{"manner/DropWhenDying/off", manner},
	{"manner/FatalToInit/off", manner},
	{"manner/DelayedSignals/off", manner},
	{"manner/FirstForkEnds/off", manner},
	{"manner/WakeAtTwo/off", manner},
	{"settle/get_signal_to_deliver/dropped", dropSettle},
	{"settle/restart_syscall/dropped", dropSettle},
	{"settle/wake_up/dropped", dropSettle},
}, switchesUndone()...)

// conversations are where the search begins for mutants that random traces seldom meet, or not at all because they show only while a call is
// held up; or whose trace would end up long, where no edit makes it plainer. It is a conversation of testdata/traces by name, or a trace,
// and the mutants of its version that it breaks.
var conversations = []struct {
	trace   string
	mutants []string
}{
	{`kernel v3.11
a.unshare(NEWPID)
b := a.clone(FS)
a.unshare(FS|NEWPID)`, []string{"unshare/free_fs_struct/undo-dropped"}},
	{`kernel v6.x
a.sysctl(max_mnt_namespaces, 0)
b := a.clone(NEWNS)`, []string{"clone/copy_mnt_ns/limit-ignored"}},
	{`kernel v6.x
a.sysctl(max_uts_namespaces, 0)
a.unshare(NEWUTS)`, []string{"unshare/copy_utsname/limit-ignored"}},
	{`kernel v6.x
a.sysctl(max_uts_namespaces, 0)
b := a.clone(NEWUTS)`, []string{"clone/copy_utsname/limit-ignored"}},
	{`kernel v6.x
a.sysctl(max_user_namespaces, 0)
b := a.clone(NEWUSER)`, []string{"clone/create_user_ns/limit-ignored"}},
	{`kernel v6.x
a.sysctl(max_pid_namespaces, 0)
b := a.clone(NEWPID)`, []string{"clone/copy_pid_ns/limit-ignored"}},
	{`kernel v6.x
a.sysctl(max_time_namespaces, 0)
a.unshare(NEWTIME)`, []string{"unshare/copy_time_ns/limit-ignored"}},
	{"v6-flags-pidfd-parent-settid", []string{
		"clone/pidfd_parent_settid/dropped",
		"clone/pidfd_parent_settid/refused-alone",
		"switch/pidfd/undone",
	}},
	{"v6-flags-pidfd-detached", []string{
		"clone/pidfd_detached/dropped",
	}},
	{"v6-pidfd-burns-number", []string{
		"clone/fd_install/dropped",
		"clone/fput_pidfile/undo-twice",
		"clone/fput_pidfile/undo-dropped",
		"clone/pidfd_put_user/label-too-late",
		"clone/pidfd_prepare/label-too-late",
		"clone/pidfd_prepare/label-too-early",
		"clone/pidfd_prepare/uncounted",
	}},
	{"v6-time-for-children", []string{
		"unshare/get_time_ns/that-of-children",
		"clone/timens_on_fork/dropped",
		"clone/timens_on_fork/vm-too",
		"clone/timens_on_fork/uncounted",
		"clone/timens_differs/dropped",
		"clone/timens_differs/vm-too",
		"unshare/unshare_unknown_flags/time-unknown",
	}},
	{"v6-time-counted", []string{
		"unshare/copy_time_ns/uncharged",
	}},
	{"v6-fault-namespaces", []string{
		"clone/copy_cgroup_ns/label-too-late",
		"clone/copy_cgroup_ns/label-too-early",
		"switch/new_namespaces/undone",
	}},
	{"v6-flags-newcgroup-is-a-namespace", []string{
		"clone/copy_cgroup_ns/never-new",
		"clone/copy_cgroup_ns/uncharged",
	}},
	{"v6-ucounts-user-namespace-depth", []string{
		"clone/create_user_ns/one-level-deeper",
	}},
	{"v6-nproc-nested-namespaces", []string{
		"clone/rlimit_nproc/own-limit-everywhere",
	}},
	{"v6-pidns-init-dies-during-fork", []string{
		"clone/adding_recheck/dropped",
		"switch/adding_recheck/undone",
	}},
	{"v6-stop-joined-by-new-thread", []string{
		"clone/task_join_group_stop/dropped",
		"switch/join_group_stop/undone",
	}},
	{"v6-signal-stop-reaches-newborn", []string{
		"clone/calculate_sigpending/dropped",
	}},
	{"v6-signal-for-group-reaches-newborn", []string{
		"clone/shared_pending_delayed/dropped",
		"clone/multiprocess/dropped",
		"manner/DelayedSignals/off",
		"switch/delayed_signals/undone",
	}},
	{"v6-signal-later-does-not-abort", []string{
		"clone/fatal_signal_pending/any-signal",
		"switch/signals_first/undone",
	}},
	{"v6-signal-group-exit-aborts-thread", []string{
		"clone/fatal_signal_pending/dropped",
	}},
	{"v6-pidns-second-thread-of-init-ends-last", []string{
		"manner/WakeAtTwo/off",
		"switch/woken_at_two/undone",
	}},
	{"v6-init-killed-with-threads", []string{
		"manner/FatalToInit/off",
		"switch/fatal_to_init/undone",
	}},
	{"v6-wait-int-min", []string{
		"wait4/wait4_int_min/dropped",
		"switch/int_min/undone",
	}},
	{"v6-clone-exit-signal-under-lock", []string{
		"switch/exit_signal_locked/undone",
	}},
	{`kernel v6.x
t := a.clone(VM|SIGHAND|THREAD)
u := a.clone(VM|SIGHAND|THREAD)
w := t.clone(VM|SIGHAND|THREAD).pause(copy_mm)
b := u.fork().pause(copy_mm)
init.kill(a, STOP)
t.resume()`, []string{
		"clone/task_join_group_stop/uncounted",
	}},
	{`kernel v6.x
a.sigaction(USR1, HANDLER)
t := a.clone(VM|SIGHAND|THREAD)
a.fork().pause(copy_mm)
init.kill(a, USR1)
b := t.fork()`, []string{
		"clone/signal_pending/dropped",
	}},
	{`kernel v6.x
a.sigaction(USR1, HANDLER)
t := a.clone(VM|SIGHAND|THREAD)
a.fork().pause(copy_mm)
init.kill(a, USR1)
u := t.clone(VM|SIGHAND|THREAD)`, []string{
		"clone/signal_pending/threads-fork-on",
	}},
	{`kernel v6.x
a.unshare(NEWPID)
b := a.fork()
b.exit(0)
a.fork().pause(cgroup_can_fork)`, []string{
		"clone/pid_allocated_adding/adding-ignored",
	}},
	{`kernel v6.x uid=1000 nproc=3
t := a.clone(VM|SIGHAND|THREAD)
b := a.fork().pause(prepare_creds)
c := t.fork()
a.resume()`, []string{
		"switch/nproc_order/undone",
	}},
	{`kernel v6.x world=container
b := init.fork().pause(copy_mm)
host.kill(init, TERM)`, []string{
		"manner/KernelOnlyForced/off",
		"switch/forced_signals/undone",
	}},
	{`kernel v6.x
b := a.fork()
b.fork().pause(copy_mm)
a.kill(b, KILL)
a.kill(b, TERM)`, []string{
		"manner/DropWhenDying/off",
		"switch/dying_drops/undone",
	}},
	{`kernel v6.x
a.unshare(NEWUSER|NEWUTS).fault(set_cred_ucounts, EAGAIN)`, []string{
		"unshare/set_cred_ucounts/label-too-late",
		"unshare/put_nsproxy/undo-dropped",
	}},
	{`kernel v6.x
a.unshare(NEWTIME|NEWNET).fault(copy_time_ns, ENOMEM)`, []string{
		"unshare/put_net/undo-dropped",
	}},
	{`kernel v6.x
t := a.clone(VM|SIGHAND|THREAD)
u := t.clone(VM|SIGHAND|THREAD)
b := t.fork()
t.exit(0)`, []string{
		"switch/heirs/undone",
	}},
	{`kernel v6.x
b := a.clone(NEWUSER)`, []string{
		"clone/inc_rlimit_ucounts/creator",
		"clone/set_cred_ucounts/uncounted",
		"clone/create_user_ns/uncharged",
		"clone/create_user_ns/limited-by-root",
		"clone/set_cred_ucounts/old-kept",
	}},
	{`kernel v6.x
a.clone(NEWNET).fault(copy_net_ns, ENOSPC)`, []string{
		"clone/put_pid_ns/undo-dropped",
		"clone/copy_net_ns/label-too-late",
		"clone/put_cgroup_ns/undo-twice",
		"clone/put_cgroup_ns/undo-dropped",
	}},
	{`kernel v6.x
a.unshare(NEWPID)
a.fork().fault(cgroup_can_fork, EAGAIN)`, []string{
		"switch/first_fork_ends/undone",
		"manner/FirstForkEnds/off",
	}},
	{`kernel v6.x
a.unshare(NEWPID)
a.fork().fault(alloc_pidmap_parents, EAGAIN)`, []string{
		"clone/reset_cursor/undo-dropped",
		"switch/cursor_reset/undone",
	}},
	{`kernel v6.x nproc=0
a.unshare(NEWUSER)
a.map_ids()
b := a.clone(NEWUSER)`, []string{
		"clone/create_user_ns/no-limit-of-its-own",
	}},
	{`kernel v6.x dress
a.fork().fault(audit_alloc, ENOMEM)`, []string{
		"clone/audit_alloc/label-too-late",
	}},
	{`kernel v6.x world=container
a.sysctl(pid_max, 302)`, []string{
		"manner/PidMaxPerNS/off",
	}},
	{`kernel v6.x
b := a.clone(NEWUTS|NEWUSER)`, []string{
		"clone/copy_utsname/levels-above-uncharged",
	}},
	{`kernel v6.x user_ns_depth=0
b := a.clone(NEWUSER)
b.clone(NEWUSER)`, []string{
		"switch/user_ns_depth/undone",
	}},
	{`kernel v6.x
a.fork().fault(copy_files, ENOMEM)`, []string{
		"clone/copy_files/label-too-early",
	}},
	{`kernel v6.x
a.clone(SYSVSEM).fault(copy_files, ENOMEM)`, []string{
		"clone/copy_files/label-too-late",
	}},
	{`kernel v6.x
a.unshare(NEWNET).fault(copy_net_ns, ENOSPC)`, []string{
		"unshare/put_cgroup_ns/undo-dropped",
	}},
	{`kernel v6.x
a.unshare(NEWUSER)
a.setrlimit(NPROC, 0, 0)
a.fork()`, []string{
		"clone/rlimit_nproc/root-bound-too",
	}},
	{`kernel v6.x
a.sysctl(max_uts_namespaces, 1)
a.clone(NEWUTS)`, []string{
		"clone/copy_utsname/limit-too-low",
	}},
	{`kernel v6.x
init.sigprocmask(BLOCK, TSTP)
b := init.clone(VM|SIGHAND|THREAD)
b.sigprocmask(UNBLOCK, TSTP)
b.wait4(-1)
a.kill(init, TSTP)`, []string{
		"settle/restart_syscall/dropped",
	}},
}

// conversationFor is the conversation for a mutant of a version, "" if there is none.
func conversationFor(version, name string) string {
	for i := range conversations {
		c := &conversations[i]
		of, ok := strings.CutPrefix(c.trace, "kernel ")
		if !ok { // a file: those that are named here are of v6.x
			of = invariants.V6
		}
		if strings.HasPrefix(of, version) && slices.Contains(c.mutants, name) {
			return c.trace
		}
	}
	return ""
}

// unseen are the switches that are no mutants of their own, mostly because nothing breaks when they are undone.
var unseen = map[string]string{
	"dead_ns_leak":      "it is clone/put_pid_ns_unhashed/undo-dropped",
	"lsm_hook":          "a call that fails does so without a trace, wherever the hook stands",
	"child_tid_early":   "the two words are the child's own, and nothing looks at them before it is there",
	"sched_and_cgroups": "it takes away ways to fail",
	"exec_domain":       "it is one more way to fail",
	"proc_mount":        "it is one more way to fail",
	"release_at_end":    "parent and orphans are gone when the call is over, in either order",
	"zap_by_group":      "SIGKILL to a thread begins the exit of its group, too",
	"init_panic":        "the machine is down when the call is over, a few rows earlier or later",
	"exit_in_one":       "nothing is said of the moment between the two holds",
	"group_exit_alone":  "a single thread's exit makes it a group exit all the same, in synchronize_group_exit",
	"unshare_fs_copy":   "a copy of what nobody shares cannot be told from what was there",
}

// switchesUndone is a mutant for each switch that can be seen.
func switchesUndone() (list []mutant) {
	for i := range model.Switches {
		if name := model.Switches[i].Name; unseen[name] == "" {
			list = append(list, mutant{"switch/" + name + "/undone", undone})
		}
	}
	return list
}

// undone takes back one thing that v6.x does in another way than v3.11.
func undone(v *model.Version, _, name string) bool {
	for i := range model.Switches {
		if sw := &model.Switches[i]; sw.Name == name {
			sw.Undo(v)
			return true
		}
	}
	return false
}

// manner turns off one of the manners.
func manner(v *model.Version, _, name string) bool {
	field := reflect.ValueOf(&v.Manners).Elem().FieldByName(name)
	if !field.IsValid() || !field.Bool() {
		return false
	}
	field.SetBool(false)
	return true
}

// childNS is the pid namespace that a child is born in.
func childNS(s *model.State, f *model.Flight) model.PidNSID {
	return s.Nsproxy[s.Task[f.Child].Ref[model.Nsproxy]].ForChildren
}

// ucounts is where a task is charged; above is where a charge goes next.
func ucounts(s *model.State, t model.TaskID) model.UcountsID {
	return s.Cred[s.Task[t].Ref[model.Cred]].Ucounts
}
func above(s *model.State, id model.UcountsID) model.UcountsID {
	return s.Charged[model.UserNSClass-model.MntNS][s.Ucounts[id].NS]
}

// chargeOwnLevel charges a child in its own user namespace only.
func chargeOwnLevel(do func(), s *model.State, f *model.Flight) {
	was := s.Ucounts
	do()
	for id, own := range s.Ucounts {
		if model.UcountsID(id) != ucounts(s, f.Child) {
			own.Nproc = was[id].Nproc
			s.Ucounts[id] = own
		}
	}
}

// chargeCreator charges a child to the ucounts of its creator.
func chargeCreator(s *model.State, f *model.Flight) {
	for id, fuel := ucounts(s, f.Op.Actor), model.MaxUcounts; id != 0 && fuel > 0; id, fuel = above(s, id), fuel-1 {
		s.Ucounts[id].Nproc++
	}
}

// ownLevelOnly compares the first counter and not those above.
func ownLevelOnly(l *model.Limit) {
	l.Value = func(k *model.Kernel, s *model.State, f *model.Flight) int {
		limit := int(group(s, f.Op.Actor).NprocCur)
		if limit == int(model.RlimInfinity) {
			limit = 1 << 30
		}
		return int(s.Ucounts[ucounts(s, f.Child)].Nproc) - limit
	}
}

// ownLimitEverywhere compares the counters above with the limit of the caller.
func ownLimitEverywhere(l *model.Limit) {
	old := l.Value
	l.Value = func(k *model.Kernel, s *model.State, f *model.Flight) int {
		same := *s
		for i := range same.UserNS {
			same.UserNS[i].NprocMax = group(s, f.Op.Actor).NprocCur
		}
		return old(k, &same, f)
	}
}

// keepUcounts forgets to put the ucounts that a cred had.
func keepUcounts(do func(), s *model.State, f *model.Flight) {
	s.Ucounts[s.Cred[f.Cred].Ucounts].Count++
	do()
}

// uncharged forgets who made a namespace: the charge is taken back, and the namespace does not know of it.
func uncharged(class model.Class) code {
	return func(s *model.State, f *model.Flight) {
		charged := &s.Charged[class-model.MntNS][made(s, f, class)]
		for id, fuel := *charged, model.MaxUcounts; id != 0 && fuel > 0; id, fuel = above(s, id), fuel-1 {
			s.Ucounts[id].Namespaces[class-model.MntNS]--
		}
		*charged = 0
	}
}

// unchargeAbove takes back what a new namespace charges on the levels above.
func unchargeAbove(s *model.State, f *model.Flight, class model.Class) {
	kind := class - model.MntNS
	first := s.Charged[kind][made(s, f, class)]
	for id, fuel := above(s, first), model.MaxUcounts; first != 0 && newOne(s, f, class) && id != 0 && fuel > 0; id, fuel = above(s, id), fuel-1 {
		s.Ucounts[id].Namespaces[kind]--
	}
}

// made is the namespace that a row has just put into the new nsproxy or the new cred, if it is new; 0 otherwise.
func made(s *model.State, f *model.Flight, class model.Class) (id model.Ref) {
	n := &s.Nsproxy[f.Nsproxy]
	switch class {
	case model.UserNSClass:
		id = model.Ref(s.Cred[f.Cred].UserNS)
	case model.PidNSClass:
		id = model.Ref(n.ForChildren)
	case model.TimeNS:
		id = n.TimeForChildren
	default:
		id = n.NS[class-model.MntNS]
	}
	if s.Count[class][id] != 1 {
		return 0
	}
	return id
}

// newOne says whether a row has made a namespace.
func newOne(s *model.State, f *model.Flight, class model.Class) bool { return made(s, f, class) != 0 }

// unlimited makes a namespace as if there were no maximum anywhere.
func unlimited(do func(), s *model.State, f *model.Flight) {
	moreOf(do, s, func(most *uint8) { *most = model.UcountUnlimited })
}

// oneLess makes a namespace as if each maximum were one lower.
func oneLess(do func(), s *model.State, f *model.Flight) {
	moreOf(do, s, func(most *uint8) {
		if *most != model.UcountUnlimited {
			*most = max(*most, 1) - 1
		}
	})
}

// moreOf runs a row under other maxima. Those of a namespace that it makes stay.
func moreOf(do func(), s *model.State, change func(most *uint8)) {
	was, there := s.UserNS, s.Count[model.UserNSClass]
	for i := range s.UserNS {
		for kind := range s.UserNS[i].UcountMax {
			if there[i] > 0 {
				change(&s.UserNS[i].UcountMax[kind])
			}
		}
	}
	do()
	for i := range s.UserNS {
		if there[i] > 0 {
			s.UserNS[i].UcountMax = was[i].UcountMax
		}
	}
}

// deeperUserNS allows one more level of user namespaces.
var deeperUserNS = row(func(r *model.Row) {
	body := r.Body
	r.Body = model.Func(func(k *model.Kernel, s *model.State, f *model.Flight) model.Errno {
		deeper := *k
		deeper.UserNSDepth++
		return body.Do(&deeper, s, f)
	})
})

// enterTimeNS moves the caller of unshare into its new time namespace.
func enterTimeNS(s *model.State, f *model.Flight) {
	n := &s.Nsproxy[f.Nsproxy]
	s.Count[model.TimeNS][n.TimeForChildren]++
	n.NS[model.TimeNS-model.MntNS] = n.TimeForChildren
}

// noGroupExit counts a thread that begins to exit and does not end the group.
func noGroupExit(do func(), s *model.State, f *model.Flight) {
	sig := group(s, f.Op.Actor)
	was := *sig
	do()
	was.QuickThreads = sig.QuickThreads
	*sig = was
}
