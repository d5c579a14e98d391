package model

import "slices"

// The namespaces of a task, kernel/nsproxy.c: rows that clone and unshare have in common.

// subject is the task whose namespaces a call copies: the child of a clone, the caller of unshare.
func (f *Flight) subject() TaskID {
	if f.Child != 0 {
		return f.Child
	}
	return f.Op.Actor
}

// oldNsproxy is the nsproxy that new namespaces start from.
func (s *State) oldNsproxy(f *Flight) *NsproxyStruct {
	return &s.Nsproxy[s.Task[f.subject()].Ref[Nsproxy]]
}

// targetUserNS is the user namespace that new namespaces belong to: that of a new cred if there is one.
func (s *State) targetUserNS(f *Flight) UserNSID {
	if f.Cred != 0 {
		return s.Cred[f.Cred].UserNS
	}
	return s.cred(f.subject()).UserNS
}

// mayNotNamespace says whether the caller lacks CAP_SYS_ADMIN in the user namespace of the new namespaces. Whoever
// brings a new user namespace along owns it.
func mayNotNamespace(k *Kernel, s *State, f *Flight) bool {
	return !s.capable(f.Op.Actor, s.targetUserNS(f), CapSysAdmin)
}

// namespace is a row of create_new_namespaces for a kind that is only counted: a new one with the flag, else the old one.
func namespace(name, source string, class Class, flag Flags, fail Label) Row {
	return Row{Name: name, Source: source, On: newNamespaces, Fail: fail, Errs: []Errno{ENOMEM},
		CanFail: func(k *Kernel, s *State, f *Flight) bool { return f.Flags&flag != 0 },
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			to, old := &s.Nsproxy[f.Nsproxy].NS[class-MntNS], s.oldNsproxy(f).NS[class-MntNS]
			if f.Flags&flag == 0 {
				s.get(class, old)
				*to = old
				return next
			}
			if *to = s.alloc(class); *to == 0 {
				return ENOMEM
			}
			return next
		})}
}

// copyPidNS is copy_pid_ns with create_pid_namespace, kernel/pid_namespace.c.
func copyPidNS(k *Kernel, s *State, f *Flight) Errno {
	old := s.oldNsproxy(f).ForChildren
	if f.Flags&CloneNewPID == 0 {
		s.get(PidNSClass, Ref(old))
		s.Nsproxy[f.Nsproxy].ForChildren = old
		return next
	}
	if s.ActiveNS(f.Op.Actor) != old || s.PidNS[old].Level+1 > k.PidNSDepth {
		return EINVAL
	}
	if s.PidNS[old].Level+1 == MaxLevels {
		return ENOMEM
	}
	id := s.alloc(PidNSClass)
	if id == 0 {
		return ENOMEM
	}
	s.beginPidNS(f, PidNSID(id))
	return next
}

// beginPidNS fills in a new pid namespace below the one that children were born in.
func (s *State) beginPidNS(f *Flight, id PidNSID) {
	old, user := s.oldNsproxy(f).ForChildren, s.targetUserNS(f)
	s.PidNS[id] = PidNamespace{PidMax: MaxPidMax, Parent: old, UserNS: user, Level: s.PidNS[old].Level + 1, Adding: true}
	s.get(PidNSClass, Ref(old))
	s.get(UserNSClass, Ref(user))
	s.Nsproxy[f.Nsproxy].ForChildren = id
}

// The rows of create_new_namespaces. A failure enters the inner ladder, which ends where the caller's begins.
var (
	rowCreateNsproxy = Row{Name: "create_nsproxy", Source: "kernel/nsproxy.c:create_nsproxy", On: newNamespaces, Errs: []Errno{ENOMEM},
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			if f.Nsproxy = s.alloc(Nsproxy); f.Nsproxy == 0 {
				return ENOMEM
			}
			return next
		})}
	rowMntNS = namespace("copy_mnt_ns", "fs/namespace.c:copy_mnt_ns", MntNS, CloneNewNS, "out_ns")
	rowUTSNS = namespace("copy_utsname", "kernel/utsname.c:copy_utsname", UTSNS, CloneNewUTS, "out_uts")
	rowIPCNS = namespace("copy_ipcs", "ipc/namespace.c:copy_ipcs", IPCNS, CloneNewIPC, "out_ipc")
	rowPidNS = Row{Name: "copy_pid_ns", Source: "kernel/pid_namespace.c:copy_pid_ns", On: newNamespaces, Fail: "out_pid", Errs: []Errno{EINVAL, ENOMEM}, Body: Func(copyPidNS),
		CanFail: func(k *Kernel, s *State, f *Flight) bool { return f.Flags&CloneNewPID != 0 }}
	rowNetNS = namespace("copy_net_ns", "net/core/net_namespace.c:copy_net_ns", NetNS, CloneNewNet, "out_net")
)

// createNamespaces is the common part, with the label at which the caller goes on when create_nsproxy itself fails.
func createNamespaces(fail Label) []Row {
	create := rowCreateNsproxy
	create.Fail = fail
	return []Row{create, rowMntNS, rowUTSNS, rowIPCNS, rowPidNS, rowNetNS}
}

// undoNamespaces is the ladder of create_new_namespaces; it goes on at the caller's label.
func undoNamespaces(then Label) []Rung {
	return []Rung{
		{Label: "out_net", Name: "put_pid_ns", Undo: func(k *Kernel, s *State, f *Flight) { s.put(PidNSClass, Ref(s.Nsproxy[f.Nsproxy].ForChildren)) }},
		{Label: "out_pid", Name: "put_ipc_ns", Undo: putNamespace(IPCNS)},
		{Label: "out_ipc", Name: "put_uts_ns", Undo: putNamespace(UTSNS)},
		{Label: "out_uts", Name: "put_mnt_ns", Undo: putNamespace(MntNS)},
		{Label: "out_ns", Name: "free_nsproxy", Undo: freeNsproxy, Goto: then},
	}
}

func putNamespace(class Class) Act {
	return func(k *Kernel, s *State, f *Flight) { s.put(class, s.Nsproxy[f.Nsproxy].NS[class-MntNS]) }
}

// freeNsproxy is kmem_cache_free(nsproxy_cachep): the struct goes, what it pointed to was put before.
func freeNsproxy(k *Kernel, s *State, f *Flight) {
	if f.Nsproxy == 0 {
		s.oops(NullPut, Nsproxy)
	}
	s.Count[Nsproxy][f.Nsproxy], s.Nsproxy[f.Nsproxy], f.Nsproxy = 0, NsproxyStruct{}, 0
}

// copy_namespaces holds a reference on the old nsproxy, which the child keeps unless it gets a new one.
var (
	rowGetNsproxy = Row{Name: "get_nsproxy", Source: "kernel/nsproxy.c:copy_namespaces", Takes: 1 << Nsproxy,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.get(Nsproxy, s.child(f).Ref[Nsproxy]) })}
	rowNamespaceCap = Row{Name: "namespaces_ns_capable", Source: "kernel/nsproxy.c:copy_namespaces", On: newNamespaces, Fail: "put_old_nsproxy", Errs: []Errno{EPERM},
		Body: Rule{When: mayNotNamespace, Errno: EPERM}}
	rowNewipcSysvsem = Row{Name: "newipc_sysvsem", Source: "kernel/nsproxy.c:copy_namespaces", On: newNamespaces, Fail: "put_old_nsproxy", Errs: []Errno{EINVAL},
		Body: Rule{All: CloneNewIPC | CloneSysvsem, Errno: EINVAL}}
	rowSetNsproxy = Row{Name: "set_nsproxy", Source: "kernel/nsproxy.c:copy_namespaces", On: newNamespaces,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			old := s.child(f).Ref[Nsproxy]
			s.child(f).Ref[Nsproxy], f.Nsproxy = f.Nsproxy, 0
			s.put(Nsproxy, old)
		})}
)

// copyPidNSV6 is copy_pid_ns of v6.x: nesting too deep is ENOSPC, and so is a user with too many.
func copyPidNSV6(depth Errno) Func {
	return func(k *Kernel, s *State, f *Flight) Errno {
		old := s.oldNsproxy(f).ForChildren
		level := s.PidNS[old].Level + 1
		switch {
		case f.Flags&CloneNewPID == 0:
			s.get(PidNSClass, Ref(old))
			s.Nsproxy[f.Nsproxy].ForChildren = old
			return next
		case s.ActiveNS(f.Op.Actor) != old || !s.within(s.targetUserNS(f), s.PidNS[old].UserNS):
			return EINVAL
		case level > k.PidNSDepth:
			return depth
		}
		ucounts := s.incUcount(s.targetUserNS(f), s.uid(f.Op.Actor), PidNSClass)
		if ucounts == 0 {
			return ENOSPC
		}
		id := Ref(0)
		if level < MaxLevels { // a pid has no more numbers than that
			id = s.alloc(PidNSClass)
		}
		id, e := s.noteCharge(PidNSClass, ucounts, id)
		if e != next {
			return e
		}
		s.beginPidNS(f, PidNSID(id))
		return next
	}
}

// within is in_userns: a user namespace is another one, or below it.
func (s *State) within(ns, of UserNSID) bool {
	for fuel := MaxUserNS; ns != of && ns != 0 && fuel > 0; fuel-- {
		ns = s.UserNS[ns].Parent
	}
	return ns == of
}

// charged is a row of create_new_namespaces of v6.x for a kind that is only counted: the caller is charged for a new one.
func charged(name, source string, class Class, flag Flags, fail Label) Row {
	return Row{Name: name, Source: source, Fail: fail, Errs: []Errno{ENOSPC, ENOMEM},
		CanFail: func(k *Kernel, s *State, f *Flight) bool { return f.Flags&flag != 0 },
		Body: Func(func(k *Kernel, s *State, f *Flight) (e Errno) {
			to, old := s.nsOf(&s.Nsproxy[f.Nsproxy], class), *s.nsOf(s.oldNsproxy(f), class)
			if f.Flags&flag == 0 {
				s.get(class, old)
				*to = old
				return next
			}
			*to, e = s.allocCharged(class, s.targetUserNS(f), s.uid(f.Op.Actor))
			return e
		})}
}

// nsOf is where an nsproxy has its namespace of a class; of time namespaces it is the one for children that is copied.
func (s *State) nsOf(n *NsproxyStruct, class Class) *Ref {
	if class == TimeNS {
		return &n.TimeForChildren
	}
	return &n.NS[class-MntNS]
}

// createNamespacesV6 is create_new_namespaces of v6.x, under the flags that ask for it.
func createNamespacesV6(fail Label, on Flags) []Row {
	create := rowCreateNsproxy
	create.Fail = fail
	rows := []Row{create,
		charged("copy_mnt_ns", "fs/namespace.c:copy_mnt_ns", MntNS, CloneNewNS, "out_ns"),
		charged("copy_utsname", "kernel/utsname.c:copy_utsname", UTSNS, CloneNewUTS, "out_uts"),
		charged("copy_ipcs", "ipc/namespace.c:copy_ipcs", IPCNS, CloneNewIPC, "out_ipc"),
		{Name: "copy_pid_ns", Source: "kernel/pid_namespace.c:copy_pid_ns", Fail: "out_pid", Errs: []Errno{EINVAL, ENOSPC, ENOMEM}, Body: copyPidNSV6(ENOSPC), CanFail: rowPidNS.CanFail},
		charged("copy_cgroup_ns", "kernel/cgroup/namespace.c:copy_cgroup_ns", CgroupNS, CloneNewCgroup, "out_cgroup"),
		charged("copy_net_ns", "net/core/net_namespace.c:copy_net_ns", NetNS, CloneNewNet, "out_net"),
		charged("copy_time_ns", "kernel/time/namespace.c:copy_time_ns", TimeNS, CloneNewTime, "out_time"),
		act("get_time_ns", "kernel/nsproxy.c:create_new_namespaces", func(k *Kernel, s *State, f *Flight) {
			own := s.oldNsproxy(f).NS[TimeNS-MntNS]
			s.get(TimeNS, own)
			s.Nsproxy[f.Nsproxy].NS[TimeNS-MntNS] = own
		}),
	}
	for i := range rows {
		rows[i].On = on
	}
	return rows
}

// undoNamespacesV6 is the ladder of create_new_namespaces of v6.x.
func undoNamespacesV6(then Label) []Rung {
	return slices.Concat([]Rung{
		{Label: "out_time", Name: "put_net", Undo: putNamespace(NetNS)},
		{Label: "out_net", Name: "put_cgroup_ns", Undo: putNamespace(CgroupNS)},
		{Label: "out_cgroup", Name: "put_pid_ns", Undo: func(k *Kernel, s *State, f *Flight) { s.put(PidNSClass, Ref(s.Nsproxy[f.Nsproxy].ForChildren)) }},
	}, undoNamespaces(then)[1:])
}

// Time namespaces: the children of a task that has unshared its own are born in the new one, unless they share its memory; so
// their clone needs a new nsproxy even if it asks for no namespace.
var (
	rowTimensDiffers = Row{Name: "timens_differs", Source: "kernel/nsproxy.c:copy_namespaces", Off: newNamespacesV6 | CloneVM,
		Body: Assign(func(k *Kernel, s *State, f *Flight) {
			if timensDiff(k, s, f) {
				f.Flags |= needNsproxy
			}
		})}
	rowTimensOnFork = Row{Name: "timens_on_fork", Source: "kernel/time/namespace.c:timens_on_fork", On: anyNsproxy, Off: CloneVM,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			n := &s.Nsproxy[f.Nsproxy]
			own := &n.NS[TimeNS-MntNS]
			s.get(TimeNS, n.TimeForChildren)
			s.put(TimeNS, *own)
			*own = n.TimeForChildren
		})}
	rowInstallNsproxy = Row{Name: "set_nsproxy", Source: "kernel/nsproxy.c:copy_namespaces", On: anyNsproxy, Takes: 1 << Nsproxy,
		Body: Act(func(k *Kernel, s *State, f *Flight) { s.child(f).Ref[Nsproxy], f.Nsproxy = f.Nsproxy, 0 })}
)
