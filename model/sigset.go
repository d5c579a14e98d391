package model

import (
	"math/bits"
	"strconv"
	"strings"
)

// Signal is a signal number of Linux x86-64; 0 is none. An exit signal may be any byte (clone does not check it).
type Signal uint8

// The signals that the kernel treats in a special way, and a few ordinary ones.
const (
	SIGHUP  Signal = 1
	SIGINT  Signal = 2
	SIGQUIT Signal = 3
	SIGKILL Signal = 9
	SIGUSR1 Signal = 10
	SIGUSR2 Signal = 12
	SIGTERM Signal = 15
	SIGCHLD Signal = 17
	SIGCONT Signal = 18
	SIGSTOP Signal = 19
	SIGTSTP Signal = 20
	SIGTTIN Signal = 21
	SIGTTOU Signal = 22
	NSIG    Signal = 64 // the highest signal number (_NSIG)
)

// signalNames are the names without SIG, indexed by number; the real-time ones have numbers only.
var signalNames = [...]string{1: "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
	"STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"}

// String gives the name without SIG ("CHLD"), or the number where there is no name.
func (sig Signal) String() string {
	if int(sig) < len(signalNames) && sig != 0 {
		return signalNames[sig]
	}
	return strconv.Itoa(int(sig))
}

// ParseSignal reads a name with or without SIG.
func ParseSignal(name string) (Signal, bool) {
	name = strings.TrimPrefix(name, "SIG")
	for n, known := range signalNames {
		if n > 0 && known == name {
			return Signal(n), true
		}
	}
	return 0, false
}

// SignalNames lists the known names, for messages.
func SignalNames() []string { return signalNames[1:] }

// SigSet is a set of signals, bit n-1 for signal n, as the kernel's sigset_t.
type SigSet uint64

// Bit is the set of this one signal; the empty set for 0 and for numbers above NSIG.
func (sig Signal) Bit() SigSet {
	if sig == 0 || sig > NSIG {
		return 0
	}
	return 1 << (sig - 1)
}

// Has says whether the signal is a member.
func (set SigSet) Has(sig Signal) bool { return set&sig.Bit() != 0 }

// First is the member with the lowest number, 0 if the set is empty.
func (set SigSet) First() Signal {
	if set == 0 {
		return 0
	}
	return Signal(bits.TrailingZeros64(uint64(set)) + 1)
}

// Names lists the members in order.
func (set SigSet) Names() []string {
	names := []string{}
	for ; set != 0; set &= set - 1 {
		names = append(names, set.First().String())
	}
	return names
}

// The classes of include/linux/signal.h and kernel/signal.c.
const (
	kernelOnly = 1<<(SIGKILL-1) | 1<<(SIGSTOP-1)                                                                                 // SIG_KERNEL_ONLY_MASK
	stopSet    = 1<<(SIGSTOP-1) | 1<<(SIGTSTP-1) | 1<<(SIGTTIN-1) | 1<<(SIGTTOU-1)                                               // SIG_KERNEL_STOP_MASK
	ignoreSet  = 1<<(SIGCONT-1) | 1<<(SIGCHLD-1) | 1<<(28-1) | 1<<(23-1)                                                         // SIG_KERNEL_IGNORE_MASK: WINCH, URG
	coreSet    = 1<<(3-1) | 1<<(4-1) | 1<<(5-1) | 1<<(6-1) | 1<<(8-1) | 1<<(11-1) | 1<<(7-1) | 1<<(31-1) | 1<<(24-1) | 1<<(25-1) // SIG_KERNEL_COREDUMP_MASK
)
