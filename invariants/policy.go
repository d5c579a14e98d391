package invariants

import (
	"fmt"

	"forkcheck/model"
)

// policy are what calls owe to their arguments and to who makes them: stated from the manual pages, not from the rows.
var policy = []Invariant{
	{Name: "UnshareRules", Restates: true, Says: "unshare refuses flags that it does not know, and what needs a single thread while others use the mm, and nothing else of this kind",
		Source: "unshare(2); check_unshare_flags", Versions: V311, Premise: "an unshare without fault", Of: model.Unshare, Step: unshareRules},
	{Name: "UnshareRulesV6", Restates: true, Says: "unshare refuses flags that it does not know, threads and handlers of a task that shares them, and memory that others use",
		Source: "unshare(2); check_unshare_flags", Versions: V6, Premise: "an unshare without fault", Of: model.Unshare, Step: unshareRulesV6},
	{Name: "NamespaceNeedsCap", Restates: true, Says: "new namespaces, and nothing else here, need CAP_SYS_ADMIN, which is asked for first, unless a new user namespace comes with them",
		Source: "clone(2), unshare(2); ns_capable", Premise: "new namespaces for an unprivileged caller", Step: namespaceNeedsCap},
	{Name: "UserNSOfTheMapped", Says: "of what is modelled only that the caller's ids have no mapping in its own user namespace makes a new one fail with EPERM",
		Source: "user_namespaces(7); create_user_ns", Premise: "a new user namespace that is refused with EPERM", Step: userNSOfTheMapped},
	{Name: "KillNeedsPermission", Restates: true, Says: "kill, tkill and tgkill need the same uid or CAP_KILL, or SIGCONT within the session",
		Source: "kill(2); check_kill_permission", Premise: "a signal to another user's process", Step: killNeedsPermission},
	{Name: "HardLimitNeedsCap", Restates: true, Says: "a hard limit is raised only with CAP_SYS_RESOURCE", Source: "setrlimit(2); do_prlimit",
		Premise: "a setrlimit by an unprivileged caller", Of: model.Setrlimit, Step: hardLimitNeedsCap},
	{Name: "MapOnce", Restates: true, Says: "id maps are written once, by a task with CAP_SYS_ADMIN in the user namespace", Source: "user_namespaces(7); map_write",
		Premise: "a successful map_ids", Of: model.MapIDs, Step: mapOnce},
	{Name: "ArgumentsChecked", Restates: true, Says: "wait4 refuses options, tkill and tgkill numbers, sigaction signals that do not exist, setrlimit a soft limit above the hard one",
		Source: "wait4(2), tkill(2), sigaction(2), setrlimit(2)", Premise: "a bad argument", Step: argumentsChecked},
	{Name: "TgkillMatches", Restates: true, Says: "tgkill reaches a thread only under its own tgid", Source: "tgkill(2); do_send_specific",
		Premise: "a successful tgkill", Of: model.Tgkill, Step: tgkillMatches},
	{Name: "NohangDecides", Says: "wait4 sleeps or answers 0 as WNOHANG says", Source: "wait4(2); do_wait", Premise: "a wait4 with nothing to report", Of: model.Wait4, Step: nohangDecides},
	{Name: "IgnoringDiscards", Says: "a signal that is set to be ignored is pending nowhere", Source: "sigaction(2); do_sigaction",
		Premise: "a sigaction(SIG_IGN)", Of: model.Sigaction, Step: ignoringDiscards},
	{Name: "FatalKillsGroup", Says: "a signal whose default is to kill ends every thread of a process that neither blocks, ignores nor catches it",
		Source: "signal(7); complete_signal, do_group_exit", Premise: "a fatal signal", Step: fatalKillsGroup},
	{Name: "ExitCodeArrives", Says: "what a process exits with is what wait will report", Source: "exit(2); do_exit", Premise: "a single thread's exit", Step: exitCodeArrives},
	{Name: "ForkReturnsPid", Says: "a fork returns the number of the child as its parent sees it", Source: "fork(2); do_fork", Premise: "a successful clone", Of: model.Clone, Step: forkReturnsPid},
	{Name: "VforkWaits", Says: "vfork comes back only when the child has exited", Source: "vfork(2); wait_for_vfork_done", Premise: "a clone with VFORK", Of: model.Clone, Step: vforkWaits},
	{Name: "NoForkUnderSignal", Restates: true, Says: "a task with a deliverable signal does not fork", Source: "copy_process: signal_pending",
		Premise: "a clone by a task with a deliverable signal", Of: model.Clone, Step: noForkUnderSignal},
	{Name: "ForkClearsNprocExceeded", Says: "a fork that passes RLIMIT_NPROC clears the mark of the caller", Source: "copy_process", Premise: "a successful clone", Step: func(c *Check) error {
		if c.child() == 0 {
			return nil
		}
		c.met()
		if c.task(c.Op.Actor).Flags&model.PFNprocExceeded != 0 {
			return fmt.Errorf("%s forked and is still marked as over RLIMIT_NPROC", c.name(c.Op.Actor))
		}
		return nil
	}},
}

// succeeded says whether the op was a call of this kind that returned without an error.
func (c *Check) succeeded(kind model.Kind) bool {
	return c.Op.Kind == kind && c.Result.Outcome == model.Returned && c.Result.Errno == 0
}

// before is the actor before the step.
func (c *Check) before() *model.Task { return &c.Before.Task[c.Op.Actor] }

// caps are the capabilities that a task had in its own user namespace.
func (c *Check) caps(t model.TaskID) model.CapSet {
	return c.Before.Cred[c.Before.Task[t].Ref[model.Cred]].Caps
}

func unshareRules(c *Check) error {
	if c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	const known = model.CloneThread | model.CloneFS | model.CloneNewNS | model.CloneSighand | model.CloneVM | model.CloneFiles | model.CloneSysvsem |
		model.CloneNewUTS | model.CloneNewIPC | model.CloneNewNet | model.CloneNewUser | model.CloneNewPID
	const alone = model.CloneThread | model.CloneSighand | model.CloneVM | model.CloneNewUser | model.CloneNewPID
	f := c.Op.Flags
	shared := c.Before.Count[model.MM][c.before().Ref[model.MM]] > 1
	refused := f&^known != 0 || f&alone != 0 && shared
	elsewhere := f&model.CloneNewPID != 0 && (forChildren(c.Before, c.Op.Actor) != c.Before.ActiveNS(c.Op.Actor) || c.tooDeep())
	if is := c.Result.Errno == model.EINVAL; is != refused && !(is && elsewhere) {
		return fmt.Errorf("unshare with flags %#x by %s gave %v", uint32(f), c.name(c.Op.Actor), c.Result.Errno)
	}
	return nil
}

// unshareRulesV6 states what v6.x refuses, both ways.
func unshareRulesV6(c *Check) error {
	if c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	const known = model.CloneThread | model.CloneFS | model.CloneNewNS | model.CloneSighand | model.CloneVM | model.CloneFiles | model.CloneSysvsem |
		model.CloneNewUTS | model.CloneNewIPC | model.CloneNewNet | model.CloneNewUser | model.CloneNewPID | model.CloneNewCgroup | model.CloneNewTime
	f, p := c.Op.Flags, c.before()
	threads := c.Before.Signal[p.Signal].NrThreads > 1
	refused := f&^known != 0 || threads && f&(model.CloneThread|model.CloneSighand|model.CloneVM|model.CloneNewUser) != 0 ||
		c.Before.Count[model.Sighand][p.Ref[model.Sighand]] > 1 && f&(model.CloneSighand|model.CloneVM) != 0 || f&model.CloneVM != 0 && c.memoryShared()
	elsewhere := f&model.CloneNewPID != 0 && forChildren(c.Before, c.Op.Actor) != c.Before.ActiveNS(c.Op.Actor)
	if is := c.Result.Errno == model.EINVAL; is != refused && !(is && elsewhere) {
		return fmt.Errorf("unshare with flags %#x by %s gave %v", uint32(f), c.name(c.Op.Actor), c.Result.Errno)
	}
	return nil
}

// memoryShared says whether another process has the actor's mm.
func (c *Check) memoryShared() bool {
	p := c.before()
	for t := range c.Before.Task {
		if q := &c.Before.Task[t]; q.Stage == model.Hashed && q.Signal != p.Signal && q.Ref[model.MM] == p.Ref[model.MM] {
			return true
		}
	}
	return false
}

func namespaceNeedsCap(c *Check) error {
	const namespaces = model.CloneNewNS | model.CloneNewUTS | model.CloneNewIPC | model.CloneNewNet | model.CloneNewPID
	const newer = model.CloneNewCgroup | model.CloneNewTime
	if c.Result.Why == "namespaces_ns_capable" && c.failed() && c.Op.Kind != model.Resume && c.Op.Flags&(namespaces|newer) == 0 {
		return fmt.Errorf("%v by %s asked for no namespace and failed for want of CAP_SYS_ADMIN", c.Op.Kind, c.name(c.Op.Actor))
	}
	if c.Result.Why == "newipc_sysvsem" && c.failed() && !c.faulted() && c.Op.Kind == model.Clone && c.Op.Flags&model.CloneNewUser == 0 && c.caps(c.Op.Actor)&model.CapSysAdmin == 0 {
		return fmt.Errorf("%s has no CAP_SYS_ADMIN, and was refused for its flags first", c.name(c.Op.Actor))
	}
	if c.Op.Kind != model.Clone && c.Op.Kind != model.Unshare || c.Op.Flags&namespaces == 0 || c.Op.Flags&model.CloneNewUser != 0 || c.caps(c.Op.Actor)&model.CapSysAdmin != 0 {
		return nil
	}
	c.met()
	if c.child() != 0 || c.succeeded(model.Unshare) {
		return fmt.Errorf("%s made new namespaces without CAP_SYS_ADMIN", c.name(c.Op.Actor))
	}
	return nil
}

func userNSOfTheMapped(c *Check) error {
	if c.Result.Why != "create_user_ns" || !c.failed() || c.Result.Errno != model.EPERM || c.faulted() || c.Op.Kind == model.Resume {
		return nil
	}
	c.met()
	if ns := userNS(c.Before, c.Op.Actor); ns == model.RootUserNS || c.Before.UserNS[ns].Mapped {
		return fmt.Errorf("%s is mapped in its user namespace %d, and may not make one below", c.name(c.Op.Actor), ns)
	}
	return nil
}

// killNeedsPermission leaves tasks in other user namespaces aside.
func killNeedsPermission(c *Check) error {
	t, a := c.Op.Target, c.Op.Actor
	if !c.killing() || t == 0 || c.Op.Mode == model.Negative || c.Before.NumberSeen(a, t) == 0 {
		return nil
	}
	if mayKill(c.Before, a, t) || c.caps(a)&model.CapKill != 0 || userNS(c.Before, a) != model.RootUserNS || userNS(c.Before, t) != model.RootUserNS {
		return nil
	}
	c.met()
	sameSession := c.Before.Task[c.before().Leader].Pids[model.PidtypeSID] == c.Before.Task[c.Before.Task[t].Leader].Pids[model.PidtypeSID]
	if c.succeeded(c.Op.Kind) && !(c.Op.Sig == model.SIGCONT && sameSession) {
		return fmt.Errorf("%s sent %v to %s, another user's", c.name(a), c.Op.Sig, name(c.Before, t))
	}
	return nil
}

func hardLimitNeedsCap(c *Check) error {
	if c.caps(c.Op.Actor)&model.CapSysResource != 0 || c.Result.Outcome != model.Returned {
		return nil
	}
	c.met()
	if b, a := c.Before.Signal[c.before().Signal].NprocMax, c.signal(c.Op.Actor).NprocMax; a > b {
		return fmt.Errorf("%s raised its hard limit from %d to %d", c.name(c.Op.Actor), b, a)
	}
	return nil
}

func mapOnce(c *Check) error {
	if !c.succeeded(model.MapIDs) {
		return nil
	}
	c.met()
	ns := userNS(c.Before, c.Op.Actor)
	if c.Before.UserNS[ns].Mapped || c.caps(c.Op.Actor)&model.CapSysAdmin == 0 || !c.After.UserNS[ns].Mapped {
		return fmt.Errorf("%s wrote the maps of user namespace %d", c.name(c.Op.Actor), ns)
	}
	return nil
}

func argumentsChecked(c *Check) error {
	const options = model.WNOHANG | model.WUNTRACED | model.WCONTINUED | model.WNOTHREAD | model.WALL | model.WCLONE
	bad := false
	switch c.Op.Kind {
	case model.Wait4:
		bad = c.Op.Flags&^options != 0
	case model.Tkill:
		bad = c.Op.Target == 0 && c.Op.Arg <= 0
	case model.Tgkill:
		bad = c.Op.Target == 0 && c.Op.Arg <= 0 || c.Op.Target2 == 0 && c.Op.Arg2 <= 0
	case model.Setrlimit:
		bad = c.Op.Arg2 >= 0 && uint32(c.Op.Arg) > uint32(c.Op.Arg2) && c.Op.Arg2 < int32(model.RlimInfinity)
	case model.Sigaction:
		bad = c.Op.Sig == 0 || c.Op.Sig > model.NSIG || c.Op.Sig == model.SIGKILL || c.Op.Sig == model.SIGSTOP
	}
	if !bad || c.faulted() {
		return nil
	}
	c.met()
	if c.Result.Outcome != model.Returned || c.Result.Errno != model.EINVAL {
		return fmt.Errorf("%v with a bad argument gave %v", c.Op.Kind, c.Result.Errno)
	}
	return nil
}

func tgkillMatches(c *Check) error {
	if !c.succeeded(model.Tgkill) || c.Op.Target == 0 {
		return nil
	}
	c.met()
	tgid := c.Op.Arg2
	if c.Op.Target2 != 0 {
		tgid = int32(c.Before.NumberSeen(c.Op.Actor, c.Op.Target2))
	}
	if should := int32(c.Before.NumberSeen(c.Op.Actor, c.Before.Task[c.Op.Target].Leader)); tgid != should {
		return fmt.Errorf("%s was signalled under tgid %d, its own is %d", name(c.Before, c.Op.Target), tgid, should)
	}
	return nil
}

func nohangDecides(c *Check) error {
	nothing := c.succeeded(model.Wait4) && c.Result.Who == 0
	if !nothing && c.Result.Outcome != model.Asleep {
		return nil
	}
	c.met()
	if nothing != (c.Op.Flags&model.WNOHANG != 0) {
		return fmt.Errorf("wait4 with options %#x has nothing to report, and sleeps: %v", uint32(c.Op.Flags), !nothing)
	}
	return nil
}

func ignoringDiscards(c *Check) error {
	if !c.succeeded(model.Sigaction) || c.Op.Mode != model.SigIgn {
		return nil
	}
	c.met()
	a := c.Op.Actor
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		if c.differs && c.task(t).Signal == c.task(a).Signal && (c.task(t).Pending | c.signal(t).Shared).Has(c.Op.Sig) {
			return fmt.Errorf("%s ignores %v and has it pending", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

// fatalKillsGroup leaves groups aside of which a thread is in a call.
func fatalKillsGroup(c *Check) error {
	const stopOrIgnore = stops | 1<<(model.SIGCONT-1) | 1<<(model.SIGCHLD-1) | 1<<(28-1) | 1<<(23-1)
	l, bit := c.killed(), c.Op.Sig.Bit()
	if l == 0 || stopOrIgnore&bit != 0 || c.Before.Signal[c.Before.Task[l].Signal].Flags != 0 || !c.differs {
		return nil
	}
	h := &c.Before.Sighand[c.Before.Task[l].Ref[model.Sighand]]
	if (h.Ignore|h.Handler)&bit != 0 {
		return nil
	}
	for t := range c.Before.Task {
		if b := &c.Before.Task[t]; b.Signal == c.Before.Task[l].Signal && (b.Blocked&bit != 0 || b.Jobctl&model.Stopped != 0 || c.Before.Flight[t].On) {
			return nil
		}
	}
	c.met()
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		if c.same(t) && c.Before.Task[t].Signal == c.Before.Task[l].Signal && c.resting(t) {
			return fmt.Errorf("%s survived %v to its group", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

func exitCodeArrives(c *Check) error {
	t := c.Op.Actor
	b := c.before()
	if c.Op.Kind != model.Exit && c.Op.Kind != model.ExitGroup || c.Result.Outcome != model.Gone || c.Before.Signal[b.Signal].NrThreads != 1 {
		return nil
	}
	c.met()
	if want := uint16(c.Op.Arg&0xff) << 8; c.same(t) && c.task(t).ExitState == model.ExitZombie && c.task(t).ExitCode != want {
		return fmt.Errorf("%s exited with %d, and wait will report %#x", c.name(t), c.Op.Arg, c.task(t).ExitCode)
	}
	return nil
}

func forkReturnsPid(c *Check) error {
	if !c.succeeded(model.Clone) {
		return nil
	}
	c.met()
	if c.child() == 0 {
		if c.Result.Who == 0 {
			return fmt.Errorf("fork returned %d to %s, and there is no child", c.Result.Ret, c.name(c.Op.Actor))
		}
		return nil // it is dead already
	}
	if want := int32(c.After.NumberSeen(c.Op.Actor, c.child())); c.Result.Ret != want || want == 0 {
		return fmt.Errorf("fork returned %d to %s, the child has number %d", c.Result.Ret, c.name(c.Op.Actor), want)
	}
	return nil
}

func vforkWaits(c *Check) error {
	if c.Op.Flags&model.CloneVfork == 0 || c.child() == 0 {
		return nil
	}
	c.met()
	t := c.child()
	if c.Result.Outcome == model.Returned && c.resting(t) {
		return fmt.Errorf("%s is back from vfork, and %s lives", c.name(c.Op.Actor), c.name(t))
	}
	if c.Result.Outcome == model.Asleep && c.task(t).VforkDone != c.Op.Actor {
		return fmt.Errorf("%s waits in vfork for %s, which does not know", c.name(c.Op.Actor), c.name(t))
	}
	return nil
}

func noForkUnderSignal(c *Check) error {
	b := c.before()
	deliverable := (b.Pending | c.Before.Signal[b.Signal].Shared) &^ b.Blocked
	if deliverable == 0 {
		return nil
	}
	c.met()
	if t := c.child(); t != 0 {
		return fmt.Errorf("%s could have taken %v and forked %s", c.name(c.Op.Actor), deliverable.Names(), c.name(t))
	}
	return nil
}
