package model

// The sizes of the arenas. Slot 0 of each is NULL. A full arena is a kmem_cache_alloc that returns NULL.
const (
	MaxTasks   = 24 // task_struct, signal_struct, calls in flight
	MaxPids    = 40 // struct pid; they outlive their tasks
	MaxLevels  = 8  // pid namespaces on one chain, the global one included
	MaxPidNS   = 9
	MaxUserNS  = 9
	MaxUsers   = 6
	MaxUcounts = 14
	Slots      = MaxTasks // objects of any other class
)

// Handles into the arenas; 0 is NULL in each.
type (
	TaskID    uint8
	SignalID  uint8
	PidID     uint8
	PidNSID   uint8
	UserNSID  uint8
	UserID    uint8
	UcountsID uint8
	Ref       uint8 // an object of the class it is filed under (Task.Ref, Nsproxy.NS, State.Count)
)

// Class is a sort of counted object. The first InTask of them are held through Task.Ref.
type Class uint8

// The classes, with the counter that the kernel keeps for them.
const (
	MM        Class = iota // mm_struct.mm_users
	Files                  // files_struct.count
	FS                     // fs_struct.users
	Sighand                // sighand_struct.count
	SysvSem                // sem_undo_list.refcnt
	IO                     // io_context.nr_tasks
	Seccomp                // seccomp_filter.usage
	Mempolicy              // mempolicy.refcnt
	Perf                   // perf_event_context, one holder
	Audit                  // audit_context, one holder
	Security               // v6.x: task_struct.security, one holder
	CSS                    // css_set.refcount
	Module                 // the exec domain's module
	Nsproxy                // nsproxy.count
	Cred                   // cred.usage, twice a task (real_cred and cred)
	InTask                 // how many classes a task points to through Task.Ref

	MntNS       Class = iota - 1 // mnt_namespace.count
	UTSNS                        // uts_namespace.kref
	IPCNS                        // ipc_namespace.count
	NetNS                        // net.count
	CgroupNS                     // cgroup_namespace.ns.count
	TimeNS                       // time_namespace.ns.count
	PidNSClass                   // pid_namespace.kref
	UserNSClass                  // user_namespace.count
	UserClass                    // user_struct.__count
	SignalClass                  // signal_struct.sigcnt
	TaskClass                    // task_struct.usage
	NClasses
)

// NNamespaces is how many kinds of namespace there are: the classes MntNS to UserNSClass.
const NNamespaces = int(UserNSClass-MntNS) + 1

var classNames = [NClasses]string{"mm", "files", "fs", "sighand", "sysvsem", "io", "seccomp", "mempolicy", "perf", "audit", "security", "css_set", "module", "nsproxy", "cred",
	"mnt_ns", "uts_ns", "ipc_ns", "net_ns", "cgroup_ns", "time_ns", "pid_ns", "user_ns", "user", "signal", "task"}

// String is the kernel's word for the class: "files", "pid_ns".
func (c Class) String() string { return classNames[c] }

// PidType is one of the three lists of a struct pid, include/linux/pid.h of v3.11.
type PidType uint8

// The pid types.
const (
	PidtypePID PidType = iota
	PidtypePGID
	PidtypeSID
	NPidtypes
)

// Stage is where a task_struct stands between dup_task_struct and its last put.
type Stage uint8

// The stages of a task slot.
const (
	Free     Stage = iota // the slot is empty
	Building              // between dup_task_struct and attach_pid: only its forker knows it
	Hashed                // attached to its pid; a zombie still is
	Released              // after release_task, until the last put
)

// ExitState is task_struct.exit_state.
type ExitState uint8

// The exit states.
const (
	Alive      ExitState = iota
	ExitZombie           // EXIT_ZOMBIE
	ExitDead             // EXIT_DEAD
)

// TaskFlags are the PF_* bits of task_struct.flags that mean something here.
type TaskFlags uint16

// The task flags.
const (
	PFExiting TaskFlags = 1 << iota
	PFSignaled
	PFForknoexec
	PFSuperpriv
	PFNprocExceeded
	DidExec         // task_struct.did_exec, a bit field of its own in the kernel
	Dead            // TASK_DEAD: do_exit has run to its end
	FinalPutPending // a put_task_struct waits for its grace period (call_rcu)
	NotWoken        // before wake_up_new_task: it does not run, and signals only queue
	SingleStep      // TIF_SINGLESTEP
	PFPostcoredump  // beyond the place in do_exit where a core dump gathers it; v3.11 asks for the memory, which goes there
)

// Jobctl are the bits of task_struct.jobctl, and the stopped state.
type Jobctl uint8

// The job control bits.
const (
	StopPending  Jobctl = 1 << iota // JOBCTL_STOP_PENDING
	StopConsume                     // JOBCTL_STOP_CONSUME
	StopDequeued                    // JOBCTL_STOP_DEQUEUED
	Stopped                         // state == TASK_STOPPED
)

// Task is task_struct: one thread. Most fields carry the kernel's name.
type Task struct {
	Pending, Blocked SigSet // private pending signals; the signal mask

	Nr         uint16 `key:"-"` // task.pid: the number in the global pid namespace, which its struct pid has
	Tgid       uint16 `key:"-"` // task.tgid: the leader's Nr
	ExitSignal int16  // sent to the parent at death; -1 for threads, 0 for none
	ExitCode   uint16 // in the form that wait4 reports: code<<8, or the signal
	Flags      TaskFlags

	Ref  [InTask]Ref      `ref:"mm"` // what clone shares, copies or renews, by class
	Pids [NPidtypes]PidID // task.pids[type].pid; linked only where Attached says so

	Leader     TaskID // group_leader
	RealParent TaskID // 0 is the idle task, the parent of init
	Children   TaskID // first of the children list, oldest first
	Sibling    TaskID // next in the parent's children list
	Thread     TaskID // next in the ring of the thread group
	Next       TaskID // next in the list of processes (init_task.tasks)
	Signal     SignalID
	VforkDone  TaskID // the task that waits in vfork for this one

	Attached      uint8 // bit t: on the list tasks[t] of Pids[t]
	Stage         Stage
	ExitState     ExitState
	Jobctl        Jobctl
	Pdeath        Signal // pdeath_signal
	SelfExecID    uint8
	ParentExecID  uint8
	SigPending    bool // TIF_SIGPENDING
	Altstack      bool // sas_ss_size != 0
	RobustList    bool
	SetChildTid   bool
	ClearChildTid bool
}

// SignalFlags are the SIGNAL_* bits of signal_struct.flags.
type SignalFlags uint8

// The signal flags.
const (
	SignalStopStopped SignalFlags = 1 << iota
	SignalStopContinued
	SignalGroupExit
	SignalCldStopped
	SignalCldContinued
	SignalUnkillable
	SignalGroupCoredump // v6.x: there is a core_state

	signalCldMask = SignalCldStopped | SignalCldContinued
)

// RlimInfinity is RLIM_INFINITY for RLIMIT_NPROC.
const RlimInfinity int16 = 32767

// SignalStruct is signal_struct: what the threads of a group share.
type SignalStruct struct {
	Shared            SigSet // shared_pending
	NprocCur          int16  // rlim[RLIMIT_NPROC].rlim_cur
	NprocMax          int16
	GroupExitCode     uint16
	NrThreads         int8 `key:"-"` // hashed threads: a count of them
	Live              int8 // threads that have not passed the decrement in do_exit
	Flags             SignalFlags
	StopCount         int8 // group_stop_count
	LeaderPid         PidID
	CurrTarget        TaskID
	Readers           int8 // group_rwsem: threads being created
	IsChildSubreaper  bool
	HasChildSubreaper bool
	QuickThreads      int8 // v6.x: threads that have not begun do_exit
}

// SighandStruct is sighand_struct: each set holds the signals whose action has that property.
type SighandStruct struct {
	Ignore    SigSet // sa_handler == SIG_IGN
	Handler   SigSet // sa_handler is a function
	Restart   SigSet // SA_RESTART
	NoCldStop SigSet // SA_NOCLDSTOP
	NoCldWait SigSet // SA_NOCLDWAIT
}

// FileTables is a set of files_structs, a bit each.
type FileTables uint32

// Pid is struct pid: a number at each level from the global namespace down to its own.
type Pid struct {
	Nr     [MaxLevels]uint16  `key:"number"` // numbers[i].nr; 0 where none is taken
	NS     [MaxLevels]PidNSID // numbers[i].ns
	Pidfds FileTables         `set:"files"` // where its pidfd is open: the file holds a reference
	Count  int8               // references; the hash holds one
	Level  uint8              // the deepest level
	Hashed bool               // in the pid hash: alloc_pid to free_pid
	RCU    bool               // delayed_put_pid waits for its grace period
}

// PidNamespace is struct pid_namespace.
type PidNamespace struct {
	LastPid  uint16 `key:"cursor"`
	PidMax   uint16 // numbers are below it; v3.11 has one for all, in the global namespace
	Hashed   int8   `key:"-"` // nr_hashed: a count of struct pids, without the PIDNS_HASH_ADDING bit
	Level    uint8
	Parent   PidNSID
	UserNS   UserNSID
	Reaper   TaskID // child_reaper
	Adding   bool   // PIDNS_HASH_ADDING
	Proc     bool   // the internal mount of proc, which holds a reference
	ProcWork bool   // proc_work is scheduled: the mount goes away
}

// UserNamespace is struct user_namespace.
type UserNamespace struct {
	Owner     uint16             // kuid of the creator
	NprocMax  int16              // v6.x: rlimit_max[UCOUNT_RLIMIT_NPROC], for those outside who are charged for it
	UcountMax [NNamespaces]uint8 // v6.x: ucount_max, how many namespaces of a kind one user may have
	Level     uint8
	Parent    UserNSID
	Mapped    bool // uid_map and gid_map are written
	Init      bool // init_user_ns
}

// User is user_struct of v3.11.
type User struct {
	UID       uint16
	Processes int16 `key:"-"` // a count of its tasks
}

// CredStruct is struct cred; real_cred and cred of a task are the same here.
type CredStruct struct {
	Caps    CapSet // effective, in UserNS
	User    UserID
	UserNS  UserNSID
	Ucounts UcountsID // v6.x: where the task is charged
}

// Ucounts is struct ucounts of v6.x: what one user is charged in one user namespace, for itself and for the namespaces
// below that it owns.
type Ucounts struct {
	UID        uint16
	Nproc      int16             `key:"-"` // rlimit[UCOUNT_RLIMIT_NPROC]: a count of tasks, here and below
	Namespaces [NNamespaces]int8 // ucount[], by class from MntNS on
	NS         UserNSID
	Count      int8 // references
}

// UcountUnlimited is a ucount_max that nobody reaches.
const UcountUnlimited uint8 = 255

// NsproxyStruct is struct nsproxy.
type NsproxyStruct struct {
	NS              [6]Ref `ref:"mnt_ns"` // mnt, uts, ipc, net, cgroup, time: classes MntNS..TimeNS; v3.11 has no cgroup and time namespaces
	ForChildren     PidNSID
	TimeForChildren Ref `ref:"time_ns"`
}

// State is the whole kernel as one comparable value: fixed arrays and handles, no pointers, no holes.
// Copy it with =, compare it with ==. The tags say what a search takes for the same state, see internal/canon.
type State struct {
	Task    [MaxTasks]Task                `arena:"task"`
	Signal  [MaxTasks]SignalStruct        `arena:"signal"`
	Sighand [Slots]SighandStruct          `arena:"sighand"`
	Flight  [MaxTasks]Flight              `arena:"task"` // the call that a task is in, by actor
	Pid     [MaxPids]Pid                  `arena:"pid"`
	PidNS   [MaxPidNS]PidNamespace        `arena:"pid_ns"`
	UserNS  [MaxUserNS]UserNamespace      `arena:"user_ns"`
	User    [MaxUsers]User                `arena:"user"`
	Cred    [Slots]CredStruct             `arena:"cred"`
	Ucounts [MaxUcounts]Ucounts           `arena:"ucounts"`
	Charged [NNamespaces][Slots]UcountsID `arena:"mnt_ns"` // v6.x: where each namespace is charged, by class from MntNS on
	Nsproxy [Slots]NsproxyStruct          `arena:"nsproxy"`
	Count   [NClasses][Slots]int8         `arena:"mm" key:"-"` // who holds an object says how many do

	NrThreads     int32  `key:"-"` // nr_threads: a count of tasks
	ProcessCounts int32  `key:"-"` // process_counts: a count of leaders
	TotalForks    uint32 `key:"-"` // nothing looks at it
	Tasks         TaskID // head of the list of processes
	Panic         bool   // the global init died
	Oops          Oops   // the first thing that a kernel would have crashed on
	OopsClass     Class
}

var _ map[State]struct{} // State is comparable, or this does not compile
