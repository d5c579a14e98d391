//go:build !linux || !amd64

package live

import (
	"fmt"
	"runtime"

	"forkcheck/model"
)

// Lab is a place on the running kernel where traces run. There is none here: the code of its tasks is written for Linux on amd64.
type Lab struct {
	UserNS    bool
	Weak      bool
	Blind     bool
	NoTid     bool
	OwnPidMax bool
	Lacks     model.Flags
	Variants  []*model.Variant
}

var errNotHere = fmt.Errorf("traces run on Linux, amd64, and this is %s, %s", runtime.GOOS, runtime.GOARCH)

// Open says why there is no lab.
func Open() (*Lab, error) { return nil, errNotHere }

// OpenUserNS says why there is no lab.
func OpenUserNS() (*Lab, error) { return nil, errNotHere }

// Kernel is the release of the running kernel.
func Kernel() string { return "none" }

// Caps are none.
func (l *Lab) Caps() model.CapSet { return 0 }

// Facts are none.
func (l *Lab) Facts(*model.Boot) Facts { return Facts{} }

// Here is the kernel itself.
func (l *Lab) Here(k *model.Kernel) *model.Kernel { return k }

// Begin, Step, Observe, End and Close have nothing to work on.
func (l *Lab) Begin(*model.Boot) error                 { return errNotHere }
func (l *Lab) Step(*Call) ([]model.Call, error)        { return nil, errNotHere }
func (l *Lab) Observe(bool) (model.Observation, error) { return model.Observation{}, errNotHere }
func (l *Lab) End() error                              { return errNotHere }
func (l *Lab) Close() error                            { return nil }

// CanAct is false.
func (l *Lab) CanAct(string) bool { return false }

// RefusesSysctl refuses nothing.
func (l *Lab) RefusesSysctl(*Call) string { return "" }
