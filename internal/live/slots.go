//go:build linux && amd64

package live

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where tasks find their slots, and how large these are: the same addresses in all tasks, see loop_amd64.s.
const (
	slotsAddr = 0x10000000
	slotSize  = 0x10000 // what a task shares with the controller, and its stack below the end
	slotCount = 48
	slotsMem  = slotSize * slotCount

	zygoteSlot = 1
	dataAt     = 0x100
	dataSize   = 0xe00
)

// slot is how the controller talks to one task. A task that has nothing to do sleeps in a futex on cmd, the first word.
type slot struct {
	cmd     uint32 // 1: a call stands below
	done    uint32 // 1: the task is born, or ret is the answer of the last call
	phase   uint32 // 1 waits for a command, 2 is in a call
	handled uint32 // signals that handlers took
	tid     int32  // its number in its own pid namespace, written at birth
	_       uint32
	owner   [2]int32 // f_owner_ex
	child   uint64   // of a clone: the address of the child's slot, else 0
	ret     int64
	nr      uint64
	args    [6]uint64
}

// slots is the memory that all tasks of a lab share with the controller.
type slots struct {
	file *os.File
	mem  []byte
	used [slotCount]bool
}

func newSlots() (*slots, error) {
	fd, err := unix.MemfdCreate("slots", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	s := &slots{file: os.NewFile(uintptr(fd), "slots")}
	if err := s.file.Truncate(slotsMem); err != nil {
		s.close()
		return nil, err
	}
	s.mem, err = unix.Mmap(fd, 0, slotsMem, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return s, nil
}

func (s *slots) close() {
	if s.mem != nil {
		_ = unix.Munmap(s.mem)
	}
	_ = s.file.Close()
}

// at is a slot.
func (s *slots) at(n int) *slot { return (*slot)(unsafe.Pointer(&s.mem[n*slotSize])) }

// data is the part of a slot that calls read and write: structures, words, names of files.
func (s *slots) data(n int) []byte { return s.mem[n*slotSize+dataAt:][:dataSize] }

// addr is the address of a slot in its task.
func addr(n int) uint64 { return slotsAddr + uint64(n)*slotSize }

// dataAddr is the address of the slot's data, plus an offset.
func dataAddr(n, offset int) uint64 { return addr(n) + dataAt + uint64(offset) }

// take finds a free slot and clears it; 0 if there is none.
func (s *slots) take() int {
	for n := zygoteSlot + 1; n < slotCount; n++ {
		if !s.used[n] {
			s.used[n] = true
			*s.at(n) = slot{}
			return n
		}
	}
	return 0
}

// post gives a task a call to make.
func (s *slots) post(n int, call sysCall, child int) {
	p := s.at(n)
	p.nr, p.args, p.child = call.nr, call.args, 0
	if child != 0 {
		p.child = addr(child)
	}
	atomic.StoreUint32(&p.done, 0)
	atomic.StoreUint32(&p.cmd, 1)
	_, _, _ = unix.RawSyscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&p.cmd)), 1 /* FUTEX_WAKE */, 1)
}

func (s *slots) done(n int) bool    { return atomic.LoadUint32(&s.at(n).done) != 0 }
func (s *slots) pending(n int) bool { return atomic.LoadUint32(&s.at(n).cmd) != 0 }

// sysCall is a system call of a task.
type sysCall struct {
	nr   uint64
	args [6]uint64
}

func sys(nr uint64, args ...uint64) sysCall {
	c := sysCall{nr: nr}
	copy(c.args[:], args)
	return c
}
