package forkcheck_test

import "testing"

func TestOracleKill(t *testing.T) { testOracle(t, oracleKill) }

var oracleKill = []oracleRow{
	{"another-user", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, TERM)`, "EPERM"},
	{"another-user-continue-in-session", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, CONT)`, "0"},
	{"another-user-cap-kill", `kernel v6.x uid=1000 caps=KILL
b := init.fork() // 3
a.kill(b, TERM)  // 0
init.wait4(b)`, "b killed TERM"},
	{"by-thread-number", `kernel v6.x
b := a.fork()                   // 3
t := b.clone(VM|SIGHAND|THREAD) // 4
a.kill(t, TERM)                 // 0
a.wait4(b)`, "b killed TERM"},
	{"own-group", `kernel v6.x
b := a.fork()          // 3
a.sigaction(USR1, IGN) // 0
a.kill(0, USR1)        // 0
a.wait4(b)`, "b killed USR1"},
	{"group", `kernel v6.x
b := a.fork()       // 3
c := b.fork()       // 4
init.kill(-a, KILL) // 0
init.wait4(a)       // a killed KILL
init.wait4(b)       // b killed KILL
init.wait4(c)`, "c killed KILL"},
	{"no-such-group", `kernel v6.x
a.kill(-77, TERM)`, "ESRCH"},
	{"no-such-process", `kernel v6.x
a.kill(77, TERM)`, "ESRCH"},
	{"all", `kernel v6.x
b := a.fork()    // 3
c := init.fork() // 4
a.kill(-1, TERM) // 0
a.wait4(b)       // b killed TERM
init.wait4(c)`, "c killed TERM"},
	{"all-none-permitted", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(-1, TERM)`, "0"},
	{"all-nobody", `kernel v6.x
a.kill(-1, TERM)`, "ESRCH"},
	{"int-min", `kernel v6.x
a.kill(-2147483648, TERM)`, "ESRCH"},
	{"zero-asks", `kernel v6.x
b := a.fork() // 3
a.kill(b, 0)  // 0
a.wait4(b, WNOHANG)`, "0"},
	{"zero-not-permitted", `kernel v6.x uid=1000
b := init.fork() // 3
a.kill(b, 0)`, "EPERM"},
	{"signal-64", `kernel v6.x
b := a.fork() // 3
a.kill(b, 64)`, "0"},
	{"signal-65", `kernel v6.x
b := a.fork() // 3
a.kill(b, 65)`, "EINVAL"},
	{"zombie", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.kill(b, TERM)`, "0"},
	{"reaped", `kernel v6.x
b := a.fork() // 3
b.exit(1)     // -
a.wait4(b)    // b exited 1
a.kill(b, 0)`, "ESRCH"},
	{"tkill-zero", `kernel v6.x
a.tkill(0, TERM)`, "EINVAL"},
	{"tkill-negative", `kernel v6.x
a.tkill(-1, TERM)`, "EINVAL"},
	{"tgkill-other-group", `kernel v6.x
b := a.fork() // 3
init.tgkill(a, b, TERM)`, "ESRCH"},
	{"tgkill-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
init.tgkill(a, t, TERM)         // 0
init.wait4(a)`, "a killed TERM"},
	{"tgkill-zero", `kernel v6.x
a.tgkill(0, a, TERM)`, "EINVAL"},
	{"thread-signal-waits-for-that-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.sigprocmask(BLOCK, TERM)      // 0
init.tkill(a, TERM)             // 0
init.wait4(a, WNOHANG)`, "0"},
	{"group-signal-any-thread", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
a.sigprocmask(BLOCK, TERM)      // 0
init.kill(a, TERM)              // 0
init.wait4(a, WNOHANG)`, "a killed TERM"},
	{"ignored-is-dropped", `kernel v6.x
a.sigaction(TERM, IGN) // 0
init.kill(a, TERM)     // 0
a.sigaction(TERM, DFL) // 0
init.wait4(a, WNOHANG)`, "0"},
	{"ignored-but-blocked-is-kept", `kernel v6.x
a.sigaction(TERM, IGN)       // 0
a.sigprocmask(BLOCK, TERM)   // 0
init.kill(a, TERM)           // 0
a.sigaction(TERM, DFL)       // 0
a.sigprocmask(UNBLOCK, TERM) // -
init.wait4(a)`, "a killed TERM"},
	{"continue-drops-stop", `kernel v6.x
b := a.fork()                // 3
b.sigprocmask(BLOCK, TSTP)   // 0
a.kill(b, TSTP)              // 0
a.kill(b, CONT)              // 0
b.sigprocmask(UNBLOCK, TSTP) // 0
a.wait4(b, WUNTRACED|WNOHANG)`, "0"},
	{"stop-drops-continue", `kernel v6.x
a.sigaction(USR1, HANDLER)      // 0
b := a.fork()                   // 3
b.sigaction(CONT, HANDLER)      // 0
b.sigprocmask(BLOCK, CONT|TSTP) // 0
c := b.fork()                   // 4
a.kill(b, CONT)                 // 0
a.kill(b, TSTP)                 // 0
b.wait4(c)                      // asleep
c.exit(1)`, "-; b: c exited 1"},
	{"stopped-keeps-others", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, TERM) // 0
a.wait4(b, WNOHANG)`, "0"},
	{"stopped-keeps-others-until-continue", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, TERM) // 0
a.kill(b, CONT) // 0
a.wait4(b)`, "b killed TERM"},
	{"stopped-not-kill", `kernel v6.x
b := a.fork()   // 3
a.kill(b, STOP) // 0
a.kill(b, KILL) // 0
a.wait4(b)`, "b killed KILL"},
	{"child-has-nothing-pending", `kernel v6.x
a.sigprocmask(BLOCK, TERM) // 0
a.kill(a, TERM)            // 0
a.tkill(a, TERM)           // 0
b := a.fork()              // 3
b.sigprocmask(UNBLOCK, TERM)`, "0"},
	{"child-has-the-mask", `kernel v6.x
a.sigprocmask(BLOCK, TERM)   // 0
b := a.fork()                // 3
a.kill(b, TERM)              // 0
a.wait4(b, WNOHANG)          // 0
b.sigprocmask(UNBLOCK, TERM) // -
a.wait4(b)`, "b killed TERM"},
	{"kill-cannot-be-blocked", `kernel v6.x
b := a.fork()               // 3
b.sigprocmask(SETMASK, ALL) // 0
a.kill(b, KILL)             // 0
a.wait4(b)`, "b killed KILL"},
	{"kill-cannot-be-ignored", `kernel v6.x
a.sigaction(KILL, IGN)`, "EINVAL"},
	{"init-term-inside", `kernel v6.x world=container
a.kill(init, TERM) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-kill-inside", `kernel v6.x world=container
a.kill(init, KILL) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-stop-inside", `kernel v6.x world=container
a.kill(init, STOP) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-term-outside", `kernel v6.x world=container
host.kill(init, TERM) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "0"},
	{"init-stop-outside", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.wait4(init, WNOHANG|WUNTRACED)`, "init stopped STOP"},
	{"init-continue-outside", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
host.wait4(init, WCONTINUED)`, "init continued"},
	{"init-kill-outside", `kernel v6.x world=container
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"init-kill-outside-stopped", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"init-keeps-protection", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
init.clone(PARENT)`, "EINVAL"},
	{"init-keeps-protection-from-kill", `kernel v6.x world=container
host.kill(init, STOP) // 0
host.kill(init, CONT) // 0
a.kill(init, KILL)    // 0
host.wait4(init, WNOHANG)`, "0"},
	{"init-handles", `kernel v6.x world=container
init.sigaction(TERM, HANDLER) // 0
init.wait4(a)                 // asleep
a.kill(init, TERM)`, "0; init: EINTR"},
	{"init-ignores-silently", `kernel v6.x world=container
init.wait4(a) // asleep
host.kill(init, TERM)`, "0"},
	{"init-in-vfork", `kernel v6.x world=container
b := init.vfork()     // asleep
host.kill(init, KILL) // 0
host.wait4(init)`, "init killed KILL"},
	{"vfork-fatal", `kernel v6.x
b := a.vfork()     // asleep
init.kill(a, TERM) // 0
init.wait4(a)`, "a killed TERM"},
	{"vfork-handler", `kernel v6.x
a.sigaction(TERM, HANDLER) // 0
b := a.vfork()             // asleep
init.kill(a, TERM)         // 0
init.wait4(a, WNOHANG)     // 0
b.exit(0)`, "-; a: b 3"},
}
