//go:build linux && amd64

package live

import (
	"encoding/binary"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// offsets in the data of a slot.
const (
	statusAt   = 0x000 // wait4: the status
	ptidAt     = 0x010 // clone: the parent's word
	ctidAt     = 0x020 // clone: the child's word, in the child's slot
	structAt   = 0x040 // structures of other calls
	answerAt   = 0x080 // what they give back
	pathAt     = 0x100
	textAt     = 0x400
	altstackAt = 0x600
)

// requests say what call of Linux an op is.
var requests = map[model.Kind]func(l *Lab, t *Task, c *Call) sysCall{
	model.Clone: func(l *Lab, t *Task, c *Call) sysCall {
		return sys(sysClone, uint64(c.Op.Flags)|uint64(c.Op.Sig), addr(t.child.slot)+slotSize, dataAddr(t.slot, ptidAt), dataAddr(t.child.slot, ctidAt), 0)
	},
	model.Unshare:   func(l *Lab, t *Task, c *Call) sysCall { return sys(sysUnshare, uint64(c.Op.Flags)) },
	model.Exit:      func(l *Lab, t *Task, c *Call) sysCall { return sys(sysExit, signed(int(c.Op.Arg))) },
	model.ExitGroup: func(l *Lab, t *Task, c *Call) sysCall { return sys(sysExitGroup, signed(int(c.Op.Arg))) },
	model.Wait4: func(l *Lab, t *Task, c *Call) sysCall {
		return sys(sysWait4, signed(c.Number), dataAddr(t.slot, statusAt), uint64(c.Op.Flags), 0)
	},
	model.Kill:  func(l *Lab, t *Task, c *Call) sysCall { return sys(sysKill, signed(c.Number), uint64(c.Op.Sig)) },
	model.Tkill: func(l *Lab, t *Task, c *Call) sysCall { return sys(sysTkill, signed(c.Number), uint64(c.Op.Sig)) },
	model.Tgkill: func(l *Lab, t *Task, c *Call) sysCall {
		return sys(sysTgkill, signed(c.Tgid), signed(c.Number), uint64(c.Op.Sig))
	},
	model.Sigaction: func(l *Lab, t *Task, c *Call) sysCall {
		return l.sigaction(t, uint64(c.Op.Sig), l.action(c.Op.Mode, uint64(c.Op.Flags)))
	},
	model.Sigprocmask: func(l *Lab, t *Task, c *Call) sysCall {
		return l.sigprocmask(t, uint64(c.Op.Mode-model.SigBlock), uint64(c.Op.Set))
	},
	model.Setrlimit: func(l *Lab, t *Task, c *Call) sysCall { return l.setrlimit(t, int(c.Op.Arg), int(c.Op.Arg2)) },
}

func signed(n int) uint64 { return uint64(int64(n)) }

// sigaction is struct sigaction of the kernel.
type sigaction struct{ handler, flags, restorer, mask uint64 }

// Flags of sigaction that every handler needs: where it returns to, and that its signal is not blocked meanwhile.
const (
	saRestorer = 0x04000000
	saNoDefer  = 0x40000000
)

// action is what a sigaction op asks for.
func (l *Lab) action(m model.Mode, flags uint64) sigaction {
	switch m {
	case model.SigIgn:
		return sigaction{handler: 1, flags: flags}
	case model.SigHandler:
		return sigaction{handler: l.program.handler, flags: flags | saRestorer | saNoDefer, restorer: l.program.restorer}
	}
	return sigaction{flags: flags}
}

func (l *Lab) sigaction(t *Task, sig uint64, a sigaction) sysCall {
	l.put(t, structAt, a.handler, a.flags, a.restorer, a.mask)
	return sys(sysSigaction, sig, dataAddr(t.slot, structAt), 0, 8)
}

func (l *Lab) sigprocmask(t *Task, how, set uint64) sysCall {
	l.put(t, structAt, set)
	return sys(sysSigprocmask, how, dataAddr(t.slot, structAt), 0, 8)
}

// setrlimit leaves the hard limit as it is if none is given.
func (l *Lab) setrlimit(t *Task, soft, hard int) sysCall {
	h := l.hardNproc(t)
	if hard >= 0 {
		h = l.rlimit(hard)
	}
	l.put(t, structAt, l.rlimit(soft), h)
	return sys(sysPrlimit, 0, unix.RLIMIT_NPROC, dataAddr(t.slot, structAt), 0)
}

// rlimit is a limit of the model. No limit is what the lab began with.
func (l *Lab) rlimit(n int) uint64 {
	if n < 0 || n >= int(model.RlimInfinity) {
		return l.unlimited
	}
	return uint64(n)
}

// put writes words into the data of a task.
func (l *Lab) put(t *Task, at int, words ...uint64) {
	data := l.slots.data(t.slot)[at:at:len(l.slots.data(t.slot))]
	for _, w := range words {
		data = binary.LittleEndian.AppendUint64(data, w)
	}
}

// putText writes a string with its end, and says where it is.
func (l *Lab) putText(t *Task, at int, text string) uint64 {
	data := l.slots.data(t.slot)[at:]
	data[copy(data, text)] = 0
	return dataAddr(t.slot, at)
}

func (l *Lab) word(t *Task, at int) uint64 {
	return binary.LittleEndian.Uint64(l.slots.data(t.slot)[at:])
}

// do has a task that is at rest make a call of ours, which returns at once.
func (l *Lab) do(t *Task, c sysCall) (int64, error) {
	l.slots.post(t.slot, c, 0)
	err := l.await(func() bool { return l.slots.done(t.slot) })
	return l.slots.at(t.slot).ret, err
}

// must is do for a call that has to succeed.
func (l *Lab) must(t *Task, c sysCall) error {
	ret, err := l.do(t, c)
	if err == nil && ret < 0 {
		err = unix.Errno(-ret)
	}
	return err
}

// write has a task write a file of /proc: the namespace that it writes to is its own.
func (l *Lab) write(t *Task, path, text string) (int64, error) {
	fd, err := l.do(t, sys(sysOpenat, signed(unix.AT_FDCWD), l.putText(t, pathAt, path), unix.O_WRONLY|unix.O_CLOEXEC))
	if err != nil || fd < 0 {
		return fd, err
	}
	ret, err := l.do(t, sys(sysWrite, uint64(fd), l.putText(t, textAt, text), uint64(len(text))))
	if err != nil {
		return 0, err
	}
	_, err = l.do(t, sys(sysClose, uint64(fd)))
	return min(ret, 0), err
}

// scripts are ops that take several calls, none of which sleeps.
var scripts = map[model.Kind]func(l *Lab, t *Task, c *Call) (int64, error){
	model.MapIDs: (*Lab).mapIDs,
	model.Sysctl: (*Lab).sysctl,
}

// mapIDs writes the maps of the task's user namespace: its own id, as itself, is all that is needed here, and needs no rights
// over the parent.
func (l *Lab) mapIDs(t *Task, c *Call) (int64, error) {
	id := "0"
	if !l.UserNS {
		id = strconv.Itoa(t.seen.rawUID)
	}
	line := id + " " + id + " 1"
	ret, err := l.write(t, "/proc/thread-self/uid_map", line)
	if err != nil || ret < 0 {
		return ret, err
	}
	if ret, err = l.write(t, "/proc/thread-self/setgroups", "deny"); err != nil || ret < 0 {
		return ret, err
	}
	return l.write(t, "/proc/thread-self/gid_map", line)
}

// sysctl writes a knob that belongs to a namespace of the trace, never one of the machine.
func (l *Lab) sysctl(t *Task, c *Call) (int64, error) {
	if why := l.RefusesSysctl(c); why != "" {
		return 0, errors.New(why)
	}
	name := model.KnobWords[c.Op.Arg2].Name
	dir := "/proc/sys/user/"
	if model.Knob(c.Op.Arg2) == model.KnobPidMax {
		dir = "/proc/sys/kernel/"
	}
	l.counted = l.counted || model.Knob(c.Op.Arg2) != model.KnobPidMax
	return l.write(t, dir+name, strconv.Itoa(int(c.Op.Arg)))
}
