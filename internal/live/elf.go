//go:build linux && amd64

package live

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Marks in the code of loop: what follows them is the signal handler, its return, and the end. They are unreachable there.
const (
	markHandler  = 0x31d1f40c6b7a9e02
	markRestorer = 0x31d1f40c6b7a9e03
	markEnd      = 0x31d1f40c6b7a9e04
)

// Where the executable is loaded.
const (
	loadAddr   = 0x400000
	headerSize = 64 + 2*56 // the ELF header, two program headers
	maxCode    = 1024
)

// program is the executable that tasks run, and the addresses of what is in it.
type program struct {
	file     *os.File
	handler  uint64
	restorer uint64
}

// newProgram makes an executable in memory of the code of loop. It has no name in any file system.
func newProgram() (*program, error) {
	code := unsafe.Slice((*byte)(loopAddr()), maxCode)
	end, err := after(code, markEnd)
	if err != nil {
		return nil, err
	}
	code = code[:end]
	handler, err1 := after(code, markHandler)
	restorer, err2 := after(code, markRestorer)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	f, err := memfd(elf(code))
	if err != nil {
		return nil, err
	}
	return &program{f, loadAddr + headerSize + uint64(handler), loadAddr + headerSize + uint64(restorer)}, nil
}

// after is the offset behind a mark.
func after(code []byte, mark uint64) (int, error) {
	i := bytes.Index(code, binary.LittleEndian.AppendUint64(nil, mark))
	if i < 0 {
		return 0, fmt.Errorf("the code of the task loop has no mark %x", mark)
	}
	return i + 8, nil
}

// elf wraps code into a static executable: the headers and the code in one segment, no stack that could be executed.
func elf(code []byte) []byte {
	le := binary.LittleEndian
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	b = le.AppendUint16(b, 2)          // ET_EXEC
	b = le.AppendUint16(b, elfMachine) //
	b = le.AppendUint32(b, 1)          // version
	b = le.AppendUint64(b, loadAddr+headerSize)
	b = le.AppendUint64(b, 64) // program headers follow
	b = le.AppendUint64(b, 0)  // no sections
	b = le.AppendUint32(b, 0)  // flags
	for _, n := range []uint16{64, 56, 2, 0, 0, 0} {
		b = le.AppendUint16(b, n)
	}
	size := uint64(headerSize + len(code))
	b = segment(b, 1, 5, loadAddr, size) // PT_LOAD, read and execute
	b = segment(b, 0x6474e551, 6, 0, 0)  // PT_GNU_STACK, read and write
	return append(b, code...)
}

func segment(b []byte, typ, flags uint32, at, size uint64) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, typ)
	b = le.AppendUint32(b, flags)
	for _, n := range []uint64{0, at, at, size, size, 4096} {
		b = le.AppendUint64(b, n)
	}
	return b
}

// memfd is a file in memory that can be executed: it is not open for writing.
func memfd(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("task", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before v6.3
		fd, err = unix.MemfdCreate("task", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	w := os.NewFile(uintptr(fd), "task")
	defer w.Close()
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
}
