package forkcheck_test

import (
	"slices"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/model"
)

// The conversations of v3.11 run on the running kernel. It either does what v3.11 does, or what v6.x does: then v3.11 with a few
// switches does so too, and if the answers tell, testdata/versions.txt names them.
func TestLiveV311(t *testing.T) {
	x := &liveVersions{T: t, b: forkcheck.Beside{Lab: openLab(t)}, named: readSections(t, "testdata/versions.txt")}
	list := conversations(t, "v3.11")
	for _, c := range list {
		x.compare(c)
	}
	t.Logf("v3.11: %d conversations, %d as v3.11, %d explained by switches, %d refused", len(list), x.old, x.explained, x.refused)
}

// liveVersions compares versions with the running kernel.
type liveVersions struct {
	*testing.T
	b                       forkcheck.Beside
	named                   map[string]string // the switches behind a conversation, and the lines that differ
	old, explained, refused int
}

// compare runs a conversation.
func (x *liveVersions) compare(c conversation) {
	x.Helper()
	if _, why := x.b.Lab.Refuses(c.Trace); why != "" {
		x.refused++
		return
	}
	r := x.record(c)
	switch {
	case r == nil:
	case r.same(model.V311()):
		x.old++
	default:
		x.explained++
		x.explain(c, r)
	}
}

// record records a conversation as one of v6.x, which has to do what the kernel does; nil if it does not.
func (x *liveVersions) record(c conversation) *onRecord {
	x.Helper()
	now := *c.Trace
	now.Boot.Version = "v6.x"
	var d *forkcheck.Divergence
	for range 3 {
		rec, r, err := x.b.Record(&now)
		if err != nil {
			x.Fatal(err)
		}
		if r.Divergence == nil {
			return &onRecord{x.T, rec, r}
		}
		d = r.Divergence
	}
	x.Error(block(&now, d, "\n"+c.file))
	return nil
}

// tells says whether a switch makes a difference to the answers, and not only to what is seen besides.
func (x *liveVersions) tells(c conversation, name string) bool {
	x.Helper()
	i := slices.IndexFunc(model.Switches, func(sw model.Switch) bool { return sw.Name == name })
	return !slices.Equal(answersOn(x.T, c.Trace, forkcheck.Without(nil)), answersOn(x.T, c.Trace, forkcheck.Without(model.Switches[i:i+1])))
}

// explain names the switches.
func (x *liveVersions) explain(c conversation, r *onRecord) {
	x.Helper()
	names := r.switches()
	named, ok := x.named[strings.TrimPrefix(c.file, "testdata/")]
	for _, name := range names {
		if ok && !slices.Contains(strings.Split(named, "\n"), name) && x.tells(c, name) {
			x.Errorf("%s: testdata/versions.txt does not name %s", c.file, name)
		}
	}
	if len(names) == 0 {
		x.Errorf("%s: no switch explains the difference", c.file)
	}
	x.Logf("%s: %s", c.file, strings.Join(names, ", "))
}

// onRecord is a record with which v6.x agrees.
type onRecord struct {
	*testing.T
	*forkcheck.LiveRecord
	result forkcheck.BesideResult
}

// same says whether a version does what is on record, as far as v6.x does.
func (r *onRecord) same(v *model.Version) bool {
	r.Helper()
	got, err := r.LiveRecord.Run(v)
	if err != nil {
		r.Fatal(err)
	}
	want := &r.result
	return got.Steps == want.Steps && got.Divergence == want.Divergence && got.Why == want.Why
}

// switches are the fewest with which v3.11 does what is on record: none of them can be undone.
func (r *onRecord) switches() (names []string) {
	r.Helper()
	var undone []model.Switch
	for _, sw := range model.Switches {
		if more := append(slices.Clone(undone), sw); r.same(forkcheck.Without(more)) {
			undone = more
		} else {
			names = append(names, sw.Name)
		}
	}
	return names
}
