package model

import "strconv"

// Errno is what a row answers: 0 to go on, an error of Linux x86-64, or one of the two outcomes below.
type Errno uint16

// The error numbers that the modelled calls can give.
const (
	EPERM          Errno = 1
	ENOENT         Errno = 2
	ESRCH          Errno = 3
	EINTR          Errno = 4
	ECHILD         Errno = 10
	EAGAIN         Errno = 11
	ENOMEM         Errno = 12
	EACCES         Errno = 13
	EFAULT         Errno = 14
	EBUSY          Errno = 16
	EINVAL         Errno = 22
	EMFILE         Errno = 24
	ENOSPC         Errno = 28
	EUSERS         Errno = 87
	ERESTARTSYS    Errno = 512
	ERESTARTNOINTR Errno = 513
	next           Errno = 0      // go on with the following row
	done           Errno = 0xfffe // the call returns here
	sleep          Errno = 0xffff // the call stays at this row and runs it again later
)

// errnoNames is the one place where an errno gets its name.
var errnoNames = []struct {
	errno Errno
	name  string
}{
	{EPERM, "EPERM"}, {ENOENT, "ENOENT"}, {ESRCH, "ESRCH"}, {EINTR, "EINTR"}, {ECHILD, "ECHILD"}, {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"},
	{EACCES, "EACCES"}, {EFAULT, "EFAULT"}, {EBUSY, "EBUSY"}, {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"}, {ENOSPC, "ENOSPC"}, {EUSERS, "EUSERS"},
	{ERESTARTSYS, "ERESTARTSYS"}, {ERESTARTNOINTR, "ERESTARTNOINTR"},
}

// String gives the symbolic name, "EINVAL"; 0 is "OK".
func (e Errno) String() string {
	if e == 0 {
		return "OK"
	}
	for _, n := range errnoNames {
		if n.errno == e {
			return n.name
		}
	}
	return "errno " + strconv.Itoa(int(e))
}

// ParseErrno is the inverse of String for every errno that the model knows.
func ParseErrno(name string) (Errno, bool) {
	for _, n := range errnoNames {
		if n.name == name {
			return n.errno, true
		}
	}
	return 0, false
}

// ErrnoNames lists the known names, for messages.
func ErrnoNames() []string {
	var names []string
	for _, n := range errnoNames {
		names = append(names, n.name)
	}
	return names
}
