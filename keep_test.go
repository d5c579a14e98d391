//go:build unix

package forkcheck_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// failures is one of the same invariant in each version.
func failures() (list []*forkcheck.Failure) {
	for _, v := range model.Versions {
		k := &model.Kernel{Version: v.New(), Limits: model.DefaultLimits}
		boot := model.DefaultBoot()
		boot.Version = v.Name
		list = append(list, &forkcheck.Failure{Kernel: k, Boot: boot, Breach: &invariants.Breach{Invariant: &invariants.All[0]}})
	}
	return list
}

// A failure is written to a file of its own, whatever has its name: a link is not followed, nobody is waited for, and
// the failure of another version stays.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := failures()
	name := func(f *forkcheck.Failure) string {
		return filepath.Join(dir, f.Breach.Invariant.Name+"-"+f.Kernel.Name+".trace")
	}
	for i, occupy := range []func(file string) error{
		func(file string) error { return syscall.Mkfifo(file, 0o600) },
		func(file string) error { return os.Symlink(target, file) },
		func(file string) error { return os.Link(target, file) },
		func(file string) error { return os.WriteFile(file, []byte("the last one"), 0o400) },
		func(file string) error { return nil },
	} {
		for _, f := range list {
			_ = os.Remove(name(f))
			if err := occupy(name(f)); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range list {
			saved := make(chan error, 1)
			go func() {
				file, err := f.Save(dir)
				if err == nil && file != name(f) {
					t.Errorf("%d: the file is %s, want %s", i, file, name(f))
				}
				saved <- err
			}()
			select {
			case err := <-saved:
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%d: it waits", i)
			}
		}
		for _, f := range list {
			info, err := os.Lstat(name(f))
			if err != nil || !info.Mode().IsRegular() {
				t.Fatalf("%d: error %v, a file of mode %v", i, err, info.Mode())
			}
			if text, _ := os.ReadFile(name(f)); string(text) != f.Trace().String() {
				t.Errorf("%d: %s has\n%s", i, name(f), text)
			}
		}
	}
	if text, _ := os.ReadFile(target); string(text) != "precious" {
		t.Errorf("the target of a link has become %q", text)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Where a failure cannot be saved, the command to run it again has the trace.
func TestReplayCommand(t *testing.T) {
	f := failures()[0]
	dir := filepath.Join(t.TempDir(), "failures")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := f.Save(dir)
	if err == nil {
		t.Fatalf("saved as %s, below a file", file)
	}
	command := forkcheck.ReplayCommand("-tree", file, f.Trace(), err)
	const run = "go run ./cmd/forkcheck run -tree -"
	shell, ok := strings.CutPrefix(command, run)
	if !ok || !strings.Contains(command, err.Error()) {
		t.Fatalf("the command is %s", command)
	}
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "cat "+shell).Output()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no shell")
	}
	if diff := cmp.Diff(f.Trace().String(), string(out)); diff != "" || err != nil {
		t.Errorf("%s\nerror %v (-want +got):\n%s", command, err, diff)
	}
	if got, want := forkcheck.ReplayCommand("-live", "x.trace", f.Trace(), nil), "go run ./cmd/forkcheck run -live x.trace"; got != want {
		t.Errorf("the command is %q, want %q", got, want)
	}
}
