package model

import "slices"

const unshareC = "kernel/fork.c:sys_unshare"

// unshareFlags are the flags that unshare(2) of v3.11 knows.
const unshareFlags = CloneThread | CloneFS | CloneNewNS | CloneSighand | CloneVM | CloneFiles | CloneSysvsem |
	CloneNewUTS | CloneNewIPC | CloneNewNet | CloneNewUser | CloneNewPID

// imply is a row that adds flags to the call: unsharing one thing asks for another.
func imply(name string, on, add Flags) Row {
	return Row{Name: name, Source: unshareC, On: on, Body: Act(func(k *Kernel, s *State, f *Flight) { f.Flags |= add })}
}

// unshareV311 is unshare(2). The call succeeds through its own undo labels, which drop the old objects.
func unshareV311() Table {
	return Table{Name: "unshare", Rows: slices.Concat([]Row{
		imply("newuser_implies_thread_fs", CloneNewUser, CloneThread|CloneFS),
		imply("newpid_implies_thread", CloneNewPID, CloneThread),
		imply("thread_implies_vm", CloneThread, CloneVM),
		imply("vm_implies_sighand", CloneVM, CloneSighand),
		imply("newns_implies_fs", CloneNewNS, CloneFS),
		{Name: "unshare_unknown_flags", Source: "kernel/fork.c:check_unshare_flags", Errs: []Errno{EINVAL},
			Body: Rule{Any: [2]Flags{^unshareFlags}, Errno: EINVAL}},
		{Name: "unshare_shared_mm", Source: "kernel/fork.c:check_unshare_flags", Errs: []Errno{EINVAL},
			Body: Rule{Any: [2]Flags{CloneThread | CloneSighand | CloneVM}, Errno: EINVAL, When: func(k *Kernel, s *State, f *Flight) bool {
				return s.Count[MM][s.parent(f).Ref[MM]] > 1
			}}},
		{Name: "unshare_fs", Source: "kernel/fork.c:unshare_fs", On: CloneFS, Errs: []Errno{ENOMEM}, CanFail: sharesWithOthers(FS),
			Body: Func(func(k *Kernel, s *State, f *Flight) Errno { return s.unshareObject(FS, s.parent(f).Ref[FS], &f.FS) })},
		{Name: "unshare_fd", Source: "kernel/fork.c:unshare_fd", On: CloneFiles, Fail: "bad_unshare_cleanup_fs", Errs: []Errno{ENOMEM, EMFILE}, CanFail: sharesWithOthers(Files),
			Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
				return s.unshareObject(Files, s.parent(f).Ref[Files], &f.Files)
			})},
		{Name: "unshare_prepare_creds", Source: "kernel/user_namespace.c:unshare_userns", On: CloneNewUser, Fail: "bad_unshare_cleanup_fd", Errs: []Errno{ENOMEM},
			Body: Func(prepareCreds)},
		{Name: "create_user_ns", Source: "kernel/user_namespace.c:unshare_userns", On: CloneNewUser, Fail: "bad_unshare_cleanup_cred", Errs: []Errno{EUSERS, EPERM, ENOMEM},
			Body: Func(createUserNS)},
		{Name: "namespaces_ns_capable", Source: "kernel/nsproxy.c:unshare_nsproxy_namespaces", On: newNamespaces, Fail: "bad_unshare_cleanup_cred", Errs: []Errno{EPERM},
			Body: Rule{When: mayNotNamespace, Errno: EPERM}},
	}, createNamespaces("bad_unshare_cleanup_cred"), []Row{
		{Name: "unshare_exit_sem", Source: unshareC, On: CloneSysvsem | CloneNewIPC,
			Body: Act(func(k *Kernel, s *State, f *Flight) { s.drop(f.Op.Actor, SysvSem) })},
		{Name: "switch_task_namespaces", Source: "kernel/nsproxy.c:switch_task_namespaces", On: newNamespaces,
			Body: Act(func(k *Kernel, s *State, f *Flight) {
				old := s.parent(f).Ref[Nsproxy]
				s.parent(f).Ref[Nsproxy], f.Nsproxy = f.Nsproxy, 0
				s.put(Nsproxy, old)
			})},
		swap("swap_fs", FS, func(f *Flight) *Ref { return &f.FS }),
		swap("swap_files", Files, func(f *Flight) *Ref { return &f.Files }),
		{Name: "commit_creds", Source: "kernel/cred.c:commit_creds", On: CloneNewUser, Body: Act(commitCreds)},
		{Name: "put_old_files", Source: unshareC, Body: Act(putScratch(Files, func(f *Flight) *Ref { return &f.Files }))},
		{Name: "put_old_fs", Source: unshareC, Body: Act(putScratch(FS, func(f *Flight) *Ref { return &f.FS }))},
	}), Ladder: slices.Concat([]Rung{
		{Label: "bad_unshare_cleanup_cred", Name: "put_cred", If: func(k *Kernel, s *State, f *Flight) bool { return f.Cred != 0 }, Undo: putNewCred},
		{Label: "bad_unshare_cleanup_fd", Name: "put_files_struct", Undo: putScratch(Files, func(f *Flight) *Ref { return &f.Files })},
		{Label: "bad_unshare_cleanup_fs", Name: "free_fs_struct", Undo: putScratch(FS, func(f *Flight) *Ref { return &f.FS }), Goto: "end"},
	}, undoNamespaces("bad_unshare_cleanup_cred"))}
}

// sharesWithOthers says whether anybody else uses an object of the caller's.
func sharesWithOthers(c Class) Cond {
	return func(k *Kernel, s *State, f *Flight) bool { return s.Count[c][s.parent(f).Ref[c]] > 1 }
}

// unshareObject is unshare_fs and unshare_fd: a copy in the call's hands, if anybody else uses the object.
func (s *State) unshareObject(c Class, old Ref, to *Ref) Errno {
	if s.Count[c][old] <= 1 {
		return next
	}
	if *to = s.alloc(c); *to == 0 {
		return ENOMEM
	}
	return next
}

// swap is a row that installs the copy and keeps the old object in the call's hands, to be put on the way out.
func swap(name string, c Class, scratch func(*Flight) *Ref) Row {
	return Row{Name: name, Source: unshareC, Body: Act(func(k *Kernel, s *State, f *Flight) {
		if mine, copied := &s.parent(f).Ref[c], scratch(f); *copied != 0 {
			*mine, *copied = *copied, *mine
		}
	})}
}

// putScratch drops the object that the call has in its hands, if any.
func putScratch(c Class, scratch func(*Flight) *Ref) Act {
	return func(k *Kernel, s *State, f *Flight) {
		if id := scratch(f); *id != 0 {
			s.put(c, *id)
			*id = 0
		}
	}
}

// commitCreds is commit_creds: cred and real_cred become the new one.
func commitCreds(k *Kernel, s *State, f *Flight) {
	p := s.parent(f)
	old := p.Ref[Cred]
	s.get(Cred, f.Cred)
	p.Ref[Cred], f.Cred = f.Cred, 0
	s.put(Cred, old)
	s.put(Cred, old)
}
