package invariants

import (
	"fmt"

	"forkcheck/model"
)

// pidfds are the invariants of descriptors that clone makes with CLONE_PIDFD: they keep a struct pid, and with it the
// pid namespace and what that is charged as, for as long as a file table has them.
var pidfds = []Invariant{
	{
		Name:     "PidfdIsOpen",
		Says:     "a pidfd is in file tables that exist, and keeps its struct pid",
		Source:   "fd_install, close_files",
		Versions: V6,
		Premise:  "a pidfd",
		State:    pidfdIsOpen,
	},
	{
		Name:     "PidfdForCaller",
		Says:     "a clone with PIDFD, and none without, puts a pidfd of the child into the file table of the caller",
		Source:   "clone(2): CLONE_PIDFD",
		Versions: V6,
		Premise:  "a clone with PIDFD",
		Of:       model.Clone,
		Step:     pidfdForCaller,
	},
	{
		Name:     "FilesCopyPidfds",
		Says:     "a copy of a file table has the pidfds that the table had",
		Source:   "dup_fd",
		Versions: V6,
		Premise:  "a file table with pidfds that is copied",
		Step:     filesCopyPidfds,
	},
}

func pidfdIsOpen(c *Check) error {
	for p := range c.After.Pid {
		in := c.After.Pid[p].Pidfds
		if in == 0 {
			continue
		}
		c.met()
		for files := range model.Slots {
			if in&(1<<files) != 0 && (files == 0 || c.After.Count[model.Files][files] <= 0) {
				return fmt.Errorf("file table %d, which has a pidfd of %d, is gone", files, c.After.Pid[p].Nr[0])
			}
		}
		if c.After.Pid[p].Count <= 0 {
			return fmt.Errorf("struct pid %d is free, and there is a pidfd of it", p)
		}
	}
	return nil
}

func pidfdForCaller(c *Check) error {
	t := c.child()
	if t == 0 || c.dying(c.Op.Actor) {
		return nil
	}
	files := c.task(c.Op.Actor).Ref[model.Files]
	has := files != 0 && c.After.Pid[c.task(t).Pids[model.PidtypePID]].Pidfds&(1<<files) != 0
	if wants := c.Op.Flags&model.ClonePidfd != 0; has != wants {
		return fmt.Errorf(
			"%s cloned %s with flags %#x and has a pidfd of it: %v",
			c.name(c.Op.Actor),
			c.name(t),
			uint32(c.Op.Flags),
			has,
		)
	} else if wants {
		c.met()
	}
	return nil
}

func filesCopyPidfds(c *Check) error {
	from, to := c.before().Ref[model.Files], model.Ref(0)
	switch t := c.child(); {
	case t != 0 && c.Op.Flags&model.CloneFiles == 0:
		to = c.task(t).Ref[model.Files]
	case c.succeeded(model.Unshare) && c.same(c.Op.Actor):
		to = c.task(c.Op.Actor).Ref[model.Files]
	}
	if to == 0 || to == from {
		return nil
	}
	for p := range c.Before.Pid {
		if c.Before.Pid[p].Pidfds&(1<<from) == 0 {
			continue
		}
		c.met()
		if c.After.Pid[p].Pidfds&(1<<to) == 0 {
			return fmt.Errorf(
				"%s has made a copy of its file table, without the pidfd of %d",
				c.name(c.Op.Actor),
				c.Before.Pid[p].Nr[0],
			)
		}
	}
	return nil
}
