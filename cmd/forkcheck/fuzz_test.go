package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck/model"
)

// fuzzFile is a trace as Go's fuzzer writes it.
func fuzzFile(t *testing.T, text string) string {
	t.Helper()
	trace, err := model.ParseTrace("text", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := model.EncodeTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", data)
}

// An input of the fuzzer is printed as the trace that it is, with results, and with names of its own.
func TestRunFuzz(t *testing.T) {
	status, out, errors := call(fuzzFile(t, "kernel v3.11 dress\nx := a.fork()\ny := x.clone(NEWPID)\nx.exit(5)\na.wait4(x)"), "run", "-fuzz", "-")
	const want = `kernel v3.11 dress
b := a.fork()        // 3
c := b.clone(NEWPID) // 4, 1 inside
b.exit(5)            // -
a.wait4(b)           // b exited 5
`
	if diff := cmp.Diff(want, out+errors); diff != "" || status != exitOK {
		t.Errorf("status %d (-want +got):\n%s", status, diff)
	}
}

// What is printed of an input is a trace, whatever it ends in: run again it prints the same.
func TestRunFuzzAgain(t *testing.T) {
	text, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	input := fuzzFile(t, string(text))
	for _, flag := range []string{"-json=false", "-known=fail"} {
		status, first, _ := call(input, "run", flag, "-fuzz", "-")
		again, second, errors := call(first, "run", flag, "-")
		ops, end, _ := strings.Cut(first, "\n\n")
		if status != again || !strings.HasPrefix(second, ops) || !strings.HasPrefix(end, "# <stdin>:6: known defect V2: ") {
			t.Errorf("%s: status %d, then %d, says %q; printed\n%s\nthen\n%s", flag, status, again, errors, first, second)
		}
	}
}

// The other flags go with -fuzz, too.
func TestRunFuzzFlags(t *testing.T) {
	input := fuzzFile(t, "kernel v3.11\na.fork()")
	for flag, want := range map[string]string{"-tree": "└─ b 3", "-json": `"op":"b := a.fork()"`, "-kernel=v6.x": "kernel v6.x\n"} {
		if _, out, errors := call(input, "run", "-fuzz", flag, "-"); !strings.Contains(out, want) || errors != "" {
			t.Errorf("%s says %q, prints\n%s\nwithout %s", flag, errors, out, want)
		}
	}
}

// A file that Go's fuzzer did not write for FuzzTrace is refused in one line.
func TestFuzzFileErrors(t *testing.T) {
	const version = "go test fuzz v1\n"
	for _, c := range []struct{ in, errors string }{
		{"", `1: the first line is ""; that of a file of Go's fuzzer is "go test fuzz v1"`},
		{"kernel v3.11\na.fork()\n", `1: the first line is "kernel v3.11"; that of a file of Go's fuzzer is "go test fuzz v1"`},
		{"go test fuzz v2\n[]byte(\"\")\n", `1: the first line is "go test fuzz v2"; that of a file of Go's fuzzer is "go test fuzz v1"`},
		{version, `2: no value; FuzzTrace takes one, like []byte("...")`},
		{version + "string(\"x\")\n", `2: "string(\"x\")" is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "[]byte(7)\n", `2: "[]byte(7)" is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "[]byte('a')\n", `2: "[]byte('a')" is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "[2]byte(\"ab\")\n", `2: "[2]byte(\"ab\")" is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "[]byte(\"ab\n", `2: "[]byte(\"ab" is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "\n[]byte(" + strings.Repeat("x", 99) + ")\n", `3: "[]byte(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... is not the value that FuzzTrace takes; it is like []byte("...")`},
		{version + "[]byte(\"\")\n\n[]byte(\"\")\n", `4: a second value; FuzzTrace takes one, and line 2 has it`},
		{version + strings.Repeat("\n", model.MaxTraceFile), `1: the file has more than 1048576 bytes; a trace in binary is far shorter`},
	} {
		status, out, errors := call(c.in, "run", "-fuzz", "-")
		if want := "<stdin>:" + c.errors + "\n"; status != exitUsage || out != "" || errors != want {
			t.Errorf("%.40q: status %d, prints %q, says %q; want %q", c.in, status, out, errors, want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if status, _, errors := call("", "run", "-fuzz", missing); status != exitUsage || errors != "forkcheck: open "+missing+": no such file or directory\n" {
		t.Errorf("missing file: status %d, says %q", status, errors)
	}
}

// Whatever the bytes, they are a trace, and the shortest is a world.
func TestRunFuzzAnyBytes(t *testing.T) {
	for _, text := range []string{`[]byte("")`, "[]byte(`x`)", `[]uint8("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")`, "[]byte(\"0000000000000000000000000000000\")\r"} {
		status, out, errors := call("go test fuzz v1\r\n"+text+"\n", "run", "-fuzz", "-")
		if status != exitOK || !strings.HasPrefix(out, "kernel v") || errors != "" {
			t.Errorf("%s: status %d, prints %q, says %q", text, status, out, errors)
		}
	}
}
