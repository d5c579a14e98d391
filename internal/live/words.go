//go:build linux

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

// flagBits are the PF_* of /proc/PID/stat that the model knows, in its order.
var flagBits = []struct {
	name string
	bit  uint64
}{{"EXITING", 0x4}, {"SIGNALED", 0x400}, {"FORKNOEXEC", 0x40}, {"SUPERPRIV", 0x100}, {"NPROC_EXCEEDED", 0x1000}}

func flagNames(flags uint64) []string {
	names := []string{}
	for _, f := range flagBits {
		if flags&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return names
}
