package model

// madeV6 are the mutants by hand of what v6.x has of its own, or does in another way.
var madeV6 = []byHand{
	// The rules on flags.
	{"v6.x", "clone", "thread_in_other_pidns", "vm-refused", ruled(func(r *Rule) { r.All = CloneVM })},
	// Signals: those before the fork end it, of those that come meanwhile only fatal ones do, and the child gets what is for many.
	{"v6.x", "clone", "signal_pending", "threads-fork-on", runsOn(0, CloneThread)},
	{"v6.x", "clone", "fatal_signal_pending", "any-signal", ruled(func(r *Rule) {
		r.When = func(k *Kernel, s *State, f *Flight) bool {
			t := &s.Task[f.Op.Actor]
			return (t.Pending|groupOf(s, f.Op.Actor).Shared)&^t.Blocked != 0
		}
	})},
	{"v6.x", "clone", "shared_pending_delayed", "kept-from-parent", then(keepShared)},
	{"v6.x", "clone", "task_join_group_stop", "uncounted", then(func(s *State, f *Flight) { groupOf(s, f.Child).StopCount = 0 })},
	{"v6.x", "clone", "adding_recheck", "before-the-cgroup", movedBefore("cgroup_can_fork")},
	// RLIMIT_NPROC: charged first, on every level, and compared on every level.
	{"v6.x", "clone", "inc_rlimit_ucounts", "not-for-threads", runsOn(0, CloneThread)},
	{"v6.x", "clone", "inc_rlimit_ucounts", "own-level-only", around(chargeOwnLevel)},
	{"v6.x", "clone", "inc_rlimit_ucounts", "creator", instead(chargeCreator)},
	{"v6.x", "clone", "rlimit_nproc", "before-the-charge", movedBefore("inc_rlimit_ucounts")},
	{"v6.x", "clone", "rlimit_nproc", "levels-above-forgotten", limited(ownLevelOnly)},
	{"v6.x", "clone", "rlimit_nproc", "own-limit-everywhere", limited(ownLimitEverywhere)},
	{"v6.x", "clone", "set_cred_ucounts", "uncounted", then(func(s *State, f *Flight) { s.Ucounts[s.Cred[f.Cred].Ucounts].Count-- })},
	{"v6.x", "clone", "set_cred_ucounts", "old-kept", around(keepUcounts)},
	{"v6.x", "clone", "prepare_creds", "ucounts-uncounted", then(func(s *State, f *Flight) { s.Ucounts[s.Cred[f.Cred].Ucounts].Count-- })},
	{"v6.x", "clone", "create_user_ns", "no-limit-of-its-own", then(func(s *State, f *Flight) {
		s.UserNS[s.Cred[f.Cred].UserNS].NprocMax = RlimInfinity
	})},
	{"v6.x", "clone", "create_user_ns", "limited-by-root", then(func(s *State, f *Flight) {
		s.UserNS[s.Cred[f.Cred].UserNS].NprocMax = 0
	})},
	{"v6.x", "unshare", "set_cred_ucounts", "old-kept", around(keepUcounts)},
	// Namespaces: who is charged, how many there may be, and how deep they nest.
	{"v6.x", "clone", "create_user_ns", "uncharged", then(uncharged(UserNSClass))},
	{"v6.x", "clone", "create_user_ns", "limit-ignored", around(unlimited)},
	{"v6.x", "clone", "create_user_ns", "one-level-deeper", deeperUserNS},
	{"v6.x", "clone", "copy_mnt_ns", "uncharged", then(uncharged(MntNS))},
	{"v6.x", "clone", "copy_utsname", "uncharged", then(uncharged(UTSNS))},
	{"v6.x", "clone", "copy_ipcs", "uncharged", then(uncharged(IPCNS))},
	{"v6.x", "clone", "copy_pid_ns", "uncharged", then(uncharged(PidNSClass))},
	{"v6.x", "clone", "copy_cgroup_ns", "uncharged", then(uncharged(CgroupNS))},
	{"v6.x", "clone", "copy_net_ns", "uncharged", then(uncharged(NetNS))},
	{"v6.x", "unshare", "copy_time_ns", "uncharged", then(uncharged(TimeNS))},
	{"v6.x", "clone", "copy_mnt_ns", "limit-ignored", around(unlimited)},
	{"v6.x", "clone", "copy_utsname", "limit-ignored", around(unlimited)},
	{"v6.x", "clone", "copy_pid_ns", "limit-ignored", around(unlimited)},
	{"v6.x", "clone", "copy_utsname", "limit-too-low", around(oneLess)},
	{"v6.x", "clone", "copy_utsname", "levels-above-uncharged", then(func(s *State, f *Flight) { unchargeAbove(s, f, UTSNS) })},
	{"v6.x", "unshare", "copy_utsname", "limit-ignored", around(unlimited)},
	{"v6.x", "unshare", "copy_time_ns", "limit-ignored", around(unlimited)},
	{"v6.x", "unshare", "create_user_ns", "limit-ignored", around(unlimited)},
	{"v6.x", "clone", "copy_pid_ns", "one-level-deeper", deeper},
	{"v6.x", "clone", "copy_cgroup_ns", "always-new", beforehand(func(s *State, f *Flight) { f.Flags |= CloneNewCgroup })},
	{"v6.x", "clone", "copy_cgroup_ns", "never-new", beforehand(func(s *State, f *Flight) { f.Flags &^= CloneNewCgroup })},
	// Time namespaces are entered at birth, unless the memory is shared.
	{"v6.x", "clone", "timens_on_fork", "uncounted", then(func(s *State, f *Flight) { s.Count[TimeNS][s.Nsproxy[f.Nsproxy].TimeForChildren]-- })},
	{"v6.x", "unshare", "get_time_ns", "that-of-children", instead(enterTimeNS)},
	// The other stages: what the child must not keep of its parent's, and the labels.
	{"v6.x", "clone", "copy_seccomp", "uncounted", then(uncount(Seccomp))},
	// The pidfd counts the struct pid while the fork holds it.
	{"v6.x", "clone", "pidfd_prepare", "uncounted", instead(func(s *State, f *Flight) {})},
	// Numbers: the search, the cursor, a namespace that is dying or never began.
	{"v6.x", "clone", "alloc_pidmap", "no-number-at-the-top", then(func(s *State, f *Flight) { s.Pid[f.Pid].Nr[0] = 0 })},
	{"v6.x", "clone", "alloc_pidmap", "skips-one", beforehand(func(s *State, f *Flight) { s.PidNS[s.forChildren(f.Child)].LastPid++ })},
	{"v6.x", "clone", "alloc_pidmap", "reuses", then(func(s *State, f *Flight) { s.PidNS[s.forChildren(f.Child)].LastPid-- })},
	{"v6.x", "clone", "pid_allocated_adding", "adding-ignored", instead(hashAnyway)},
	// Whose child it is, and who joins what.
	{"v6.x", "clone", "exit_signal_of_leader", "as-asked", then(func(s *State, f *Flight) { s.Task[f.Child].ExitSignal = int16(f.Op.Sig) })},
	{"v6.x", "clone", "has_child_subreaper", "creator", then(func(s *State, f *Flight) {
		p := groupOf(s, f.Op.Actor)
		groupOf(s, f.Child).HasChildSubreaper = p.HasChildSubreaper || p.IsChildSubreaper
	})},
	{"v6.x", "clone", "has_child_subreaper", "marks-only", then(func(s *State, f *Flight) {
		groupOf(s, f.Child).HasChildSubreaper = groupOf(s, s.Task[f.Child].RealParent).HasChildSubreaper
	})},
	{"v6.x", "clone", "copy_signal", "quick-threads-unset", then(func(s *State, f *Flight) { groupOf(s, f.Child).QuickThreads = 0 })},
	// unshare: what binds a task, and what follows from what.
	{"v6.x", "unshare", "unshare_unknown_flags", "time-unknown", ruled(func(r *Rule) { r.Any[0] |= CloneNewTime })},
	// do_exit.
	{"v6.x", "do_exit", "synchronize_group_exit", "code-of-the-leader", then(func(s *State, f *Flight) {
		if sig := groupOf(s, f.Op.Actor); sig.QuickThreads == 0 && s.Task[f.Op.Actor].Leader != f.Op.Actor {
			sig.GroupExitCode = s.Task[s.Task[f.Op.Actor].Leader].ExitCode
		}
	})},
	{"v6.x", "do_exit", "synchronize_group_exit", "group-does-not-exit", around(noGroupExit)},
	{"v6.x", "do_exit", "synchronize_group_exit", "first-thread-ends-all", beforehand(func(s *State, f *Flight) { groupOf(s, f.Op.Actor).QuickThreads = 1 })},
	{"v6.x", "do_exit", "find_new_reaper", "exiting-thread-too", then(func(s *State, f *Flight) {
		if f.Reaper != 0 && groupOf(s, f.Reaper) == groupOf(s, f.Op.Actor) {
			f.Reaper = s.Task[f.Op.Actor].Leader
		}
	})},
	{"v6.x", "do_exit", "find_new_reaper", "subreapers-passed-over", beforehand(func(s *State, f *Flight) { groupOf(s, f.Op.Actor).HasChildSubreaper = false })},
	{"v6.x", "do_exit", "find_new_reaper", "dying-subreaper", then(func(s *State, f *Flight) {
		if f.Reaper != 0 && s.Task[f.Reaper].Signal != s.Task[f.Op.Actor].Signal {
			f.Reaper = s.Task[f.Reaper].Leader
		}
	})},
	{"v6.x", "do_exit", "find_new_reaper", "own-thread-passed-over", then(func(s *State, f *Flight) {
		if f.Reaper != 0 && groupOf(s, f.Reaper) == groupOf(s, f.Op.Actor) {
			f.Reaper = s.PidNS[nsOfPid(s, s.Task[f.Op.Actor].Pids[PidtypePID])].Reaper
		}
	})},
}

// chargeOwnLevel charges a child in its own user namespace only.
func chargeOwnLevel(do func(), s *State, f *Flight) {
	was := s.Ucounts
	do()
	for id, own := range s.Ucounts {
		if UcountsID(id) != s.cred(f.Child).Ucounts {
			own.Nproc = was[id].Nproc
			s.Ucounts[id] = own
		}
	}
}

// chargeCreator charges a child to the ucounts of its creator.
func chargeCreator(s *State, f *Flight) { s.chargeNproc(s.cred(f.Op.Actor).Ucounts, 1) }

// ownLevelOnly compares the first counter and not those above.
func ownLevelOnly(l *Limit) {
	l.Value = func(k *Kernel, s *State, f *Flight) int {
		return int(s.Ucounts[s.cred(f.Child).Ucounts].Nproc) - nprocBound(groupOf(s, f.Op.Actor).NprocCur)
	}
}

// ownLimitEverywhere compares the counters above with the limit of the caller.
func ownLimitEverywhere(l *Limit) {
	old := l.Value
	l.Value = func(k *Kernel, s *State, f *Flight) int {
		same := *s
		for i := range same.UserNS {
			same.UserNS[i].NprocMax = groupOf(s, f.Op.Actor).NprocCur
		}
		return old(k, &same, f)
	}
}

// keepUcounts forgets to put the ucounts that a cred had.
func keepUcounts(do func(), s *State, f *Flight) {
	s.Ucounts[s.Cred[f.Cred].Ucounts].Count++
	do()
}

// uncharged forgets who made a namespace: the charge is taken back, and the namespace does not know of it.
func uncharged(class Class) code {
	return func(s *State, f *Flight) {
		charged := &s.Charged[class-MntNS][madeNS(s, f, class)]
		s.eachUcounts(*charged, func(id UcountsID) bool { s.Ucounts[id].Namespaces[class-MntNS]--; return true })
		*charged = 0
	}
}

// unchargeAbove takes back what a new namespace charges on the levels above.
func unchargeAbove(s *State, f *Flight, class Class) {
	kind := class - MntNS
	first := s.Charged[kind][madeNS(s, f, class)]
	if first != 0 && madeNS(s, f, class) != 0 {
		s.eachUcounts(s.above(first), func(id UcountsID) bool { s.Ucounts[id].Namespaces[kind]--; return true })
	}
}

// madeNS is the namespace that a row has just put into the new nsproxy or the new cred, if it is new; 0 otherwise.
func madeNS(s *State, f *Flight, class Class) (id Ref) {
	n := &s.Nsproxy[f.Nsproxy]
	switch class {
	case UserNSClass:
		id = Ref(s.Cred[f.Cred].UserNS)
	case PidNSClass:
		id = Ref(n.ForChildren)
	case TimeNS:
		id = n.TimeForChildren
	default:
		id = n.NS[class-MntNS]
	}
	if s.Count[class][id] != 1 {
		return 0
	}
	return id
}

// unlimited makes a namespace as if there were no maximum anywhere.
func unlimited(do func(), s *State, f *Flight) {
	moreOf(do, s, func(most *uint8) { *most = UcountUnlimited })
}

// oneLess makes a namespace as if each maximum were one lower.
func oneLess(do func(), s *State, f *Flight) {
	moreOf(do, s, func(most *uint8) {
		if *most != UcountUnlimited {
			*most = max(*most, 1) - 1
		}
	})
}

// moreOf runs a row under other maxima. Those of a namespace that it makes stay.
func moreOf(do func(), s *State, change func(most *uint8)) {
	was, there := s.UserNS, s.Count[UserNSClass]
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

// enterTimeNS moves the caller of unshare into its new time namespace.
func enterTimeNS(s *State, f *Flight) {
	n := &s.Nsproxy[f.Nsproxy]
	s.Count[TimeNS][n.TimeForChildren]++
	n.NS[TimeNS-MntNS] = n.TimeForChildren
}

// noGroupExit counts a thread that begins to exit and does not end the group.
func noGroupExit(do func(), s *State, f *Flight) {
	sig := groupOf(s, f.Op.Actor)
	was := *sig
	do()
	was.QuickThreads = sig.QuickThreads
	*sig = was
}

// harmlessSwitches are those that are no mutants: no promise is broken when one of them alone is undone.
var harmlessSwitches = map[string]string{
	"dead_ns_leak":      "it is clone/put_pid_ns_unhashed/undo-dropped",
	"lsm_hook":          "a call that fails does so without a trace, wherever the hook stands",
	"child_tid_early":   "the two words are the child's own, and nothing looks at them before it is there",
	"sched_and_cgroups": "it takes away ways to fail",
	"exec_domain":       "it is one more way to fail",
	"proc_mount":        "it is one more way to fail",
	"release_at_end":    "parent and orphans are gone when the call is over, in either order",
	"zap_by_group":      "SIGKILL to a thread begins the exit of its group, too",
	"exit_in_one":       "nothing is said of the moment between the two holds",
	"group_exit_alone":  "a single thread's exit makes it a group exit all the same, in synchronize_group_exit",
	"unshare_fs_copy":   "a copy of what nobody shares cannot be told from what was there",
}
