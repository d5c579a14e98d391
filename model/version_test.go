package model

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A version that has been changed all over leaves another one as it was, and one that it was copied from.
func TestOwnedVersionIsApart(t *testing.T) {
	for _, version := range Versions {
		original, other := version.New(), version.New()
		before := fmt.Sprintf("%+v", original)
		copied := *original
		for _, v := range []*Version{other, copied.own()} {
			if n := overwrite(reflect.ValueOf(v).Elem()); n < 1000 {
				t.Errorf("%s: only %d fields were changed", version.Name, n)
			}
		}
		if diff := cmp.Diff(before, fmt.Sprintf("%+v", original)); diff != "" {
			t.Errorf("%s has changed with a copy of it (-was +is):\n%s", version.Name, diff)
		}
		if diff := cmp.Diff(before, fmt.Sprintf("%+v", version.New())); diff != "" {
			t.Errorf("a new %s is not as it was (-was +is):\n%s", version.Name, diff)
		}
	}
}

// overwrite sets whatever v holds to zero, in place, and counts what it set.
func overwrite(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += overwrite(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			n += overwrite(v.Index(i))
		}
	default:
		if v.CanSet() && !v.IsZero() {
			v.SetZero()
			return 1
		}
	}
	return n
}

// Every table of every version has mutants, also one that a version does not have today.
func TestEveryTableHasMutants(t *testing.T) {
	added := Table{Name: "added", Rows: []Row{
		{Name: "row", Source: "kernel/added.c:added", Errs: []Errno{EINVAL}, Body: Rule{All: CloneVM, Errno: EINVAL}}}}
	for _, version := range Versions {
		base := func() *Version {
			v := version.New()
			v.Calls[Resume] = added
			return v.own()
		}
		d := deriver{base: base, v: base()}
		var want, got []string
		for _, m := range d.all() {
			if !slices.Contains(got, m.Table) {
				got = append(got, m.Table)
			}
		}
		for kind := range d.v.Calls {
			if t := &d.v.Calls[kind]; t.Name != "" {
				want = append(want, t.Name)
			}
		}
		want = append(want, "do_exit", d.v.Release.Name)
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("%s: no mutant of %s, only of %v", version.Name, name, got)
			}
		}
	}
}
