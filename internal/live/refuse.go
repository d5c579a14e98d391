package live

import (
	"fmt"
	"strings"

	"forkcheck/model"
)

// refusesLimits says which limits of a world a lab cannot give: all but pid_max, and that only where each pid namespace has its own.
func (l *Lab) refusesLimits(b *model.Boot) string {
	d := model.DefaultLimits
	switch n := &b.Limits; {
	case n.MaxThreads != d.MaxThreads:
		return "max_threads is a limit of the whole machine"
	case n.PidNSDepth != d.PidNSDepth:
		return "pid_ns_depth is built into the kernel"
	case n.UserNSDepth != d.UserNSDepth:
		return "user_ns_depth is built into the kernel"
	case n.ReservedPids != d.ReservedPids:
		return "reserved_pids is built into the kernel"
	case n.Core:
		return "core: the tasks of a lab leave no cores"
	case n.PidMax != d.PidMax && !l.OwnPidMax:
		return "pid_max is one for the whole machine before Linux 6.14"
	case n.PidMax <= d.ReservedPids:
		return fmt.Sprintf("pid_max=%d leaves no number above the reserved %d", n.PidMax, d.ReservedPids)
	case b.Nproc != model.RlimInfinity && l.UserNS:
		return "nproc counts other processes of the user, where the lab has but one id"
	case b.LastPid != 0 && l.UserNS:
		return "last_pid takes a capability that the lab, in its user namespace, has not"
	case b.UID != 0 && l.UserNS:
		return "the lab has but one id"
	}
	return ""
}

// Refuses says why a trace cannot run on a kernel, with the line that is to blame; "" if it can.
func (l *Lab) Refuses(t *model.Trace) (line *model.Line, why string) {
	if why := l.refusesLimits(&t.Boot); why != "" {
		return &t.Lines[0], why
	}
	for i := range t.Lines {
		if st := t.Lines[i].Stmt; st != nil {
			if why := l.refuses(st); why != "" {
				return &t.Lines[i], why
			}
		}
	}
	return nil, ""
}

// refuses says why a line cannot run on a kernel, whatever was before.
func (l *Lab) refuses(st *model.Stmt) string {
	switch {
	case st.FaultRow != "":
		return "a fault: no user can make " + st.FaultRow + " fail"
	case st.PauseRow != "", st.Op.Kind == model.Resume:
		return "a pause: no user can hold a call half-way"
	}
	return l.RefusesOp(&st.Op)
}

// RefusesOp says which namespaces that an op makes, or writes to, the kernel does not have; "" if it has all.
func (l *Lab) RefusesOp(op *model.Op) string {
	needs := model.Flags(0)
	switch op.Kind {
	case model.Clone, model.Unshare:
		needs = op.Flags & l.Lacks
	case model.MapIDs:
		needs = model.CloneNewUser & l.Lacks
	}
	if needs == 0 {
		return ""
	}
	return "the kernel has no " + strings.Join(SpaceNames(needs), " and no ") + " namespaces"
}

// SpaceNames are the namespaces of flags, as links of /proc/PID/ns.
func SpaceNames(flags model.Flags) (names []string) {
	for _, link := range spaceLinks {
		if flags&link.flag != 0 && !strings.HasSuffix(link.kind, "_for_children") {
			names = append(names, link.kind)
		}
	}
	return names
}
