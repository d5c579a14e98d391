package forkcheck_test

import "testing"

func TestOracleNproc(t *testing.T) { testOracle(t, oracleNproc) }

var oracleNproc = []oracleRow{
	{"limit-5", `kernel v6.x uid=1000 nproc=5
b := a.fork() // 3
c := a.fork() // 4
d := a.fork() // 5
e := a.fork() // 6
a.fork()`, "EAGAIN"},
	{"limit-5-threads", `kernel v6.x uid=1000 nproc=5
b := a.clone(VM|SIGHAND|THREAD) // 3
c := a.clone(VM|SIGHAND|THREAD) // 4
d := a.clone(VM|SIGHAND|THREAD) // 5
e := a.clone(VM|SIGHAND|THREAD) // 6
a.clone(VM|SIGHAND|THREAD)`, "EAGAIN"},
	{"limit-5-mixed", `kernel v6.x uid=1000 nproc=5
b := a.clone(VM|SIGHAND|THREAD) // 3
c := a.fork()                   // 4
d := c.clone(VM|SIGHAND|THREAD) // 5
e := b.fork()                   // 6
c.fork()`, "EAGAIN"},
	{"limit-1", `kernel v6.x uid=1000 nproc=1
a.fork()`, "EAGAIN"},
	{"limit-0", `kernel v6.x uid=1000 nproc=0
a.fork()`, "EAGAIN"},
	{"limit-0-thread", `kernel v6.x uid=1000 nproc=0
a.clone(VM|SIGHAND|THREAD)`, "EAGAIN"},
	{"zombies-count", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
b.exit(0)     // -
a.fork()`, "EAGAIN"},
	{"reaped-do-not", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
b.exit(0)     // -
a.wait4(b)    // b exited 0
c := a.fork()`, "4"},
	{"dead-threads-do-not", `kernel v6.x uid=1000 nproc=2
t := a.clone(VM|SIGHAND|THREAD) // 3
t.exit(0)                       // -
u := a.clone(VM|SIGHAND|THREAD)`, "4"},
	{"others-do-not-count", `kernel v6.x uid=1000 nproc=2
b := init.fork() // 3
c := init.fork() // 4
d := a.fork()`, "5"},
	{"uid-0", `kernel v6.x caps=none nproc=1
b := a.fork() // 3
c := a.fork()`, "4"},
	{"uid-0-in-user-namespace", `kernel v6.x nproc=1
a.unshare(NEWUSER) // 0
b := a.fork()      // 3
c := a.fork()`, "4"},
	{"cap-sys-admin", `kernel v6.x uid=1000 caps=SYS_ADMIN nproc=1
b := a.fork() // 3
c := a.fork()`, "4"},
	{"cap-kill", `kernel v6.x uid=1000 caps=KILL nproc=1
a.fork()`, "EAGAIN"},
	{"lowered-below-use", `kernel v6.x uid=1000 nproc=5
b := a.fork()         // 3
c := a.fork()         // 4
a.setrlimit(NPROC, 2) // 0
a.fork()              // EAGAIN
d := b.fork()`, "5"},
	{"limit-of-the-group", `kernel v6.x uid=1000 nproc=5
t := a.clone(VM|SIGHAND|THREAD) // 3
t.setrlimit(NPROC, 2)           // 0
a.fork()`, "EAGAIN"},
	{"hard-limit-not-raised", `kernel v6.x uid=1000 nproc=5
a.setrlimit(NPROC, 5, 6)`, "EPERM"},
	{"no-number-lost", `kernel v6.x uid=1000 nproc=2
b := a.fork() // 3
a.fork()      // EAGAIN
a.fork()      // EAGAIN
b.exit(0)     // -
a.wait4(b)    // b exited 0
c := a.fork()`, "4"},
	{"user-namespace-limit-4-at-creation", `kernel v6.x uid=1000 nproc=50
a.setrlimit(NPROC, 4)  // 0
a.unshare(NEWUSER)     // 0
a.setrlimit(NPROC, 50) // 0
b := a.fork()          // 3
c := a.fork()          // 4
d := a.fork()          // 5
a.fork()`, "EAGAIN"},
	{"user-namespace-own-count-begins-anew", `kernel v6.x uid=1000 nproc=50
b := a.fork()         // 3
c := a.fork()         // 4
a.unshare(NEWUSER)    // 0
a.setrlimit(NPROC, 2) // 0
d := a.fork()         // 5
a.fork()`, "EAGAIN"},
	{"user-namespace-outside-shares-count", `kernel v6.x uid=1000 nproc=5
b := a.fork()      // 3
b.unshare(NEWUSER) // 0
c := b.fork()      // 4
d := b.fork()      // 5
e := b.fork()      // 6
a.fork()`, "EAGAIN"},
	{"user-namespace-bound-by-outside", `kernel v6.x uid=1000 nproc=3
b := a.fork()      // 3
b.unshare(NEWUSER) // 0
c := a.fork()      // 4
b.fork()`, "EAGAIN"},
	{"user-namespace-child-counts-twice", `kernel v6.x uid=1000 nproc=2
b := a.clone(NEWUSER) // 3
a.fork()`, "EAGAIN"},
	{"user-namespace-capabilities-do-not-help", `kernel v6.x uid=1000 nproc=2
b := a.clone(NEWUSER) // 3
b.fork()`, "EAGAIN"},
	{"user-namespace-nested", `kernel v6.x uid=1000 nproc=50
a.setrlimit(NPROC, 3)  // 0
a.unshare(NEWUSER)     // 0
a.map_ids()            // 0
a.setrlimit(NPROC, 50) // 0
b := a.clone(NEWUSER)  // 3
c := b.fork()          // 4
b.fork()`, "EAGAIN"},
	{"user-namespace-of-root-is-free", `kernel v6.x nproc=1
b := a.clone(NEWUSER) // 3
c := b.fork()         // 4
d := b.fork()`, "5"},
	{"unshare-is-not-refused", `kernel v6.x uid=1000 nproc=0
a.unshare(NEWUSER)`, "0"},
	{"before-permission", `kernel v6.x uid=1000 nproc=1
a.clone(NEWPID)`, "EAGAIN"},
	{"after-user-namespace", `kernel v6.x uid=1000 nproc=1
a.unshare(NEWUSER) // 0
a.clone(NEWUSER)`, "EPERM"},
	{"after-flags", `kernel v6.x uid=1000 nproc=0
a.clone(THREAD)`, "EINVAL"},
}
