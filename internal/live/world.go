//go:build linux && amd64

package live

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// Begin makes the world of a trace: the global one of the model is a pid namespace of its own.
func (l *Lab) Begin(b *model.Boot) error {
	if l.fault != nil {
		return l.fault
	}
	l.boot, l.asks, l.shown = b, b.Dress, map[string]string{}
	l.pin()
	return l.fail(l.begin(b))
}

func (l *Lab) begin(b *model.Boot) error {
	if why := l.refusesLimits(b); why != "" {
		return errors.New(why)
	}
	tasks := b.Tasks()
	spaces := uint64(unix.CLONE_NEWPID)
	if b.Dress {
		spaces |= unix.CLONE_NEWIPC // for the semaphore of its undo list
	}
	first, err := l.bear(l.zygote, tasks[0].Name, spaces, model.SIGCHLD)
	if err != nil {
		return err
	}
	if err := l.must(first, sys(sysSetsid)); err != nil {
		return err
	}
	if err := l.ownUserNS(first); err != nil {
		return err
	}
	if err := l.pidLimits(first, b); err != nil {
		return err
	}
	parent := first
	if b.World == model.Container {
		if parent, err = l.container(first); err != nil {
			return err
		}
	}
	sig := model.SIGCHLD
	if b.Dress {
		sig = model.SIGUSR1
	}
	a, err := l.bear(parent, "a", 0, sig)
	if err != nil {
		return err
	}
	if err := l.must(a, sys(sysSetpgid, 0, 0)); err != nil {
		return err
	}
	if err := l.login(a, b); err != nil {
		return fmt.Errorf("the user of a: %w", err)
	}
	if b.Dress {
		if err := l.dress(a); err != nil {
			return fmt.Errorf("what a owns: %w", err)
		}
	}
	if err := l.lastPid(first, b); err != nil {
		return err
	}
	return l.settle()
}

// ownUserNS gives the trace a user namespace of its own if the lab has one: what a trace limits there ends with it.
func (l *Lab) ownUserNS(first *Task) error {
	if !l.UserNS {
		return nil
	}
	if err := l.must(first, sys(sysUnshare, unix.CLONE_NEWUSER)); err != nil {
		return fmt.Errorf("unshare(NEWUSER): %w", err)
	}
	if ret, err := l.mapIDs(first, nil); err != nil || ret < 0 {
		return fmt.Errorf("uid_map: %w", errors.Join(err, unix.Errno(-ret)))
	}
	return nil
}

// bear has a task make a child, for the world and not for the trace.
func (l *Lab) bear(parent *Task, name string, flags uint64, sig model.Signal) (*Task, error) {
	child := l.unborn(name)
	if child == nil {
		return nil, fmt.Errorf("no slot for %s", name)
	}
	l.slots.post(parent.slot, sys(sysClone, flags|uint64(sig), addr(child.slot)+slotSize), child.slot)
	err := l.await(func() bool { return l.slots.done(parent.slot) })
	if ret := l.slots.at(parent.slot).ret; err == nil && ret < 0 {
		err = unix.Errno(-ret)
	}
	if err == nil {
		err = l.await(func() bool { return l.slots.done(child.slot) })
	}
	if err != nil {
		return nil, fmt.Errorf("clone of %s: %w", name, err)
	}
	if err := l.adopt(child, parent); err != nil {
		return nil, err
	}
	return child, l.settle()
}

// container makes the world's other tasks, host, and init in a pid namespace.
func (l *Lab) container(init0 *Task) (*Task, error) {
	host, err := l.bear(init0, "host", 0, model.SIGCHLD)
	if err != nil {
		return nil, err
	}
	if err := l.must(host, sys(sysSetsid)); err != nil {
		return nil, err
	}
	init, err := l.bear(host, "init", unix.CLONE_NEWPID, model.SIGCHLD)
	if err != nil {
		return nil, err
	}
	return init, l.must(init, sys(sysSetsid))
}

// pidLimits sets pid_max of the trace's pid namespace.
func (l *Lab) pidLimits(first *Task, b *model.Boot) error {
	if b.Limits.PidMax == model.DefaultLimits.PidMax {
		return nil
	}
	return l.mustWrite(first, "/proc/sys/kernel/pid_max", int(b.Limits.PidMax))
}

// lastPid sets the number after which the search begins.
func (l *Lab) lastPid(first *Task, b *model.Boot) error {
	if b.LastPid == 0 {
		return nil
	}
	return l.mustWrite(first, "/proc/sys/kernel/ns_last_pid", int(b.LastPid))
}

func (l *Lab) mustWrite(t *Task, path string, n int) error {
	ret, err := l.write(t, path, fmt.Sprint(n))
	if err == nil && ret < 0 {
		err = fmt.Errorf("%s: %w", path, unix.Errno(-ret))
	}
	return err
}

// login gives `a` its uid, capabilities and limit.
func (l *Lab) login(a *Task, b *model.Boot) error {
	if b.Nproc != model.RlimInfinity {
		if err := l.limit(a, unix.RLIMIT_NPROC, unix.Rlimit{Cur: l.rlimit(int(b.Nproc)), Max: l.rlimit(int(b.Nproc))}); err != nil {
			return err
		}
	}
	if b.UID != 0 {
		const keepCaps, setDumpable = 8, 4 // its files in /proc shall stay its own
		id := uint64(l.otherUID)
		for _, c := range []sysCall{sys(sysPrctl, keepCaps, 1), sys(sysSetresgid, id, id, id), sys(sysSetresuid, id, id, id), sys(sysPrctl, setDumpable, 1)} {
			if err := l.must(a, c); err != nil {
				return err
			}
		}
	}
	if b.UID == 0 && b.Caps&l.caps == l.caps {
		return nil
	}
	return l.setCaps(a, b.Caps&l.caps)
}

// setCaps leaves a task with these capabilities only.
func (l *Lab) setCaps(t *Task, caps model.CapSet) error {
	m := kernelCaps(caps)
	l.put(t, structAt, 0x20080522) // version 3, this task
	half := uint64(uint32(m)) | uint64(uint32(m))<<32
	l.put(t, answerAt, half, uint64(m>>32)<<32, uint64(m>>32))
	return l.must(t, sys(sysCapset, dataAddr(t.slot, structAt), dataAddr(t.slot, answerAt)))
}

// dress gives `a` what can be seen of what model.Boot gives it.
func (l *Lab) dress(a *Task) error {
	const pdeath, subreaper = 1, 36 // PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER
	usr1 := uint64(model.SIGUSR1.Bit())
	sem, err := l.do(a, sys(sysSemget, 0, 1, 0o600))
	if err != nil || sem < 0 {
		return fmt.Errorf("semget: %w", unix.Errno(-sem))
	}
	binary.LittleEndian.PutUint64(l.slots.data(a.slot)[answerAt:], 0x1000<<32|1<<16) // semaphore 0, add one, SEM_UNDO
	l.put(a, altstackAt, addr(a.slot)+slotSize/2, 0, slotSize/4)
	tid := uint64(l.slots.at(a.slot).tid)
	for _, c := range []sysCall{
		sys(sysSemop, uint64(sem), dataAddr(a.slot, answerAt), 1),
		sys(sysIoprioSet, 1, 0, 2<<13|4), // of this task: best effort, 4
		sys(sysSigaltstack, dataAddr(a.slot, altstackAt), 0),
		sys(sysSetTid, dataAddr(a.slot, ctidAt)),
		sys(sysPrctl, pdeath, uint64(model.SIGUSR2)),
		sys(sysPrctl, subreaper, 1),
		l.sigprocmask(a, 0, usr1),
		sys(sysTkill, tid, uint64(model.SIGUSR1)),
		sys(sysKill, tid, uint64(model.SIGUSR1)),
	} {
		if err := l.must(a, c); err != nil {
			return err
		}
	}
	return nil
}

// Here is a kernel as it is where the lab is: the init of a trace is that of a pid namespace.
func (l *Lab) Here(k *model.Kernel) *model.Kernel {
	k = k.With(l.Variants...)
	k.Nested = true
	return k
}

// Caps are the capabilities that root has here.
func (l *Lab) Caps() model.CapSet { return l.caps }

// Facts are those of the world that has begun.
func (l *Lab) Facts(b *model.Boot) Facts {
	f := Facts{Caps: l.caps, Blind: l.Blind, NoTid: l.NoTid, Lacks: l.Lacks, Unborn: l.tellsUnborn}
	for _, t := range b.Tasks() {
		f.Marks = append(f.Marks, modelFlags(l.task(t.Name).last.flags)&marks)
	}
	return f
}
