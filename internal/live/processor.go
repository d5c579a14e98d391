//go:build linux && amd64

package live

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// One processor is enough for a trace: of its tasks and the controller only one has anything to do at a time, and where the
// controller runs, nobody else does, so that what a task does at its very end, out of sight, is done. It is faster as well.

// pin keeps the calling goroutine, and with the zygote all tasks to come, on one processor, until it is undone.
func (l *Lab) pin() {
	var one unix.CPUSet
	if l.pinned || l.processor < 0 || unix.SchedGetaffinity(0, &l.allowed) != nil {
		return
	}
	runtime.LockOSThread()
	one.Set(l.processor)
	l.pinned = true
	l.prefer()
	_ = unix.SchedSetaffinity(l.zygote.tid, &one)
	_ = unix.SchedSetaffinity(0, &one)
}

func (l *Lab) unpin() {
	if l.pinned {
		l.pinned = false
		_ = unix.SchedSetaffinity(0, &l.allowed)
		runtime.UnlockOSThread()
	}
}

// someProcessor is one that the caller may use, another for each lab of a process; -1 if that cannot be known.
func someProcessor(nth int) int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() == 0 {
		return -1
	}
	nth %= set.Count()
	for cpu := 0; ; cpu++ {
		if set.IsSet(cpu) {
			if nth == 0 {
				return cpu
			}
			nth--
		}
	}
}

// prefer gives the tasks of traces precedence over the controller, and over others on the machine: it runs again when none of them
// has anything to do. Without the right to do so it has to look more often.
func (l *Lab) prefer() {
	const fifo = 1 // SCHED_FIFO
	priority := int32(1)
	_, _, _ = unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(l.zygote.tid), fifo, uintptr(unsafe.Pointer(&priority)))
}
