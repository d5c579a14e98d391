package forkcheck_test

import (
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/model"
)

// Every listing is a whole table: a name of its own, rows as wide as the head, no bar that would split a cell.
func TestListings(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range forkcheck.Listings(model.V311()) {
		if seen[l.Name] || len(l.Rows) == 0 {
			t.Errorf("listing %q is empty, or there are two", l.Name)
		}
		seen[l.Name] = true
		for _, row := range l.Rows {
			if len(row) != len(l.Head) || strings.ContainsAny(strings.Join(row, ""), "|\n") {
				t.Errorf("%s: a row of %d cells for %d columns, or with a bar: %q", l.Name, len(row), len(l.Head), row)
			}
		}
	}
}

// What a row does with the flags is read from its data.
func TestListingFlags(t *testing.T) {
	want := map[string]string{
		"newuser_newpid_thread_parent": "refuses NEWUSER or NEWPID with PARENT or THREAD",
		"thread_needs_sighand":         "refuses THREAD without SIGHAND",
		"parent_of_init":               "refuses PARENT in some states",
		"copy_files":                   "shares with FILES",
		"sas_ss_reset":                 "with VM, without VFORK",
		"exit_signal":                  "without PARENT or THREAD",
		"copy_thread":                  "",
	}
	clone := forkcheck.Listings(model.V311())[0]
	for _, row := range clone.Rows {
		if flags, ok := want[row[0]]; ok && row[1] != flags {
			t.Errorf("%s: %q, want %q", row[0], row[1], flags)
		}
		delete(want, row[0])
	}
	if len(want) > 0 {
		t.Errorf("no rows for %v", want)
	}
}

func TestMarkdown(t *testing.T) {
	l := forkcheck.Listing{Head: []string{"call", "means"}, Rows: [][]string{{"fork", "a child"}, {"größer", "x"}}}
	const want = "| call   | means |\n| ------ | --- |\n| fork   | a child |\n| größer | x |\n"
	if got := l.Markdown(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
