package model

import "slices"

const unshareC = "kernel/fork.c:sys_unshare"

// unshareFlags are the flags that unshare(2) of v3.11 knows.
const unshareFlags = CloneThread | CloneFS | CloneNewNS | CloneSighand | CloneVM | CloneFiles | CloneSysvsem |
	CloneNewUTS | CloneNewIPC | CloneNewNet | CloneNewUser | CloneNewPID

// imply is a row that adds flags to the call: unsharing one thing asks for another.
func imply(name string, on, add Flags) Row {
	return Row{Name: name, Source: unshareC, On: on, Body: Assign(func(k *Kernel, s *State, f *Flight) { f.Flags |= add })}
}

// unshareV311 is unshare(2). The call succeeds through its own undo labels, which drop the old objects.
func unshareV311() Table {
	return Table{Name: "unshare", Rows: slices.Concat([]Row{
		imply("newuser_implies_thread_fs", CloneNewUser, CloneThread|CloneFS),
		imply("newpid_implies_thread", CloneNewPID, CloneThread),
		imply("thread_implies_vm", CloneThread, CloneVM),
		imply("vm_implies_sighand", CloneVM, CloneSighand),
		imply("newns_implies_fs", CloneNewNS, CloneFS),
		unknownFlags(unshareFlags), rowSharedMM,
		rowUnshareFS(sharesWithOthers(FS)), rowUnshareFD, rowUnshareCreds,
		{Name: "create_user_ns", Source: "kernel/user_namespace.c:unshare_userns", On: CloneNewUser, Fail: "bad_unshare_cleanup_cred", Errs: []Errno{EUSERS, EPERM, ENOMEM},
			Body: Func(createUserNS)},
		rowUnshareCap(newNamespaces),
	}, createNamespaces("bad_unshare_cleanup_cred"), []Row{rowUnshareSem, rowSwitchNamespaces(newNamespaces)}, swapRows,
		[]Row{rowCommitCreds}, unshareEnd),
		Ladder: slices.Concat(unshareLadder, undoNamespaces("bad_unshare_cleanup_cred"))}
}

// unshareV6 asks for less: only the signal handlers bind the memory to the thread group, and what counts is who else is there, not
// who holds a reference on the memory. A new nsproxy is not lost when the ucounts fail, and NEWNS always copies the fs_struct: so in
// stable 6.12.y and later, not in 6.12 itself.
func unshareV6() Table {
	return Table{Name: "unshare", Rows: slices.Concat([]Row{
		imply("newuser_implies_thread_fs", CloneNewUser, CloneThread|CloneFS),
		imply("vm_implies_sighand", CloneVM, CloneSighand),
		imply("sighand_implies_thread", CloneSighand, CloneThread),
		imply("newns_implies_fs", CloneNewNS, CloneFS),
		unknownFlags(unshareFlags | CloneNewCgroup | CloneNewTime)}, sharedV6, []Row{
		rowUnshareFS(func(k *Kernel, s *State, f *Flight) bool {
			return f.Flags&CloneNewNS != 0 || sharesWithOthers(FS)(k, s, f)
		}), rowUnshareFD, rowUnshareCreds,
		{Name: "create_user_ns", Source: "kernel/user_namespace.c:unshare_userns", On: CloneNewUser, Fail: "bad_unshare_cleanup_cred", Errs: []Errno{ENOSPC, EPERM, ENOMEM},
			Body: createUserNSV6(ENOSPC)},
		rowUnshareCap(newNamespacesV6),
	}, createNamespacesV6("bad_unshare_cleanup_cred", newNamespacesV6), []Row{
		rowSetCredUcounts.at("bad_unshare_cleanup_nsproxy"),
		rowUnshareSem, rowSwitchNamespaces(newNamespacesV6)}, swapRows,
		[]Row{rowMoveNproc, rowCommitCreds.in("commit_creds")}, unshareEnd),
		Ladder: slices.Concat([]Rung{
			{Label: "bad_unshare_cleanup_nsproxy", Name: "put_nsproxy", If: func(k *Kernel, s *State, f *Flight) bool { return f.Nsproxy != 0 },
				Undo: func(k *Kernel, s *State, f *Flight) {
					n := f.Nsproxy
					f.Nsproxy = 0
					s.put(Nsproxy, n)
				}},
		}, unshareLadder, undoNamespacesV6("bad_unshare_cleanup_cred"))}
}

// unknownFlags refuses what the version's unshare does not know.
func unknownFlags(known Flags) Row {
	return Row{Name: "unshare_unknown_flags", Source: checkUnshareC, Errs: []Errno{EINVAL}, Body: Rule{Any: [2]Flags{^known}, Errno: EINVAL}}
}

const checkUnshareC = "kernel/fork.c:check_unshare_flags"

// What must not be shared: in v3.11 the memory, whoever has a reference on it.
var rowSharedMM = Row{Name: "unshare_shared_mm", Source: checkUnshareC, Errs: []Errno{EINVAL},
	Body: Rule{Any: [2]Flags{CloneThread | CloneSighand | CloneVM}, Errno: EINVAL, When: sharesWithOthers(MM)}}

// In v6.x the thread group, the signal handlers, and the memory, each for itself.
var sharedV6 = []Row{
	{Name: "unshare_thread_group", Source: checkUnshareC, Errs: []Errno{EINVAL},
		Body: Rule{Any: [2]Flags{CloneThread | CloneSighand | CloneVM}, Errno: EINVAL, When: func(k *Kernel, s *State, f *Flight) bool { return !s.alone(f.Op.Actor) }}},
	{Name: "unshare_sighand", Source: checkUnshareC, Errs: []Errno{EINVAL},
		Body: Rule{Any: [2]Flags{CloneSighand | CloneVM}, Errno: EINVAL, When: sharesWithOthers(Sighand)}},
	{Name: "unshare_single_threaded", Source: "lib/is_single_threaded.c:current_is_single_threaded", Errs: []Errno{EINVAL},
		Body: Rule{All: CloneVM, Errno: EINVAL, When: func(k *Kernel, s *State, f *Flight) bool { return !s.singleThreaded(f.Op.Actor) }}},
}

// singleThreaded is current_is_single_threaded: one live thread, and no other process with its memory. A child that is not
// yet in the list of processes is not seen.
func (s *State) singleThreaded(t TaskID) bool {
	p := &s.Task[t]
	if s.Signal[p.Signal].Live != 1 {
		return false
	}
	for o := range s.Task {
		if q := &s.Task[o]; q.Stage == Hashed && q.Signal != p.Signal && q.Ref[MM] == p.Ref[MM] {
			return false
		}
	}
	return true
}

// unshareCopy is a row that makes a copy of an object of the caller's, in the call's hands, when the version finds it necessary.
func unshareCopy(name string, flag Flags, o scratch, when Cond, errs ...Errno) Row {
	return Row{Name: name, Source: "kernel/fork.c:" + name, On: flag, Errs: append([]Errno{ENOMEM}, errs...), CanFail: when,
		Body: Func(func(k *Kernel, s *State, f *Flight) Errno {
			if !when(k, s, f) {
				return next
			}
			if *o.in(f) = s.alloc(o.class); *o.in(f) == 0 {
				return ENOMEM
			}
			if o.class == Files {
				s.dupFD(*o.in(f), s.parent(f).Ref[Files])
			}
			return next
		})}
}

// rowUnshareFS copies the fs_struct.
func rowUnshareFS(when Cond) Row { return unshareCopy("unshare_fs", CloneFS, scratchFS, when) }

// scratch is an object that unshare has in its hands: the copy that it makes, and from the switch on the old one.
type scratch struct {
	class Class
	in    func(*Flight) *Ref
}

var (
	scratchFS    = scratch{FS, func(f *Flight) *Ref { return &f.FS }}
	scratchFiles = scratch{Files, func(f *Flight) *Ref { return &f.Files }}
)

// rowUnshareCap asks for CAP_SYS_ADMIN where new namespaces will belong.
func rowUnshareCap(on Flags) Row {
	return Row{Name: "namespaces_ns_capable", Source: "kernel/nsproxy.c:unshare_nsproxy_namespaces", On: on, Fail: "bad_unshare_cleanup_cred", Errs: []Errno{EPERM},
		Body: Rule{When: mayNotNamespace, Errno: EPERM}}
}

// rowSwitchNamespaces is switch_task_namespaces.
func rowSwitchNamespaces(on Flags) Row {
	return Row{Name: "switch_task_namespaces", Source: "kernel/nsproxy.c:switch_task_namespaces", On: on,
		Body: Act(func(k *Kernel, s *State, f *Flight) {
			old := s.parent(f).Ref[Nsproxy]
			s.parent(f).Ref[Nsproxy], f.Nsproxy = f.Nsproxy, 0
			s.put(Nsproxy, old)
		})}
}

// The rows that versions share.
var (
	rowUnshareFD    = unshareCopy("unshare_fd", CloneFiles, scratchFiles, sharesWithOthers(Files), EMFILE).at("bad_unshare_cleanup_fs")
	rowUnshareCreds = Row{Name: "unshare_prepare_creds", Source: "kernel/user_namespace.c:unshare_userns", On: CloneNewUser, Fail: "bad_unshare_cleanup_fd", Errs: []Errno{ENOMEM},
		Body: Func(prepareCreds)}
	rowUnshareSem = Row{Name: "unshare_exit_sem", Source: unshareC, On: CloneSysvsem | CloneNewIPC,
		Body: Drop{SysvSem}}
	rowMoveNproc = Row{Name: "move_nproc", Source: "kernel/cred.c:commit_creds", On: CloneNewUser, Lock: "commit_creds", Body: Act(func(k *Kernel, s *State, f *Flight) {
		s.chargeNproc(s.Cred[f.Cred].Ucounts, 1)
		s.chargeNproc(s.cred(f.Op.Actor).Ucounts, -1)
	})}
	rowCommitCreds = Row{Name: "commit_creds", Source: "kernel/cred.c:commit_creds", On: CloneNewUser, Body: Act(commitCreds)}

	swapRows = []Row{
		swap("swap_fs", scratchFS),
		swap("swap_files", scratchFiles),
	}
	unshareEnd = []Row{
		{Name: "put_old_files", Source: unshareC, Body: putScratch(scratchFiles)},
		{Name: "put_old_fs", Source: unshareC, Body: putScratch(scratchFS)},
	}
	unshareLadder = []Rung{
		{Label: "bad_unshare_cleanup_cred", Name: "put_cred", If: func(k *Kernel, s *State, f *Flight) bool { return f.Cred != 0 }, Undo: putNewCred},
		{Label: "bad_unshare_cleanup_fd", Name: "put_files_struct", Undo: putScratch(scratchFiles)},
		{Label: "bad_unshare_cleanup_fs", Name: "free_fs_struct", Undo: putScratch(scratchFS), Goto: "end"},
	}
)

// sharesWithOthers says whether anybody else uses an object of the caller's.
func sharesWithOthers(c Class) Cond {
	return func(k *Kernel, s *State, f *Flight) bool { return s.Count[c][s.parent(f).Ref[c]] > 1 }
}

// swap is a row that installs the copy and keeps the old object in the call's hands, to be put on the way out.
func swap(name string, o scratch) Row {
	return Row{Name: name, Source: unshareC, Body: Act(func(k *Kernel, s *State, f *Flight) {
		if mine, copied := &s.parent(f).Ref[o.class], o.in(f); *copied != 0 {
			*mine, *copied = *copied, *mine
		}
	})}
}

// putScratch drops the object that the call has in its hands, if any.
func putScratch(o scratch) Act {
	return func(k *Kernel, s *State, f *Flight) {
		if id := o.in(f); *id != 0 {
			s.put(o.class, *id)
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
