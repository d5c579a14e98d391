package search

import (
	"reflect"

	"forkcheck/internal/canon"
)

// The reduced fork model: tasks with a group, a parent and four shared objects, and five calls. It is small enough for its
// graph to be known from four other programs, two of them in other languages, and has all that the search and the keys have
// to deal with: objects in slots, counts of users, and symmetries of both.

// miniSlots are as many as the biggest of these models needs: 5 tasks, a spare slot and nobody.
const miniSlots = 7

// miniInit is the first task. Slot 0 is nobody.
const miniInit = 1

// The shared objects of a task, in the order in which a clone makes them, with the flag that shares each.
const (
	miniFiles = iota
	miniFS
	miniSighand
	miniMM
	miniKinds
)

// The flags of a clone.
const (
	miniVM = 1 << iota
	miniShareSighand
	miniThread
	miniShareFiles
	miniShareFS
	miniFlags
)

var miniShare = [miniKinds]int{miniFiles: miniShareFiles, miniFS: miniShareFS, miniSighand: miniShareSighand, miniMM: miniVM}

// The life of a task.
const (
	miniNone = iota
	miniRunning
	miniZombie
)

// miniSlot is an index of a task, by its type for the keys.
type miniSlot uint8

// miniTask is a task. Unused slots are zero.
type miniTask struct {
	State  uint8
	Group  miniSlot         // the leader
	Parent miniSlot         // the leader of the parent process
	Ref    [miniKinds]uint8 `ref:"files"`
}

// mini is a state of the model.
type mini struct {
	Init  miniSlot
	Task  [miniSlots]miniTask         `arena:"slot"`
	Users [miniKinds][miniSlots]uint8 `key:"-"` // a count of those who hold it
	Tasks uint8                       `key:"-"` // a count
	Procs uint8                       `key:"-"` // a count of tasks outside of init's group
}

var miniTypes = canon.Types{
	Handles: map[reflect.Type]string{reflect.TypeFor[miniSlot](): "slot"},
	Classes: []string{"files", "fs", "sighand", "mm"},
}

// miniCall is what an op does.
type miniCall uint8

const (
	miniClone miniCall = iota
	miniExit
	miniExitGroup
	miniWait
	miniUnshare
)

// miniOp is a call of a task.
type miniOp struct {
	call  miniCall
	actor miniSlot
	arg   int // flags of clone, the child of wait, the kinds of unshare
	fault int // how many steps of a clone succeed before one runs out of memory, and one more; 0 for none
}

// miniModel is the model for a number of tasks.
type miniModel struct {
	tasks  int // the most
	slots  int
	mutant int // what is wrong with it, 0 for nothing
	ops    []miniOp
}

// newMini is the model of a number of tasks. A mutant gets a slot to spare, and clones that fail half-way.
func newMini(tasks, mutant int) *miniModel {
	m := &miniModel{tasks: tasks, slots: tasks, mutant: mutant}
	faults := 1
	if mutant > 0 {
		m.slots, faults = tasks+1, 6
	}
	for a := miniSlot(miniInit); int(a) <= m.slots; a++ {
		for flags := range miniFlags {
			for fault := range faults {
				m.ops = append(m.ops, miniOp{miniClone, a, flags, fault})
			}
		}
		m.ops = append(m.ops, miniOp{miniExit, a, 0, 0}, miniOp{miniExitGroup, a, 0, 0})
		for c := miniInit; c <= m.slots; c++ {
			m.ops = append(m.ops, miniOp{miniWait, a, c, 0})
		}
		for kinds := 1; kinds <= 3; kinds++ {
			m.ops = append(m.ops, miniOp{miniUnshare, a, kinds, 0})
		}
	}
	return m
}

// start is the state with nobody but init.
func (m *miniModel) start() (s mini) {
	s.Init, s.Tasks = miniInit, 1
	s.Task[miniInit] = miniTask{miniRunning, miniInit, miniInit, [miniKinds]uint8{1, 1, 1, 1}}
	for kind := range s.Users {
		s.Users[kind][1] = 1
	}
	return s
}

// maxProcs is the limit of tasks outside of init's group.
func (m *miniModel) maxProcs() int { return m.tasks - 2 }

// step does an op, and says whether the call succeeded.
func (m *miniModel) step(s *mini, op miniOp) bool {
	if s.Task[op.actor].State != miniRunning {
		return false
	}
	switch op.call {
	case miniClone:
		return m.clone(s, op)
	case miniExit:
		return op.actor != miniInit && m.exit(s, op.actor)
	case miniExitGroup:
		return m.exitGroup(s, s.Task[op.actor].Group)
	case miniWait:
		return m.wait(s, s.Task[op.actor].Group, miniSlot(op.arg))
	}
	return m.unshare(s, op)
}

// refused says whether a clone fails before it takes anything.
func (m *miniModel) refused(s *mini, op miniOp) bool {
	is := func(flag int) bool { return op.arg&flag != 0 }
	procs, tasks := m.maxProcs(), m.tasks
	if m.mutant == 8 {
		procs++
	}
	if m.mutant == 7 {
		tasks++
	}
	switch {
	case is(miniThread) && !is(miniShareSighand) && m.mutant != 1, is(miniShareSighand) && !is(miniVM) && m.mutant != 2:
		return true
	case m.counted(s, op) && int(s.Procs) >= procs:
		return true
	}
	return int(s.Tasks) >= tasks
}

// counted says whether the child is outside of init's group.
func (m *miniModel) counted(s *mini, op miniOp) bool {
	return op.arg&miniThread == 0 || s.Task[op.actor].Group != miniInit
}

func (m *miniModel) clone(s *mini, op miniOp) bool {
	if m.refused(s, op) {
		return false
	}
	c := miniSlot(miniInit)
	for s.Task[c].State != miniNone {
		c++
	}
	actor, child := s.Task[op.actor], &s.Task[c]
	*child = miniTask{State: miniRunning, Group: c, Parent: actor.Group}
	if op.arg&miniThread != 0 {
		child.Group, child.Parent = actor.Group, actor.Parent
	}
	for kind, share := range miniShare {
		if op.fault == kind+1 {
			return m.undo(s, c, kind)
		}
		child.Ref[kind] = actor.Ref[kind]
		if op.arg&share == 0 {
			child.Ref[kind] = s.free(kind)
		}
		s.Users[kind][child.Ref[kind]]++
	}
	if op.fault == miniKinds+1 {
		return m.undo(s, c, miniKinds)
	}
	s.Tasks++
	if m.counted(s, op) {
		s.Procs++
	}
	return true
}

// undo gives back what a clone that fails has taken: the first few objects.
func (m *miniModel) undo(s *mini, c miniSlot, kinds int) bool {
	for kind := range kinds {
		if m.mutant != 3+kind {
			s.drop(c, kind)
		}
	}
	s.Task[c] = miniTask{}
	return false
}

// free is an object that nobody holds.
func (s *mini) free(kind int) uint8 {
	o := uint8(1)
	for s.Users[kind][o] != 0 {
		o++
	}
	return o
}

// drop lets go of an object.
func (s *mini) drop(x miniSlot, kind int) {
	s.Users[kind][s.Task[x].Ref[kind]]--
	s.Task[x].Ref[kind] = 0
}

// running says whether a group has a running task.
func (s *mini) running(group miniSlot) bool {
	for i := range s.Task {
		if s.Task[i].Group == group && s.Task[i].State == miniRunning {
			return true
		}
	}
	return false
}

func (m *miniModel) exit(s *mini, a miniSlot) bool {
	for _, kind := range []int{miniMM, miniFiles, miniFS} {
		s.drop(a, kind)
	}
	s.Task[a].State = miniZombie
	group := s.Task[a].Group
	if !s.running(group) && m.mutant != 9 {
		for x := range s.Task {
			if s.Task[x].Parent == group {
				s.Task[x].Parent = miniInit
			}
		}
	}
	if group != a {
		m.release(s, a)
	}
	return true
}

func (m *miniModel) exitGroup(s *mini, group miniSlot) bool {
	if group == miniInit {
		return false
	}
	for x := range s.Task {
		if s.Task[x].Group == group && s.Task[x].State == miniRunning {
			m.exit(s, miniSlot(x))
		}
	}
	return true
}

func (m *miniModel) wait(s *mini, group, c miniSlot) bool {
	if t := &s.Task[c]; t.State != miniZombie || t.Group != c || t.Parent != group {
		return false
	}
	for x := range s.Task {
		if miniSlot(x) != c && s.Task[x].Group == c && m.mutant != 11 {
			return false
		}
	}
	m.release(s, c)
	return true
}

// release makes a slot free.
func (m *miniModel) release(s *mini, x miniSlot) {
	s.drop(x, miniSighand)
	if m.mutant != 10 {
		s.Tasks--
	}
	if s.Task[x].Group != miniInit {
		s.Procs--
	}
	s.Task[x] = miniTask{}
}

func (m *miniModel) unshare(s *mini, op miniOp) bool {
	for kind := miniFiles; kind <= miniFS; kind++ {
		ref := &s.Task[op.actor].Ref[kind]
		if op.arg&(1<<kind) == 0 || s.Users[kind][*ref] < 2 {
			continue
		}
		if m.mutant != 12 {
			s.drop(op.actor, kind)
		}
		*ref = s.free(kind)
		s.Users[kind][*ref]++
	}
	return true
}

// broken is the number of the first invariant that a state breaks, 0 for none.
func (m *miniModel) broken(s *mini) int {
	for i, holds := range []func(*mini) bool{m.leaders, m.sighands, m.mms, m.users, m.counts, m.parents, m.zombies} {
		if !holds(s) {
			return i + 1
		}
	}
	return 0
}

// each says whether something is so of every task.
func (s *mini) each(is func(x miniSlot, t *miniTask) bool) bool {
	for x := range s.Task {
		if t := &s.Task[x]; t.State != miniNone && !is(miniSlot(x), t) {
			return false
		}
	}
	return true
}

func (m *miniModel) leaders(s *mini) bool {
	return s.each(func(_ miniSlot, t *miniTask) bool {
		return s.Task[t.Group].State != miniNone && s.Task[t.Group].Group == t.Group
	})
}

func (m *miniModel) sighands(s *mini) bool {
	return s.each(func(_ miniSlot, t *miniTask) bool { return t.Ref[miniSighand] == s.Task[t.Group].Ref[miniSighand] })
}

func (m *miniModel) mms(s *mini) bool {
	return s.each(func(_ miniSlot, t *miniTask) bool {
		return s.each(func(_ miniSlot, u *miniTask) bool {
			near := t.Group == u.Group || t.Ref[miniSighand] == u.Ref[miniSighand]
			return t.State != miniRunning || u.State != miniRunning || !near || t.Ref[miniMM] == u.Ref[miniMM]
		})
	})
}

func (m *miniModel) users(s *mini) bool {
	var users [miniKinds][miniSlots]uint8
	s.each(func(_ miniSlot, t *miniTask) bool {
		for kind, o := range t.Ref {
			if o != 0 {
				users[kind][o]++
			}
		}
		return true
	})
	return users == s.Users
}

func (m *miniModel) counts(s *mini) bool {
	tasks, procs := 0, 0
	s.each(func(_ miniSlot, t *miniTask) bool {
		if tasks++; t.Group != miniInit {
			procs++
		}
		return true
	})
	return tasks == int(s.Tasks) && procs == int(s.Procs) && tasks <= m.tasks && procs <= m.maxProcs()
}

func (m *miniModel) parents(s *mini) bool {
	return s.each(func(_ miniSlot, t *miniTask) bool { return s.running(t.Parent) })
}

func (m *miniModel) zombies(s *mini) bool {
	return s.each(func(x miniSlot, t *miniTask) bool { return t.State != miniZombie || t.Group == x })
}

// miniSpace is the model as the search sees it.
type miniSpace struct {
	*miniModel
	keyer *canon.Keyer[mini]
	seen  func(*mini) // every state, if anybody wants to know
}

func (sp *miniSpace) Start(s *mini)         { *s = sp.start() }
func (sp *miniSpace) Ops(*mini) int         { return len(sp.ops) }
func (sp *miniSpace) Redo(s *mini, op int)  { sp.step(s, sp.ops[op]) }
func (sp *miniSpace) Key(s *mini) canon.Key { return sp.keyer.Key(s) }
func (sp *miniSpace) Do(from *mini, op int, to *mini) (Move, int) {
	*to = *from
	done := sp.step(to, sp.ops[op])
	switch same := *to == *from; {
	case same && done:
		return Stay, None
	case same:
		return Void, None
	}
	if broken := sp.broken(to); broken != 0 {
		return Cut, broken
	}
	return Next, None
}

// End is told of every state once.
func (sp *miniSpace) End(s *mini) int {
	if sp.seen != nil {
		sp.seen(s)
	}
	return None
}
