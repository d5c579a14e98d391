//go:build linux && amd64

package live

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// Task is one thread of a trace.
type Task struct {
	Name string

	slot int
	tid  int   // its number in the pid namespace of the controller
	tgid int   // its leader's number in the trace's own pid namespace
	pids []int // its numbers from the trace's own pid namespace on
	ns   *pidNS

	dir, syscall, stat, status int // its files below /proc; they never mean another task

	call       model.Kind // the call that it is in; NoOp for none
	child      *Task      // whom its clone makes
	answer     *int64     // of a call that was several calls of Linux
	class      class
	last       stat // what the last look at it saw
	seen       traits
	leadsGroup bool // a process group has its number
	fresh      bool // objects are to be read anew
	moved      bool // namespaces are, and what the task itself has to say
	objects    [nKinds]*object
}

// pidNS is a pid namespace of the trace.
type pidNS struct {
	inode  string
	parent *pidNS
	level  int // 0 is that of the trace
}

// isIn says whether a task in pid namespace ns has a number in another one.
func (ns *pidNS) isIn(other *pidNS) bool {
	for n := ns; n != nil; n = n.parent {
		if n == other {
			return true
		}
	}
	return false
}

// number is a task's number as another task knows it; 0 if it cannot see it.
func (t *Task) number(by *Task) int {
	if !t.ns.isIn(by.ns) {
		return 0
	}
	return t.pids[by.ns.level]
}

// filesOfTask is how many open makes.
const filesOfTask = 4

// open opens the task's files.
func (t *Task) open() (err error) {
	t.dir, err = unix.Open("/proc/"+strconv.Itoa(t.tid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/proc/%d: %w%s", t.tid, err, whyNotOpen(err))
	}
	for _, f := range []struct {
		fd   *int
		name string
	}{{&t.syscall, "syscall"}, {&t.stat, "stat"}, {&t.status, "status"}} {
		*f.fd, err = unix.Openat(t.dir, f.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil && f.name != "syscall" {
			return fmt.Errorf("/proc/%d/%s: %w%s", t.tid, f.name, err, whyNotOpen(err))
		}
	}
	return nil
}

func (t *Task) close() {
	for _, fd := range []*int{&t.dir, &t.syscall, &t.stat, &t.status} {
		if *fd > 0 {
			_ = unix.Close(*fd)
			*fd = 0
		}
	}
}

// read reads a file of /proc that is open. It takes no time in which the processor could be left to others.
func read(fd int, buf []byte) []byte {
	n, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
	if errno != 0 {
		return nil
	}
	return buf[:n]
}

// stat is what the controller reads of /proc/TID/stat.
type stat struct {
	state      byte // 0: the task is gone
	flags      uint64
	ppid       int
	exitSignal int
	exitCode   int
}

// readStat reads it. What comes before the last parenthesis may be anything.
func (t *Task) readStat() (s stat) {
	var buf [512]byte
	text := read(t.stat, buf[:])
	i := bytes.LastIndexByte(text, ')')
	if i < 0 || len(text) < i+3 {
		return stat{}
	}
	s.state = text[i+2]
	field := 3
	for word := range bytes.FieldsSeq(text[i+2:]) {
		switch field {
		case 4:
			s.ppid, _ = strconv.Atoi(string(word))
		case 9:
			s.flags, _ = strconv.ParseUint(string(word), 10, 64)
		case 38:
			s.exitSignal, _ = strconv.Atoi(string(word))
		case 52:
			s.exitCode, _ = strconv.Atoi(string(word))
		}
		field++
	}
	return s
}

// errTraced says that what a task does is not what the kernel does by itself.
var errTraced = errors.New("the tasks of the lab are traced")

// status is what the controller reads of /proc/TID/status.
type status struct {
	ppid, uid, threads                        int
	nsPid, nsTgid, nsPgid, nsSid              []int
	pending, shared, blocked, ignored, caught uint64
	capEff                                    uint64
	tracer                                    int
}

func (t *Task) readStatus() (s status, err error) {
	var buf [4096]byte
	text := read(t.status, buf[:])
	if text == nil {
		return s, fmt.Errorf("/proc/%d/status: cannot be read", t.tid)
	}
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		key, value, _ := bytes.Cut(line, []byte(":\t"))
		switch string(key) {
		case "PPid":
			s.ppid = number(value)
		case "Uid":
			first, _, _ := bytes.Cut(value, []byte("\t"))
			s.uid = number(first)
		case "Threads":
			s.threads = number(value)
		case "NSpid":
			s.nsPid = numbers(value)
		case "NStgid":
			s.nsTgid = numbers(value)
		case "NSpgid":
			s.nsPgid = numbers(value)
		case "NSsid":
			s.nsSid = numbers(value)
		case "SigPnd":
			s.pending = mask(value)
		case "ShdPnd":
			s.shared = mask(value)
		case "SigBlk":
			s.blocked = mask(value)
		case "SigIgn":
			s.ignored = mask(value)
		case "SigCgt":
			s.caught = mask(value)
		case "CapEff":
			s.capEff = mask(value)
		case "TracerPid":
			s.tracer = number(value)
		}
	}
	if s.tracer != 0 {
		return s, fmt.Errorf("%w by process %d, which changes what stops, waits and signals do; run it without strace -f and the like", errTraced, s.tracer)
	}
	return s, nil
}

func number(b []byte) int {
	n, _ := strconv.Atoi(string(b))
	return n
}

func numbers(b []byte) (list []int) {
	for w := range bytes.FieldsSeq(b) {
		list = append(list, number(w))
	}
	return list
}

func mask(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b), 16, 64)
	return n
}

// nproc is RLIMIT_NPROC. Of another user's task prlimit tells it only to CAP_SYS_RESOURCE.
func (t *Task) nproc() (r unix.Rlimit, err error) {
	if unix.Prlimit(t.tid, unix.RLIMIT_NPROC, nil, &r) == nil {
		return r, nil
	}
	return t.readLimits()
}

// readLimits reads RLIMIT_NPROC of /proc/TID/limits.
func (t *Task) readLimits() (r unix.Rlimit, err error) {
	fd, err := unix.Openat(t.dir, "limits", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return r, fmt.Errorf("/proc/%d/limits: %w", t.tid, err)
	}
	defer unix.Close(fd)
	var buf [4096]byte
	_, text, _ := bytes.Cut(read(fd, buf[:]), []byte("Max processes"))
	words := bytes.Fields(text)
	if len(words) < 2 {
		return r, fmt.Errorf("/proc/%d/limits: no line for processes", t.tid)
	}
	return unix.Rlimit{Cur: limitWord(words[0]), Max: limitWord(words[1])}, nil
}

func limitWord(b []byte) uint64 {
	if n, err := strconv.ParseUint(string(b), 10, 64); err == nil {
		return n
	}
	return unix.RLIM_INFINITY
}
