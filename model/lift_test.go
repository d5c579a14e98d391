package model_test

import (
	"testing"

	"forkcheck/model"
)

// A refusal that is lifted is lifted in a version of its own, and every row keeps its place.
func TestLift(t *testing.T) {
	for _, version := range model.Versions {
		v := version.New()
		for _, r := range v.Refusals() {
			lax, rows := v.Lift(r), v.Calls[r.Kind].Rows
			if len(lax.Calls[r.Kind].Rows) != len(rows) || lax.Calls[r.Kind].Rows[r.Row].Name != rows[r.Row].Name || rows[r.Row].Body == nil {
				t.Errorf("%s: %s moved, or is lifted in the version itself", version.Name, rows[r.Row].Name)
			}
		}
	}
}

// Without the row that refuses it, a thread is born into another pid namespace than its group is in.
func TestLiftedRowRefusesNothing(t *testing.T) {
	v := model.V311()
	for _, r := range v.Refusals() {
		if v.Calls[r.Kind].Rows[r.Row].Name != "thread_in_other_pidns" {
			continue
		}
		k := &model.Kernel{Version: v.Lift(r), Limits: model.DefaultLimits}
		b := model.DefaultBoot()
		var s model.State
		b.State(&s)
		k.Step(&s, model.Op{Kind: model.Unshare, Actor: b.Actor(), Flags: model.CloneNewPID})
		res := k.Step(&s, model.Op{Kind: model.Clone, Actor: b.Actor(), Flags: model.CloneVM | model.CloneSighand | model.CloneThread})
		if res.Errno != 0 || s.ActiveNS(res.Who) == s.ActiveNS(b.Actor()) {
			t.Errorf("clone gave %v", res.Errno)
		}
	}
}
