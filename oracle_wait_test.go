package forkcheck_test

import "testing"

func TestOracleWait(t *testing.T) { testOracle(t, oracleWait) }

var oracleWait = []oracleRow{
	{"list-order", `kernel v6.x
b := a.fork() // 3
c := a.fork() // 4
c.exit(2)     // -
b.exit(1)     // -
a.wait4(-1)`, "b exited 1"},
	{"no-child", `kernel v6.x
a.wait4(-1)`, "ECHILD"},
	{"no-child-nohang", `kernel v6.x
a.wait4(-1, WNOHANG)`, "ECHILD"},
	{"no-such-process", `kernel v6.x
b := a.fork() // 3
a.wait4(77)`, "ECHILD"},
	{"no-such-group", `kernel v6.x
b := a.fork() // 3
a.wait4(-77)`, "ECHILD"},
	{"grandchild", `kernel v6.x
b := a.fork() // 3
c := b.fork() // 4
c.exit(1)     // -
a.wait4(c)`, "ECHILD"},
	{"nothing-to-report-nohang", `kernel v6.x
b := a.fork() // 3
a.wait4(b, WNOHANG)`, "0"},
	{"nothing-to-report", `kernel v6.x
b := a.fork() // 3
a.wait4(b)`, "asleep"},
	{"exit-status", `kernel v6.x
b := a.fork() // 3
b.exit(259)   // -
a.wait4(b)`, "b exited 3"},
	{"signal-status", `kernel v6.x
b := a.fork()   // 3
a.kill(b, TERM) // 0
a.wait4(b)`, "b killed TERM"},
	{"once", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b)    // b exited 1
a.wait4(b)`, "ECHILD"},
	{"thread-is-no-child", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.wait4(t)`, "ECHILD"},
	{"thread-is-no-child-wall", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
t.exit(1)                       // -
a.wait4(4, WNOHANG|__WALL)`, "ECHILD"},
	{"child-of-a-sibling-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
b.exit(1)                       // -
a.wait4(b)`, "b exited 1"},
	{"child-of-a-sibling-thread-nothread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
b := t.fork()                   // 4
b.exit(1)                       // -
a.wait4(b, __WNOTHREAD)`, "ECHILD"},
	{"delayed-leader", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
b.exit(1)                       // -
a.wait4(b, WNOHANG)`, "0"},
	{"usr1-child", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b)`, "ECHILD"},
	{"usr1-child-wclone", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b, __WCLONE)`, "b exited 1"},
	{"usr1-child-wall", `kernel v6.x
a.sigaction(USR1, IGN) // 0
b := a.clone(0, USR1)  // 3
b.exit(1)              // -
a.wait4(b, __WALL)`, "b exited 1"},
	{"usual-child-wclone", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b, __WCLONE)`, "ECHILD"},
	{"odd-exit-signal-wall", `kernel v6.x
b := a.clone(0xc8) // 3
b.exit(1)          // -
a.wait4(b)         // ECHILD
a.wait4(b, __WALL)`, "b exited 1"},
	{"wexited", `kernel v6.x
a.wait4(-1, 4)`, "EINVAL"},
	{"unknown-option", `kernel v6.x
a.wait4(-1, 0x01000000)`, "EINVAL"},
	{"all-options", `kernel v6.x
b := a.fork() // 3
a.wait4(b, WNOHANG|WUNTRACED|WCONTINUED|__WNOTHREAD|__WCLONE|__WALL)`, "0"},
	{"int-min", `kernel v6.x
a.wait4(-2147483648)`, "ESRCH"},
	{"int-min-bad-option", `kernel v6.x
a.wait4(-2147483648, 4)`, "EINVAL"},
	{"own-group", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(0)`, "b exited 1"},
	{"group-by-number", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(-a)`, "b exited 1"},
	{"child-in-another-group", `kernel v6.x
a.exit(1) // -
init.wait4(0)`, "ECHILD"},
	{"stop-not-asked-for", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.wait4(b, WNOHANG)`, "0"},
	{"stop", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.wait4(b, WUNTRACED)`, "b stopped STOP"},
	{"stop-once", `kernel v6.x
b := a.fork()         // 3
a.kill(b, STOP)       // 0
a.wait4(b, WUNTRACED) // b stopped STOP
a.wait4(b, WUNTRACED|WNOHANG)`, "0"},
	{"continue", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, CONT) // 0
a.wait4(b, WCONTINUED)`, "b continued"},
	{"continue-once", `kernel v6.x
b := a.fork()          // 3
a.kill(b, STOP)        // 0
a.kill(b, CONT)        // 0
a.wait4(b, WCONTINUED) // b continued
a.wait4(b, WCONTINUED|WNOHANG)`, "0"},
	{"autoreap-ignored", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.fork()          // 3
b.exit(1)              // -
a.wait4(b)`, "ECHILD"},
	{"autoreap-nocldwait", `kernel v6.x
a.sigaction(CHLD, DFL, NOCLDWAIT) // 0
b := a.fork()                     // 3
b.exit(1)                         // -
a.wait4(b)`, "ECHILD"},
	{"autoreap-not-backwards", `kernel v6.x
b := a.fork()          // 3
b.exit(1)              // -
a.sigaction(CHLD, IGN) // 0
a.wait4(b)`, "b exited 1"},
	{"autoreap-not-with-another-signal", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.clone(0, 0)     // 3
b.exit(1)              // -
a.wait4(b, __WALL)`, "b exited 1"},
	{"autoreap-ends-a-wait", `kernel v6.x
a.sigaction(CHLD, IGN) // 0
b := a.fork()          // 3
a.wait4(-1)            // asleep
b.exit(1)`, "-; a: ECHILD"},
	{"handler-ends-a-wait", `kernel v6.x
a.sigaction(USR1, HANDLER) // 0
b := a.fork()              // 3
a.wait4(b)                 // asleep
init.kill(a, USR1)`, "0; a: EINTR"},
	{"handler-restarts-a-wait", `kernel v6.x
a.sigaction(USR1, HANDLER, RESTART) // 0
b := a.fork()                       // 3
a.wait4(b)                          // asleep
init.kill(a, USR1)                  // 0
b.exit(1)`, "-; a: b exited 1"},
}
