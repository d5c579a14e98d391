package forkcheck_test

import (
	"slices"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Code outside of the tables knows two versions. A third one is not taken for either of them: whatever asks for the
// version panics.
func TestThirdVersion(t *testing.T) {
	const name = "v5.x"
	third := func() *model.Version {
		v := model.V6()
		v.Name = name
		return v
	}
	versions := model.Versions
	defer func() { model.Versions = versions }()
	model.Versions = append(slices.Clone(versions), versions[1])
	model.Versions[2].Name, model.Versions[2].New = name, third

	k := &model.Kernel{Version: third(), Limits: model.DefaultLimits}
	run := func() {
		trace, err := model.ParseTrace("third", []byte("kernel "+name+"\nb := a.fork()\n"))
		if err == nil {
			_, err = forkcheck.Run(trace, forkcheck.Options{}, nil)
		}
		t.Errorf("it ran: %v", err)
	}
	for _, asks := range []struct {
		what string
		do   func()
	}{
		{"a run", run},
		{"its mutants", func() { model.Mutants(name) }},
		{"a taste", func() { generators.NewTaste(generators.NewSeeded(1), k) }},
		{"a scope", func() { generators.FindScope("faults").Letters(k) }},
		{"an invariant of one version", func() { (&invariants.Invariant{Versions: invariants.V6}).In(name) }},
		{"a known defect", func() { (&invariants.Known{Versions: invariants.V311}).In(name) }},
		{"what refusals are for", func() { forkcheck.Purposes(name) }},
		{"whether it is v6.x", func() { k.Is("v6.x") }},
		{"whether v6.x is it", func() { model.V6().Is(name) }},
	} {
		t.Run(asks.what, func(t *testing.T) {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, name) {
					t.Errorf("no panic about %s, but %q", name, said)
				}
			}()
			asks.do()
		})
	}
}
