//go:build linux && amd64

package live

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A zygote is the first task of a lab, the init of its pid namespace: it makes the first task of each trace and reaps it. It
// dies with the thread that started it, so that thread waits for the end of the lab, and with it dies everything.

// startZygote starts it on a thread of its own.
func (l *Lab) startZygote() error {
	l.over = make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the signal of Pdeathsig comes when this thread ends
		err := l.cmd.Start()
		started <- err
		if err == nil {
			<-l.over
		}
	}()
	return <-started
}

// zygoteCommand is the program with its own pid namespace, and its own user namespace if it is asked for.
func (l *Lab) zygoteCommand() *exec.Cmd {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWIPC}
	if l.UserNS {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		attr.Credential = &syscall.Credential{NoSetGroups: true} // with the uid of the outside it would lose its capabilities at exec
	}
	null := l.program.file // there may be no /dev/null, which exec would open; nobody reads or writes it
	return &exec.Cmd{Path: "/proc/self/fd/4", Args: []string{""}, Env: []string{}, Stdin: null, Stdout: null, Stderr: null,
		ExtraFiles: []*os.File{l.slots.file, l.program.file}, SysProcAttr: attr}
}

// prepareZygote waits for the zygote and gives it what traces begin with: default actions, no signal blocked, no core dumps,
// no limit on processes if it may.
func (l *Lab) prepareZygote() error {
	z := &Task{Name: "zygote", slot: zygoteSlot, tid: l.cmd.Process.Pid}
	l.zygote = z
	if err := l.await(func() bool { return l.slots.done(zygoteSlot) || l.zygoteDied() }); err != nil {
		return fmt.Errorf("the first task does not answer: %w", err)
	}
	if err := z.open(); err != nil {
		return err
	}
	var buf [256]byte
	l.Weak = l.Weak || z.syscall <= 0 || read(z.syscall, buf[:]) == nil
	st, err := z.readStatus()
	if err != nil {
		return err
	}
	if len(st.nsPid) < 2 || st.nsPid[len(st.nsPid)-1] != 1 {
		return fmt.Errorf("the first task is %v, not 1 of a pid namespace of its own", st.nsPid)
	}
	l.Blind, l.Lacks = !l.seesShares(), z.lacks()
	tid, err := l.do(z, askTid(z))
	if err != nil {
		return err
	}
	l.NoTid = tid == -int64(unix.EINVAL)
	l.base, l.caps, l.ownUID = len(st.nsPid), modelCaps(st.capEff), st.uid
	for sig := uint64(1); sig <= 64; sig++ {
		if st.ignored>>(sig-1)&1 != 0 {
			if _, err := l.do(z, l.sigaction(z, sig, sigaction{})); err != nil {
				return err
			}
		}
	}
	if st.blocked != 0 {
		if _, err := l.do(z, l.sigprocmask(z, 2, 0)); err != nil {
			return err
		}
	}
	_ = l.limit(z, unix.RLIMIT_CORE, unix.Rlimit{Cur: 1, Max: 1}) // no file is so small, and a pipe takes 1 for a crash of its own (do_coredump)
	if l.limit(z, unix.RLIMIT_NPROC, unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}) != nil {
		_ = l.limit(z, unix.RLIMIT_NPROC, unix.Rlimit{Cur: l.hardNproc(z), Max: l.hardNproc(z)})
	}
	l.unlimited = l.hardNproc(z)
	return l.checkProcesses()
}

func (l *Lab) zygoteDied() bool {
	var s unix.Siginfo
	_ = unix.Waitid(unix.P_PID, l.cmd.Process.Pid, &s, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return s.Signo != 0
}

// limit sets a limit of a task, from outside.
func (l *Lab) limit(t *Task, resource int, r unix.Rlimit) error {
	return unix.Prlimit(t.tid, resource, &r, nil)
}

func (l *Lab) hardNproc(t *Task) uint64 {
	r, _ := t.nproc()
	return r.Max
}
