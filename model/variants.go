package model

// Variant is one point where some kernels of today do something else than v6.x, which is what most of them do. Whether a running
// kernel is one of them is found out with a trace in which it shows.
type Variant struct {
	Name   string
	Source string // the kernel function
	Does   string // what such a kernel does
	Seen   string // where it was seen
	Shows  string // a trace that comes to something else there
	Do     func(k *Kernel)
}

// Variants are those that are known.
var Variants = []Variant{
	{"drops_pending", "kernel/signal.c:exit_signals", "a task that exits drops what is pending on its own queue, and takes no more there", "6.18.44, 7.2.13",
		"kernel v6.x\nb := a.fork()\nb.sigprocmask(BLOCK, TERM)\na.tkill(b, TERM)\nb.exit(0)",
		func(k *Kernel) { k.DropsPending = true }},
	{"spares_init", "kernel/signal.c:complete_signal", "a fatal signal other than SIGKILL does not begin the exit of an init, even one that its leader blocks", "the 6.18.44 at hand; mainline is as v6.x",
		"kernel v6.x world=container\nt := init.clone(VM|SIGHAND|THREAD)\ninit.sigprocmask(BLOCK, TERM)\na.kill(init, TERM)",
		func(k *Kernel) { k.SparesInit = true }},
	{"thread_pidfd", forkC, "CLONE_PIDFD does not go with CLONE_THREAD: EINVAL", "6.1.192",
		"kernel v6.x\na.clone(VM|SIGHAND|THREAD|PIDFD)",
		func(k *Kernel) {
			k.Calls[Clone].insertAfter("pidfd_detached", rule("pidfd_thread", forkC, Rule{All: ClonePidfd | CloneThread}))
		}},
	{"vm_in_other_timens", forkC, "CLONE_VM does not go with children in another time namespace: EINVAL", "6.1.192",
		"kernel v6.x\na.unshare(NEWTIME)\na.clone(VM)",
		func(k *Kernel) {
			k.Calls[Clone].insertAfter("thread_in_other_pidns", rule("vm_in_other_timens", forkC, Rule{All: CloneVM, When: timensDiff}))
		}},
	{"exit_signal_range", "kernel/fork.c:kernel_clone", "an exit signal that is none is refused: EINVAL", "7.2.13",
		"kernel v6.x\na.clone(0, 200)",
		func(k *Kernel) {
			k.Calls[Clone].insertAfter("pidfd_parent_settid", rule("exit_signal_range", "kernel/fork.c:kernel_clone", Rule{When: exitSignalInvalid}))
		}},
	{"empty_mntns", unshareC, "unshare takes the bit of CLONE_PARENT_SETTID for UNSHARE_EMPTY_MNTNS: a new mount namespace", "7.2.13",
		"kernel v6.x\na.unshare(PARENT_SETTID)",
		func(k *Kernel) {
			k.Calls[Unshare].insert("", Row{Name: "empty_mntns_is_newns", Source: unshareC, On: CloneParentSettid,
				Body: Assign(func(k *Kernel, s *State, f *Flight) { f.Flags = f.Flags&^CloneParentSettid | CloneNewNS })})
		}},
}

// With is a kernel with variants.
func (k *Kernel) With(variants ...*Variant) *Kernel {
	version, with := *k.Version, *k
	with.Version = version.own()
	for _, v := range variants {
		v.Do(&with)
	}
	return &with
}

// exitSignalInvalid says whether a child is to send a signal that there is not.
func exitSignalInvalid(k *Kernel, s *State, f *Flight) bool { return f.Op.Sig > NSIG }
