package invariants

import "forkcheck/model"

// Census is every count of a state, taken anew by looking at who holds what. One pass serves all invariants about counts.
type Census struct {
	Count     [model.NClasses][model.Slots]int8
	NrThreads [model.MaxTasks]int8            // hashed threads, by signal_struct
	Live      [model.MaxTasks]int8            // of those, the ones that have not passed the decrement of live in do_exit
	Readers   [model.MaxTasks]int8            // threads being created, by signal_struct
	Processes [model.MaxUsers]int16           // v3.11
	Ucounts   [model.MaxUcounts]model.Ucounts // v6.x: the counters of each, and its references
	Hashed    [model.MaxPidNS]int8            // population
	PidCount  [model.MaxPids]int8
	Tasks     [model.MaxTasks]model.TaskID // the hashed tasks
	NTasks    int
	Leaders   int
	InFlight  int // clones begun and not yet committed
}

// bases are the references of the idle task and of static objects, on the first object of each class.
var bases = [...]model.Class{model.CSS, model.Module, model.Nsproxy, model.CgroupNS, model.TimeNS, model.PidNSClass, model.UserNSClass, model.UserClass}

// take counts.
func (n *Census) take(k *model.Kernel, s *model.State) {
	*n = Census{}
	for _, c := range bases {
		n.Count[c][1]++
	}
	if s.Ucounts[1].NS == model.RootUserNS {
		n.Ucounts[1].Count++ // init_ucounts is static
	}
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		if s.Task[t].Stage != model.Free {
			n.task(k, s, t)
		}
		if s.Flight[t].On {
			n.flight(s, &s.Flight[t])
		}
	}
	n.objects(s)
	if s.Ucounts[1].NS != 0 {
		n.charged(s)
	}
	n.pids(s)
	for c := range model.NClasses {
		n.Count[c][0] = 0 // nobody holds NULL
	}
}

// task counts what a task holds. What a half-built child holds its flight knows.
func (n *Census) task(k *model.Kernel, s *model.State, t model.TaskID) {
	p := &s.Task[t]
	n.Count[model.TaskClass][t] = usage(p)
	if p.Stage == model.Building {
		return
	}
	for c := range model.InTask {
		n.Count[c][p.Ref[c]]++
	}
	n.Count[model.Cred][p.Ref[model.Cred]]++ // cred and real_cred
	n.Count[model.SignalClass][p.Signal]++
	if p.Stage != model.Hashed {
		return
	}
	n.Tasks[n.NTasks] = t
	n.NTasks++
	n.NrThreads[p.Signal]++
	n.charge(s, p)
	if p.Leader == t {
		n.Leaders++
	}
	if p.Flags&model.PFExiting == 0 || !k.Past(s, t, "signal_live") {
		n.Live[p.Signal]++
	}
}

// usage is task_struct.usage: the scheduler's reference until the last switch, and release_task's until its grace period is over.
func usage(p *model.Task) (n int8) {
	if p.Flags&model.Dead == 0 {
		n++
	}
	if p.Stage != model.Released || p.Flags&model.FinalPutPending != 0 {
		n++
	}
	return n
}

// flight counts what a call in flight has in its hands.
func (n *Census) flight(s *model.State, f *model.Flight) {
	n.Count[model.Cred][f.Cred]++
	n.Count[model.Nsproxy][f.Nsproxy]++
	n.Count[model.Files][f.Files]++
	n.Count[model.FS][f.FS]++
	if f.Op.Kind == model.Wait4 && f.Pid != 0 {
		n.PidCount[f.Pid]++
	}
	if f.Took&model.TookPidfd != 0 {
		n.PidCount[f.Pid]++
	}
	if f.Took&model.TookRwsem != 0 {
		n.Readers[s.Task[f.Op.Actor].Signal]++
	}
	c := &s.Task[f.Child]
	if f.Child == 0 || c.Stage != model.Building {
		return
	}
	n.InFlight++
	for cl := range model.InTask {
		if f.Took&(1<<cl) != 0 {
			n.Count[cl][c.Ref[cl]]++
		}
	}
	if f.Took&(1<<model.Cred) != 0 {
		n.Count[model.Cred][c.Ref[model.Cred]]++
	}
	if f.Took&model.TookSignal != 0 {
		n.Count[model.SignalClass][c.Signal]++
	}
	if f.Took&model.TookCharge != 0 {
		n.charge(s, c)
	}
	if f.Took&model.TookPidNS != 0 && !s.Pid[f.Pid].Hashed {
		n.Count[model.PidNSClass][s.Nsproxy[c.Ref[model.Nsproxy]].ForChildren]++
	}
	if f.Took&model.TookPid != 0 && !s.Pid[f.Pid].Hashed {
		n.PidCount[f.Pid]++
	}
}

// objects counts what the objects hold of each other.
func (n *Census) objects(s *model.State) {
	for id := 1; id < model.Slots; id++ {
		if s.Count[model.Nsproxy][id] > 0 {
			p := &s.Nsproxy[id]
			for i, ns := range p.NS {
				n.Count[model.MntNS+model.Class(i)][ns]++
			}
			n.Count[model.PidNSClass][p.ForChildren]++
			n.Count[model.TimeNS][p.TimeForChildren]++
		}
		if s.Count[model.Cred][id] > 0 {
			n.Count[model.UserClass][s.Cred[id].User]++
			n.Count[model.UserNSClass][s.Cred[id].UserNS]++
			n.Ucounts[s.Cred[id].Ucounts].Count++
		}
	}
	for id := 1; id < model.MaxPidNS; id++ {
		if p := &s.PidNS[id]; s.Count[model.PidNSClass][id] > 0 {
			n.Count[model.PidNSClass][p.Parent]++
			n.Count[model.UserNSClass][p.UserNS]++
			if p.Proc {
				n.Count[model.PidNSClass][id]++
			}
		}
	}
	for id := 1; id < model.MaxUserNS; id++ {
		if s.Count[model.UserNSClass][id] > 0 {
			n.Count[model.UserNSClass][s.UserNS[id].Parent]++
		}
	}
}

// charge counts a task where RLIMIT_NPROC is compared: for its user in v3.11, for its ucounts and those above in v6.x.
func (n *Census) charge(s *model.State, p *model.Task) {
	c := &s.Cred[p.Ref[model.Cred]]
	if c.Ucounts == 0 {
		n.Processes[c.User]++
		return
	}
	for id, fuel := c.Ucounts, model.MaxUcounts; id != 0 && fuel > 0; id, fuel = above(s, id), fuel-1 {
		n.Ucounts[id].Nproc++
	}
}

// above is where a charge goes next: the ucounts of the owner of the user namespace.
func above(s *model.State, id model.UcountsID) model.UcountsID {
	return s.Charged[model.UserNSClass-model.MntNS][s.Ucounts[id].NS]
}

// charged counts the namespaces that are charged to somebody, and the user namespaces that ucounts hold.
func (n *Census) charged(s *model.State) {
	for id := 1; id < model.MaxUcounts; id++ {
		if u := &s.Ucounts[id]; u.Count > 0 {
			n.Count[model.UserNSClass][u.NS]++
		}
	}
	for kind := range s.Charged {
		for _, first := range s.Charged[kind] {
			n.Ucounts[first].Count++
			for id, fuel := first, model.MaxUcounts; id != 0 && fuel > 0; id, fuel = above(s, id), fuel-1 {
				n.Ucounts[id].Namespaces[kind]++
			}
		}
	}
}

// pids counts the numbers of each namespace, and the references that struct pids have and hold.
func (n *Census) pids(s *model.State) {
	for id := 1; id < model.MaxPids; id++ {
		p := &s.Pid[id]
		if p.Hashed || p.Count > 0 && p.Nr[p.Level] == 0 { // not a pid that a fork has yet to hash
			n.Count[model.PidNSClass][p.NS[p.Level]]++
		}
		if p.Hashed || p.RCU {
			n.PidCount[id]++
		}
		if p.Pidfds != 0 {
			n.PidCount[id]++
		}
		for i := 0; p.Hashed && i <= int(p.Level); i++ {
			n.Hashed[p.NS[i]]++
		}
	}
}
