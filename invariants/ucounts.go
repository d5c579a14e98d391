package invariants

import (
	"fmt"

	"forkcheck/model"
)

// ucounts are the invariants of what v6.x charges: tasks and namespaces, to a user in a user namespace and to the owners above.
var ucounts = []Invariant{
	{Name: "NamespaceLimit", Restates: true, Says: "a call that makes namespaces leaves no user above the maximum of a user namespace who was not above it before",
		Source: "inc_ucount", Versions: V6, Premise: "new namespaces where there is a maximum", State: namespaceLimit},
	{Name: "NamespaceRefusedAtLimit", Restates: true, Says: "new namespaces fail with ENOSPC only if the caller, or an owner above, has as many as it may, or they would be nested too deeply",
		Source: "inc_ucount, create_pid_namespace, create_user_ns", Versions: V6, Premise: "namespaces refused with ENOSPC", Step: namespaceRefusedAtLimit},
	{Name: "NestingIsENOSPC", Restates: true, Says: "namespaces nested too deeply are ENOSPC, as unshare(2) says", Source: "create_pid_namespace, create_user_ns", Versions: V6,
		Premise: "namespaces nested too deeply", Step: nestingIsENOSPC},
	{Name: "NamespaceOwnerBound", Says: "a new user namespace is bounded by the RLIMIT_NPROC of its creator, and by nothing if that is the global root",
		Source: "create_user_ns: enforced_nproc_rlimit", Versions: V6, Premise: "a new user namespace", Step: namespaceOwnerBound},
	{Name: "ChargedAtHome", Says: "a task is charged as its user in its own user namespace", Source: "set_cred_ucounts", Versions: V6, Task: chargedAtHome},
	{Name: "SysctlRules", Restates: true, Says: "a sysctl needs CAP_SYS_RESOURCE, for pid_max root or CAP_SYS_ADMIN, keeps its range, and takes effect for the caller's own namespace only",
		Source: "user_namespaces(7); set_permissions, pid_table_root_permissions", Premise: "a sysctl", Of: model.Sysctl, Step: sysctlRules},
}

// namespaced says whether the step is one of a call that may make namespaces.
func (c *Check) namespaced() bool { return c.call() == model.Clone || c.call() == model.Unshare }

func namespaceLimit(c *Check) error {
	if !c.namespaced() {
		return nil
	}
	for id := 1; id < model.MaxUcounts; id++ {
		b, a := c.Before.Ucounts[id], &c.After.Ucounts[id]
		if b.NS != a.NS || b.UID != a.UID {
			b = model.Ucounts{} // the slot was another's
		}
		for kind, is := range a.Namespaces {
			most := c.After.UserNS[a.NS].UcountMax[kind]
			if most == model.UcountUnlimited || is <= b.Namespaces[kind] {
				continue
			}
			c.met()
			if int(is) > int(most) {
				return fmt.Errorf("%s are charged with %d of %v, the maximum is %d", c.ucountsName(id), is, model.MntNS+model.Class(kind), most)
			}
		}
	}
	return nil
}

// nsRows are the rows that make namespaces.
var nsRows = map[string]model.Class{"copy_mnt_ns": model.MntNS, "copy_utsname": model.UTSNS, "copy_ipcs": model.IPCNS, "copy_net_ns": model.NetNS,
	"copy_cgroup_ns": model.CgroupNS, "copy_time_ns": model.TimeNS, "copy_pid_ns": model.PidNSClass, "create_user_ns": model.UserNSClass}

func namespaceRefusedAtLimit(c *Check) error {
	class, ok := nsRows[c.Result.Why]
	if !ok || c.Result.Errno != model.ENOSPC || c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	if !c.full(class) && !c.nestedTooDeep(class) {
		return fmt.Errorf("%v by %s failed at %s, and nobody has as many as it may", c.Op.Kind, c.name(c.Op.Actor), c.Result.Why)
	}
	return nil
}

// full says whether the actor, or an owner above, had all the namespaces of a class that it may have. A new user namespace that
// the call brings along has no maximum, and is charged where the actor is.
func (c *Check) full(class model.Class) bool {
	b, kind := c.Before, class-model.MntNS
	ns, uid := userNS(b, c.Op.Actor), c.user(b).UID
	for fuel := model.MaxUserNS; ns != 0 && fuel > 0; fuel-- {
		has := int8(0)
		for id := range b.Ucounts {
			if u := &b.Ucounts[id]; u.Count > 0 && u.NS == ns && u.UID == uid {
				has = u.Namespaces[kind]
			}
		}
		if most := b.UserNS[ns].UcountMax[kind]; most != model.UcountUnlimited && int(has) >= int(most) {
			return true
		}
		ns, uid = b.UserNS[ns].Parent, b.UserNS[ns].Owner
	}
	return false
}

// nestedTooDeep says whether one more level would be below the deepest.
func (c *Check) nestedTooDeep(class model.Class) bool {
	switch class {
	case model.PidNSClass:
		return c.Before.PidNS[forChildren(c.Before, c.Op.Actor)].Level+1 > c.K.PidNSDepth
	case model.UserNSClass:
		return c.Before.UserNS[userNS(c.Before, c.Op.Actor)].Level > c.K.UserNSDepth
	}
	return false
}

func nestingIsENOSPC(c *Check) error {
	class, a := nsRows[c.Result.Why], c.Op.Actor
	if c.Result.Outcome != model.Returned || c.faulted() || !c.nestedTooDeep(class) || class == model.PidNSClass && forChildren(c.Before, a) != c.Before.ActiveNS(a) {
		return nil
	}
	c.met()
	if c.Result.Errno != model.ENOSPC {
		return fmt.Errorf("%v by %s would nest too deeply and gave %v", c.Op.Kind, c.name(a), c.Result.Errno)
	}
	return nil
}

func namespaceOwnerBound(c *Check) error {
	t := c.child()
	if c.unshared() {
		t = c.Op.Actor
	}
	if t == 0 || c.Op.Flags&model.CloneNewUser == 0 {
		return nil
	}
	c.met()
	want := c.Before.Signal[c.before().Signal].NprocCur
	if c.user(c.Before).UID == 0 && userNS(c.Before, c.Op.Actor) == model.RootUserNS {
		want = model.RlimInfinity
	}
	ns := userNS(c.After, t)
	if is := c.After.UserNS[ns].NprocMax; is != want {
		return fmt.Errorf("user namespace %d is bounded by %d processes, its creator by %d", ns, is, want)
	}
	return nil
}

func chargedAtHome(c *Check, t model.TaskID) error {
	cred := &c.After.Cred[c.task(t).Ref[model.Cred]]
	if u := &c.After.Ucounts[cred.Ucounts]; u.NS != cred.UserNS || u.UID != c.After.User[cred.User].UID {
		return fmt.Errorf("%s is in user namespace %d, and is charged to %s", c.name(t), cred.UserNS, c.ucountsName(int(cred.Ucounts)))
	}
	return nil
}

// sysctlRules states once more who may write what, independently of the rows.
func sysctlRules(c *Check) error {
	if c.Result.Outcome != model.Returned || c.faulted() {
		return nil
	}
	c.met()
	a, want := c.Op.Actor, model.Errno(0)
	switch most := model.Knob(c.Op.Arg2) == model.KnobPidMax; {
	case c.K.Is(V311) && !most:
		want = model.ENOENT
	case !c.mayWrite(most):
		want = model.EACCES
	case most && (c.Op.Arg <= int32(c.K.ReservedPids) || c.Op.Arg > model.MaxPidMax) || !most && c.Op.Arg < 0:
		want = model.EINVAL
	}
	if c.Result.Errno != want {
		return fmt.Errorf("%s wrote %d to a knob and got %v", c.name(a), c.Op.Arg, c.Result.Errno)
	}
	after := *c.Before
	if want == 0 {
		c.turn(&after)
	}
	if after.PidNS != c.After.PidNS || after.UserNS != c.After.UserNS {
		return fmt.Errorf("%s wrote %d to a knob, and something else has come of it", c.name(a), c.Op.Arg)
	}
	return nil
}

// mayWrite says whether the actor may write pid_max, or one of the other knobs.
func (c *Check) mayWrite(pidMax bool) bool {
	a := c.Op.Actor
	if !pidMax {
		return c.caps(a)&model.CapSysResource != 0
	}
	if c.K.Is(V311) {
		return c.user(c.Before).UID == 0
	}
	of := c.Before.PidNS[c.Before.ActiveNS(a)].UserNS
	return c.user(c.Before).UID == 0 || userNS(c.Before, a) == of && c.caps(a)&model.CapSysAdmin != 0
}

// turn writes the knob of a sysctl.
func (c *Check) turn(s *model.State) {
	if n := model.Knob(c.Op.Arg2); n == model.KnobPidMax && c.K.Is(V311) {
		s.PidNS[model.RootPidNS].PidMax = uint16(c.Op.Arg)
	} else if n == model.KnobPidMax {
		s.PidNS[s.ActiveNS(c.Op.Actor)].PidMax = uint16(c.Op.Arg)
	} else if n > 0 && int(n) <= model.NNamespaces {
		s.UserNS[userNS(s, c.Op.Actor)].UcountMax[n-1] = uint8(min(c.Op.Arg, int32(model.UcountUnlimited)))
	}
}
