package forkcheck

import (
	"cmp"
	"fmt"

	"forkcheck/generators"
	"forkcheck/internal/live"
	"forkcheck/model"
)

// LiveRun runs random traces beside the running kernel.
type LiveRun struct {
	Lab     *live.Lab
	Version *model.Version
	Traces  int
	Seed    uint64 // of the first trace; each further one has the next
	Ops     int    // of a trace at most; 0 is 20

	Progress func(LiveCount)
}

// liveOps is how long a trace is where nothing else is said.
const liveOps = 20

// LiveCount is how far a run has come.
type LiveCount struct {
	Traces, Steps, Divergences int
	Unexpected                 int    // results that files have and the kernel does not give
	Less                       string // what the machine makes less sure, or hides
}

// String is the line that ends a run.
func (c LiveCount) String() string {
	unexpected := ""
	if c.Unexpected > 0 {
		unexpected = fmt.Sprintf(", %s not as written", count(uint64(c.Unexpected), "result"))
	}
	return fmt.Sprintf("live: %d traces, %d steps, %d divergences%s, kernel %s%s", c.Traces, c.Steps, c.Divergences, unexpected, live.Kernel(), c.Less)
}

// Less says what the machine of a lab lacks, for the end of LiveCount.
func Less(l *live.Lab) (text string) {
	if l.Weak {
		text += "; there is no /proc/PID/syscall, so rest was known by a time bound"
	}
	if l.Blind {
		text += "; there is no kcmp, so nobody saw who shares what"
	}
	if l.NoTid {
		text += "; there is no PR_GET_TID_ADDRESS, so nobody saw who clears a number"
	}
	for _, name := range live.SpaceNames(l.Lacks) {
		text += "; there are no " + name + " namespaces"
	}
	return text
}

// Run runs the traces and hands those that diverge to found.
func (r *LiveRun) Run(found func(t *model.Trace, d *Divergence) error) (n LiveCount, err error) {
	if r.Traces < 1 {
		return n, fmt.Errorf("%d traces are none to compare", r.Traces)
	}
	b := &Beside{Lab: r.Lab}
	n.Less = Less(r.Lab)
	for i := range r.Traces {
		t := r.Draw(r.Seed + uint64(i))
		got, err := b.Run(t)
		if err != nil {
			return n, fmt.Errorf("trace %d: %w", r.Seed+uint64(i), err)
		}
		if got.Why != "" {
			return n, fmt.Errorf("trace %d was drawn, and is not to be compared: %s", r.Seed+uint64(i), got.Why)
		}
		n.Traces++
		n.Steps += got.Steps
		if got.Divergence != nil {
			n.Divergences++
			if err := found(t, got.Divergence); err != nil {
				return n, err
			}
		}
		if r.Progress != nil {
			r.Progress(n)
		}
	}
	return n, nil
}

// Draw is the random trace of a seed.
func (r *LiveRun) Draw(seed uint64) *model.Trace {
	src := generators.NewSeeded(seed)
	boot := generators.LiveWorld(src, r.Version.Name, !r.Lab.UserNS, r.Lab.OwnPidMax && !r.Lab.UserNS)
	k := r.Lab.Here(&model.Kernel{Version: r.Version, Limits: boot.Limits})
	taste := generators.NewTaste(src, k)
	taste.Faults, taste.Pauses, taste.Orders = false, 0, false
	return model.Transcribe(k, boot, r.ops(k, &boot, &taste, src))
}

// ops draws ops that a kernel can be asked for.
func (r *LiveRun) ops(k *model.Kernel, boot *model.Boot, taste *generators.Taste, src generators.Source) (ops []model.Op) {
	var s, after model.State
	boot.State(&s)
	for range cmp.Or(r.Ops, liveOps) {
		op := taste.Op(src, &s, boot.Actor())
		if op.Kind == model.NoOp {
			break
		}
		after = s
		if res := k.Step(&after, op); beyond(&s, &after, &res) == "" && r.Lab.RefusesOp(&op) == "" && !r.touchesMachine(&s, &op) {
			s = after
			ops = append(ops, op)
		}
	}
	return ops
}

// touchesMachine says whether an op would change a limit of the machine, or set one that the model does not count to.
func (r *LiveRun) touchesMachine(s *model.State, op *model.Op) bool {
	if op.Kind == model.Setrlimit && r.Lab.UserNS {
		return true // its one user has other processes
	}
	if op.Kind != model.Sysctl {
		return false
	}
	if model.Knob(op.Arg2) == model.KnobPidMax {
		return !r.Lab.OwnPidMax || op.Arg > model.MaxPidMax
	}
	return !r.Lab.UserNS && s.Cred[s.Task[op.Actor].Ref[model.Cred]].UserNS == model.RootUserNS
}

// crowded says whether an arena of the model has hardly a free slot, or a pid namespace lies as deep as it can: what fails then
// for want of memory does not fail so in a kernel.
func crowded(s *model.State) bool {
	tasks, pids := 0, 0
	for i := range s.Task {
		if s.Task[i].Stage != model.Free {
			tasks++
		}
	}
	for i := range s.Pid {
		if s.Pid[i].Count > 0 {
			pids++
		}
	}
	return tasks >= model.MaxTasks-2 || pids >= model.MaxPids-2 || used(s, model.PidNSClass) >= model.MaxPidNS-2 ||
		used(s, model.UserNSClass) >= model.MaxUserNS-2 || used(s, model.Cred) >= model.Slots-2 || deep(s)
}

// hasSignal says whether there is a signal that a task could take.
func hasSignal(s *model.State, t model.TaskID) bool {
	p := &s.Task[t]
	return (p.Pending|s.Signal[p.Signal].Shared)&^p.Blocked != 0 || p.Jobctl&model.StopPending != 0
}

// used counts the objects of a class.
func used(s *model.State, c model.Class) (n int) {
	for _, count := range s.Count[c] {
		if count > 0 {
			n++
		}
	}
	return n
}

func deep(s *model.State) bool {
	for i := range s.PidNS {
		if s.Count[model.PidNSClass][i] > 0 && int(s.PidNS[i].Level) >= model.MaxLevels-1 {
			return true
		}
	}
	return false
}
