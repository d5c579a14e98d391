//go:build linux && amd64

package live

import (
	"runtime"

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

// prefer has the tasks of traces come before the controller, and before others on the machine, as far as a nice value does that. A
// real-time class would do more, but the kernel is not made for it: a dying init of one spins for ever in shrink_dcache_parent,
// waiting for somebody that it does not let run.
func (l *Lab) prefer() { _ = unix.Setpriority(unix.PRIO_PROCESS, l.zygote.tid, -20) }
