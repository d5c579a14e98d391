package invariants

import (
	"fmt"

	"forkcheck/model"
)

// quiet are the invariants of the end: after every task but the global init was killed and reaped.
var quiet = []Invariant{
	{Name: "QuietNobodyLeft", Says: "every task but the global init can be killed and reaped", Source: "do_exit, release_task", Quiet: func(c *Check) error {
		for t := model.TaskID(1); t < model.MaxTasks; t++ {
			if p := c.task(t); p.Stage != model.Free && p.Signal != c.task(model.Init0).Signal {
				return fmt.Errorf("%s is left", c.name(t))
			}
		}
		return nil
	}},
	{Name: "QuietPids", Says: "no number is taken but those of the global init", Source: "free_pid, put_pid", Quiet: func(c *Check) error {
		used := c.inUse()
		for id := 1; id < model.MaxPids; id++ {
			if p := &c.After.Pid[id]; *p != (model.Pid{}) && !used[id] {
				return fmt.Errorf("struct pid %d is left", id)
			}
		}
		return nil
	}},
	{Name: "QuietPidNS", Says: "no pid namespace is left but the global one and the one that init's children are born in",
		Source: "put_pid_ns", Quiet: func(c *Check) error {
			for ns := model.PidNSID(2); ns < model.MaxPidNS; ns++ {
				if c.After.PidNS[ns] != (model.PidNamespace{}) && !c.keptByInit(ns) {
					return fmt.Errorf("pid namespace %d is left", ns)
				}
			}
			return nil
		}},
	{Name: "QuietNproc", Says: "no user is charged but root, for the global init", Source: "release_task", Quiet: func(c *Check) error {
		for u := 1; u < model.MaxUsers; u++ {
			if n := c.After.User[u].Processes; n != 0 && (model.UserID(u) != model.InitUser || n != c.Census.Processes[u]) {
				return fmt.Errorf("uid %d is still charged %d processes", c.After.User[u].UID, n)
			}
		}
		return nil
	}},
	{Name: "QuietFlights", Says: "no call is under way but the global init's", Source: "do_fork, do_wait", Quiet: func(c *Check) error {
		for t := range c.After.Flight {
			if c.After.Flight[t].On && c.task(model.TaskID(t)).Signal != c.task(model.Init0).Signal {
				return fmt.Errorf("a call of %s is under way", c.name(model.TaskID(t)))
			}
		}
		return nil
	}},
}

// keptByInit says whether a thread of the global init has a pid namespace for its children that is this one or below it.
func (c *Check) keptByInit(ns model.PidNSID) bool {
	for t := range c.After.Task {
		if p := &c.After.Task[t]; p.Stage == model.Hashed && below(c.After, c.After.Nsproxy[p.Ref[model.Nsproxy]].ForChildren, ns) {
			return true
		}
	}
	return false
}
