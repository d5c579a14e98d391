package model

// Ucounts of v6.x, kernel/ucount.c: what a user is charged in a user namespace. A charge also counts for the owner of that
// namespace in the one above, and so on up to the initial one.

// allocUcounts is alloc_ucounts: the ucounts of a user in a user namespace, with one reference more; 0 when out of memory.
func (s *State) allocUcounts(ns UserNSID, uid uint16) UcountsID {
	free := UcountsID(0)
	for id := UcountsID(MaxUcounts - 1); id > 0; id-- {
		switch u := &s.Ucounts[id]; {
		case u.Count == 0:
			free = id
		case u.NS == ns && u.UID == uid:
			u.Count++
			return id
		}
	}
	if free != 0 {
		s.Ucounts[free] = Ucounts{UID: uid, NS: ns, Count: 1}
		s.get(UserNSClass, Ref(ns))
	}
	return free
}

// getUcounts takes one more reference.
func (s *State) getUcounts(id UcountsID) {
	if s.Ucounts[id].Count <= 0 {
		s.oops(FreedGet, UserNSClass)
		return
	}
	s.Ucounts[id].Count++
}

// putUcounts is put_ucounts: the last reference drops the user namespace.
func (s *State) putUcounts(id UcountsID) {
	u := &s.Ucounts[id]
	if u.Count <= 0 {
		s.oops(FreedPut, UserNSClass)
		return
	}
	if u.Count--; u.Count == 0 {
		ns := u.NS
		*u = Ucounts{}
		s.put(UserNSClass, Ref(ns))
	}
}

// above is where a charge goes next: the ucounts of the owner of the user namespace, in the one above; 0 at the top.
func (s *State) above(id UcountsID) UcountsID {
	return s.Charged[UserNSClass-MntNS][s.Ucounts[id].NS]
}

// eachUcounts calls fn on the way up, until it answers false.
func (s *State) eachUcounts(id UcountsID, fn func(id UcountsID) bool) {
	for fuel := MaxUcounts; id != 0 && fn(id); id = s.above(id) {
		if fuel--; fuel == 0 {
			s.oops(EndlessWalk, UserNSClass)
			return
		}
	}
}

// chargeNproc is inc_rlimit_ucounts and dec_rlimit_ucounts for UCOUNT_RLIMIT_NPROC.
func (s *State) chargeNproc(id UcountsID, n int16) {
	s.eachUcounts(id, func(id UcountsID) bool {
		s.Ucounts[id].Nproc += n
		return true
	})
}

// NprocExcess is by how much the worst of the counters on the way up is above what bounds it: the limit of the task for
// the first, for each other one the limit that was in force where the namespace below it was made (is_rlimit_overlimit).
func (s *State) NprocExcess(id UcountsID, limit int16) int {
	worst := -1 << 30
	s.eachUcounts(id, func(id UcountsID) bool {
		u := &s.Ucounts[id]
		worst = max(worst, int(u.Nproc)-nprocBound(limit))
		limit = s.UserNS[u.NS].NprocMax
		return true
	})
	return worst
}

// incUcount is inc_ucount: it charges a user with a namespace of a class on every level, or gives 0 when one is at its maximum.
func (s *State) incUcount(ns UserNSID, uid uint16, c Class) UcountsID {
	first := s.allocUcounts(ns, uid)
	full := UcountsID(0)
	s.eachUcounts(first, func(id UcountsID) bool {
		u := &s.Ucounts[id]
		most := s.UserNS[u.NS].UcountMax[c-MntNS]
		if most != UcountUnlimited && int(u.Namespaces[c-MntNS]) >= int(most) {
			full = id
			return false
		}
		u.Namespaces[c-MntNS]++
		return true
	})
	if full == 0 {
		return first
	}
	s.decUcount(first, full, c)
	return 0
}

// decUcount is dec_ucount: it takes the charge back on the way up to a level, all of it if that is 0.
func (s *State) decUcount(first, upTo UcountsID, c Class) {
	s.eachUcounts(first, func(id UcountsID) bool {
		if id != upTo {
			s.Ucounts[id].Namespaces[c-MntNS]--
		}
		return id != upTo
	})
	s.putUcounts(first)
}

// uncharge is dec_ucount for a namespace that goes, if it is charged to somebody.
func (s *State) uncharge(c Class, id Ref) {
	if first := s.Charged[c-MntNS][id]; first != 0 {
		s.Charged[c-MntNS][id] = 0
		s.decUcount(first, 0, c)
	}
}

// allocCharged makes a namespace and charges the caller for it in a user namespace: ENOSPC when it has too many, ENOMEM when
// the arena is full.
func (s *State) allocCharged(c Class, in UserNSID, uid uint16) (Ref, Errno) {
	ucounts := s.incUcount(in, uid, c)
	if ucounts == 0 {
		return 0, ENOSPC
	}
	return s.noteCharge(c, ucounts, s.alloc(c))
}

// noteCharge notes where a new namespace is charged. Without one, for want of memory, the charge is taken back.
func (s *State) noteCharge(c Class, ucounts UcountsID, id Ref) (Ref, Errno) {
	if id == 0 {
		s.decUcount(ucounts, 0, c)
		return 0, ENOMEM
	}
	s.Charged[c-MntNS][id] = ucounts
	return id, next
}

// setCredUcounts is set_cred_ucounts: the new cred is charged in its own user namespace.
func setCredUcounts(k *Kernel, s *State, f *Flight) Errno {
	c := &s.Cred[f.Cred]
	id := s.allocUcounts(c.UserNS, s.User[c.User].UID)
	if id == 0 {
		return EAGAIN
	}
	s.putUcounts(c.Ucounts)
	c.Ucounts = id
	return next
}

// createUserNSV6 is create_user_ns of v6.x: the namespace is charged before its creator is looked at.
func createUserNSV6(depth Errno) Func {
	return func(k *Kernel, s *State, f *Flight) Errno {
		c := &s.Cred[f.Cred]
		parent := c.UserNS
		if s.UserNS[parent].Level > k.UserNSDepth {
			return depth
		}
		uid := s.User[c.User].UID
		ucounts := s.incUcount(parent, uid, UserNSClass)
		switch {
		case ucounts == 0:
			return ENOSPC
		case !s.mapped(parent):
			s.decUcount(ucounts, 0, UserNSClass)
			return EPERM
		}
		id, e := s.noteCharge(UserNSClass, ucounts, s.alloc(UserNSClass))
		if e != next {
			return e
		}
		s.UserNS[id] = UserNamespace{Owner: uid, Parent: parent, Level: s.UserNS[parent].Level + 1,
			NprocMax: s.enforcedNproc(f.Op.Actor), UcountMax: unlimitedNamespaces}
		c.UserNS, c.Caps = UserNSID(id), CapAll
		return next
	}
}

// unlimitedNamespaces is what a new user namespace begins with.
var unlimitedNamespaces = func() (most [NNamespaces]uint8) {
	for i := range most {
		most[i] = UcountUnlimited
	}
	return most
}()

// enforcedNproc is enforced_nproc_rlimit: the limit that binds the namespace as a whole, none if global root makes it.
func (s *State) enforcedNproc(t TaskID) int16 {
	if s.uid(t) == 0 && s.cred(t).UserNS == RootUserNS {
		return RlimInfinity
	}
	return s.Signal[s.Task[t].Signal].NprocCur
}
