package model

// settleV311 is what happens between calls, first to last: signals are delivered and the dying finish, sleepers look
// again, then deferred frees drain.
var settleV311 = []Settle{
	{"get_signal_to_deliver", "kernel/signal.c:get_signal_to_deliver", getSignal},
	{"restart_syscall", "arch/x86/kernel/signal.c:do_signal", restart},
	{"wake_up", "kernel/sched/core.c:try_to_wake_up", wakeSleepers},
	{"delayed_put_task_struct", "kernel/exit.c:delayed_put_task_struct", putTasks},
	{"delayed_put_pid", "kernel/pid.c:delayed_put_pid", putPids},
	{"proc_work", "kernel/pid_namespace.c:proc_cleanup_work", releaseProc},
}

// settleV6 has no mount of proc to give up.
var settleV6 = settleV311[:len(settleV311)-1]

// wakeSleepers lets a call that was woken look again at what it sleeps for.
func wakeSleepers(k *Kernel, s *State, res *Result) bool {
	for t, fuel := s.Tasks, MaxTasks; t != 0 && fuel > 0; t, fuel = s.after(t), fuel-1 {
		f := &s.Flight[t]
		if f.Asleep && f.Woken && !f.Signalled && s.Task[t].Jobctl&Stopped == 0 {
			f.Woken = false
			k.run(s, f, res)
			return true
		}
	}
	return false
}

// putTasks is the end of a grace period for one task_struct. Which one comes first does not matter: they are on no list any more,
// and a put of one makes no difference to the put of another.
func putTasks(k *Kernel, s *State, res *Result) bool {
	for t := TaskID(1); t < MaxTasks; t++ {
		if s.Task[t].Flags&FinalPutPending != 0 {
			s.Task[t].Flags &^= FinalPutPending
			k.putTask(s, t)
			return true
		}
	}
	return false
}

// putPids is the end of a grace period for one struct pid.
func putPids(k *Kernel, s *State, res *Result) bool {
	for p := PidID(1); p < MaxPids; p++ {
		if s.Pid[p].RCU {
			s.Pid[p].RCU = false
			s.putPid(p)
			return true
		}
	}
	return false
}

// releaseProc unmounts the internal proc of a pid namespace without numbers.
func releaseProc(k *Kernel, s *State, res *Result) bool {
	for ns := PidNSID(1); ns < MaxPidNS; ns++ {
		if n := &s.PidNS[ns]; n.ProcWork {
			n.ProcWork = false
			if n.Proc {
				n.Proc = false
				s.put(PidNSClass, Ref(ns))
			}
			return true
		}
	}
	return false
}
