// Package search visits every state that can be reached from a first one, breadth first, on all cores, and finds for each
// thing that can go wrong the shortest way there.
//
// A state is known by its key. What is stored of it is the key, its parent and the op that led from there: some 50 bytes;
// to go on from a state it is made again from the first one, which costs about one op, for neighbours share most of their way.
// Levels are closed one by one. In a level it does not matter who comes first: of several ways to a new state the least is
// kept, by parent and op, and so the numbers and the ways are the same with any number of workers.
package search
