package model

// hasSignal says whether the task has a signal to look at and is where it does so.
func (k *Kernel) hasSignal(s *State, t TaskID) bool { return s.Task[t].SigPending && k.returning(s, t) }

// returning says whether the task is at a point where it looks at its signals: in user space, or in a sleep that
// they interrupt.
func (k *Kernel) returning(s *State, t TaskID) bool {
	p, f := &s.Task[t], &s.Flight[t]
	if p.Stage != Hashed || p.Flags&(NotWoken|PFExiting) != 0 || p.Jobctl&Stopped != 0 {
		return false
	}
	if !f.On {
		return true
	}
	if !f.Asleep {
		return false
	}
	switch k.Calls[f.Op.Kind].Rows[f.PC].Sleep {
	case Interruptible:
		return true
	case Killable:
		return s.fatalPending(t)
	}
	return false
}

// deliver is get_signal_to_deliver for one task; it takes the first thing that there is: news for the parent, a group stop, or a signal.
func (k *Kernel) deliver(s *State, t TaskID, res *Result) {
	p := &s.Task[t]
	g := &s.Signal[p.Signal]
	if f := &s.Flight[t]; f.Asleep && !f.Signalled {
		f.Signalled = true // the call looks once more; without an answer it is ERESTARTSYS
		if k.run(s, f, res); !f.Asleep {
			return // it has an answer, or goes on to its pause
		}
	}
	if why := g.Flags & signalCldMask; why != 0 {
		g.Flags &^= signalCldMask
		k.notifyParentCldstop(s, t, why)
		return
	}
	if k.ExitFirst && g.Flags&SignalGroupExit != 0 {
		p.Pending &^= SIGKILL.Bit()
		s.recalcSigpending(t)
		p.Flags |= PFSignaled
		k.die(s, t, SIGKILL, res)
		return
	}
	if p.Jobctl&StopPending != 0 {
		k.doSignalStop(s, t, 0)
		return
	}
	sig := s.dequeue(t)
	if sig == 0 {
		return
	}
	h := &s.Sighand[p.Ref[Sighand]]
	switch bit := sig.Bit(); {
	case h.Ignore.Has(sig):
	case h.Handler.Has(sig):
		k.interrupt(s, t, h.Restart.Has(sig), res)
	case ignoreSet&bit != 0:
	case g.Flags&SignalUnkillable != 0 && kernelOnly&bit == 0:
	case stopSet&bit != 0:
		if sig == SIGSTOP || !k.orphaned(s, s.pgrp(t), 0) {
			k.doSignalStop(s, t, sig)
		}
	default:
		p.Flags |= PFSignaled
		k.die(s, t, sig, res)
	}
}

// synchronous signals are dequeued before others (SYNCHRONOUS_MASK).
const synchronous = 1<<(11-1) | 1<<(7-1) | 1<<(4-1) | 1<<(5-1) | 1<<(8-1) | 1<<(31-1)

// dequeue is dequeue_signal: the thread's own queue first, then the group's, the lowest number first.
func (s *State) dequeue(t TaskID) Signal {
	p := &s.Task[t]
	g := &s.Signal[p.Signal]
	sig := nextSignal(p.Pending &^ p.Blocked)
	if p.Pending &^= sig.Bit(); sig == 0 {
		sig = nextSignal(g.Shared &^ p.Blocked)
		g.Shared &^= sig.Bit()
	}
	if stopSet&sig.Bit() != 0 {
		p.Jobctl |= StopDequeued
	}
	s.recalcSigpending(t)
	return sig
}

// nextSignal is next_signal.
func nextSignal(set SigSet) Signal {
	if sync := set & synchronous; sync != 0 {
		return sync.First()
	}
	return set.First()
}

// interrupt is a handler that runs in a call that was ERESTARTSYS: it makes it EINTR, or has it restarted. The first
// handler decides.
func (k *Kernel) interrupt(s *State, t TaskID, restart bool, res *Result) {
	f := &s.Flight[t]
	switch {
	case !f.On || f.Restart:
	case restart:
		f.Restart = true
	default:
		k.abort(s, f, EINTR, res)
	}
}

// abort ends a call at the row where it slept, through its label.
func (k *Kernel) abort(s *State, f *Flight, e Errno, res *Result) {
	t := &k.Calls[f.Op.Kind]
	f.Err, res.why = e, t.Rows[f.PC].Name
	k.unwind(s, t, f, t.Rows[f.PC].Fail, res)
	res.finish(s, f)
}

// restarts says whether a call was ERESTARTSYS.
func (k *Kernel) restarts(s *State, t TaskID) bool {
	f := &s.Flight[t]
	return f.Asleep && f.Signalled && s.Task[t].Jobctl&Stopped == 0
}

// restart lets it begin anew, now that its task has no more signals to look at.
func (k *Kernel) restart(s *State, t TaskID, res *Result) {
	f := &s.Flight[t]
	table := &k.Calls[f.Op.Kind]
	k.unwind(s, table, f, table.Rows[f.PC].Fail, res)
	*f = Flight{Op: f.Op, Flags: f.Op.Flags, On: true}
	k.run(s, f, res)
}

// die is do_group_exit from get_signal_to_deliver: a call that slept is over first.
func (k *Kernel) die(s *State, t TaskID, sig Signal, res *Result) {
	f := &s.Flight[t]
	if f.On {
		k.abort(s, f, EINTR, res)
	}
	*f = Flight{Op: Op{Kind: Die, Actor: t}, Code: uint16(sig), On: true}
	k.run(s, f, res)
}

// doSignalStop is do_signal_stop: the first thread to take a stop signal asks the others to stop as well; the last
// one to stop makes it a stop of the group.
func (k *Kernel) doSignalStop(s *State, t TaskID, sig Signal) {
	p := &s.Task[t]
	g := &s.Signal[p.Signal]
	if p.Jobctl&StopPending == 0 {
		if p.Jobctl&StopDequeued == 0 || g.exiting() {
			return
		}
		if g.Flags&SignalStopStopped == 0 {
			g.GroupExitCode = uint16(sig)
		}
		g.StopCount = 0
		s.threads(t, func(o TaskID) bool {
			if s.Task[o].Jobctl&Stopped == 0 && s.setStopPending(o) {
				g.StopCount++
				s.Task[o].SigPending = true
			}
			return false
		})
	}
	notify := k.participateGroupStop(s, t)
	p.Jobctl |= Stopped
	if notify {
		k.notifyParentCldstop(s, t, SignalCldStopped)
	}
}

// setStopPending is task_set_jobctl_pending: a dying thread does not stop.
func (s *State) setStopPending(t TaskID) bool {
	if s.fatalPending(t) || s.Task[t].Flags&PFExiting != 0 {
		return false
	}
	s.Task[t].Jobctl |= StopPending | StopConsume
	return true
}

// participateGroupStop is task_participate_group_stop: it says whether this thread completes the stop.
func (k *Kernel) participateGroupStop(s *State, t TaskID) bool {
	p := &s.Task[t]
	g := &s.Signal[p.Signal]
	consume := p.Jobctl&StopConsume != 0
	s.clearStop(t)
	if !consume {
		return false
	}
	if g.StopCount > 0 {
		g.StopCount--
	}
	if g.StopCount != 0 || g.Flags&SignalStopStopped != 0 {
		return false
	}
	k.setStopFlags(g, SignalStopStopped)
	return true
}

// notifyParentCldstop is do_notify_parent_cldstop: SIGCHLD for a stop or a continue, unless the parent does not
// want to hear of it.
func (k *Kernel) notifyParentCldstop(s *State, t TaskID, why SignalFlags) {
	parent := s.Task[s.Task[t].Leader].RealParent
	if parent == 0 {
		return
	}
	h := &s.Sighand[s.Task[parent].Ref[Sighand]]
	if !(h.Ignore | h.NoCldStop).Has(SIGCHLD) {
		k.sendSignal(s, SIGCHLD, parent, shared, false)
	}
	s.wakeParent(s.Task[t].Leader)
}
