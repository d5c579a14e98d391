/*
Package invariants says what must be true of the model, and checks it.

An Invariant is a row: a name, a sentence, the kernel function that guarantees it, and one function that looks. A Task
function is asked of each task, a State function of each state, a Step function of each call that ran whole, a Quiet
function of what is left when all was killed and reaped, a Panic function of the death of the global init. Invariants of tasks and states are skipped when a step changed
nothing. A Checker asks them in order and stops at the first that breaks.

	refs.go     every reference count, against a census of who holds what (census.go)
	groups.go   threads and their groups
	family.go   parents, children, zombies, reapers
	pids.go     struct pids and pid namespaces
	numbers.go  which number is next
	limits.go   RLIMIT_NPROC, max_threads, counters
	signals.go  queues, stops, deaths
	clone.go    what a clone made, or left behind when it failed
	calls.go    what the other calls did
	answers.go  what calls say when they fail, and have done when they do not
	policy.go   what calls owe to their arguments and to who makes them
	quiet.go    what is left at the end
	ucounts.go  what v6.x charges, to whom, and how much of it there may be
	births.go   forks of v6.x that others come in between of
	v6.go       what else only v6.x marks and promises
	bugs.go     what only bugs that Linux once had have asked for

All lists them. Refuted lists sentences that only sound true. KnownDefects lists what is wrong with the kernel itself: a
row recognizes the step that causes it, so that the same breach with another cause is a failure. Reach counts what a run
came by, and says what it should have and did not.

Breaches speak of tasks by their number in the global pid namespace, of other objects by their slot.
*/
package invariants
