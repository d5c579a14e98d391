package model

// What a parent hears of a death, and what a process group hears when it becomes orphaned.

// notifyParent is do_notify_parent: the exit signal goes to the parent's group, and the answer is whether the parent
// wants no zombie. A custom signal is not sent to a parent that has executed another program since.
func (k *Kernel) notifyParent(s *State, t TaskID, sig Signal) (autoreap bool) {
	p := &s.Task[t]
	parent := &s.Task[p.RealParent]
	if p.RealParent == 0 {
		s.oops(NullWrite, TaskClass)
		return false
	}
	if sig != SIGCHLD && p.ParentExecID != parent.SelfExecID {
		sig = SIGCHLD
	}
	h := &s.Sighand[parent.Ref[Sighand]]
	if sig == SIGCHLD && (h.Ignore | h.NoCldWait).Has(SIGCHLD) {
		autoreap = true
		if h.Ignore.Has(SIGCHLD) {
			sig = 0
		}
	}
	if sig != 0 && sig <= NSIG {
		k.sendSignal(s, sig, p.RealParent, shared, false)
	}
	s.wakeParent(t)
	return autoreap
}

// wakeParent is __wake_up_parent: the threads of the parent's group that sleep in wait look again, if this child may
// be one that they wait for.
func (s *State) wakeParent(child TaskID) {
	parent := s.Task[child].RealParent
	s.threads(parent, func(t TaskID) bool {
		f := &s.Flight[t]
		switch {
		case !f.Asleep:
		case f.Op.Kind == Wait4:
			chosen := f.Type == NPidtypes || s.Task[child].Pids[f.Type] == f.Pid
			f.Woken = f.Woken || chosen && (f.Flags&WNOTHREAD == 0 || t == parent)
		case f.Zap:
			f.Woken = true
		}
		return false
	})
}

// orphaned is will_become_orphaned_pgrp: no member but the ignored one has a parent in another group of its session.
func (k *Kernel) orphaned(s *State, pgrp PidID, ignored TaskID) bool {
	orphaned := true
	s.members(pgrp, PidtypePGID, func(t TaskID) {
		p := &s.Task[t]
		if t == ignored || p.ExitState != Alive && s.alone(t) || k.globalInit(s, p.RealParent) {
			return
		}
		if s.pgrp(p.RealParent) != pgrp && s.session(p.RealParent) == s.session(t) {
			orphaned = false
		}
	})
	return orphaned
}

// globalInit is is_global_init: the task with number 1, and where it goes by the tgid every thread of its group.
func (k *Kernel) globalInit(s *State, t TaskID) bool {
	if k.InitByTgid {
		t = s.Task[t].Leader
	}
	return t != 0 && s.Task[t].Nr == 1 && !k.Nested
}

// killOrphanedPgrp is kill_orphaned_pgrp: if t's death, or its move away from parent, leaves its process group
// orphaned with stopped members, they get SIGHUP and SIGCONT. Parent 0 means the death of t itself.
func (k *Kernel) killOrphanedPgrp(s *State, t, parent TaskID) {
	pgrp, ignored := s.pgrp(t), TaskID(0)
	if parent == 0 {
		parent, ignored = s.Task[t].RealParent, t
	}
	if s.pgrp(parent) != pgrp && s.session(parent) == s.session(t) && k.orphaned(s, pgrp, ignored) && s.hasStoppedJobs(pgrp) {
		k.signalGroup(s, SIGHUP, pgrp)
		k.signalGroup(s, SIGCONT, pgrp)
	}
}

// hasStoppedJobs is has_stopped_jobs.
func (s *State) hasStoppedJobs(pgrp PidID) (stopped bool) {
	s.members(pgrp, PidtypePGID, func(t TaskID) {
		stopped = stopped || s.Signal[s.Task[t].Signal].Flags&SignalStopStopped != 0
	})
	return stopped
}

// signalGroup sends to every member of a process group, without asking for permission (__kill_pgrp_info).
func (k *Kernel) signalGroup(s *State, sig Signal, pgrp PidID) {
	s.members(pgrp, PidtypePGID, func(t TaskID) { k.sendSignal(s, sig, t, many, false) })
}
