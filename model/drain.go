package model

// Drain ends a world: paused calls go on, every task but the global init is killed, and init closes its files and reaps its dead
// children, until nothing more happens. What is left then is what the kernel keeps for ever.
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
	var list [MaxTasks]TaskID // as it was: calls that go on change it
	n := 0
	for t := s.Tasks; t != 0 && n < MaxTasks; t = s.after(t) {
		list[n] = t
		n++
	}
	for _, t := range list[:n] {
		resumed = k.goOn(s, t, res) || resumed
		if s.Task[t].Stage == Hashed && !s.sameGroup(t, Init0) {
			k.sendSignal(s, SIGKILL, t, private, true)
		}
	}
	for t := range TaskID(MaxTasks) { // those on no list are at the end of their exit, and in nobody's way
		resumed = k.goOn(s, t, res) || resumed
	}
	k.settle(s, res)
	s.threads(Init0, func(t TaskID) bool {
		closeFiles(s, s.Task[t].Ref[Files])
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

// goOn lets a call run that is paused; it says whether there is one.
func (k *Kernel) goOn(s *State, t TaskID, res *Result) bool {
	f := &s.Flight[t]
	if !f.On || !f.Paused {
		return false
	}
	k.run(s, f, res)
	return true
}

// Past says whether a dying task is beyond a row of do_exit.
func (k *Kernel) Past(s *State, t TaskID, row string) bool {
	f := &s.Flight[t]
	if !f.On || f.Op.Kind != Exit && f.Op.Kind != ExitGroup && f.Op.Kind != Die {
		return s.Task[t].Flags&PFExiting != 0
	}
	return int(f.PC) > k.Calls[f.Op.Kind].Row(row)
}
