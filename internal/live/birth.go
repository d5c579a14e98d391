//go:build linux && amd64

package live

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// unborn is a task to be, with a slot; nil if there is none left.
func (l *Lab) unborn(name string) *Task {
	n := l.slots.take()
	if n == 0 {
		return nil
	}
	return &Task{Name: name, slot: n}
}

// adopt makes a task of the trace of one that has said who it is.
func (l *Lab) adopt(t, parent *Task) (err error) {
	if t.tid, err = l.owner(); err != nil {
		return err
	}
	if err := t.open(); err != nil {
		return err
	}
	st, err := t.readStatus()
	if err != nil {
		return err
	}
	if len(st.nsPid) <= l.base {
		return fmt.Errorf("task %d is %v, outside of the lab", t.tid, st.nsPid)
	}
	t.pids, t.tgid = st.nsPid[l.base:], st.nsTgid[l.base]
	inode, err := t.link("pid")
	if err != nil {
		return err
	}
	t.ns = l.space(inode, parent)
	if t.Name == "" {
		t.Name = "#" + strconv.Itoa(t.pids[0])
	}
	t.class, t.fresh, t.moved = moving, true, true
	l.tasks = append(l.tasks, t)
	return nil
}

// owner is who owns the shared file: the last that was born, as the controller numbers it. From then on nobody does: the file would
// keep the struct pid, and with it the pid namespace and its place among those that a user may have.
func (l *Lab) owner() (int, error) {
	o, errno := ownEx(l.slots.file, getOwnEx, 0)
	if errno == 0 {
		_, errno = ownEx(l.slots.file, setOwnEx, 0)
	}
	if errno != 0 || o <= 0 {
		return 0, fmt.Errorf("the owner of the shared file, %d: %w", o, errno)
	}
	return o, nil
}

// The commands of fcntl(2) about a file's owner.
const (
	setOwnEx = 15
	getOwnEx = 16
)

// ownEx sets the owner of a file, a thread or nobody, or asks for it.
func ownEx(f *os.File, command uintptr, tid int) (int, unix.Errno) {
	owner := [2]int32{0, int32(tid)} // F_OWNER_TID
	_, _, errno := unix.RawSyscall(unix.SYS_FCNTL, f.Fd(), command, uintptr(unsafe.Pointer(&owner)))
	return int(owner[1]), errno
}

// space is the pid namespace of a new task: that of others in it, or a new one below that of the caller of clone. An inode means
// the same as long as somebody holds on to it.
func (l *Lab) space(inode string, parent *Task) *pidNS {
	for _, t := range l.tasks {
		if t.class != gone && t.ns.inode == inode {
			return t.ns
		}
	}
	ns := &pidNS{inode: inode}
	if len(l.tasks) > 0 {
		ns.parent, ns.level = parent.ns, parent.ns.level+1
	}
	return ns
}

// lacks are the namespaces that a task cannot have: the kernel has no link for them.
func (t *Task) lacks() (set model.Flags) {
	for _, link := range spaceLinks {
		if _, err := t.link(link.kind); errors.Is(err, unix.ENOENT) {
			set |= link.flag
		}
	}
	return set
}

// link reads a link of /proc/TID/ns.
func (t *Task) link(kind string) (string, error) {
	var buf [64]byte
	n, err := unix.Readlinkat(t.dir, "ns/"+kind, buf[:])
	if err != nil {
		return "", fmt.Errorf("/proc/%d/ns/%s: %w", t.tid, kind, err)
	}
	return string(buf[:n]), nil
}
