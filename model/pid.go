package model

// PidMaxLimit is PID_MAX_LIMIT: no number is as high, whatever pid_max says.
const PidMaxLimit = 4 << 20

// RootPidNS is init_pid_ns.
const RootPidNS PidNSID = 1

// ActiveNS is task_active_pid_ns: the namespace of the deepest number of the task's struct pid.
func (s *State) ActiveNS(t TaskID) PidNSID {
	p := &s.Pid[s.Task[t].Pids[PidtypePID]]
	return p.NS[p.Level]
}

// nrIn is pid_nr_ns: the number of a struct pid in a namespace, 0 where it has none.
func (s *State) nrIn(pid PidID, ns PidNSID) uint16 {
	level := s.PidNS[ns].Level
	if p := &s.Pid[pid]; pid != 0 && ns != 0 && level <= p.Level && p.NS[level] == ns {
		return p.Nr[level]
	}
	return 0
}

// NumberSeen is the pid number of a task as another one sees it; 0 if it sees none.
func (s *State) NumberSeen(by, t TaskID) uint16 {
	if s.Task[t].Attached&(1<<PidtypePID) == 0 {
		return 0
	}
	return s.nrIn(s.Task[t].Pids[PidtypePID], s.ActiveNS(by))
}

// findPid is find_pid_ns: the hashed struct pid with a number in a namespace.
func (s *State) findPid(nr int32, ns PidNSID) PidID {
	if nr <= 0 {
		return 0
	}
	for id := 1; id < MaxPids; id++ {
		if p := PidID(id); s.Pid[id].Hashed && int32(s.nrIn(p, ns)) == nr {
			return p
		}
	}
	return 0
}

// pidTask is pid_task(pid, PIDTYPE_PID): at most one task is attached.
func (s *State) pidTask(pid PidID) TaskID {
	for t := 1; pid != 0 && t < MaxTasks; t++ {
		if p := &s.Task[t]; p.Attached&(1<<PidtypePID) != 0 && p.Pids[PidtypePID] == pid {
			return TaskID(t)
		}
	}
	return 0
}

// members calls fn for each task on a list of a struct pid (do_each_pid_task). The model keeps no order of them, and needs none: they
// lead a group each, and what fn does to one group is nothing to another.
func (s *State) members(pid PidID, typ PidType, fn func(TaskID)) {
	for t := 1; pid != 0 && t < MaxTasks; t++ {
		if p := &s.Task[t]; p.Attached&(1<<typ) != 0 && p.Pids[typ] == pid {
			fn(TaskID(t))
		}
	}
}

// empty says whether a list of a struct pid has no task.
func (s *State) empty(pid PidID, typ PidType) bool {
	none := true
	s.members(pid, typ, func(TaskID) { none = false })
	return none
}

// pgrp and session are task_pgrp and task_session: they belong to the leader.
func (s *State) pgrp(t TaskID) PidID    { return s.Task[s.Task[t].Leader].Pids[PidtypePGID] }
func (s *State) session(t TaskID) PidID { return s.Task[s.Task[t].Leader].Pids[PidtypeSID] }

// attach is attach_pid: a task is on a list once.
func (s *State) attach(t TaskID, typ PidType) {
	if s.Task[t].Attached&(1<<typ) != 0 {
		s.oops(LinkedTwice, TaskClass)
	}
	s.Task[t].Attached |= 1 << typ
}

// detach is detach_pid: a struct pid that no list refers to is freed.
func (k *Kernel) detach(s *State, t TaskID, typ PidType) {
	p := &s.Task[t]
	pid := p.Pids[typ]
	p.Attached &^= 1 << typ
	p.Pids[typ] = 0
	for typ := PidType(0); typ < NPidtypes; typ++ {
		if !s.empty(pid, typ) {
			return
		}
	}
	k.freePid(s, pid)
}

// allocPidmap is alloc_pidmap: the first free number after the last one, up to pid_max, then from RESERVED_PIDS on. When the
// last number is RESERVED_PIDS itself v3.11 gives up after the first search, and does not try that number.
func allocPidmap(k *Kernel, s *State, ns PidNSID) uint16 {
	n := &s.PidNS[ns]
	most, last := k.PidMaxOf(s, ns), n.LastPid
	nr := last + 1
	if nr >= most {
		nr = k.ReservedPids
	}
	for range 2 {
		for ; nr < most; nr++ { // as many turns as struct pids, for the rest is free
			if !s.numberTaken(nr, ns) {
				n.LastPid = nr
				return nr
			}
		}
		if last == k.ReservedPids {
			return 0
		}
		nr = k.ReservedPids
	}
	return 0
}

// allocCyclic is idr_alloc_cyclic as alloc_pid of v6.x calls it: from the cursor up to pid_max, then from 1, or from
// RESERVED_PIDS once the cursor has passed it.
func allocCyclic(k *Kernel, s *State, ns PidNSID) uint16 {
	n := &s.PidNS[ns]
	lowest := uint16(1)
	if n.LastPid+1 > k.ReservedPids {
		lowest = k.ReservedPids
	}
	for _, from := range [...]uint16{max(n.LastPid+1, lowest), lowest} {
		for nr := from; nr < k.PidMaxOf(s, ns); nr++ { // as many turns as struct pids, for the rest is free
			if !s.numberTaken(nr, ns) {
				n.LastPid = nr
				return nr
			}
		}
	}
	return 0
}

// PidMaxOf is the pid_max that binds a pid namespace.
func (k *Kernel) PidMaxOf(s *State, ns PidNSID) uint16 {
	return s.PidNS[k.pidMaxOwner(ns)].PidMax
}

// pidMaxOwner is the pid namespace whose pid_max binds another one.
func (k *Kernel) pidMaxOwner(ns PidNSID) PidNSID {
	if k.PidMaxPerNS {
		return ns
	}
	return RootPidNS
}

// numberTaken reads a bit of the namespace's pidmap: a number is taken from alloc_pidmap to free_pidmap.
func (s *State) numberTaken(nr uint16, ns PidNSID) bool {
	level := s.PidNS[ns].Level
	for id := 1; id < MaxPids; id++ {
		if p := &s.Pid[id]; p.NS[level] == ns && p.Nr[level] == nr {
			return true
		}
	}
	return false
}

// newPid is the kmem_cache_alloc of alloc_pid; 0 when the arena is full.
func (s *State) newPid(ns PidNSID) PidID {
	for id := 1; id < MaxPids; id++ {
		if p := &s.Pid[id]; p.Count == 0 {
			p.Count, p.Level = 1, s.PidNS[ns].Level
			return PidID(id)
		}
	}
	return 0
}

// hashPid is the end of alloc_pid: the pid becomes known at every level.
func (s *State) hashPid(pid PidID) {
	p := &s.Pid[pid]
	p.Hashed = true
	for i := 0; i <= int(p.Level); i++ {
		s.PidNS[p.NS[i]].Hashed++
	}
}

// freePid is free_pid: out of the hash at every level, numbers returned, the rest after a grace period.
// v3.11 wakes the child reaper only when exactly one number is left in a namespace, and schedules the
// unmount of proc only when nr_hashed, ADDING bit included, is 0. v6.x has no such mount; there a namespace that is empty
// again because its first fork failed takes no more forks.
func (k *Kernel) freePid(s *State, pid PidID) {
	p := &s.Pid[pid]
	if pid == 0 || !p.Hashed {
		s.oops(FreedPut, TaskClass)
		return
	}
	for i := 0; i <= int(p.Level); i++ {
		n := &s.PidNS[p.NS[i]]
		n.Hashed--
		switch {
		case n.Adding:
			n.Adding = n.Hashed != 0 || !k.FirstForkEnds
		case n.Hashed == 1 || n.Hashed == 2 && k.WakeAtTwo:
			s.Flight[n.Reaper].Woken = s.Flight[n.Reaper].On
		case n.Hashed == 0:
			n.ProcWork = n.Proc
		}
	}
	p.Nr, p.Hashed, p.RCU = [MaxLevels]uint16{}, false, true
}

// putPid is put_pid: the last reference frees the struct and drops its namespace.
func (s *State) putPid(pid PidID) {
	p := &s.Pid[pid]
	if pid == 0 || p.Count <= 0 {
		s.oops(FreedPut, TaskClass)
		return
	}
	if p.Count--; p.Count == 0 {
		ns := p.NS[p.Level]
		*p = Pid{}
		s.put(PidNSClass, Ref(ns))
	}
}
