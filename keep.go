package forkcheck

import (
	"fmt"
	"os"
	"path/filepath"

	"forkcheck/model"
)

// Save writes the trace to a file below dir, named after the invariant and the kernel, and answers its path.
func (f *Failure) Save(dir string) (string, error) {
	return save(dir, f.Breach.Invariant.Name+"-"+f.Kernel.Name, f.Trace())
}

// Save writes the trace to a file below dir and answers its path.
func (m *Minimal) Save(dir, name string) (string, error) { return save(dir, name, m.Trace) }

// save writes a trace to a file of its own and gives it its name when it is whole. What has the name is replaced,
// whatever it is: a FIFO is not waited for, and a link not followed.
func save(dir, name string, t *model.Trace) (path string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(t.String())
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name+".trace")
	return path, os.Rename(f.Name(), path)
}

// ReplayCommand is how `forkcheck run` runs a trace again that was saved as a file. If it could not be, with an error,
// the command has the trace on its standard input.
func ReplayCommand(flag, file string, t *model.Trace, err error) string {
	const run = "go run ./cmd/forkcheck run"
	if err == nil {
		return fmt.Sprintf("%s %s %s", run, flag, file)
	}
	return fmt.Sprintf("%s %s - <<'end' # there is no file: %v\n%send", run, flag, err, t)
}
