package model

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Trace is a world and what happens in it: the parsed form of a trace file. The package comment has the grammar.
type Trace struct {
	File  string
	Boot  Boot
	Lines []Line // every line of the file, the header, comments and blank lines included

	HeaderNo int // the number of the header's line
	KernelAt int // where in the file the header has the name of the kernel, counted in bytes from 0
}

// Line is one line of a trace.
type Line struct {
	No     int    // counted from 1
	Text   string // as written, without the result: it is what printing gives back
	Stmt   *Stmt  // nil for the header, comments and blank lines
	Result string // the text of its result comment; "" says nothing about the result
}

// Stmt is an op as a trace writes it: tasks and rows by name, because which slot a name stands for is only known
// when the trace runs. Names.Resolve makes an Op of it.
type Stmt struct {
	Bind     string // the name that the child gets; "" is none
	Actor    string
	Target   string // "" leaves Op.Arg as the number
	Target2  string // tgkill: the thread group; "" leaves Op.Arg2
	FaultRow string // goes with Op.Fault.Errno
	PauseRow string
	Op       Op // the rest; its tasks and rows are 0
}

// NewLine is a line for an op in its canonical spelling.
func NewLine(st Stmt, result string) Line {
	return Line{Text: st.String(), Stmt: &st, Result: result}
}

// NewTrace is a trace without ops.
func NewTrace(b Boot) *Trace {
	return &Trace{Boot: b, Lines: []Line{{No: 1, Text: b.String()}}, HeaderNo: 1, KernelAt: len("kernel ")}
}

// Add appends a line and numbers it.
func (t *Trace) Add(l Line) {
	l.No = len(t.Lines) + 1
	t.Lines = append(t.Lines, l)
}

// String is the trace as a file.
func (t *Trace) String() string { return strings.Join(t.Texts(), "\n") + "\n" }

// Texts are the lines of the file. Results are aligned within a run of ops, as gofmt aligns comments.
func (t *Trace) Texts() (texts []string) {
	width := 0
	for i := range t.Lines {
		if i == 0 || t.Lines[i-1].Stmt == nil {
			width = blockWidth(t.Lines[i:])
		}
		texts = append(texts, t.Lines[i].format(width))
	}
	return texts
}

// widest is the width beyond which an op is not aligned with its neighbours.
const widest = 100

// blockWidth is the width of the widest op with a result up to the next line that is no op.
func blockWidth(lines []Line) (width int) {
	for i := 0; i < len(lines) && lines[i].Stmt != nil; i++ {
		if lines[i].Result != "" {
			if w := utf8.RuneCountInString(lines[i].Text); w <= widest {
				width = max(width, w)
			}
		}
	}
	return width
}

func (l *Line) format(width int) string {
	if l.Result == "" {
		return l.Text
	}
	return l.Text + strings.Repeat(" ", max(width-utf8.RuneCountInString(l.Text), 0)) + " // " + l.Result
}

// String is the line as a trace writes it, without alignment.
func (l *Line) String() string { return l.format(0) }

// SyntaxError is what is wrong with one place of a trace, and what would be right.
type SyntaxError struct {
	File      string
	Line, Col int // Col counts bytes from 1
	Msg       string
}

// Error is "file:line:col: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// SyntaxErrors are all the errors of a trace, one a line, the first at most maxErrors.
type SyntaxErrors []*SyntaxError

// Error has one error per line.
func (e SyntaxErrors) Error() string {
	var lines []string
	for _, err := range e {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}
