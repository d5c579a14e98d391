package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each way to ask for tables gives its exit status and says why.
func TestTables(t *testing.T) {
	const usage = "; usage: forkcheck " + tablesUsage + "\n"
	for _, c := range []struct {
		name   string
		args   []string
		status int
		out    string // how the output begins
		errors string
	}{
		{"all", nil, 0, "## clone\n\n| row ", ""},
		{"one", []string{"known"}, 0, "| id ", ""},
		{"two", []string{"-kernel", "v3.11", "settle", "ladder"}, 0, "## settle\n\n| between two calls ", ""},
		{"both versions", []string{"versions", "switches"}, 0, "## versions\n\n| call ", ""},
		{"unknown table", []string{"ladr"}, 2, "", "forkcheck: unknown table \"ladr\"; did you mean ladder?\n"},
		{"unknown kernel", []string{"-kernel=v3.1"}, 2, "", "forkcheck: unknown kernel \"v3.1\"; did you mean v3.11?\n"},
		{"unknown flag", []string{"-x"}, 2, "", "forkcheck: flag provided but not defined: -x" + usage},
	} {
		status, out, errors := call("", append([]string{"tables"}, c.args...)...)
		if status != c.status || !strings.HasPrefix(out, c.out) || (out == "") != (c.out == "") || errors != c.errors {
			t.Errorf("%s: status %d, prints %.40q, says %q; want %d, %q, %q", c.name, status, out, errors, c.status, c.out, c.errors)
		}
	}
}

// The commands that the README and docs show print what they show.
func TestReadmeConsole(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, file := range append(files, "README.md") {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := regexp.MustCompile("(?s)```console\n\\$ go run ./cmd/forkcheck ([^\n]*)\n(.*?)```")
		for _, m := range shown.FindAllStringSubmatch(string(page), -1) {
			commands++
			_, out, errors := call("", strings.Fields(m[1])...)
			if diff := cmp.Diff(m[2], out+errors); diff != "" {
				t.Errorf("forkcheck %s (-%s +got):\n%s", m[1], file, diff)
			}
		}
	}
	if commands == 0 {
		t.Error("no page shows a command")
	}
}
