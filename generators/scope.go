package generators

import (
	"slices"

	"forkcheck/model"
)

// Scope is a corner of what can be done, small enough to be searched whole: a world, and an alphabet of ops.
type Scope struct {
	Name  string
	Says  string
	World string // options of the world, as in a trace's header
	Tasks int    // task_structs at most, those of the world included
	Depth int    // the longest trace; 0 is until there is nothing new
	Forks int    // calls that are stopped half-way at most

	Numbers bool // pid numbers are told apart, and where the search for the next one begins
	Lazy    bool // the global init does nothing but wait
	Orders  bool // where several tasks have something to do, each order that makes a difference is an op of its own

	Letters func(k *model.Kernel) []Letter
}

// Alphabet is the alphabet of a scope for a kernel, in a world in which some task is `a`.
func (sc *Scope) Alphabet(k *model.Kernel, a model.TaskID) *Alphabet {
	return &Alphabet{Letters: sc.Letters(k), Tasks: sc.Tasks, InFlight: sc.Forks, Orders: sc.Orders, first: a, lazy: sc.Lazy}
}

// Scopes are the named scopes, the smallest first. A counterexample is proved minimal in the first that can spell it.
var Scopes = []Scope{
	{Name: "flags", Says: "one clone or unshare with any word of 12 flags", Depth: 1, Letters: func(k *model.Kernel) []Letter {
		all := words(model.CloneVM, model.CloneFS, model.CloneFiles, model.CloneSighand, model.CloneVfork, model.CloneParent, model.CloneThread,
			model.CloneNewNS, model.CloneSysvsem, model.CloneNewIPC, model.CloneNewUser, model.CloneNewPID)
		return slices.Concat(clonings(all...), unsharings(all...))
	}},
	{Name: "limits", Says: "processes under RLIMIT_NPROC, which they change", World: "uid=1000 nproc=3", Tasks: 5, Lazy: true, Depth: 6, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags, model.CloneNewUser), exitings(0), []Letter{waitForOne, mapIDs,
			{Kind: model.Setrlimit, Arg: 2, Arg2: -1}, {Kind: model.Setrlimit, Arg: 1, Arg2: 3}, {Kind: model.Setrlimit, Arg: 4, Arg2: 4}, {Kind: model.Setrlimit, Arg: 5, Arg2: 4}}, unsharings(model.CloneNewUser))
	}},
	{Name: "numbers", Says: "five pid numbers, of which three are reserved once the search has come round", World: "pid_max=6 reserved_pids=3", Numbers: true, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags), exitings(0), []Letter{waitForOne})
	}},
	{Name: "unshare", Says: "what can be unshared, by whom", Tasks: 5, Depth: 3, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags, model.CloneVM, model.CloneVM|model.CloneSighand, model.CloneFS, model.CloneFiles, model.CloneSysvsem), exitings(0),
			unsharings(model.CloneVM, model.CloneFS, model.CloneFiles, model.CloneSighand, model.CloneThread, model.CloneNewNS, model.CloneSysvsem, model.CloneNewIPC, model.CloneNewUser, model.CloneNewPID))
	}},
	{Name: "arguments", Says: "calls with odd arguments: flags without meaning, numbers that nobody has, signals and options that do not exist", Depth: 2, Letters: arguments},
	{Name: "sharing", Says: "what processes and threads share, and unshare", Tasks: 4, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(words(model.CloneVM, model.CloneSighand, model.CloneThread, model.CloneFiles, model.CloneFS)...), exitings(0),
			[]Letter{waitForOne}, unsharings(model.CloneFiles, model.CloneFS, model.CloneFiles|model.CloneFS))
	}},
	{Name: "family", Says: "who is whose parent, and hears of whose death", Tasks: 5, Depth: 6, Letters: func(k *model.Kernel) []Letter {
		plain := clonings(0, threadFlags, model.CloneParent)
		return slices.Concat(plain, exitings(0, 3), []Letter{exitGroup}, waitings(0), signalling(clonings(0, model.CloneParent), 0, model.SIGUSR1))
	}},
	{Name: "faults", Says: "calls of which any row fails", Depth: 2, Letters: func(k *model.Kernel) []Letter {
		plain := clonings(0, threadFlags, model.CloneVM, model.CloneNewNS, model.CloneSysvsem, model.CloneNewUser, model.CloneNewPID, model.CloneFiles|model.CloneFS)
		if !k.Is("v3.11") {
			plain = append(plain, clonings(model.ClonePidfd, model.CloneNewCgroup)...)
		}
		calls := slices.Concat(clonings(0), plain[1:], clonings(model.CloneNewUTS, model.CloneNewIPC, model.CloneNewNet),
			unsharings(model.CloneNewUser, model.CloneNewNS|model.CloneNewUser, model.CloneFiles|model.CloneNewNS, model.CloneNewPID, model.CloneFiles|model.CloneNewUser))
		if !k.Is("v3.11") {
			calls = slices.Concat(calls, unsharings(model.CloneNewTime, model.CloneNewTime|model.CloneNewUser))
			plain = append(plain, unsharings(model.CloneNewTime)...)
		}
		return slices.Concat(plain, exitings(0), waitings(0), failing(k, calls))
	}},
	{Name: "pidns", Says: "pid namespaces, their inits, and the death of these", Tasks: 6, Depth: 5, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags, model.CloneParent, model.CloneNewPID, model.CloneVM), exitings(0), unsharings(model.CloneNewPID), waitings(0), killings(model.SIGKILL))
	}},
	{Name: "wait", Says: "what wait4 reports, to whom, and when", Tasks: 5, Depth: 5, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags), signalling(clonings(0), 0, model.SIGUSR1), exitings(0, 3), []Letter{exitGroup, waitForOne, {Kind: model.Wait4, Target: Anyone, Flags: model.WNOHANG}},
			waitings(0, model.WNOHANG, model.WALL, model.WCLONE, model.WNOTHREAD, model.WUNTRACED|model.WCONTINUED),
			[]Letter{{Kind: model.Sigaction, Sig: model.SIGCHLD, Mode: model.SigIgn}, {Kind: model.Sigaction, Sig: model.SIGCHLD, Flags: model.SANOCLDWAIT, Mode: model.SigDfl}},
			killings(model.SIGSTOP, model.SIGCONT))
	}},
	{Name: "signals", Says: "who gets a signal, and what it does", Tasks: 5, Depth: 4, Letters: func(k *model.Kernel) []Letter {
		letters := slices.Concat(clonings(0, threadFlags), exitings(0), killings(model.SIGKILL, model.SIGTERM, model.SIGSTOP, model.SIGCONT, model.SIGUSR1, model.SIGTSTP))
		for _, sig := range []model.Signal{model.SIGKILL, model.SIGTERM, model.SIGUSR1} {
			letters = append(letters, Letter{Kind: model.Kill, Arg: -1, Sig: sig}, Letter{Kind: model.Tkill, Target: Anyone, Sig: sig})
		}
		for _, sig := range []model.Signal{model.SIGTERM, model.SIGUSR1, model.SIGTSTP} {
			letters = append(letters, Letter{Kind: model.Sigaction, Sig: sig, Mode: model.SigHandler}, Letter{Kind: model.Sigaction, Sig: sig, Mode: model.SigIgn},
				Letter{Kind: model.Sigprocmask, Mode: model.SigBlock, Set: sig.Bit()}, Letter{Kind: model.Sigprocmask, Mode: model.SigUnblock, Set: sig.Bit()})
		}
		return append(letters, waitings(0)...)
	}},
	{Name: "namespaces", Says: "namespaces of every kind, and who may have how many", Tasks: 4, Depth: 4, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		kinds := []model.Flags{model.CloneNewNS, model.CloneNewUTS, model.CloneNewIPC, model.CloneNewUser, model.CloneNewPID, model.CloneNewNet}
		letters := slices.Concat(clonings(0, threadFlags), clonings(kinds...), unsharings(kinds...), []Letter{mapIDs}, exitings(0), waitings(0))
		if k.Is("v3.11") {
			return letters
		}
		letters = slices.Concat(letters, clonings(model.CloneNewCgroup), unsharings(model.CloneNewCgroup, model.CloneNewTime))
		for knob := model.KnobMnt; knob <= model.KnobUser; knob++ {
			letters = append(letters, Letter{Kind: model.Sysctl, Arg2: int32(knob)})
		}
		return letters
	}},
	{Name: "stops", Says: "threads that are born while their group stops", Tasks: 6, Depth: 5, Forks: 1, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(threadFlags, model.CloneVfork), stopping(k, clonings(threadFlags), "copy_mm"), killings(model.SIGSTOP, model.SIGCONT))
	}},
	{Name: "births", Says: "processes that are born while signals come for many", Tasks: 5, Depth: 5, Forks: 1, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0), stopping(k, clonings(0), "copy_mm", "thread_group"), killings(model.SIGUSR1, model.SIGTERM),
			[]Letter{{Kind: model.Kill, Arg: -1, Sig: model.SIGUSR1}, {Kind: model.Sigprocmask, Mode: model.SigBlock, Set: model.SIGUSR1.Bit()}, {Kind: model.Sigaction, Sig: model.SIGUSR1, Mode: model.SigHandler}})
	}},
	{Name: "dumps", Says: "core dumps: whom they gather and kill, and what they leave", World: "core", Tasks: 6, Depth: 5, Forks: 1, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags, model.CloneVM, threadFlags|model.CloneVfork), stopping(k, clonings(0), "copy_files"), exitings(0),
			killings(model.SIGQUIT, model.SIGKILL, model.SIGSTOP), []Letter{{Kind: model.Tkill, Target: Anyone, Sig: model.SIGQUIT}, {Kind: model.Sigprocmask, Mode: model.SigUnblock, Set: model.SIGUSR1.Bit()}})
	}},
	{Name: "races", Says: "two forks of an ordinary user, each held up anywhere", World: "uid=1000 nproc=3", Tasks: 7, Depth: 5, Forks: 2, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0), pausing(k, clonings(0)))
	}},
	{Name: "pauses", Says: "two forks in flight, before they have a number or when they have all but the lock, and what happens meanwhile", Tasks: 6, Depth: 5, Forks: 2, Lazy: true, Letters: func(k *model.Kernel) []Letter {
		held := stopping(k, clonings(0, model.CloneParent), "alloc_pid", "thread_group")
		return slices.Concat(clonings(0), signalling(clonings(0), model.SIGUSR1), exitings(0), unsharings(model.CloneNewPID), killings(model.SIGKILL), held)
	}},
	{Name: "orders", Says: "who is first where several wait for a child, or are killed at once", Tasks: 6, Depth: 6, Orders: true, Letters: func(k *model.Kernel) []Letter {
		return slices.Concat(clonings(0, threadFlags), exitings(0), waitings(0), []Letter{{Kind: model.Kill, Arg: -1, Sig: model.SIGKILL}, {Kind: model.Kill, Target: Anyone, Mode: model.Negative, Sig: model.SIGTERM}})
	}},
}

// arguments are calls with arguments that are seldom given, and some others for them to meet.
func arguments(k *model.Kernel) []Letter {
	const minInt = -1 << 31
	letters := slices.Concat(clonings(0, threadFlags, model.CloneVM, model.CloneNewUser, model.CloneNewPID),
		clonings(model.ClonePidfd, model.CloneParentSettid, model.CloneDetached, model.ClonePidfd|model.CloneParentSettid, model.ClonePidfd|model.CloneDetached,
			model.ClonePidfd|threadFlags, model.CloneChildSettid, model.CloneChildCleartid),
		unsharings(model.CloneNewPID, model.CloneParent, model.CloneNewUser), exitings(0),
		[]Letter{mapIDs, {Kind: model.Wait4, Arg: minInt}, {Kind: model.Wait4, Arg: minInt, Flags: 1 << 12}, {Kind: model.Wait4, Arg: -1, Flags: 1 << 12}, {Kind: model.Kill, Arg: minInt}})
	for _, kind := range []model.Kind{model.Kill, model.Tkill, model.Tgkill} {
		for _, sig := range []model.Signal{0, model.SIGUSR1, model.SIGKILL, model.NSIG + 1} {
			letters = append(letters, Letter{Kind: kind, Target: Anyone, Sig: sig}, Letter{Kind: kind, Arg: 999, Arg2: 999, Sig: sig})
		}
		letters = append(letters, Letter{Kind: kind, Arg: 2, Arg2: 1}, Letter{Kind: kind, Arg: 2})
	}
	for _, sig := range []model.Signal{0, model.SIGKILL, model.SIGUSR1, model.NSIG + 1} {
		letters = append(letters, Letter{Kind: model.Sigaction, Sig: sig, Mode: model.SigIgn}, Letter{Kind: model.Sigaction, Sig: sig, Mode: model.SigHandler, Flags: model.SARESTART})
	}
	for _, mode := range []model.Mode{model.SigBlock, model.SigUnblock, model.SigSetmask} {
		letters = append(letters, Letter{Kind: model.Sigprocmask, Mode: mode, Set: model.SIGUSR1.Bit() | model.SIGKILL.Bit()})
	}
	for soft := int32(1); soft < 5; soft += 3 {
		for _, hard := range []int32{-1, 2, 5} {
			letters = append(letters, Letter{Kind: model.Setrlimit, Arg: soft, Arg2: hard})
		}
	}
	for _, knob := range []model.Knob{model.KnobPidMax, model.KnobUTS} {
		for _, value := range []int32{-1, 0, 302, model.MaxPidMax + 1} {
			letters = append(letters, Letter{Kind: model.Sysctl, Arg: value, Arg2: int32(knob)})
		}
	}
	return letters
}

// distinct drops doubles.
func distinct[T comparable](list []T) (out []T) {
	for _, w := range list {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// FindScope finds a scope by name, nil if there is none.
func FindScope(name string) *Scope {
	for i := range Scopes {
		if Scopes[i].Name == name {
			return &Scopes[i]
		}
	}
	return nil
}

// OwnScope is made of the ops of one trace: by any task, on any, a clone or an unshare with any of its flags.
func OwnScope(ops []model.Op) *Scope {
	var list []Letter
	forks := 0
	for _, op := range ops {
		l := op
		if l.Actor, l.Choice = 0, 0; l.Target != 0 {
			l.Target, l.Target2 = Anyone, 0
		}
		if l.Pause != 0 {
			forks++
		}
		if l.Kind == model.Resume {
			continue
		}
		list = append(list, l)
		if l.Kind == model.Clone || l.Kind == model.Unshare {
			for _, w := range words(flagsOf(l.Flags)...) {
				l.Flags = w
				list = append(list, l)
			}
		}
	}
	list = distinct(list)
	orders := slices.ContainsFunc(ops, func(op model.Op) bool { return op.Choice != 0 })
	return &Scope{Name: "own", Says: "the ops of the trace itself", Forks: forks, Orders: orders, Letters: func(*model.Kernel) []Letter { return list }}
}

// flagsOf lists the flags of a word, the eight lowest at most.
func flagsOf(w model.Flags) (list []model.Flags) {
	for ; w != 0 && len(list) < 8; w &= w - 1 {
		list = append(list, w&-w)
	}
	return list
}
