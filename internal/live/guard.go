//go:build linux && amd64

package live

import (
	"os"

	"forkcheck/model"
)

// RefusesSysctl says why a sysctl would change the machine and not the trace; "" if it would not.
func (l *Lab) RefusesSysctl(c *Call) string {
	t := l.task(c.Actor)
	if t == nil || c.Op.Kind != model.Sysctl {
		return ""
	}
	if model.Knob(c.Op.Arg2) == model.KnobPidMax {
		if !l.OwnPidMax {
			return "pid_max is one for the whole machine before Linux 6.14"
		}
		return ""
	}
	own, err := os.Readlink("/proc/self/ns/user")
	now, err2 := t.link("user")
	if err != nil || err2 != nil || own == now {
		return "the limits of the first user namespace are those of the machine"
	}
	return ""
}
