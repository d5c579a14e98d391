// Package generators draws worlds and operations for traces.
//
// Everything is drawn from a Source: rapid's bit stream in the property, a seeded generator in TestForkReach. The same
// code therefore serves random testing, replay and coverage. Draws are small integers and booleans, one field at a time,
// and any value is legal in any order, so that rapid can drop or lower each of them when it shrinks; 0 and false are
// always the plainest choice. Choices are made among tasks that can act: nothing is drawn and then thrown away.
//
// Does it pay that each trace favours something? What 10,000 steps come by, mean and standard deviation over 20 seeds; without
// means that every trace has all tastes (go test . -run TestSwarm -v):
//
//	                        with swarm     without
//	v3.11  rows and rungs   263.4 ± 1.5    263.9 ± 1.5
//	       errnos            38.6 ± 1.5     38.6 ± 1.2
//	       premises          61.7 ± 0.9     61.4 ± 1.2
//	v6.x   rows and rungs   299.8 ± 1.6    300.9 ± 1.8
//	       errnos            40.3 ± 0.9     39.9 ± 1.0
//	       premises          77.2 ± 1.2     76.1 ± 1.4
//
// So the tastes cost a row and gain a premise, both within the spread. They stay because a premise is what a check needs.
//
// A world is drawn first (World), then what this trace favours (Taste: swarm testing), then op after op (Taste.Op).
package generators
