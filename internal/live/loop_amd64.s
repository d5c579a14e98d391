//go:build linux && amd64

#include "go_asm.h"
#include "textflag.h"

// The code that tasks of a trace run. It is never called: its bytes, up to the marks, become a static executable (elf.go).
// It has no data, no stack of its own and one register that matters: R12 is the slot of the task, which a system call keeps.
// The offsets are those of slot in slots.go, which the compiler writes down in go_asm.h, and so are the addresses.

TEXT ·loop(SB), NOSPLIT|NOFRAME, $0
	// The executable begins here. It acts only as the first task of a pid namespace.
	MOVL $39, AX // getpid
	SYSCALL
	CMPQ AX, $1
	JE   mapped
	MOVL $1, DI
	MOVL $231, AX // exit_group
	SYSCALL

mapped:
	MOVL $const_slotsAddr, DI // mmap
	MOVL $const_slotsMem, SI
	MOVL $3, DX
	MOVL $0x11, R10
	MOVL $3, R8
	XORL R9, R9
	MOVL $9, AX
	SYSCALL
	MOVL $(const_slotsAddr+const_slotSize), R12 // slot 1
	LEAQ const_slotSize(R12), SP

	// A new task says who it is: its number in its own pid namespace, and as owner of the shared file, which the reader of
	// the file sees in a pid namespace of its own.
birth:
	MOVL $186, AX // gettid
	SYSCALL
	MOVL AX, slot_tid(R12)
	MOVL $0, slot_owner(R12)
	MOVL AX, (slot_owner+4)(R12)
	MOVL $3, DI
	MOVL $15, SI // F_SETOWN_EX
	LEAQ slot_owner(R12), DX
	MOVL $72, AX // fcntl
	SYSCALL

answer:
	MOVL $1, slot_phase(R12)
	MOVL $1, slot_done(R12)

park:
	CMPL slot_cmd(R12), $0
	JNE  act
	MOVQ R12, DI // futex: cmd is at 0
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	MOVL $202, AX
	SYSCALL
	JMP  park

act:
	MOVL $2, slot_phase(R12)
	MOVL $0, slot_cmd(R12)
	MOVQ slot_nr(R12), AX
	MOVQ (slot_args+0)(R12), DI
	MOVQ (slot_args+8)(R12), SI
	MOVQ (slot_args+16)(R12), DX
	MOVQ (slot_args+24)(R12), R10
	MOVQ (slot_args+32)(R12), R8
	MOVQ (slot_args+40)(R12), R9
	SYSCALL
	TESTQ AX, AX
	JNE  store
	MOVQ slot_child(R12), BX
	TESTQ BX, BX
	JE   store
	MOVQ BX, R12 // the child of a clone
	JMP  birth

store:
	MOVQ AX, slot_ret(R12)
	JMP  answer

	// A signal handler: it counts, in the slot whose stack it runs on.
	MOVQ $0x31d1f40c6b7a9e02, AX
	MOVQ SP, AX
	ANDQ $-const_slotSize, AX
	LOCK
	INCL slot_handled(AX)
	RET

	// Its return: sa_restorer.
	MOVQ $0x31d1f40c6b7a9e03, AX
	MOVL $15, AX // rt_sigreturn
	SYSCALL

	MOVQ $0x31d1f40c6b7a9e04, AX
	RET

// func loopAddr() unsafe.Pointer
TEXT ·loopAddr(SB), NOSPLIT, $0-8
	LEAQ ·loop(SB), AX
	MOVQ AX, ret+0(FP)
	RET
