package generators

import (
	"slices"

	"forkcheck/model"
)

// Anyone stands for each task in turn, as the target of an op of an alphabet.
const Anyone = model.TaskID(255)

// Letter is an op that any task may do. Its actor is left open, its target may be Anyone.
type Letter = model.Op

// Alphabet is what there is to do in a scope, the plainest first.
type Alphabet struct {
	Letters  []Letter
	Tasks    int  // task_structs at most, those of the world included; 0 is as many as there is room for
	InFlight int  // calls that are stopped half-way at most
	Orders   bool // of the tasks that an op sets going
	first    model.TaskID
	lazy     bool // the inits of the world do nothing but wait
}

// Ops lists what can be done in a state: by `a` first, then by the others in the order in which a trace shrinks.
func (a *Alphabet) Ops(s *model.State, ops []model.Op) []model.Op {
	ops = ops[:0]
	used, paused := census(s)
	actors, n := tasks(s, a.first, func(t model.TaskID) bool { return s.CanAct(t) || s.CanResume(t) })
	for _, t := range actors[:n] {
		if s.CanResume(t) {
			ops = append(ops, model.Op{Kind: model.Resume, Actor: t})
			continue
		}
		for i := range a.Letters {
			op := a.Letters[i]
			op.Actor = t
			switch {
			case a.Tasks > 0 && used >= a.Tasks && op.Kind == model.Clone:
			case op.Pause != 0 && paused >= a.InFlight:
			case a.lazy && op.Kind != model.Wait4 && t == model.Init0:
			case endsWorld(s, &op):
			case op.Target == Anyone:
				ops = aimed(s, op, ops)
			default:
				ops = append(ops, op)
			}
		}
	}
	return ops
}

// Outcomes lists what can be done in a state, in each order that makes a difference.
func (a *Alphabet) Outcomes(k *model.Kernel, s *model.State, ops []model.Op) []model.Op {
	ops = a.Ops(s, ops)
	for _, op := range slices.Clone(ops) {
		k.Outcomes(s, op, func(_ *model.State, _ *model.Result, choice uint64) bool {
			if op.Choice = choice; choice != 0 && choice != model.NoChoice {
				ops = append(ops, op)
			}
			return true
		})
	}
	return ops
}

// census counts task_structs, and calls that are stopped half-way.
func census(s *model.State) (used, paused int) {
	for t := 1; t < model.MaxTasks; t++ {
		if s.Task[t].Stage != model.Free {
			used++
		}
		if s.Flight[t].Paused {
			paused++
		}
	}
	return used, paused
}

// aimed lists an op with each task as its target. What wait4 names is a child; an answer for any other is ECHILD, which one of
// them can show.
func aimed(s *model.State, op model.Op, ops []model.Op) []model.Op {
	stranger := false
	for t := model.TaskID(1); t < model.MaxTasks; t++ {
		if s.Task[t].Stage != model.Hashed {
			continue
		}
		if op.Kind == model.Wait4 && op.Mode != model.Negative && (s.Task[t].Leader != t || s.Task[s.Task[t].RealParent].Signal != s.Task[op.Actor].Signal) {
			if stranger {
				continue
			}
			stranger = true
		}
		op.Target = t
		if op.Kind == model.Tgkill {
			op.Target2 = s.Task[t].Leader
		}
		ops = append(ops, op)
	}
	return ops
}

// Has says whether an op is one that the alphabet spells.
func (a *Alphabet) Has(op model.Op) bool {
	if op.Choice != 0 && !a.Orders {
		return false
	}
	if op.Choice = 0; op.Kind == model.Resume {
		return a.InFlight > 0
	}
	if a.lazy && op.Actor == model.Init0 && op.Kind != model.Wait4 {
		return false
	}
	op.Actor = 0
	if slices.Contains(a.Letters, op) {
		return true
	}
	op.Target, op.Target2 = Anyone, 0
	return slices.Contains(a.Letters, op)
}

// The letters, by kind.

func clonings(words ...model.Flags) (list []Letter) {
	for _, w := range words {
		list = append(list, Letter{Kind: model.Clone, Flags: w, Sig: model.SIGCHLD})
	}
	return list
}

func unsharings(words ...model.Flags) (list []Letter) {
	for _, w := range words {
		list = append(list, Letter{Kind: model.Unshare, Flags: w})
	}
	return list
}

func exitings(codes ...int32) (list []Letter) {
	for _, code := range codes {
		list = append(list, Letter{Kind: model.Exit, Arg: code})
	}
	return list
}

func waitings(options ...model.Flags) (list []Letter) {
	for _, o := range options {
		list = append(list, Letter{Kind: model.Wait4, Arg: -1, Flags: o})
	}
	return list
}

func killings(sigs ...model.Signal) (list []Letter) {
	for _, sig := range sigs {
		list = append(list, Letter{Kind: model.Kill, Target: Anyone, Sig: sig})
	}
	return list
}

var (
	waitForOne = Letter{Kind: model.Wait4, Target: Anyone}
	exitGroup  = Letter{Kind: model.ExitGroup}
	mapIDs     = Letter{Kind: model.MapIDs}
)

// with has some letters changed.
func with(letters []Letter, change func(*Letter)) []Letter {
	letters = slices.Clone(letters)
	for i := range letters {
		change(&letters[i])
	}
	return letters
}

// signalling has clones with other exit signals.
func signalling(letters []Letter, sigs ...model.Signal) (list []Letter) {
	for _, sig := range sigs {
		list = append(list, with(letters, func(l *Letter) { l.Sig = sig })...)
	}
	return list
}

// words are all unions of some flags, those of few flags first.
func words(flags ...model.Flags) (list []model.Flags) {
	list = []model.Flags{0}
	for _, flag := range flags {
		for _, w := range slices.Clone(list) {
			list = append(list, w|flag)
		}
	}
	slices.SortStableFunc(list, func(a, b model.Flags) int { return count(a) - count(b) })
	return list
}

func count(f model.Flags) (n int) {
	for ; f != 0; f &= f - 1 {
		n++
	}
	return n
}

// failing has each letter with each of its faults: what strikes no row is no op of its own, and is not counted.
func failing(k *model.Kernel, letters []Letter) (list []Letter) {
	for _, l := range letters {
		for _, fault := range Faults(&k.Calls[l.Kind]) {
			l.Fault = fault
			list = append(list, l)
		}
	}
	return list
}

// pausing has each letter stop before each row, the first of each critical section.
func pausing(k *model.Kernel, letters []Letter) (list []Letter) {
	for _, l := range letters {
		can := pauses(&k.Calls[l.Kind], l.Flags)
		for _, row := range can.list[:can.n] {
			l.Pause = uint16(row) + 1
			list = append(list, l)
		}
	}
	return list
}

// stopping has each letter stop before some rows.
func stopping(k *model.Kernel, letters []Letter, names ...string) (list []Letter) {
	for _, l := range letters {
		for _, name := range names {
			l.Pause = uint16(k.Calls[l.Kind].Row(name)) + 1
			list = append(list, l)
		}
	}
	return list
}
