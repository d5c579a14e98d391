//go:build linux && amd64

package live

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// Lab is a place on the running kernel where traces run, one after another. It is for one goroutine.
type Lab struct {
	UserNS bool // it is in a user namespace of its own

	Variants  []*model.Variant // what the kernel does otherwise than v6.x
	Weak      bool             // there is no /proc/PID/syscall: whether a task is at rest is known less surely, and takes longer
	Blind     bool             // there is no kcmp(2): nobody can tell who shares what
	NoTid     bool             // there is no PR_GET_TID_ADDRESS (CONFIG_CHECKPOINT_RESTORE): nobody can tell who clears a number
	OwnPidMax bool             // each pid namespace has its own pid_max
	Lacks     model.Flags      // the namespaces that the kernel does not have, as clone and unshare would make them

	slots     *slots
	program   *program
	cmd       *exec.Cmd
	over      chan struct{}
	closed    bool
	zygote    *Task
	base      int          // how many pid namespaces are above that of a trace
	caps      model.CapSet // what root has here
	ownUID    int          // of the zygote, as the controller sees it
	otherUID  int          // stands for the uid 1000 of a trace: nobody else on the machine has it
	unlimited uint64       // RLIMIT_NPROC of the zygote
	fault     error        // what made it useless

	processor int // where the trace runs
	pinned    bool
	allowed   unix.CPUSet // where the controller may run else

	tasks       []*Task           // of the trace, in order of birth
	looks       []byte            // what the last scan saw
	before      []byte            // and the one before
	mover       *Task             // who moved in it
	objects     int               // that were seen
	shown       map[string]string // the namespaces of the last observation, by inode
	nShown      int               // how many were shown so far
	asks        bool              // somebody has what only it can tell, by its world or by a clone
	counted     bool              // there are limits on the number of namespaces
	tellsUnborn bool              // a pid namespace for children has a link before there are any
	boot        *model.Boot
}

// Open makes a lab: as the caller is, or in a user namespace if that is not allowed. It tries it with a trace.
func Open() (*Lab, error) {
	if err := checkFiles(); err != nil {
		return nil, err
	}
	l, plain := open(false)
	if plain == nil {
		return l, nil
	}
	l, user := open(true)
	if user == nil {
		return l, nil
	}
	if plain.Error() == user.Error() {
		return nil, plain
	}
	return nil, fmt.Errorf("no pid namespace of my own (%w), and none in a user namespace (%w); a lab takes root or unprivileged user namespaces, and no limit in its way", plain, user)
}

// OpenUserNS makes a lab in a user namespace.
func OpenUserNS() (*Lab, error) {
	if err := checkFiles(); err != nil {
		return nil, err
	}
	return open(true)
}

// labs counts those that were made.
var labs atomic.Int32

func open(userNS bool) (*Lab, error) {
	n := int(labs.Add(1))
	l := &Lab{UserNS: userNS, otherUID: 1<<30 + rand.IntN(1<<30), processor: someProcessor(os.Getpid() + n)}
	if err := l.start(); err != nil {
		l.Close()
		return nil, err
	}
	if err := l.try(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// try runs a first trace: as many tasks as a model has, of another user if there can be one. So what the surroundings forbid is told
// before it is taken for the kernel's doing. It finds out whether links tell of a pid namespace that nobody was born in yet.
func (l *Lab) try() error {
	l.OwnPidMax = pidMaxIsOwn(Kernel())
	boot := model.DefaultBoot()
	if boot.Caps = 0; !l.UserNS {
		boot.UID = 1000
	}
	if err := l.Begin(&boot); err != nil {
		return err
	}
	for range model.MaxTasks {
		answers, err := l.Step(&Call{Actor: "a", Op: model.Op{Kind: model.Clone, Sig: model.SIGCHLD}})
		if err != nil {
			return err
		}
		if len(answers) != 1 || answers[0].Errno != "" {
			return fmt.Errorf("of the %d tasks that a lab needs, one more than %d is too many: %+v", model.MaxTasks, len(l.tasks), answers)
		}
	}
	if _, err := l.Observe(true); err != nil {
		return err
	}
	if _, err := l.Step(&Call{Actor: "init", Op: model.Op{Kind: model.Unshare, Flags: model.CloneNewPID}}); err != nil {
		return err
	}
	_, err := l.task("init").link("pid_for_children")
	if l.tellsUnborn = err == nil; err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return l.End()
}

// pidMaxIsOwn says whether a release is 6.14 or later. Before it a write of pid_max would change that of the machine, so it cannot be
// tried.
func pidMaxIsOwn(release string) bool {
	var major, minor int
	_, err := fmt.Sscanf(release, "%d.%d", &major, &minor)
	return err == nil && (major > 6 || major == 6 && minor >= 14)
}

func (l *Lab) start() (err error) {
	if err := cmp.Or(checkFiles(), checkNamespaces()); err != nil {
		return err
	}
	if !l.UserNS && !isMapped(l.otherUID) {
		return fmt.Errorf("the user %d, which a trace would take, is not mapped here", l.otherUID)
	}
	if l.slots, err = newSlots(); err != nil {
		return err
	}
	if l.program, err = newProgram(); err != nil {
		return err
	}
	l.cmd = l.zygoteCommand()
	if err := l.startZygote(); err != nil {
		return err
	}
	return l.prepareZygote()
}

// Close ends the lab: with its zygote everybody in it dies.
func (l *Lab) Close() error {
	l.unpin()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if l.cmd != nil && l.cmd.Process != nil {
		err = l.killZygote()
		close(l.over)
	}
	for _, t := range l.tasks {
		t.close()
	}
	if l.zygote != nil {
		l.zygote.close()
	}
	if l.program != nil {
		_ = l.program.file.Close()
	}
	if l.slots != nil {
		l.slots.close()
	}
	return err
}

// killZygote waits until the zygote is dead, and with it all tasks, but not for ever.
func (l *Lab) killZygote() error {
	_ = l.cmd.Process.Kill()
	dead := make(chan error, 1)
	go func() { dead <- l.cmd.Wait() }()
	select {
	case err := <-dead:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil
		}
		return err
	case <-time.After(closeTime):
		return fmt.Errorf("task %d, killed, has not died within %v", l.cmd.Process.Pid, closeTime)
	}
}

// closeTime bounds the wait for the end of a lab.
const closeTime = 10 * time.Second

// Kernel is the release of the running kernel: "6.18.44".
func Kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// task finds a task by name; nil if it is not born or gone.
func (l *Lab) task(name string) *Task {
	for _, t := range slices.Backward(l.tasks) {
		if t.Name == name && t.class != gone {
			return t
		}
	}
	return nil
}

// End kills the trace and waits until nothing is left of it: the wait of the zygote for the first task returns when the pid
// namespace is empty.
func (l *Lab) End() error {
	if len(l.tasks) == 0 {
		return l.fault
	}
	_ = unix.Kill(l.tasks[0].tid, unix.SIGKILL)
	pid, err := l.do(l.zygote, sys(sysWait4, signed(-1), 0, unix.WALL, 0))
	if err == nil && pid <= 0 {
		err = fmt.Errorf("the first task of the trace cannot be reaped: %w", unix.Errno(-pid))
	}
	for _, t := range l.tasks {
		t.close()
	}
	l.tasks, l.mover = l.tasks[:0], nil
	l.slots.used, l.counted = [slotCount]bool{}, false
	l.unpin()
	return l.fail(err)
}

// fail remembers the first error: after one the lab is not to be used.
func (l *Lab) fail(err error) error {
	if l.fault == nil {
		l.fault = err
	}
	return err
}

// CanAct says whether a task waits for a command.
func (l *Lab) CanAct(name string) bool {
	t := l.task(name)
	return t != nil && t.class == parked
}
