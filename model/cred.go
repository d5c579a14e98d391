package model

// RootUserNS is init_user_ns; InitUser is INIT_USER, the user_struct of uid 0.
const (
	RootUserNS UserNSID = 1
	InitUser   UserID   = 1
)

// cred is the task's struct cred.
func (s *State) cred(t TaskID) *CredStruct { return &s.Cred[s.Task[t].Ref[Cred]] }

// uid is the task's real and effective kuid.
func (s *State) uid(t TaskID) uint16 { return s.User[s.cred(t).User].UID }

// capable is ns_capable of kernel/capability.c, cap_capable of security/commoncap.c: a capability counts in its user
// namespace and in those below; the owner of a namespace has all in it.
func (s *State) capable(t TaskID, in UserNSID, cap CapSet) bool {
	c := s.cred(t)
	for ns, fuel := in, MaxUserNS; fuel > 0; fuel-- {
		switch {
		case ns == c.UserNS:
			return c.Caps&cap != 0
		case ns == RootUserNS || ns == 0:
			return false
		case s.UserNS[ns].Parent == c.UserNS && s.UserNS[ns].Owner == s.User[c.User].UID:
			return true
		}
		ns = s.UserNS[ns].Parent
	}
	return false
}

// prepareCreds is prepare_creds: a private copy, not yet installed; 0 when out of memory.
func (s *State) prepareCreds(old Ref) Ref {
	id := s.alloc(Cred)
	if id == 0 {
		return 0
	}
	c := s.Cred[old]
	s.Cred[id] = c
	s.get(UserClass, Ref(c.User))
	s.get(UserNSClass, Ref(c.UserNS))
	if c.Ucounts != 0 {
		s.getUcounts(c.Ucounts)
	}
	return id
}

// createUserNS is create_user_ns of v3.11: the new namespace takes over the cred's reference on its parent.
func createUserNS(k *Kernel, s *State, f *Flight) Errno {
	c := &s.Cred[f.Cred]
	parent := c.UserNS
	p := &s.UserNS[parent]
	if p.Level > k.UserNSDepth {
		return EUSERS
	}
	if !s.mapped(parent) {
		return EPERM
	}
	id := UserNSID(s.alloc(UserNSClass))
	if id == 0 {
		return ENOMEM
	}
	s.UserNS[id] = UserNamespace{Owner: s.User[c.User].UID, Parent: parent, Level: p.Level + 1}
	c.UserNS, c.Caps = id, CapAll
	return next
}

// mapped says whether the uids that exist here have a mapping in a namespace (kuid_has_mapping).
func (s *State) mapped(ns UserNSID) bool { return ns == RootUserNS || s.UserNS[ns].Mapped }

// mapIDs is what writing uid_map and gid_map of the caller's own namespace comes to: it can be done once,
// by a task with CAP_SYS_ADMIN in it. The map holds every id.
var mapIDs = Table{Name: "map_ids", Rows: []Row{
	{Name: "map_write_permission", Source: "kernel/user_namespace.c:map_write", Errs: []Errno{EPERM},
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			ns := s.cred(f.Op.Actor).UserNS
			if s.mapped(ns) || !s.capable(f.Op.Actor, ns, CapSysAdmin) {
				return EPERM
			}
			return next
		})},
	{Name: "map_write", Source: "kernel/user_namespace.c:map_write",
		Body: Assign(func(k *Kernel, s *State, f *Flight) { s.UserNS[s.cred(f.Op.Actor).UserNS].Mapped = true })},
}}
