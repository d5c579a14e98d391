//go:build linux && amd64

#include "textflag.h"

// The code that tasks of a trace run. It is never called: its bytes, up to the marks, become a static executable (elf.go).
// It has no data, no stack of its own and one register that matters: R12 is the slot of the task, which a system call keeps.
// The offsets are those of slot in slots.go, the addresses those of slots.go.

#define SLOTS 0x10000000
#define SLOTSIZE 0x10000
#define SLOTSMEM 0x300000

#define CMD 0
#define DONE 4
#define PHASE 8
#define HANDLED 12
#define TID 16
#define OWNER 24
#define CHILD 32
#define ANSWER 40
#define NR 48
#define ARGS 56

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
	MOVL $SLOTS, DI // mmap
	MOVL $SLOTSMEM, SI
	MOVL $3, DX
	MOVL $0x11, R10
	MOVL $3, R8
	XORL R9, R9
	MOVL $9, AX
	SYSCALL
	MOVL $(SLOTS+SLOTSIZE), R12 // slot 1
	LEAQ SLOTSIZE(R12), SP

	// A new task says who it is: its number in its own pid namespace, and as owner of the shared file, which the reader of
	// the file sees in a pid namespace of its own.
birth:
	MOVL $186, AX // gettid
	SYSCALL
	MOVL AX, TID(R12)
	MOVL $0, OWNER(R12)
	MOVL AX, (OWNER+4)(R12)
	MOVL $3, DI
	MOVL $15, SI // F_SETOWN_EX
	LEAQ OWNER(R12), DX
	MOVL $72, AX // fcntl
	SYSCALL

answer:
	MOVL $1, PHASE(R12)
	MOVL $1, DONE(R12)

park:
	CMPL CMD(R12), $0
	JNE  act
	MOVQ R12, DI // futex: CMD is at 0
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	MOVL $202, AX
	SYSCALL
	JMP  park

act:
	MOVL $2, PHASE(R12)
	MOVL $0, CMD(R12)
	MOVQ NR(R12), AX
	MOVQ (ARGS+0)(R12), DI
	MOVQ (ARGS+8)(R12), SI
	MOVQ (ARGS+16)(R12), DX
	MOVQ (ARGS+24)(R12), R10
	MOVQ (ARGS+32)(R12), R8
	MOVQ (ARGS+40)(R12), R9
	SYSCALL
	TESTQ AX, AX
	JNE  store
	MOVQ CHILD(R12), BX
	TESTQ BX, BX
	JE   store
	MOVQ BX, R12 // the child of a clone
	JMP  birth

store:
	MOVQ AX, ANSWER(R12)
	JMP  answer

	// A signal handler: it counts, in the slot whose stack it runs on.
	MOVQ $0x31d1f40c6b7a9e02, AX
	MOVQ SP, AX
	ANDQ $-SLOTSIZE, AX
	LOCK
	INCL HANDLED(AX)
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
