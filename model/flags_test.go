package model

import "testing"

// The twelve flags of the exhaustive test, and who calls.
var twelve = [...]Flags{CloneVM, CloneFS, CloneSighand, CloneThread, CloneParent, CloneSysvsem, CloneNewNS, CloneNewUser, CloneNewPID, CloneNewIPC, CloneNewUTS, CloneFiles}

// refused is the predicate of v3.11's flag rules, written down without looking at the rows: from clone(2), unshare(2) and
// the checks of do_fork and copy_process. nsdiff: the caller's children go to another pid namespace.
func refused(f Flags, unkillable, nsdiff bool) bool {
	all := func(flags Flags) bool { return f&flags == flags }
	any := func(flags Flags) bool { return f&flags != 0 }
	return any(CloneNewUser|CloneNewPID) && any(CloneThread|CloneParent) ||
		all(CloneNewNS|CloneFS) || all(CloneNewUser|CloneFS) ||
		all(CloneThread) && !all(CloneSighand) || all(CloneSighand) && !all(CloneVM) ||
		all(CloneParent) && unkillable ||
		any(CloneVM|CloneNewPID) && nsdiff ||
		all(CloneNewIPC|CloneSysvsem)
}

// Every combination of twelve flags, by a container's init, by an ordinary task, and after unshare(NEWPID).
func TestEveryFlagCombination(t *testing.T) {
	container := DefaultBoot()
	container.World = Container
	callers := []struct {
		name               string
		boot               Boot
		actor              TaskID
		before             []Op
		unkillable, nsdiff bool
	}{
		{name: "init", boot: container, actor: CInit, unkillable: true},
		{name: "plain", boot: DefaultBoot(), actor: A},
		{name: "after unshare(NEWPID)", boot: DefaultBoot(), actor: A, before: []Op{{Kind: Unshare, Actor: A, Flags: CloneNewPID}}, nsdiff: true},
	}
	for _, c := range callers {
		t.Run(c.name, func(t *testing.T) {
			k, s := world(t, c.boot)
			for _, op := range c.before {
				k.Step(s, op)
			}
			start := *s
			for word := range 1 << len(twelve) {
				var f Flags
				for i, flag := range twelve {
					if word&(1<<i) != 0 {
						f |= flag
					}
				}
				*s = start
				res := k.Step(s, Op{Kind: Clone, Actor: c.actor, Flags: f, Sig: SIGCHLD})
				want := Errno(0)
				if refused(f, c.unkillable, c.nsdiff) {
					want = EINVAL
				}
				if res.Outcome != Returned || res.Errno != want {
					t.Fatalf("clone(%#x): %v %v, want %v", uint32(f), res.Errno, res.Why, want)
				}
			}
		})
	}
}
