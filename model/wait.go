package model

import "slices"

const waitC = "kernel/exit.c:do_wait"

// wait4Options are the options that wait4(2) accepts.
const wait4Options = WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE

// wait4 is wait4(2). The struct pid that it waits for is held by a reference while it sleeps.
var wait4 = wait4Table()

// wait4V6 refuses the number whose negative does not exist, after the options.
var wait4V6 = wait4Table(intMin("wait4_int_min", "kernel/exit.c:kernel_wait4"))

func wait4Table(checks ...Row) Table {
	return Table{Name: "wait4",
		Rows: slices.Concat([]Row{
			{Name: "wait4_options", Source: "kernel/exit.c:sys_wait4", Errs: []Errno{EINVAL},
				Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return f.Flags&^wait4Options != 0 }, Errno: EINVAL}}}, checks, []Row{
			act("find_get_pid", "kernel/exit.c:sys_wait4", waitSelect),
			{Name: "do_wait", Source: waitC, Fail: "put_pid", Errs: []Errno{ECHILD, EINTR}, Sleep: Interruptible, Body: Func(doWait)},
			act("put_pid", "kernel/exit.c:sys_wait4", putWaitPid),
		}),
		Ladder: []Rung{{Label: "put_pid", Name: "put_pid", Undo: putWaitPid}},
	}
}

// number is the pid argument of kill and wait4 as user space gives it: the target's number in the caller's
// namespace, negative if the op says so, or just a number. A target that the caller cannot see has a number
// that nobody has.
func (k *Kernel) number(s *State, f *Flight, target TaskID, arg int32) int32 {
	if target == 0 {
		return arg
	}
	nr := int32(s.NumberSeen(f.Op.Actor, target))
	if nr == 0 {
		nr = PidMaxLimit
	}
	if f.Op.Mode == Negative {
		return -nr
	}
	return nr
}

// waitSelect reads the pid argument: any child, a process group, or one child.
func waitSelect(k *Kernel, s *State, f *Flight) {
	f.Nr = k.number(s, f, f.Op.Target, f.Op.Arg)
	ns := s.ActiveNS(f.Op.Actor)
	switch {
	case f.Nr == -1:
		f.Type = NPidtypes
	case f.Nr < 0:
		f.Type, f.Pid = PidtypePGID, s.findPid(-f.Nr, ns)
	case f.Nr == 0:
		f.Type, f.Pid = PidtypePGID, s.pgrp(f.Op.Actor)
	default:
		f.Type, f.Pid = PidtypePID, s.findPid(f.Nr, ns)
	}
	if f.Pid != 0 {
		s.Pid[f.Pid].Count++
	}
}

func putWaitPid(k *Kernel, s *State, f *Flight) {
	if f.Pid != 0 {
		s.putPid(f.Pid)
	}
}

// doWait is do_wait: a child to report ends the call, none that could ever be ends it with ECHILD.
func doWait(k *Kernel, s *State, f *Flight) Errno {
	e := k.waitScan(s, f, waitFor{f.Type, f.Pid, f.Flags})
	if e == sleep && f.Flags&WNOHANG != 0 {
		return next
	}
	return e
}

// waitFor is what a wait looks for: struct wait_opts.
type waitFor struct {
	typ     PidType
	pid     PidID
	options Flags
}

// waitScan looks once at the children of the caller's threads, the caller's own first. It answers 0 with a child
// in f.Who, ECHILD when no child can match, or sleep when one may do so later.
func (k *Kernel) waitScan(s *State, f *Flight, w waitFor) Errno {
	if w.typ < NPidtypes && (w.pid == 0 || s.empty(w.pid, w.typ)) {
		return ECHILD
	}
	answer := ECHILD
	f.Who = 0
	s.threads(f.Op.Actor, func(t TaskID) bool {
		s.children(t, func(p TaskID) {
			if f.Who == 0 && s.eligible(p, w) && s.consider(f, p, w) {
				answer = sleep
			}
		})
		return f.Who != 0 || w.options&WNOTHREAD != 0
	})
	if f.Who == 0 {
		return answer
	}
	if s.Task[f.Who].ExitState == ExitDead {
		k.release(s, f, f.Who)
	}
	return next
}

// eligible is eligible_child: the right pid, and the kind of child that the options ask for: a clone child is one
// whose exit signal is not SIGCHLD.
func (s *State) eligible(p TaskID, w waitFor) bool {
	if w.typ < NPidtypes && s.Task[p].Pids[w.typ] != w.pid {
		return false
	}
	cloneChild := s.Task[p].ExitSignal != int16(SIGCHLD)
	return w.options&WALL != 0 || cloneChild == (w.options&WCLONE != 0)
}

// consider is wait_consider_task: it reports the child through f, or says whether it is worth waiting for.
func (s *State) consider(f *Flight, p TaskID, w waitFor) (later bool) {
	c := &s.Task[p]
	switch {
	case c.ExitState == ExitDead:
		return false
	case c.ExitState == ExitZombie && s.alone(p): // not delay_group_leader
		c.ExitState = ExitDead
		s.report(f, p, s.exitStatus(p))
		return false
	}
	sig := &s.Signal[c.Signal]
	switch {
	case w.options&WUNTRACED != 0 && sig.Flags&SignalStopStopped != 0 && sig.GroupExitCode != 0:
		s.report(f, p, sig.GroupExitCode<<8|0x7f)
		sig.GroupExitCode = 0
	case w.options&WCONTINUED != 0 && sig.Flags&SignalStopContinued != 0:
		sig.Flags &^= SignalStopContinued
		s.report(f, p, 0xffff)
	}
	return f.Who == 0
}

func (s *State) report(f *Flight, p TaskID, status uint16) {
	f.Who, f.Code, f.Ret = p, status, int32(s.NumberSeen(f.Op.Actor, p))
}

// exitStatus is what wait reports of a dead process: the group's code if there was a group exit, else the leader's.
func (s *State) exitStatus(p TaskID) uint16 {
	if sig := &s.Signal[s.Task[p].Signal]; sig.Flags&SignalGroupExit != 0 {
		return sig.GroupExitCode
	}
	return s.Task[p].ExitCode
}
