package model

import (
	"fmt"
	"slices"
)

// Version is a kernel: its tables, written out in its own order.
type Version struct {
	Name    string
	Calls   [NKinds]Table
	Release Table    // release_task, run whole inside one row of exit and wait
	Settle  []Settle // what happens between calls, in order
	Manners          // what differs inside straight code

	FinalPuts []Class        // what a task gives up at its last put, besides creds, signal_struct and seccomp filter
	boot      func(s *State) // what the global init has in this version only
	dressed   TaskFlags      // flags that `a` has when dressed, in this version only
}

// Manners are the points where the versions differ inside code that is no row. The zero value is v3.11.
type Manners struct {
	PidMaxPerNS      bool // alloc_pid: pid_max is each pid namespace's own (v6.14)
	KeepUnkillable   bool // signal_set_stop_flags: a group stop or continue leaves SIGNAL_UNKILLABLE
	KernelOnlyForced bool // sig_task_ignored: being forced helps only SIGKILL and SIGSTOP, and not against the global init
	DropWhenDying    bool // prepare_signal: a group that is exiting takes no signal
	FatalToInit      bool // complete_signal: a fatal signal begins the exit of an unkillable group as of any other
	DelayedSignals   bool // __send_signal_locked: a signal to many processes reaches the children of forks under way
	FirstForkEnds    bool // free_pid: a namespace whose first fork failed is dead
	InitByTgid       bool // is_global_init: each thread of the global init is it, not only its leader (v4.5)
	WakeAtTwo        bool // free_pid: a dying init is woken when two numbers are left, not only at one
	DumpsAlone       bool // zap_threads: a core dump gathers the threads of one group, not all that use its memory (v5.16)
	ExitFirst        bool // get_signal: a task of a group that exits dies before it looks at its queues (v5.0)
}

// Limits are the knobs of a kernel that a world may turn down. Zero values are filled in by Boot.
type Limits struct {
	MaxThreads   int16  // max_threads
	PidMax       uint16 // pid_max: numbers are below it
	ReservedPids uint16 // RESERVED_PIDS: where the search starts again after the first round
	PidNSDepth   uint8  // MAX_PID_NS_LEVEL
	UserNSDepth  uint8  // the same bound for user namespaces
	Core         bool   // RLIMIT_CORE leaves room for a core
}

// own gives the version tables of its own, so that a changed copy changes nothing else. Bodies are values: what
// changes one puts another in its place.
func (v *Version) own() *Version {
	for i := range v.Calls {
		v.Calls[i].own()
	}
	v.Release.own()
	v.Settle, v.FinalPuts = slices.Clone(v.Settle), slices.Clone(v.FinalPuts)
	return v
}

// own gives the table rows and rungs of its own.
func (t *Table) own() {
	t.Rows, t.Ladder = slices.Clone(t.Rows), slices.Clone(t.Ladder)
	for i := range t.Rows {
		t.Rows[i].Errs = slices.Clone(t.Rows[i].Errs)
	}
}

// Setting is where a kernel runs if it stands for the one of a machine, and what it does otherwise outside of the tables (see
// Variants). The zero value is a kernel by itself.
type Setting struct {
	Nested       bool // the first pid namespace is not the global one: is_global_init holds for nobody
	DropsPending bool // a task that exits drops what is pending on its own queue, and takes no more there
	SparesInit   bool // complete_signal: of the fatal signals only SIGKILL begins the exit of an unkillable group
}

// Kernel is a version under limits. It holds no state and may be shared.
type Kernel struct {
	*Version
	Limits
	Setting
}

// Versions lists the kernels by name, oldest first.
var Versions = []struct {
	Name string
	New  func() *Version
}{
	{"v3.11", V311},
	{"v6.x", V6},
}

// Is reports whether the version is the one of a name.
func (v *Version) Is(name string) bool { return SameVersion(v.Name, name) }

// SameVersion reports whether two names are those of one version. It is how code outside of the tables asks which
// version it deals with, and that code knows two: it panics for a third, which would else be taken for v6.x wherever
// it is not v3.11.
func SameVersion(a, b string) bool {
	for _, name := range [...]string{a, b} {
		if name != "v3.11" && name != "v6.x" {
			panic(fmt.Sprintf("version %q: what it has in common with v3.11 and what with v6.x is not said", name))
		}
	}
	return a == b
}

// NewVersion makes a version by name, nil if there is none.
func NewVersion(name string) *Version {
	for i := range Versions {
		if Versions[i].Name == name {
			return Versions[i].New()
		}
	}
	return nil
}

// Settle is one rule of what happens by itself between two calls: a turn of a task, or a deferred free.
type Settle struct {
	Name, Source string
	Ready        func(k *Kernel, s *State, t TaskID) bool // whether it is a turn of this task; nil for a deferred free
	Turn         func(k *Kernel, s *State, t TaskID, res *Result)
	Free         func(k *Kernel, s *State) bool // frees one thing, and says whether there was one
}
