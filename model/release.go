package model

const releaseC = "kernel/exit.c:release_task"

// release is release_task: the end of a zombie, or of a thread that nobody waits for. When the last thread leaves
// a zombie leader that its parent ignores, it goes on with the leader.
func (k *Kernel) release(s *State, f *Flight, p TaskID) {
	f.Victim = p
	for fuel := MaxTasks; f.Victim != 0 && fuel > 0; fuel-- {
		k.whole(s, &k.Release, f)
	}
	f.Victim = 0
}

// victim is a row of release_task, about the task that it releases.
func victim(name, source string, body func(k *Kernel, s *State, f *Flight, p *Task)) Row {
	return Row{Name: name, Source: source, Lock: "release_task", Body: Act(func(k *Kernel, s *State, f *Flight) { body(k, s, f, &s.Task[f.Victim]) })}
}

// leaderOnly is a row of release_task for a group leader.
func leaderOnly(name, source string, body func(k *Kernel, s *State, f *Flight, p *Task)) Row {
	return victim(name, source, func(k *Kernel, s *State, f *Flight, p *Task) {
		if s.leader(f.Victim) {
			body(k, s, f, p)
		}
	})
}

const (
	exitSignalC = "kernel/exit.c:__exit_signal"
	unhashC     = "kernel/exit.c:__unhash_process"
)

// releaseTask is release_task with __exit_signal and __unhash_process, after the row that gives back the charge.
func releaseTask(uncharge Row) Table {
	return Table{Name: "release_task", Rows: []Row{
		uncharge,
		victim("curr_target", exitSignalC, func(k *Kernel, s *State, f *Flight, p *Task) {
			if sig := &s.Signal[p.Signal]; sig.CurrTarget == f.Victim {
				sig.CurrTarget = p.Thread
			}
		}),
		victim("signal_nr_threads", exitSignalC, func(k *Kernel, s *State, f *Flight, p *Task) { s.Signal[p.Signal].NrThreads-- }),
		victim("nr_threads", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { s.NrThreads-- }),
		victim("detach_pid", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) {
			p.Stage = Released
			k.detach(s, f.Victim, PidtypePID)
		}),
		leaderOnly("detach_pgid", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { k.detach(s, f.Victim, PidtypePGID) }),
		leaderOnly("detach_sid", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { k.detach(s, f.Victim, PidtypeSID) }),
		leaderOnly("list_tasks", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { s.delProcess(f.Victim) }),
		leaderOnly("list_sibling", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { s.delChild(f.Victim) }),
		leaderOnly("process_counts", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { s.ProcessCounts-- }),
		victim("list_thread_group", unhashC, func(k *Kernel, s *State, f *Flight, p *Task) { s.leaveRing(f.Victim) }),
		victim("flush_pending", exitSignalC, func(k *Kernel, s *State, f *Flight, p *Task) { p.Pending, p.SigPending = 0, false }).sets(),
		victim("cleanup_sighand", exitSignalC, func(k *Kernel, s *State, f *Flight, p *Task) { s.drop(f.Victim, Sighand) }),
		leaderOnly("flush_shared_pending", exitSignalC, func(k *Kernel, s *State, f *Flight, p *Task) { s.Signal[p.Signal].Shared = 0 }).sets(),
		victim("notify_leader", releaseC, notifyLeader),
		{Name: "delayed_put_task_struct", Source: releaseC, Body: Act(func(k *Kernel, s *State, f *Flight) {
			s.Task[f.Victim].Flags |= FinalPutPending
			f.Victim, f.ZapLeader = f.ZapLeader, 0
		})},
	}}
}

// notifyLeader tells the parent of a zombie leader whose last other thread is gone, and finds out whether
// that leader is to be released as well.
func notifyLeader(k *Kernel, s *State, f *Flight, p *Task) {
	leader := p.Leader
	if leader == f.Victim || !s.alone(leader) || s.Task[leader].ExitState != ExitZombie {
		return
	}
	if k.notifyParent(s, leader, Signal(s.Task[leader].ExitSignal)) {
		s.Task[leader].ExitState, f.ZapLeader = ExitDead, leader
	}
}

// unchargeProcesses is v3.11's first row, decRlimitUcounts that of v6.x.
var (
	unchargeProcesses = victim("uncharge_processes", releaseC, func(k *Kernel, s *State, f *Flight, p *Task) { s.User[s.cred(f.Victim).User].Processes-- })
	decRlimitUcounts  = victim("dec_rlimit_ucounts", releaseC, func(k *Kernel, s *State, f *Flight, p *Task) { s.chargeNproc(s.cred(f.Victim).Ucounts, -1) })
)
