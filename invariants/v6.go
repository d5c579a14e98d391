package invariants

import (
	"fmt"
	"math"

	"forkcheck/model"
)

// v6 are the invariants of what only v6.x counts, marks and promises. Some speak of calls that were paused, and are therefore asked of
// each state: a step is only an op that ran whole.
var v6 = []Invariant{
	{Name: "QuickThreads", Says: "quick_threads is the number of threads of a group that have not begun to exit; when there is none the group is exiting",
		Source: "synchronize_group_exit, copy_process", Versions: V6, Task: quickThreads},
	{Name: "SubreaperMarks", Says: "a process whose parent is a subreaper, or marked as below one, is marked itself, unless the parent is an init, which adopts others",
		Source: "copy_process: has_child_subreaper; find_new_reaper", Versions: V6, Premise: "a parent that is a subreaper or below one", Task: subreaperMarks},
	{Name: "FirstForkFailedIsDead", Says: "a pid namespace whose first fork fails is dead if the child had its numbers, and as new if it had not",
		Source: "alloc_pid, free_pid", Versions: V6, Premise: "a failed clone into a pid namespace that nobody was in", Step: firstForkFailedIsDead},
	{Name: "NoBirthInDeadNS", Says: "a child is born into a pid namespace that took members before, or that is its own",
		Source: "alloc_pid, copy_process: adding_recheck", Versions: V6, Premise: "a birth", State: noBirthInDeadNS},
	{Name: "DelayedNoted", Says: "a signal to a process group, or to all, is noted for the child of each fork that is under way in a group that gets it",
		Source: "__send_signal_locked: multiprocess", Versions: V6, Premise: "a signal to many while one of them forks", Step: delayedNoted},
	{Name: "DelayedReachesChild", Says: "what was sent to many processes while one of them forked is pending on the child that blocks it",
		Source: "copy_process: delayed signals", Versions: V6, Premise: "a birth after signals to many", State: delayedReachesChild},
	{Name: "OnlyFatalInterrupts", Says: "of the signals that come while a fork is under way only a fatal one ends it",
		Source: "copy_process: fatal_signal_pending", Versions: V6, Premise: "a fork that went on under a signal", State: onlyFatalInterrupts},
	{Name: "NewThreadJoinsStop", Says: "a thread that is born into a group that stops, or has stopped, stops too",
		Source: "task_join_group_stop, calculate_sigpending", Versions: V6, Premise: "a thread born while its group stops", State: newThreadJoinsStop},
	{Name: "NamespaceLimit", Says: "a call that makes namespaces leaves no user above the maximum of a user namespace who was not above it before",
		Source: "inc_ucount", Versions: V6, Premise: "new namespaces where there is a maximum", State: namespaceLimit},
	{Name: "NamespaceRefusedAtLimit", Says: "new namespaces fail with ENOSPC only if the caller, or an owner above, has as many as it may, or they would be nested too deeply",
		Source: "inc_ucount, create_pid_namespace, create_user_ns", Versions: V6, Premise: "namespaces refused with ENOSPC", Step: namespaceRefusedAtLimit},
	{Name: "NestingIsENOSPC", Says: "namespaces nested too deeply are ENOSPC, as unshare(2) says", Source: "create_pid_namespace, create_user_ns", Versions: V6,
		Premise: "namespaces nested too deeply", Step: nestingIsENOSPC},
	{Name: "NamespaceOwnerBound", Says: "a new user namespace is bounded by the RLIMIT_NPROC of its creator, and by nothing if that is the global root",
		Source: "create_user_ns: enforced_nproc_rlimit", Versions: V6, Premise: "a new user namespace", Step: namespaceOwnerBound},
	{Name: "ChargedAtHome", Says: "a task is charged as its user in its own user namespace", Source: "set_cred_ucounts", Versions: V6, Task: chargedAtHome},
	{Name: "NprocSettledLater", Says: "a fork that was held up before it was charged leaves no counter above its limit either",
		Source: "copy_process: rlimit_nproc", Versions: V6, State: nprocSettledLater},
	{Name: "NsproxyShared", Says: "a child has its parent's nsproxy unless it asks for a namespace or enters a time namespace",
		Source: "copy_namespaces", Versions: V6, Premise: "a successful clone", Step: nsproxyShared},
	{Name: "SubreaperMarkAtBirth", Says: "a new process is marked as below a subreaper only if its parent is one or is below one",
		Source: "copy_process: has_child_subreaper", Versions: V6, State: subreaperMarkAtBirth},
	{Name: "SiblingSignalsAsLeader", Says: "a sibling of its creator has the exit signal that the creator's leader has when it is born",
		Source: "copy_process: exit_signal", Versions: V6, State: siblingSignalsAsLeader},
	{Name: "NumberNoted", Says: "a fork leaves the cursor of each of its pid namespaces at the number that it gave out", Source: "alloc_pid, idr_alloc_cyclic",
		Versions: V6, Premise: "a successful clone", Step: numberNoted},
	{Name: "CursorKept", Says: "the cursor of a pid namespace with members is not back at the start", Source: "alloc_pid: out_free", Versions: V6, State: cursorKept},
	{Name: "NumberRefusedAtEnd", Says: "a fork finds no number only if none is free above the cursor, nor where the search begins anew",
		Source: "alloc_pid, idr_alloc_cyclic", Versions: V6, Premise: "a clone that found no free number", Step: numberRefusedAtEnd},
	{Name: "DeadNSGainsNoNumber", Says: "a pid namespace that takes no new members gives out no number to a child of its own level", Source: "alloc_pid", Versions: V6, State: deadNSGainsNoNumber},
	{Name: "SysctlRules", Says: "a sysctl needs CAP_SYS_RESOURCE, for pid_max root or CAP_SYS_ADMIN, keeps its range, and takes effect for the caller's own namespace only",
		Source: "user_namespaces(7); set_permissions, pid_table_root_permissions", Versions: V6, Premise: "a sysctl", Step: sysctlRules},
	{Name: "StopCounted", Says: "group_stop_count is the number of threads that have yet to stop", Source: "do_signal_stop, task_join_group_stop", Versions: V6, Task: stopCounted},
	{Name: "DyingTakesNothing", Says: "nothing is sent to a group that is exiting", Source: "prepare_signal", Versions: V6, State: dyingTakesNothing},
	{Name: "InitTakesOnlyForced", Says: "nothing but SIGKILL and SIGSTOP is queued on an init that does not block or handle it, from wherever it comes",
		Source: "sig_task_ignored", Versions: V6, Premise: "a signal to an init", Step: initTakesOnlyForced},
	{Name: "HeirIsFirst", Says: "the children of a thread that exits before its group go to the first thread that is left, the leader before all",
		Source: "find_alive_thread", Versions: V6, Premise: "a thread with children that exited before its group", Step: heirIsFirst},
	{Name: "ZombieHasNoFilter", Says: "a zombie has no seccomp filter", Source: "seccomp_filter_release", Versions: V6, Premise: "a zombie", Task: zombieHasNoFilter},
	{Name: "InterruptedGoesOn", Says: "a call whose sleep a signal has ended has returned or begun anew, unless its task is stopped", Source: "do_signal", Versions: V6,
		Task: interruptedGoesOn},
	{Name: "IntMinIsNobody", Says: "kill and wait4 know nobody by the number whose negative does not exist", Source: "kill_something_info, kernel_wait4", Versions: V6,
		Premise: "a kill or wait4 with INT_MIN", Step: intMinIsNobody},
}

// quickThreads asks once for each group.
func quickThreads(c *Check, t model.TaskID) error {
	if c.task(t).Leader != t {
		return nil
	}
	quick := 0
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if c.task(o).Signal == c.task(t).Signal && !c.K.Past(c.After, o, "synchronize_group_exit") {
			quick++
		}
	}
	if quick == 0 && c.signal(t).Flags&model.SignalGroupExit == 0 {
		return fmt.Errorf("all threads of the group of %s are exiting, and the group is not", c.name(t))
	}
	return c.count(t, "quick_threads", int(c.signal(t).QuickThreads), quick)
}

func subreaperMarks(c *Check, t model.TaskID) error {
	p := c.task(t).RealParent
	if p == 0 || c.task(t).Leader != t || isReaper(c.After, p) {
		return nil
	}
	if sig := c.signal(p); !sig.IsChildSubreaper && !sig.HasChildSubreaper {
		return nil
	}
	c.met()
	if !c.signal(t).HasChildSubreaper {
		return fmt.Errorf("%s is not marked as below a subreaper, and its parent %s is one or is below one", c.name(t), c.name(p))
	}
	return nil
}

func firstForkFailedIsDead(c *Check) error {
	if c.Op.Kind != model.Clone || !c.failed() {
		return nil
	}
	ns := forChildren(c.Before, c.Op.Actor)
	if b := &c.Before.PidNS[ns]; b.Reaper != 0 || b.Hashed != 0 || b.LastPid != 0 || !b.Adding {
		return nil
	}
	c.met()
	t, a := &c.K.Calls[model.Clone], &c.After.PidNS[ns]
	switch numbered := t.Row(c.Result.Why) > t.Row("pid_allocated_adding"); {
	case numbered && a.Adding:
		return fmt.Errorf("the first fork into pid namespace %d failed at %s, and there can still be another", ns, c.Result.Why)
	case !numbered && (!a.Adding || a.LastPid != 0):
		return fmt.Errorf("the first fork into pid namespace %d failed at %s, and the next one will not get number 1", ns, c.Result.Why)
	}
	return nil
}

// born is the child that a clone has made in this step, whether it was paused on its way or not; 0 if there is none.
func (c *Check) born() model.TaskID {
	t := c.child()
	if t != 0 && c.Op.Kind == model.Resume && c.Before.Flight[c.Op.Actor].Child == t && c.Before.Task[t].Stage == model.Hashed {
		return 0 // it was there when the clone was paused
	}
	return t
}

func noBirthInDeadNS(c *Check) error {
	t := c.born()
	if t == 0 {
		return nil
	}
	c.met()
	if ns := c.After.ActiveNS(t); c.Before.Count[model.PidNSClass][ns] > 0 && !c.Before.PidNS[ns].Adding {
		return fmt.Errorf("%s was born into pid namespace %d, which takes no new members", c.name(t), ns)
	}
	return nil
}

// forking says whether a task is paused in a fork of a process that is not yet there.
func forking(s *model.State, t model.TaskID) bool {
	f := &s.Flight[t]
	return f.On && f.Paused && f.Op.Kind == model.Clone && f.Flags&model.CloneThread == 0 && f.Child != 0 && s.Task[f.Child].Stage == model.Building
}

// addressed says whether a kill names the process of a task as one of many.
func (c *Check) addressed(t model.TaskID) bool {
	b, group := c.Before, func(t model.TaskID) model.PidID {
		return c.Before.Task[c.Before.Task[t].Leader].Pids[model.PidtypePGID]
	}
	switch {
	case c.Op.Target != 0:
		return c.Op.Mode == model.Negative && b.NumberSeen(c.Op.Actor, c.Op.Target) != 0 && group(t) == b.Task[c.Op.Target].Pids[model.PidtypePID]
	case c.Op.Arg == 0:
		return group(t) == group(c.Op.Actor)
	}
	return c.Op.Arg == -1 && b.NumberSeen(c.Op.Actor, b.Task[t].Leader) > 1 // no init
}

// bereaved says whether a child of the task's process has died whose exit signal is the one that was sent.
func (c *Check) bereaved(t model.TaskID) bool {
	for o := range c.Before.Task {
		b := &c.Before.Task[o]
		if b.Stage == model.Hashed && b.ExitState == model.Alive && b.ExitSignal == int16(c.Op.Sig) && c.Before.Task[b.RealParent].Signal == c.Before.Task[t].Signal &&
			(!c.same(model.TaskID(o)) || c.task(model.TaskID(o)).ExitState != model.Alive) {
			return true
		}
	}
	return false
}

func delayedNoted(c *Check) error {
	if !c.succeeded(model.Kill) || c.Op.Sig == 0 {
		return nil
	}
	for i := range c.Before.Flight {
		t := model.TaskID(i)
		if !forking(c.Before, t) || !c.addressed(t) || !c.signal(t).Shared.Has(c.Op.Sig) || c.Before.Signal[c.Before.Task[t].Signal].Shared.Has(c.Op.Sig) {
			continue
		}
		if c.bereaved(t) {
			continue // the signal may be that of the death
		}
		c.met()
		if !c.After.Flight[t].Delayed.Has(c.Op.Sig) {
			return fmt.Errorf("%s got %v with others, and the child that it forks will not", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

func delayedReachesChild(c *Check) error {
	t := c.born()
	if t == 0 || c.Op.Kind != model.Resume || c.Before.Flight[c.Op.Actor].Delayed == 0 {
		return nil
	}
	c.met()
	if lost := c.Before.Flight[c.Op.Actor].Delayed & c.task(t).Blocked &^ c.signal(t).Shared; lost != 0 {
		return fmt.Errorf("%v were sent to many while %s was made, and are not pending on it", lost.Names(), c.name(t))
	}
	return nil
}

// onlyFatalInterrupts speaks of forks that were paused after they had looked for signals for the first time.
func onlyFatalInterrupts(c *Check) error {
	a := c.Op.Actor
	f := &c.Before.Flight[a]
	if c.Op.Kind != model.Resume || f.Op.Kind != model.Clone || f.Child == 0 || f.Op.Fault.Row != 0 || c.Result.Outcome != model.Returned {
		return nil
	}
	if b := &c.Before.Task[a]; (b.Pending|c.Before.Signal[b.Signal].Shared)&^b.Blocked == 0 {
		return nil
	}
	c.met()
	if e := c.Result.Errno; e == model.EINTR || e == model.ERESTARTNOINTR {
		return fmt.Errorf("the fork of %s ended with %v for a signal that did not kill it", c.name(a), e)
	}
	return nil
}

func newThreadJoinsStop(c *Check) error {
	t := c.born()
	if t == 0 || c.task(t).Leader == t {
		return nil
	}
	if b := &c.Before.Signal[c.Before.Task[c.Op.Actor].Signal]; b.StopCount == 0 && b.Flags&model.SignalStopStopped == 0 {
		return nil
	}
	c.met()
	if c.resting(t) && c.task(t).Jobctl&model.Stopped == 0 {
		return fmt.Errorf("%s was born while its group stops, and runs", c.name(t))
	}
	return nil
}

// namespaced says whether the step is one of a call that may make namespaces.
func (c *Check) namespaced() bool { return c.call() == model.Clone || c.call() == model.Unshare }

func namespaceLimit(c *Check) error {
	if !c.namespaced() {
		return nil
	}
	for id := 1; id < model.MaxUcounts; id++ {
		b, a := c.Before.Ucounts[id], &c.After.Ucounts[id]
		if b.NS != a.NS || b.UID != a.UID {
			b = model.Ucounts{} // the slot was another's
		}
		for kind, is := range a.Namespaces {
			most := c.After.UserNS[a.NS].UcountMax[kind]
			if most == model.UcountUnlimited || is <= b.Namespaces[kind] {
				continue
			}
			c.met()
			if int(is) > int(most) {
				return fmt.Errorf("%s are charged with %d of %v, the maximum is %d", c.ucountsName(id), is, model.MntNS+model.Class(kind), most)
			}
		}
	}
	return nil
}

// nsRows are the rows that make namespaces.
var nsRows = map[string]model.Class{"copy_mnt_ns": model.MntNS, "copy_utsname": model.UTSNS, "copy_ipcs": model.IPCNS, "copy_net_ns": model.NetNS,
	"copy_cgroup_ns": model.CgroupNS, "copy_time_ns": model.TimeNS, "copy_pid_ns": model.PidNSClass, "create_user_ns": model.UserNSClass}

func namespaceRefusedAtLimit(c *Check) error {
	class, ok := nsRows[c.Result.Why]
	if !ok || c.Result.Errno != model.ENOSPC || c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	if !c.full(class) && !c.nestedTooDeep(class) {
		return fmt.Errorf("%v by %s failed at %s, and nobody has as many as it may", c.Op.Kind, c.name(c.Op.Actor), c.Result.Why)
	}
	return nil
}

// full says whether the actor, or an owner above, had all the namespaces of a class that it may have. A new user namespace that
// the call brings along has no maximum, and is charged where the actor is.
func (c *Check) full(class model.Class) bool {
	b, kind := c.Before, class-model.MntNS
	ns, uid := userNS(b, c.Op.Actor), c.user(b).UID
	for fuel := model.MaxUserNS; ns != 0 && fuel > 0; fuel-- {
		has := int8(0)
		for id := range b.Ucounts {
			if u := &b.Ucounts[id]; u.Count > 0 && u.NS == ns && u.UID == uid {
				has = u.Namespaces[kind]
			}
		}
		if most := b.UserNS[ns].UcountMax[kind]; most != model.UcountUnlimited && int(has) >= int(most) {
			return true
		}
		ns, uid = b.UserNS[ns].Parent, b.UserNS[ns].Owner
	}
	return false
}

// nestedTooDeep says whether one more level would be below the deepest.
func (c *Check) nestedTooDeep(class model.Class) bool {
	switch class {
	case model.PidNSClass:
		return c.Before.PidNS[forChildren(c.Before, c.Op.Actor)].Level+1 > c.K.PidNSDepth
	case model.UserNSClass:
		return c.Before.UserNS[userNS(c.Before, c.Op.Actor)].Level > c.K.UserNSDepth
	}
	return false
}

func nestingIsENOSPC(c *Check) error {
	class, a := nsRows[c.Result.Why], c.Op.Actor
	if c.Result.Outcome != model.Returned || c.faulted() || !c.nestedTooDeep(class) || class == model.PidNSClass && forChildren(c.Before, a) != c.Before.ActiveNS(a) {
		return nil
	}
	c.met()
	if c.Result.Errno != model.ENOSPC {
		return fmt.Errorf("%v by %s would nest too deeply and gave %v", c.Op.Kind, c.name(a), c.Result.Errno)
	}
	return nil
}

func namespaceOwnerBound(c *Check) error {
	t := c.child()
	if c.unshared() {
		t = c.Op.Actor
	}
	if t == 0 || c.Op.Flags&model.CloneNewUser == 0 {
		return nil
	}
	c.met()
	want := c.Before.Signal[c.before().Signal].NprocCur
	if c.user(c.Before).UID == 0 && userNS(c.Before, c.Op.Actor) == model.RootUserNS {
		want = model.RlimInfinity
	}
	ns := userNS(c.After, t)
	if is := c.After.UserNS[ns].NprocMax; is != want {
		return fmt.Errorf("user namespace %d is bounded by %d processes, its creator by %d", ns, is, want)
	}
	return nil
}

func chargedAtHome(c *Check, t model.TaskID) error {
	cred := &c.After.Cred[c.task(t).Ref[model.Cred]]
	if u := &c.After.Ucounts[cred.Ucounts]; u.NS != cred.UserNS || u.UID != c.After.User[cred.User].UID {
		return fmt.Errorf("%s is in user namespace %d, and is charged to %s", c.name(t), cred.UserNS, c.ucountsName(int(cred.Ucounts)))
	}
	return nil
}

// nprocSettledLater speaks of forks whose charge and check are both in this step.
func nprocSettledLater(c *Check) error {
	t := c.born()
	if t == 0 || c.Op.Kind != model.Resume || c.Before.Flight[c.Op.Actor].Took&model.TookCharge != 0 || c.nprocExempt() {
		return nil
	}
	if over := c.After.NprocExcess(c.After.Cred[c.task(t).Ref[model.Cred]].Ucounts, c.Before.Signal[c.before().Signal].NprocCur); over > 0 {
		return fmt.Errorf("%s was made, and its user is %d above a limit", c.name(t), over)
	}
	return nil
}

func nsproxyShared(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	const namespaces = model.CloneNewNS | model.CloneNewUTS | model.CloneNewIPC | model.CloneNewNet | model.CloneNewPID | model.CloneNewCgroup
	was := c.before().Ref[model.Nsproxy]
	n := &c.Before.Nsproxy[was]
	enters := c.Op.Flags&model.CloneVM == 0 && n.TimeForChildren != n.NS[model.TimeNS-model.MntNS]
	if is := c.task(t).Ref[model.Nsproxy]; (is != was) != (enters || c.Op.Flags&namespaces != 0) {
		return fmt.Errorf("%s has nsproxy %d, %s has %d, and the flags are %#x", c.name(t), is, c.name(c.Op.Actor), was, uint32(c.Op.Flags))
	}
	return nil
}

func subreaperMarkAtBirth(c *Check) error {
	t := c.born()
	if t == 0 || c.task(t).Leader != t || !c.signal(t).HasChildSubreaper {
		return nil
	}
	if p := c.signal(c.task(t).RealParent); !p.IsChildSubreaper && !p.HasChildSubreaper {
		return fmt.Errorf("%s is marked as below a subreaper, and its parent %s is neither one nor marked", c.name(t), c.name(c.task(t).RealParent))
	}
	return nil
}

func siblingSignalsAsLeader(c *Check) error {
	t, a := c.born(), c.Op.Actor
	if t == 0 || c.task(t).Leader != t || c.task(t).RealParent == a || c.task(t).RealParent != c.task(a).RealParent {
		return nil
	}
	if is, should := c.task(t).ExitSignal, c.leader(a).ExitSignal; is != should {
		return fmt.Errorf("%s was born with exit signal %d beside %s, whose leader has %d", c.name(t), is, c.name(a), should)
	}
	return nil
}

func numberNoted(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	p := &c.After.Pid[c.task(t).Pids[model.PidtypePID]]
	for l := 0; l <= int(p.Level); l++ {
		if now := c.After.PidNS[p.NS[l]].LastPid; now != p.Nr[l] {
			return fmt.Errorf("the new number %d in pid namespace %d is not noted as the last one, %d", p.Nr[l], p.NS[l], now)
		}
	}
	return nil
}

func cursorKept(c *Check) error {
	for ns := 1; ns < model.MaxPidNS; ns++ {
		if n := &c.After.PidNS[ns]; n.LastPid == 0 && n.Hashed > 0 {
			return fmt.Errorf("pid namespace %d has %d numbers given out, and begins at the start again", ns, n.Hashed)
		}
	}
	return nil
}

func numberRefusedAtEnd(c *Check) error {
	if c.Op.Kind != model.Clone || c.Result.Errno != model.EAGAIN || c.Result.Why != "alloc_pidmap" && c.Result.Why != "alloc_pidmap_parents" || c.faulted() {
		return nil
	}
	c.met()
	for ns := forChildren(c.Before, c.Op.Actor); ns != 0; ns = c.Before.PidNS[ns].Parent {
		if c.nextNumber(ns) >= c.K.PidMaxOf(c.Before, ns) {
			return nil
		}
	}
	return fmt.Errorf("%s found no number for its child, and there is one in each pid namespace", c.name(c.Op.Actor))
}

// deadNSGainsNoNumber leaves aside what is born further down: alloc_pid asks only the namespace that the child is born in.
func deadNSGainsNoNumber(c *Check) error {
	if c.samePids() {
		return nil
	}
	for ns := model.PidNSID(1); ns < model.MaxPidNS; ns++ {
		b, a := &c.Before.PidNS[ns], &c.After.PidNS[ns]
		if c.Before.Count[model.PidNSClass][ns] == 0 || b.Adding || a.Adding || b.Parent != a.Parent {
			continue
		}
		if was, is := residents(c.Before, ns), residents(c.After, ns); is > was {
			return fmt.Errorf("pid namespace %d takes no new members and went from %d to %d", ns, was, is)
		}
	}
	return nil
}

// residents are the struct pids whose deepest number is in a namespace.
func residents(s *model.State, ns model.PidNSID) (n int) {
	for i := range s.Pid {
		if p := &s.Pid[i]; p.Hashed && p.NS[p.Level] == ns {
			n++
		}
	}
	return n
}

// sysctlRules states once more who may write what, independently of the rows.
func sysctlRules(c *Check) error {
	if c.Op.Kind != model.Sysctl || c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	a, want := c.Op.Actor, model.Errno(0)
	switch most := model.Knob(c.Op.Arg2) == model.KnobPidMax; {
	case !c.mayWrite(most):
		want = model.EACCES
	case most && (c.Op.Arg <= int32(c.K.ReservedPids) || c.Op.Arg > model.MaxPidMax) || !most && c.Op.Arg < 0:
		want = model.EINVAL
	}
	if c.Result.Errno != want {
		return fmt.Errorf("%s wrote %d to a knob and got %v", c.name(a), c.Op.Arg, c.Result.Errno)
	}
	after := *c.Before
	if want == 0 {
		c.turn(&after)
	}
	if after.PidNS != c.After.PidNS || after.UserNS != c.After.UserNS {
		return fmt.Errorf("%s wrote %d to a knob, and something else has come of it", c.name(a), c.Op.Arg)
	}
	return nil
}

// mayWrite says whether the actor may write pid_max, or one of the other knobs.
func (c *Check) mayWrite(pidMax bool) bool {
	a := c.Op.Actor
	if !pidMax {
		return c.caps(a)&model.CapSysResource != 0
	}
	of := c.Before.PidNS[c.Before.ActiveNS(a)].UserNS
	return c.user(c.Before).UID == 0 || userNS(c.Before, a) == of && c.caps(a)&model.CapSysAdmin != 0
}

// turn writes the knob of a sysctl.
func (c *Check) turn(s *model.State) {
	if n := model.Knob(c.Op.Arg2); n == model.KnobPidMax {
		s.PidNS[s.ActiveNS(c.Op.Actor)].PidMax = uint16(c.Op.Arg)
	} else if n > 0 && int(n) <= model.NNamespaces {
		s.UserNS[userNS(s, c.Op.Actor)].UcountMax[n-1] = uint8(min(c.Op.Arg, int32(model.UcountUnlimited)))
	}
}

// stopCounted leaves groups aside that are exiting: they do not stop any more.
func stopCounted(c *Check, t model.TaskID) error {
	if c.task(t).Leader != t || c.signal(t).Flags&model.SignalGroupExit != 0 {
		return nil
	}
	yet := 0
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if c.task(o).Signal == c.task(t).Signal && c.task(o).Jobctl&model.StopConsume != 0 {
			yet++
		}
	}
	return c.count(t, "group_stop_count", int(c.signal(t).StopCount), yet)
}

func dyingTakesNothing(c *Check) error {
	for g := 1; g < model.MaxTasks; g++ {
		b, a := &c.Before.Signal[g], &c.After.Signal[g]
		if b.Flags&model.SignalGroupExit == 0 || a.LeaderPid != b.LeaderPid {
			continue
		}
		if gained := a.Shared &^ b.Shared; gained != 0 {
			return fmt.Errorf("the group of pid %d is exiting and got %v", c.Before.Pid[b.LeaderPid].Nr[0], gained.Names())
		}
	}
	return nil
}

func initTakesOnlyForced(c *Check) error {
	if !c.succeeded(model.Kill) || c.Op.Sig == 0 || c.Op.Sig.Bit()&killStop != 0 {
		return nil
	}
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		b := &c.Before.Task[t]
		before := &c.Before.Signal[b.Signal]
		if !c.differs || b.Leader != t || !c.same(t) || before.Flags&model.SignalUnkillable == 0 || c.blockedIn(b.Signal) || c.Before.Sighand[b.Ref[model.Sighand]].Handler.Has(c.Op.Sig) {
			continue
		}
		c.met()
		if gained := c.signal(t).Shared &^ before.Shared; gained.Has(c.Op.Sig) {
			return fmt.Errorf("%s, an init, has %v queued, which it neither blocks nor handles", c.name(t), c.Op.Sig)
		}
	}
	return nil
}

// blockedIn says whether a thread of a group blocked the signal of the op before the step.
func (c *Check) blockedIn(group model.SignalID) bool {
	for t := range c.Before.Task {
		if b := &c.Before.Task[t]; b.Stage == model.Hashed && b.Signal == group && b.Blocked.Has(c.Op.Sig) {
			return true
		}
	}
	return false
}

func heirIsFirst(c *Check) error {
	a := c.Op.Actor
	if c.Op.Kind != model.Exit || c.Result.Outcome != model.Gone || c.before().Children == 0 || !c.outlived(a) {
		return nil
	}
	c.met()
	first := c.before().Leader
	for fuel := model.MaxTasks; fuel > 0 && (first == a || c.Before.Task[first].Flags&model.PFExiting != 0); fuel-- {
		first = c.Before.Task[first].Thread
	}
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			if from == a && to != first && c.task(to).Signal == c.before().Signal {
				return fmt.Errorf("%s went to %s, not to %s, the first thread that is left", c.name(t), c.name(to), c.name(first))
			}
			return nil
		})
	})
}

func zombieHasNoFilter(c *Check, t model.TaskID) error {
	if c.task(t).ExitState != model.ExitZombie {
		return nil
	}
	c.met()
	if filter := c.task(t).Ref[model.Seccomp]; filter != 0 {
		return fmt.Errorf("%s is a zombie and has seccomp filter %d", c.name(t), filter)
	}
	return nil
}

func interruptedGoesOn(c *Check, t model.TaskID) error {
	if f := &c.After.Flight[t]; f.Asleep && f.Signalled && c.task(t).Jobctl&model.Stopped == 0 {
		return fmt.Errorf("a signal has ended the sleep of %s, which is still in its call", c.name(t))
	}
	return nil
}

func intMinIsNobody(c *Check) error {
	bad := c.Op.Kind == model.Wait4 && c.Result.Errno == model.EINVAL // the options come first
	if c.Op.Kind != model.Kill && c.Op.Kind != model.Wait4 || c.Op.Target != 0 || c.Op.Arg != math.MinInt32 || c.faulted() || bad {
		return nil
	}
	c.met()
	if c.Result.Outcome != model.Returned || c.Result.Errno != model.ESRCH {
		return fmt.Errorf("%v of INT_MIN gave %v", c.Op.Kind, c.Result.Errno)
	}
	return nil
}
