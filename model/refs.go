package model

// Oops is the first thing in a run that a real kernel would have crashed on, or never come back from.
type Oops uint8

// The kinds of oops.
const (
	NoOops        Oops = iota
	NullGet            // a reference taken on NULL
	NullPut            // a reference dropped on NULL
	FreedGet           // a reference taken on a freed object
	FreedPut           // a reference dropped on a freed object
	NullWrite          // a write through a NULL handle
	EndlessWalk        // a list that does not end
	EndlessSettle      // the kernel does not come to rest
	CountOverflow      // a counter ran over
	LinkedTwice        // a list entry is linked where it is linked already
	LinkedForEver      // a list entry is freed and still linked
)

var oopsNames = [...]string{"", "get of NULL", "put of NULL", "get of a freed object", "put of a freed object", "write through NULL", "endless list", "endless settling", "counter overflow", "list entry linked twice", "list entry freed while linked"}

// String says what happened.
func (o Oops) String() string { return oopsNames[o] }

// oops is sticky: the first one stays.
func (s *State) oops(o Oops, c Class) {
	if s.Oops == NoOops {
		s.Oops, s.OopsClass = o, c
	}
}

// alloc takes the lowest free object of a class with one reference; 0 when the arena is full.
func (s *State) alloc(c Class) Ref {
	for id := 1; id < c.slots(); id++ {
		if s.Count[c][id] == 0 {
			s.Count[c][id] = 1
			return Ref(id)
		}
	}
	return 0
}

// slots is the size of the arena of a class, slot 0 included.
func (c Class) slots() int {
	switch c {
	case PidNSClass:
		return MaxPidNS
	case UserNSClass:
		return MaxUserNS
	case UserClass:
		return MaxUsers
	}
	return Slots
}

// get takes a reference.
func (s *State) get(c Class, id Ref) {
	n := &s.Count[c][id]
	switch {
	case id == 0:
		s.oops(NullGet, c)
	case *n <= 0:
		s.oops(FreedGet, c)
	case *n == 127:
		s.oops(CountOverflow, c)
	default:
		*n++
	}
}

// put drops a reference; the last one destroys the object and drops what it held.
func (s *State) put(c Class, id Ref) {
	n := &s.Count[c][id]
	switch {
	case id == 0:
		s.oops(NullPut, c)
	case *n <= 0:
		s.oops(FreedPut, c)
	default:
		*n--
		if *n == 0 && destroy[c] != nil {
			destroy[c](s, id)
		}
	}
}

// destroy is what the last put of a class does, besides the count. Entries of nil have no more to do.
var destroy [NClasses]func(s *State, id Ref)

func init() { // the destructors put other classes: an initializer of the table itself would be a cycle
	destroy[Sighand] = func(s *State, id Ref) { s.Sighand[id] = SighandStruct{} }
	destroy[Files] = closeFiles
	destroy[Nsproxy] = destroyNsproxy
	destroy[Cred] = destroyCred
	destroy[PidNSClass] = destroyPidNS
	destroy[UserNSClass] = destroyUserNS
	destroy[UserClass] = func(s *State, id Ref) { s.User[id] = User{} }
	destroy[SignalClass] = func(s *State, id Ref) { s.Signal[id] = SignalStruct{} }
	destroy[TaskClass] = destroyTask
	for c := MntNS; c <= TimeNS; c++ {
		destroy[c] = func(s *State, id Ref) { s.uncharge(c, id) }
	}
}

// dupFD is dup_fd, fs/file.c: a copy of a file table has the same files. Of these only pidfds are told apart.
func (s *State) dupFD(id, old Ref) {
	for p := range s.Pid {
		if fds := &s.Pid[p].Pidfds; *fds&(1<<old) != 0 {
			*fds |= 1 << id
		}
	}
}

// closeFiles is close_files, fs/file.c. A pidfd that is open nowhere else gives up its struct pid.
func closeFiles(s *State, id Ref) {
	for p := range s.Pid {
		if fds := &s.Pid[p].Pidfds; *fds&(1<<id) != 0 {
			if *fds &^= 1 << id; *fds == 0 {
				s.putPid(PidID(p))
			}
		}
	}
}

// destroyNsproxy is free_nsproxy, kernel/nsproxy.c.
func destroyNsproxy(s *State, id Ref) {
	n := s.Nsproxy[id]
	for i, ns := range n.NS {
		if c := MntNS + Class(i); ns != 0 || c < CgroupNS {
			s.put(c, ns)
		}
	}
	s.put(PidNSClass, Ref(n.ForChildren))
	if n.TimeForChildren != 0 {
		s.put(TimeNS, n.TimeForChildren)
	}
	s.Nsproxy[id] = NsproxyStruct{}
}

// destroyCred is put_cred_rcu, kernel/cred.c.
func destroyCred(s *State, id Ref) {
	c := s.Cred[id]
	if c.Ucounts != 0 {
		s.putUcounts(c.Ucounts)
	}
	s.put(UserClass, Ref(c.User))
	s.put(UserNSClass, Ref(c.UserNS))
	s.Cred[id] = CredStruct{}
}

// destroyPidNS is free_pid_ns with the walk up of put_pid_ns, kernel/pid_namespace.c.
func destroyPidNS(s *State, id Ref) {
	n := s.PidNS[id]
	s.PidNS[id] = PidNamespace{}
	s.uncharge(PidNSClass, id)
	s.put(UserNSClass, Ref(n.UserNS))
	s.put(PidNSClass, Ref(n.Parent))
}

// destroyUserNS is free_user_ns, kernel/user_namespace.c.
func destroyUserNS(s *State, id Ref) {
	parent := s.UserNS[id].Parent
	s.UserNS[id] = UserNamespace{}
	s.uncharge(UserNSClass, id)
	s.put(UserNSClass, Ref(parent))
}

// destroyTask is __put_task_struct, kernel/fork.c: creds, signal_struct, seccomp filter, then the struct itself.
func destroyTask(s *State, id Ref) {
	t := &s.Task[id]
	s.exitCreds(t)
	s.put(SignalClass, Ref(t.Signal))
	s.freeTask(TaskID(id))
}

// putTask is put_task_struct: before the last one, the task gives up what the version keeps until then.
func (k *Kernel) putTask(s *State, t TaskID) {
	if s.Count[TaskClass][t] == 1 {
		for _, c := range k.FinalPuts {
			s.drop(t, c)
		}
	}
	s.put(TaskClass, Ref(t))
}

// exitCreds is exit_creds, kernel/cred.c: cred and real_cred.
func (s *State) exitCreds(t *Task) {
	cred := t.Ref[Cred]
	t.Ref[Cred] = 0
	s.put(Cred, cred)
	s.put(Cred, cred)
}

// freeTask is free_task, kernel/fork.c: the seccomp filter, the stack and the struct.
func (s *State) freeTask(t TaskID) {
	if filter := s.Task[t].Ref[Seccomp]; filter != 0 {
		s.put(Seccomp, filter)
	}
	switch {
	case t == 0:
		s.oops(NullPut, TaskClass)
		return
	case s.Task[t].Stage == Free:
		s.oops(FreedPut, TaskClass)
	}
	s.Count[TaskClass][t] = 0
	s.Task[t] = Task{}
}

// drop gives up what a task points to, if it points to anything, and clears the pointer.
func (s *State) drop(t TaskID, c Class) {
	id := s.Task[t].Ref[c]
	if id == 0 {
		return
	}
	s.Task[t].Ref[c] = 0
	s.put(c, id)
}
