package model

// madeBugs are mutants that were bugs of Linux once, see Bugs, as far as no operator derives them.
var madeBugs = []byHand{
	// Limits and credentials.
	{"v3.11", "unshare", "create_user_ns", "depth-unchecked", bottomless},
	{"v6.x", "release_task", "dec_rlimit_ucounts", "levels-above-kept", instead(func(s *State, f *Flight) { s.Ucounts[s.cred(f.Victim).Ucounts].Nproc-- })},
	{"v3.11", "clone", "copy_semundo", "pointer-kept", around(keepUndoList)},
	// What a failed fork leaves, or a child never gives back.
	{"v3.11", "do_exit", "exit_io_context", "share-kept", beforehand(keepIOShare)},
	{"v3.11", "clone", "copy_pid_ns", "proc-mounted", mountsProc},
	{"v3.11", "clone", "signal_nr_threads", "before-copy_mm", countsEarly},
	// Heirs and groups.
	{"v3.11", "do_exit", "find_new_reaper", "next-thread-though-dying", then(nextThread)},
	{"v3.11", "do_exit", "kill_orphaned_pgrp", "threads-of-a-dead-leader-forgotten", forgetsThreads},
	{"v3.11", "clone", "signal_unkillable", "by-the-flag", instead(func(s *State, f *Flight) {
		if f.Flags&CloneNewPID != 0 {
			groupOf(s, f.Child).Flags |= SignalUnkillable
		}
	})},
	{"v3.11", "clone", "wait_for_vfork_done", "completion-kept", around(keepCompletion)},
}

// keepUndoList lets a child that does not share it keep the pointer to its parent's undo list that the copy of the task brought along.
func keepUndoList(do func(), s *State, f *Flight) {
	if do(); f.Flags&CloneSysvsem == 0 {
		s.Task[f.Child].Ref[SysvSem] = s.Task[f.Op.Actor].Ref[SysvSem]
	}
}

// keepIOShare forgets an io_context that others share and does not give it back.
func keepIOShare(s *State, f *Flight) {
	if id := &s.Task[f.Op.Actor].Ref[IO]; s.Count[IO][*id] > 1 {
		*id = 0
	}
}

// mountsProc mounts proc when a pid namespace is made, and not when it gets its init. The ladder of a fork unmounts it again, that of
// create_new_namespaces does not.
func mountsProc(v *Version, table, row string) {
	then(func(s *State, f *Flight) {
		if ns := s.Nsproxy[f.Nsproxy].ForChildren; f.Flags&CloneNewPID != 0 {
			s.get(PidNSClass, Ref(ns))
			s.PidNS[ns].Proc = true
		}
	})(v, table, row)
	around(func(do func(), s *State, f *Flight) {
		if !s.PidNS[s.forChildren(f.Child)].Proc {
			do()
		}
	})(v, table, "pid_ns_prepare_proc")
	rungPart.wrong(func(t *Table, i int) {
		undo := t.Ladder[i].Undo
		t.Ladder[i].Undo = func(k *Kernel, s *State, f *Flight) {
			if ns := s.forChildren(f.Child); f.Flags&CloneNewPID != 0 && s.PidNS[ns].Proc {
				s.PidNS[ns].Proc = false
				s.put(PidNSClass, Ref(ns))
			}
			undo(k, s, f)
		}
	})(v, table, "exit_task_namespaces")
}

// countsEarly counts a thread while it is being made, and takes that back when it fails.
func countsEarly(v *Version, table, row string) {
	movedBefore("mm_null")(v, table, row)
	movedBefore("mm_null")(v, table, "signal_live")
	rungPart.wrong(func(t *Table, i int) {
		undo := t.Ladder[i].Undo
		t.Ladder[i].If, t.Ladder[i].Undo = nil, func(k *Kernel, s *State, f *Flight) {
			if notThread(k, s, f) {
				undo(k, s, f)
				return
			}
			sig := groupOf(s, f.Op.Actor)
			sig.NrThreads, sig.Live = sig.NrThreads-1, sig.Live-1
		}
	})(v, table, "free_signal_struct")
}

// nextThread gives the children of a thread to the next one of its group, whatever that is about to do.
func nextThread(s *State, f *Flight) {
	if following := s.Task[f.Op.Actor].Thread; following != f.Op.Actor {
		f.Reaper = following
	}
}

// forgetsThreads takes a process for dead whose leader has exited when it asks whether a process group is orphaned.
var forgetsThreads = rowWrong(func(r *Row) {
	r.Body = Act(func(k *Kernel, s *State, f *Flight) {
		t := s.parent(f).Leader
		parent, pgrp := s.Task[t].RealParent, s.pgrp(t)
		if !f.GroupDead || s.pgrp(parent) == pgrp || s.session(parent) != s.session(t) || !s.hasStoppedJobs(pgrp) {
			return
		}
		orphaned := false
		leadersAlone(func() { orphaned = k.orphaned(s, pgrp, t) }, s, f)
		if orphaned {
			k.signalGroup(s, SIGHUP, pgrp)
			k.signalGroup(s, SIGCONT, pgrp)
		}
	})
})

// keepCompletion leaves the child of a vfork with the completion of a parent that was killed.
func keepCompletion(do func(), s *State, f *Flight) {
	var was [MaxTasks]TaskID
	for t := range s.Task {
		was[t] = s.Task[t].VforkDone
	}
	if do(); f.Signalled {
		for t := range s.Task {
			s.Task[t].VforkDone = was[t]
		}
	}
}
