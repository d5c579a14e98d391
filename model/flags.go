package model

// Flags are the CLONE_* bits of clone(2) and unshare(2). The low byte, CSIGNAL,
// is the exit signal and is kept out of Flags (see Op.Sig).
type Flags uint32

// The clone flags, include/uapi/linux/sched.h.
const (
	CloneNewTime       Flags = 0x00000080 // unshare only: clone has its exit signal there
	CloneVM            Flags = 0x00000100
	CloneFS            Flags = 0x00000200
	CloneFiles         Flags = 0x00000400
	CloneSighand       Flags = 0x00000800
	ClonePidfd         Flags = 0x00001000
	ClonePtrace        Flags = 0x00002000
	CloneVfork         Flags = 0x00004000
	CloneParent        Flags = 0x00008000
	CloneThread        Flags = 0x00010000
	CloneNewNS         Flags = 0x00020000
	CloneSysvsem       Flags = 0x00040000
	CloneSettls        Flags = 0x00080000
	CloneParentSettid  Flags = 0x00100000
	CloneChildCleartid Flags = 0x00200000
	CloneDetached      Flags = 0x00400000
	CloneUntraced      Flags = 0x00800000
	CloneChildSettid   Flags = 0x01000000
	CloneNewCgroup     Flags = 0x02000000
	CloneNewUTS        Flags = 0x04000000
	CloneNewIPC        Flags = 0x08000000
	CloneNewUser       Flags = 0x10000000
	CloneNewPID        Flags = 0x20000000
	CloneNewNet        Flags = 0x40000000
	CloneIO            Flags = 0x80000000
)

// CSIGNAL is the part of the clone word that holds the exit signal.
const CSIGNAL = 0xff

// newNamespaces are the flags that make copy_namespaces build a new nsproxy.
const newNamespaces = CloneNewNS | CloneNewUTS | CloneNewIPC | CloneNewPID | CloneNewNet

// newNamespacesV6 are those of v6.x, which unshare passes with NEWTIME.
const newNamespacesV6 = newNamespaces | CloneNewCgroup | CloneNewTime

// needNsproxy marks a clone of v6.x that needs a new nsproxy without asking for a namespace. It is a bit of CSIGNAL, which
// is not among the flags of a call.
const needNsproxy Flags = 1

const anyNsproxy = newNamespacesV6 | needNsproxy

// WaitFlags are the options of wait4(2), carried in Op.Flags.
const (
	WNOHANG    Flags = 0x00000001
	WUNTRACED  Flags = 0x00000002
	WCONTINUED Flags = 0x00000008
	WNOTHREAD  Flags = 0x20000000
	WALL       Flags = 0x40000000
	WCLONE     Flags = 0x80000000
)

// SigactionFlags are the sa_flags of sigaction(2) that this model knows, carried in Op.Flags.
const (
	SANOCLDSTOP Flags = 0x00000001
	SANOCLDWAIT Flags = 0x00000002
	SARESTART   Flags = 0x10000000
)

// Word is one bit (or one value) that a trace can name.
type Word struct {
	Name string
	Bits uint32
}

// CloneWords, WaitWords and SigactionWords name the bits of Op.Flags, lowest bit first, as traces write them.
var (
	CloneWords = []Word{
		{"VM", uint32(CloneVM)}, {"FS", uint32(CloneFS)}, {"FILES", uint32(CloneFiles)}, {"SIGHAND", uint32(CloneSighand)},
		{"PIDFD", uint32(ClonePidfd)}, {"PTRACE", uint32(ClonePtrace)}, {"VFORK", uint32(CloneVfork)}, {"PARENT", uint32(CloneParent)}, {"THREAD", uint32(CloneThread)},
		{"NEWNS", uint32(CloneNewNS)}, {"SYSVSEM", uint32(CloneSysvsem)}, {"SETTLS", uint32(CloneSettls)},
		{"PARENT_SETTID", uint32(CloneParentSettid)}, {"CHILD_CLEARTID", uint32(CloneChildCleartid)},
		{"DETACHED", uint32(CloneDetached)}, {"UNTRACED", uint32(CloneUntraced)}, {"CHILD_SETTID", uint32(CloneChildSettid)},
		{"NEWCGROUP", uint32(CloneNewCgroup)}, {"NEWUTS", uint32(CloneNewUTS)}, {"NEWIPC", uint32(CloneNewIPC)}, {"NEWUSER", uint32(CloneNewUser)},
		{"NEWPID", uint32(CloneNewPID)}, {"NEWNET", uint32(CloneNewNet)}, {"IO", uint32(CloneIO)},
	}
	// UnshareWords are CloneWords and what only unshare takes.
	UnshareWords = append([]Word{{"NEWTIME", uint32(CloneNewTime)}}, CloneWords...)
	WaitWords    = []Word{
		{"WNOHANG", uint32(WNOHANG)}, {"WUNTRACED", uint32(WUNTRACED)}, {"WCONTINUED", uint32(WCONTINUED)},
		{"__WNOTHREAD", uint32(WNOTHREAD)}, {"__WALL", uint32(WALL)}, {"__WCLONE", uint32(WCLONE)},
	}
	SigactionWords = []Word{
		{"NOCLDSTOP", uint32(SANOCLDSTOP)}, {"NOCLDWAIT", uint32(SANOCLDWAIT)}, {"RESTART", uint32(SARESTART)},
	}
)

// Cap is one capability of capabilities(7); CapSet is a set of them.
type CapSet uint8

// The capabilities that fork, signals and namespaces ask for.
const (
	CapKill CapSet = 1 << iota
	CapSetuid
	CapSysChroot
	CapSysAdmin
	CapSysResource

	CapAll = CapSysResource<<1 - 1
)

// CapWords names the capabilities as boot options write them.
var CapWords = []Word{
	{"KILL", uint32(CapKill)}, {"SETUID", uint32(CapSetuid)}, {"SYS_CHROOT", uint32(CapSysChroot)},
	{"SYS_ADMIN", uint32(CapSysAdmin)}, {"SYS_RESOURCE", uint32(CapSysResource)},
}
