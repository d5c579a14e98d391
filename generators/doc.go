// Package generators draws worlds and operations for traces.
//
// Everything is drawn from a Source: rapid's bit stream in the property, a seeded generator in TestForkReach. The same
// code therefore serves random testing, replay and coverage. Draws are small integers and booleans, one field at a time,
// and any value is legal in any order, so that rapid can drop or lower each of them when it shrinks; 0 and false are
// always the plainest choice. Choices are made among tasks that can act: nothing is drawn and then thrown away.
//
// A world is drawn first (World), then what this trace favours and what it goes without (Taste), then op after op (Taste.Op):
//
//	world.go   the world
//	swarm.go   tastes, and how much each operation weighs under them
//	ops.go     an operation and its arguments
//	midway.go  rows that fail, rows before which a call stops, and who goes on first after it
//	cues.go    what a state asks for and chance seldom brings
//
// A search draws nothing: it lists what there is to do in a scope.
//
//	scope.go     the named scopes
//	alphabet.go  the ops of a scope, and those that can be done in a state
//
// # Swarm testing
//
// A trace that may do everything does little of anything. So each trace has tastes, most with probability 1/2 (faults with 7/8, namespaces with 3/4), and each
// operation but clone, and each flag, is out of it with probability 1/2. What 10,000 steps come by with this and without,
// that is in traces that have all tastes and all operations and flags; mean and standard deviation over 20 seeds. TestSwarm
// (go test . -run TestSwarm -v) prints the same for 8 of the seeds:
//
//	                                 with swarm     without
//	v3.11  rows and rungs           265.2 ± 0.7    265.8 ± 0.5
//	       errnos                    42.1 ± 1.0     41.5 ± 0.7
//	       premises                  65.8 ± 1.1     64.2 ± 1.1
//	       premises met ten times    59.8 ± 1.2     56.0 ± 1.0
//	v6.x   rows and rungs           308.5 ± 0.7    308.9 ± 0.2
//	       errnos                    44.9 ± 1.0     45.4 ± 0.7
//	       premises                  82.5 ± 1.3     80.3 ± 0.7
//	       premises met ten times    75.0 ± 1.1     69.1 ± 1.4
//
// A row is met by any mixture; a premise takes steps that belong together, and is what an invariant has to have before it says
// anything. It is the mutants that show it best. Below are the traces that it took to find each of the 272 mutants of v3.11, up
// to 2000, for 20 seeds (forkcheck.Sample on each; geometric mean, mean, and how many are found within 100 and 1000), and the
// steps after which the last of all rungs, errnos and premises was met, median of 20 seeds of 100,000 steps; all
// this without pauses. The first line is what was drawn before there were cues, weights for rare operations and faults chosen
// among the rows that can fail:
//
//	                                 mutants: traces      found within     steps to the last
//	                                 geometric  mean      100    1000      rung    errno   premise
//	tastes, no cues                     5.3     65.9     247.1   266.5     55340   95077   >100000
//	no swarm: everything                6.1     56.3     246.7   268.4      5886   14330     38161
//	tastes                              4.9     41.1     249.6   270.1      9072   14921     19561
//	tastes, flags left out              5.2     41.4     251.5   270.0     16334   10533     28940
//	tastes, operations left out         4.1     37.6     254.9   269.9      8444   12739     22055
//	everything, both left out           4.6     35.6     253.6   270.9      3081    9120     21014
//	tastes, both left out               4.5     33.1     254.2   270.6     12708   13133     20485
//
// The last line is what was drawn then; since then faults and namespaces have become more frequent, which brought the mutants of both
// versions, some 1250, that are found within 100 traces from 82 % to 90 %. Leaving operations out is worth most; the last three lines differ by little more than seeds do.
//
// # Pauses
//
// In one trace of four, clone, unshare, exit and exit_group stop half-way now and then (Taste.Pauses), so that others come in
// between.
//
// # Orders
//
// In one trace of four, every other op draws a choice: who is first when several tasks have something to do after it
// (Taste.Orders). It is one of 16, most of which most ops do not offer; 0 is the usual order. As chance seldom brings several
// tasks to have something to do at once, such traces also answer cues after which they have (crowds in cues.go).
package generators
