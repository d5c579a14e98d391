package forkcheck_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
)

// For each defect that Linux has by itself there is a trace, and its shortest form with the scope in which none is shorter is kept in
// testdata/known/minimal.txt: nobody has told the search where to look. Some are proved anew each time, -shrink.all proves all.
func TestKnownMinimal(t *testing.T) {
	const file = "testdata/known/minimal.txt"
	files, err := filepath.Glob("testdata/known/*.trace")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if !*update {
		want = readSections(t, file)
	}
	var text strings.Builder
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".trace")
		if quick := slices.Contains(quickDefects, name); (!quick || testing.Short()) && !*shrinkAll && !*update {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := knownMinimal(t, f)
			fmt.Fprintf(&text, "%s%s%s%s\n", sectionStart, name, sectionEnd, got)
			if diff := cmp.Diff(want[name], got); diff != "" && !*update {
				t.Errorf("-update writes it anew (-want +got):\n%s", diff)
			}
		})
	}
	if *update {
		rewrite(t, file, strings.TrimSuffix(text.String(), "\n"))
	}
}

// quickDefects are proved in no time.
var quickDefects = []string{"V1-nobody-is-init", "V2-dead-ns-leak", "V4-unkillable-lost", "V9-leader-exit-code", "P11-exhaustion-enomem"}

// knownMinimal is the section of a defect.
func knownMinimal(t *testing.T, file string) string {
	t.Helper()
	f, err := forkcheck.Failing(readTrace(t, file), forkcheck.Options{KnownFail: true})
	if err != nil || f == nil || f.Breach.Known == nil {
		t.Fatalf("error %v, and no known defect in %s", err, file)
	}
	return "breaks" + strings.TrimPrefix(section(forkcheck.Minimize(f, forkcheck.MinimizeOptions{})), "killed by")
}
