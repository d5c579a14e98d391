/*
Package model is the part of the Linux kernel that fork touches, as data: task creation, exit, wait, signals, pid
namespaces, the limits on all of them, and nothing else.

A system call is a Table of named rows, run by one small driver (table.go). A row that fails enters the table's ladder
at a label and falls through, as the kernel's goto does. The whole kernel is one comparable value, State; Kernel.Step
does one Op to it in place. A Version is the tables of one kernel, written out in its own order: V311 is Linux 3.11, V6 a
modern one. Switches names each point where they differ, and can undo it.

# Where a kernel function is

	copy_process, do_fork     fork.go (the rows), fork_v311.go and fork_v6.go (their order, the ladder)
	copy_creds, create_user_ns, ns_capable     cred.go
	copy_namespaces, create_new_namespaces     nsproxy.go
	alloc_pid, free_pid, find_pid_ns           pid.go
	do_exit, do_group_exit, exit_notify                                    exit.go
	zap_pid_ns_processes, find_new_reaper, forget_original_parent          reaper.go
	do_notify_parent, kill_orphaned_pgrp                                   notify.go
	release_task, __exit_signal, __unhash_process     release.go
	do_wait, wait_consider_task                wait.go
	kill, tkill, sigaction, send_signal, complete_signal     signal.go
	get_signal_to_deliver, do_signal_stop      deliver.go
	sys_unshare                                unshare.go
	RLIMIT_NPROC, max_threads, setrlimit       limits.go
	pid_max, user.max_*_namespaces             sysctl.go
	inc_ucount, inc_rlimit_ucounts             ucounts.go
	get and put of every count                 refs.go
	what happens by itself between two calls   settle.go, and in each order choice.go
	what v6.x does otherwise than v3.11        switches.go
	kernels with one thing wrong               mutant.go, and how rows, rungs and straight code are broken mutant*.go
	bugs that Linux had                        bugs.go
	the state                                  state.go
	what user space can see of it              observe.go

# Traces

A trace is a text file: a header, then one op a line. Blank lines, and lines that begin with #, say nothing; they are
kept when the file is written back. ParseTrace reads a trace, Trace.String prints it, Names runs it.

	trace  = header { line }
	header = "kernel" version { option }
	line   = [ name ":=" ] task "." op [ ".fault(" row "," ERRNO ")" ] [ ".pause(" row ")" ] [ ".choose(" n ")" ] [ "//" result ]

The header says which kernel, and what its world looks like:

	kernel v3.11                        or kernel v6.x; the world: init (pid 1) and a, its child (pid 2)
	max_threads=N                       the limit on all threads
	pid_max=N reserved_pids=N           pid numbers are below pid_max; past it the search begins at reserved_pids
	last_pid=N                          the number after which the next search begins
	pid_ns_depth=N user_ns_depth=N      how deep namespaces nest
	uid=N caps=KILL|SYS_ADMIN nproc=N   who a is: user, capabilities (also: all, none), RLIMIT_NPROC (also: unlimited)
	world=container                     a lives in a container: init0 (1), its child host (2); inside init (1) and a (2)
	core                                RLIMIT_CORE leaves room for a core: a status says that there is one
	dress                               a owns one of everything that fork shares, copies or resets

The ops, an example each. A name on the left is what the child is called from there on:

	b := a.clone(VM|SIGHAND|THREAD)     flags by name, CLONE_ in front or not, or by number; exit signal SIGCHLD
	b := a.clone(FILES, USR1)           with another exit signal; 0 is none
	b := a.clone(0x11)                  the low byte of a number is the exit signal
	b := a.fork()                       clone(0)
	b := a.vfork()                      clone(VM|VFORK): a sleeps until b exits
	a.unshare(NEWPID|NEWTIME)           the flags of clone, and NEWTIME, in whose place clone has the exit signal
	b.exit(5)                           the one thread
	b.exit_group(5)                     all of the process
	a.wait4(b, WNOHANG|__WALL)          a task, -b for the group that b leads, -1, 0, or any number
	a.kill(-b, TERM)                    the same; signals by name, SIG in front or not, or by number; 0 only asks
	a.tkill(b, KILL)                    one thread
	a.tgkill(a, b, KILL)                one thread, if it is of this group
	a.sigaction(CHLD, IGN, NOCLDWAIT)   DFL, IGN or HANDLER; flags NOCLDSTOP, NOCLDWAIT, RESTART
	a.sigprocmask(BLOCK, USR1|TERM)     BLOCK, UNBLOCK or SETMASK; signals, ALL, 0 or a mask
	a.setrlimit(NPROC, 2, unlimited)    soft and hard limit; one of them leaves the hard limit
	a.map_ids()                         writes uid_map and gid_map of a's user namespace
	a.sysctl(pid_max, 400)              pid_max, or max_KIND_namespaces, KIND mnt, uts, ipc, net, cgroup, time, pid or user
	a.resume()                          a's paused call goes on

Two suffixes go with any op but resume. A fault makes a row of the call fail; a pause stops the call before a row:

	a.clone(0).fault(copy_mm, ENOMEM)
	b := a.clone(0).pause(alloc_pid)

A third goes with any op. After it the kernel settles: tasks take signals, die, wake up, and where several have something to
do, a choice says who is first. It is a number 1, 2, ...: what it leaves when divided by how many they are is how many come
before the one that is next, what it gives is for the next choice. Without one, as with 0, those with a signal come first, then
those whose call begins anew, then those that were woken, each in the order of the list of processes:

	b.exit(5).choose(2)                 of two that wait for b the second looks first

The name of a task that is gone stands for the number that it had.

What stands behind // is the result, and a run must give just that; a line without one may give anything, and the row behind an errno
or a sleep may be left out:

	0                     what the call returned
	3, 1 inside           clone: the child's number, and what it is in its own pid namespace if that is another
	EINVAL row            an errno, and the row that gave it
	paused                the call stopped where it was asked to
	asleep row            the call sleeps there
	-                     the task is gone before an answer; "- asleep row" if it has yet to end: its exit sleeps there
	0, stopped            the answer of a call whose task is stopped, and will see it when it goes on
	b exited 5            wait4; also b killed TERM, b killed SEGV core, b stopped STOP, b continued
	no task               the task is not born, dead, stopped or busy, or has nothing to resume
	panic                 the global init died

A fault that the call did not meet adds " (fault not reached)", a choice of more than there was to choose " (choice not
reached)". Calls of others that ended in the step follow, each with
its task: "0; p: b exited 5". A resume says which child its clone made: "c 3, 1 inside".
*/
package model
