package invariants

import (
	"fmt"

	"forkcheck/model"
)

// numbers are the invariants of how pid numbers are handed out, and where v6.x begins to search.
var numbers = []Invariant{
	{Name: "NumbersGrow", Says: "a new number is above the last one, or the search began anew at RESERVED_PIDS",
		Source: "alloc_pidmap", Versions: V311, Premise: "a successful clone", Of: model.Clone, Step: numbersGrow},
	{Name: "NumberIsNext", Says: "a new number is the next free one below pid_max; when there is none, the lowest, which after the first RESERVED_PIDS is no lower than that",
		Source: "alloc_pid, idr_alloc_cyclic", Versions: V6, Premise: "a successful clone", Of: model.Clone, Step: numberIsNext},
	{Name: "NumberNoted", Says: "a fork leaves the cursor of each of its pid namespaces at the number that it gave out", Source: "alloc_pid",
		Premise: "a successful clone", Of: model.Clone, Step: numberNoted},
	{Name: "CursorKept", Says: "the cursor of a pid namespace with members is not back at the start", Source: "alloc_pid: out_free", Versions: V6, State: cursorKept},
	{Name: "NumberRefusedAtEnd", Says: "a fork finds no number only if none is free above the cursor, nor where the search begins anew",
		Source: "alloc_pid, idr_alloc_cyclic", Versions: V6, Premise: "a clone that found no free number", Of: model.Clone, Step: numberRefusedAtEnd},
	{Name: "DeadNSGainsNoNumber", Says: "a pid namespace that takes no new members gives out no number to a child of its own level", Source: "alloc_pid", Versions: V6, State: deadNSGainsNoNumber},
}

func numbersGrow(c *Check) error {
	if !c.cloned() {
		return nil
	}
	c.met()
	p := &c.After.Pid[c.task(c.Result.Who).Pids[model.PidtypePID]]
	if c.task(c.Result.Who).Stage != model.Hashed {
		return nil // it is dead already
	}
	for l := 0; l <= int(p.Level); l++ {
		last := c.Before.PidNS[p.NS[l]].LastPid
		if c.Before.Count[model.PidNSClass][p.NS[l]] == 0 || c.Before.PidNS[p.NS[l]].Level != c.After.PidNS[p.NS[l]].Level {
			last = 0
		}
		if p.Nr[l] <= last && p.Nr[l] < c.K.ReservedPids {
			return fmt.Errorf("the new number %d in pid namespace %d is below the last one, %d", p.Nr[l], p.NS[l], last)
		}
	}
	return nil
}

func numberIsNext(c *Check) error {
	if !c.cloned() || c.task(c.Result.Who).Stage != model.Hashed {
		return nil
	}
	c.met()
	p := &c.After.Pid[c.task(c.Result.Who).Pids[model.PidtypePID]]
	for l := 0; l <= int(p.Level); l++ {
		ns := p.NS[l]
		if c.Before.Count[model.PidNSClass][ns] == 0 || c.Before.PidNS[ns].Hashed == 0 {
			if p.Nr[l] != 1 {
				return fmt.Errorf("the first number in pid namespace %d is %d", ns, p.Nr[l])
			}
			continue
		}
		if want := c.nextNumber(ns); p.Nr[l] != want {
			return fmt.Errorf("the new number in pid namespace %d is %d, not %d", ns, p.Nr[l], want)
		}
	}
	return nil
}

// nextNumber searches as the sentence says, in the state before.
func (c *Check) nextNumber(ns model.PidNSID) uint16 {
	last, most := c.Before.PidNS[ns].LastPid, c.K.PidMaxOf(c.Before, ns)
	for nr := last + 1; nr < most; nr++ {
		if !numberTaken(c.Before, ns, nr) {
			return nr
		}
	}
	lowest := uint16(1)
	if last >= c.K.ReservedPids {
		lowest = c.K.ReservedPids
	}
	for numberTaken(c.Before, ns, lowest) {
		lowest++
	}
	return lowest
}

// numberTaken says whether a struct pid has a number in a namespace.
func numberTaken(s *model.State, ns model.PidNSID, nr uint16) bool {
	for i := range s.Pid {
		if p := &s.Pid[i]; p.NS[s.PidNS[ns].Level] == ns && p.Nr[s.PidNS[ns].Level] == nr {
			return true
		}
	}
	return false
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
	if c.Result.Errno != model.EAGAIN || c.Result.Why != "alloc_pidmap" && c.Result.Why != "alloc_pidmap_parents" || c.faulted() {
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
