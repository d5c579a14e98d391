// Package generators draws worlds and operations for traces.
//
// Everything is drawn from a Source: rapid's bit stream in the property, a seeded generator in TestForkReach. The same
// code therefore serves random testing, replay and coverage. Draws are small integers and booleans, one field at a time,
// and any value is legal in any order, so that rapid can drop or lower each of them when it shrinks; 0 and false are
// always the plainest choice. Choices are made among tasks that can act: nothing is drawn and then thrown away.
//
// A world is drawn first (World), then what this trace favours (Taste: swarm testing), then op after op (Taste.Op).
package generators
