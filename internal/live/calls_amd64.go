//go:build linux && amd64

package live

// System calls of the traces.
const (
	sysWrite       = 1
	sysClose       = 3
	sysSigaction   = 13
	sysSigprocmask = 14
	sysClone       = 56
	sysExit        = 60
	sysWait4       = 61
	sysKill        = 62
	sysSemget      = 64
	sysSemop       = 65
	sysSetpgid     = 109
	sysSetsid      = 112
	sysSetresuid   = 117
	sysSetresgid   = 119
	sysCapset      = 126
	sysSigaltstack = 131
	sysPrctl       = 157
	sysTkill       = 200
	sysFutex       = 202
	sysSetTid      = 218
	sysExitGroup   = 231
	sysTgkill      = 234
	sysIoprioSet   = 251
	sysOpenat      = 257
	sysUnshare     = 272
	sysPrlimit     = 302
)
