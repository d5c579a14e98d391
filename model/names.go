package model

import (
	"slices"
	"strconv"
)

// Names knows which task each name of a trace stands for, while the trace runs. A task that no line names is called
// by its global number, "#7". Call Born after each step, and Gone once its results have been read.
type Names struct {
	born    []named          // in order of birth
	pending [MaxTasks]string // by actor: the name for the child of the clone that it is in
	spaces  spaces
}

// spaces numbers the namespaces of a trace, by kind in the order in which they are made. No number is given twice.
type spaces struct {
	number [NNamespaces][Slots]uint16 // of those that exist, by class from MntNS on
	made   [NNamespaces]uint16
}

// note looks for new ones, and for those that are gone. It is called after each step: in one step no namespace takes the place of
// one that went in it.
func (n *spaces) note(s *State) {
	for c := MntNS; c <= UserNSClass; c++ {
		for id := 1; id < c.slots(); id++ {
			switch nr := &n.number[c-MntNS][id]; {
			case s.Count[c][id] <= 0:
				*nr = 0
			case *nr == 0:
				n.made[c-MntNS]++
				*nr = n.made[c-MntNS]
			}
		}
	}
}

// named is a task that has or had a name.
type named struct {
	name string
	task TaskID
	pid  Pid  // its numbers, which its name stands for when it is gone
	gone bool // the slot is free, or another's
}

// nobody is a row that no table has: a fault or pause there is never reached.
const nobody = 0xffff

// NewNames names the tasks of a world.
func NewNames(b *Boot, s *State) *Names {
	n := &Names{}
	for _, t := range b.Tasks() {
		n.add(s, t.Name, t.Task)
	}
	n.spaces.note(s)
	return n
}

func (n *Names) add(s *State, name string, t TaskID) {
	n.born = append(n.born, named{name: name, task: t, pid: s.Pid[s.Task[t].Pids[PidtypePID]]})
}

// Of is the name of the task that has a slot, or had it last; "" if none ever had.
func (n *Names) Of(t TaskID) string {
	if b := n.at(t); b != nil {
		return b.name
	}
	return ""
}

func (n *Names) at(t TaskID) *named {
	for i := len(n.born) - 1; i >= 0; i-- {
		if n.born[i].task == t {
			return &n.born[i]
		}
	}
	return nil
}

func (n *Names) find(name string) *named {
	for i := len(n.born) - 1; i >= 0; i-- {
		if n.born[i].name == name {
			return &n.born[i]
		}
	}
	return nil
}

// Task is the task that a name stands for; 0 if it is not born or gone.
func (n *Names) Task(name string) TaskID {
	if b := n.find(name); b != nil && !b.gone {
		return b.task
	}
	return 0
}

// Resolve makes an op of a statement: names become tasks, rows become indices. The name of a task that is gone
// becomes the number that the actor knew it by.
func (n *Names) Resolve(k *Kernel, s *State, st *Stmt) Op {
	op := st.Op
	op.Actor = n.Task(st.Actor)
	if st.Target != "" {
		if op.Target = n.Task(st.Target); op.Target == 0 {
			op.Arg = n.number(k, s, op.Actor, st.Target)
			if op.Mode == Negative {
				op.Arg, op.Mode = -op.Arg, Plain
			}
		}
	}
	if st.Target2 != "" {
		if op.Target2 = n.Task(st.Target2); op.Target2 == 0 {
			op.Arg2 = n.number(k, s, op.Actor, st.Target2)
		}
	}
	op.Fault.Row, op.Pause = rowIndex(k, op.Kind, st.FaultRow), rowIndex(k, op.Kind, st.PauseRow)
	return op
}

// rowIndex is the index of a row plus one; 0 for "".
func rowIndex(k *Kernel, kind Kind, row string) uint16 {
	if row == "" {
		return 0
	}
	if i := k.Calls[kind].Row(row); i >= 0 {
		return uint16(i) + 1
	}
	return nobody
}

// number is what a task that is gone was called in the actor's pid namespace, or a number that nobody has.
func (n *Names) number(k *Kernel, s *State, actor TaskID, name string) int32 {
	if b := n.find(name); b != nil && actor != 0 {
		ns := s.ActiveNS(actor)
		for i, nr := range b.pid.Nr {
			if b.pid.NS[i] == ns && nr != 0 {
				return int32(nr)
			}
		}
	}
	return PidMaxLimit
}

// Born gives the task that the last step brought to life its name. A child is born when it is attached to its pid,
// which may be before its clone returns (vfork, a pause). It says which task that is, 0 if there is none.
func (n *Names) Born(s *State, op Op, bind string, res *Result) TaskID {
	if op.Kind == Clone && res.Outcome != NoTask {
		n.pending[op.Actor] = bind
	}
	for t := TaskID(1); t < MaxTasks; t++ {
		if s.Task[t].Stage < Hashed {
			continue
		}
		if b := n.at(t); b != nil && !b.gone {
			continue
		}
		name := n.pending[op.Actor]
		if n.pending[op.Actor] = ""; name == "" {
			name = "#" + strconv.Itoa(int(s.Task[t].Nr))
		}
		n.add(s, name, t)
		return t
	}
	return 0
}

// Gone notes which tasks and pid namespaces the last step ended, and which namespaces it made.
func (n *Names) Gone(s *State) {
	n.spaces.note(s)
	for i := range n.born {
		b := &n.born[i]
		b.gone = b.gone || s.Task[b.task].Stage == Free
		for level, ns := range b.pid.NS {
			if s.Count[PidNSClass][ns] == 0 {
				b.pid.NS[level] = 0
			}
		}
	}
}

// Clone is a copy that goes its own way.
func (n *Names) Clone() *Names {
	c := *n
	c.born = slices.Clone(n.born)
	return &c
}
