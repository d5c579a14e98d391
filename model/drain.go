package model

// Drain ends a world: paused calls go on, every task but the global init is killed, and init's dead children are
// reaped, until nothing more happens. What is left then is what the kernel keeps for ever.
func (k *Kernel) Drain(s *State, res *Result) {
	*res = Result{}
	for fuel := 4 * MaxTasks; fuel > 0; fuel-- {
		before := s.NrThreads
		flights := k.drainOnce(s, res)
		if s.Panic || !flights && s.NrThreads == before {
			return
		}
	}
}

// drainOnce lets paused calls run, kills, settles and reaps; it says whether a call was let go.
func (k *Kernel) drainOnce(s *State, res *Result) (resumed bool) {
	for t := TaskID(1); t < MaxTasks; t++ {
		if f := &s.Flight[t]; f.On && f.Paused {
			resumed = true
			k.run(s, f, res)
		}
		if s.Task[t].Stage == Hashed && !s.sameGroup(t, Init0) {
			k.sendSignal(s, SIGKILL, t, private, true)
		}
	}
	k.settle(s, res)
	s.threads(Init0, func(t TaskID) bool {
		s.children(t, func(p TaskID) {
			if s.Task[p].ExitState == ExitZombie && s.alone(p) {
				s.Task[p].ExitState = ExitDead
				k.release(s, &s.Flight[0], p)
			}
		})
		return false
	})
	s.Flight[0] = Flight{}
	k.settle(s, res)
	return resumed
}

// Past says whether a dying task is beyond a row of do_exit.
func (k *Kernel) Past(s *State, t TaskID, row string) bool {
	f := &s.Flight[t]
	if !f.On || f.Op.Kind != Exit && f.Op.Kind != ExitGroup && f.Op.Kind != Die {
		return s.Task[t].Flags&PFExiting != 0
	}
	return int(f.PC) > k.Calls[f.Op.Kind].Row(row)
}
