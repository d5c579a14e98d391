package model

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"forkcheck/internal/kept"
)

// canonical is a trace without comments and results, with the names that Decode gives.
func canonical(t *Trace) string {
	names, only := newRenaming(&t.Boot), NewTrace(t.Boot)
	for i := range t.Lines {
		if st := t.Lines[i].Stmt; st != nil {
			only.Add(NewLine(names.stmt(st), ""))
		}
	}
	return only.String()
}

// decoded is the text of a trace in binary.
func decoded(data []byte) string {
	var b Binary
	b.Decode(data)
	return b.Trace().String()
}

// Every trace below testdata has a binary form, which is read as the same trace.
func TestBinaryTestdata(t *testing.T) {
	files, err := kept.Traces("../testdata")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d traces, error %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		trace := mustParse(t, string(text))
		trace.File = path
		data, err := EncodeTrace(trace)
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(canonical(trace), decoded(data)); diff != "" {
			t.Errorf("%s comes back as another trace (-want +got):\n%s", path, diff)
		}
	}
}

// Whatever bytes there are, they are a trace that a file could have, and one that has a binary form.
func TestBinaryAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, worldBytes+opBytes*(MaxBinaryOps+1)).Draw(t, "data")
		first := decoded(data)
		trace, err := ParseTrace("decoded", []byte(first))
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		again, err := EncodeTrace(trace)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, decoded(again)); diff != "" {
			t.Fatalf("%x is read as another trace than %x (-want +got):\n%s", again, data, diff)
		}
	})
}

// Every fault and every place to pause has a number, in every version and call.
func TestBinaryNumbersEveryRow(t *testing.T) {
	for _, v := range Versions {
		b := Binary{Only: v.New()}
		for kind := Clone; kind < Die; kind++ {
			var plain Stmt
			b.begin([worldBytes]byte{})
			b.op(&plain, uint64(kind-Clone))
			for _, st := range everySuffix(&b.Version.Calls[kind], plain) {
				b.begin([worldBytes]byte{})
				if _, err := b.encode(st); err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
			}
		}
	}
}

// everySuffix is a call with each fault, and with each pause.
func everySuffix(table *Table, st Stmt) (list []Stmt) {
	for i, r := range table.Rows {
		for _, e := range r.Errs {
			fault := st
			fault.FaultRow, fault.Op.Fault.Errno = r.Name, e
			list = append(list, fault)
		}
		if !table.Atomic(i) {
			pause := st
			pause.PauseRow = r.Name
			list = append(list, pause)
		}
	}
	return list
}

// The fields of a word fit into it, and all of a Boot is in the words of a world.
func TestBinaryWidths(t *testing.T) {
	for kind, fields := range opFields {
		if n := width(opHead) + width(fields); n > 64 {
			t.Errorf("call %d has %d bits", kind, n)
		}
	}
	for i, fields := range worldFields {
		if n := width(fields); n != 64 {
			t.Errorf("word %d of a world has %d bits", i, n)
		}
	}
	if n := width(opHead); n != headBits {
		t.Errorf("an op begins with %d bits, not %d", n, headBits)
	}
}

func width[T any](fields []field[T]) (n int) {
	for _, f := range fields {
		n += f.width
	}
	return n
}

// What the bytes of a trace mean. Zeroes are the plainest, and what makes no sense is made to make some.
func TestDecode(t *testing.T) {
	const plain = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "kernel v3.11\n"},
		{"a world", plain[:7], "kernel v3.11\n"},
		{"an op", plain + plain[:8], "kernel v3.11\nb := a.fork()\n"},
		{"less than an op", plain + plain[:15], "kernel v3.11\nb := a.fork()\n"},
		{"a container without room", "\x50\x01\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\xff\x00",
			"kernel v3.11 pid_max=5 pid_ns_depth=1 caps=none world=container dress\n"},
		{"a version that is not", "\x0f", "kernel " + Versions[15%len(Versions)].Name + "\n"},
		{"tasks by number", plain + "\x00\x01\x00\x00\x00\x00\x00\x00" + "\x05\x02\x01\x40\x0f\x00\x00\x00" + "\x05\x05\x01\x80\x0f\x00\x00\x00" + "\x05\x00\xff\xff\x0f\x00\x00\x00",
			"kernel v3.11\nb := init.fork()\nb.kill(init, TERM)\nb.kill(-init, TERM)\na.kill(-1, TERM)\n"},
		{"numbers far away", plain + "\x04\x00\x00\xc0\x00\x00\x00\x00" + "\x04\x00\xff\x3f\x00\x00\x00\x00" + "\x04\x00\xfd\x3f\x01\x10\x00\x00",
			"kernel v3.11\na.wait4(-2147483648)\na.wait4(2147483647)\na.wait4(4194304, WNOHANG|0x10000000)\n"},
		{"a choice", plain + "\xf2\x00\x00\x00\x00\x00\x00\x00" + "\x1d\x00\x00\x00\x00\x00\x00\x00", "kernel v3.11\na.exit(0).choose(15)\na.resume().choose(1)\n"},
		{"a fault and a pause", plain + "\x00\x00\x00\x00\x00\x00\x01\x01" + "\x00\x00\x00\x00\x00\x00\xff\xff",
			"kernel v3.11\nb := a.fork().fault(newuser_newpid_thread_parent, EINVAL).pause(newuser_newpid_thread_parent)\nc := a.fork()\n"},
	} {
		if diff := cmp.Diff(c.want, decoded([]byte(c.data))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if n := strings.Count(decoded([]byte(strings.Repeat(plain, MaxBinaryOps))), "fork"); n != MaxBinaryOps {
		t.Errorf("%d ops are read, want %d", n, MaxBinaryOps)
	}
}

// A trace with numbers that are too big is not cut to size.
func TestEncodeErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"kernel v3.11\na.exit(0).choose(18)", "t:2: a.exit(0).choose(18) has no binary form; the nearest is a.exit(0).choose(2)"},
		{"kernel v3.11\na.kill(20000, TERM)", "t:2: a.kill(20000, TERM) has no binary form; the nearest is a.kill(a, TERM)"},
		{"kernel v3.11\na.sigprocmask(BLOCK, 0x300000000)", "t:2: a.sigprocmask(BLOCK, 0x300000000) has no binary form; the nearest is a.sigprocmask(BLOCK, 0xffffffff80000000)"},
		{"kernel v3.11" + strings.Repeat("\n#\na.fork()", MaxBinaryOps+1), "t:41: too long for the binary form, which has at most 19 ops"},
	} {
		trace, err := ParseTrace("t", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = EncodeTrace(trace)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.40q: got %v, want %s", c.text, err, c.want)
		}
	}
}
