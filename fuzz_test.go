package forkcheck_test

import (
	"flag"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/model"
)

// FuzzTrace is the main job with traces that Go's fuzzer makes of those of testdata, guided by what they reach in the code.
// model.Binary says how bytes are a trace.
func FuzzTrace(f *testing.F) {
	for _, file := range traceFiles(f) {
		f.Add(encode(f, readTrace(f, file)))
	}
	oneProcessor()
	fuzzer := forkcheck.NewFuzzer(forkcheck.CheckOptions{KnownFail: *known == "fail"})
	ran := atomic.Bool{}
	f.Fuzz(func(t *testing.T, input []byte) {
		ran.Store(true)
		if failure := fuzzer.Run(input); failure != nil {
			judge(t, failure, nil)
		}
	})
	if !ran.Load() && flag.Lookup("test.fuzz").Value.String() == "" {
		f.Error("no input was run: none has the name that -run asks for")
	}
}

// oneProcessor is for a worker of the fuzzer. Workers are processes, as many as there are processors, and each runs its
// inputs one by one, but in a new goroutine each: a second processor would be woken for nothing, and that takes longer than
// the run.
func oneProcessor() {
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		runtime.GOMAXPROCS(1)
	}
}

// encode is a trace in binary.
func encode(t testing.TB, trace *model.Trace) []byte {
	t.Helper()
	data, err := model.EncodeTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// encodeText is a trace in binary.
func encodeText(t testing.TB, text string) []byte {
	t.Helper()
	trace, err := model.ParseTrace("text", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, trace)
}

// A broken kernel fails the inputs that come by what is broken, and no others. The failure is the trace up to there.
func TestFuzzerFails(t *testing.T) {
	kernel := model.V311()
	clone := &kernel.Calls[model.Clone]
	clone.Rows[clone.Row("copy_files")].Fail = "bad_fork_cleanup_files"
	fuzzer := forkcheck.NewFuzzer(forkcheck.CheckOptions{Version: kernel})
	const good = "kernel v3.11\nb := a.clone(FILES)\nb.fork().fault(copy_fs, ENOMEM)\n"
	if f := fuzzer.Run(encodeText(t, good)); f != nil {
		t.Errorf("a good trace fails:\n%s", f.Report())
	}
	f := fuzzer.Run(encodeText(t, good+"b.fork().fault(copy_files, ENOMEM)\nb.exit(0)\n"))
	if f == nil || f.Breach.Invariant.Name != "FilesCount" || len(f.Ops) != 3 {
		t.Fatalf("the failure is %+v, want FilesCount at the third op", f)
	}
	const want = "kernel v3.11\na.fork().fault(copy_files, ENOMEM) // ENOMEM copy_files\n"
	if diff := cmp.Diff(want, forkcheck.Minimize(f, forkcheck.MinimizeOptions{}).Trace().String()); diff != "" {
		t.Errorf("the shortest trace (-want +got):\n%s", diff)
	}
}

// A known defect ends a run, and is a failure for those who want it to be one.
func TestFuzzerKnown(t *testing.T) {
	input := encode(t, readTrace(t, "testdata/known/V2-dead-ns-leak.trace"))
	if f := forkcheck.NewFuzzer(forkcheck.CheckOptions{}).Run(input); f != nil {
		t.Errorf("a known defect fails: %v", f.Breach)
	}
	f := forkcheck.NewFuzzer(forkcheck.CheckOptions{KnownFail: true}).Run(input)
	if f == nil || f.Breach.Known == nil || f.Breach.Known.ID != "V2" {
		t.Errorf("the failure is %+v, want the known defect V2", f)
	}
}

// A trace that was written in binary and read again does the same.
func TestBinaryRunsTheSame(t *testing.T) {
	t.Parallel()
	for i, file := range traceFiles(t) {
		if testing.Short() && i%3 != 0 {
			continue
		}
		trace := readTrace(t, file)
		var b model.Binary
		b.Decode(encode(t, trace))
		want, got := states(t, trace), states(t, b.Trace())
		if len(want) != len(got) {
			t.Fatalf("%s: %d ops become %d", file, len(want), len(got))
		}
		for i := range want {
			if want[i] != got[i] {
				t.Errorf("%s: op %d does something else (-want +got):\n%s", file, i+1, cmp.Diff(want[i], got[i]))
			}
		}
	}
}

// states runs a trace and keeps the state after each op.
func states(t *testing.T, trace *model.Trace) (list []model.State) {
	t.Helper()
	_, err := forkcheck.Run(trace, forkcheck.Options{Checker: asksNothing(), NoQuiet: true}, func(s *forkcheck.Step) error {
		list = append(list, *s.After)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// BenchmarkFuzzer is what an input costs, without what the fuzzer does besides and without its instrumentation.
func BenchmarkFuzzer(b *testing.B) {
	var inputs [][]byte
	for _, file := range traceFiles(b) {
		inputs = append(inputs, encode(b, readTrace(b, file)))
	}
	fuzzer := forkcheck.NewFuzzer(forkcheck.CheckOptions{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if f := fuzzer.Run(inputs[i%len(inputs)]); f != nil {
			b.Fatal(f.Breach)
		}
	}
}
