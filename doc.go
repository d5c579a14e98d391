// Package forkcheck checks what Linux promises about fork: it runs traces of fork, exit, wait, signals and namespaces on a
// model of the kernel, and asks after each step whether its invariants hold.
//
// A trace (see package model for its grammar) is parsed by model.ParseTrace and run by Run.
package forkcheck
