//go:build linux && amd64

package live

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// The kinds of objects that kcmp(2) tells apart.
const (
	kVM = iota
	kFiles
	kFS
	kSighand
	kIO
	kSysvSem
	nKinds
)

// kcmpTypes are the kinds as kcmp numbers them.
var kcmpTypes = [nKinds]int{kVM: 1, kFiles: 2, kFS: 3, kSighand: 4, kIO: 5, kSysvSem: 6}

// object is something that tasks share; nil is none. Its number is its name: no other had it in this trace.
type object struct{ number int }

// readShares finds out which objects fresh tasks have.
func (l *Lab) readShares(all bool) error {
	if l.Blind {
		return nil
	}
	var known []*Task
	for _, t := range l.tasks {
		if t.hasObjects() && !t.fresh && !all {
			known = append(known, t)
		}
	}
	for _, t := range l.tasks {
		if !t.hasObjects() || !t.fresh && !all {
			continue
		}
		for k := range nKinds {
			if err := l.identify(t, k, known); err != nil {
				return err
			}
		}
		t.fresh = false
		known = append(known, t)
	}
	return nil
}

// hasObjects says whether a task is alive: the dying have let go.
func (t *Task) hasObjects() bool { return t.class != gone && t.class != zombie && t.class != zapping }

// identify finds the task's object of one kind among those of other tasks. The zygote has neither an undo list nor an io
// context, so whoever has the same as it has none.
func (l *Lab) identify(t *Task, kind int, known []*Task) error {
	t.objects[kind] = nil
	if kind == kIO || kind == kSysvSem {
		if same, err := kcmp(t, l.zygote, kind); err != nil || same {
			return err
		}
	}
	var tried []*object
	for _, o := range known {
		if id := o.objects[kind]; id != nil && !slices.Contains(tried, id) {
			tried = append(tried, id)
			same, err := kcmp(t, o, kind)
			if err != nil {
				return err
			}
			if same {
				t.objects[kind] = id
				return nil
			}
		}
	}
	l.objects++
	t.objects[kind] = &object{l.objects}
	return nil
}

// kcmp says whether two tasks have the same object.
func kcmp(a, b *Task, kind int) (bool, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_KCMP, uintptr(a.tid), uintptr(b.tid), uintptr(kcmpTypes[kind]), 0, 0, 0)
	if errno != 0 {
		return false, fmt.Errorf("kcmp: %w", errno)
	}
	return r == 0, nil
}

// seesShares asks once whether kcmp is there.
func (l *Lab) seesShares() bool {
	_, err := kcmp(l.zygote, l.zygote, kVM)
	return err == nil
}

// shares are the objects of a task.
func (t *Task) shares() model.Shares {
	var name [nKinds]string
	for k, o := range t.objects {
		if o != nil {
			name[k] = strconv.Itoa(o.number)
		}
	}
	return model.Shares{VM: name[kVM], Files: name[kFiles], FS: name[kFS], Sighand: name[kSighand], IO: name[kIO], SysvSem: name[kSysvSem]}
}
