package forkcheck

import (
	"slices"

	"forkcheck/invariants"
	"forkcheck/model"
)

// candidate is a trace that may fail. Its methods make others out of it.
type candidate struct {
	boot  model.Boot
	stmts []model.Stmt

	ops    []model.Op // what ran, once it has
	breach *invariants.Breach
	atEnd  bool // it failed when all was killed and reaped
}

// kernel is the kernel of the candidate's world.
func (c *candidate) kernel(v *model.Version) *model.Kernel {
	return &model.Kernel{Version: v, Limits: c.boot.Limits}
}

// trace is the candidate as Run takes it.
func (c *candidate) trace() *model.Trace {
	t := &model.Trace{Boot: c.boot}
	for i := range c.stmts {
		t.Lines = append(t.Lines, model.Line{No: i + 1, Stmt: &c.stmts[i]})
	}
	return t
}

// names are the tasks of the trace: `a`, the others of its world, the children in order.
func (c *candidate) names() []string {
	names := []string{"a"}
	for _, t := range c.boot.Tasks() {
		if t.Name != "a" {
			names = append(names, t.Name)
		}
	}
	for i := range c.stmts {
		if bind := c.stmts[i].Bind; bind != "" {
			names = append(names, bind)
		}
	}
	return names
}

// rank is the index of a name, 0 if there is no name, and the number of names if it is none of them.
func rank(names []string, name string) int {
	i := slices.Index(names, name)
	switch {
	case name == "":
		return 0
	case i < 0:
		return len(names)
	}
	return i
}

// in is the candidate in another world.
func (c candidate) in(change func(b *model.Boot)) candidate {
	n := candidate{boot: c.boot, stmts: c.stmts}
	change(&n.boot)
	return n
}

// with has one op changed.
func (c candidate) with(i int, change func(st *model.Stmt)) candidate {
	n := candidate{boot: c.boot, stmts: slices.Clone(c.stmts)}
	change(&n.stmts[i])
	return n
}

// followed has one more op.
func (c candidate) followed(st model.Stmt) candidate {
	return candidate{boot: c.boot, stmts: append(slices.Clone(c.stmts), st)}
}

// only lacks the ops that keep refuses.
func (c candidate) only(keep func(st *model.Stmt) bool) candidate {
	return candidate{boot: c.boot, stmts: slices.DeleteFunc(slices.Clone(c.stmts), func(st model.Stmt) bool { return !keep(&st) })}
}

// without lacks some ops.
func (c candidate) without(lines ...int) candidate {
	i := -1
	return c.only(func(*model.Stmt) bool { i++; return !slices.Contains(lines, i) })
}

// family has the ops of a task and of its descendants only.
func (c candidate) family(name string) candidate {
	family := []string{name}
	return c.only(func(st *model.Stmt) bool {
		if !slices.Contains(family, st.Actor) {
			return false
		}
		family = append(family, st.Bind)
		return true
	})
}

// about lists an op and all that speak of the child it makes.
func (c candidate) about(i int) []int {
	lines, child := []int{i}, c.stmts[i].Bind
	for j := i + 1; j < len(c.stmts); j++ {
		if st := &c.stmts[j]; st.Actor == child || st.Target == child || st.Target2 == child {
			lines = append(lines, j)
		}
	}
	return lines
}

// renamed has one task stand where another stood.
func (c candidate) renamed(from, to string) candidate {
	n := candidate{boot: c.boot, stmts: slices.Clone(c.stmts)}
	for i := range n.stmts {
		for _, name := range []*string{&n.stmts[i].Actor, &n.stmts[i].Target, &n.stmts[i].Target2} {
			if *name == from {
				*name = to
			}
		}
	}
	return n
}
