package invariants

import (
	"fmt"

	"forkcheck/model"
)

// clones are what a clone must do: whom it makes, and what the child gets.
var clones = []Invariant{
	{Name: "FlagRules", Restates: true, Says: "clone refuses with EINVAL exactly the combinations of flags that its rules name",
		Source: "do_fork, copy_process", Premise: "a clone without fault", Of: model.Clone, Step: flagRules},
	{Name: "ForkMakesOne", Says: "a fork makes one task: total_forks and nr_threads grow by one, process_counts by one for a leader",
		Source: "copy_process", Premise: "a successful clone", Of: model.Clone, Step: forkMakesOne},
	{Name: "ChildOfCaller", Says: "the child's parent is the caller, or the caller's parent with PARENT or THREAD",
		Source: "copy_process: real_parent", Premise: "a successful clone", Of: model.Clone, Step: childOfCaller},
	{Name: "ExitSignalAsAsked", Says: "the exit signal is the one asked for, the caller's leader's with PARENT, and -1 for a thread",
		Source: "copy_process: exit_signal", Premise: "a successful clone", Of: model.Clone, Step: exitSignalAsAsked},
	{Name: "ExecIDRecorded", Says: "the child records the exec id of the parent that it has", Source: "copy_process: parent_exec_id", Premise: "a successful clone", Of: model.Clone, Step: execIDRecorded},
	{Name: "SharesAsAsked", Says: "the child shares exactly what the flags ask for; anything else it has is new and its own",
		Source: "copy_process: the copy stages", Premise: "a successful clone", Of: model.Clone, Step: sharesAsAsked},
	{Name: "NamespacesAsAsked", Says: "the child gets a new namespace for each NEW flag and keeps the others",
		Source: "create_new_namespaces", Premise: "a successful clone", Of: model.Clone, Step: namespacesAsAsked},
	{Name: "TimeNSMoves", Says: "a child that does not share the memory is born in the time namespace for its creator's children; anyone else keeps its own",
		Source: "timens_on_fork, copy_time_ns", Versions: V6, Premise: "a successful clone or unshare", Step: timeNSMoves},
	{Name: "NewPidNSBegins", Says: "a clone with NEWPID has number 1 in a new pid namespace below the caller's and is its init",
		Source: "copy_pid_ns, copy_process", Premise: "a successful clone with NEWPID", Of: model.Clone, Step: newPidNSBegins},
	{Name: "Newborn", Says: "a newborn has no pending signals, children, pdeath signal, robust list or stepping, and has not executed a program",
		Source: "copy_process: the resets", Premise: "a successful clone", Of: model.Clone, Step: newborn},
	{Name: "Inherits", Says: "a newborn inherits the mask, the mark of being over RLIMIT_NPROC, the credentials of a thread, and for a process the group, the session and the limits",
		Source: "copy_process", Premise: "a successful clone", Of: model.Clone, Step: inherits},
	{Name: "AltstackReset", Says: "the alternate stack is gone with VM, unless with VFORK", Source: "copy_process: sas_ss_reset", Premise: "a clone by a task with an alternate stack", Of: model.Clone, Step: altstackReset},
	{Name: "ThreadStaysInPidNS", Restates: true, Says: "a thread is created in its group's pid namespace", Source: "copy_process: thread_in_other_pidns",
		Premise: "a successful clone with THREAD", Of: model.Clone, Step: threadStaysInPidNS},
	{Name: "SubreaperInherited", Says: "a new process knows that an ancestor is a subreaper", Source: "copy_signal", Premise: "a new process of a subreaper", Of: model.Clone, Step: subreaperInherited},
}

// flagRules states the predicate of clone's flag checks once more, independently of the rows.
func flagRules(c *Check) error {
	if c.faulted() {
		return nil
	}
	c.met()
	refused := c.Result.Outcome == model.Returned && c.Result.Errno == model.EINVAL
	f := c.Op.Flags
	has := func(all model.Flags) bool { return f&all == all }
	any := func(some model.Flags) bool { return f&some != 0 }
	a := c.Op.Actor
	elsewhere := forChildren(c.Before, a) != c.Before.ActiveNS(a)
	unkillable := c.Before.Signal[c.Before.Task[a].Signal].Flags&model.SignalUnkillable != 0
	early := has(model.CloneNewNS|model.CloneFS) || has(model.CloneNewUser|model.CloneFS) ||
		has(model.CloneThread) && !has(model.CloneSighand) || has(model.CloneSighand) && !has(model.CloneVM) ||
		has(model.CloneParent) && unkillable
	late := has(model.CloneNewIPC | model.CloneSysvsem)
	if c.K.Is(V311) {
		early = early || any(model.CloneNewUser|model.CloneNewPID) && any(model.CloneThread|model.CloneParent) || any(model.CloneVM|model.CloneNewPID) && elsewhere
	} else {
		early = early || has(model.CloneThread) && (any(model.CloneNewUser|model.CloneNewPID) || elsewhere) ||
			has(model.ClonePidfd) && any(model.CloneDetached|model.CloneParentSettid)
		late = late || has(model.CloneNewPID) && elsewhere
	}
	if early && !refused || refused && !early && !late && !c.tooDeep() || !refused && late && c.Result.Errno == 0 && c.Result.Outcome != model.Gone {
		return fmt.Errorf("clone with flags %#x by %s gave %v", uint32(f), c.name(a), c.Result.Errno)
	}
	return nil
}

// tooDeep says whether a clone with NEWPID runs into the bound on nesting, which v3.11 reports as EINVAL.
func (c *Check) tooDeep() bool {
	return c.K.Is(V311) && c.Op.Flags&model.CloneNewPID != 0 && c.Before.PidNS[forChildren(c.Before, c.Op.Actor)].Level+1 > c.K.PidNSDepth
}

// forChildren is the pid namespace that a task's children are born in.
func forChildren(s *model.State, t model.TaskID) model.PidNSID {
	return s.Nsproxy[s.Task[t].Ref[model.Nsproxy]].ForChildren
}

func forkMakesOne(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	leaders := int32(0)
	if c.Op.Flags&model.CloneThread == 0 {
		leaders = 1
	}
	if c.After.NrThreads != c.Before.NrThreads+1 || c.After.ProcessCounts != c.Before.ProcessCounts+leaders || c.After.TotalForks != c.Before.TotalForks+1 {
		return fmt.Errorf("nr_threads %d -> %d, process_counts %d -> %d, total_forks %d -> %d", c.Before.NrThreads, c.After.NrThreads,
			c.Before.ProcessCounts, c.After.ProcessCounts, c.Before.TotalForks, c.After.TotalForks)
	}
	return nil
}

func childOfCaller(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	want := c.parentAsked()
	if got := c.task(t).RealParent; got != want {
		return fmt.Errorf("%s is a child of %s, not of %s", c.name(t), c.name(got), c.name(want))
	}
	return nil
}

// parentAsked is the parent that the flags of a clone ask for.
func (c *Check) parentAsked() model.TaskID {
	if c.Op.Flags&(model.CloneParent|model.CloneThread) != 0 {
		return c.Before.Task[c.Op.Actor].RealParent
	}
	return c.Op.Actor
}

func exitSignalAsAsked(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	want := int16(c.Op.Sig)
	switch {
	case c.Op.Flags&model.CloneThread != 0:
		want = -1
	case c.Op.Flags&model.CloneParent != 0:
		want = c.Before.Task[c.Before.Task[c.Op.Actor].Leader].ExitSignal
	}
	if got := c.task(t).ExitSignal; got != want {
		return fmt.Errorf("%s has exit signal %d, not %d", c.name(t), got, want)
	}
	return nil
}

func execIDRecorded(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	want := c.Before.Task[c.Op.Actor].SelfExecID
	if c.Op.Flags&(model.CloneParent|model.CloneThread) != 0 {
		want = c.Before.Task[c.Op.Actor].ParentExecID
	}
	if got := c.task(t).ParentExecID; got != want || c.task(t).SelfExecID != c.Before.Task[c.Op.Actor].SelfExecID {
		return fmt.Errorf("%s has parent_exec_id %d and self_exec_id %d, not %d and %d", c.name(t), got, c.task(t).SelfExecID, want, c.Before.Task[c.Op.Actor].SelfExecID)
	}
	return nil
}

// shared are the classes that a flag shares; with flag 0 they are never shared, and absent in the child if absent
// in the parent.
var shared = []struct {
	class model.Class
	flag  model.Flags
}{
	{model.MM, model.CloneVM}, {model.Files, model.CloneFiles}, {model.FS, model.CloneFS}, {model.Sighand, model.CloneSighand},
	{model.IO, model.CloneIO}, {model.Mempolicy, 0}, {model.Perf, 0}, {model.Audit, 0},
}

func sharesAsAsked(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	for _, row := range shared {
		was, is := c.Before.Task[c.Op.Actor].Ref[row.class], c.task(t).Ref[row.class]
		want := was != 0 && c.Op.Flags&row.flag != 0
		if (is == was && is != 0) != want || (is == 0) != (was == 0) {
			return fmt.Errorf("%s has %v %d, %s has %d, and the flags are %#x", c.name(c.Op.Actor), row.class, was, c.name(t), is, uint32(c.Op.Flags))
		}
	}
	if is := c.task(t).Ref[model.SysvSem]; (is != 0) != (c.Op.Flags&model.CloneSysvsem != 0) || is != 0 && is != c.task(c.Op.Actor).Ref[model.SysvSem] {
		return fmt.Errorf("%s has undo list %d, %s has %d, and the flags are %#x", c.name(c.Op.Actor), c.task(c.Op.Actor).Ref[model.SysvSem], c.name(t), is, uint32(c.Op.Flags))
	}
	if same := c.task(t).Signal == c.task(c.Op.Actor).Signal; same != (c.Op.Flags&model.CloneThread != 0) {
		return fmt.Errorf("%s is in the thread group of %s: %v, and the flags are %#x", c.name(t), c.name(c.Op.Actor), same, uint32(c.Op.Flags))
	}
	if is := c.task(t).Ref[model.Security]; is == c.Before.Task[c.Op.Actor].Ref[model.Security] && is != 0 {
		return fmt.Errorf("%s has the security blob of %s", c.name(t), c.name(c.Op.Actor))
	}
	for _, class := range [...]model.Class{model.Seccomp, model.CSS, model.Module} {
		if was, is := c.Before.Task[c.Op.Actor].Ref[class], c.task(t).Ref[class]; was != is {
			return fmt.Errorf("%s has %v %d, %s has %d", c.name(c.Op.Actor), class, was, c.name(t), is)
		}
	}
	if c.Op.Flags&model.CloneSighand == 0 && c.After.Sighand[c.task(t).Ref[model.Sighand]] != c.Before.Sighand[c.Before.Task[c.Op.Actor].Ref[model.Sighand]] {
		return fmt.Errorf("%s did not inherit the signal actions of %s", c.name(t), c.name(c.Op.Actor))
	}
	return nil
}

var nsFlags = [...]model.Flags{model.CloneNewNS, model.CloneNewUTS, model.CloneNewIPC, model.CloneNewNet, model.CloneNewCgroup}

// newNS compares two nsproxies: the namespaces that the flags name differ, the others are the same.
func (c *Check) newNS(was, is *model.NsproxyStruct, flags model.Flags) error {
	if c.K.Is(V311) {
		flags &^= model.CloneNewCgroup
	}
	for i, flag := range nsFlags {
		if same := was.NS[i] == is.NS[i]; same == (flags&flag != 0) {
			return fmt.Errorf("%v %d -> %d with flags %#x", model.MntNS+model.Class(i), was.NS[i], is.NS[i], uint32(flags))
		}
	}
	if same := was.ForChildren == is.ForChildren; same == (flags&model.CloneNewPID != 0) {
		return fmt.Errorf("pid_ns_for_children %d -> %d with flags %#x", was.ForChildren, is.ForChildren, uint32(flags))
	}
	return nil
}

func namespacesAsAsked(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	was, is := &c.Before.Nsproxy[c.Before.Task[c.Op.Actor].Ref[model.Nsproxy]], &c.After.Nsproxy[c.task(t).Ref[model.Nsproxy]]
	if err := c.newNS(was, is, c.Op.Flags); err != nil {
		return fmt.Errorf("%s: %w", c.name(t), err)
	}
	if same := userNS(c.Before, c.Op.Actor) == userNS(c.After, t); same == (c.Op.Flags&model.CloneNewUser != 0) {
		return fmt.Errorf("%s has user namespace %d, %s has %d, and the flags are %#x", c.name(c.Op.Actor), userNS(c.Before, c.Op.Actor), c.name(t), userNS(c.After, t), uint32(c.Op.Flags))
	}
	if c.After.ActiveNS(t) != is.ForChildren {
		return fmt.Errorf("%s is in pid namespace %d, its children in %d", c.name(t), c.After.ActiveNS(t), is.ForChildren)
	}
	return nil
}

func timeNSMoves(c *Check) error {
	t := c.child()
	if t == 0 && !c.unshared() {
		return nil
	}
	c.met()
	was := &c.Before.Nsproxy[c.Before.Task[c.Op.Actor].Ref[model.Nsproxy]]
	own, born := was.NS[model.TimeNS-model.MntNS], was.TimeForChildren
	switch {
	case t == 0:
		t = c.Op.Actor
	case c.Op.Flags&model.CloneVM == 0:
		own = born
	}
	is := &c.After.Nsproxy[c.task(t).Ref[model.Nsproxy]]
	if got := is.NS[model.TimeNS-model.MntNS]; got != own {
		return fmt.Errorf("%s is in time namespace %d, not %d", c.name(t), got, own)
	}
	if renewed := c.unshared() && c.Op.Flags&model.CloneNewTime != 0; (is.TimeForChildren == born) == renewed {
		return fmt.Errorf("children of %s are born in time namespace %d, before in %d", c.name(t), is.TimeForChildren, born)
	}
	return nil
}

func newPidNSBegins(c *Check) error {
	t := c.child()
	if t == 0 || c.Op.Flags&model.CloneNewPID == 0 {
		return nil
	}
	c.met()
	ns := c.After.ActiveNS(t)
	p := &c.After.Pid[c.task(t).Pids[model.PidtypePID]]
	if n := &c.After.PidNS[ns]; p.Nr[p.Level] != 1 || n.Reaper != t || n.Parent != c.Before.ActiveNS(c.Op.Actor) || n.UserNS != userNS(c.After, t) || !n.Proc && c.K.Is(V311) {
		return fmt.Errorf("%s has number %d in pid namespace %d, whose init is %s", c.name(t), p.Nr[p.Level], ns, c.name(n.Reaper))
	}
	return nil
}

func newborn(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	p := c.task(t)
	for _, field := range [...]struct {
		what string
		left bool
	}{
		{"pending signals", p.Pending != 0}, {"children", p.Children != 0}, {"a pdeath signal", p.Pdeath != 0},
		{"a robust list", p.RobustList}, {"single step", p.Flags&model.SingleStep != 0}, {"used superuser privileges", p.Flags&model.PFSuperpriv != 0},
		{"a stop to take part in", p.Jobctl&^model.Stopped != 0}, {"executed a program", p.Flags&model.DidExec != 0 || p.Flags&model.PFForknoexec == 0}, {"an exit state", p.ExitState != model.Alive},
		{"a child tid to set", p.SetChildTid != (c.Op.Flags&model.CloneChildSettid != 0)},
		{"a child tid to clear", p.ClearChildTid != (c.Op.Flags&model.CloneChildCleartid != 0)},
		{"a vfork parent", p.VforkDone != 0 && c.Op.Flags&model.CloneVfork == 0},
		{"shared pending signals", c.Op.Flags&model.CloneThread == 0 && c.signal(t).Shared != 0},
		{"a subreaper's role", c.Op.Flags&model.CloneThread == 0 && c.signal(t).IsChildSubreaper},
	} {
		if field.left {
			return fmt.Errorf("the newborn %s has %s", c.name(t), field.what)
		}
	}
	return nil
}

func inherits(c *Check) error {
	t := c.child()
	if t == 0 {
		return nil
	}
	c.met()
	p, was := c.task(t), &c.Before.Task[c.Op.Actor]
	sig, wasSig := c.signal(t), &c.Before.Signal[was.Signal]
	leader := &c.Before.Task[was.Leader]
	switch {
	case p.Blocked != was.Blocked:
		return fmt.Errorf("%s blocks %v, its creator %v", c.name(t), p.Blocked.Names(), was.Blocked.Names())
	case (p.Flags^was.Flags)&model.PFNprocExceeded != 0:
		return fmt.Errorf("%s is marked as over RLIMIT_NPROC, or its creator was, and not both", c.name(t))
	case c.Op.Flags&model.CloneThread != 0 && p.Ref[model.Cred] != was.Ref[model.Cred]:
		return fmt.Errorf("%s, a thread, has cred %d, its creator %d", c.name(t), p.Ref[model.Cred], was.Ref[model.Cred])
	case c.Op.Flags&model.CloneThread == 0 && p.Ref[model.Cred] == was.Ref[model.Cred]:
		return fmt.Errorf("%s has its creator's cred %d", c.name(t), p.Ref[model.Cred])
	case c.After.Cred[p.Ref[model.Cred]].User != c.Before.Cred[was.Ref[model.Cred]].User:
		return fmt.Errorf("%s has another uid than its creator", c.name(t))
	case sig.NprocCur != wasSig.NprocCur || sig.NprocMax != wasSig.NprocMax:
		return fmt.Errorf("%s has RLIMIT_NPROC %d, its creator %d", c.name(t), sig.NprocCur, wasSig.NprocCur)
	case c.Op.Flags&model.CloneThread == 0 && (p.Pids[model.PidtypePGID] != leader.Pids[model.PidtypePGID] || p.Pids[model.PidtypeSID] != leader.Pids[model.PidtypeSID]):
		return fmt.Errorf("%s is not in the process group and session of its creator", c.name(t))
	case c.Op.Flags&model.CloneThread == 0 && sig.LeaderPid != p.Pids[model.PidtypePID]:
		return fmt.Errorf("leader_pid of %s is struct pid %d, not %d", c.name(t), sig.LeaderPid, p.Pids[model.PidtypePID])
	}
	return nil
}

func altstackReset(c *Check) error {
	t := c.child()
	if t == 0 || !c.Before.Task[c.Op.Actor].Altstack {
		return nil
	}
	c.met()
	if want := c.Op.Flags&(model.CloneVM|model.CloneVfork) != model.CloneVM; c.task(t).Altstack != want {
		return fmt.Errorf("%s keeps the alternate stack: %v, and the flags are %#x", c.name(t), !want, uint32(c.Op.Flags))
	}
	return nil
}

func threadStaysInPidNS(c *Check) error {
	t := c.child()
	if t == 0 || c.Op.Flags&model.CloneThread == 0 {
		return nil
	}
	c.met()
	if a, b := c.After.ActiveNS(t), c.After.ActiveNS(c.Op.Actor); a != b {
		return fmt.Errorf("%s, a thread of %s, is in pid namespace %d, not %d", c.name(t), c.name(c.Op.Actor), a, b)
	}
	return nil
}

func subreaperInherited(c *Check) error {
	t := c.child()
	if t == 0 || c.Op.Flags&model.CloneThread != 0 {
		return nil
	}
	from := c.Op.Actor // v3.11 looks at the creator, even if that is not the parent
	if !c.K.Is(V311) {
		from = c.parentAsked()
	}
	was := &c.Before.Signal[c.Before.Task[from].Signal]
	if !was.IsChildSubreaper && !was.HasChildSubreaper {
		return nil
	}
	c.met()
	if !c.signal(t).HasChildSubreaper {
		return fmt.Errorf("%s does not know that %s or an ancestor is a subreaper", c.name(t), c.name(from))
	}
	return nil
}
