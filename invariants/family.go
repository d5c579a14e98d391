package invariants

import (
	"fmt"

	"forkcheck/model"
)

// family are the invariants of parents and children.
var family = []Invariant{
	{Name: "ChildrenListExact", Says: "a leader is on the children list of its real parent, and of nobody else; threads are on none",
		Source: "copy_process, forget_original_parent, __unhash_process", State: childrenExact},
	{Name: "ProcessListExact", Says: "the list of processes holds each hashed leader once",
		Source: "copy_process, __unhash_process", State: processListExact},
	{Name: "TreeIsRooted", Says: "every task descends from the global init",
		Source: "copy_process: parent_of_init, find_new_reaper", Task: treeIsRooted},
	{Name: "NoOrphans", Says: "a parent is alive, or its namespace's init that is clearing its namespace",
		Source: "forget_original_parent", Task: noOrphans},
	{Name: "AdopterIsAlive", Says: "children whose parent has exited belong to a live thread of its group if there is one",
		Source: "find_new_reaper", Task: func(c *Check, t model.TaskID) error {
			p := c.task(t).RealParent
			if p == 0 || !c.K.Past(c.After, p, "forget_original_parent") {
				return nil
			}
			if c.signal(p).Live > 0 {
				return fmt.Errorf("%s is a child of %s, which has exited while a thread of its group lives", c.name(t), c.name(p))
			}
			return nil
		}},
	{Name: "ZombieHoldsNothing", Says: "a zombie has no children and none of mm, files, fs, nsproxy and undo list",
		Source: "do_exit", Premise: "a zombie", Task: zombieHoldsNothing},
	{Name: "ThreadIsNeverZombie", Says: "only leaders become zombies; other threads are gone at once",
		Source: "exit_notify", Task: func(c *Check, t model.TaskID) error {
			if c.task(t).ExitState != model.Alive && c.task(t).Leader != t && !c.After.Flight[t].On {
				return fmt.Errorf("%s is a dead thread that is still hashed", c.name(t))
			}
			return nil
		}},
	{Name: "DeadIsReleased", Says: "a task that its parent does not want is released at once",
		Source: "exit_notify, release_task", Task: func(c *Check, t model.TaskID) error {
			if c.task(t).ExitState == model.ExitDead && !c.After.Flight[t].On && !c.releasing(t) {
				return fmt.Errorf("%s is EXIT_DEAD and not released", c.name(t))
			}
			return nil
		}},
	{Name: "VforkParentWaits", Says: "a task has a vfork completion exactly while its parent waits in vfork for it",
		Source: "do_fork, mm_release", Premise: "a parent in vfork", Task: vforkParentWaits},
	{Name: "ReaperCreatesNoSibling", Restates: true, Says: "an init, global or of a namespace, never creates its own sibling",
		Source: "copy_process: parent_of_init", Premise: "a clone by an init's thread", Step: func(c *Check) error {
			if !c.cloned() || !isReaper(c.Before, c.Op.Actor) {
				return nil
			}
			c.met()
			child := c.task(c.Result.Who)
			if child.Leader == c.Result.Who && child.RealParent == c.Before.Task[c.Op.Actor].RealParent {
				return fmt.Errorf("%s, an init, made its sibling %s", c.name(c.Op.Actor), c.name(c.Result.Who))
			}
			return nil
		}},
	{Name: "ActionsAreOwn", Says: "nothing but sigaction by a task that shares them changes the signal actions of a living task",
		Source: "do_sigaction, zap_pid_ns_processes", Premise: "a call that is no sigaction", Step: actionsAreOwn},
	{Name: "ReparentedSignalsChld", Says: "a child that gets a parent in another group sends SIGCHLD from then on",
		Source: "reparent_leader", Premise: "a reparented child", Step: reparentedSignalsChld},
	{Name: "SubreaperMarkStays", Says: "whether a process is below a subreaper is decided at its birth, but for prctl, which is no call here", Source: "has_child_subreaper", State: func(c *Check) error {
		for s := range c.After.Signal {
			b, a := &c.Before.Signal[s], &c.After.Signal[s]
			if b.LeaderPid != 0 && a.LeaderPid == b.LeaderPid && b.HasChildSubreaper != a.HasChildSubreaper {
				return fmt.Errorf("the mark of group %d changed", s)
			}
		}
		return nil
	}},
	{Name: "SubreaperAdopts", Says: "the children of a dead process go to the nearest ancestor that is a subreaper, if its descendants know of it",
		Source: "prctl(2) PR_SET_CHILD_SUBREAPER; find_new_reaper", Premise: "an orphan with a living subreaper above it", Step: subreaperAdopts},
	{Name: "PdeathSignalArrives", Says: "a child with a pdeath signal gets it when its parent goes",
		Source: "forget_original_parent", Premise: "a parent's death with pdeath_signal", Step: pdeathArrives},
	{Name: "AutoreapConsistent", Says: "nothing becomes a zombie whose parent ignores SIGCHLD, and everything else does",
		Source: "do_notify_parent", Premise: "a process that died under its parent's eyes", Step: autoreapConsistent},
	{Name: "ThreadExitIsPrivate", Says: "when one of several threads exits, its children go to another thread of its group",
		Source: "find_new_reaper", Premise: "a thread with children that exited before its group", Of: model.Exit, Step: threadExitIsPrivate},
}

// Refuted are sentences that sound true and are not. They stay, with a counterexample, so that nobody adds them again.
var Refuted = []Invariant{
	{Name: "ReaperHasNoSiblings", Says: "the init of a pid namespace has no siblings", Source: "refuted by testdata/traces/pidns-member-may-make-siblings.trace",
		State: func(c *Check) error {
			for ns := 1; ns < model.MaxPidNS; ns++ {
				r := c.After.PidNS[ns].Reaper
				if r == 0 {
					continue
				}
				for _, t := range c.Census.Tasks[:c.Census.NTasks] {
					if t != r && c.task(t).Leader == t && c.task(t).RealParent == c.task(r).RealParent && c.After.ActiveNS(t) == c.After.ActiveNS(r) {
						return fmt.Errorf("%s is a sibling of %s, the init of pid namespace %d", c.name(t), c.name(r), ns)
					}
				}
			}
			return nil
		}},
}

// isReaper says whether a task belongs to the group of its pid namespace's init.
func isReaper(s *model.State, t model.TaskID) bool {
	r := s.PidNS[s.ActiveNS(t)].Reaper
	return r != 0 && s.Task[r].Signal == s.Task[t].Signal
}

func childrenExact(c *Check) error {
	var on [model.MaxTasks]model.TaskID
	for _, p := range c.Census.Tasks[:c.Census.NTasks] {
		for ch, fuel := c.task(p).Children, model.MaxTasks; ch != 0; ch = c.task(ch).Sibling {
			if fuel--; on[ch] != 0 || fuel == 0 {
				return fmt.Errorf("%s is on the children lists of %s and %s", c.name(ch), c.name(on[ch]), c.name(p))
			}
			on[ch] = p
		}
	}
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		should := c.task(t).RealParent
		if c.task(t).Leader != t {
			should = 0
		}
		if on[t] != should {
			return fmt.Errorf("%s is on the children list of %s, its real parent is %s", c.name(t), c.name(on[t]), c.name(should))
		}
		on[t] = 0
	}
	for t, p := range on {
		if p != 0 {
			return fmt.Errorf("%s, a child of %s, is not hashed", c.name(model.TaskID(t)), c.name(p))
		}
	}
	return nil
}

func processListExact(c *Check) error {
	n := 0
	for t := c.After.Tasks; t != 0; t = c.task(t).Next {
		if n++; n > model.MaxTasks || c.task(t).Stage != model.Hashed || c.task(t).Leader != t {
			return fmt.Errorf("the list of processes leads to %s", c.name(t))
		}
	}
	if n != c.Census.Leaders {
		return fmt.Errorf("the list of processes has %d entries for %d leaders", n, c.Census.Leaders)
	}
	return nil
}

func treeIsRooted(c *Check, t model.TaskID) error {
	o := t
	for fuel := model.MaxTasks; fuel > 0; fuel-- {
		if o == model.Init0 || o != 0 && c.After.Task[o].Leader == model.Init0 {
			return nil
		}
		o = c.task(o).RealParent
	}
	return fmt.Errorf("%s does not descend from the global init", c.name(t))
}

func noOrphans(c *Check, t model.TaskID) error {
	p := c.task(t).RealParent
	if p == 0 {
		if c.task(t).Leader != model.Init0 {
			return fmt.Errorf("%s has no parent", c.name(t))
		}
		return nil
	}
	if c.task(p).Stage != model.Hashed || c.task(p).ExitState != model.Alive {
		return fmt.Errorf("the parent of %s, %s, is dead", c.name(t), c.name(p))
	}
	return nil
}

// releasing says whether a dying task is about to release a child that nobody wants (v6.x does so last).
func (c *Check) releasing(t model.TaskID) bool {
	for o := range c.After.Flight {
		f := &c.After.Flight[o]
		if dying := f.Op.Kind == model.Exit || f.Op.Kind == model.ExitGroup || f.Op.Kind == model.Die; f.On && dying && f.Dead&(1<<t) != 0 {
			return true
		}
	}
	return false
}

func zombieHoldsNothing(c *Check, t model.TaskID) error {
	p := c.task(t)
	if p.ExitState != model.ExitZombie {
		return nil
	}
	c.met()
	for _, class := range [...]model.Class{model.MM, model.Files, model.FS, model.Nsproxy, model.SysvSem} {
		if p.Ref[class] != 0 {
			return fmt.Errorf("%s is a zombie and has %v %d", c.name(t), class, p.Ref[class])
		}
	}
	if p.VforkDone != 0 {
		return fmt.Errorf("%s is a zombie and %s still waits in vfork for it", c.name(t), c.name(p.VforkDone))
	}
	if p.Children != 0 {
		return fmt.Errorf("%s is a zombie and has the child %s", c.name(t), c.name(p.Children))
	}
	return nil
}

func vforkParentWaits(c *Check, t model.TaskID) error {
	p := c.task(t).VforkDone
	if p == 0 {
		return nil
	}
	c.met()
	if f := &c.After.Flight[p]; !f.On || f.Op.Kind != model.Clone || f.Flags&model.CloneVfork == 0 {
		return fmt.Errorf("%s would wake %s, which is not in vfork", c.name(t), c.name(p))
	}
	return nil
}

func actionsAreOwn(c *Check) error {
	if c.Op.Kind == model.Sigaction {
		return nil
	}
	c.met()
	return c.changed(func() error {
		for _, t := range c.Census.Tasks[:c.Census.NTasks] {
			h := c.task(t).Ref[model.Sighand]
			if !c.same(t) || c.dying(t) || h != c.Before.Task[t].Ref[model.Sighand] {
				continue
			}
			if b, a := &c.Before.Sighand[h], &c.After.Sighand[h]; *b != *a {
				return fmt.Errorf("the actions of %s changed: ignored %v -> %v", c.name(t), b.Ignore.Names(), a.Ignore.Names())
			}
		}
		return nil
	})
}

// moved calls fn for each hashed leader whose parent is another task than before the step.
func (c *Check) moved(fn func(t, from, to model.TaskID) error) error {
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		b, a := &c.Before.Task[t], c.task(t)
		if b.Stage == model.Hashed && b.Leader == t && b.Nr == a.Nr && b.RealParent != a.RealParent && b.RealParent != 0 {
			if err := fn(t, b.RealParent, a.RealParent); err != nil {
				return err
			}
		}
	}
	return nil
}

func reparentedSignalsChld(c *Check) error {
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			if c.Before.Task[from].Signal == c.task(to).Signal {
				return nil
			}
			c.met()
			if c.task(t).ExitSignal != int16(model.SIGCHLD) {
				return fmt.Errorf("%s was given to %s and keeps the exit signal %d", c.name(t), c.name(to), c.task(t).ExitSignal)
			}
			return nil
		})
	})
}

// changed runs a check only when the step changed something, because then the census is of this state.
func (c *Check) changed(fn func() error) error {
	if !c.differs {
		return nil
	}
	return fn()
}

// subreaperAdopts speaks of an orphan whose parent's whole group is gone, and whose nearest subreaper lives on.
func subreaperAdopts(c *Check) error {
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			b := c.Before
			group := b.Task[from].Signal
			if !b.Signal[group].HasChildSubreaper || c.lives(group) || b.PidNS[b.ActiveNS(from)].Reaper == 0 {
				return nil
			}
			reaper := b.Task[b.PidNS[b.ActiveNS(from)].Reaper].Signal
			r := b.Task[from].RealParent
			for r != 0 && b.Task[r].Signal != reaper && !b.Signal[b.Task[r].Signal].IsChildSubreaper {
				r = b.Task[r].RealParent
			}
			if c.task(to).Signal == group {
				return nil // to a thread that is dying too: it will hand them on
			}
			if r == 0 || b.Task[r].Signal == reaper || !c.K.Is(V311) && b.ActiveNS(r) != b.ActiveNS(from) || !c.lives(b.Task[r].Signal) {
				return nil
			}
			c.met()
			if c.task(to).Signal != b.Task[r].Signal {
				return fmt.Errorf("%s went to %s, not to its subreaper %s", c.name(t), c.name(to), c.name(r))
			}
			return nil
		})
	})
}

// lives says whether a thread group of the state before still has a thread that is not dying.
func (c *Check) lives(group model.SignalID) bool {
	for t := range c.Before.Task {
		if o := model.TaskID(t); c.Before.Task[t].Stage == model.Hashed && c.Before.Task[t].Signal == group && c.same(o) && !c.dying(o) {
			return true
		}
	}
	return false
}

func pdeathArrives(c *Check) error {
	return c.changed(func() error {
		return c.moved(func(t, from, to model.TaskID) error {
			b, a := &c.Before.Task[t], c.task(t)
			if b.Pdeath == 0 || a.ExitState != model.Alive || c.dying(t) || c.taken(t, b.Pdeath) || c.signal(t).Flags&model.SignalGroupExit != 0 {
				return nil // delivered at once, or lost with the task
			}
			c.met()
			if !c.signal(t).Shared.Has(b.Pdeath) && mayKill(c.Before, from, t) {
				return fmt.Errorf("%s lost its parent and did not get signal %v", c.name(t), b.Pdeath)
			}
			return nil
		})
	})
}

// taken says whether a thread of the task's group does not block a signal that was sent to all of them.
func (c *Check) taken(t model.TaskID, sig model.Signal) bool {
	for o := range c.Before.Task {
		if b := &c.Before.Task[o]; b.Stage == model.Hashed && b.Signal == c.Before.Task[t].Signal && !b.Blocked.Has(sig) {
			return true
		}
	}
	return false
}

// mayKill says whether uids allow one task to signal another.
func mayKill(s *model.State, from, to model.TaskID) bool {
	a, b := s.Cred[s.Task[from].Ref[model.Cred]], s.Cred[s.Task[to].Ref[model.Cred]]
	return a.User == b.User
}

// autoreapConsistent looks at processes whose last thread was the actor of a plain exit, under a parent that lives on.
func autoreapConsistent(c *Check) error {
	t := c.Op.Actor
	if c.Op.Kind != model.Exit && c.Op.Kind != model.ExitGroup || c.Result.Outcome != model.Gone {
		return nil
	}
	b := &c.Before.Task[t]
	if b.Leader != t || c.Before.Signal[b.Signal].NrThreads != 1 || c.After.Flight[t].On || c.Before.Flight[b.RealParent].On ||
		!c.same(b.RealParent) || c.dying(b.RealParent) {
		return nil // the exit signal may have killed the parent
	}
	c.met()
	h := &c.Before.Sighand[c.Before.Task[b.RealParent].Ref[model.Sighand]]
	sig := model.Signal(b.ExitSignal)
	if b.ParentExecID != c.Before.Task[b.RealParent].SelfExecID {
		sig = model.SIGCHLD
	}
	unwanted := sig == model.SIGCHLD && (h.Ignore | h.NoCldWait).Has(model.SIGCHLD)
	a := c.task(t)
	zombie := a.Nr == b.Nr && a.ExitState == model.ExitZombie
	reaped := c.reaped(t)
	switch {
	case unwanted && zombie:
		return fmt.Errorf("%s is a zombie though its parent ignores SIGCHLD", name(c.Before, t))
	case !unwanted && !zombie && !reaped:
		return fmt.Errorf("%s vanished though its parent does not ignore signal %v", name(c.Before, t), sig)
	}
	return nil
}

// reaped says whether a wait returned this task in this step.
func (c *Check) reaped(t model.TaskID) bool {
	for i := range c.After.Flight {
		if f := &c.After.Flight[i]; f.Op.Kind == model.Wait4 && f.Who == t {
			return true // and has yet to say so
		}
	}
	for i := range c.Result.Done {
		if d := &c.Result.Done[i]; d.Actor != 0 && d.Kind == model.Wait4 && d.Who == t {
			return true
		}
	}
	return c.Result.Kind == model.Wait4 && c.Result.Who == t
}

// outlived says whether another thread of the task's group was not exiting before the step.
func (c *Check) outlived(t model.TaskID) bool {
	for o := range c.Before.Task {
		if b := &c.Before.Task[o]; model.TaskID(o) != t && b.Stage == model.Hashed && b.Signal == c.Before.Task[t].Signal && b.Flags&model.PFExiting == 0 {
			return true
		}
	}
	return false
}

func threadExitIsPrivate(c *Check) error {
	t := c.Op.Actor
	b := &c.Before.Task[t]
	if c.Result.Outcome != model.Gone || b.Children == 0 || !c.outlived(t) {
		return nil
	}
	c.met()
	for ch := b.Children; ch != 0; ch = c.Before.Task[ch].Sibling {
		a := c.task(ch)
		if c.same(ch) && c.task(a.RealParent).Signal != b.Signal && c.After.Signal[b.Signal].Live > 0 && c.After.Signal[b.Signal].LeaderPid == c.Before.Signal[b.Signal].LeaderPid {
			return fmt.Errorf("%s left the group of its parent %s, in which a thread lives", c.name(ch), name(c.Before, t))
		}
	}
	return nil
}
