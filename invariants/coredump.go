package invariants

import (
	"fmt"

	"forkcheck/model"
)

// coreSignals are those whose default action is a core dump, signal(7): QUIT ILL TRAP ABRT BUS FPE SEGV XCPU XFSZ SYS.
const coreSignals model.SigSet = 1<<(3-1) | 1<<(4-1) | 1<<(5-1) | 1<<(6-1) | 1<<(7-1) | 1<<(8-1) | 1<<(11-1) |
	1<<(24-1) | 1<<(25-1) | 1<<(31-1)

// coredumps are the invariants of core dumps. A dump is at rest only while it waits for a task that is held up in a
// call.
var coredumps = []Invariant{
	{
		Name:    "CoreHasCause",
		Says:    "there is a core only of a process that a core-dumping signal killed, where a core may be left",
		Source:  "core(5); coredump_finish",
		Premise: "a group that exits with a core",
		Task:    coreHasCause,
	},
	{
		Name:    "CoreIsLeft",
		Says:    "a process that a core-dumping signal kills leaves a core where it may",
		Source:  "core(5); coredump_finish",
		Premise: "a core-dumping signal where a core may be left",
		Of:      model.Kill,
		Step:    coreIsLeft,
	},
	{Name: "DumpWaitsForSomebody", Says: "a dump that is not over waits for a thread that has yet to stop running",
		Source: "coredump_wait, coredump_task_exit", Premise: "a dump that is held up", Task: dumpWaitsForSomebody},
	{
		Name:    "DumpWaitsForAll",
		Says:    "while a thread of a process that a core-dumping signal killed is held up, the dump is not over",
		Source:  "coredump_wait",
		Premise: "a dump that is held up",
		Task:    dumpWaitsForAll,
	},
	{Name: "GatheredStay", Says: "no thread that a dump has killed goes on with its exit before the dump is over",
		Source: "coredump_task_exit, exit_mm", Premise: "a dump that is held up", Task: gatheredStay},
	{Name: "DumpTakesOnlyKill", Says: "a process that dumps core takes no signal but SIGKILL", Source: "prepare_signal",
		Premise: "a dump that is held up", State: dumpTakesOnlyKill},
	{
		Name:    "KillEndsDump",
		Says:    "of a process that gets SIGKILL while it dumps core wait reports that signal, and no core",
		Source:  "prepare_signal, complete_signal, coredump_finish",
		Premise: "a SIGKILL to a process that dumps core",
		Of:      model.Kill,
		Step:    killEndsDump,
	},
	{
		Name:     "CoreTakesSharers",
		Says:     "a core dump kills the other processes that use the memory",
		Source:   "zap_threads",
		Versions: V311,
		Premise:  "a dump of memory that another process uses",
		Of:       model.Kill,
		Step:     coreTakesSharers,
	},
	{
		Name:     "CoreSparesSharers",
		Says:     "a core dump is of one process: others that use the memory live on",
		Source:   "zap_threads",
		Versions: V6,
		Premise:  "a dump of memory that another process uses",
		Of:       model.Kill,
		Step:     coreSparesSharers,
	},
	{
		Name:    "KilledIsMarked",
		Says:    "a task that a signal killed is marked so, but for one that dumped core in v3.11, whose marks are lost",
		Source:  "get_signal; zap_threads",
		Premise: "a fatal signal to a single thread",
		Of:      model.Kill,
		Step:    killedIsMarked,
	},
	{
		Name:    "KilledHasCode",
		Says:    "what a signal kills has that signal for its exit code, with the bit for a core where there is one",
		Source:  "do_group_exit",
		Premise: "a fatal signal to a single thread",
		Of:      model.Kill,
		Step:    killedHasCode,
	},
	{
		Name:     "KillLeavesPending",
		Says:     "SIGKILL lets a process die at once: what else was pending stays so",
		Source:   "get_signal",
		Versions: V6,
		Premise:  "a SIGKILL to a stopped process with signals pending",
		Of:       model.Kill,
		Step:     killLeavesPending,
	},
	{
		Name:     "SameMaskIsNothing",
		Says:     "a sigprocmask that leaves the mask as it is changes nothing",
		Source:   "__set_current_blocked",
		Versions: V6,
		Premise:  "a sigprocmask that changes nothing",
		Of:       model.Sigprocmask,
		Step:     sameMaskIsNothing,
	},
}

// dumps says whether a task of a state writes a core dump.
func dumps(s *model.State, t model.TaskID) bool { return s.Flight[t].Took&model.TookCore != 0 }

// groupDumps says whether one of a group does.
func groupDumps(s *model.State, group model.SignalID) bool {
	for t := range s.Task {
		if dumps(s, model.TaskID(t)) && s.Task[t].Signal == group {
			return true
		}
	}
	return false
}

func coreHasCause(c *Check, t model.TaskID) error {
	sig := c.signal(t)
	if sig.Flags&model.SignalGroupExit == 0 || sig.GroupExitCode&0x80 == 0 {
		return nil
	}
	c.met()
	if by := model.Signal(sig.GroupExitCode & 0x7f); !c.K.Core || !coreSignals.Has(by) {
		return fmt.Errorf("%s died of %v with a core", c.name(t), by)
	}
	return nil
}

// killedAlone is the process of a single thread that a fatal signal was sent to, by itself: nothing else made it end.
// It was at rest, no init, and neither blocked, ignored nor caught the signal.
func (c *Check) killedAlone(fatal model.SigSet) model.TaskID {
	l := c.killed()
	if l == 0 || !fatal.Has(c.Op.Sig) {
		return 0
	}
	b := &c.Before.Task[l]
	h := &c.Before.Sighand[b.Ref[model.Sighand]]
	if c.Before.Signal[b.Signal].NrThreads != 1 || !c.Before.CanAct(l) ||
		(b.Blocked | h.Ignore | h.Handler).Has(c.Op.Sig) || isReaper(c.Before, l) {
		return 0
	}
	return l
}

// sharesMemory says whether another process used the memory of a task before the step.
func (c *Check) sharesMemory(l model.TaskID) (sharer model.TaskID) {
	mm := c.Before.Task[l].Ref[model.MM]
	for t := range c.Before.Task {
		b := &c.Before.Task[t]
		if b.Stage == model.Hashed && b.Signal != c.Before.Task[l].Signal && b.Ref[model.MM] == mm && mm != 0 {
			return model.TaskID(t)
		}
	}
	return 0
}

func coreIsLeft(c *Check) error {
	l := c.killedAlone(coreSignals)
	if l == 0 || !c.K.Core || c.sharesMemory(l) != 0 {
		return nil
	}
	c.met()
	if c.same(l) && c.task(l).ExitState == model.ExitZombie && c.signal(l).GroupExitCode != uint16(c.Op.Sig)|0x80 {
		return fmt.Errorf("%s died of %v, and wait will report %#x", c.name(l), c.Op.Sig, c.signal(l).GroupExitCode)
	}
	return nil
}

// withDumper says whether a living task is dumped with another one: it is of its group, or, in v3.11, uses its memory.
func (c *Check) withDumper(t, dumper model.TaskID) bool {
	p, d := c.task(t), c.task(dumper)
	if t == dumper || p.ExitState != model.Alive {
		return false
	}
	return p.Signal == d.Signal || c.K.Is(V311) && p.Ref[model.MM] == d.Ref[model.MM]
}

func dumpWaitsForSomebody(c *Check, t model.TaskID) error {
	if !dumps(c.After, t) {
		return nil
	}
	c.met()
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		if c.withDumper(o, t) && c.After.Flight[o].On && c.task(o).Flags&model.PFPostcoredump == 0 ||
			c.withDumper(o, t) && c.task(o).Flags&model.NotWoken != 0 {
			return nil
		}
	}
	return fmt.Errorf("%s dumps core for ever", c.name(t))
}

func dumpWaitsForAll(c *Check, t model.TaskID) error {
	p, sig := c.task(t), c.signal(t)
	held := c.After.Flight[t].On && p.ExitState == model.Alive && p.Flags&model.PFPostcoredump == 0
	if !held || dumps(c.After, t) || sig.Flags&model.SignalGroupExit == 0 ||
		!coreSignals.Has(model.Signal(sig.GroupExitCode&0x7f)) {
		return nil
	}
	c.met()
	for d := range c.After.Flight {
		if dumps(c.After, model.TaskID(d)) && c.withDumper(t, model.TaskID(d)) {
			return nil
		}
	}
	return fmt.Errorf("%s is held up in a call, and its process has dumped core without it", c.name(t))
}

func gatheredStay(c *Check, t model.TaskID) error {
	if !dumps(c.After, t) {
		return nil
	}
	c.met()
	for _, o := range c.Census.Tasks[:c.Census.NTasks] {
		p := c.task(o)
		on := p.Flags&model.PFExiting != 0
		if c.K.Is(V311) {
			on = p.Ref[model.MM] == 0
		}
		if c.withDumper(o, t) && on && p.Flags&model.PFSignaled != 0 {
			return fmt.Errorf("%s goes on with its exit, and %s has not dumped core yet", c.name(o), c.name(t))
		}
	}
	return nil
}

func dumpTakesOnlyKill(c *Check) error {
	for t := range c.Before.Task {
		if !dumps(c.Before, model.TaskID(t)) || !dumps(c.After, model.TaskID(t)) {
			continue
		}
		c.met()
		b, a := &c.Before.Signal[c.Before.Task[t].Signal], c.signal(model.TaskID(t))
		gained := a.Shared &^ b.Shared
		for o := range c.Before.Task {
			if c.same(model.TaskID(o)) && c.Before.Task[o].Signal == c.Before.Task[t].Signal {
				gained |= c.task(model.TaskID(o)).Pending &^ c.Before.Task[o].Pending
			}
		}
		if gained &^= 1 << (model.SIGKILL - 1); gained != 0 {
			return fmt.Errorf("%s dumps core and got %v", c.name(model.TaskID(t)), gained.Names())
		}
	}
	return nil
}

func killEndsDump(c *Check) error {
	l := c.killed()
	if l == 0 || c.Op.Sig != model.SIGKILL || !groupDumps(c.Before, c.Before.Task[l].Signal) {
		return nil
	}
	c.met()
	if code := c.signal(l).GroupExitCode; c.same(l) && code != uint16(model.SIGKILL) {
		return fmt.Errorf("%s got SIGKILL while it dumped core, and wait will report %#x", c.name(l), code)
	}
	return nil
}

// dumpedBeside is another process that used the memory of one that a core-dumping signal has just killed, and was at
// rest. It is neither the parent, which gets an exit signal, nor an init.
func (c *Check) dumpedBeside() model.TaskID {
	l := c.killedAlone(coreSignals)
	if l == 0 {
		return 0
	}
	t := c.sharesMemory(l)
	if t == 0 || !c.Before.CanAct(t) || isReaper(c.Before, c.Before.Task[t].Leader) ||
		c.Before.Task[c.Before.Task[l].RealParent].Signal == c.Before.Task[t].Signal ||
		c.Before.Task[t].Pdeath != 0 {
		return 0
	}
	return t
}

func coreTakesSharers(c *Check) error {
	t := c.dumpedBeside()
	if t == 0 {
		return nil
	}
	c.met()
	if c.same(t) && c.resting(t) {
		return fmt.Errorf("%s lives, and the memory that it uses was dumped", c.name(t))
	}
	return nil
}

func coreSparesSharers(c *Check) error {
	t := c.dumpedBeside()
	if t == 0 {
		return nil
	}
	c.met()
	if !c.same(t) || c.dying(t) {
		return fmt.Errorf("%s died of the core dump of another process", name(c.Before, t))
	}
	return nil
}

func killedIsMarked(c *Check) error {
	l := c.killedAlone(coreSignals | 1<<(model.SIGKILL-1) | 1<<(model.SIGTERM-1))
	if l == 0 || !c.same(l) || c.task(l).ExitState != model.ExitZombie {
		return nil
	}
	c.met()
	const marks = model.PFSignaled | model.PFForknoexec | model.PFSuperpriv | model.PFNprocExceeded
	want := c.Before.Task[l].Flags&marks | model.PFSignaled
	if c.K.Is(V311) && coreSignals.Has(c.Op.Sig) {
		want = 0
	}
	if is := c.task(l).Flags & marks; is != want {
		return fmt.Errorf("%s was killed by %v and is marked %v, not %v", c.name(l), c.Op.Sig, is.Names(), want.Names())
	}
	return nil
}

func killedHasCode(c *Check) error {
	l := c.killedAlone(coreSignals | 1<<(model.SIGKILL-1) | 1<<(model.SIGTERM-1))
	if l == 0 || !c.same(l) || c.task(l).ExitState != model.ExitZombie {
		return nil
	}
	c.met()
	code := c.task(l).ExitCode
	if code&^0x80 != uint16(c.Op.Sig) || code&0x80 != 0 && (!c.K.Core || !coreSignals.Has(c.Op.Sig)) {
		return fmt.Errorf("%s was killed by %v and has exit code %#x", c.name(l), c.Op.Sig, code)
	}
	return nil
}

func killLeavesPending(c *Check) error {
	l := c.killed()
	if l == 0 || c.Op.Sig != model.SIGKILL || isReaper(c.Before, l) || c.Before.Task[l].Jobctl&model.Stopped == 0 {
		return nil
	}
	shared, own := c.Before.Signal[c.Before.Task[l].Signal].Shared, c.Before.Task[l].Pending
	if c.K.DropsPending {
		own = 0
	}
	if shared|own == 0 {
		return nil
	}
	c.met()
	const kill = 1 << (model.SIGKILL - 1)
	if lost := (shared&^c.signal(l).Shared | own&^c.task(l).Pending) &^ kill; c.same(l) && lost != 0 {
		return fmt.Errorf("%s was killed and has taken %v besides", c.name(l), lost.Names())
	}
	return nil
}

func sameMaskIsNothing(c *Check) error {
	old, set := c.before().Blocked, c.Op.Set&^killStop
	switch c.Op.Mode {
	case model.SigBlock:
		set |= old
	case model.SigUnblock:
		set = old &^ set
	}
	if set != old || c.Result.Outcome != model.Returned {
		return nil
	}
	c.met()
	if c.differs {
		return fmt.Errorf("%s set the mask that it had, and something changed", c.name(c.Op.Actor))
	}
	return nil
}
