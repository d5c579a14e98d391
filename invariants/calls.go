package invariants

import (
	"fmt"
	"strings"

	"forkcheck/model"
)

// calls are what one call must do, and must not.
var calls = []Invariant{
	{Name: "FailedForkRestores", Says: "after a failed fork every count is back and nothing is left but: NPROC_EXCEEDED cleared, an undo list for the parent, an advanced last_pid",
		Source: "copy_process: the ladder", Premise: "a failed clone", Step: func(c *Check) error { return c.frame(model.Clone) }},
	{Name: "FailedUnshareRestores", Says: "a failed unshare changes nothing", Source: "sys_unshare", Premise: "a failed unshare",
		Step: func(c *Check) error { return c.frame(model.Unshare) }},
	{Name: "FailedCallChangesNothing", Says: "a call that fails, or wait4 with nothing to report, changes nothing", Source: "the calls",
		Premise: "a failed call", Step: failedCallChangesNothing},
	{Name: "UnshareKeepsIdentity", Says: "unshare keeps pid, tgid, parent, group and session", Source: "sys_unshare", Premise: "a successful unshare", Of: model.Unshare, Step: unshareKeepsIdentity},
	{Name: "UnshareSeparates", Says: "after unshare nobody shares what was named, and what was not named is shared as before",
		Source: "sys_unshare", Premise: "a successful unshare", Of: model.Unshare, Step: unshareSeparates},
	{Name: "WaitReapsOne", Says: "a wait that reports a death removes that zombie and nothing else that is alive", Source: "wait_task_zombie", Premise: "a wait that reports a death", Of: model.Wait4, Step: waitReapsOne},
	{Name: "WaitReportsChild", Says: "wait reports a child of the caller's group that its arguments select", Source: "eligible_child", Premise: "a wait that reports", Of: model.Wait4, Step: waitReportsChild},
	{Name: "WaitTakesOldest", Says: "of its own zombies that wait4 may take it takes the oldest child", Source: "do_wait_thread", Premise: "a wait4 for any child that reports a death",
		Of: model.Wait4, Step: waitTakesOldest},
	{Name: "EchildMeansNone", Says: "wait4 fails with ECHILD only when no child matches", Source: "do_wait", Premise: "a wait4 for any child that fails with ECHILD", Of: model.Wait4, Step: echildMeansNone},
	{Name: "SleepsOnlyForLater", Says: "wait4 does not sleep while a zombie matches", Source: "do_wait", Premise: "a wait4 that sleeps", Of: model.Wait4, Step: sleepsOnlyForLater},
	{Name: "ForksCounted", Says: "total_forks grows with forks only", Source: "copy_process", Step: func(c *Check) error {
		if d := c.After.TotalForks - c.Before.TotalForks; d > 1 || d == 1 && c.Op.Kind != model.Clone && c.Op.Kind != model.Resume {
			return fmt.Errorf("total_forks went from %d to %d", c.Before.TotalForks, c.After.TotalForks)
		}
		return nil
	}},
	{Name: "ExitEndsCaller", Says: "exit never returns", Source: "do_exit", Premise: "an exit", Step: func(c *Check) error {
		if c.Op.Kind != model.Exit && c.Op.Kind != model.ExitGroup {
			return nil
		}
		c.met()
		if c.Result.Outcome != model.Gone {
			return fmt.Errorf("%s came back from exit", c.name(c.Op.Actor))
		}
		return nil
	}},
	{Name: "ExitGroupEndsAll", Says: "exit_group leaves no thread of the group alive", Source: "do_group_exit", Premise: "an exit_group of several threads", Of: model.ExitGroup, Step: exitGroupEndsAll},
}

// failed says whether the op's own call came back with an error.
func (c *Check) failed() bool { return c.Result.Outcome == model.Returned && c.Result.Errno != 0 }

// frame compares the state after a failed call with the one before, the legal residue left aside.
func (c *Check) frame(kind model.Kind) error {
	if c.Op.Kind != kind || !c.failed() {
		return nil
	}
	c.met()
	if !c.differs {
		return nil
	}
	a, b := c.After, c.Before
	actor := c.Op.Actor
	rest := *a
	for t := range rest.Flight {
		if f := &rest.Flight[t]; f.Zap { // a dying init that was woken looks again
			f.Woken = b.Flight[t].Woken
		}
	}
	if kind == model.Clone {
		for ns := range rest.PidNS {
			rest.PidNS[ns].LastPid = b.PidNS[ns].LastPid
			if b.PidNS[ns].Reaper == 0 && c.pastNumbers() {
				rest.PidNS[ns].Adding = b.PidNS[ns].Adding // v6.x: its first fork failed
			}
		}
		rest.Task[actor].Flags |= b.Task[actor].Flags & model.PFNprocExceeded
		if c.Op.Flags&model.CloneSysvsem != 0 && b.Task[actor].Ref[model.SysvSem] == 0 {
			rest.Count[model.SysvSem][rest.Task[actor].Ref[model.SysvSem]] = 0
			rest.Task[actor].Ref[model.SysvSem] = 0
		}
	}
	if c.Result.Errno == model.ERESTARTNOINTR { // the signal was delivered on the way out
		rest.Signal, rest.Flight, rest.Tasks = b.Signal, b.Flight, b.Tasks
		for t := range rest.Task {
			if rest.Task[t].Stage == b.Task[t].Stage {
				rest.Task[t] = b.Task[t]
			}
		}
	}
	if rest != *b {
		return fmt.Errorf("%v of %s failed with %v and left: %s", kind, c.name(actor), c.Result.Errno, c.diff(b, &rest))
	}
	return nil
}

// pastNumbers says whether a clone of v6.x failed after its child had got its numbers.
func (c *Check) pastNumbers() bool {
	t := &c.K.Calls[model.Clone]
	return c.K.FirstForkEnds && t.Row(c.Result.Why) > t.Row("pid_allocated_adding")
}

// diff says what differs most prominently.
func (c *Check) diff(before, after *model.State) string {
	return strings.Join(model.Diff(before, after, 3, func(t model.TaskID) string { return name(before, t) }), ", ")
}

func failedCallChangesNothing(c *Check) error {
	k := c.Op.Kind
	nothing := k == model.Wait4 && c.Result.Outcome == model.Returned && c.Result.Errno == 0 && c.Result.Who == 0
	if k == model.Clone || k == model.Unshare || !nothing && !c.failed() || c.Result.Errno == model.EINTR {
		return nil
	}
	c.met()
	if c.differs {
		return fmt.Errorf("%v failed with %v and changed: %s", k, c.Result.Errno, c.diff(c.Before, c.After))
	}
	return nil
}

// unshared says whether the op is an unshare that succeeded.
func (c *Check) unshared() bool {
	return c.Op.Kind == model.Unshare && c.Result.Outcome == model.Returned && c.Result.Errno == 0
}

func unshareKeepsIdentity(c *Check) error {
	if !c.unshared() {
		return nil
	}
	c.met()
	a, b := *c.task(c.Op.Actor), c.Before.Task[c.Op.Actor]
	a.Ref = b.Ref
	if a != b {
		return fmt.Errorf("unshare changed more of %s than what it points to", c.name(c.Op.Actor))
	}
	return nil
}

func unshareSeparates(c *Check) error {
	if !c.unshared() {
		return nil
	}
	c.met()
	t, f := c.Op.Actor, c.Op.Flags
	a, b := c.task(t), &c.Before.Task[t]
	if f&(model.CloneNewUser|model.CloneNewNS) != 0 {
		f |= model.CloneFS
	}
	for _, row := range shared {
		named := (row.class == model.Files || row.class == model.FS) && f&row.flag != 0
		switch {
		case named && c.After.Count[row.class][a.Ref[row.class]] != 1:
			return fmt.Errorf("%s unshared %v and still shares it", c.name(t), row.class)
		case !named && a.Ref[row.class] != b.Ref[row.class]:
			return fmt.Errorf("%s did not unshare %v and has another one", c.name(t), row.class)
		}
	}
	want := b.Ref[model.SysvSem]
	if f&(model.CloneNewIPC|model.CloneSysvsem) != 0 {
		want = 0
	}
	if is := a.Ref[model.SysvSem]; is != want {
		return fmt.Errorf("%s has undo list %d after unshare with flags %#x, not %d", c.name(t), is, uint32(f), want)
	}
	if same := userNS(c.Before, t) == userNS(c.After, t); same == (f&model.CloneNewUser != 0) {
		return fmt.Errorf("%s: user namespace %d -> %d with flags %#x", c.name(t), userNS(c.Before, t), userNS(c.After, t), uint32(f))
	}
	return c.newNS(&c.Before.Nsproxy[b.Ref[model.Nsproxy]], &c.After.Nsproxy[a.Ref[model.Nsproxy]], f)
}

// waited is the task that the op's own wait reported, 0 if there was none.
func (c *Check) waited() model.TaskID {
	if c.Op.Kind == model.Wait4 && c.Result.Outcome == model.Returned && c.Result.Errno == 0 {
		return c.Result.Who
	}
	return 0
}

func waitReapsOne(c *Check) error {
	t := c.waited()
	if t == 0 || c.Result.Status&0xff == 0x7f || c.Result.Status == 0xffff {
		return nil // a stop, or a continue
	}
	c.met()
	if c.Before.Task[t].ExitState != model.ExitZombie {
		return fmt.Errorf("%s was reported dead and was not", name(c.Before, t))
	}
	if c.After.Task[t].Stage == model.Hashed && c.same(t) {
		return fmt.Errorf("%s was reported dead and is still there", c.name(t))
	}
	if zapping(c.Before) {
		return nil // an init may have waited for just this one, and may now tell its parent of its own death
	}
	for o := model.TaskID(1); o < model.MaxTasks; o++ {
		if b := &c.Before.Task[o]; b.Stage == model.Hashed && b.Flags&model.PFExiting == 0 && b.Pending == 0 && !c.same(o) {
			return fmt.Errorf("%s is gone after %s was reaped", name(c.Before, o), name(c.Before, t))
		}
	}
	return nil
}

// zapping says whether a dying init is clearing its pid namespace.
func zapping(s *model.State) bool {
	for t := range s.Flight {
		if s.Flight[t].On && s.Flight[t].Zap {
			return true
		}
	}
	return false
}

// waitTakesOldest speaks of waits for any child with the exit signal of the one that is reported.
func waitTakesOldest(c *Check) error {
	t, a := c.waited(), c.Op.Actor
	if t == 0 || c.Op.Target != 0 || c.Op.Arg != -1 || c.Before.Task[t].ExitState != model.ExitZombie || c.Before.Task[t].RealParent != a {
		return nil
	}
	c.met()
	for o, fuel := c.Before.Task[a].Children, model.MaxTasks; o != t && o != 0 && fuel > 0; o, fuel = c.Before.Task[o].Sibling, fuel-1 {
		if b := &c.Before.Task[o]; b.ExitState == model.ExitZombie && b.Thread == o && b.ExitSignal == c.Before.Task[t].ExitSignal {
			return fmt.Errorf("%s reaped %s, and %s is older", c.name(a), name(c.Before, t), name(c.Before, o))
		}
	}
	return nil
}

func waitReportsChild(c *Check) error {
	t := c.waited()
	if t == 0 {
		return nil
	}
	c.met()
	b, a := &c.Before.Task[t], c.Op.Actor
	f := c.Op.Flags
	switch {
	case c.Before.Task[b.RealParent].Signal != c.Before.Task[a].Signal:
		return fmt.Errorf("%s waited for %s, which is no child of its group", c.name(a), name(c.Before, t))
	case f&model.WNOTHREAD != 0 && b.RealParent != a:
		return fmt.Errorf("%s waited with __WNOTHREAD for %s, a child of another thread", c.name(a), name(c.Before, t))
	case f&model.WALL == 0 && (b.ExitSignal != int16(model.SIGCHLD)) != (f&model.WCLONE != 0):
		return fmt.Errorf("%s waited with options %#x for %s, which has exit signal %d", c.name(a), uint32(f), name(c.Before, t), b.ExitSignal)
	case c.Op.Target != 0 && c.Op.Mode == model.Plain && c.Op.Target != t:
		return fmt.Errorf("%s waited for %s and got %s", c.name(a), name(c.Before, c.Op.Target), name(c.Before, t))
	}
	return nil
}

// candidates calls fn for each child of the actor's group that a wait4(-1) with the op's options looks at.
func (c *Check) candidates(fn func(t model.TaskID)) {
	f, a := c.Op.Flags, c.Op.Actor
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		b := &c.Before.Task[t]
		switch {
		case b.Stage != model.Hashed || b.ExitState == model.ExitDead || b.Leader != t || c.Before.Task[b.RealParent].Signal != c.Before.Task[a].Signal:
		case f&model.WNOTHREAD != 0 && b.RealParent != a:
		case f&model.WALL == 0 && (b.ExitSignal != int16(model.SIGCHLD)) != (f&model.WCLONE != 0):
		default:
			fn(t)
		}
	}
}

// waitsForAny says whether the op is a wait4(-1).
func (c *Check) waitsForAny() bool {
	return c.Op.Kind == model.Wait4 && c.Op.Target == 0 && c.Op.Arg == -1
}

func echildMeansNone(c *Check) error {
	if !c.waitsForAny() || !c.failed() || c.Result.Errno != model.ECHILD || c.faulted() {
		return nil
	}
	c.met()
	var err error
	c.candidates(func(t model.TaskID) {
		err = fmt.Errorf("%s has no child, and %s is one", c.name(c.Op.Actor), c.name(t))
	})
	return err
}

func sleepsOnlyForLater(c *Check) error {
	if !c.waitsForAny() || c.Result.Outcome != model.Asleep {
		return nil
	}
	c.met()
	var err error
	c.candidates(func(t model.TaskID) {
		if b := &c.Before.Task[t]; b.ExitState == model.ExitZombie && b.Thread == t {
			err = fmt.Errorf("%s sleeps, and %s is dead", c.name(c.Op.Actor), c.name(t))
		}
	})
	return err
}

func exitGroupEndsAll(c *Check) error {
	sig := c.Before.Task[c.Op.Actor].Signal
	if c.Result.Outcome == model.NoTask || c.Before.Signal[sig].NrThreads < 2 {
		return nil
	}
	c.met()
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		if c.Before.Task[t].Signal == sig && c.same(t) && c.resting(t) {
			return fmt.Errorf("%s survived exit_group of %s", c.name(t), name(c.Before, c.Op.Actor))
		}
	}
	return nil
}
