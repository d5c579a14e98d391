package main

import (
	"os"
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

// The commands that the README shows print what it shows.
func TestReadmeConsole(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```console\n\\$ go run ./cmd/forkcheck ([^\n]*)\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(shown) == 0 {
		t.Error("README.md shows no command")
	}
	for _, m := range shown {
		_, out, errors := call("", strings.Fields(m[1])...)
		if diff := cmp.Diff(m[2], out+errors); diff != "" {
			t.Errorf("forkcheck %s (-README.md +got):\n%s", m[1], diff)
		}
	}
}
