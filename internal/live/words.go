//go:build linux && amd64

package live

import "forkcheck/model"

// capBits are the numbers of the capabilities that the model knows.
var capBits = map[model.CapSet]int{model.CapKill: 5, model.CapSetuid: 7, model.CapSysChroot: 18, model.CapSysAdmin: 21, model.CapSysResource: 24}

func modelCaps(mask uint64) (set model.CapSet) {
	for c, bit := range capBits {
		if mask>>bit&1 != 0 {
			set |= c
		}
	}
	return set
}

func kernelCaps(set model.CapSet) (mask uint64) {
	for c, bit := range capBits {
		if set&c != 0 {
			mask |= 1 << bit
		}
	}
	return mask
}

// flagBits are the PF_* of /proc/PID/stat that the model knows.
var flagBits = []struct {
	flag model.TaskFlags
	bit  uint64
}{{model.PFExiting, 0x4}, {model.PFSignaled, 0x400}, {model.PFForknoexec, 0x40}, {model.PFSuperpriv, 0x100}, {model.PFNprocExceeded, 0x1000}}

func modelFlags(flags uint64) (set model.TaskFlags) {
	for _, f := range flagBits {
		if flags&f.bit != 0 {
			set |= f.flag
		}
	}
	return set
}
