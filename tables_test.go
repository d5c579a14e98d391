package forkcheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/model"
)

// Every listing of every kernel is a whole table: a name of its own, rows as wide as the head, none twice, no bar that would
// split a cell.
func TestListings(t *testing.T) {
	for _, v := range model.Versions {
		seen := map[string]bool{}
		for _, l := range forkcheck.Listings(v.New()) {
			if seen[l.Name] || len(l.Rows) == 0 {
				t.Errorf("%s: listing %q is empty, or there are two", v.Name, l.Name)
			}
			seen[l.Name] = true
			lines := map[string]bool{}
			for _, row := range l.Rows {
				text := strings.Join(row, "; ")
				if len(row) != len(l.Head) || lines[text] || strings.ContainsAny(text, "|\n") {
					t.Errorf("%s: %s: a row of %d cells for %d columns, or twice, or with a bar: %q", v.Name, l.Name, len(row), len(l.Head), row)
				}
				lines[text] = true
			}
		}
	}
}

// listing finds a listing of a kernel by name.
func listing(t *testing.T, v *model.Version, name string) *forkcheck.Listing {
	t.Helper()
	for _, l := range forkcheck.Listings(v) {
		if l.Name == name {
			return &l
		}
	}
	t.Fatalf("there is no listing %q", name)
	return nil
}

// What a row does with the flags is read from its data.
func TestListingFlags(t *testing.T) {
	for _, c := range []struct {
		version *model.Version
		call    string
		want    map[string]string // by row
	}{
		{model.V311(), "clone", map[string]string{
			"newuser_newpid_thread_parent": "refuses NEWUSER or NEWPID with PARENT or THREAD",
			"thread_needs_sighand":         "refuses THREAD without SIGHAND",
			"parent_of_init":               "refuses PARENT in some states",
			"copy_files":                   "shares with FILES",
			"sas_ss_reset":                 "with VM, without VFORK",
			"exit_signal":                  "without PARENT or THREAD",
			"copy_thread":                  "",
		}},
		{model.V6(), "clone", map[string]string{
			"namespaces_ns_capable": "with NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID or NEWNET",
			"set_nsproxy":           "with NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET or timens_differs",
		}},
		{model.V6(), "unshare", map[string]string{
			"unshare_unknown_flags": "refuses any other flag",
			"create_nsproxy":        "with NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID or NEWNET",
		}},
	} {
		for _, row := range listing(t, c.version, c.call).Rows {
			if flags, ok := c.want[row[0]]; ok && row[1] != flags {
				t.Errorf("%s: %q, want %q", row[0], row[1], flags)
			}
			delete(c.want, row[0])
		}
		if len(c.want) > 0 {
			t.Errorf("%s has no rows for %v", c.call, c.want)
		}
	}
}

// A row that is new, gone, moved or otherwise different stands in the listing of both versions, with what differs and no
// more; one that is the same does not.
func TestListingVersions(t *testing.T) {
	before := &model.Version{Name: "old"}
	before.Calls[model.Clone] = model.Table{Name: "clone", Rows: []model.Row{
		{Name: "same", Fail: "out", Errs: []model.Errno{model.ENOMEM}},
		{Name: "gone", On: model.CloneVM, Errs: []model.Errno{model.EAGAIN}},
		{Name: "moved"},
		{Name: "limit", On: model.CloneFS, Fail: "out", Errs: []model.Errno{model.EAGAIN}},
		{Name: "flags", On: model.CloneNewPID, Errs: []model.Errno{model.EPERM}},
		{Name: "sure"},
	}}
	before.Calls[model.Unshare] = model.Table{Name: "unshare", Rows: []model.Row{{Name: "flags", On: model.CloneNewPID}}}
	after := &model.Version{Name: "new"}
	after.Calls[model.Clone] = model.Table{Name: "clone", Rows: []model.Row{
		{Name: "new"},
		before.Calls[model.Clone].Rows[0],
		{Name: "limit", On: model.CloneFS, Fail: "below", Errs: []model.Errno{model.EAGAIN}},
		{Name: "flags", On: model.CloneNewPID | model.CloneNewCgroup, Errs: []model.Errno{model.EPERM}},
		{Name: "moved"},
		{Name: "sure", Off: model.CloneThread, Errs: []model.Errno{model.EPERM}},
	}}
	after.Calls[model.Unshare] = model.Table{Name: "unshare", Rows: []model.Row{{Name: "flags", On: model.CloneNewPID | model.CloneNewCgroup}}}
	want := [][]string{
		{"clone", "new", "-", "runs"},
		{"clone", "gone", "with VM; EAGAIN", "-"},
		{"clone", "limit", "EAGAIN to out", "EAGAIN to below"},
		{"clone, unshare", "flags", "", "also with NEWCGROUP"},
		{"clone", "moved", "after gone", "after flags"},
		{"clone", "sure", "always; cannot fail", "without THREAD; EPERM"},
	}
	if diff := cmp.Diff(want, forkcheck.ListVersions(before, after).Rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMarkdown(t *testing.T) {
	l := forkcheck.Listing{Head: []string{"call", "means"}, Rows: [][]string{{"fork", "a child"}, {"größer", "x"}}}
	const aligned = "| call   | means |\n| ------ | --- |\n| fork   | a child |\n| größer | x |\n"
	if diff := cmp.Diff(aligned, l.Aligned()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const short = "| call | means |\n| --- | --- |\n| fork | a child |\n| größer | x |\n"
	if diff := cmp.Diff(short, l.Markdown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
