/*
Package forkcheck checks what Linux promises about fork: it runs traces of fork, exit, wait, signals and namespaces on a
model of the kernel, and asks after each step whether its invariants hold.

Check draws random traces and answers with a Failure, the shortest that it came to. Run runs one trace, which
model.ParseTrace reads from a text. Both run any kernel: model.V311 makes the tables of Linux 3.11, and a caller may change
them first. Listings are those tables for readers.

A Killer looks for what breaks a mutant, a kernel with one thing wrong, of which model.Mutants lists a thousand. Comparison
shows that those of Equivalents are the same kernel. Needs asks of each row that refuses something whether it is needed.

# Packages

	model          the kernel: its state, and each call as a table of rows; the text of traces
	invariants     what must be true of each state and step, what was reached, the defects that Linux itself has
	generators     random worlds and calls
	forkcheck      runs them
	cmd/forkcheck  the command

# Commands

	go test . -rapid.checks=10000            random traces, every invariant after every step
	go run ./cmd/forkcheck run -tree FILE    a trace, and the process tree after each call
	go run ./cmd/forkcheck explore -scope S  every trace of a scope
	go run ./cmd/forkcheck mutants           what notices that the kernel is broken, for each way to break it
	go run ./cmd/forkcheck tables            rows, ladders, invariants, known defects
*/
package forkcheck
