package model

import "fmt"

// World is the kind of init that a trace lives under.
type World uint8

// The worlds. In both, `a` is the task that acts first.
const (
	Global    World = iota // init (pid 1) and a (pid 2)
	Container              // init0 (pid 1), host (2), and in a pid namespace init (3, inside 1) and a (4, inside 2)
)

// The tasks of a world, by slot.
const (
	Init0 TaskID = 1 // the global init in both worlds
	A     TaskID = 2 // a of the global world
	Host  TaskID = 2 // host of the container world
	CInit TaskID = 3 // init of the container world
	CA    TaskID = 4 // a of the container world
)

// Boot describes the world that a trace begins in. The zero value is the global world of v3.11 with default limits,
// where `a` is root.
type Boot struct {
	Version string // "" is v3.11
	Limits  Limits // zero fields take their defaults
	World   World
	Dress   bool   // `a` owns one of everything that fork shares, copies or resets
	UID     uint16 // of `a`
	Caps    CapSet // of `a`
	Nproc   int16  // RLIMIT_NPROC of `a`, soft and hard; RlimInfinity for no limit
	LastPid uint16 // last_pid of the global namespace; 0 leaves what boot used up
}

// DefaultLimits are the limits that a Boot without its own gets.
var DefaultLimits = Limits{MaxThreads: 1000, PidMax: 32768, ReservedPids: 300, PidNSDepth: 32, UserNSDepth: 32}

// DefaultBoot is the world of a trace that asks for nothing: the global one, `a` is root and unlimited.
func DefaultBoot() Boot {
	return Boot{Version: "v3.11", Limits: DefaultLimits, Caps: CapAll, Nproc: RlimInfinity}
}

// Check refuses a world that contradicts itself.
func (b *Boot) Check() error {
	l := b.Limits
	switch {
	case l.PidMax < 2 || l.PidMax > 32768:
		return fmt.Errorf("pid_max=%d is outside 2..32768", l.PidMax)
	case l.ReservedPids < 1 || l.ReservedPids > 32768:
		return fmt.Errorf("reserved_pids=%d is outside 1..32768", l.ReservedPids)
	case b.LastPid >= l.PidMax:
		return fmt.Errorf("last_pid=%d is not below pid_max=%d", b.LastPid, l.PidMax)
	case int(l.PidMax) <= len(b.Tasks()):
		return fmt.Errorf("pid_max=%d leaves no number for the %d tasks of the world; they use 1..%d", l.PidMax, len(b.Tasks()), len(b.Tasks()))
	case l.MaxThreads < 1:
		return fmt.Errorf("max_threads=%d is below 1", l.MaxThreads)
	case b.Nproc < 0:
		return fmt.Errorf("nproc=%d is negative", b.Nproc)
	case b.World == Container && l.PidNSDepth < 1:
		return fmt.Errorf("world=container needs pid_ns_depth=1 or more, not %d", l.PidNSDepth)
	}
	return nil
}

// NamedTask is a task that a world begins with.
type NamedTask struct {
	Name string
	Task TaskID
}

// Tasks names the tasks of the world.
func (b *Boot) Tasks() []NamedTask {
	if b.World == Container {
		return []NamedTask{{"init0", Init0}, {"host", Host}, {"init", CInit}, {"a", CA}}
	}
	return []NamedTask{{"init", Init0}, {"a", A}}
}

// Actor is `a`.
func (b *Boot) Actor() TaskID {
	if b.World == Container {
		return CA
	}
	return A
}

// NewKernel is the kernel of the world.
func (b *Boot) NewKernel() (*Kernel, error) {
	for _, v := range Versions {
		if v.Name == b.Version || b.Version == "" {
			return &Kernel{Version: v.New(), Limits: b.Limits}, b.Check()
		}
	}
	return nil, fmt.Errorf("unknown kernel %q", b.Version)
}

// booted is an unchanged kernel without limits, whatever is done to another, and the worlds that it makes, by kind.
type booted struct {
	Kernel
	worlds [2]State
}

// bootKernels make the worlds, once.
var bootKernels = func() (list []booted) {
	for _, v := range Versions {
		k := booted{Kernel: Kernel{Version: v.New(), Limits: DefaultLimits}}
		k.global(&k.worlds[Global])
		k.container(&k.worlds[Container])
		list = append(list, k)
	}
	return list
}()

// bootKernel is the one for the version of the world.
func (b *Boot) bootKernel() *booted {
	for i := range bootKernels {
		if bootKernels[i].Name == b.Version {
			return &bootKernels[i]
		}
	}
	return &bootKernels[0]
}

// global makes the init and its child.
func (k *booted) global(s *State) {
	s.bootInit()
	k.boot(s)
	k.Step(s, Op{Kind: Clone, Actor: Init0, Sig: SIGCHLD})
}

// container makes the global world's two tasks, and two more inside.
func (k *booted) container(s *State) {
	k.global(s)
	s.setsid(Host)
	k.Step(s, Op{Kind: Clone, Actor: Host, Flags: CloneNewPID, Sig: SIGCHLD})
	s.setsid(CInit)
	k.Step(s, Op{Kind: Clone, Actor: CInit, Sig: SIGCHLD})
}

// State builds the world.
func (b *Boot) State(s *State) {
	k := b.bootKernel()
	*s = k.worlds[b.World]
	a := b.Actor()
	s.Task[a].Pids[PidtypePGID] = s.Task[a].Pids[PidtypePID] // its own process group in its init's session
	s.login(a, b.UID, b.Caps)
	s.Signal[s.Task[a].Signal].NprocCur, s.Signal[s.Task[a].Signal].NprocMax = b.Nproc, b.Nproc
	if b.Dress {
		s.dress(a)
		s.Task[a].Flags |= k.dressed
	}
	s.PidNS[RootPidNS].PidMax = b.Limits.PidMax
	if b.LastPid != 0 {
		s.PidNS[RootPidNS].LastPid = b.LastPid
	}
	s.TotalForks = 0
}

// bootInit makes the global init: pid 1, the child reaper, which cannot be killed. Objects of the idle task are
// counted once more (see invariants).
func (s *State) bootInit() {
	t := &s.Task[Init0]
	for _, c := range []Class{MM, Files, FS, Sighand, Audit, CSS, Nsproxy, Cred} {
		t.Ref[c] = s.alloc(c)
	}
	for c := MntNS; c <= UserClass; c++ {
		s.alloc(c)
	}
	s.alloc(Module)
	for _, c := range []Class{CSS, Nsproxy, PidNSClass, UserNSClass, UserClass, Cred} {
		s.Count[c][1]++
	}
	s.Nsproxy[1] = NsproxyStruct{NS: [6]Ref{1, 1, 1, 1}, ForChildren: RootPidNS}
	s.Cred[1] = CredStruct{Caps: CapAll, User: InitUser, UserNS: RootUserNS}
	s.UserNS[RootUserNS] = UserNamespace{Mapped: true, Init: true, NprocMax: RlimInfinity, UcountMax: unlimitedNamespaces}
	s.PidNS[RootPidNS] = PidNamespace{LastPid: 1, PidMax: DefaultLimits.PidMax, UserNS: RootUserNS, Reaper: Init0, Adding: true, Hashed: 1}
	s.Count[PidNSClass][RootPidNS]++   // init's struct pid
	s.Count[UserNSClass][RootUserNS]++ // the global pid namespace
	s.Pid[1] = Pid{Count: 1, Hashed: true}
	s.Pid[1].Nr[0], s.Pid[1].NS[0] = 1, RootPidNS
	t.Signal = SignalID(s.alloc(SignalClass))
	s.alloc(TaskClass)
	s.Count[TaskClass][Init0]++
	s.Signal[t.Signal] = SignalStruct{NrThreads: 1, Live: 1, Flags: SignalUnkillable, LeaderPid: 1, CurrTarget: Init0, NprocCur: RlimInfinity, NprocMax: RlimInfinity}
	t.Nr, t.Tgid, t.ExitSignal = 1, 1, int16(SIGCHLD)
	t.Pids = [NPidtypes]PidID{1, 1, 1}
	t.Attached, t.Stage, t.Leader, t.Thread = 7, Hashed, Init0, Init0
	s.Tasks, s.NrThreads, s.ProcessCounts = Init0, 1, 1
}

// bootV311 charges the global init to its user, and mounts proc in its pid namespace.
func bootV311(s *State) {
	s.User[InitUser].Processes = 1
	s.PidNS[RootPidNS].Proc = true
	s.get(PidNSClass, Ref(RootPidNS))
	s.Task[Init0].Ref[Module] = 1
	s.get(Module, 1)
}

// bootV6 charges the global init to init_ucounts, which is static, and gives it what v3.11 does not know.
func bootV6(s *State) {
	init := s.allocUcounts(RootUserNS, 0)
	s.getUcounts(init)
	s.Ucounts[init].Nproc = 1
	s.Cred[1].Ucounts = init
	s.Task[Init0].Ref[Security] = s.alloc(Security)
	s.Signal[s.Task[Init0].Signal].QuickThreads = 1
	n := &s.Nsproxy[1]
	n.NS[CgroupNS-MntNS], n.NS[TimeNS-MntNS], n.TimeForChildren = 1, 1, 1
	for _, c := range []Class{CgroupNS, TimeNS, TimeNS} {
		s.get(c, 1)
	}
}

// setsid makes a task of a world the leader of a session and a process group of its own.
func (s *State) setsid(t TaskID) {
	p := &s.Task[t]
	p.Pids = [NPidtypes]PidID{p.Pids[PidtypePID], p.Pids[PidtypePID], p.Pids[PidtypePID]}
}

// login gives `a` its uid and capabilities.
func (s *State) login(t TaskID, uid uint16, caps CapSet) {
	c := s.cred(t)
	c.Caps = caps
	if uid == 0 {
		return
	}
	user := UserID(s.alloc(UserClass))
	s.User[user] = User{UID: uid}
	if c.Ucounts == 0 {
		s.User[user].Processes++
		s.User[c.User].Processes--
	} else {
		s.chargeNproc(c.Ucounts, -1)
		s.putUcounts(c.Ucounts)
		c.Ucounts = s.allocUcounts(c.UserNS, uid)
		s.chargeNproc(c.Ucounts, 1)
	}
	s.put(UserClass, Ref(c.User))
	c.User = user
}

// dress gives `a` one of everything, so that a reset that is forgotten shows in its first child.
func (s *State) dress(t TaskID) {
	p := &s.Task[t]
	for _, c := range []Class{SysvSem, IO, Seccomp, Mempolicy, Perf} {
		p.Ref[c] = s.alloc(c)
	}
	p.Altstack, p.RobustList, p.SetChildTid, p.ClearChildTid = true, true, true, true
	p.Pdeath, p.ExitSignal, p.Jobctl = SIGUSR2, int16(SIGUSR1), StopDequeued
	p.Flags = p.Flags&^PFForknoexec | PFSuperpriv | PFNprocExceeded | SingleStep
	p.SelfExecID, p.ParentExecID, s.Task[p.RealParent].SelfExecID = 5, 2, 2
	p.Blocked, p.Pending = SIGUSR1.Bit(), SIGUSR1.Bit()
	s.Signal[p.Signal].Shared = SIGUSR1.Bit()
	s.Signal[p.Signal].IsChildSubreaper = true
}
