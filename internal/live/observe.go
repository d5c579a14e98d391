//go:build linux && amd64

package live

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// traits are what changes only by the calls of the task itself, or of those that it shares with.
type traits struct {
	rawUID    int
	spaces    model.Spaces
	subreaper bool
	altstack  bool
	clearTid  bool
	pdeath    string
}

// Observe reads what can be seen of the trace. With all it reads anew what calls of the task alone can change.
func (l *Lab) Observe(all bool) (model.Observation, error) {
	o := model.Observation{}
	if err := l.readShares(all); err != nil {
		return o, l.fail(err)
	}
	for _, t := range l.tasks {
		if t.class == gone {
			continue
		}
		v, err := l.view(t, all)
		if err != nil {
			return o, l.fail(fmt.Errorf("%s: %w: %s", t.Name, err, l.dump()))
		}
		o.Tasks = append(o.Tasks, v)
	}
	l.tasks = slices.DeleteFunc(l.tasks, func(t *Task) bool {
		if t.class != gone {
			return false
		}
		t.close()
		l.slots.used[t.slot] = false
		return true
	})
	l.tellSpaces(o.Tasks)
	return o, nil
}

// tellSpaces gives each namespace a name of its own. The kernel's, an inode, may be that of another one as soon as nobody shows it.
func (l *Lab) tellSpaces(tasks []model.TaskView) {
	shown := map[string]string{}
	for i := range tasks {
		for _, link := range spaceLinks {
			name := link.to(&tasks[i].Namespaces)
			if *name == "" {
				continue
			}
			if l.shown[*name] == "" {
				l.nShown++
				l.shown[*name] = fmt.Sprintf("%s, the %d.", *name, l.nShown)
			}
			shown[*name] = l.shown[*name]
			*name = shown[*name]
		}
	}
	l.shown = shown
}

// view is one task.
func (l *Lab) view(t *Task, all bool) (v model.TaskView, err error) {
	st, err := t.readStatus()
	if err != nil {
		return v, err
	}
	t.seen.rawUID, t.leadsGroup = st.uid, t.leadsGroup || st.nsPgid[l.base] == t.pids[0]
	if err := l.readTraits(t, all); err != nil {
		return v, err
	}
	last := func(list []int) int { return list[len(list)-1] }
	v = model.TaskView{
		Name: t.Name, Pids: st.nsPid[l.base:], Tgids: st.nsTgid[l.base:], Parent: l.parentOf(t, st.ppid), State: states[t.class], Call: l.callOf(t),
		ExitSignal: t.last.exitSignal, Threads: st.threads,
		Pgid: st.nsPgid[l.base], PgidSeen: last(st.nsPgid), Sid: st.nsSid[l.base], SidSeen: last(st.nsSid),
		Shares: t.shares(), Namespaces: t.seen.spaces,
		Signals: model.Signals{Pending: names(st.pending), SharedPending: names(st.shared), Blocked: names(st.blocked),
			Ignored: names(st.ignored), Caught: names(st.caught)},
		UID: l.modelUID(st.uid), Caps: modelCaps(st.capEff).Names(), Flags: modelFlags(t.last.flags).Names(),
		Subreaper: t.seen.subreaper, Altstack: t.seen.altstack, ClearTid: t.seen.clearTid, Pdeath: t.seen.pdeath,
	}
	limit, err := t.nproc()
	v.Nproc, v.NprocHard = l.limitView(limit.Cur), l.limitView(limit.Max)
	if t.class == zombie {
		v.Exit = model.StatusText(uint16(t.last.exitCode))
	}
	return v, err
}

var states = map[class]string{parked: "running", waiting: "asleep", vforked: "asleep", stopped: "stopped", zombie: "zombie", zapping: "dying"}

// callOf is the call that a task is in.
func (l *Lab) callOf(t *Task) string {
	if t.class == waiting || t.class == vforked {
		return t.call.String()
	}
	return ""
}

func names(set uint64) []string { return model.SigSet(set).Names() }

// parentOf is the thread that is the parent; "" outside of the trace. status names its process; of several threads one has the
// task among its children.
func (l *Lab) parentOf(t *Task, ppid int) string {
	parent := l.byTid(ppid)
	if parent == nil {
		return ""
	}
	group := l.group(parent)
	for _, p := range group {
		if len(group) == 1 || p.hasChild(l.leader(t)) {
			return p.Name
		}
	}
	return parent.Name
}

func (l *Lab) byTid(tid int) *Task {
	for _, t := range l.tasks {
		if t.tid == tid && t.class != gone {
			return t
		}
	}
	return nil
}

// leader is the number of the first thread of a task's process, which is the one on the lists of children.
func (l *Lab) leader(t *Task) int {
	for _, o := range l.tasks {
		if o.tgid == t.tgid && o.pids[0] == t.tgid && o.class != gone {
			return o.tid
		}
	}
	return t.tid
}

// group are the threads of a process.
func (l *Lab) group(t *Task) (group []*Task) {
	for _, o := range l.tasks {
		if o.tgid == t.tgid && o.class != gone {
			group = append(group, o)
		}
	}
	return group
}

// hasChild looks for a task among the children of this very thread.
func (t *Task) hasChild(tid int) bool {
	fd, err := unix.Openat(t.dir, "task/"+strconv.Itoa(t.tid)+"/children", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var buf [1024]byte
	return slices.Contains(numbers(read(fd, buf[:])), tid)
}

// modelUID is how the trace calls a user.
func (l *Lab) modelUID(uid int) int {
	switch uid {
	case l.ownUID:
		return 0
	case l.otherUID:
		return int(l.boot.UID)
	}
	return uid
}

// limitView makes no limit -1.
func (l *Lab) limitView(n uint64) int {
	if n >= l.unlimited {
		return -1
	}
	return int(n)
}

// readTraits reads what calls of the task alone can change, if it made one, and of the dying what is left.
func (l *Lab) readTraits(t *Task, all bool) error {
	if t.seen.spaces.PidForChildren == "" {
		t.moved = true // it shows as soon as somebody was born into it, to whomever
	}
	if t.class == zombie {
		return l.readHomes(t)
	}
	if !all && !t.moved && t.class != zapping {
		return nil
	}
	if err := l.readSpaces(t); err != nil || t.class != parked {
		return err
	}
	t.moved = false
	if !l.asks && !all {
		return nil
	}
	return l.ask(t)
}

// readHomes reads what a zombie still shows: the user and the pid namespace, which do not go with nsproxy.
func (l *Lab) readHomes(t *Task) (err error) {
	homes := model.Spaces{}
	if l.Lacks&model.CloneNewUser == 0 {
		homes.User, err = t.link("user")
	}
	if err == nil {
		homes.Pid, err = t.link("pid")
	}
	t.seen.spaces = homes
	return err
}

// readSpaces reads the namespaces. The dying have let go of most. A pid namespace for children that nobody was born in yet
// has no link: it reads as new.
func (l *Lab) readSpaces(t *Task) error {
	for _, link := range spaceLinks {
		if l.Lacks&link.flag != 0 {
			continue
		}
		inode, err := t.link(link.kind)
		if err != nil && t.class != zapping && link.kind != "pid_for_children" {
			return err
		}
		*link.to(&t.seen.spaces) = inode
	}
	return nil
}

// askTid asks where the kernel will clear the task's number.
func askTid(t *Task) sysCall {
	const getTidAddress = 40
	return sys(sysPrctl, getTidAddress, dataAddr(t.slot, answerAt+16))
}

// ask has the task itself say what only it can tell.
func (l *Lab) ask(t *Task) error {
	const getPdeath, getSubreaper = 2, 37
	l.put(t, answerAt, 0, 0, 0, 0, 0, 0)
	calls := []sysCall{
		sys(sysPrctl, getPdeath, dataAddr(t.slot, answerAt)),
		sys(sysPrctl, getSubreaper, dataAddr(t.slot, answerAt+8)),
		sys(sysSigaltstack, 0, dataAddr(t.slot, answerAt+24)),
	}
	if !l.NoTid {
		calls = append(calls, askTid(t))
	}
	for _, c := range calls {
		if err := l.must(t, c); err != nil {
			return err
		}
	}
	t.seen.pdeath = ""
	if sig := uint32(l.word(t, answerAt)); sig != 0 {
		t.seen.pdeath = model.Signal(sig).String()
	}
	t.seen.subreaper = uint32(l.word(t, answerAt+8)) != 0
	t.seen.clearTid = l.word(t, answerAt+16) != 0
	t.seen.altstack = l.word(t, answerAt+40) != 0
	return nil
}
