package model

// Rule is a check on the flags of a call, as data: it gives Errno when the flags hold all of All, at least one of
// each set in Any, none of Without, and When (if there is one) is true.
type Rule struct {
	All     Flags
	Any     [2]Flags // a zero set asks for nothing
	Without Flags
	When    Cond
	Errno   Errno
}

// Do makes a Rule the body of a row.
func (r Rule) Do(k *Kernel, s *State, f *Flight) Errno {
	if r.Matches(f.Flags) && (r.When == nil || r.When(k, s, f)) {
		return r.Errno
	}
	return next
}

// Matches says whether the flags alone match, When left aside.
func (r Rule) Matches(flags Flags) bool {
	for _, any := range r.Any {
		if any != 0 && flags&any == 0 {
			return false
		}
	}
	return flags&r.All == r.All && flags&r.Without == 0
}

// Meter reads a number that a limit compares.
type Meter func(k *Kernel, s *State, f *Flight) int

// Comparison is how a limit compares its value with its bound.
type Comparison uint8

// The comparisons: the limit is hit when value >= bound, or value > bound.
const (
	AtLeast Comparison = iota
	Above
)

// Limit is a check of a counter against a bound, as data: it gives Errno when the value reaches the bound and
// nobody is Exempt.
type Limit struct {
	Value, Bound Meter
	Cmp          Comparison
	Exempt       []Cond // any of them lifts the limit
	Errno        Errno
}

// Do makes a Limit the body of a row.
func (l Limit) Do(k *Kernel, s *State, f *Flight) Errno {
	if value, bound := l.Value(k, s, f), l.Bound(k, s, f); value < bound || l.Cmp == Above && value == bound {
		return next
	}
	for _, exempt := range l.Exempt {
		if exempt(k, s, f) {
			return next
		}
	}
	return l.Errno
}

// nprocLimit is copy_process's check of RLIMIT_NPROC: check first, charge in copy_creds, one counter per kuid.
var nprocLimit = Limit{
	Value: func(k *Kernel, s *State, f *Flight) int { return int(s.User[s.cred(f.Child).User].Processes) },
	Bound: func(k *Kernel, s *State, f *Flight) int { return nprocBound(s.Signal[s.Task[f.Child].Signal].NprocCur) },
	Exempt: []Cond{
		func(k *Kernel, s *State, f *Flight) bool { return s.cred(f.Child).User == InitUser },
		func(k *Kernel, s *State, f *Flight) bool { return s.capable(f.Op.Actor, RootUserNS, CapSysResource) },
		func(k *Kernel, s *State, f *Flight) bool { return s.capable(f.Op.Actor, RootUserNS, CapSysAdmin) },
	},
	Errno: EAGAIN,
}

// nprocLimitV6 is the check of v6.x, after the charge: one of the counters on the way up is above its bound.
var nprocLimitV6 = Limit{
	Value: func(k *Kernel, s *State, f *Flight) int {
		return s.NprocExcess(s.cred(f.Child).Ucounts, s.Signal[s.parent(f).Signal].NprocCur)
	},
	Bound:  func(k *Kernel, s *State, f *Flight) int { return 0 },
	Cmp:    Above,
	Exempt: nprocLimit.Exempt,
	Errno:  EAGAIN,
}

// nprocBound turns RLIM_INFINITY into a number that no counter reaches.
func nprocBound(limit int16) int {
	if limit == RlimInfinity {
		return 1 << 30
	}
	return int(limit)
}

// maxThreadsLimit is copy_process's check of max_threads, which exempts nobody.
var maxThreadsLimit = Limit{
	Value: func(k *Kernel, s *State, f *Flight) int { return int(s.NrThreads) },
	Bound: func(k *Kernel, s *State, f *Flight) int { return int(k.MaxThreads) },
	Errno: EAGAIN,
}

// setrlimit is prlimit64 for RLIMIT_NPROC, kernel/sys.c: do_prlimit. The limits are the thread group's.
var setrlimit = Table{Name: "setrlimit", Rows: []Row{
	{Name: "rlim_cur_above_max", Source: "kernel/sys.c:do_prlimit", Lock: "do_prlimit", Errs: []Errno{EINVAL},
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return rlimit(f.Op.Arg) > hardLimit(s, f) }, Errno: EINVAL}},
	{Name: "rlim_max_raised", Source: "kernel/sys.c:do_prlimit", Lock: "do_prlimit", Errs: []Errno{EPERM},
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool {
			return hardLimit(s, f) > s.Signal[s.Task[f.Op.Actor].Signal].NprocMax && !s.capable(f.Op.Actor, RootUserNS, CapSysResource)
		}, Errno: EPERM}},
	{Name: "set_rlim", Source: "kernel/sys.c:do_prlimit", Lock: "do_prlimit",
		Body: Assign(func(k *Kernel, s *State, f *Flight) {
			sig := &s.Signal[s.Task[f.Op.Actor].Signal]
			sig.NprocMax = hardLimit(s, f)
			sig.NprocCur = rlimit(f.Op.Arg)
		})},
}}

// hardLimit is the hard limit that a setrlimit asks for; a negative Arg2 keeps the present one.
func hardLimit(s *State, f *Flight) int16 {
	if f.Op.Arg2 < 0 {
		return s.Signal[s.Task[f.Op.Actor].Signal].NprocMax
	}
	return rlimit(f.Op.Arg2)
}

// rlimit clips an argument to what a limit can hold.
func rlimit(arg int32) int16 {
	if arg < 0 || arg > int32(RlimInfinity) {
		return RlimInfinity
	}
	return int16(arg)
}
