package invariants

import (
	"fmt"

	"forkcheck/model"
)

// refs are the invariants about counted objects: one for each class, all served by the census.
var refs = append([]Invariant{
	{Name: "NoOops", Says: "the kernel does nothing that a machine would crash on or never come back from",
		Source: "model.Oops", State: func(c *Check) error {
			if o := c.After.Oops; o != model.NoOops {
				return fmt.Errorf("%v (%v)", o, c.After.OopsClass)
			}
			return nil
		}},
	{Name: "NullUntouched", Says: "nothing is written through NULL", Source: "slot 0 of every arena", State: nullUntouched},
	{Name: "FreedIsZero", Says: "a freed slot is empty", Source: "kmem_cache_free", State: freedIsZero},
	{Name: "NoDanglingTask", Says: "a task points to tasks that exist", Source: "put_task_struct", Task: noDanglingTask},
}, classInvariants()...)

// classSays names, by class, the invariant about its counter, who holds a reference, and where it is dropped.
var classSays = [model.NClasses]struct{ name, says, source string }{
	model.MM:          {"MMUsers", "mm_users is the number of tasks with the mm", "copy_mm, exit_mm"},
	model.Files:       {"FilesCount", "files_struct.count is the number of tasks with the file table", "copy_files, exit_files"},
	model.FS:          {"FSUsers", "fs_struct.users is the number of tasks with the fs_struct", "copy_fs, exit_fs"},
	model.Sighand:     {"SighandCount", "sighand_struct.count is the number of unreleased tasks with it", "copy_sighand, __cleanup_sighand"},
	model.SysvSem:     {"SemundoCount", "sem_undo_list.refcnt is the number of tasks with the undo list", "copy_semundo, exit_sem"},
	model.IO:          {"IOContextCount", "an io_context is counted once for each task with it", "copy_io, exit_io_context"},
	model.Seccomp:     {"SeccompCount", "a seccomp filter is counted once for each task_struct with it", "get_seccomp_filter, free_task"},
	model.Mempolicy:   {"MempolicyCount", "a mempolicy belongs to one task", "mpol_dup, mpol_put"},
	model.Perf:        {"PerfContext", "a perf context belongs to one task", "perf_event_init_task, perf_event_free_task"},
	model.Audit:       {"AuditContext", "an audit context belongs to one task", "audit_alloc, audit_free"},
	model.CSS:         {"CssSetCount", "css_set.refcount is the number of tasks in the cgroup that have not left it", "cgroup_fork, cgroup_exit"},
	model.Security:    {"SecurityBlob", "a security blob belongs to one task", "security_task_alloc, security_task_free"},
	model.Module:      {"ModuleCount", "the exec domain's module is counted once for each task that has not exited", "try_module_get, module_put"},
	model.Nsproxy:     {"NsproxyCount", "nsproxy.count is the number of tasks with the nsproxy", "copy_namespaces, exit_task_namespaces"},
	model.Cred:        {"CredUsage", "cred.usage is two for each task_struct with it", "copy_creds, exit_creds"},
	model.MntNS:       {"MntNSCount", "a mount namespace is counted once for each nsproxy", "copy_mnt_ns, free_nsproxy"},
	model.UTSNS:       {"UTSNSCount", "a uts namespace is counted once for each nsproxy", "copy_utsname, free_nsproxy"},
	model.IPCNS:       {"IPCNSCount", "an ipc namespace is counted once for each nsproxy", "copy_ipcs, free_nsproxy"},
	model.NetNS:       {"NetNSCount", "a net namespace is counted once for each nsproxy", "copy_net_ns, free_nsproxy"},
	model.CgroupNS:    {"CgroupNSCount", "a cgroup namespace is counted once for each nsproxy", "copy_cgroup_ns, free_nsproxy"},
	model.TimeNS:      {"TimeNSCount", "a time namespace is counted twice for each nsproxy, for its own and for its children's", "copy_time_ns, free_nsproxy"},
	model.PidNSClass:  {"PidNSCount", "a pid namespace is counted for each nsproxy, child namespace, struct pid at its level, and its proc mount", "alloc_pid, put_pid, put_pid_ns"},
	model.UserNSClass: {"UserNSCount", "a user namespace is counted for each cred, child namespace and pid namespace", "create_user_ns, put_user_ns"},
	model.UserClass:   {"UserCount", "user_struct.__count is the number of creds of the user", "prepare_creds, put_cred"},
	model.SignalClass: {"SignalCount", "sigcnt is the number of task_structs with the signal_struct", "copy_process, put_signal_struct"},
	model.TaskClass:   {"TaskUsage", "task_struct.usage is one for the scheduler and one for release_task", "dup_task_struct, put_task_struct"},
}

// classInvariants makes a row for each class.
func classInvariants() []Invariant {
	list := []Invariant{{Name: "PidCount", Says: "a struct pid is counted by the pid hash, its pidfd, and those who wait for it",
		Source: "alloc_pid, put_pid", State: pidCounts}}
	for c, row := range classSays {
		class := model.Class(c)
		list = append(list, Invariant{Name: row.name, Says: row.says, Source: row.source, State: func(c *Check) error { return c.counts(class) }})
	}
	return list
}

// counts compares the counters of a class with the census.
func (c *Check) counts(class model.Class) error {
	if c.After.Count[class] == c.Census.Count[class] {
		return nil
	}
	for id, is := range c.After.Count[class] {
		if should := c.Census.Count[class][id]; is != should {
			return fmt.Errorf("%v %d has count %d, and %s", class, id, is, holders(int(should)))
		}
	}
	return nil
}

func holders(n int) string {
	switch n {
	case 0:
		return "nobody holds it"
	case 1:
		return "1 reference is held"
	}
	return fmt.Sprintf("%d references are held", n)
}

func pidCounts(c *Check) error {
	for id := 1; id < model.MaxPids; id++ {
		if is, should := c.After.Pid[id].Count, c.Census.PidCount[id]; is != should {
			return fmt.Errorf("struct pid %d has count %d, and %s", id, is, holders(int(should)))
		}
	}
	return nil
}

func nullUntouched(c *Check) error {
	s := c.After
	switch {
	case s.Task[0] != model.Task{}:
		return fmt.Errorf("task_struct NULL was written")
	case s.Signal[0] != model.SignalStruct{}:
		return fmt.Errorf("signal_struct NULL was written")
	case s.Sighand[0] != model.SighandStruct{}:
		return fmt.Errorf("sighand_struct NULL was written")
	case s.Pid[0] != model.Pid{}:
		return fmt.Errorf("struct pid NULL was written")
	case s.PidNS[0] != model.PidNamespace{} || s.UserNS[0] != model.UserNamespace{}:
		return fmt.Errorf("a namespace NULL was written")
	case s.Cred[0] != model.CredStruct{} || s.User[0] != model.User{} || s.Nsproxy[0] != model.NsproxyStruct{}:
		return fmt.Errorf("cred, user or nsproxy NULL was written")
	}
	return nil
}

// freedIsZero looks only at the arenas that the step changed: the others were clean before.
func freedIsZero(c *Check) error {
	b, a := c.Before, c.After
	for _, arena := range [...]struct {
		class  model.Class
		same   bool
		filled func(i int) bool
	}{
		{model.TaskClass, a.Task == b.Task, func(i int) bool { return a.Task[i] != model.Task{} }},
		{model.SignalClass, a.Signal == b.Signal, func(i int) bool { return a.Signal[i] != model.SignalStruct{} }},
		{model.Sighand, a.Sighand == b.Sighand, func(i int) bool { return a.Sighand[i] != model.SighandStruct{} }},
		{model.Cred, a.Cred == b.Cred, func(i int) bool { return a.Cred[i] != model.CredStruct{} }},
		{model.Nsproxy, a.Nsproxy == b.Nsproxy, func(i int) bool { return a.Nsproxy[i] != model.NsproxyStruct{} }},
	} {
		for i := 1; !arena.same && i < model.Slots; i++ {
			if a.Count[arena.class][i] == 0 && arena.filled(i) {
				return fmt.Errorf("%v %d is free and not empty", arena.class, i)
			}
		}
	}
	return nil
}

func noDanglingTask(c *Check, t model.TaskID) error {
	p := c.task(t)
	for _, o := range [...]struct {
		what string
		task model.TaskID
	}{{"real_parent", p.RealParent}, {"children", p.Children}, {"sibling", p.Sibling}, {"next task", p.Next}, {"vfork_done", p.VforkDone}} {
		if o.task != 0 && c.task(o.task).Stage != model.Hashed {
			return fmt.Errorf("%s of %s is a task that is gone", o.what, c.name(t))
		}
	}
	return nil
}
