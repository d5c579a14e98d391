package model

// What happens between calls is a sequence of turns. A task that has something to do has one turn at a time, by the first rule
// that is ready for it: signals are delivered and the dying finish, then calls begin anew, then sleepers look again. Whose turn is
// next is open on a real machine, where they run at once or in the order of a scheduler. By default it is the first rule's first
// task; an op can choose another (Op.Choice). Deferred frees come when no task has anything to do.

// settleV311 are the rules, first to last.
var settleV311 = []Settle{
	{Name: "preempt_schedule", Source: "kernel/sched/core.c:preempt_schedule", Ready: (*Kernel).isPreempted, Turn: (*Kernel).regain},
	{Name: "get_signal_to_deliver", Source: "kernel/signal.c:get_signal_to_deliver", Ready: (*Kernel).hasSignal, Turn: (*Kernel).deliver},
	{Name: "restart_syscall", Source: "arch/x86/kernel/signal.c:do_signal", Ready: (*Kernel).restarts, Turn: (*Kernel).restart},
	{Name: "wake_up", Source: "kernel/sched/core.c:try_to_wake_up", Ready: (*Kernel).isWoken, Turn: (*Kernel).wakeUp},
	{Name: "delayed_put_task_struct", Source: "kernel/exit.c:delayed_put_task_struct", Free: (*Kernel).putTasks},
	{Name: "delayed_put_pid", Source: "kernel/pid.c:delayed_put_pid", Free: (*Kernel).putPids},
	{Name: "proc_work", Source: "kernel/pid_namespace.c:proc_cleanup_work", Free: (*Kernel).releaseProc},
}

// settleV6 has no mount of proc to give up.
var settleV6 = settleV311[:len(settleV311)-1]

// settleFuel is how many turns there are in a step at most.
const settleFuel = 64 * MaxTasks

// settle gives turns until nobody has anything to do and nothing is left to free.
func (k *Kernel) settle(s *State, res *Result) {
	for fuel := settleFuel; !s.Panic && k.settleOnce(s, res); fuel-- {
		if fuel == 1 {
			s.oops(EndlessSettle, 0)
			return
		}
	}
}

// settleOnce gives one turn, or frees one thing; it says whether there was any.
func (k *Kernel) settleOnce(s *State, res *Result) bool {
	others := uint64(0)
	if res.choice != 0 {
		others = res.digit(k.turns(s))
	}
	return k.give(s, others, res) || k.free(s, res)
}

// give gives the turn that comes after so many others; it says whether there is one.
func (k *Kernel) give(s *State, others uint64, res *Result) bool {
	t, rule := k.turn(s, others)
	if t == 0 {
		return false
	}
	k.Settle[rule].Turn(k, s, t, res)
	res.reachSettle(rule)
	return true
}

// digit takes the next digit off the choice, which has as many values as there are turns to choose from: numbers in a mixed radix.
func (r *Result) digit(turns uint64) (digit uint64) {
	if turns > 1 {
		digit, r.choice = r.choice%turns, r.choice/turns
	}
	return digit
}

// turns counts the tasks that have something to do.
func (k *Kernel) turns(s *State) (n uint64) {
	for {
		if t, _ := k.turn(s, n); t == 0 {
			return n
		}
		n++
	}
}

// turn finds the task that comes next, after so many others that could, and the rule that is ready for it; 0 if there is none.
func (k *Kernel) turn(s *State, others uint64) (TaskID, int) {
	for i := 0; i < len(k.Settle) && k.Settle[i].Ready != nil && !s.quiet(); i++ {
		for t, fuel := s.Tasks, MaxTasks; t != 0 && fuel > 0; t, fuel = s.after(t), fuel-1 {
			if !s.stirs(t) || !k.Settle[i].Ready(k, s, t) || !k.firstRule(s, t, i) {
				continue
			}
			if others == 0 {
				return t, i
			}
			others--
		}
	}
	return 0, 0
}

// stirs says whether there can be anything to do for a task: what the rules have in common.
func (s *State) stirs(t TaskID) bool {
	return s.Task[t].SigPending || s.Flight[t].Asleep || s.Flight[t].Paused
}

// quiet says whether nobody stirs. Mostly it is so, and then no rule need be asked.
func (s *State) quiet() bool {
	for t, fuel := s.Tasks, MaxTasks; t != 0 && fuel > 0; t, fuel = s.after(t), fuel-1 {
		if s.stirs(t) {
			return false
		}
	}
	return true
}

// firstRule says whether no rule before the i-th is ready for a task.
func (k *Kernel) firstRule(s *State, t TaskID, i int) bool {
	for j := range i {
		if k.Settle[j].Ready(k, s, t) {
			return false
		}
	}
	return true
}

// preempted stands for a pause that nobody asked for: the call goes on in the same step.
const preempted = nobody - 1

// wakes says whether a sleeper was woken, who may be faster than the task that woke it.
func wakes(k *Kernel, s *State, f *Flight) bool {
	for t := TaskID(1); t < MaxTasks; t++ {
		if k.isWoken(s, t) {
			return true
		}
	}
	return false
}

// zapsOthers says whether an exit_group has other threads to end, who may be faster.
func zapsOthers(k *Kernel, s *State, f *Flight) bool {
	return f.Op.Kind == ExitGroup && !s.alone(f.Op.Actor)
}

// leavesOthers says whether a task that exits leaves somebody who may look at it before it is a zombie: another thread of its group
// exits as the last one though it is not, or hands its children to nobody in the group; orphans pass a subreaper over.
func leavesOthers(k *Kernel, s *State, f *Flight) bool {
	return !s.alone(f.Op.Actor) || s.Signal[s.parent(f).Signal].IsChildSubreaper
}

func (k *Kernel) isPreempted(s *State, t TaskID) bool {
	f := &s.Flight[t]
	return f.Paused && f.Op.Pause == preempted
}

// regain gives it the processor back.
func (k *Kernel) regain(s *State, t TaskID, res *Result) { k.run(s, &s.Flight[t], res) }

// isWoken says whether a call sleeps that was woken.
func (k *Kernel) isWoken(s *State, t TaskID) bool {
	f := &s.Flight[t]
	return f.Asleep && f.Woken && !f.Signalled && s.Task[t].Jobctl&Stopped == 0
}

// wakeUp lets it look again at what it sleeps for.
func (k *Kernel) wakeUp(s *State, t TaskID, res *Result) {
	s.Flight[t].Woken = false
	k.run(s, &s.Flight[t], res)
}

// free frees the next thing whose time has come.
func (k *Kernel) free(s *State, res *Result) bool {
	for i := range k.Settle {
		if free := k.Settle[i].Free; free != nil && free(k, s) {
			res.reachSettle(i)
			return true
		}
	}
	return false
}

// putTasks is the end of a grace period for one task_struct. Which one comes first does not matter: they are on no list any more,
// and a put of one makes no difference to the put of another.
func (k *Kernel) putTasks(s *State) bool {
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
func (k *Kernel) putPids(s *State) bool {
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
func (k *Kernel) releaseProc(s *State) bool {
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
