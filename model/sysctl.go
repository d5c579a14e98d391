package model

import "slices"

// Knob is what a sysctl op writes.
type Knob int32

// The knobs: pid_max, and how many namespaces of a kind a user may have, in the order of their classes.
const (
	KnobPidMax Knob = iota
	KnobMnt
	KnobUTS
	KnobIPC
	KnobNet
	KnobCgroup
	KnobTime
	KnobPid
	KnobUser
)

// KnobWords names the knobs as below /proc/sys/kernel and /proc/sys/user.
var KnobWords = []Word{
	{"pid_max", uint32(KnobPidMax)}, {"max_mnt_namespaces", uint32(KnobMnt)}, {"max_uts_namespaces", uint32(KnobUTS)},
	{"max_ipc_namespaces", uint32(KnobIPC)}, {"max_net_namespaces", uint32(KnobNet)}, {"max_cgroup_namespaces", uint32(KnobCgroup)},
	{"max_time_namespaces", uint32(KnobTime)}, {"max_pid_namespaces", uint32(KnobPid)}, {"max_user_namespaces", uint32(KnobUser)},
}

func isPidMax(n Knob) bool { return n == KnobPidMax }

// pidMaxRange refuses values that leave no number above RESERVED_PIDS, and those above what this model counts to.
var rowPidMaxRange = Row{Name: "pid_max_range", Source: "kernel/sysctl.c:proc_dointvec_minmax", Errs: []Errno{EINVAL},
	Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool {
		return isPidMax(Knob(f.Op.Arg2)) && (f.Op.Arg <= int32(k.ReservedPids) || f.Op.Arg > MaxPidMax)
	}, Errno: EINVAL}}

// The rows of v3.11: only pid_max is there, and it is root's to write.
var (
	rowSysctlLookup = Row{Name: "sysctl_lookup", Source: "fs/proc/proc_sysctl.c:proc_sys_lookup", Errs: []Errno{ENOENT},
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return !isPidMax(Knob(f.Op.Arg2)) }, Errno: ENOENT}}
	rowSysctlPerm = Row{Name: "sysctl_perm", Source: "fs/proc/proc_sysctl.c:sysctl_perm", Errs: []Errno{EACCES},
		Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return s.uid(f.Op.Actor) != 0 }, Errno: EACCES}}
)

// MaxPidMax is the highest pid_max that a State holds; PID_MAX_LIMIT is far above.
const MaxPidMax = 32768

// sysctlV311 writes the one pid_max; user.max_*_namespaces came with v4.9.
func sysctlV311() Table {
	return Table{Name: "sysctl", Rows: slices.Clone([]Row{
		rowSysctlLookup, rowSysctlPerm, rowPidMaxRange,
		assign("set_pid_max", "kernel/sysctl.c:proc_dointvec_minmax", func(k *Kernel, s *State, f *Flight) { s.PidNS[RootPidNS].PidMax = uint16(f.Op.Arg) }),
	})}
}

// sysctlV6 writes what belongs to the namespaces of the caller: pid_max to its pid namespace, the numbers of namespaces to its
// user namespace.
func sysctlV6() Table {
	return Table{Name: "sysctl", Rows: []Row{
		{Name: "sysctl_perm", Source: "kernel/ucount.c:set_permissions", Errs: []Errno{EACCES}, Body: Rule{When: mayNotWrite, Errno: EACCES}},
		rowPidMaxRange,
		{Name: "ucount_max_range", Source: "kernel/sysctl.c:proc_dointvec_minmax", Errs: []Errno{EINVAL},
			Body: Rule{When: func(k *Kernel, s *State, f *Flight) bool { return !isPidMax(Knob(f.Op.Arg2)) && f.Op.Arg < 0 }, Errno: EINVAL}},
		assign("set_knob", "kernel/sysctl.c:proc_dointvec_minmax", func(k *Kernel, s *State, f *Flight) {
			if n := Knob(f.Op.Arg2); isPidMax(n) {
				s.PidNS[k.pidMaxOwner(s.ActiveNS(f.Op.Actor))].PidMax = uint16(f.Op.Arg)
			} else if n > 0 && int(n) <= NNamespaces {
				s.UserNS[s.cred(f.Op.Actor).UserNS].UcountMax[n-1] = uint8(min(f.Op.Arg, int32(UcountUnlimited)))
			}
		}),
	}}
}

// mayNotWrite is pid_table_root_permissions for pid_max, set_permissions for the others.
func mayNotWrite(k *Kernel, s *State, f *Flight) bool {
	t := f.Op.Actor
	if isPidMax(Knob(f.Op.Arg2)) {
		return s.uid(t) != 0 && !s.capable(t, s.PidNS[s.ActiveNS(t)].UserNS, CapSysAdmin)
	}
	return !s.capable(t, s.cred(t).UserNS, CapSysResource)
}
