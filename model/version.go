package model

// Version is a kernel: its tables, written out in its own order.
type Version struct {
	Name    string
	Calls   [NKinds]Table
	Release Table    // release_task, run whole inside one row of exit and wait
	Settle  []Settle // what happens between calls, in order
}

// Limits are the knobs of a kernel that a world may turn down. Zero values are filled in by Boot.
type Limits struct {
	MaxThreads   int16  // max_threads
	PidMax       uint16 // pid_max: numbers are below it
	ReservedPids uint16 // RESERVED_PIDS: where the search starts again after the first round
	PidNSDepth   uint8  // MAX_PID_NS_LEVEL
	UserNSDepth  uint8  // the same bound for user namespaces
}

// Kernel is a version under limits. It holds no state and may be shared.
type Kernel struct {
	*Version
	Limits
}

// Versions lists the kernels by name, oldest first.
var Versions = []struct {
	Name string
	New  func() *Version
}{
	{"v3.11", V311},
}

// Settle is one rule of what happens by itself between two calls. Do says whether it changed anything.
type Settle struct {
	Name, Source string
	Do           func(k *Kernel, s *State, res *Result) bool
}
