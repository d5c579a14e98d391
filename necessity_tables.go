package forkcheck

import (
	"math"
	"slices"

	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// look is a scope as it is searched: how deep, and how much further once a refusal was lifted.
type look struct {
	scope, world string
	depth, ahead int
}

// looks are where it is looked for what is refused.
var looks = []look{
	{"flags", "", 1, 1},
	{"flags", "uid=1000", 1, 0},
	{"unshare", "", 2, 2},
	{"limits", "", 3, 1},
	{"pidns", "", 3, 1},
	{"pidns", "world=container", 2, 1},
	{"family", "", 2, 2},
	{"wait", "", 2, 2},
	{"signals", "uid=1000", 2, 2},
	{"namespaces", "", 2, 2},
	{"namespaces", "uid=1000", 2, 1},
	{"arguments", "", 2, 1},
	{"arguments", "uid=1000", 2, 1},
	{"few threads", "", 3, 1},
	{"pid depth", "", 3, 1},
	{"dead namespace", "", 5, 1},
	{"held forks", "", 4, 1},
	{"user depth", "", 3, 1},
}

// strictLooks are where it is looked for what a stricter check refuses.
var strictLooks = []look{
	{"flags", "", 1, 0},
	{"flags", "uid=1000", 1, 0},
	{"unshare", "", 2, 0},
	{"limits", "", 3, 0},
	{"limits", "nproc=2 caps=none", 2, 0},
	{"limits", "uid=1000 nproc=2 caps=SYS_RESOURCE", 2, 0},
	{"limits", "uid=1000 nproc=2 caps=SYS_ADMIN", 2, 0},
	{"pidns", "", 2, 0},
	{"pidns", "world=container", 1, 0},
	{"arguments", "", 2, 0},
	{"few threads", "", 3, 0},
}

// aftermath is what is tried once a refusal was lifted.
var aftermath = generators.Scope{Name: "aftermath", Tasks: 8, Letters: letters(
	model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneSighand | model.CloneThread},
	model.Op{Kind: model.Exit}, model.Op{Kind: model.ExitGroup}, model.Op{Kind: model.Wait4, Arg: -1}, model.Op{Kind: model.Unshare, Flags: model.CloneNewPID},
	model.Op{Kind: model.Kill, Sig: model.SIGKILL, Target: generators.Anyone}, model.Op{Kind: model.Kill, Sig: model.SIGUSR1, Target: generators.Anyone})}

// needCorners are scopes of a few letters, where the others do not come to a row.
var needCorners = []generators.Scope{
	{Name: "arguments", Tasks: 5, Lazy: true, Letters: letters(slices.Concat(clones(0, model.CloneVM|model.CloneSighand|model.CloneThread,
		model.CloneNewIPC|model.CloneSysvsem, model.ClonePidfd|model.CloneParentSettid, model.ClonePidfd|model.CloneDetached, model.ClonePidfd, model.CloneParentSettid, model.CloneDetached, model.CloneNewUser), []model.Op{
		{Kind: model.Unshare, Flags: model.CloneVfork}, {Kind: model.Unshare, Flags: model.CloneNewUser}, {Kind: model.MapIDs}, {Kind: model.Exit},
		{Kind: model.Wait4, Arg: -1}, {Kind: model.Wait4, Arg: -1, Flags: 1 << 4}, {Kind: model.Wait4, Arg: math.MinInt32},
		{Kind: model.Kill, Sig: model.SIGTERM, Target: generators.Anyone}, {Kind: model.Kill, Sig: model.SIGTERM, Arg: math.MinInt32},
		{Kind: model.Tkill, Sig: model.SIGTERM}, {Kind: model.Tkill, Sig: model.SIGTERM, Target: generators.Anyone},
		{Kind: model.Tgkill, Sig: model.SIGTERM}, {Kind: model.Tgkill, Sig: model.SIGTERM, Target: generators.Anyone},
		{Kind: model.Tgkill, Sig: model.SIGUSR1, Arg: 2, Arg2: 1}, {Kind: model.Tgkill, Sig: model.SIGUSR1, Arg: 3, Arg2: 1},
		{Kind: model.Sigaction, Mode: model.SigIgn}, {Kind: model.Sigaction, Sig: model.SIGKILL, Mode: model.SigIgn}, {Kind: model.Sigaction, Sig: model.NSIG + 1, Mode: model.SigIgn},
		{Kind: model.Setrlimit, Arg: 3, Arg2: 2}, {Kind: model.Setrlimit, Arg: 2, Arg2: 2}, {Kind: model.Setrlimit, Arg: 2, Arg2: 3},
		{Kind: model.Sysctl}, {Kind: model.Sysctl, Arg: 400}, {Kind: model.Sysctl, Arg2: int32(model.KnobUTS), Arg: -1}, {Kind: model.Sysctl, Arg2: int32(model.KnobUTS)},
	})...)},
	{Name: "few threads", World: "max_threads=4", Tasks: 6, Lazy: true, Letters: letters(slices.Concat(
		clones(0, model.CloneVM|model.CloneSighand|model.CloneThread), endings)...)},
	{Name: "pid depth", World: "pid_ns_depth=1", Tasks: 5, Lazy: true, Letters: letters(slices.Concat(clones(0, model.CloneNewPID), endings)...)},
	{Name: "user depth", World: "user_ns_depth=0", Tasks: 5, Lazy: true, Letters: letters(slices.Concat(clones(model.CloneNewUser), endings,
		[]model.Op{{Kind: model.Unshare, Flags: model.CloneNewUser}, {Kind: model.MapIDs}})...)},
	{Name: "dead namespace", Tasks: 5, Forks: 1, Lazy: true, Letters: func(k *model.Kernel) []generators.Letter {
		return slices.Concat(clones(0), held(k, "thread_group"), []model.Op{{Kind: model.Unshare, Flags: model.CloneNewPID}, {Kind: model.Exit}})
	}},
	{Name: "held forks", Tasks: 5, Forks: 1, Letters: func(k *model.Kernel) []generators.Letter {
		return append(held(k, "dup_task_struct", "multiprocess"), model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGUSR1},
			model.Op{Kind: model.Sigaction, Sig: model.SIGUSR1, Mode: model.SigHandler})
	}},
}

// endings are how tasks end.
var endings = []model.Op{{Kind: model.Exit}, {Kind: model.Wait4, Arg: -1}}

// clones are clones with some words of flags.
func clones(words ...model.Flags) (list []model.Op) {
	for _, w := range words {
		list = append(list, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: w})
	}
	return list
}

// held are forks that stop before a row, of those that the version has.
func held(k *model.Kernel, rows ...string) (list []model.Op) {
	for _, name := range rows {
		if row := k.Calls[model.Clone].Row(name); row >= 0 {
			list = append(list, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Pause: uint16(row) + 1})
		}
	}
	return list
}

// Purpose says what a refusal is for that breaks nothing when it is lifted.
type Purpose struct {
	Row      string // a row, or a row of one call only
	Errno    model.Errno
	Versions string // the version that it speaks of; "" is all
	Says     string
}

// in reports whether it speaks of a version.
func (p *Purpose) in(version string) bool {
	return p.Versions == "" || model.SameVersion(p.Versions, version)
}

// findings are the checks that refuse more than they have to.
var findings = []Purpose{
	{"newuser_newpid_thread_parent", model.EINVAL, invariants.V311, "only THREAD does harm: a sibling in a user or pid namespace of its own is as good as a child; v3.13 lifted it (commit 1f7f4dde5c94)"},
	{"thread_in_other_pidns", model.EINVAL, invariants.V311, "only THREAD does harm: vfork after unshare(NEWPID) is as good as fork; v3.12 lifted it (commit e79f525e99b0)"},
	{"unshare_shared_mm", model.EINVAL, invariants.V311, "one counter, the users of the memory, stands for threads, handlers and memory: threads forbid NEWPID, which does them no harm, and a child that shares only the memory forbids NEWUSER; v4.3 looks at each for itself"},
	{"unshare_thread_group", model.EINVAL, invariants.V6, "a leader that has exited counts as a thread: the last one may not have a user namespace of its own; v3.11, which looks at the memory, lets it"},
}

// reasons say what the other refusals are for.
var reasons = []Purpose{
	{"newns_fs", model.EINVAL, "", "not in the model: the root and the working directory of a fs_struct are in one mount namespace"},
	{"newuser_fs", model.EINVAL, "", "permission: a child that is privileged in its own user namespace could chroot its creator"},
	{"parent_of_init", model.EINVAL, "", "policy: the init of a pid namespace makes no siblings, so that what it makes ends with it"},
	{"pidfd_parent_settid", model.EINVAL, invariants.V6, "argument: there is one place for two answers"},
	{"pidfd_detached", model.EINVAL, invariants.V6, "argument: the flag is kept free for another use"},
	{"rlimit_nproc", model.EAGAIN, "", "limit: processes of a user"},
	{"max_threads", model.EAGAIN, "", "limit: threads of the machine"},
	{"create_user_ns", model.EUSERS, invariants.V311, "limit: nesting of user namespaces"},
	{"create_user_ns", model.ENOSPC, invariants.V6, "limit: nesting of user namespaces, and how many a user may have"},
	{"create_user_ns", model.EPERM, "", "permission: who has no uid in its user namespace owns none below"},
	{"namespaces_ns_capable", model.EPERM, "", "permission: CAP_SYS_ADMIN"},
	{"newipc_sysvsem", model.EINVAL, "", "not in the model: an undo list is of the semaphores of one ipc namespace"},
	{"clone copy_pid_ns", model.EINVAL, invariants.V311, "limit: nesting of pid namespaces"},
	{"unshare copy_pid_ns", model.EINVAL, "", "policy: whose children are born in another pid namespace makes none, so that nobody asks below which of the two"},
	{"copy_mnt_ns", model.ENOSPC, invariants.V6, "limit: mount namespaces of a user"},
	{"copy_utsname", model.ENOSPC, invariants.V6, "limit: uts namespaces of a user"},
	{"copy_ipcs", model.ENOSPC, invariants.V6, "limit: ipc namespaces of a user"},
	{"copy_pid_ns", model.ENOSPC, invariants.V6, "limit: nesting of pid namespaces, and how many a user may have"},
	{"copy_cgroup_ns", model.ENOSPC, invariants.V6, "limit: cgroup namespaces of a user"},
	{"copy_net_ns", model.ENOSPC, invariants.V6, "limit: net namespaces of a user"},
	{"copy_time_ns", model.ENOSPC, invariants.V6, "limit: time namespaces of a user"},
	{"signal_pending", model.ERESTARTNOINTR, invariants.V6, "policy: a signal to the whole group that came before the child would miss it; the fork begins anew after the signal"},
	{"unshare_unknown_flags", model.EINVAL, "", "argument: flags that unshare does not know"},
	{"wait4_options", model.EINVAL, "", "argument: options that wait4 does not know"},
	{"kill_something_info", model.EPERM, "", "permission: the same uid, or CAP_KILL"},
	{"do_send_specific", model.EPERM, "", "permission: the same uid, or CAP_KILL"},
	{"tgkill_tgid", model.ESRCH, "", "addressing: the number may be another thread's by now"},
	{"sigaction_signal", model.EINVAL, "", "argument: signals that do not exist"},
	{"rlim_cur_above_max", model.EINVAL, "", "argument: a soft limit above the hard one"},
	{"rlim_max_raised", model.EPERM, "", "permission: CAP_SYS_RESOURCE"},
	{"map_write_permission", model.EPERM, "", "permission: CAP_SYS_ADMIN, and only once"},
	{"sysctl_lookup", model.ENOENT, invariants.V311, "addressing: there is no such knob"},
	{"sysctl_perm", model.EACCES, "", "permission: root, or CAP_SYS_RESOURCE"},
	{"pid_max_range", model.EINVAL, "", "argument: the range of pid_max"},
	{"ucount_max_range", model.EINVAL, invariants.V6, "argument: the range of the maximum"},
}

// unmet are the refusals that nobody ever sees.
var unmet = []Purpose{
	{"clone copy_time_ns", model.ENOSPC, invariants.V6, "never: clone has no NEWTIME"},
	{"fatal_signal_pending", model.EINTR, invariants.V6, "never: nobody is left to be told"},
}
