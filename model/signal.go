package model

import "math"

// queue says where a signal is put: on one thread, or on its group.
type queue uint8

const (
	private queue = iota // PIDTYPE_PID
	shared               // PIDTYPE_TGID
	many                 // PIDTYPE_PGID and above: one of several groups that get the signal
)

// recalcSigpending is recalc_sigpending: TIF_SIGPENDING follows from what is pending and not blocked, and from a
// group stop in progress.
func (s *State) recalcSigpending(t TaskID) {
	p := &s.Task[t]
	p.SigPending = (p.Pending|s.Signal[p.Signal].Shared)&^p.Blocked != 0 || p.Jobctl&StopPending != 0
}

// fatalPending is fatal_signal_pending.
func (s *State) fatalPending(t TaskID) bool {
	return s.Task[t].SigPending && s.Task[t].Pending.Has(SIGKILL)
}

// wakeUp is signal_wake_up: the thread notices; a fatal signal wakes a stopped one as well.
func (s *State) wakeUp(t TaskID, fatal bool) {
	s.Task[t].SigPending = true
	if fatal {
		s.Task[t].Jobctl &^= Stopped
	}
}

// retarget is retarget_shared_pending: threads that can take what this one leaves behind are told.
func (s *State) retarget(from TaskID, which SigSet) {
	left := s.Signal[s.Task[from].Signal].Shared & which
	s.others(from, func(t TaskID) bool {
		if p := &s.Task[t]; p.Flags&PFExiting == 0 && left&^p.Blocked != 0 {
			left &= p.Blocked
			p.SigPending = true
		}
		return left == 0
	})
}

// sendUser sends on behalf of a task, with its permissions (group_send_sig_info, do_send_specific).
func (k *Kernel) sendUser(s *State, from, t TaskID, sig Signal, q queue) Errno {
	if sig > NSIG {
		return EINVAL
	}
	if !s.mayKill(from, t, sig) {
		return EPERM
	}
	if sig != 0 {
		k.sendSignal(s, sig, t, q, s.nrIn(s.Task[from].Pids[PidtypePID], s.ActiveNS(t)) == 0)
	}
	return next
}

// mayKill is check_kill_permission: the own group, the same uid, CAP_KILL over the target's user namespace, and SIGCONT
// within the session.
func (s *State) mayKill(from, t TaskID, sig Signal) bool {
	return s.sameGroup(from, t) || s.uid(from) == s.uid(t) || s.capable(from, s.cred(t).UserNS, CapKill) ||
		sig == SIGCONT && s.session(from) == s.session(t)
}

// delay notes a signal for the children of the group's forks that are under way: they shall seem to have been there.
func (s *State) delay(sig Signal, t TaskID) {
	s.threads(t, func(o TaskID) bool {
		f := &s.Flight[o]
		switch {
		case f.Took&TookDelayed == 0:
			return false
		case sig == SIGCONT:
			f.Delayed &^= stopSet
		case stopSet&sig.Bit() != 0:
			f.Delayed &^= SIGCONT.Bit()
		}
		f.Delayed |= sig.Bit()
		return false
	})
}

// sendSignal is __send_signal. v3.11 forces a signal when its sender is outside the target's pid namespace, whatever signal it is.
func (k *Kernel) sendSignal(s *State, sig Signal, t TaskID, q queue, force bool) {
	pending := &s.Task[t].Pending
	switch {
	case q != private:
		pending = &s.Signal[s.Task[t].Signal].Shared
	case k.DropsPending && s.Task[t].Flags&PFExiting != 0:
		return
	}
	if s.Task[t].Ref[Sighand] == 0 || !k.prepareSignal(s, sig, t, force) || pending.Has(sig) {
		return
	}
	*pending |= sig.Bit()
	if q == many && k.DelayedSignals {
		s.delay(sig, t)
	}
	k.completeSignal(s, sig, t, q)
}

// prepareSignal is prepare_signal: stop and continue signals cancel each other, a continue takes effect at once, and the
// answer is whether the signal has an effect at all.
func (k *Kernel) prepareSignal(s *State, sig Signal, t TaskID, force bool) bool {
	g := &s.Signal[s.Task[t].Signal]
	switch {
	case g.Flags&SignalGroupCoredump != 0: // SIGKILL ends the dump
		return sig == SIGKILL
	case g.Flags&SignalGroupExit != 0 && k.DropWhenDying:
		return false
	case g.Flags&SignalGroupExit != 0: // the process is dying: nothing to do
	case stopSet&sig.Bit() != 0:
		s.flush(t, SIGCONT.Bit())
	case sig == SIGCONT:
		s.flush(t, stopSet)
		s.threads(t, func(o TaskID) bool {
			if s.Task[o].Jobctl&Stopped != 0 {
				s.Task[o].SigPending = true // it was stopped inside get_signal_to_deliver, and goes on there
			}
			s.clearStop(o)
			s.Task[o].Jobctl &^= Stopped
			return false
		})
		k.continued(s, g)
	}
	return !k.ignored(s, sig, t, force)
}

// clearStop is task_clear_jobctl_pending for a group stop.
func (s *State) clearStop(t TaskID) {
	s.Task[t].Jobctl &^= StopPending | StopConsume | StopDequeued
}

// setStopFlags is signal_set_stop_flags. v3.11 assigns the flags, and so forgets SIGNAL_UNKILLABLE.
func (k *Kernel) setStopFlags(g *SignalStruct, flags SignalFlags) {
	if k.KeepUnkillable {
		flags |= g.Flags & SignalUnkillable
	}
	g.Flags = flags
}

// continued notes that a group goes on.
func (k *Kernel) continued(s *State, g *SignalStruct) {
	why := SignalFlags(0)
	switch {
	case g.Flags&SignalStopStopped != 0:
		why = SignalCldContinued
	case g.StopCount != 0:
		why = SignalCldStopped
	default:
		return
	}
	g.StopCount, g.GroupExitCode = 0, 0
	k.setStopFlags(g, why|SignalStopContinued)
}

// flush takes signals out of every queue of a group (rm_from_queue).
func (s *State) flush(t TaskID, set SigSet) {
	s.Signal[s.Task[t].Signal].Shared &^= set
	s.threads(t, func(o TaskID) bool { s.Task[o].Pending &^= set; return false })
}

// ignored is sig_ignored: a blocked signal is always kept; an init ignores what it has no handler for unless forced.
func (k *Kernel) ignored(s *State, sig Signal, t TaskID, force bool) bool {
	p := &s.Task[t]
	h := &s.Sighand[p.Ref[Sighand]]
	switch {
	case p.Blocked.Has(sig):
		return false
	case h.Handler.Has(sig):
		return false
	case h.Ignore.Has(sig):
		return true
	case k.KernelOnlyForced && kernelOnly&sig.Bit() != 0 && k.globalInit(s, t):
		return true
	case s.Signal[p.Signal].Flags&SignalUnkillable != 0 && !(force && (kernelOnly&sig.Bit() != 0 || !k.KernelOnlyForced)):
		return true
	}
	return ignoreSet&sig.Bit() != 0
}

// wantsSignal is wants_signal.
func (s *State) wantsSignal(sig Signal, t TaskID) bool {
	p := &s.Task[t]
	switch {
	case p.Blocked.Has(sig) || p.Flags&PFExiting != 0:
		return false
	case sig == SIGKILL:
		return true
	}
	return p.Jobctl&Stopped == 0 && !p.SigPending
}

// fatal is sig_fatal: the default action ends the process.
func (s *State) fatal(sig Signal, t TaskID) bool {
	h := &s.Sighand[s.Task[t].Ref[Sighand]]
	return (ignoreSet|stopSet)&sig.Bit() == 0 && !(h.Ignore | h.Handler).Has(sig)
}

// completeSignal is complete_signal: find a thread to take the signal; a fatal one without a core dump starts the
// death of the whole group at once.
func (k *Kernel) completeSignal(s *State, sig Signal, p TaskID, q queue) {
	t := p
	if !s.wantsSignal(sig, p) {
		if q == private || s.alone(p) {
			return
		}
		if t = s.nextTarget(sig, p); t == 0 {
			return
		}
	}
	g := &s.Signal[s.Task[p].Signal]
	if !s.fatal(sig, p) || g.Flags&k.immune(g, sig) != 0 || coreSet&sig.Bit() != 0 {
		s.wakeUp(t, sig == SIGKILL)
		return
	}
	flags := SignalGroupExit
	if k.DumpsAlone {
		flags |= g.Flags & SignalGroupCoredump // which is no flag there
	}
	g.Flags, g.GroupExitCode, g.StopCount = flags, uint16(sig), 0
	s.threads(p, func(o TaskID) bool {
		s.clearStop(o)
		s.Task[o].Pending |= SIGKILL.Bit()
		s.wakeUp(o, true)
		return false
	})
}

// immune are the flags that keep a fatal signal from ending a group at once.
func (k *Kernel) immune(g *SignalStruct, sig Signal) (flags SignalFlags) {
	if !k.FatalToInit || sig != SIGKILL && k.SparesInit {
		flags = SignalUnkillable
	}
	if g.Flags&SignalGroupCoredump != 0 { // a group that dumps core has begun to exit
		return flags
	}
	return flags | SignalGroupExit
}

// nextTarget goes round the group from curr_target for a thread that wants the signal; 0 if none does.
func (s *State) nextTarget(sig Signal, p TaskID) (found TaskID) {
	g := &s.Signal[s.Task[p].Signal]
	if g.CurrTarget == 0 {
		g.CurrTarget = p
	}
	s.threads(g.CurrTarget, func(t TaskID) bool {
		if s.wantsSignal(sig, t) {
			found = t
		}
		return found != 0
	})
	if found != 0 {
		g.CurrTarget = found
	}
	return found
}

// kill is kill(2): one process, a process group, or all that the caller can see.
var kill = Table{Name: "kill", Rows: []Row{rowKill}}

// killV6 refuses the number whose negative does not exist.
var killV6 = Table{Name: "kill", Rows: []Row{intMin("kill_int_min", "kernel/signal.c:kill_something_info"), rowKill}}

// intMin is a row that refuses INT_MIN, of which v3.11 takes the negative: there it is a group that nobody is in.
func intMin(name, source string) Row {
	return Row{Name: name, Source: source, Errs: []Errno{ESRCH}, Body: Rule{Errno: ESRCH, When: func(k *Kernel, s *State, f *Flight) bool {
		return f.Op.Target == 0 && f.Op.Arg == math.MinInt32
	}}}
}

var rowKill = Row{Name: "kill_something_info", Source: "kernel/signal.c:kill_something_info", Errs: []Errno{ESRCH, EPERM, EINVAL},
	Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
		ns := s.ActiveNS(f.Op.Actor)
		switch f.Nr = k.number(s, f, f.Op.Target, f.Op.Arg); {
		case f.Nr > 0:
			return k.killProcess(s, f, s.findPid(f.Nr, ns))
		case f.Nr == -1:
			return k.killAll(s, f)
		case f.Nr == 0:
			return k.killGroup(s, f, s.pgrp(f.Op.Actor))
		}
		return k.killGroup(s, f, s.findPid(-f.Nr, ns))
	})}

// killProcess is kill_pid_info: the number may be that of any thread; the group gets the signal.
func (k *Kernel) killProcess(s *State, f *Flight, pid PidID) Errno {
	t := s.pidTask(pid)
	if t == 0 {
		return ESRCH
	}
	return k.sendUser(s, f.Op.Actor, t, f.Op.Sig, shared)
}

// killGroup is __kill_pgrp_info: it succeeds if any member could be signalled.
func (k *Kernel) killGroup(s *State, f *Flight, pgrp PidID) Errno {
	success, last := false, ESRCH
	s.members(pgrp, PidtypePGID, func(t TaskID) {
		last = k.sendUser(s, f.Op.Actor, t, f.Op.Sig, many)
		success = success || last == next
	})
	if success {
		return next
	}
	return last
}

// killAll is kill(-1): every process in sight but the namespace's init and the caller's own group. Missing
// permissions do not count; having no candidate does.
func (k *Kernel) killAll(s *State, f *Flight) Errno {
	count, result := 0, next
	for p, fuel := s.Tasks, MaxTasks; p != 0 && fuel > 0; p, fuel = s.Task[p].Next, fuel-1 {
		if s.NumberSeen(f.Op.Actor, p) <= 1 || s.sameGroup(p, f.Op.Actor) {
			continue
		}
		count++
		if e := k.sendUser(s, f.Op.Actor, p, f.Op.Sig, many); e != EPERM {
			result = e
		}
	}
	if count == 0 {
		return ESRCH
	}
	return result
}

// tkill and tgkill signal one thread, on its private queue.
var (
	tkill = Table{Name: "tkill", Rows: []Row{
		{Name: "tkill_pid", Source: "kernel/signal.c:sys_tkill", Errs: []Errno{EINVAL},
			Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return k.number(s, f, f.Op.Target, f.Op.Arg) <= 0 }, Errno: EINVAL}},
		rowSendSpecific,
	}}
	tgkill = Table{Name: "tgkill", Rows: []Row{
		{Name: "tgkill_pids", Source: "kernel/signal.c:sys_tgkill", Errs: []Errno{EINVAL},
			Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool {
				return k.number(s, f, f.Op.Target, f.Op.Arg) <= 0 || k.number(s, f, f.Op.Target2, f.Op.Arg2) <= 0
			}, Errno: EINVAL}},
		{Name: "tgkill_tgid", Source: "kernel/signal.c:do_send_specific", Errs: []Errno{ESRCH},
			Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool {
				t := s.pidTask(s.findPid(k.number(s, f, f.Op.Target, f.Op.Arg), s.ActiveNS(f.Op.Actor)))
				return t == 0 || int32(s.NumberSeen(f.Op.Actor, s.Task[t].Leader)) != k.number(s, f, f.Op.Target2, f.Op.Arg2)
			}, Errno: ESRCH}},
		rowSendSpecific,
	}}
	rowSendSpecific = Row{Name: "do_send_specific", Source: "kernel/signal.c:do_send_specific", Errs: []Errno{ESRCH, EPERM, EINVAL},
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			t := s.pidTask(s.findPid(k.number(s, f, f.Op.Target, f.Op.Arg), s.ActiveNS(f.Op.Actor)))
			if t == 0 {
				return ESRCH
			}
			return k.sendUser(s, f.Op.Actor, t, f.Op.Sig, private)
		})}
)

// sigaction is sigaction(2). Setting a signal to be ignored throws away what is pending of it.
var sigaction = Table{Name: "sigaction", Rows: []Row{
	{Name: "sigaction_signal", Source: "kernel/signal.c:do_sigaction", Errs: []Errno{EINVAL},
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool {
			return f.Op.Sig == 0 || f.Op.Sig > NSIG || kernelOnly&f.Op.Sig.Bit() != 0
		}, Errno: EINVAL}},
	assign("set_action", "kernel/signal.c:do_sigaction", func(k *Kernel, s *State, f *Flight) {
		h, bit := &s.Sighand[s.parent(f).Ref[Sighand]], f.Op.Sig.Bit()
		set(&h.Ignore, bit, f.Op.Mode == SigIgn)
		set(&h.Handler, bit, f.Op.Mode == SigHandler)
		set(&h.Restart, bit, f.Flags&SARESTART != 0)
		set(&h.NoCldStop, bit, f.Flags&SANOCLDSTOP != 0)
		set(&h.NoCldWait, bit, f.Flags&SANOCLDWAIT != 0)
	}),
	assign("flush_ignored", "kernel/signal.c:do_sigaction", func(k *Kernel, s *State, f *Flight) {
		h, bit := &s.Sighand[s.parent(f).Ref[Sighand]], f.Op.Sig.Bit()
		if h.Ignore&bit != 0 || ignoreSet&bit != 0 && h.Handler&bit == 0 {
			s.flush(f.Op.Actor, bit)
		}
	}),
}}

// set puts bits into a set or takes them out.
func set(set *SigSet, bits SigSet, in bool) {
	if *set &^= bits; in {
		*set |= bits
	}
}

// sigprocmask is sigprocmask(2). SIGKILL and SIGSTOP cannot be blocked; what becomes blocked may wake another thread.
var sigprocmask = Table{Name: "sigprocmask", Rows: []Row{rowSetCurrentBlocked}}

// sigprocmaskV6 looks at nothing when the mask stays as it is (c7be96af89d4, v4.10).
var sigprocmaskV6 = Table{Name: "sigprocmask", Rows: []Row{
	{Name: "sigequalsets", Source: "kernel/signal.c:__set_current_blocked", Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
		if s.newBlocked(f) == s.parent(f).Blocked {
			return done
		}
		return next
	})},
	rowSetCurrentBlocked,
}}

// rowSetCurrentBlocked is __set_task_blocked.
var rowSetCurrentBlocked = act("set_current_blocked", "kernel/signal.c:sigprocmask", func(k *Kernel, s *State, f *Flight) {
	p, set := s.parent(f), s.newBlocked(f)
	if p.SigPending && !s.alone(f.Op.Actor) {
		s.retarget(f.Op.Actor, set&^p.Blocked)
	}
	p.Blocked = set
	s.recalcSigpending(f.Op.Actor)
})

// newBlocked is the mask that a sigprocmask asks for.
func (s *State) newBlocked(f *Flight) SigSet {
	set, old := f.Op.Set&^kernelOnly, s.parent(f).Blocked
	switch f.Op.Mode {
	case SigBlock:
		return old | set
	case SigUnblock:
		return old &^ set
	}
	return set
}
