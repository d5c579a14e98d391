package model

import "slices"

// made are the mutants of what no operator reaches: a wrong source, a wrong level of a loop, a wrong order, inside straight code.
var made = slices.Concat(madeV311, madeV6, madeBugs)

// byHand is a row of made.
type byHand struct {
	version, table, row, what string
	wrong                     wrong
}

// seeds are traces that break mutants to which neither random traces nor the scopes come: the search for the shortest begins there.
var seeds = map[string]string{
	"v3.11/do_exit/kill_orphaned_pgrp/threads-of-a-dead-leader-forgotten": `kernel v3.11 world=container
a.sigaction(HUP, IGN)
t := a.clone(VM|SIGHAND|THREAD)
j := t.fork()
k := a.clone(PARENT)
init.kill(j, STOP)
a.exit(0)
k.exit(0)
`,
	"v3.11/clone/wake_up_new_task/before-the-completion": `kernel v3.11
b := a.clone(VFORK).pause(init_completion)
b.exit(0)
a.resume()
`,
	"v6.x/do_exit/global_init_dies/dropped": `kernel v6.x
init.exit(0).pause(exit_files)
`,
	"v6.x/switch/init_panic/undone": `kernel v6.x
init.exit(0).pause(exit_files)
`,
	"v6.x/clone/task_join_group_stop/uncounted": `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD)
u := a.clone(VM|SIGHAND|THREAD)
w := t.clone(VM|SIGHAND|THREAD).pause(copy_mm)
b := u.fork().pause(copy_mm)
init.kill(a, STOP)
t.resume()
`,
}

// madeV311 are those of v3.11, and of rows that v6.x shares with it.
var madeV311 = []byHand{
	// The rules on flags: one is gone, or forgets a part of its condition.
	{"v3.11", "clone", "parent_of_init", "global-init-only", ruled(globalInitOnly)},
	// Limits: the bound is off by one, another counter is read, somebody is not exempt, the charge comes first.
	{"v3.11", "clone", "rlimit_nproc", "after-the-charge", movedBefore("max_threads")},
	{"v3.11", "clone", "max_threads", "counts-processes", limited(countsProcesses)},
	{"v3.11", "clone", "copy_pid_ns", "one-level-deeper", deeper},
	// Sharing: copied for shared, shared for copied, shared without a count, on the wrong flag.
	{"v3.11", "clone", "prepare_creds", "user-uncounted", then(func(s *State, f *Flight) { s.Count[UserClass][s.Cred[f.Cred].User]-- })},
	{"v3.11", "unshare", "commit_creds", "group-left", then(func(s *State, f *Flight) { s.Task[f.Op.Actor].Tgid++ })},
	{"v3.11", "clone", "share_creds", "counted-once", then(uncount(Cred))},
	{"v3.11", "clone", "charge_processes", "not-for-threads", runsOn(0, CloneThread)},
	{"v3.11", "clone", "clear_nproc_exceeded", "of-the-child-too", then(func(s *State, f *Flight) {
		s.Task[f.Child].Flags &^= PFNprocExceeded
	})},
	{"v3.11", "clone", "copy_semundo", "uncounted", then(uncount(SysvSem))},
	{"v3.11", "clone", "copy_sighand", "actions-lost", then(loseActions)},
	{"v3.11", "clone", "copy_signal", "pending-kept", then(keepShared)},
	{"v3.11", "clone", "copy_signal", "limit-lost", then(func(s *State, f *Flight) { groupOf(s, f.Child).NprocCur = RlimInfinity })},
	{"v3.11", "clone", "copy_signal", "subreaper-unknown", then(func(s *State, f *Flight) { groupOf(s, f.Child).HasChildSubreaper = false })},
	{"v3.11", "clone", "copy_mnt_ns", "always-new", beforehand(func(s *State, f *Flight) { f.Flags |= CloneNewNS })},
	{"v3.11", "clone", "copy_utsname", "never-new", beforehand(func(s *State, f *Flight) { f.Flags &^= CloneNewUTS })},
	// Pids: numbers, levels, and a namespace that is dead.
	{"v3.11", "clone", "alloc_pidmap", "number-of-the-parent", then(func(s *State, f *Flight) { s.Pid[f.Pid].Nr[0] = s.Task[f.Op.Actor].Nr })},
	{"v3.11", "clone", "alloc_pidmap", "no-number-at-the-top", then(func(s *State, f *Flight) { s.Pid[f.Pid].Nr[0] = 0 })},
	{"v3.11", "clone", "nr_hashed_adding", "adding-ignored", instead(hashAnyway)},
	{"v3.11", "clone", "nr_hashed_adding", "own-level-uncounted", then(func(s *State, f *Flight) { s.PidNS[nsOfPid(s, f.Pid)].Hashed-- })},
	{"v3.11", "clone", "pid", "number-inside", then(func(s *State, f *Flight) { s.Task[f.Child].Nr = s.Pid[f.Pid].Nr[s.Pid[f.Pid].Level] })},
	// Whose child it is, and what it tells its parent.
	{"v3.11", "clone", "thread_ids", "exit-signal-kept", then(func(s *State, f *Flight) { s.Task[f.Child].ExitSignal = int16(SIGCHLD) })},
	{"v3.11", "clone", "thread_ids", "caller-leads", then(func(s *State, f *Flight) { s.Task[f.Child].Leader = f.Op.Actor })},
	{"v3.11", "clone", "exit_signal_of_leader", "as-asked", then(func(s *State, f *Flight) { s.Task[f.Child].ExitSignal = int16(f.Op.Sig) })},
	{"v3.11", "clone", "real_parent_shared", "caller", then(func(s *State, f *Flight) { s.Task[f.Child].RealParent = f.Op.Actor })},
	{"v3.11", "clone", "real_parent_shared", "exec-id-of-caller", then(func(s *State, f *Flight) { s.Task[f.Child].ParentExecID = s.Task[f.Op.Actor].SelfExecID })},
	{"v3.11", "clone", "set_child_tid", "by-the-other-flag", instead(func(s *State, f *Flight) { s.Task[f.Child].SetChildTid = f.Flags&CloneChildCleartid != 0 })},
	{"v3.11", "clone", "clear_child_tid", "by-the-other-flag", instead(func(s *State, f *Flight) { s.Task[f.Child].ClearChildTid = f.Flags&CloneChildSettid != 0 })},
	{"v3.11", "clone", "thread_in_other_pidns", "parent-refused", ruled(func(r *Rule) { r.Any[0] |= CloneParent })},
	{"v3.11", "clone", "copy_semundo", "always-shared", beforehand(func(s *State, f *Flight) { f.Flags |= CloneSysvsem })},
	{"v3.11", "clone", "signal_pending", "before-the-lock", movedBefore("pid")},
	{"v3.11", "clone", "real_parent_shared", "before-the-lock", movedBefore("pid")},
	{"v3.11", "clone", "wake_up_new_task", "before-the-completion", movedBefore("init_completion")},
	{"v3.11", "clone", "real_parent", "leader", then(func(s *State, f *Flight) { s.Task[f.Child].RealParent = s.Task[f.Op.Actor].Leader })},
	{"v3.11", "clone", "real_parent", "exec-id-of-grandparent", then(func(s *State, f *Flight) { s.Task[f.Child].ParentExecID = s.Task[f.Op.Actor].ParentExecID })},
	// Publication: something is not told of the child, or told too much.
	{"v3.11", "clone", "init_task_sid", "own-session", then(func(s *State, f *Flight) { s.Task[f.Child].Pids[PidtypeSID] = f.Pid })},
	{"v3.11", "clone", "child_reaper", "every-child", then(func(s *State, f *Flight) { s.PidNS[nsOfPid(s, f.Pid)].Reaper = f.Child })},
	{"v3.11", "clone", "signal_unkillable", "every-child", then(func(s *State, f *Flight) { groupOf(s, f.Child).Flags |= SignalUnkillable })},
	// The heirs, and what the parent hears.
	{"v3.11", "die", "do_group_exit", "code-of-the-last", then(decideAgain)},
	{"v3.11", "do_exit", "find_new_reaper", "global-init", then(func(s *State, f *Flight) { f.Reaper = Init0 })},
	{"v3.11", "do_exit", "find_new_reaper", "grandparent", then(func(s *State, f *Flight) { f.Reaper = s.Task[f.Op.Actor].RealParent })},
	{"v3.11", "do_exit", "forget_original_parent", "exit-signal-kept", keeping(func(was, is *Task) { is.ExitSignal = was.ExitSignal })},
	{"v3.11", "do_exit", "forget_original_parent", "pdeath-signal-lost", beforehand(losePdeath)},
	{"v3.11", "do_exit", "forget_original_parent", "threads-left-behind", keeping(leaveThreads)},
	{"v3.11", "do_exit", "exit_notify", "before-the-children-leave", movedBefore("forget_original_parent")},
	{"v3.11", "do_exit", "exit_notify", "always-a-zombie", then(func(s *State, f *Flight) { s.Task[f.Op.Actor].ExitState, f.Victim = ExitZombie, 0 })},
	{"v3.11", "do_exit", "exit_notify", "never-a-zombie", then(func(s *State, f *Flight) {
		s.Task[f.Op.Actor].ExitState, f.Victim = ExitDead, f.Op.Actor
	})},
	// wait4.
	{"v3.11", "wait4", "find_get_pid", "uncounted", then(func(s *State, f *Flight) { s.Pid[f.Pid].Count -= int8(min(f.Pid, 1)) })},
	{"v3.11", "wait4", "do_wait", "any-pid", beforehand(func(s *State, f *Flight) { f.Type = NPidtypes })},
	{"v3.11", "wait4", "do_wait", "any-exit-signal", beforehand(func(s *State, f *Flight) { f.Flags |= WALL })},
	{"v3.11", "wait4", "do_wait", "never-clone-children", beforehand(func(s *State, f *Flight) { f.Flags &^= WCLONE | WALL })},
	{"v3.11", "wait4", "do_wait", "own-children-only", beforehand(func(s *State, f *Flight) { f.Flags |= WNOTHREAD })},
	{"v3.11", "wait4", "do_wait", "nothread-ignored", beforehand(func(s *State, f *Flight) { f.Flags &^= WNOTHREAD })},
	{"v3.11", "wait4", "do_wait", "youngest-first", around(youngestFirst)},
	{"v3.11", "wait4", "do_wait", "zombies-passed-over", around(zombiesBusy)},
	{"v3.11", "wait4", "do_wait", "delayed-leader-reaped", around(leadersAlone)},
	{"v3.11", "wait4", "do_wait", "not-reaped", around(undoReaping)},
	{"v3.11", "wait4", "do_wait", "status-lost", then(func(s *State, f *Flight) { f.Code = 0 })},
	// Signals.
	{"v3.11", "kill", "kill_something_info", "inits-exposed", around(exposeInits)},
	{"v3.11", "kill", "kill_something_info", "lost", instead(func(s *State, f *Flight) {})},
	{"v3.11", "kill", "kill_something_info", "one-of-the-group", beforehand(selfForGroup)},
	{"v3.11", "kill", "kill_something_info", "continue-forgotten", around(stayStopped)},
	{"v3.11", "kill", "kill_something_info", "stop-kept-by-continue", around(keepStops)},
	{"v3.11", "sigaction", "set_action", "ignored-and-caught", then(func(s *State, f *Flight) { sighandOf(s, f.Op.Actor).Ignore |= f.Op.Sig.Bit() })},
	{"v3.11", "sigprocmask", "set_current_blocked", "kill-too", then(func(s *State, f *Flight) { s.Task[f.Op.Actor].Blocked |= f.Op.Set })},
	// Rows that only refuse, or only wait: nothing is corrupted without them, a promise is broken.
	{"v3.11", "do_exit", "find_new_reaper", "subreapers-passed-over", beforehand(func(s *State, f *Flight) { groupOf(s, f.Op.Actor).HasChildSubreaper = false })},
	{"v3.11", "wait4", "do_wait", "never-sleeps", beforehand(func(s *State, f *Flight) { f.Flags |= WNOHANG })},
	{"v3.11", "wait4", "do_wait", "always-sleeps", beforehand(func(s *State, f *Flight) { f.Flags &^= WNOHANG })},
	{"v3.11", "kill", "kill_something_info", "asks-for-no-permission", around(asRoot)},
	{"v3.11", "tkill", "do_send_specific", "asks-for-no-permission", around(asRoot)},
	{"v3.11", "tkill", "do_send_specific", "to-the-group", rowWrong(func(r *Row) {
		r.Body = rowKill.Body
	})},
}

// rowWrong changes a row in its place.
func rowWrong(fn func(r *Row)) wrong {
	return rowPart.wrong(func(t *Table, i int) { fn(&t.Rows[i]) })
}

// runsOn changes with which flags a row runs.
func runsOn(with, without Flags) wrong { return rowWrong(func(r *Row) { r.On, r.Off = with, without }) }

// movedBefore moves a row to the front of another one.
func movedBefore(name string) wrong {
	return rowPart.wrong(func(t *Table, i int) {
		r := t.Rows[i]
		t.Rows = slices.Delete(t.Rows, i, i+1)
		t.Rows = slices.Insert(t.Rows, t.Row(name), r)
	})
}

// body changes a body that is data.
func body[B Body](change func(b *B)) wrong {
	return rowWrong(func(r *Row) {
		b := r.Body.(B)
		change(&b)
		r.Body = b
	})
}

func ruled(change func(r *Rule)) wrong    { return body(change) }
func limited(change func(l *Limit)) wrong { return body(change) }

// code is a body as these mutants write it: it cannot fail.
type code func(s *State, f *Flight)

// around puts code around a body, which it runs by calling do. The body's answer stands.
func around(fn func(do func(), s *State, f *Flight)) wrong {
	return rowWrong(func(r *Row) {
		body := r.Body
		r.Body = Func(func(k *Kernel, s *State, f *Flight) (e Errno) {
			fn(func() { e = body.Do(k, s, f) }, s, f)
			return e
		})
	})
}

// beforehand runs code before a body, then after one that succeeds, and instead in its place.
func beforehand(fn code) wrong {
	return around(func(do func(), s *State, f *Flight) { fn(s, f); do() })
}

func then(fn code) wrong {
	return rowWrong(func(r *Row) {
		body := r.Body
		r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno {
			e := body.Do(k, s, f)
			if e == next {
				fn(s, f)
			}
			return e
		})
	})
}

func instead(fn code) wrong {
	return rowWrong(func(r *Row) { r.Body = Act(func(k *Kernel, s *State, f *Flight) { fn(s, f) }) })
}

// keeping gives the children that have a new parent something of what they were before.
func keeping(fn func(was, is *Task)) wrong {
	return around(func(do func(), s *State, f *Flight) {
		was := s.Task
		do()
		for t := range s.Task {
			if is := &s.Task[t]; is.Stage == Hashed && is.RealParent != was[t].RealParent {
				fn(&was[t], is)
			}
		}
	})
}

// groupOf and sighandOf are what a task shares with its threads; nsOfPid is the namespace of a pid's last number.
func groupOf(s *State, t TaskID) *SignalStruct    { return &s.Signal[s.Task[t].Signal] }
func sighandOf(s *State, t TaskID) *SighandStruct { return &s.Sighand[s.Task[t].Ref[Sighand]] }
func nsOfPid(s *State, pid PidID) PidNSID         { return s.Pid[pid].NS[s.Pid[pid].Level] }

// uncount forgets the reference that a child took on what it shares.
func uncount(c Class) code {
	return func(s *State, f *Flight) {
		if id := s.Task[f.Child].Ref[c]; id != 0 && id == s.Task[f.Op.Actor].Ref[c] {
			s.Count[c][id]--
		}
	}
}

func globalInitOnly(r *Rule) {
	when := r.When
	r.When = func(k *Kernel, s *State, f *Flight) bool {
		return when(k, s, f) && s.Task[f.Op.Actor].Tgid == 1
	}
}

func countsProcesses(l *Limit) {
	l.Value = func(k *Kernel, s *State, f *Flight) int { return int(s.ProcessCounts) }
}

// under runs a row under other limits.
func under(change func(l *Limits)) wrong {
	return rowWrong(func(r *Row) {
		body := r.Body
		r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno {
			other := *k
			change(&other.Limits)
			return body.Do(&other, s, f)
		})
	})
}

// One more level of namespaces, and levels without end.
var (
	deeper       = under(func(l *Limits) { l.PidNSDepth++ })
	deeperUserNS = under(func(l *Limits) { l.UserNSDepth++ })
	bottomless   = under(func(l *Limits) { l.UserNSDepth = 255 })
)

// loseActions gives a child with a sighand_struct of its own the default actions.
func loseActions(s *State, f *Flight) {
	if f.Flags&CloneSighand == 0 {
		*sighandOf(s, f.Child) = SighandStruct{}
	}
}

// keepShared lets a new process inherit what is pending for its parent's group.
func keepShared(s *State, f *Flight) {
	groupOf(s, f.Child).Shared = groupOf(s, f.Op.Actor).Shared
}

// hashAnyway publishes a pid without looking whether its namespace takes new members.
func hashAnyway(s *State, f *Flight) {
	p := &s.Pid[f.Pid]
	p.Hashed = true
	for level := range p.Level + 1 {
		s.PidNS[p.NS[level]].Hashed++
	}
}

// losePdeath forgets who wants to hear of this death.
func losePdeath(s *State, f *Flight) {
	for t := s.Task[f.Op.Actor].Children; t != 0; t = s.Task[t].Sibling {
		s.Task[t].Pdeath = 0
	}
}

// leaveThreads gives leaders a new parent and not their threads.
func leaveThreads(was, is *Task) {
	if was.ExitSignal < 0 {
		is.RealParent = was.RealParent
	}
}

// youngestFirst turns the children of the caller round while it looks at them.
func youngestFirst(do func(), s *State, f *Flight) {
	turn := func() {
		var turned TaskID
		for c, fuel := s.Task[f.Op.Actor].Children, MaxTasks; c != 0 && fuel > 0; fuel-- {
			following := s.Task[c].Sibling
			s.Task[c].Sibling, turned = turned, c
			c = following
		}
		s.Task[f.Op.Actor].Children = turned
	}
	turn()
	do()
	turn()
}

// zombiesBusy makes zombie leaders look as if they had threads left.
func zombiesBusy(do func(), s *State, f *Flight) {
	was := s.Task
	for t := range s.Task {
		if p := &s.Task[t]; p.ExitState == ExitZombie {
			p.Thread = Init0
		}
	}
	do()
	for t := range s.Task {
		if p := &s.Task[t]; p.ExitState == ExitZombie {
			p.Thread = was[t].Thread
		}
	}
}

// decideAgain lets a thread of a group that exits already decide its code once more.
func decideAgain(s *State, f *Flight) { groupOf(s, f.Op.Actor).GroupExitCode = uint16(SIGKILL) }

// exposeInits takes the protection of inits away for a call.
func exposeInits(do func(), s *State, f *Flight) {
	was := s.Signal
	for g := range s.Signal {
		s.Signal[g].Flags &^= SignalUnkillable
	}
	do()
	for g := range s.Signal {
		s.Signal[g].Flags |= was[g].Flags & SignalUnkillable
	}
}

// leadersAlone makes zombie leaders look as if they had no threads left.
func leadersAlone(do func(), s *State, f *Flight) {
	was := s.Task
	for t := range s.Task {
		if p := &s.Task[t]; p.ExitState == ExitZombie {
			p.Thread = TaskID(t)
		}
	}
	do()
	for t := range s.Task {
		if p := &s.Task[t]; p.Stage == Hashed && p.ExitState == ExitZombie {
			p.Thread = was[t].Thread
		}
	}
}

// asRoot lets a caller do what root may.
func asRoot(do func(), s *State, f *Flight) {
	cred := &s.Cred[s.Task[f.Op.Actor].Ref[Cred]]
	was := *cred
	cred.Caps, cred.UserNS = CapAll, RootUserNS
	do()
	*cred = was
}

// undoReaping reports a child and leaves everything as it was.
func undoReaping(do func(), s *State, f *Flight) {
	was := *s
	if do(); f.Who != 0 {
		flight := *f
		*s = was
		*f = flight
	}
}

// selfForGroup takes kill(0) for the caller alone.
func selfForGroup(s *State, f *Flight) {
	if f.Op.Target == 0 && f.Op.Arg == 0 {
		f.Op.Target = f.Op.Actor
	}
}

// stayStopped sends SIGCONT and does not resume.
func stayStopped(do func(), s *State, f *Flight) {
	was := s.Task
	do()
	for t := range s.Task {
		if s.Task[t].Stage == Hashed && f.Op.Sig == SIGCONT {
			s.Task[t].Jobctl = was[t].Jobctl
		}
	}
}

// keepStops sends SIGCONT and leaves stop signals of the group pending.
func keepStops(do func(), s *State, f *Flight) {
	was := s.Signal
	do()
	for g := range s.Signal {
		if f.Op.Sig == SIGCONT && s.Signal[g].LeaderPid != 0 {
			s.Signal[g].Shared |= was[g].Shared & SIGTSTP.Bit()
		}
	}
}
