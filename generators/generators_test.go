package generators

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"forkcheck/model"
)

// trace draws a world and ops, and runs them.
func trace(src Source, n int) (*model.Kernel, model.Boot, []model.Op) {
	b := World(src, "v3.11")
	k, err := b.NewKernel()
	if err != nil {
		panic(err) // World draws none that contradicts itself
	}
	taste := NewTaste(src, k)
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

// Worlds do not contradict themselves, and what is drawn can be written down and read again.
func TestDrawnTracesCanBeWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, b, ops := trace(Rapid{t}, rapid.IntRange(1, 20).Draw(t, "ops"))
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

// A fault is chosen among all that the table has.
func TestFaultsAreEveryRowAndErrno(t *testing.T) {
	v := model.V311()
	want := 0
	for _, r := range v.Calls[model.Clone].Rows {
		want += len(r.Errs)
	}
	if got := len(Faults(&v.Calls[model.Clone])); got != want {
		t.Errorf("%d faults, want %d", got, want)
	}
}
