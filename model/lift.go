package model

import "slices"

// Refusal is a row that can refuse its call. Lift has it let the call pass.
type Refusal struct {
	Kind Kind
	Row  int
}

// Refusals are the rows that refuse: the rules, the limits, and what straight code refuses and can be had to do all the same.
func (v *Version) Refusals() (list []Refusal) {
	for kind := range v.Calls {
		for i := range v.Calls[kind].Rows {
			if unasked(&v.Calls[kind].Rows[i]) != nil {
				list = append(list, Refusal{Kind(kind), i})
			}
		}
	}
	return list
}

// Lift is the version with a row that does not refuse any more. Every row keeps its place, so that a call in flight may go on with
// the version as it was.
func (v *Version) Lift(r Refusal) *Version {
	lax := *v
	lax.own()
	row := &lax.Calls[r.Kind].Rows[r.Row]
	row.Body = unasked(row)(row.Body)
	return &lax
}

// unasked makes of a row's body one that refuses nothing, nil if there is no sense in that: who finds no memory, no number or
// nobody to signal cannot go on.
func unasked(r *Row) func(Body) Body {
	if _, check := checks(r.Body); check {
		return skip
	}
	for i := range unchecked {
		if u := &unchecked[i]; u.row == r.Name && slices.Contains(r.Errs, u.errno) {
			return u.body
		}
	}
	return nil
}

// unchecked are the rows of straight code that refuse, an errno that each has for it, and what they are without it. One that does
// nothing else is skipped.
var unchecked = []struct {
	row   string
	errno Errno
	body  func(Body) Body
}{
	{"map_write_permission", EPERM, skip},
	{"signal_pending", ERESTARTNOINTR, skip},
	{"nr_hashed_adding", ENOMEM, hash},
	{"pid_allocated_adding", ENOMEM, hash},
	{"create_user_ns", EPERM, unmapped},
	{"copy_pid_ns", EINVAL, elsewhere},
	{"copy_mnt_ns", ENOSPC, freely},
	{"copy_utsname", ENOSPC, freely},
	{"copy_ipcs", ENOSPC, freely},
	{"copy_cgroup_ns", ENOSPC, freely},
	{"copy_net_ns", ENOSPC, freely},
	{"copy_time_ns", ENOSPC, freely},
	{"kill_something_info", EPERM, permitted},
	{"do_send_specific", EPERM, permitted},
}

// skip does nothing.
func skip(Body) Body { return nil }

// hash makes a pid known in a namespace that takes none.
func hash(Body) Body { return Act(func(k *Kernel, s *State, f *Flight) { s.hashPid(f.Pid) }) }

// permitted does what the caller may do or not.
func permitted(body Body) Body {
	return Func(func(k *Kernel, s *State, f *Flight) (e Errno) {
		asRoot(func() { e = body.Do(k, s, f) }, s, f)
		return e
	})
}

// freely makes a namespace whatever the maxima are, and however deep it is.
func freely(body Body) Body {
	return Func(func(k *Kernel, s *State, f *Flight) (e Errno) {
		lax := *k
		lax.PidNSDepth, lax.UserNSDepth = MaxLevels, MaxUserNS
		unlimited(func() { e = body.Do(&lax, s, f) }, s, f)
		return e
	})
}

// unmapped makes a user namespace, of a caller that has no uid there too.
func unmapped(body Body) Body {
	return Func(func(k *Kernel, s *State, f *Flight) Errno {
		ns := &s.UserNS[s.Cred[f.Cred].UserNS]
		was := ns.Mapped
		ns.Mapped = true
		e := freely(body).Do(k, s, f)
		ns.Mapped = was
		return e
	})
}

// elsewhere makes a pid namespace, of a caller whose children are born in another one than its own too.
func elsewhere(body Body) Body {
	return Func(func(k *Kernel, s *State, f *Flight) Errno {
		e := freely(body).Do(k, s, f)
		if e != EINVAL {
			return e
		}
		id := Ref(0)
		switch n := s.oldNsproxy(f); {
		case s.PidNS[n.ForChildren].Level+1 >= MaxLevels:
			return ENOMEM
		case s.cred(f.Op.Actor).Ucounts == 0:
			id = s.alloc(PidNSClass)
		default:
			unlimited(func() { id, _ = s.allocCharged(PidNSClass, s.targetUserNS(f), s.uid(f.Op.Actor)) }, s, f)
		}
		if id == 0 {
			return ENOMEM
		}
		s.beginPidNS(f, PidNSID(id))
		return next
	})
}
