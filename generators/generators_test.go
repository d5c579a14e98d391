package generators

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"forkcheck/model"
)

// trace draws a world of v3.11 and ops, and runs them.
func trace(src Source, n int) (*model.Kernel, model.Boot, []model.Op) {
	return traceOf(src, "v3.11", 0, n)
}

// traceOf is a trace of any version, with calls that are held up.
func traceOf(src Source, version string, pauses Kinds, n int) (*model.Kernel, model.Boot, []model.Op) {
	b := World(src, version)
	k, err := b.NewKernel()
	if err != nil {
		panic(err) // World draws none that contradicts itself
	}
	taste := NewTaste(src, k)
	taste.Pauses = pauses
	var s model.State
	b.State(&s)
	var ops []model.Op
	for range n {
		op := taste.Op(src, &s, b.Actor())
		ops = append(ops, op)
		k.Step(&s, op)
	}
	return k, b, ops
}

// The same seed draws the same trace, another one another.
func TestSeededIsRepeatable(t *testing.T) {
	_, b1, ops1 := trace(NewSeeded(7), 40)
	_, b2, ops2 := trace(NewSeeded(7), 40)
	if diff := cmp.Diff(b1, b2) + cmp.Diff(ops1, ops2); diff != "" {
		t.Errorf("seed 7 drew two traces:\n%s", diff)
	}
	if _, _, other := trace(NewSeeded(8), 40); cmp.Equal(ops1, other) {
		t.Error("seeds 7 and 8 drew one trace")
	}
}

// slow are the calls that can be held up in a drawn trace.
const slow Kinds = 1<<model.Clone | 1<<model.Unshare | 1<<model.Exit | 1<<model.ExitGroup

// Worlds do not contradict themselves, and what is drawn can be written down and read again.
func TestDrawnTracesCanBeWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom(model.Versions).Draw(t, "version").Name
		pauses := rapid.SampledFrom([]Kinds{0, slow}).Draw(t, "pauses")
		k, b, ops := traceOf(Rapid{t}, version, pauses, rapid.IntRange(1, 20).Draw(t, "ops"))
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		text := model.Transcribe(k, b, ops).String()
		again, err := model.ParseTrace("drawn", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(text, again.String()); diff != "" {
			t.Errorf("written and read again it differs:\n%s", diff)
		}
	})
}

// Calls are held up where they are allowed to be, at many rows, and go on.
func TestPauses(t *testing.T) {
	for _, v := range model.Versions {
		rows, resumed := map[model.Kind]map[uint16]bool{}, 0
		for seed := range uint64(500) {
			k, b, ops := traceOf(NewSeeded(seed), v.Name, slow, 30)
			text := model.Transcribe(k, b, ops).String()
			if _, err := model.ParseTrace("drawn", []byte(text)); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, op := range ops {
				if rows[op.Kind] == nil {
					rows[op.Kind] = map[uint16]bool{}
				}
				if rows[op.Kind][op.Pause] = true; op.Kind == model.Resume {
					resumed++
				}
			}
		}
		for kind, least := range map[model.Kind]int{model.Clone: 50, model.Unshare: 15, model.Exit: 15, model.ExitGroup: 15} {
			if got := len(rows[kind]); got < least {
				t.Errorf("%s: %v pauses at %d rows, want %d or more", v.Name, kind, got, least)
			}
		}
		if resumed < 100 {
			t.Errorf("%s: %d calls were resumed", v.Name, resumed)
		}
	}
}

// A cue is answered by somebody who can act, with what it asks for.
func TestCues(t *testing.T) {
	given, all := map[string]bool{}, slices.Concat(cues[:], crowds[:])
	for seed := range uint64(1500) {
		src := NewSeeded(seed)
		k, b, ops := traceOf(src, model.Versions[seed%2].Name, slow, 30)
		var s model.State
		b.State(&s)
		for _, op := range ops {
			k.Step(&s, op)
			for _, c := range all {
				if g := c.given(&s); g.tasks != 0 {
					given[c.name] = true
				}
			}
			actors, n := tasks(&s, b.Actor(), s.CanAct)
			taste := Taste{kernel: k}
			for _, list := range [][]cue{cues[:], crowds[:]} {
				if op := (model.Op{}); n > 0 && taste.cue(src, &s, &op, actors[:n], list) && (op.Kind == model.NoOp || !s.CanAct(op.Actor)) {
					t.Fatalf("%v is no answer of anybody who can act:\n%s", op, model.Transcribe(k, b, ops))
				}
			}
		}
	}
	for _, c := range all {
		if !given[c.name] {
			t.Errorf("never given: %s", c.name)
		}
	}
}

// Every row of clone and unshare comes to fail with each of its errnos.
func TestFaultsAreEveryRowAndErrno(t *testing.T) {
	k := model.Kernel{Version: model.V311(), Limits: model.DefaultLimits}
	src := NewSeeded(1)
	for _, kind := range []model.Kind{model.Clone, model.Unshare} {
		missing := map[model.Fault]bool{}
		for _, f := range Faults(&k.Calls[kind]) {
			missing[f] = true
		}
		b := model.DefaultBoot()
		var s model.State
		b.State(&s)
		taste := Taste{Faults: true, Wild: true, Namespaces: true, kernel: &k}
		for range 20000 {
			op := model.Op{Kind: kind, Actor: b.Actor()}
			fields[kind](&taste, src, &s, &op)
			delete(missing, op.Fault)
		}
		for f := range missing {
			t.Errorf("%v never fails at row %s with %v", kind, k.Calls[kind].Rows[f.Row-1].Name, f.Errno)
		}
	}
}
