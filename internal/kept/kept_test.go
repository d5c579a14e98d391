package kept

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a run left behind is not listed, whatever it is called and however deep it lies.
func TestTraces(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"testdata/a.trace", "testdata/b.txt", "testdata/traces/c.trace", "testdata/failures/d.trace",
		"testdata/failures/deep/e.trace", "testdata/rapid/f.trace", "testdata/traces/failures/g.trace"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("testdata/dir.trace", 0o777); err != nil {
		t.Fatal(err)
	}
	got, err := Traces("testdata")
	if diff := cmp.Diff([]string{"testdata/a.trace", "testdata/traces/c.trace"}, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if _, err := Traces("none"); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
