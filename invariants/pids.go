package invariants

import (
	"fmt"

	"forkcheck/model"
)

// pids are the invariants of pid numbers and pid namespaces.
var pids = []Invariant{
	{Name: "PidUnique", Says: "a number names one struct pid in a namespace", Source: "alloc_pidmap", State: pidUnique},
	{Name: "PidAtEveryLevel", Says: "a struct pid has a number in its namespace and in each above it", Source: "alloc_pid", State: pidAtEveryLevel},
	{Name: "TaskOwnsPid", Says: "a hashed task has a hashed struct pid to itself, and its pid is the number at the top",
		Source: "attach_pid", Task: taskOwnsPid},
	{Name: "PidLifetime", Says: "a struct pid is hashed as long as a task, group or session, or a fork under way, needs it",
		Source: "__change_pid, free_pid", State: pidLifetime},
	{Name: "Population", Says: "nr_hashed is the number of struct pids with a number in the namespace",
		Source: "alloc_pid, free_pid", State: population},
	{Name: "NumberOneIsInit", Says: "a pid namespace whose number 1 is given out has, or had, an init, or its first fork is under way",
		Source: "copy_process: child_reaper", State: numberOneIsInit},
	{Name: "ReaperBelongs", Says: "the child reaper of a pid namespace is a task of it, in the group that has number 1",
		Source: "copy_process, find_new_reaper", State: reaperBelongs},
	{Name: "ReaperIsUnkillable", Says: "the init of a pid namespace is unkillable until it dies",
		Source: "copy_process: signal_unkillable", State: reaperIsUnkillable},
	{Name: "OnlyReapersAreUnkillable", Says: "nobody but an init is unkillable",
		Source: "copy_process: signal_unkillable", Task: func(c *Check, t model.TaskID) error {
			if c.task(t).ExitState == model.Alive && !c.dying(t) && c.signal(t).Flags&model.SignalUnkillable != 0 && !isReaper(c.After, t) && c.After.PidNS[c.After.ActiveNS(t)].Reaper != 0 {
				return fmt.Errorf("%s is unkillable and no init", c.name(t))
			}
			return nil
		}},
	{Name: "AddingWhileInitLives", Says: "a pid namespace takes new members until its init dies, and none later",
		Source: "disable_pid_allocation", State: addingWhileInitLives},
	{Name: "InitDiesLast", Says: "a dying init of a pid namespace stays until every other member is gone", Source: "zap_pid_ns_processes",
		Premise: "a member of a dying pid namespace", Task: initDiesLast},
	{Name: "ZapEnds", Says: "a dying init does not sleep on when only its own numbers are left",
		Source: "zap_pid_ns_processes, free_pid", Premise: "a dying init that sleeps", Task: zapEnds},
	{Name: "LevelBound", Restates: true, Says: "a namespace is one level below its parent, and none is deeper than the bound",
		Source: "create_pid_namespace, create_user_ns", State: levelBound},
	{Name: "ForChildrenBelow", Says: "children are born in the task's own pid namespace or below it",
		Source: "copy_pid_ns", Task: forChildrenBelow},
	{Name: "ParentSeesChild", Says: "a parent's pid namespace contains its child's", Source: "copy_process, find_new_reaper", Task: func(c *Check, t model.TaskID) error {
		if p := c.task(t).RealParent; p != 0 && !below(c.After, c.After.ActiveNS(t), c.After.ActiveNS(p)) {
			return fmt.Errorf("%s is outside the pid namespace of its parent %s", c.name(t), c.name(p))
		}
		return nil
	}},
	{Name: "GroupInSession", Says: "a process group is within one session", Source: "copy_process, setpgid, setsid", State: groupInSession},
	{Name: "GroupPidStays", Says: "the struct pids of a leader's group and session are hashed", Source: "attach_pid", Task: groupPidStays},
	{Name: "PidNSNeverChanges", Says: "a task keeps its numbers and its pid namespace for life", Source: "struct pid", Premise: "a hashed task", Step: pidNSNeverChanges},
}

// below says whether a pid namespace is another one or a descendant of it.
func below(s *model.State, ns, of model.PidNSID) bool {
	for fuel := model.MaxPidNS; ns != 0 && fuel > 0; fuel-- {
		if ns == of {
			return true
		}
		ns = s.PidNS[ns].Parent
	}
	return false
}

// samePids says whether the step left all struct pids alone: what was true of their numbers still is.
func (c *Check) samePids() bool { return c.Before.Pid == c.After.Pid }

func pidUnique(c *Check) error {
	if c.samePids() {
		return nil
	}
	for i := 1; i < model.MaxPids; i++ {
		p := &c.After.Pid[i]
		if !p.Hashed {
			continue
		}
		for j := i + 1; j < model.MaxPids; j++ {
			q := &c.After.Pid[j]
			if !q.Hashed {
				continue
			}
			for l := 0; l <= int(p.Level) && l <= int(q.Level) && p.NS[l] == q.NS[l]; l++ {
				if p.Nr[l] == q.Nr[l] {
					return fmt.Errorf("number %d is used twice in pid namespace %d", p.Nr[l], p.NS[l])
				}
			}
		}
	}
	return nil
}

func pidAtEveryLevel(c *Check) error {
	if c.samePids() {
		return nil
	}
	for i := 1; i < model.MaxPids; i++ {
		p := &c.After.Pid[i]
		if !p.Hashed {
			continue
		}
		ns := p.NS[p.Level]
		for l := int(p.Level); l >= 0; l-- {
			if p.Nr[l] == 0 || p.Nr[l] >= model.MaxPidMax || p.NS[l] != ns || ns == 0 {
				return fmt.Errorf("struct pid %d has number %d in pid namespace %d at level %d", i, p.Nr[l], p.NS[l], l)
			}
			ns = c.After.PidNS[ns].Parent
		}
	}
	return nil
}

func taskOwnsPid(c *Check, t model.TaskID) error {
	id := c.task(t).Pids[model.PidtypePID]
	p := &c.After.Pid[id]
	if !p.Hashed || p.Nr[0] != c.task(t).Nr || c.task(t).Nr == 0 {
		return fmt.Errorf("%s has struct pid %d with number %d", c.name(t), id, p.Nr[0])
	}
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if o < t && c.task(o).Pids[model.PidtypePID] == id {
			return fmt.Errorf("%s and %s have one struct pid", c.name(o), c.name(t))
		}
	}
	return nil
}

// inUse marks the struct pids that a task is attached to, or that a clone in flight holds.
func (c *Check) inUse() (used [model.MaxPids]bool) {
	for t := range c.After.Task {
		p := &c.After.Task[t]
		for typ, pid := range p.Pids {
			if p.Attached&(1<<typ) != 0 {
				used[pid] = true
			}
		}
		if f := &c.After.Flight[t]; f.On && f.Took&model.TookPid != 0 {
			used[f.Pid] = true
		}
	}
	return used
}

func pidLifetime(c *Check) error {
	used := c.inUse()
	for i := 1; i < model.MaxPids; i++ {
		if p := &c.After.Pid[i]; p.Hashed && !used[i] {
			return fmt.Errorf("struct pid %d with number %d is hashed and nobody needs it", i, p.Nr[0])
		} else if used[i] && p.Count == 0 {
			return fmt.Errorf("struct pid %d is freed and somebody needs it", i)
		}
	}
	return nil
}

func population(c *Check) error {
	for ns := 1; ns < model.MaxPidNS; ns++ {
		if is, should := c.After.PidNS[ns].Hashed, c.Census.Hashed[ns]; is != should {
			return fmt.Errorf("pid namespace %d has nr_hashed %d, and %d numbers are taken", ns, is, should)
		}
	}
	return nil
}

// eachNS calls fn for each pid namespace that has a hashed member at its own level.
func (c *Check) eachNS(fn func(ns model.PidNSID, member model.TaskID) error) error {
	var seen [model.MaxPidNS]bool
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		ns := c.After.ActiveNS(t)
		if seen[ns] || ns == 0 {
			continue
		}
		seen[ns] = true
		if err := fn(ns, t); err != nil {
			return err
		}
	}
	return nil
}

func numberOneIsInit(c *Check) error {
	for ns := model.PidNSID(2); ns < model.MaxPidNS; ns++ {
		if n := &c.After.PidNS[ns]; n.LastPid != 0 && n.Reaper == 0 && n.Adding && !c.beginning(ns) {
			return fmt.Errorf("pid namespace %d has given out number 1 and can never have an init", ns)
		}
	}
	return nil
}

// beginning says whether the first fork into a pid namespace is under way.
func (c *Check) beginning(ns model.PidNSID) bool {
	for t := range c.After.Flight {
		f := &c.After.Flight[t]
		if p := &c.After.Pid[f.Pid]; f.On && f.Took&model.TookPid != 0 && p.NS[p.Level] == ns && p.Nr[p.Level] == 1 {
			return true
		}
	}
	return false
}

func reaperBelongs(c *Check) error {
	return c.eachNS(func(ns model.PidNSID, member model.TaskID) error {
		r := c.After.PidNS[ns].Reaper
		if r == 0 || !c.After.PidNS[ns].Adding {
			return nil // never had one, or it is dying
		}
		l := c.task(r).Leader
		p := &c.After.Pid[c.task(l).Pids[model.PidtypePID]]
		if c.task(r).Stage != model.Hashed || p.NS[p.Level] != ns || p.Nr[p.Level] != 1 {
			return fmt.Errorf("the child reaper of pid namespace %d is %s, with number %d in pid namespace %d", ns, c.name(r), p.Nr[p.Level], p.NS[p.Level])
		}
		if c.dying(r) && !c.After.Flight[r].On {
			return fmt.Errorf("the child reaper of pid namespace %d, %s, is dying while a thread of it lives", ns, c.name(r))
		}
		return nil
	})
}

func reaperIsUnkillable(c *Check) error {
	return c.eachNS(func(ns model.PidNSID, member model.TaskID) error {
		r := c.After.PidNS[ns].Reaper
		if r == 0 || !c.After.PidNS[ns].Adding || c.signal(r).Flags&(model.SignalUnkillable|model.SignalGroupExit) != 0 {
			return nil
		}
		return fmt.Errorf("%s, the init of pid namespace %d, can be killed from inside", c.name(r), ns)
	})
}

func addingWhileInitLives(c *Check) error {
	return c.each(func(c *Check, member model.TaskID) error {
		ns := c.After.ActiveNS(member)
		n := &c.After.PidNS[ns]
		if ns == 0 || n.Reaper == 0 {
			return nil
		}
		f := &c.After.Flight[n.Reaper]
		gone := !c.leads(n.Reaper, ns) || c.dying(n.Reaper) && (f.Zap && c.K.Past(c.After, n.Reaper, "disable_pid_allocation") || !f.On)
		switch {
		case n.Adding && gone:
			return fmt.Errorf("pid namespace %d takes new members though its init is dead", ns)
		case !n.Adding && !gone:
			return fmt.Errorf("pid namespace %d takes no new members though its init lives", ns)
		case gone && c.resting(member) && (!f.On || c.K.Past(c.After, n.Reaper, "zap_kill")):
			return fmt.Errorf("%s lives in pid namespace %d, whose init is dead", c.name(member), ns)
		}
		return nil
	})
}

// leads says whether a namespace's child_reaper is a task of it. The pointer is not counted: once the namespace is dead
// it may name a slot that is free, or another's.
func (c *Check) leads(reaper model.TaskID, ns model.PidNSID) bool {
	return c.task(reaper).Stage == model.Hashed && c.After.ActiveNS(reaper) == ns
}

func initDiesLast(c *Check, t model.TaskID) error {
	ns := c.After.ActiveNS(t)
	n := &c.After.PidNS[ns]
	leader := &c.After.Pid[c.leader(t).Pids[model.PidtypePID]]
	if n.Adding || n.Reaper == 0 || leader.Nr[leader.Level] == 1 {
		return nil
	}
	c.met()
	for o := range c.After.Flight {
		if f := &c.After.Flight[o]; f.On && f.Zap && c.After.ActiveNS(model.TaskID(o)) == ns {
			return nil
		}
	}
	return fmt.Errorf("%s is left in pid namespace %d, whose init is gone", c.name(t), ns)
}

func zapEnds(c *Check, t model.TaskID) error {
	f := &c.After.Flight[t]
	if !f.Asleep || !f.Zap {
		return nil
	}
	c.met()
	own := int8(2)
	if c.task(t).Leader == t {
		own = 1
	}
	if ns := c.After.ActiveNS(t); c.After.PidNS[ns].Hashed == own {
		return fmt.Errorf("%s, the dying init of pid namespace %d, sleeps though only its %d numbers are left", c.name(t), ns, own)
	}
	return nil
}

func levelBound(c *Check) error {
	for ns := 2; ns < model.MaxPidNS; ns++ {
		if p := &c.After.PidNS[ns]; c.After.Count[model.PidNSClass][ns] > 0 && (p.Level > c.K.PidNSDepth || p.Level != c.After.PidNS[p.Parent].Level+1) {
			return fmt.Errorf("pid namespace %d is at level %d, its parent at %d, and the bound is %d", ns, p.Level, c.After.PidNS[p.Parent].Level, c.K.PidNSDepth)
		}
	}
	for ns := 2; ns < model.MaxUserNS; ns++ {
		if p := &c.After.UserNS[ns]; c.After.Count[model.UserNSClass][ns] > 0 && (p.Level > c.K.UserNSDepth+1 || p.Level != c.After.UserNS[p.Parent].Level+1) {
			return fmt.Errorf("user namespace %d is at level %d, its parent at %d, and the bound is %d", ns, p.Level, c.After.UserNS[p.Parent].Level, c.K.UserNSDepth+1)
		}
	}
	return nil
}

func forChildrenBelow(c *Check, t model.TaskID) error {
	n := c.task(t).Ref[model.Nsproxy]
	if fc := c.After.Nsproxy[n].ForChildren; n != 0 && !below(c.After, fc, c.After.ActiveNS(t)) {
		return fmt.Errorf("children of %s are born in pid namespace %d, which is not below its own, %d", c.name(t), fc, c.After.ActiveNS(t))
	}
	return nil
}

func groupInSession(c *Check) error {
	var sid [model.MaxPids]model.PidID
	for _, t := range c.Census.Tasks[:c.Census.NTasks] {
		p := c.task(t)
		if p.Leader != t {
			continue
		}
		pg, s := p.Pids[model.PidtypePGID], p.Pids[model.PidtypeSID]
		if sid[pg] != 0 && sid[pg] != s {
			return fmt.Errorf("the process group of %s is in two sessions", c.name(t))
		}
		sid[pg] = s
	}
	return nil
}

func groupPidStays(c *Check, t model.TaskID) error {
	p := c.task(t)
	if p.Leader != t {
		return nil
	}
	for typ, pid := range p.Pids {
		if !c.After.Pid[pid].Hashed || p.Attached&(1<<typ) == 0 {
			return fmt.Errorf("%s is not attached to a hashed pid of type %d", c.name(t), typ)
		}
	}
	return nil
}

func pidNSNeverChanges(c *Check) error {
	return c.changed(func() error {
		for _, t := range c.Census.Tasks[:c.Census.NTasks] {
			b, a := &c.Before.Task[t], c.task(t)
			if b.Stage != model.Hashed || b.Nr != a.Nr {
				continue
			}
			c.met()
			if c.Before.Pid[b.Pids[model.PidtypePID]].Nr != c.After.Pid[a.Pids[model.PidtypePID]].Nr {
				return fmt.Errorf("%s changed its numbers", c.name(t))
			}
		}
		return nil
	})
}
