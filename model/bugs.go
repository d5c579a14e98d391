package model

// Bug is a bug that Linux had, and what became of it here. One of Mutant, Known, Refusal and Missing says that.
type Bug struct {
	ID     string
	Was    string // one sentence
	When   string // the versions that had it, as far as that is known
	Source string // what names it: the commit that repaired it, or a CVE; "unconfirmed" if nobody has looked it up
	Least  int    // calls of the shortest trace to it that was known beforehand; a call that pauses and goes on counts as two

	Mutant  string // it is this mutant
	Known   string // v3.11 has it by itself: a row of invariants.KnownDefects
	Refusal string // v3.11 has it by itself, a row that refuses too much: no invariant breaks, and the search for what a rule is needed for finds it
	Missing string // what must be modelled before it can be planted

	Like string // Mutant: the object that stands for one that is not modelled
	From string // Mutant: a trace that breaks it, where neither random traces nor the scopes come by one
	Why  string // why the trace that was found is longer than Least, if it is

	Calls     int    // of the shortest trace that was found; that everybody is killed and reaped at its end counts as two
	Invariant string // that broke
}

// Bugs are bugs of Linux that belong to fork, exit, wait, and what they touch, by what they were about: K flags, L limits and
// credentials, U undo, P pids and their namespaces, R parents and children, SG signals, X exec, Z what a child copies, G groups of
// control and the scheduler.
var Bugs = []Bug{
	{ID: "K01", When: "3.8 to 3.9-rc2", Source: "e66eded8309e, CVE-2013-1858", Least: 1, Calls: 1, Invariant: "FlagRules",
		Was:    "clone with NEWUSER and FS: a child that has all capabilities in its user namespace shares the root directory of a parent outside",
		Mutant: "v3.11/clone/newuser_fs/dropped"},
	{ID: "K04", When: "3.8-rc", Source: "8382fcac1b81", Least: 2, Calls: 2, Invariant: "GroupInOnePidNS",
		Was:    "after unshare(NEWPID) a thread can be created, in another pid namespace than its group",
		Mutant: "v6.x/clone/thread_in_other_pidns/dropped"},
	{ID: "K05", When: "3.8 to 3.11", Source: "e79f525e99b0", Least: 2,
		Was:     "after unshare(NEWPID) vfork fails, for VM is refused where THREAD is meant",
		Refusal: "clone/thread_in_other_pidns"},
	{ID: "K08", When: "to 4.2", Source: "faf00da54404", Least: 2,
		Was:     "unshare takes a process for one of several threads because somebody else uses its memory",
		Refusal: "unshare/unshare_shared_mm"},
	{ID: "K09", When: "to 2.6.31", Source: "123be07b0b39", Least: 1, Calls: 1, Invariant: "NoOops",
		Was:    "an init makes its own sibling with PARENT, which nobody will reap",
		Mutant: "v3.11/clone/parent_of_init/dropped"},
	{ID: "K10", When: "never released", Source: "do_fork of 3.11", Least: 1, Calls: 1, Invariant: "GroupInOnePidNS",
		Was:    "a thread in a new pid or user namespace: what forbids it in 3.11 stands in do_fork, and copy_process alone lets it pass",
		Mutant: "v6.x/clone/thread_in_new_ns/newpid-allowed"},
	{ID: "K12", When: "5.5 to 5.6", Source: "3f2c788a1314", Least: 2,
		Was:     "the old clone lets flags pass that only clone3 has, when its int is widened",
		Missing: "clone3 and its flags"},
	{ID: "K15", When: "3.8 to 3.11-rc", Source: "8742f229b635", Least: 3, Calls: 3, Invariant: "LevelBound",
		Was:    "user namespaces nest without bound, and walks up to the first overflow the stack",
		Mutant: "v3.11/unshare/create_user_ns/depth-unchecked"},
	{ID: "K17", When: "to 4.12", Source: "4ea77014af0d, CVE-2018-10124; dd83c161fbcc, CVE-2018-10087", Least: 1, Calls: 1, Invariant: "IntMinIsNobody",
		Was:    "kill and wait4 negate a number whose negative does not exist",
		Mutant: "v6.x/wait4/wait4_int_min/dropped"},

	{ID: "L01", When: "5.14 to 5.16", Source: "8f2f9c4d82f2", Least: 2, Calls: 1, Invariant: "NprocBound",
		Was:    "RLIMIT_NPROC lets one process too many pass: above for at least",
		Mutant: "v3.11/clone/rlimit_nproc/above-for-at-least"},
	{ID: "L03", When: "5.14 to 5.16", Source: "c923a8e7edb0", Least: 3,
		Was:     "setuid compares the limit with the processes of the user that it leaves",
		Missing: "setuid, and exec, which refuses what setuid marks"},
	{ID: "L05", When: "5.14 to 5.16", Source: "a55d07294f1e", Least: 2,
		Was:     "a task is charged to its effective user, and given back to its real one",
		Missing: "a real user that is not the effective one"},
	{ID: "L07", When: "5.14 to 5.15-rc", Source: "15bc01effefe, hash unconfirmed", Least: 4, Calls: 2, Invariant: "UcountsExact",
		Was:    "a charge that goes through several user namespaces is given back in the innermost only",
		Mutant: "v6.x/release_task/dec_rlimit_ucounts/levels-above-kept", Like: "the count of processes, for that of queued signals"},
	{ID: "L09", When: "4.9 to 4.11-rc1", Source: "040757f738e1, CVE-2017-6874", Least: 4,
		Was:     "the counters of a user are found by one task while another one frees them",
		Missing: "counters that no credentials hold: since 5.14 whoever looks for his own has them"},
	{ID: "L10", When: "2.6.32 to 3.4-rc2", Source: "79549c6dfda0, CVE-2012-2745", Least: 2, Calls: 1, Invariant: "SemundoCount",
		Was:    "a child inherits the pointer to a keyring of its parent, without a reference",
		Mutant: "v3.11/clone/copy_semundo/pointer-kept", Like: "an undo list, for the keyring"},
	{ID: "L13", When: "4.10 to 5.1", Source: "6994eefb0053, CVE-2019-13272", Least: 5,
		Was:     "PTRACE_TRACEME takes down the credentials that the parent has at the moment as those of the tracer",
		Missing: "ptrace and exec"},

	{ID: "U02", When: "2.6.25 to 2.6.32", Source: "CVE-2012-0879", Least: 3, Calls: 2, Invariant: "IOContextCount",
		Was:    "a child of clone with IO never gives back its share of the io_context",
		Mutant: "v3.11/do_exit/exit_io_context/share-kept"},
	{ID: "U03", When: "2.6.25 to 2.6.32", Source: "CVE-2012-0879", Least: 2, Calls: 1, Invariant: "IOContextCount",
		Was:    "a clone with IO that fails keeps its share of the io_context",
		Mutant: "v3.11/clone/exit_io_context/undo-dropped"},
	{ID: "U04", When: "3.14 to 3.17-rc", Source: "6c72e3501d0d, unconfirmed", Least: 2, Calls: 1, Invariant: "MempolicyCount",
		Was:    "a fork that fails before the perf stage undoes it, and frees the contexts of the parent",
		Mutant: "v3.11/clone/mpol_dup/fails-to-bad_fork_cleanup_policy"},
	{ID: "U06", When: "to 3.7", Source: "0a01f2cc390e", Least: 1, Calls: 1, Invariant: "FailedForkRestores",
		Was:    "proc is mounted when a pid namespace is made, and stays when the network namespace after it fails",
		Mutant: "v3.11/clone/copy_pid_ns/proc-mounted"},
	{ID: "U08", When: "to 4.13", Source: "355627f51897, hash unconfirmed", Least: 2, Calls: 1, Invariant: "SeccompCount",
		Was:    "a fork copies the pointer to an area of its parent's mm, and frees that when it fails before it has its own",
		Mutant: "v6.x/clone/seccomp_filter_null/dropped", Like: "the seccomp filter of a task, for the area of an mm"},
	{ID: "U10", When: "to 2.6.31", Source: "4ab6c0833653, unconfirmed", Least: 5, Calls: 1, Invariant: "NrThreadsOfGroup",
		Was:    "a thread is counted before it is certain: when its fork fails an exec waits for it for ever",
		Mutant: "v3.11/clone/signal_nr_threads/before-copy_mm"},
	{ID: "U12", When: "3.8 to 3.11", Source: "314a8ad0f18a, hash unconfirmed", Least: 3, Calls: 1, Invariant: "NumberOneIsInit",
		Was:   "the first fork into a pid namespace fails, and the next child has number 2 and no init",
		Known: "V1"},

	{ID: "P02", When: "3.8 to 4.11", Source: "3fd372262166, unconfirmed", Least: 5, Calls: 5, Invariant: "AddingWhileInitLives",
		Was:   "a fork from outside has its number when the namespace is killed, and its child is born into it afterwards",
		Known: "V3"},
	{ID: "P05", When: "3.8 to 3.11", Source: "a60648851354, hash unconfirmed", Least: 8, Calls: 6, Invariant: "ZapEnds",
		Was:   "the last thread of an init waits for two numbers to be left, and is woken at one",
		Known: "P05"},
	{ID: "P06", When: "to 6.9", Source: "7fea700e04bd", Least: 4,
		Was:     "a dying init with a notification pending waits in a loop that never sleeps",
		Missing: "work that is queued for a task (TIF_NOTIFY_SIGNAL)"},
	{ID: "P10", When: "2.6.19 to 5.13-rc4", Source: "0711f0d7050b, CVE-2021-47118", Least: 0,
		Was:     "cad_pid points to the struct pid of init and does not count",
		Missing: "pointers to a struct pid that no task has, and boot as a table"},
	{ID: "P11", When: "to 4.0", Source: "35f71bc0a09a", Least: 2, Calls: 1, Invariant: "ExhaustionIsEAGAIN",
		Was:   "a fork that finds no number says that memory is short",
		Known: "P11"},

	{ID: "R01", When: "2.5", Source: "5dd6a6e5cdad of the history tree", Least: 5, Calls: 2, Invariant: "NoOrphans",
		Was:    "the children of a thread go to the next thread of the group, though that is dying",
		Mutant: "v3.11/do_exit/find_new_reaper/next-thread-though-dying"},
	{ID: "R02", When: "3.4 to 3.18", Source: "shortlog of 3.19", Least: 6, Calls: 5, Invariant: "SubreaperTakesAlive",
		Was:   "a subreaper takes an orphan with its leader, though that is dying and another thread lives",
		Known: "R02"},
	{ID: "R05", When: "to 3.1 in this form, to 3.14 in part", Source: "abd50b39e783", Least: 5,
		Was:     "a parent is told that it has no child while the tracer reaps it",
		Missing: "ptrace"},
	{ID: "R06", When: "to 3.14", Source: "dfccbb5e49a6, hash unconfirmed", Least: 6,
		Was:     "a child that its tracer is about to reap gets a new parent, and neither is told",
		Missing: "ptrace"},
	{ID: "R09", When: "5.2 to 5.3-rc", Source: "b191d6491be6", Least: 5,
		Was:     "the exit wakes those that poll a pidfd before it can be seen, and they sleep on",
		Missing: "poll of a pidfd"},
	{ID: "R11", When: "to 2.6.24", Source: "05e83df62, hash unconfirmed", Least: 9, Calls: 7, Invariant: "HangupOnlyOrphaned",
		Was:    "a process whose leader has exited counts as dead when it is asked whether its process group is orphaned",
		Mutant: "v3.11/do_exit/kill_orphaned_pgrp/threads-of-a-dead-leader-forgotten"},

	{ID: "SG01", When: "to 2.6.16", Source: "4a2c7a7837da", Least: 3, Calls: 3, Invariant: "NoBirthUnderSignal",
		Was:    "a signal to the process group reaches the parent while it forks, and the child not at all",
		Mutant: "v3.11/clone/signal_pending/dropped",
		From: `kernel v3.11
b := a.fork().pause(alloc_pid)
init.kill(-a, TERM)
a.resume()
`},
	{ID: "SG07", When: "3.8-rc", Source: "1c4042c20bbe, hash unconfirmed", Least: 2, Calls: 2, Invariant: "ReaperIsUnkillable",
		Was:    "only a clone with NEWPID makes an init that cannot be killed, and not a fork after unshare",
		Mutant: "v3.11/clone/signal_unkillable/by-the-flag"},
	{ID: "SG08", When: "to 3.3", Source: "5f8aadd8b996", Least: 2, Calls: 1, Invariant: "ExitSignalAsAsked",
		Was:    "with PARENT a process chooses the signal that its own parent gets",
		Mutant: "v3.11/clone/exit_signal_of_leader/as-asked"},
	{ID: "SG09", When: "to 2.6.29", Source: "2d5516cbb9da, unconfirmed", Least: 4, Calls: 1, Invariant: "ExecIDRecorded",
		Was:    "with PARENT a child notes the exec id of its creator for that of its parent",
		Mutant: "v3.11/clone/real_parent_shared/exec-id-of-caller"},
	{ID: "SG11", When: "to 2.6.29", Source: "432870dab85a, CVE-2009-1337, unconfirmed", Least: 3,
		Was:     "a child with CAP_KILL keeps its exit signal when it executes another program",
		Missing: "exec: exec ids differ from birth only in the worlds"},
	{ID: "SG12", When: "3.4 to 5.10-rc2", Source: "b4e00444cab4, CVE-2020-35508", Least: 4, Calls: 4, Invariant: "SiblingSignalsAsLeader",
		Was:   "with PARENT the exit signal is read before the lock is taken, and what a new parent will get is another one",
		Known: "V5"},

	{ID: "X01", When: "to 2.6.30", Source: "9c8a8228d082, CVE-2009-2848, hash unconfirmed", Least: 2,
		Was:     "the word that an exit clears is that of the memory before the exec",
		Missing: "exec"},
	{ID: "X03", When: "to 6.14", Source: "af7bb0d2ca45, CVE-2025-22029", Least: 6,
		Was:     "an exec that fails takes away the mark of another one, and a clone with FS passes",
		Missing: "exec"},
	{ID: "X05", When: "5.7 to 5.19", Source: "e362359ace6f, CVE-2022-2585", Least: 3,
		Was:     "a timer of a thread that executes a program is freed while it is armed",
		Missing: "exec and timers"},

	{ID: "Z02", When: "to 5.4", Source: "463f550fb47b", Least: 2,
		Was:     "a child that shares the memory inherits the rseq area of its parent",
		Missing: "rseq"},
	{ID: "Z04", When: "never released", Source: "d68b46fe16ad", Least: 3, Calls: 2, Invariant: "VforkParentWaits",
		Was:    "a child completes a vfork whose parent was killed: what it writes to is gone",
		Mutant: "v3.11/clone/wait_for_vfork_done/completion-kept"},
	{ID: "Z05", When: "to 2.6.19", Source: "adbecb128cd2", Least: 5,
		Was:     "the table of descriptors is counted, and copied later: the child's is one that there never was",
		Missing: "descriptors, and a pause inside copy_files"},

	{ID: "G02", When: "4.3 to 5.1", Source: "51bee5abeab2", Least: 5,
		Was:     "the pids controller takes a process back when its task is freed, and not when it is reaped",
		Missing: "the pids controller, and a grace period that outlasts a call"},
	{ID: "G05", When: "5.16 to 5.17", Source: "13765de8148f, hash unconfirmed", Least: 2,
		Was:     "a child is published before the scheduler knows it",
		Missing: "the scheduler"},
}
