package model

import (
	"fmt"
	"strings"
)

// MaxTraceFile is how many bytes a trace may have.
const MaxTraceFile = 1 << 20

const (
	maxTraceLine = 4096  // bytes in a line
	maxTraceOp   = 2048  // bytes in a line before its result, so that there is room for one
	maxTraceOps  = 10000 // lines
	maxErrors    = 10    // errors reported of one file
)

// ParseTrace reads a trace. The name of the file is for messages only. An error is a SyntaxErrors.
func ParseTrace(file string, text []byte) (*Trace, error) {
	r := &reader{trace: &Trace{File: file}, names: map[string]int{}}
	if len(text) > MaxTraceFile {
		r.fail(1, 1, "the file has %d bytes; a trace has at most %d", len(text), MaxTraceFile)
		return nil, r.errs
	}
	rest := strings.TrimPrefix(string(text), byteOrderMark)
	lines := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	if len(lines) > maxTraceOps {
		r.fail(maxTraceOps+1, 1, "the file has %d lines; a trace has at most %d", len(lines), maxTraceOps)
		return nil, r.errs
	}
	r.at = len(text) - len(rest)
	for i := 0; i < len(lines) && len(r.errs) < maxErrors && !r.hopeless; i++ {
		r.line(i+1, lines[i])
		r.at += len(lines[i]) + len("\n")
	}
	if r.kernel == nil && len(r.errs) == 0 {
		r.fail(len(lines), 1, "no header; the first line is like %q", exampleHeader)
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return r.trace, nil
}

// byteOrderMark is what some editors put at the beginning of a file.
const byteOrderMark = "\ufeff"

// exampleHeader is what messages about the header show.
const exampleHeader = "kernel v3.11 max_threads=8"

// reader reads a trace line by line.
type reader struct {
	trace    *Trace
	kernel   *Kernel        // of the header, once that is read
	names    map[string]int // the line that binds a name; 0 is the world
	errs     SyntaxErrors
	at       int  // where in the file the line begins
	hopeless bool // without a header nothing else makes sense
}

func (r *reader) fail(line, col int, format string, args ...any) {
	r.errs = append(r.errs, &SyntaxError{r.trace.File, line, col, fmt.Sprintf(format, args...)})
}

// line reads one line of any sort.
func (r *reader) line(no int, text string) {
	text = strings.TrimRight(text, " \t\r")
	if len(text) > maxTraceLine {
		r.fail(no, maxTraceLine+1, "the line has %d bytes; a line has at most %d", len(text), maxTraceLine)
		return
	}
	l := Line{No: no, Text: text}
	switch trimmed := strings.TrimLeft(text, " \t\r"); {
	case trimmed == "" || trimmed[0] == '#':
	case r.kernel == nil:
		r.header(no, text)
	default:
		l = r.stmt(no, text)
	}
	r.trace.Lines = append(r.trace.Lines, l)
}

// header reads the first line that says anything.
func (r *reader) header(no int, text string) {
	h := header{boot: DefaultBoot(), given: map[string]bool{}}
	err := h.parse(text)
	if err == nil {
		r.kernel, err = h.kernel()
	}
	if err != nil {
		r.hopeless = true
		err.File, err.Line = r.trace.File, no
		r.errs = append(r.errs, err)
		return
	}
	r.trace.Boot, r.trace.HeaderNo, r.trace.KernelAt = h.boot, no, r.at+h.kernelAt
	for _, t := range h.boot.Tasks() {
		r.names[t.Name] = 0
	}
}

// stmt reads an op. A name that a broken line binds counts as bound, so that one mistake is reported once.
func (r *reader) stmt(no int, text string) Line {
	code, result, _ := strings.Cut(text, "//")
	if len(code) > maxTraceOp {
		r.fail(no, maxTraceOp+1, "the op has %d bytes; an op has at most %d", len(code), maxTraceOp)
		return Line{No: no, Text: text}
	}
	if strings.HasPrefix(code, "kernel ") || strings.HasPrefix(code, "kernel\t") {
		r.fail(no, 1, "a second header; a trace has one, and it comes first")
		return Line{No: no, Text: text}
	}
	p := &stmtParser{kernel: r.kernel, names: r.names}
	p.parse(code)
	if p.st.Bind != "" {
		r.names[p.st.Bind] = no
	}
	if p.err != nil {
		p.err.File, p.err.Line = r.trace.File, no
		r.errs = append(r.errs, p.err)
	}
	return Line{No: no, Text: strings.Trim(code, " \t\r"), Stmt: &p.st, Result: strings.Trim(result, " \t\r")}
}
