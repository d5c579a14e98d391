package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// call runs the command as main does.
func call(in string, args ...string) (status int, out, errors string) {
	var o, e bytes.Buffer
	status = dispatch(&env{strings.NewReader(in), &o, &e}, args)
	return status, o.String(), e.String()
}

const small = `kernel v3.11

# a family
b := a.clone(VM|FILES)    // 3
c := b.clone(NEWPID)      // 4, 1 inside
b.exit(5)                 // -
`

// known ends in a defect that the kernel itself has.
const known = "../../testdata/known/V2-dead-ns-leak.trace"

// A known defect ends the run, says which it is, and is no failure.
func TestRunKnown(t *testing.T) {
	_, text, _ := call("", "run", known)
	_, object, _ := call("", "run", "-json", known)
	if !strings.Contains(text, ": known defect V2: ") || !strings.Contains(object, `"known":"V2"`) {
		t.Errorf("the known defect is not named in\n%s\nor in\n%s", text, object)
	}
}

// Each way to call the command gives its exit status and says why.
func TestStatus(t *testing.T) {
	file := filepath.Join(t.TempDir(), "small.trace")
	if err := os.WriteFile(file, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	const usage = "; usage: forkcheck " + runUsage + "\n"
	for _, c := range []struct {
		name   string
		in     string
		args   []string
		status int
		errors string
	}{
		{"fine", small, []string{"run", "-"}, 0, ""},
		{"a file", "", []string{"run", "-json", file, file}, 0, ""},
		{"help", "", []string{"help"}, 0, ""},
		{"another result", "kernel v3.11\na.fork() // 4", []string{"run", "-"}, 1, ""},
		{"known defect", "", []string{"run", known}, 0, ""},
		{"known defect as failure", "", []string{"run", "-known=fail", known}, 1, ""},
		{"no command", "", nil, 2, "forkcheck: no command; " + commandNames() + "\n"},
		{"unknown command", "", []string{"rnu"}, 2, "forkcheck: unknown command \"rnu\"; " + commandNames() + "\n"},
		{"no file", "", []string{"run"}, 2, "forkcheck: no file" + usage},
		{"unknown flag", "", []string{"run", "-x"}, 2, "forkcheck: flag provided but not defined: -x" + usage},
		{"unknown value", "", []string{"run", "-known=no", "-"}, 2, "forkcheck: -known=no is unknown, the one value is fail" + usage},
		{"another kernel", "# kernel v3.11\n\n kernel v3.11 dress\na.clone(NEWPID|PARENT) // EINVAL newuser_newpid_thread_parent", []string{"run", "-kernel", "v6.x", "-"}, 1, ""},
		{"another kernel behind a byte-order mark", "\ufeffkernel v3.11\na.fork() // 3", []string{"run", "-kernel", "v6.x", "-"}, 0, ""},
		{"another kernel, oddly written", "\ufeff#\r\n\r\n\t \rkernel\t\rv3.11\t\r\na.fork() // 3\r\n", []string{"run", "-kernel=v6.x", "-"}, 0, ""},
		{"its own kernel", small, []string{"run", "-kernel=v3.11", "-"}, 0, ""},
		{"unknown kernel", small, []string{"run", "-kernel=v6", "-"}, 2, "forkcheck: unknown kernel \"v6\"; valid: v3.11, v6.x\n"},
		{"row of another kernel", "kernel v3.11\na.fork().fault(try_module_get, EAGAIN)", []string{"run", "-kernel=v6.x", "-"}, 2,
			"<stdin>:2:16: clone of v6.x has no row \"try_module_get\"; v3.11 has\n"},
		{"contradiction", "", []string{"run", "-json", "-tree", "-"}, 2, "forkcheck: -json and -tree exclude each other" + usage},
		{"missing file", "", []string{"run", "none.trace"}, 2, "forkcheck: open none.trace: no such file or directory\n"},
		{"bad file", "kernel v3.11\na.frok()", []string{"run", "-"}, 2, "<stdin>:2:3: unknown op \"frok\"; did you mean fork?\n"},
		{"huge file", strings.Repeat("#\n", 1<<20), []string{"run", "-"}, 2, "<stdin>:1:1: the file has 1048577 bytes; a trace has at most 1048576\n"},
	} {
		status, _, errors := call(c.in, c.args...)
		if status != c.status || errors != c.errors {
			t.Errorf("%s: status %d, says %q; want %d, %q", c.name, status, errors, c.status, c.errors)
		}
	}
}

func TestRunText(t *testing.T) {
	_, out, _ := call(strings.Replace(small, "// -", "// 0", 1), "run", "-tree", "-")
	const want = `kernel v3.11

# a family
b := a.clone(VM|FILES) // 3
    init 1
    └─ a 2
       └─ b 3  shares vm, files with a
c := b.clone(NEWPID)   // 4, 1 inside
    init 1
    └─ a 2
       └─ b 3  shares vm, files with a
          └─ c 4/1  pid:2
b.exit(5)              // -
    want: 0
    init 1
    ├─ a 2
    │  └─ b 3  zombie exited 5
    └─ c 4/1  pid:2

<stdin>: 1 result is not the one written
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The fields of -json are an interface: this is all of them.
func TestRunJSON(t *testing.T) {
	_, out, _ := call(small, "run", "-json", "-")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want one for each of 3 ops:\n%s", len(lines), out)
	}
	var got struct {
		File        string
		Line        int
		Op          string
		Result      map[string]any
		Observation map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil {
		t.Fatal(err)
	}
	if got.File != "<stdin>" || got.Line != 5 || got.Op != "c := b.clone(NEWPID)" {
		t.Errorf("file %q line %d op %q", got.File, got.Line, got.Op)
	}
	want := map[string]any{"actor": "b", "call": "clone", "outcome": "returned", "ret": 4.0, "child": "c", "inside": 1.0, "text": "4, 1 inside"}
	if diff := cmp.Diff(want, got.Result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	for _, field := range []string{"tasks", "users", "pid_namespaces", "nr_threads", "processes", "total_forks", "panic", "done"} {
		if got.Observation[field] == nil {
			t.Errorf("observation has no %s", field)
		}
	}
}

// Whatever stands on the command line and on standard input, the command says what is wrong in a few lines.
func TestAnyInput(t *testing.T) {
	words := rapid.SampledFrom([]string{"run", "-", "-json", "-tree", "-known=fail", "-known", "-kernel=v6.x", "-fuzz", "--", "help"})
	texts := rapid.SampledFrom([]string{small, "", "kernel v3.11", "kernel v3.11\na.fork()\na.exit(0)", "#\n"})
	rapid.Check(t, func(t *rapid.T) {
		status, out, errors := call(texts.Draw(t, "in"), rapid.SliceOfN(words, 0, 4).Draw(t, "args")...)
		if (status == exitUsage) != (errors != "") {
			t.Fatalf("status %d, output %q, errors %q", status, out, errors)
		}
	})
}

// A flag that is given and would be as if it were not, or make a run do nothing, is refused by every command that has
// it.
func TestEmptyFlags(t *testing.T) {
	for _, args := range []string{
		"run -kernel= -", "run -known= -", "run -minimize -states 0 -", "run -states 5 -",
		"explore -scope family -kernel=", "explore -scope family -known=", "explore -scope= -depth 1", "explore -scope family -tasks 0",
		"explore -scope family -depth 0", "explore -scope family -workers 0", "explore -scope family -mem 0",
		"diff v3.11 v6.x -scope= -depth 1", "diff v3.11 v6.x -scope limits -workers 0", "diff v3.11 v6.x -scope limits -depth 0", "diff v3.11 v6.x -scope limits -tasks 0",
		"mutants -list -checks 0", "mutants -list -workers 0", "mutants -list -seed 0", "mutants -list -invariant=",
		"live -kernel=", "live -traces 0", "live -seed 0", "live -kernel= -", "run -live -kernel= -",
		"tables -kernel=", "tables -kernel= words",
	} {
		status, out, errors := call(small, strings.Fields(args)...)
		if status != exitUsage || out != "" || strings.Count(errors, "\n") != 1 || !strings.HasPrefix(errors, "forkcheck: ") {
			t.Errorf("%s: status %d, says %q, prints\n%s", args, status, errors, out)
		}
	}
}
