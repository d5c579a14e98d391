package model

import (
	"slices"
	"strconv"
	"strings"
)

// Observation is a state as user space could see it, and the calls that ended in the step that led to it. It is what
// -json prints; the names of the fields are stable. Each field says where it can be seen: "live" is a place on a
// running kernel, "model only" has none. The tag live:"-" is on what a comparison with a running kernel leaves out.
type Observation struct {
	Tasks         []TaskView  `json:"tasks"`                // in order of slot; a zombie is a task still
	Users         []UserView  `json:"users"`                // the users that own a task
	PidNamespaces []PidNSView `json:"pid_namespaces"`       // those that exist, seen by a task or not
	NrThreads     int         `json:"nr_threads" live:"-"`  // live: /proc/loadavg, the number after the slash; of the machine, not of a trace
	Processes     int         `json:"processes" live:"-"`   // model only: process_counts
	TotalForks    int         `json:"total_forks" live:"-"` // live: /proc/stat processes; of the machine, counted from boot
	Panic         bool        `json:"panic" live:"-"`       // model only: the global init is dead
	Done          []Call      `json:"done"`                 // live: what the calls returned
}

// TaskView is one thread. A "live" place is below /proc/PID/task/TID unless it says otherwise.
type TaskView struct {
	Name       string   `json:"name"`                    // model only: the name in the trace
	Pids       []int    `json:"pids"`                    // live: status NSpid, outermost namespace first
	Tgids      []int    `json:"tgids"`                   // live: status NStgid
	Parent     string   `json:"parent"`                  // live: status PPid, as a name; "" for the global init, whose parent is the idle task
	State      string   `json:"state"`                   // live: status State; running, asleep, stopped, zombie; model only: paused, dying
	Call       string   `json:"call"`                    // live: syscall; the call that it is in, "" for none
	Row        string   `json:"row" live:"-"`            // model only: the row at which that call is paused or asleep
	ExitSignal int      `json:"exit_signal"`             // live: stat, field 38; -1 for a thread that does not lead its group
	Pgid       int      `json:"pgid"`                    // live: stat, field 5: the number in the global pid namespace
	PgidSeen   int      `json:"pgid_seen"`               // live: getpgid(0); 0 if the group is of another pid namespace
	Sid        int      `json:"sid"`                     // live: stat, field 6
	SidSeen    int      `json:"sid_seen"`                // live: getsid(0); 0 if the session is of another pid namespace
	Exit       string   `json:"exit"`                    // live: wait4; what it will say of a zombie: "exited 5", "killed TERM"
	Threads    int      `json:"threads"`                 // live: status Threads
	Live       int      `json:"live" live:"-"`           // model only: signal_struct.live, threads that have not begun to exit
	Shares     Shares   `json:"shares"`                  // who has the same objects
	Namespaces Spaces   `json:"namespaces"`              // where it lives
	Signals    Signals  `json:"signals"`                 // what is pending, blocked, ignored, caught
	UID        int      `json:"uid"`                     // live: status Uid, seen from the initial user namespace
	Caps       []string `json:"caps"`                    // live: status CapEff, in its own user namespace
	Nproc      int      `json:"nproc"`                   // live: /proc/PID/limits, soft; -1 is unlimited
	NprocHard  int      `json:"nproc_hard"`              // live: /proc/PID/limits, hard
	Flags      []string `json:"flags"`                   // live: stat, field 9; EXITING, FORKNOEXEC, SUPERPRIV, NPROC_EXCEEDED, SIGNALED
	Subreaper  bool     `json:"subreaper"`               // live: prctl(PR_GET_CHILD_SUBREAPER)
	Unkillable bool     `json:"unkillable" live:"-"`     // model only: SIGNAL_UNKILLABLE; seen by what kill(2) does not do
	VforkWait  string   `json:"vfork_parent" live:"-"`   // model only: who waits in vfork for this task
	Altstack   bool     `json:"altstack"`                // live: sigaltstack(2)
	SetTid     bool     `json:"set_child_tid" live:"-"`  // model only
	ClearTid   bool     `json:"clear_child_tid"`         // live: prctl(PR_GET_TID_ADDRESS)
	Pdeath     string   `json:"pdeath_signal"`           // live: prctl(PR_GET_PDEATHSIG); "" for none
	ExecID     int      `json:"self_exec_id" live:"-"`   // model only
	ParentExec int      `json:"parent_exec_id" live:"-"` // model only
}

// Shares names, per class of object, the first task in order of slot that has the same one; "" for a task without.
// Live: kcmp(2), or the effect of a change that the other one sees.
type Shares struct {
	VM      string `json:"vm"`
	Files   string `json:"files"`
	FS      string `json:"fs"`
	Sighand string `json:"sighand"`
	IO      string `json:"io"`
	SysvSem string `json:"sysvsem"`
}

// Spaces labels namespaces, "pid:1", numbered per kind in the order in which a trace makes them; "" for a task that
// has let go of them. Live: the links in /proc/PID/ns, equal where these are equal.
type Spaces struct {
	Pid            string `json:"pid"`
	PidForChildren string `json:"pid_for_children"`
	User           string `json:"user"`
	Mnt            string `json:"mnt"`
	UTS            string `json:"uts"`
	IPC            string `json:"ipc"`
	Net            string `json:"net"`

	Cgroup          string `json:"cgroup,omitempty"` // v6.x, as the next two
	Time            string `json:"time,omitempty"`
	TimeForChildren string `json:"time_for_children,omitempty"`
}

// Signals are sets of signals by name. Live: status SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt.
type Signals struct {
	Pending       []string `json:"pending"`
	SharedPending []string `json:"shared_pending"`
	Blocked       []string `json:"blocked"`
	Ignored       []string `json:"ignored"`
	Caught        []string `json:"caught"`
}

// UserView is a user and what is charged to it: in v3.11 once, in v6.x in each user namespace where it has something, or the
// owner of something below. Live: what RLIMIT_NPROC and user.max_*_namespaces are compared with.
type UserView struct {
	UID        int            `json:"uid"`
	UserNS     string         `json:"user_ns,omitempty"` // v6.x, as the namespaces
	Processes  int            `json:"processes"`
	Namespaces map[string]int `json:"namespaces,omitempty"` // by kind: "pid"
}

// PidNSView is a pid namespace.
type PidNSView struct {
	Label      string `json:"label"`
	Level      int    `json:"level"`               // live: NS_GET_PARENT, how often
	LastPid    int    `json:"last_pid"`            // live: /proc/sys/kernel/ns_last_pid
	Population int    `json:"population" live:"-"` // model only: nr_hashed
	Reaper     string `json:"reaper"`              // live: pid 1 in it; "gone" when it was released
	Adding     bool   `json:"adding" live:"-"`     // model only: PIDNS_HASH_ADDING; a fork into it can succeed
}

// Observe reads a state. The name of a task that nobody names is up to the function. Namespaces are numbered in the order in which
// tasks show them.
func Observe(k *Kernel, s *State, name func(TaskID) string) Observation {
	var labels [NClasses][]Ref
	return observe(&viewer{k: k, s: s, name: name, space: func(c Class, id Ref) int {
		if !slices.Contains(labels[c], id) {
			labels[c] = append(labels[c], id)
		}
		return slices.Index(labels[c], id) + 1
	}})
}

// Observe reads a state of a trace. The label of a namespace is its own for the whole of it.
func (n *Names) Observe(k *Kernel, s *State) Observation {
	return observe(&viewer{k: k, s: s, name: n.Of, space: func(c Class, id Ref) int { return int(n.spaces.number[c-MntNS][id]) }})
}

func observe(v *viewer) Observation {
	s, name := v.s, v.name
	v.name = func(t TaskID) string {
		if t == 0 {
			return ""
		}
		return name(t)
	}
	o := Observation{Tasks: []TaskView{}, Done: []Call{}, NrThreads: int(s.NrThreads), Processes: int(s.ProcessCounts), TotalForks: int(s.TotalForks), Panic: s.Panic}
	for t := TaskID(1); t < MaxTasks; t++ {
		if s.Task[t].Stage == Hashed {
			o.Tasks = append(o.Tasks, v.task(t))
		}
	}
	o.Users, o.PidNamespaces = v.users(), v.pidNamespaces()
	return o
}

// viewer is an observation in the making.
type viewer struct {
	k     *Kernel
	s     *State
	name  func(TaskID) string
	space func(c Class, id Ref) int // the number of a namespace among those of its kind
}

func (v *viewer) task(t TaskID) TaskView {
	s, p := v.s, &v.s.Task[t]
	sig := &s.Signal[p.Signal]
	w := TaskView{
		Name: v.name(t), Pids: v.numbers(t), Tgids: v.numbers(p.Leader), Parent: v.name(p.RealParent), State: v.state(t),
		ExitSignal: int(p.ExitSignal), Threads: int(sig.NrThreads), Live: int(sig.Live),
		Pgid: int(s.nrIn(s.pgrp(t), RootPidNS)), PgidSeen: int(s.nrIn(s.pgrp(t), s.ActiveNS(t))),
		Sid: int(s.nrIn(s.session(t), RootPidNS)), SidSeen: int(s.nrIn(s.session(t), s.ActiveNS(t))),
		Shares: v.shares(t), Namespaces: v.namespaces(t), Signals: v.signals(t),
		UID: int(s.uid(t)), Caps: s.cred(t).Caps.Names(), Nproc: limitView(sig.NprocCur), NprocHard: limitView(sig.NprocMax),
		Flags: p.Flags.Names(), Subreaper: sig.IsChildSubreaper, Unkillable: sig.Flags&SignalUnkillable != 0,
		VforkWait: v.name(p.VforkDone), Altstack: p.Altstack, SetTid: p.SetChildTid, ClearTid: p.ClearChildTid,
		ExecID: int(p.SelfExecID), ParentExec: int(p.ParentExecID),
	}
	w.Call, w.Row = v.call(t)
	if p.Pdeath != 0 {
		w.Pdeath = p.Pdeath.String()
	}
	if p.ExitState == ExitZombie {
		w.Exit = StatusText(s.exitStatus(t))
	}
	return w
}

// numbers are the numbers of a task's struct pid, outermost first.
func (v *viewer) numbers(t TaskID) []int {
	p := &v.s.Pid[v.s.Task[t].Pids[PidtypePID]]
	nrs := []int{}
	for i := 0; i <= int(p.Level); i++ {
		nrs = append(nrs, int(p.Nr[i]))
	}
	return nrs
}

func (v *viewer) state(t TaskID) string {
	p, f := &v.s.Task[t], &v.s.Flight[t]
	switch {
	case p.ExitState == ExitZombie:
		return "zombie"
	case p.ExitState == ExitDead || p.Flags&PFExiting != 0 || f.On && f.Op.Kind == Die:
		return "dying"
	case p.Jobctl&Stopped != 0:
		return "stopped"
	case f.On && f.Paused:
		return "paused"
	case f.On && f.Asleep:
		return "asleep"
	}
	return "running"
}

// call is the call that a task is in, and where.
func (v *viewer) call(t TaskID) (call, row string) {
	f := &v.s.Flight[t]
	if !f.On {
		return "", ""
	}
	if rows := v.k.Calls[f.Op.Kind].Rows; int(f.PC) < len(rows) {
		row = rows[f.PC].Name
	}
	return f.Op.Kind.String(), row
}

func (v *viewer) shares(t TaskID) Shares {
	return Shares{VM: v.sharer(t, MM), Files: v.sharer(t, Files), FS: v.sharer(t, FS),
		Sighand: v.sharer(t, Sighand), IO: v.sharer(t, IO), SysvSem: v.sharer(t, SysvSem)}
}

// sharer is the first task that has the same object.
func (v *viewer) sharer(t TaskID, c Class) string {
	id := v.s.Task[t].Ref[c]
	for o := TaskID(1); id != 0 && o < MaxTasks; o++ {
		if p := &v.s.Task[o]; p.Stage == Hashed && p.Ref[c] == id {
			return v.name(o)
		}
	}
	return ""
}

func (v *viewer) namespaces(t TaskID) Spaces {
	n := v.s.Nsproxy[v.s.Task[t].Ref[Nsproxy]]
	return Spaces{Pid: v.label("pid:", PidNSClass, Ref(v.s.ActiveNS(t))), PidForChildren: v.label("pid:", PidNSClass, Ref(n.ForChildren)),
		User: v.label("user:", UserNSClass, Ref(v.s.cred(t).UserNS)), Mnt: v.label("mnt:", MntNS, n.NS[0]), UTS: v.label("uts:", UTSNS, n.NS[1]),
		IPC: v.label("ipc:", IPCNS, n.NS[2]), Net: v.label("net:", NetNS, n.NS[3]),
		Cgroup: v.label("cgroup:", CgroupNS, n.NS[4]), Time: v.label("time:", TimeNS, n.NS[5]), TimeForChildren: v.label("time:", TimeNS, n.TimeForChildren)}
}

// label names a namespace.
func (v *viewer) label(prefix string, c Class, id Ref) string {
	if id == 0 {
		return ""
	}
	return prefix + strconv.Itoa(v.space(c, id))
}

func (v *viewer) signals(t TaskID) Signals {
	p := &v.s.Task[t]
	h := &v.s.Sighand[p.Ref[Sighand]]
	return Signals{Pending: p.Pending.Names(), SharedPending: v.s.Signal[p.Signal].Shared.Names(), Blocked: p.Blocked.Names(),
		Ignored: h.Ignore.Names(), Caught: h.Handler.Names()}
}

// limitView makes RLIM_INFINITY -1.
func limitView(n int16) int {
	if n == RlimInfinity {
		return -1
	}
	return int(n)
}

var taskFlagWords = []Word{{"EXITING", uint32(PFExiting)}, {"SIGNALED", uint32(PFSignaled)}, {"FORKNOEXEC", uint32(PFForknoexec)},
	{"SUPERPRIV", uint32(PFSuperpriv)}, {"NPROC_EXCEEDED", uint32(PFNprocExceeded)}}

// Names lists the flags that user space can see.
func (f TaskFlags) Names() []string {
	names := []string{}
	for _, w := range taskFlagWords {
		if uint32(f)&w.Bits != 0 {
			names = append(names, w.Name)
		}
	}
	return names
}

// users lists who is charged with what, by uid.
func (v *viewer) users() []UserView {
	users := []UserView{}
	for id := 1; id < MaxUcounts; id++ {
		if u := &v.s.Ucounts[id]; u.Count > 0 {
			users = append(users, UserView{UID: int(u.UID), UserNS: v.label("user:", UserNSClass, Ref(u.NS)), Processes: int(u.Nproc), Namespaces: u.namespaces()})
		}
	}
	if len(users) > 0 {
		slices.SortStableFunc(users, func(a, b UserView) int { return a.UID - b.UID })
		return users
	}
	for id := 1; id < MaxUsers; id++ {
		if u := v.s.User[id]; v.s.Count[UserClass][id] > 0 {
			users = append(users, UserView{UID: int(u.UID), Processes: int(u.Processes)})
		}
	}
	slices.SortFunc(users, func(a, b UserView) int { return a.UID - b.UID })
	return users
}

// namespaces are how many of each kind there are, nil if there are none.
func (u *Ucounts) namespaces() (counts map[string]int) {
	for i, n := range u.Namespaces {
		if n != 0 {
			if counts == nil {
				counts = map[string]int{}
			}
			counts[strings.TrimSuffix((MntNS+Class(i)).String(), "_ns")] = int(n)
		}
	}
	return counts
}

// pidNamespaces lists them by number.
func (v *viewer) pidNamespaces() []PidNSView {
	var ids []Ref
	for id := Ref(1); id < MaxPidNS; id++ {
		if v.s.Count[PidNSClass][id] > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b Ref) int { return v.space(PidNSClass, a) - v.space(PidNSClass, b) })
	views := []PidNSView{}
	for _, id := range ids {
		n := &v.s.PidNS[id]
		reaper := v.name(n.Reaper)
		if n.Reaper != 0 && v.s.ActiveNS(n.Reaper) != PidNSID(id) {
			reaper = "gone" // child_reaper is not counted: of a dead namespace it still points to what was its init
		}
		views = append(views, PidNSView{Label: v.label("pid:", PidNSClass, id), Level: int(n.Level), LastPid: int(n.LastPid),
			Population: int(n.Hashed), Reaper: reaper, Adding: n.Adding})
	}
	return views
}
