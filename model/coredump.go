package model

// A fatal signal that dumps core by default is taken by one thread, the dumper. Before it writes anything the others
// are killed and gathered: they wait in do_exit until the dump is over, so that the core has all of them. Meanwhile
// the process takes no signal but SIGKILL, which ends the dump early. In v3.11 all that use the memory are gathered
// (mm.core_state), since v5.16 the threads of one group (signal.core_state). Here the core_state is what the call of
// the dumper holds (TookCore).

// dumping is a row of do_coredump that runs only in a task that dumps core.
func dumping(name, source string, body Body) Row {
	return Row{Name: name, Source: source, Body: body, If: func(k *Kernel, s *State, f *Flight) bool {
		return f.Took&TookCore != 0
	}}
}

// The rows of do_coredump, which come before the exit of the task. All tasks are dumpable here.
var (
	dumpV311 = []Row{rowZapThreads, rowDumpcoreFlags, rowZapSharers.yields(gathersNobody), rowCoredumpWait,
		rowCoredumpFinish}
	dumpV6 = []Row{rowZapThreads.yields(gathersNobody), rowCoredumpWait, rowCoredumpFinish}

	// A group that is on its way out already is not dumped, nor is memory of which there is a dump under way.
	rowZapThreads = Row{Name: "zap_threads", Source: "fs/coredump.c:zap_threads", Takes: TookCore,
		If: func(k *Kernel, s *State, f *Flight) bool {
			cores := coreSet&Signal(f.Code).Bit() != 0
			return cores && !s.Signal[s.parent(f).Signal].exiting() && k.dumper(s, f.Op.Actor) == 0
		},
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			flags := SignalGroupCoredump
			if k.DumpsAlone {
				flags |= SignalGroupExit
			}
			k.zapProcess(s, f, f.Op.Actor, flags)
			s.parent(f).SigPending = false
		})}

	// v3.11 assigns the flags of the dumper: what they said is lost (079148b919d0, v3.10 to v3.15).
	rowDumpcoreFlags = dumping("dumpcore_flags", "fs/coredump.c:zap_threads",
		Assign(func(k *Kernel, s *State, f *Flight) {
			s.parent(f).Flags &^= PFSignaled | PFForknoexec | PFSuperpriv | PFNprocExceeded
		}))

	// It kills the other processes that use the memory, too.
	rowZapSharers = dumping("zap_sharers", "fs/coredump.c:zap_threads", Act(func(k *Kernel, s *State, f *Flight) {
		for g, fuel := s.Tasks, MaxTasks; g != 0 && fuel > 0; g, fuel = s.Task[g].Next, fuel-1 {
			if !s.sameGroup(g, f.Op.Actor) && s.groupMM(g) == s.parent(f).Ref[MM] {
				k.zapProcess(s, f, g, SignalGroupExit)
			}
		}
	}))

	rowCoredumpWait = dumping("coredump_wait", "fs/coredump.c:coredump_wait",
		Func(func(k *Kernel, s *State, f *Flight) Errno {
			if k.gathers(s, f.Op.Actor) {
				return sleep
			}
			return next
		})).sleeps(Uninterruptible)

	// Whether there is a core is known at the end: a SIGKILL that came meanwhile has prevented it.
	rowCoredumpFinish = dumping("coredump_finish", "fs/coredump.c:coredump_finish",
		Act(func(k *Kernel, s *State, f *Flight) {
			p, g := s.parent(f), &s.Signal[s.parent(f).Signal]
			if k.Core && !p.Pending.Has(SIGKILL) {
				g.GroupExitCode |= StatusCore
			}
			for t := TaskID(1); t < MaxTasks; t++ {
				waits := t != f.Op.Actor && s.Task[t].Flags&PFPostcoredump != 0
				if o := &s.Flight[t]; waits && k.dumper(s, t) == f.Op.Actor {
					o.Woken = o.Asleep
				}
			}
			f.Took &^= TookCore
			g.Flags = SignalGroupExit
		}))
)

// The row of do_exit in which the gathered wait: at its beginning, in v3.11 before the memory is given up. There one
// that calls exit(2) meanwhile waits as those that are killed.
var (
	rowCoredumpTaskExit = gathered("coredump_task_exit", "kernel/exit.c:coredump_task_exit")
	rowExitMMCoreState  = gathered("exit_mm_core_state", "kernel/exit.c:exit_mm")
)

func gathered(name, source string) Row {
	body := Func(func(k *Kernel, s *State, f *Flight) Errno {
		p := s.parent(f)
		p.Flags |= PFPostcoredump
		dumper := k.dumper(s, f.Op.Actor)
		if dumper == 0 {
			return next
		}
		if !k.gathers(s, dumper) {
			s.Flight[dumper].Woken = s.Flight[dumper].Asleep
		}
		if k.DumpsAlone && p.Flags&PFSignaled == 0 {
			return next
		}
		return sleep
	})
	return Row{Name: name, Source: source, Sleep: Uninterruptible, Body: body}
}

// gathersNobody says when others may come before the end of a dump that waits for nobody: it takes its time.
func gathersNobody(k *Kernel, s *State, f *Flight) bool {
	return f.Took&TookCore != 0 && !k.gathers(s, f.Op.Actor)
}

// exiting says whether the group is on its way out (signal_group_exit).
func (g *SignalStruct) exiting() bool { return g.Flags&(SignalGroupExit|SignalGroupCoredump) != 0 }

// dumper is who dumps core of a task's group, or, in v3.11, of its memory: core_state.dumper. It is 0 if there is no
// dump.
func (k *Kernel) dumper(s *State, t TaskID) TaskID {
	for d := TaskID(1); d < MaxTasks; d++ {
		if s.Flight[d].Took&TookCore != 0 && k.dumpedWith(s, t, d) {
			return d
		}
	}
	return 0
}

// dumpedWith says whether a core of one task has the other one.
func (k *Kernel) dumpedWith(s *State, t, d TaskID) bool {
	if k.DumpsAlone {
		return s.sameGroup(t, d)
	}
	return s.Task[t].Ref[MM] != 0 && s.Task[t].Ref[MM] == s.Task[d].Ref[MM]
}

// gathers says whether somebody has yet to come to where those are gathered who are dumped with a task
// (core_state.nr_threads).
func (k *Kernel) gathers(s *State, dumper TaskID) bool {
	for t := TaskID(1); t < MaxTasks; t++ {
		running := s.Task[t].Stage == Hashed && s.Task[t].Flags&PFPostcoredump == 0
		if t != dumper && running && k.dumpedWith(s, t, dumper) {
			return true
		}
	}
	return false
}

// groupMM is the memory of a process: that of its first thread which has not given it up.
func (s *State) groupMM(g TaskID) (mm Ref) {
	s.threads(g, func(t TaskID) bool {
		mm = s.Task[t].Ref[MM]
		return mm != 0
	})
	return mm
}

// zapProcess is zap_process: it kills the threads of a group, but for the dumper and those that are beyond being
// gathered.
func (k *Kernel) zapProcess(s *State, f *Flight, t TaskID, flags SignalFlags) {
	g := &s.Signal[s.Task[t].Signal]
	g.Flags, g.GroupExitCode, g.StopCount = flags, f.Code, 0
	s.threads(t, func(o TaskID) bool {
		s.clearStop(o)
		if o != f.Op.Actor && s.Task[o].Flags&PFPostcoredump == 0 {
			s.Task[o].Pending |= SIGKILL.Bit()
			s.wakeUp(o, true)
		}
		return false
	})
}
