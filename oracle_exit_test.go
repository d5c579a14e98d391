package forkcheck_test

import "testing"

func TestOracleExit(t *testing.T) { testOracle(t, oracleExit) }

var oracleExit = []oracleRow{
	{"last-threads-code", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
t.exit(5)                       // -
init.wait4(a)`, "a exited 5"},
	{"leader-last", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit(5)                       // -
a.exit(3)                       // -
init.wait4(a)`, "a exited 3"},
	{"group-exit-after-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
t.exit_group(9)                 // -
init.wait4(a)`, "a exited 9"},
	{"group-exit-ends-all", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit_group(9)                 // -
a.fork()                        // no task
init.wait4(a)`, "a exited 9"},
	{"killed-after-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.kill(a, KILL)              // 0
init.wait4(a)`, "a killed KILL"},
	{"delayed-leader", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.wait4(a)                   // asleep
t.exit(5)`, "-; init: a exited 5"},
	{"delayed-leader-can-be-signalled", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.exit(3)                       // -
init.kill(a, 0)`, "0"},
	{"last-thread-releases-ignored-leader", `kernel v6.x
a.sigaction(CHLD, IGN)          // 0
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)                       // -
t.exit(1)                       // -
a.kill(3, 0)`, "ESRCH"},
	{"orphan-to-init", `kernel v6.x
b := a.fork() // 3
a.exit(1)     // -
b.exit(2)     // -
init.wait4(b)`, "b exited 2"},
	{"orphan-to-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
t.exit(0)                       // -
b.exit(2)                       // -
a.wait4(b, __WNOTHREAD)`, "b exited 2"},
	{"orphan-to-init-of-namespace", `kernel v6.x world=container
b := a.fork() // 3
a.exit(1)     // -
b.exit(2)     // -
init.wait4(b)`, "b exited 2"},
	{"orphan-to-second-thread-of-init", `kernel v6.x world=container
t := init.clone(VM|SIGHAND|THREAD) // 3
b := a.fork()                      // 4
init.exit(0)                       // -
a.exit(1)                          // -
b.exit(2)                          // -
t.wait4(b, __WNOTHREAD)`, "b exited 2"},
	{"orphans-exit-signal-is-sigchld", `kernel v6.x
b := a.clone(0, USR1) // 3
a.exit(1)             // -
b.exit(2)             // -
init.wait4(b)`, "b exited 2"},
	{"orphan-keeps-exit-signal-in-group", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.clone(0, 0)              // 4
t.exit(0)                       // -
b.exit(2)                       // -
a.wait4(b)                      // ECHILD
a.wait4(b, __WCLONE)`, "b exited 2"},
	{"orphan-stops-at-subreaper", `kernel v6.x dress
b := a.fork() // 3
c := b.fork() // 4
b.exit(0)     // -
c.exit(5)     // -
a.wait4(c)`, "c exited 5"},
	{"orphan-does-not-leave-namespace", `kernel v6.x dress
a.unshare(NEWPID) // 0
n := a.fork()     // 3, 1 inside
m := a.fork()     // 4, 2 inside
o := m.fork()     // 3
m.exit(0)         // -
o.exit(3)         // -
n.wait4(o)`, "o exited 3"},
	{"init-takes-all-along", `kernel v6.x
b := a.clone(NEWPID) // 3, 1 inside
c := b.fork()        // 2
d := c.fork()        // 3
b.exit(4)            // -
c.fork()             // no task
d.fork()             // no task
a.wait4(b)`, "b exited 4"},
	{"init-takes-nested-along", `kernel v6.x
b := a.clone(NEWPID) // 3, 1 inside
c := b.clone(NEWPID) // 2, 1 inside
d := c.fork()        // 2
a.kill(b, KILL)      // 0
a.wait4(b)           // b killed KILL
a.kill(5, 0)`, "ESRCH"},
	{"init-waits-for-outside-parent", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
c := a.fork()     // 4, 2 inside
b.exit(4)         // - asleep
a.wait4(b, WNOHANG)`, "0"},
	{"init-waits-until-reaped", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
c := a.fork()     // 4, 2 inside
b.exit(4)         // - asleep
a.wait4(c)        // c killed KILL
a.wait4(b)`, "b exited 4"},
	{"init-thread-is-last", `kernel v6.x
a.unshare(NEWPID)               // 0
i := a.fork()                   // 3, 1 inside
j := i.clone(VM|SIGHAND|THREAD) // 2
d := a.fork()                   // 5, 3 inside
i.exit(0)                       // -
j.exit(6)                       // - asleep
a.wait4(d)                      // d killed KILL
a.wait4(i)`, "i exited 6"},
	{"vfork-child-exits", `kernel v6.x
b := a.vfork() // asleep
b.exit(1)`, "-; a: b 3"},
	{"vfork-child-thread-exits", `kernel v6.x
b := a.vfork()                  // asleep
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)`, "-; a: b 3"},
	{"vfork-without-vm", `kernel v6.x
b := a.clone(VFORK) // asleep
b.exit(1)`, "-; a: b 3"},
}
