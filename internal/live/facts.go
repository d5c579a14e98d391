package live

import "forkcheck/model"

// Facts are what a machine makes of a world.
type Facts struct {
	Caps   model.CapSet      // what root has here
	Marks  []model.TaskFlags // of the tasks of the world, in their order
	Blind  bool              // the kernel has no kcmp, or does not allow it: nobody can tell who shares what
	NoTid  bool              // the kernel does not tell where it clears a number
	Lacks  model.Flags       // the namespaces that the kernel does not have
	Unborn bool              // pid namespaces show before anybody is born into them
}

// hide clears what such a machine does not show of a task.
func (f *Facts) hide(t *model.TaskView) {
	if f.Blind {
		t.Shares = model.Shares{}
	}
	if f.NoTid {
		t.ClearTid = false
	}
	for _, link := range spaceLinks {
		if f.Lacks&link.flag != 0 {
			*link.to(&t.Namespaces) = ""
		}
	}
}

// marks are flags that a task gets by doing what the trace has not done.
const marks = model.PFForknoexec | model.PFNprocExceeded

// Settle takes from the state of a world what the machine does not give.
func (f *Facts) Settle(b *model.Boot, s *model.State) {
	for i := range s.Cred {
		s.Cred[i].Caps &= f.Caps
	}
	for i, t := range b.Tasks() {
		p := &s.Task[t.Task]
		p.Flags = p.Flags&^marks | f.Marks[i]
	}
}
