package model

// Kind is what a task does in one step.
type Kind uint8

// The operations.
const (
	NoOp  Kind = iota
	Clone      // also fork (no flags) and vfork (VM|VFORK)
	Unshare
	Exit
	ExitGroup
	Wait4
	Kill
	Tkill
	Tgkill
	Sigaction
	Sigprocmask
	Setrlimit
	MapIDs
	Sysctl
	Resume
	Die // a fatal signal takes effect; never asked for by an Op
	NKinds
)

// Mode says how the numbers of an Op are meant.
type Mode uint8

// The modes. Negative goes with a target; the others with sigprocmask and sigaction.
const (
	Plain    Mode = iota
	Negative      // kill, wait4: minus the target's number, that is its group
	SigBlock      // sigprocmask(SIG_BLOCK)
	SigUnblock
	SigSetmask
	SigDfl // sigaction(SIG_DFL)
	SigIgn
	SigHandler
)

// Fault makes one row of a call fail instead of doing its work. Row 0 is none; otherwise it is the row's index plus one.
type Fault struct {
	Row   uint16
	Errno Errno
}

// Op is one operation: a small comparable value. Which fields count depends on Kind:
//
//	Clone        Flags, Sig (exit signal)          Unshare     Flags
//	Exit(Group)  Arg (code)                        Wait4       Target/Arg, Mode, Flags (options)
//	Kill, Tkill  Target/Arg, Mode, Sig             Tgkill      Target/Arg, Arg2 (tgid; Target2's if set), Sig
//	Sigaction    Sig, Mode, Flags                  Sigprocmask Mode, Set
//	Setrlimit    Arg (soft), Arg2 (hard)           Sysctl      Arg (value), Arg2 (knob)
//
// A Target stands for its pid number as the actor sees it; with no Target the number is Arg.
//
// Choice is any op's: in which order the tasks that it sets going have their turns, see settle.go. It is no part of a State: the
// op of a Flight has none.
type Op struct {
	Choice  uint64 `key:"-"` // 0 in a State
	Set     SigSet
	Flags   Flags
	Arg     int32
	Arg2    int32
	Fault   Fault
	Pause   uint16 // index plus one of the row before which the call stops; 0 is none
	Kind    Kind
	Actor   TaskID
	Target  TaskID
	Target2 TaskID
	Mode    Mode
	Sig     Signal
}

// Took is the set of things that a half-built child holds, a bit for each class and the extra ones below.
type Took uint32

// What a call in flight holds besides objects of a class (bit 1<<class).
const (
	TookTask    Took = 1 << (iota + Took(InTask)) // task_struct and stack
	TookCharge                                    // user.processes
	TookModule                                    // exec domain
	TookRwsem                                     // group_rwsem, read
	TookSignal                                    // a signal_struct of its own
	TookPid                                       // struct pid and numbers
	TookPidNS                                     // the reference that a struct pid has on its namespace
	TookPidfd                                     // the reference that a pidfd has on the struct pid
	TookDelayed                                   // a place on signal->multiprocess
	TookCore                                      // die: the core_state of a core dump that it writes
)

// TaskSet is a set of tasks, a bit each.
type TaskSet uint32

// Flight is a call that has begun and not returned: paused, asleep, or running inside Step.
type Flight struct {
	Op        Op
	Delayed   SigSet // clone of v6.x: signals to many processes that came meanwhile, for the child
	Flags     Flags  // Op.Flags with what unshare adds
	Took      Took
	Ret       int32   `key:"number"`
	Nr        int32   `key:"number"` // kill, wait4: the number that the call was given, which Op and Pid tell as well
	Dead      TaskSet `set:"task"`   // exit: the children to release
	Err       Errno
	Code      uint16  // exit: the code; wait4: the status found
	Inside    uint16  `key:"number"` // clone: the child's number inside
	PC        uint16  // the next row
	Child     TaskID  // the task that clone builds
	Who       TaskID  // clone, wait4: the task to report
	Reaper    TaskID  // exit: the new parent of the children
	Victim    TaskID  // the task that release_task works on
	ZapLeader TaskID  // the leader that release_task goes on with
	Pid       PidID   // clone: the child's new pid; wait4: the pid it waits for, counted
	Type      PidType // wait4: which list of Pid; NPidtypes is any child
	Nsproxy   Ref     `ref:"nsproxy"` // a new nsproxy, not yet installed
	Cred      Ref     `ref:"cred"`    // a new cred, not yet installed
	Files     Ref     `ref:"files"`   // unshare: a new file table, not yet installed
	FS        Ref     `ref:"fs"`      // unshare: a new fs_struct, not yet installed
	On        bool
	Paused    bool
	Asleep    bool
	Signalled bool // a signal has ended the sleep: the call is ERESTARTSYS
	Restart   bool // a handler has asked for it to be restarted
	Woken     bool // the sleeper was woken and has not looked yet
	GroupDead bool // exit: the last thread of its group
	FaultHit  bool
	Zap       bool // exit: the init of a pid namespace clears it
}
