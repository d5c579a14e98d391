package generators

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck/model"
)

// What is drawn has a binary form, which is read as a trace that does the same.
func TestDrawnTracesHaveABinaryForm(t *testing.T) {
	for seed := range uint64(300) {
		k, b, ops := trace(NewSeeded(seed), model.MaxBinaryOps)
		want := model.Transcribe(k, b, ops)
		data, err := model.EncodeTrace(want)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, want)
		}
		var binary model.Binary
		binary.Decode(data)
		if before, after := last(k, want), last(k, binary.Trace()); before != after {
			t.Fatalf("seed %d: %s\nends otherwise than\n%s(-want +got):\n%s", seed, binary.Trace(), want, cmp.Diff(before, after))
		}
	}
}

// last is the state that a trace ends in.
func last(k *model.Kernel, t *model.Trace) (s model.State) {
	t.Boot.State(&s)
	names := model.NewNames(&t.Boot, &s)
	for i := range t.Lines {
		if st := t.Lines[i].Stmt; st != nil {
			op := names.Resolve(k, &s, st)
			res := k.Step(&s, op)
			names.Born(&s, op, st.Bind, &res)
			names.Gone(&s)
		}
	}
	return s
}
