package kept_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck/internal/kept"
)

// What a failure left is no part of the project, however it got there.
func TestTraces(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"traces/b.trace", "traces/a.trace", "known/V1.trace", "traces/notes.txt", "failures/x.trace", "rapid/T/y.trace", "deep/failures/z.trace"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := kept.Traces(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = got[i][len(filepath.ToSlash(dir))+1:]
	}
	if diff := cmp.Diff([]string{"known/V1.trace", "traces/a.trace", "traces/b.trace"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A link, a pipe or an older file in the place is replaced; what the link points to stays.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "testdata", "failures")
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if path, err := kept.Write(dir, "x.trace", []byte("one")); err != nil || path != filepath.Join(dir, "x.trace") {
		t.Fatalf("%s, %v", path, err)
	}
	for _, place := range []struct {
		name string
		put  func(path string) error
	}{
		{"file", func(path string) error { return os.WriteFile(path, []byte("older, and longer"), 0o666) }},
		{"link", func(path string) error { return os.Symlink(target, path) }},
		{"pipe", mkfifo},
	} {
		t.Run(place.name, func(t *testing.T) {
			path := filepath.Join(dir, place.name+".trace")
			if err := place.put(path); err != nil {
				t.Skip(err)
			}
			if _, err := kept.Write(dir, place.name+".trace", []byte("two")); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if info, e := os.Lstat(path); err != nil || e != nil || !info.Mode().IsRegular() || string(text) != "two" {
				t.Errorf("%q, %v, %v", text, err, e)
			}
		})
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "mine" {
		t.Errorf("the file that was linked to has %q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
