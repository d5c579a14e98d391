package forkcheck_test

import "testing"

func TestOracleFork(t *testing.T) { testOracle(t, oracleFork) }

var oracleFork = []oracleRow{
	{"first-fork-fails-late", `kernel v6.x
a.unshare(NEWPID)                            // 0
a.clone(PIDFD).fault(pidfd_put_user, EFAULT) // EFAULT
a.fork()`, "ENOMEM"},
	{"first-fork-over-cgroup-limit", `kernel v6.x
a.unshare(NEWPID)                       // 0
a.fork().fault(cgroup_can_fork, EAGAIN) // EAGAIN
a.fork()`, "ENOMEM"},
	{"first-fork-fails-in-alloc-pid", `kernel v6.x last_pid=299
a.sysctl(pid_max, 301) // 0
b := a.fork()          // 300
a.unshare(NEWPID)      // 0
a.fork()               // EAGAIN
b.exit(0)              // -
a.wait4(b)             // b exited 0
c := a.fork()`, "300, 1 inside"},
	{"later-fork-fails-late", `kernel v6.x
b := a.fork()                                // 3
a.clone(PIDFD).fault(pidfd_put_user, EFAULT) // EFAULT
c := a.fork()`, "5"},
	{"namespace-without-init", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.fork()`, "ENOMEM"},
	{"namespace-without-init-vfork", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.vfork()`, "ENOMEM"},
	{"namespace-without-init-thread", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.fork()     // 3, 1 inside
b.exit(0)         // -
a.wait4(b)        // b exited 0
a.clone(VM|SIGHAND|THREAD)`, "EINVAL"},
	{"numbers-exhausted", `kernel v6.x pid_max=301 last_pid=299
b := a.fork() // 300
a.fork()`, "EAGAIN"},
	{"low-numbers-stay-free", `kernel v6.x pid_max=302 last_pid=300
b := a.fork() // 301
c := a.fork() // 300
a.fork()`, "EAGAIN"},
	{"pid-max-of-the-namespace", `kernel v6.x last_pid=310
b := a.clone(NEWPID)   // 311, 1 inside
b.sysctl(pid_max, 301) // 0
c := a.fork()          // 312
d := b.fork()`, "2"},
	{"pid-max-too-low", `kernel v6.x
a.sysctl(pid_max, 300)`, "EINVAL"},
	{"pid-max-of-another-user", `kernel v6.x uid=1000
a.sysctl(pid_max, 400)`, "EACCES"},
	{"vfork-after-unshare-newpid", `kernel v6.x
a.unshare(NEWPID) // 0
b := a.vfork()    // asleep
b.exit(0)`, "-; a: b 3, 1 inside"},
	{"newpid-with-parent", `kernel v6.x
b := a.clone(NEWPID|PARENT) // 3, 1 inside
b.exit(1)                   // -
init.wait4(b)`, "b exited 1"},
	{"injected-sibling", `kernel v6.x
a.unshare(NEWPID)    // 0
b := a.fork()        // 3, 1 inside
c := a.fork()        // 4, 2 inside
d := c.clone(PARENT) // 3
d.exit(1)            // -
a.wait4(d)`, "d exited 1"},
	{"thread-unshares-for-itself", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.unshare(NEWPID)               // 0
b := a.fork()                   // 4
u := a.clone(VM|SIGHAND|THREAD)`, "5"},
	{"thread-unshares-newpid", `kernel v6.x
t := a.clone(VM|SIGHAND|THREAD) // 3
t.unshare(NEWPID)               // 0
b := t.fork()`, "4, 1 inside"},
	{"second-unshare-newpid", `kernel v6.x
a.unshare(NEWPID) // 0
a.unshare(NEWPID)`, "EINVAL"},
	{"sibling-takes-leaders-exit-signal", `kernel v6.x
a.sigaction(USR1, IGN)                // 0
b := a.clone(0, USR1)                 // 3
t := b.clone(VM|SIGHAND|THREAD, USR2) // 4
c := t.clone(PARENT, CHLD)            // 5
c.exit(1)                             // -
a.wait4(c)                            // ECHILD
a.wait4(c, __WCLONE)`, "c exited 1"},
	{"new-namespace-not-permitted", `kernel v6.x uid=1000
a.clone(NEWPID)`, "EPERM"},
	{"new-namespace-with-newuser", `kernel v6.x uid=1000
b := a.clone(NEWUSER|NEWPID|NEWUTS)`, "3, 1 inside"},
	{"nested-user-namespace-not-mapped", `kernel v6.x uid=1000
b := a.clone(NEWUSER) // 3
b.clone(NEWUSER)`, "EPERM"},
	{"newipc-with-sysvsem", `kernel v6.x
a.clone(NEWIPC|SYSVSEM)`, "EINVAL"},
	{"newipc-with-sysvsem-not-permitted", `kernel v6.x uid=1000
a.clone(NEWIPC|SYSVSEM)`, "EPERM"},
	{"max-uts-namespaces", `kernel v6.x
a.unshare(NEWUSER)              // 0
a.sysctl(max_uts_namespaces, 1) // 0
b := a.clone(NEWUTS)            // 3
a.clone(NEWUTS)`, "ENOSPC"},
	{"max-pid-namespaces-of-outer", `kernel v6.x
a.unshare(NEWUSER)              // 0
a.map_ids()                     // 0
a.sysctl(max_pid_namespaces, 2) // 0
b := a.clone(NEWUSER)           // 3
c := b.clone(NEWPID)            // 4, 1 inside
d := b.clone(NEWPID)            // 5, 1 inside
b.clone(NEWPID)`, "ENOSPC"},
	{"pidfd-with-thread", `kernel v6.x
t := a.clone(PIDFD|VM|SIGHAND|THREAD)`, "3"},
	{"pidfd-with-detached", `kernel v6.x
a.clone(PIDFD|DETACHED)`, "EINVAL"},
	{"pidfd-with-parent-settid", `kernel v6.x
a.clone(PIDFD|PARENT_SETTID)`, "EINVAL"},
	{"vm-child-after-newtime", `kernel v6.x
a.unshare(NEWTIME) // 0
b := a.clone(VM)`, "3"},
	{"group-killed-while-forking", `kernel v6.x
b := a.fork()                   // 3
b.fork().pause(cgroup_can_fork) // paused
init.kill(-a, KILL)             // 0
b.resume()                      // -
init.wait4(a)                   // a killed KILL
init.wait4(b)                   // b killed KILL
init.wait4(-1)`, "ECHILD"},
}
