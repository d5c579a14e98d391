//go:build linux && amd64

package live

import "unsafe"

// loopAddr is where the code of a task is, in loop_amd64.s.
func loopAddr() unsafe.Pointer

const elfMachine = 62 // EM_X86_64
