//go:build linux && amd64

package live

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// What a machine allows is not to be taken for what its kernel does: a lab that is hemmed in says so before it begins.

// roomy is how many namespaces of a kind, or processes, a lab needs for one trace, with room to spare for those that are freed late.
const roomy = 200

// checkNamespaces refuses limits that a trace would meet.
func checkNamespaces() error {
	for _, kind := range []string{"mnt", "uts", "ipc", "net", "cgroup", "time", "pid", "user"} {
		path := "/proc/sys/user/max_" + kind + "_namespaces"
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || n < roomy {
			return fmt.Errorf("%s is %d, and a lab needs %d", path, n, roomy)
		}
	}
	return nil
}

// filesNeeded is how many files a lab has open at most, with room to spare for what else the program has: some for each
// task, and those of the lab itself.
const filesNeeded = filesOfTask*(model.MaxTasks+1) + 28

// checkFiles refuses an RLIMIT_NOFILE that a trace would meet. The soft limit is as high as it can be: the runtime has
// raised it.
func checkFiles() error {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	if r.Cur < filesNeeded {
		return fmt.Errorf("RLIMIT_NOFILE is %d, and a lab needs %d open files", r.Cur, filesNeeded)
	}
	return nil
}

// whyNotOpen says what is behind the failure to open a file below /proc that should be there.
func whyNotOpen(err error) string {
	switch {
	case errors.Is(err, unix.EMFILE):
		return fmt.Sprintf("; a lab needs %d open files besides those that the program has (RLIMIT_NOFILE)", filesNeeded)
	case errors.Is(err, unix.ENFILE):
		return "; the machine has as many open files as it may (fs.file-max)"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "; is /proc mounted with hidepid?"
	}
	return ""
}

// checkProcesses refuses an RLIMIT_NPROC that tasks would meet.
func (l *Lab) checkProcesses() error {
	if l.unlimited < roomy {
		return fmt.Errorf("RLIMIT_NPROC is %d, and a lab needs %d", l.unlimited, roomy)
	}
	return nil
}

// isMapped says whether a user exists where the controller is: in a container it may have but a few.
func isMapped(uid int) bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return true // there are no user namespaces
	}
	for line := range strings.Lines(string(text)) {
		var first, outside, count int
		if _, err := fmt.Sscan(line, &first, &outside, &count); err == nil && uid >= first && uid-first < count {
			return true
		}
	}
	return false
}
