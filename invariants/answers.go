package invariants

import (
	"fmt"
	"slices"
	"strings"

	"forkcheck/model"
)

// answers are what a call says when it fails, and what it has done when it does not.
var answers = []Invariant{
	{Name: "FailureIsPassedOn", Says: "a call of which a row fails returns the error of that row",
		Source: "the goto labels of each call", Premise: "a fault", Step: failureIsPassedOn},
	{Name: "ErrnoAsWritten", Says: "a check that refuses a call does so with the error of its manual page",
		Source: "clone(2), setrlimit(2), wait4(2), tgkill(2), user_namespaces(7)", Premise: "a refusal", Step: errnoAsWritten},
	{Name: "KillErrno", Says: "kill, tkill and tgkill fail with EINVAL for a signal that does not exist, EPERM for lack of permission, ESRCH if there is nobody",
		Source: "kill(2), tgkill(2)", Premise: "a kill that failed", Step: killErrno},
	{Name: "KillFindsSomebody", Says: "kill, tkill and tgkill of one number succeed only if somebody has it",
		Source: "kill(2); find_vpid", Premise: "a kill of one number that succeeded", Step: killFindsSomebody},
	{Name: "ThreadSignalArrives", Says: "what tkill and tgkill send is pending on the thread that blocks it", Source: "do_send_specific",
		Premise: "a tkill or tgkill of a blocked signal", Step: threadSignalArrives},
	{Name: "LimitsAsSet", Says: "setrlimit sets what it was asked to set", Source: "do_prlimit", Premise: "a successful setrlimit", Of: model.Setrlimit, Step: limitsAsSet},
	{Name: "ActionAsSet", Says: "sigaction sets the action that it was asked to set, and no other", Source: "do_sigaction", Premise: "a successful sigaction", Of: model.Sigaction, Step: actionAsSet},
	{Name: "MaskAsSet", Says: "sigprocmask sets the mask that it was asked to set, SIGKILL and SIGSTOP left out", Source: "sigprocmask", Premise: "a sigprocmask",
		Of: model.Sigprocmask, Step: maskAsSet},
	{Name: "OrphanedStopsEnd", Says: "a process group that the death of a member makes an orphan has no stopped members left: they get SIGHUP and SIGCONT",
		Source: "kill_orphaned_pgrp", Premise: "a group with stopped members that became an orphan", Step: orphanedStopsEnd},
	{Name: "ExitKillsNobody", Says: "an exit that ends no init kills no other process by SIGKILL", Source: "do_exit; zap_pid_ns_processes", Premise: "an exit that ends no init",
		Step: exitKillsNobody},
	{Name: "ForkLetsGo", Says: "a fork that waits for its child in vfork holds nothing of what it took", Source: "copy_process", Premise: "a vfork that waits", State: forkLetsGo},
}

func failureIsPassedOn(c *Check) error {
	if !c.faulted() || c.Result.Outcome != model.Returned && !c.After.Flight[c.Op.Actor].FaultHit {
		return nil // it was not struck, or has nobody to answer to
	}
	c.met()
	if e := c.Op.Fault.Errno; c.Result.Outcome != model.Returned || c.Result.Errno != e {
		return fmt.Errorf("a row of %v failed with %v, and the call came to %v %v", c.Op.Kind, e, c.Result.Outcome, c.Result.Errno)
	}
	return nil
}

// written are the errors that manual pages name for a check, by the rows that make it.
var written = func() map[string][]model.Errno {
	list := map[string][]model.Errno{}
	for _, w := range []struct {
		rows string
		errs []model.Errno
	}{
		{"rlimit_nproc max_threads", []model.Errno{model.EAGAIN}},
		{"newipc_sysvsem unshare_shared_mm unshare_thread_group unshare_sighand unshare_single_threaded unshare_unknown_flags", []model.Errno{model.EINVAL}},
		{"wait4_options tkill_pid tgkill_pids sigaction_signal rlim_cur_above_max pid_max_range ucount_max_range", []model.Errno{model.EINVAL}},
		{"namespaces_ns_capable rlim_max_raised map_write_permission", []model.Errno{model.EPERM}},
		{"sysctl_perm", []model.Errno{model.EACCES}},
		{"sysctl_lookup", []model.Errno{model.ENOENT}},
		{"tgkill_tgid kill_int_min wait4_int_min", []model.Errno{model.ESRCH}},
		{"do_wait", []model.Errno{model.ECHILD, model.EINTR}},
		{"create_user_ns", []model.Errno{model.EUSERS, model.ENOSPC, model.EPERM, model.ENOMEM}},
		{"adding_recheck pid_allocated_adding nr_hashed_adding", []model.Errno{model.ENOMEM}},
		{"signal_pending", []model.Errno{model.ERESTARTNOINTR}},
		{"fatal_signal_pending", []model.Errno{model.EINTR}},
	} {
		for _, row := range strings.Fields(w.rows) {
			list[row] = w.errs
		}
	}
	return list
}()

func errnoAsWritten(c *Check) error {
	if !c.failed() || c.faulted() {
		return nil
	}
	want, ok := written[c.Result.Why]
	if !ok {
		return nil
	}
	c.met()
	if !slices.Contains(want, c.Result.Errno) {
		return fmt.Errorf("%s refused %v with %v, not %v", c.Result.Why, c.Op.Kind, c.Result.Errno, want)
	}
	return nil
}

// killing says whether the op sends a signal.
func (c *Check) killing() bool {
	return c.Op.Kind == model.Kill || c.Op.Kind == model.Tkill || c.Op.Kind == model.Tgkill
}

// addressee is the task that an op addresses by its number, alone or as one of a process; 0 if nobody has it. It does not count for
// ops that address a group or all.
func (c *Check) addressee() (t model.TaskID, one bool) {
	switch {
	case c.Op.Target != 0 && c.Op.Mode != model.Negative:
		if c.Before.NumberSeen(c.Op.Actor, c.Op.Target) == 0 {
			return 0, true
		}
		return c.Op.Target, true
	case c.Op.Target != 0 || c.Op.Arg <= 0:
		return 0, false
	}
	for t := range c.Before.Task {
		if int32(c.Before.NumberSeen(c.Op.Actor, model.TaskID(t))) == c.Op.Arg {
			return model.TaskID(t), true
		}
	}
	return 0, true
}

func killErrno(c *Check) error {
	if !c.killing() || !c.failed() || c.faulted() {
		return nil
	}
	c.met()
	t, one := c.addressee()
	nobody := one && t == 0
	var wrong bool
	switch c.Result.Errno {
	case model.EINVAL:
		wrong = c.Op.Sig <= model.NSIG && (c.Op.Kind == model.Kill || c.Op.Target != 0 && (c.Op.Kind == model.Tkill || c.Op.Target2 != 0))
	case model.EPERM:
		wrong = c.Op.Sig > model.NSIG || nobody || t != 0 && mayKill(c.Before, c.Op.Actor, t)
	case model.ESRCH:
		wrong = t != 0 && c.Op.Kind != model.Tgkill
	default:
		wrong = true
	}
	if wrong {
		return fmt.Errorf("%v %v by %s failed with %v", c.Op.Kind, c.Op.Sig, c.name(c.Op.Actor), c.Result.Errno)
	}
	return nil
}

func killFindsSomebody(c *Check) error {
	t, one := c.addressee()
	if !c.killing() || c.Result.Outcome != model.Returned || c.Result.Errno != 0 || !one {
		return nil
	}
	c.met()
	if t == 0 {
		return fmt.Errorf("%v by %s succeeded, and nobody has the number", c.Op.Kind, c.name(c.Op.Actor))
	}
	return nil
}

func threadSignalArrives(c *Check) error {
	if c.Op.Kind != model.Tkill && c.Op.Kind != model.Tgkill || c.Result.Outcome != model.Returned || c.Result.Errno != 0 || c.Op.Sig == 0 {
		return nil
	}
	t, _ := c.addressee()
	if t == 0 || !c.Before.Task[t].Blocked.Has(c.Op.Sig) || c.Before.Task[t].Flags&model.PFExiting != 0 || c.Before.Signal[c.Before.Task[t].Signal].Flags&model.SignalGroupExit != 0 {
		return nil
	}
	c.met()
	if c.same(t) && !c.dying(t) && !c.task(t).Pending.Has(c.Op.Sig) {
		return fmt.Errorf("%s blocks %v, was sent it, and does not have it pending", c.name(t), c.Op.Sig)
	}
	return nil
}

func limitsAsSet(c *Check) error {
	if !c.succeeded(model.Setrlimit) {
		return nil
	}
	c.met()
	clip := func(n int32) int16 {
		if n < 0 || n > int32(model.RlimInfinity) {
			return model.RlimInfinity
		}
		return int16(n)
	}
	soft, hard := clip(c.Op.Arg), c.Before.Signal[c.before().Signal].NprocMax
	if c.Op.Arg2 >= 0 {
		hard = clip(c.Op.Arg2)
	}
	if is := c.signal(c.Op.Actor); is.NprocCur != soft || is.NprocMax != hard {
		return fmt.Errorf("%s asked for limits %d and %d and has %d and %d", c.name(c.Op.Actor), soft, hard, is.NprocCur, is.NprocMax)
	}
	return nil
}

func actionAsSet(c *Check) error {
	if !c.succeeded(model.Sigaction) {
		return nil
	}
	c.met()
	want := c.Before.Sighand[c.before().Ref[model.Sighand]]
	bit := c.Op.Sig.Bit()
	for _, set := range [...]struct {
		of *model.SigSet
		in bool
	}{
		{&want.Ignore, c.Op.Mode == model.SigIgn}, {&want.Handler, c.Op.Mode == model.SigHandler}, {&want.Restart, c.Op.Flags&model.SARESTART != 0},
		{&want.NoCldStop, c.Op.Flags&model.SANOCLDSTOP != 0}, {&want.NoCldWait, c.Op.Flags&model.SANOCLDWAIT != 0},
	} {
		if *set.of &^= bit; set.in {
			*set.of |= bit
		}
	}
	if c.After.Sighand[c.task(c.Op.Actor).Ref[model.Sighand]] != want {
		return fmt.Errorf("the action of %s for %v is not the one that it asked for", c.name(c.Op.Actor), c.Op.Sig)
	}
	return nil
}

func maskAsSet(c *Check) error {
	if !c.succeeded(model.Sigprocmask) {
		return nil
	}
	c.met()
	const never = 1<<(model.SIGKILL-1) | 1<<(model.SIGSTOP-1)
	old, want := c.before().Blocked, c.Op.Set&^never
	switch c.Op.Mode {
	case model.SigBlock:
		want |= old
	case model.SigUnblock:
		want = old &^ want
	}
	if is := c.task(c.Op.Actor).Blocked; is != want {
		return fmt.Errorf("%s asked for the mask %v and has %v", c.name(c.Op.Actor), want.Names(), is.Names())
	}
	return nil
}

// orphanedStopsEnd looks at each process that has died and was a link between its group and the rest of the session. That the death of a
// parent outside makes a group an orphan does not come up: there is no setpgid here.
func orphanedStopsEnd(c *Check) error {
	for i := range c.Before.Task {
		t, group := model.TaskID(i), c.Before.Task[i].Pids[model.PidtypePGID]
		if !links(c.Before, t) || c.same(t) && member(c.After, t) || c.linkOf(group) != 0 {
			continue
		}
		if err := c.stoppedIn(group); err != nil {
			return err
		}
	}
	return nil
}

// stoppedIn finds a member of a process group that was stopped and still is.
func (c *Check) stoppedIn(group model.PidID) error {
	for i := range c.Before.Task {
		t, b := model.TaskID(i), &c.Before.Task[i]
		if b.Stage != model.Hashed || b.Leader != t || b.Pids[model.PidtypePGID] != group || c.Before.Signal[b.Signal].Flags&model.SignalStopStopped == 0 || !c.same(t) {
			continue
		}
		c.met()
		if c.signal(t).Flags&model.SignalStopStopped != 0 && c.signal(t).Live > 0 {
			return fmt.Errorf("%s is stopped in a process group that has become an orphan", c.name(t))
		}
	}
	return nil
}

// exitKillsNobody leaves aside what asks for SIGKILL: as an exit signal, or for the death of a parent.
func exitKillsNobody(c *Check) error {
	if c.Op.Kind != model.Exit && c.Op.Kind != model.ExitGroup || !c.differs || zapping(c.Before) || c.initEnded() || c.askedForKill() {
		return nil
	}
	c.met()
	for i := range c.Before.Task {
		t, b := model.TaskID(i), &c.Before.Task[i]
		if b.Stage != model.Hashed || b.Leader != t || b.Signal == c.before().Signal || c.Before.Signal[b.Signal].Flags&model.SignalGroupExit != 0 || !c.same(t) {
			continue
		}
		if sig := c.signal(t); sig.Flags&model.SignalGroupExit != 0 && sig.GroupExitCode == uint16(model.SIGKILL) {
			return fmt.Errorf("%s was killed when %s exited", c.name(t), name(c.Before, c.Op.Actor))
		}
	}
	return nil
}

// askedForKill says whether somebody's death, or that of somebody's parent, is told by SIGKILL.
func (c *Check) askedForKill() bool {
	for t := range c.Before.Task {
		if b := &c.Before.Task[t]; b.Stage == model.Hashed && (b.ExitSignal == int16(model.SIGKILL) || b.Pdeath == model.SIGKILL) {
			return true
		}
	}
	return false
}

// initEnded says whether the init of a pid namespace has begun to clear it.
func (c *Check) initEnded() bool {
	for ns := range c.Before.PidNS {
		if c.Before.PidNS[ns].Adding && !c.After.PidNS[ns].Adding {
			return true
		}
	}
	return false
}

func forkLetsGo(c *Check) error {
	for t := range c.After.Flight {
		if f := &c.After.Flight[t]; f.On && f.Asleep && f.Op.Kind == model.Clone {
			if c.met(); f.Took != 0 {
				return fmt.Errorf("%s waits in vfork and still holds %#x of what its child took", c.name(model.TaskID(t)), f.Took)
			}
		}
	}
	return nil
}
