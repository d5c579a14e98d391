//go:build linux && amd64

package live

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// class is what a look at a task tells.
type class byte

const (
	moving  class = '?' // it runs, or sleeps where it will not stay
	parked  class = 'P' // it waits for a command
	stopped class = 'T'
	zombie  class = 'Z'
	gone    class = 'X' // reaped
	waiting class = 'B' // asleep in wait4
	vforked class = 'V' // asleep until the child of its vfork lets go of the memory
	zapping class = 'W' // the dying init of a pid namespace, asleep until the rest is reaped
)

// pfExiting is PF_EXITING. A task that is killed in its sleep still shows the call in which it slept.
const pfExiting = 0x4

// bounds of waiting: how long to be busy about it, and when to give up. A look counts for at most so long: in the rest of the time
// the controller did not run, and nor perhaps did the tasks.
const (
	busyTime = 2 * time.Millisecond
	lookTime = 5 * time.Millisecond
	mostTime = 5 * time.Second
)

// errNotSettled says that the tasks did not come to rest.
var errNotSettled = errors.New("no rest")

// await waits for something that other processes bring about. It leaves the processor to them, which they share with it.
func (l *Lab) await(done func() bool) error {
	for range 20 {
		if yield(); done() {
			return nil
		}
	}
	waited := time.Duration(0)
	for last := time.Now(); !done(); {
		now := time.Now()
		waited += min(now.Sub(last), lookTime)
		last = now
		switch {
		case waited > mostTime:
			return fmt.Errorf("%w within %v", errNotSettled, mostTime)
		case waited <= busyTime:
			yield()
		case l.zygoteDied():
			return errors.New("the first task of the lab was killed")
		default:
			time.Sleep(50 * time.Microsecond)
		}
	}
	return nil
}

func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// settle waits until all tasks are at rest: two scans in a row see the same, and nobody moving. In between the controller takes
// the tasklist_lock (kill(0, 0) reads the list of its own process group), so that whoever dies is through with exit_notify:
// what it sends and whom it wakes is done when its second look comes.
func (l *Lab) settle() error {
	var born error
	err := l.await(func() bool {
		if born = l.births(); born != nil || !l.scan(false) {
			return born != nil
		}
		l.before = append(l.before[:0], l.looks...)
		_ = unix.Kill(0, 0)
		if l.Weak {
			time.Sleep(weakTime)
		}
		return l.scan(true) && bytes.Equal(l.before, l.looks)
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, l.dump())
	}
	if born != nil {
		return born
	}
	return l.letGo()
}

// letGo waits until the numbers of those who were reaped are free (free_pid): that comes after they can be seen no more. Whether a
// number is taken fcntl(F_SETOWN_EX) tells, which does not ask for a task that has it. The number of a process group outlives its
// leader, so it is not waited for.
func (l *Lab) letGo() error {
	for _, t := range l.tasks {
		if t.class != gone {
			continue
		}
		t.close() // an open file of /proc keeps the struct pid, too
		if t.leadsGroup {
			continue
		}
		if err := l.await(func() bool { return !l.taken(t.tid) }); err != nil {
			return fmt.Errorf("the number of %s, which is reaped, is still taken: %w", t.Name, err)
		}
	}
	return nil
}

// taken says whether somebody has a number, or is about to let go of it. The file does not keep the struct pid.
func (l *Lab) taken(tid int) bool {
	_, errno := ownEx(l.program.file, setOwnEx, tid)
	_, _ = ownEx(l.program.file, setOwnEx, 0)
	return errno == 0
}

// births adopts the children that clones have made.
func (l *Lab) births() error {
	for _, t := range l.tasks {
		if c := t.child; c != nil && c.tid == 0 && l.slots.done(c.slot) {
			if err := l.adopt(c, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// scan looks at every task once, and says whether nobody moves. It gives up at the first that does, and begins with the one that
// was the last to do so. A scan that is not the last may take a task that was killed in its sleep for one that waits.
func (l *Lab) scan(last bool) bool {
	if l.mover != nil && l.look(l.mover, false) == moving {
		return false
	}
	l.mover = nil
	l.looks = l.looks[:0]
	for _, t := range l.tasks {
		if t.class = l.look(t, last); t.class == moving {
			l.mover = t
			return false
		}
		l.looks = append(l.looks, byte(t.class))
	}
	for _, t := range l.tasks {
		if t.class == zapping && !l.leftBehind(t) {
			l.mover = t
			return false
		}
	}
	return true
}

// look says what a task does. syscall tells it only of a task that is off its processor, and says "running" of another.
func (l *Lab) look(t *Task, last bool) class {
	if t.class == gone {
		return gone
	}
	if l.slots.pending(t.slot) {
		return moving
	}
	nr, arg0 := l.inCall(t)
	if nr == running {
		return moving
	}
	if nr == sysFutex && !last && t.class == parked && !l.Weak { // the slot of a zombie says what it did last
		return l.asleep(t, nr, arg0)
	}
	t.last = t.readStat()
	switch s := t.last; {
	case s.state == 0:
		return gone
	case s.state == 'Z':
		return zombie
	case s.state == 'X', s.state == 'R':
		return moving
	case s.state == 'T':
		return stopped
	case s.flags&pfExiting != 0:
		return l.dying(t)
	}
	return l.asleep(t, nr, arg0)
}

// running stands for a call where there is none to tell.
const running = -2

// weakTime is how long a sleep has to last where syscall does not tell a sleep from a task on its way into one.
const weakTime = 2 * time.Millisecond

// inCall is the call that a task is in, and its first argument: as the kernel tells it, or as its slot does.
func (l *Lab) inCall(t *Task) (nr int64, arg0 uint64) {
	if l.Weak {
		p := l.slots.at(t.slot)
		if atomic.LoadUint32(&p.phase) == 1 {
			return sysFutex, addr(t.slot)
		}
		return int64(p.nr), p.args[0]
	}
	var buf [256]byte
	text := read(t.syscall, buf[:])
	if bytes.HasPrefix(text, []byte("running")) {
		return running, 0
	}
	return parseSyscall(text)
}

// asleep says in what call of its own a task sleeps; in any other sleep it does not stay.
func (l *Lab) asleep(t *Task, nr int64, arg0 uint64) class {
	switch {
	case nr == sysFutex && arg0 == addr(t.slot):
		if t.child != nil && t.child.tid == 0 && l.slots.at(t.slot).ret > 0 {
			return moving // its child is not born yet
		}
		return parked
	case nr == sysWait4:
		return waiting
	case nr == sysClone && t.child != nil && t.child.tid != 0:
		return vforked
	}
	return moving
}

// dying tells a dying init that waits for the others from one that is on its way.
func (l *Lab) dying(t *Task) class {
	waits := t.wchan() == "zap_pid_ns_processes"
	if l.Weak {
		waits = l.isInit(t) // what has no syscall has no good wchan either
	}
	if waits {
		return zapping
	}
	return moving
}

// isInit says whether a task belongs to the init of its pid namespace.
func (l *Lab) isInit(t *Task) bool {
	return slices.ContainsFunc(l.group(t), func(o *Task) bool { return o.pids[len(o.pids)-1] == 1 })
}

// wchan is the kernel function in which a task sleeps.
func (t *Task) wchan() string {
	fd, err := unix.Openat(t.dir, "wchan", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var buf [64]byte
	return string(read(fd, buf[:]))
}

// leftBehind says whether an init has somebody to wait for: a zombie whose parent is elsewhere. Else the wait is as good as over:
// the last number was let go of, and the init is being woken.
func (l *Lab) leftBehind(init *Task) bool {
	for _, t := range l.tasks {
		if t != init && t.class == zombie && t.ns.isIn(init.ns) && t.tgid != init.tgid && t.last.ppid != l.leader(init) {
			return true
		}
	}
	return false
}

// parseSyscall reads "NR ARG0 ...".
func parseSyscall(text []byte) (nr int64, arg0 uint64) {
	a, rest, _ := bytes.Cut(text, []byte(" "))
	nr, err := strconv.ParseInt(string(bytes.TrimSpace(a)), 10, 64)
	if err != nil {
		return -1, 0
	}
	b, _, _ := bytes.Cut(rest, []byte(" "))
	arg0, _ = strconv.ParseUint(string(b), 0, 64)
	return nr, arg0
}

// dump says where everybody is, for the message that they do not come to rest.
func (l *Lab) dump() string {
	var b strings.Builder
	for _, t := range l.tasks {
		var buf [256]byte
		fmt.Fprintf(&b, "%s (%d) %c %c %x %s %s; ", t.Name, t.tid, t.class, t.last.state, t.last.flags, bytes.TrimSpace(read(t.syscall, buf[:])), t.wchan())
	}
	return b.String()
}
