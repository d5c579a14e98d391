package model

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// stmtParser reads the op of one line: `[name :=] task.op(args)[.fault(row, ERRNO)][.pause(row)][.choose(n)]`. The first error
// stays; after it the readers go on with zero values.
type stmtParser struct {
	kernel *Kernel
	names  map[string]int // the names bound so far, by line
	st     Stmt
	at     int // where in the line the expression starts
	err    *SyntaxError
}

// fail notes an error at a byte of the line, counted from 1.
func (p *stmtParser) fail(col int, format string, args ...any) {
	if p.err == nil {
		p.err = &SyntaxError{Col: col, Msg: fmt.Sprintf(format, args...)}
	}
}

// failAt notes an error at a node of the expression.
func (p *stmtParser) failAt(n ast.Node, format string, args ...any) {
	p.fail(p.at+int(n.Pos()), format, args...)
}

// parse reads what stands before the result comment.
func (p *stmtParser) parse(code string) {
	left, right, binds := strings.Cut(code, ":=")
	if !binds {
		left, right = "", code
	}
	p.at = len(code) - len(right)
	e := p.expr(right)
	if e != nil {
		p.chain(e)
	}
	if binds {
		p.bind(left)
	}
}

// lineShape is what messages about the shape of a line show.
const lineShape = "a line is `[name :=] task.op(args)[.fault(row, ERRNO)][.pause(row)][.choose(n)] [// result]`"

// expr parses Go, and shifts the columns of its errors back.
func (p *stmtParser) expr(code string) ast.Expr {
	if i := strings.Index(code, "/*"); i >= 0 {
		p.fail(p.at+i+1, "a comment inside an op; a comment is a line that begins with #")
		return nil
	}
	e, err := parser.ParseExpr(code)
	if err == nil {
		return e
	}
	col, msg := 1, err.Error()
	if list := (scanner.ErrorList)(nil); errors.As(err, &list) && len(list) > 0 {
		col, msg = list[0].Pos.Column, list[0].Msg
	}
	p.fail(p.at+max(col, 1), "%s; %s", msg, lineShape)
	return nil
}

// chain takes task.op(...).fault(...).pause(...).choose(...) apart, which Go nests from the right.
func (p *stmtParser) chain(e ast.Expr) {
	var calls []call
	for {
		c, isCall := e.(*ast.CallExpr)
		if !isCall {
			break
		}
		sel, isSel := c.Fun.(*ast.SelectorExpr)
		if !isSel || c.Ellipsis != token.NoPos {
			break
		}
		calls = append(calls, call{sel.Sel, c.Args})
		e = sel.X
	}
	actor, isName := e.(*ast.Ident)
	if !isName || len(calls) == 0 {
		p.failAt(e, "this is no op; %s", lineShape)
		return
	}
	p.st.Actor = p.task(actor)
	p.op(calls[len(calls)-1])
	for i := len(calls) - 2; i >= 0; i-- {
		p.suffix(calls[i])
	}
}

// call is one link of the chain.
type call struct {
	name *ast.Ident
	args []ast.Expr
}

// op reads the call itself.
func (p *stmtParser) op(c call) {
	spec := findOp(c.name.Name)
	if spec == nil {
		p.failAt(c.name, "unknown op %q%s", c.name.Name, Suggest(c.name.Name, opNames()))
		return
	}
	if p.count(c, spec.min, spec.max, spec.usage) {
		p.st.Op.Kind = spec.kind
		spec.read(p, c.args)
	}
}

// count checks the number of arguments.
func (p *stmtParser) count(c call, least, most int, usage string) bool {
	if len(c.args) < least || len(c.args) > most {
		plural := "s"
		if len(c.args) == 1 {
			plural = ""
		}
		p.failAt(c.name, "%s does not take %d argument%s; write %s", c.name.Name, len(c.args), plural, usage)
		return false
	}
	return true
}

// suffixes are what may stand behind an op. Resume takes only those that are of the step and not of the call.
var suffixes = []struct {
	name   string
	ofCall bool
	read   func(p *stmtParser, c call)
}{
	{"fault", true, (*stmtParser).fault},
	{"pause", true, (*stmtParser).pause},
	{"choose", false, (*stmtParser).choose},
}

// suffix reads one of them.
func (p *stmtParser) suffix(c call) {
	if p.err != nil {
		return
	}
	var names []string
	for _, s := range suffixes {
		switch {
		case s.name != c.name.Name:
			names = append(names, s.name)
		case s.ofCall && p.st.Op.Kind == Resume:
			p.failAt(c.name, "resume takes no %s; it belongs to the line of the call that goes on", s.name)
			return
		default:
			s.read(p, c)
			return
		}
	}
	p.failAt(c.name, "unknown suffix %q%s", c.name.Name, Suggest(c.name.Name, names))
}

// choose reads .choose(n).
func (p *stmtParser) choose(c call) {
	if p.st.Op.Choice != 0 {
		p.failAt(c.name, "two choices; an op has one at most")
	}
	if !p.count(c, 1, 1, "choose(n)") {
		return
	}
	lit, ok := c.args[0].(*ast.BasicLit)
	if !ok {
		p.failAt(c.args[0], "this is no choice; it is 1..%d", uint64(math.MaxUint64))
		return
	}
	n, err := strconv.ParseUint(lit.Value, 0, 64)
	if lit.Kind != token.INT || err != nil || n == 0 {
		p.failAt(lit, "%s is no choice; it is 1..%d, and an op without one is as if it chose 0", lit.Value, uint64(math.MaxUint64))
	}
	p.st.Op.Choice = n
}

// fault reads .fault(row, ERRNO).
func (p *stmtParser) fault(c call) {
	if p.st.FaultRow != "" {
		p.failAt(c.name, "two faults; a call has one at most")
	}
	if !p.count(c, 2, 2, "fault(row, ERRNO)") {
		return
	}
	r := p.row(c.args[0])
	if r == nil {
		return
	}
	if len(r.Errs) == 0 {
		p.failAt(c.args[0], "row %s cannot fail%s", r.Name, p.fallible())
		return
	}
	p.st.FaultRow, p.st.Op.Fault.Errno = r.Name, p.errno(c.args[1], r)
}

// fallible lists rows of the call that can fail, for a message.
func (p *stmtParser) fallible() string {
	var rows []string
	for _, r := range p.table().Rows {
		if len(r.Errs) > 0 {
			rows = append(rows, r.Name)
		}
	}
	if len(rows) == 0 {
		return "; no row of " + p.table().Name + " can"
	}
	return "; rows of " + p.table().Name + " that can: " + strings.Join(rows, ", ")
}

// errno reads an errno that the row gives.
func (p *stmtParser) errno(e ast.Expr, r *Row) Errno {
	name := p.ident(e, "an errno")
	errno, known := ParseErrno(name)
	switch {
	case p.err != nil:
	case !known:
		p.failAt(e, "unknown errno %q%s", name, Suggest(name, ErrnoNames()))
	case !slices.Contains(r.Errs, errno):
		p.failAt(e, "row %s cannot give %s; it gives %s", r.Name, name, errnoList(r.Errs))
	}
	return errno
}

func errnoList(errs []Errno) string {
	var names []string
	for _, e := range errs {
		names = append(names, e.String())
	}
	return strings.Join(names, ", ")
}

// pause reads .pause(row).
func (p *stmtParser) pause(c call) {
	if p.st.PauseRow != "" {
		p.failAt(c.name, "two pauses; a call has one at most")
	}
	if !p.count(c, 1, 1, "pause(row)") {
		return
	}
	r := p.row(c.args[0])
	if r == nil {
		return
	}
	if head := p.table().sectionHead(r.Name, p.st.Op.Flags); head != r.Name {
		p.failAt(c.args[0], "a call cannot pause at %s, inside the critical section %s; pause at %s, where it begins", r.Name, r.Lock, head)
	}
	p.st.PauseRow = r.Name
}

// sectionHead is the row at which a call can pause that wants to pause at this one: itself, or the first row of its
// critical section that a call with these flags runs.
func (t *Table) sectionHead(row string, flags Flags) string {
	i := t.Row(row)
	if !t.Atomic(i) {
		return row
	}
	begin := i
	for t.Atomic(begin) {
		begin = t.before(begin)
	}
	for head := begin; head <= i; head++ {
		if t.Rows[head].Applies(flags) {
			return t.Rows[head].Name
		}
	}
	return t.Rows[begin].Name
}

func (p *stmtParser) table() *Table { return &p.kernel.Calls[p.st.Op.Kind] }

// row reads the name of a row of the call; nil if there is none.
func (p *stmtParser) row(e ast.Expr) *Row {
	name := p.ident(e, "a row")
	if p.err != nil {
		return nil
	}
	t := p.table()
	if i := t.Row(name); i >= 0 {
		return &t.Rows[i]
	}
	var names []string
	for i := range t.Rows {
		names = append(names, t.Rows[i].Name)
	}
	p.failAt(e, "%s of %s has no row %q%s", t.Name, p.kernel.Name, name, cmp.Or(p.otherVersion(name)+p.otherTable(name), Suggest(name, names), "; forkcheck tables "+t.Name+" lists them"))
	return nil
}

// otherVersion says which kernels have a row in the same call, for a message.
func (p *stmtParser) otherVersion(row string) (has string) {
	for _, v := range Versions {
		if v.Name != p.kernel.Name && v.New().Calls[p.st.Op.Kind].Row(row) >= 0 {
			has += "; " + v.Name + " has"
		}
	}
	return has
}

// otherTable says which calls have a row, for a message.
func (p *stmtParser) otherTable(row string) string {
	var have []string
	for i := range p.kernel.Calls {
		if t := &p.kernel.Calls[i]; Kind(i) != Die && t.Row(row) >= 0 {
			have = append(have, t.Name)
		}
	}
	if len(have) == 0 {
		return ""
	}
	return ", but " + strings.Join(have, ", ") + " has"
}

// bind reads the name on the left of := .
func (p *stmtParser) bind(left string) {
	name := strings.Trim(left, " \t\r")
	col := strings.Index(left, name) + 1
	line, bound := p.names[name]
	switch {
	case !isName(name):
		p.fail(col, "%q is no name for a task; a name is letters and digits and begins with a letter", name)
		return
	case bound && line == 0:
		p.fail(col, "%s is a task of the world; take another name", name)
		return
	case bound:
		p.fail(col, "%s is bound on line %d already; take another name", name, line)
		return
	case p.st.Op.Kind != Clone:
		if p.err == nil {
			p.fail(col, "%s makes no task to name; clone, fork and vfork do", p.table().Name)
		}
	}
	p.st.Bind = name
}

// isName says whether a word can name a task: an ASCII identifier that Go does not reserve.
func isName(s string) bool {
	for _, c := range []byte(s) {
		if c >= 0x80 {
			return false
		}
	}
	return token.IsIdentifier(s) && s != "_"
}

// task reads the name of a task that an earlier line binds.
func (p *stmtParser) task(id *ast.Ident) string {
	if _, bound := p.names[id.Name]; !bound {
		p.failAt(id, "no line above names a task %q%s", id.Name, Suggest(id.Name, slices.Sorted(maps.Keys(p.names))))
	}
	return id.Name
}

// ident reads a word.
func (p *stmtParser) ident(e ast.Expr, what string) string {
	id, ok := e.(*ast.Ident)
	if !ok {
		p.failAt(e, "this is not %s; it is one word", what)
		return ""
	}
	return id.Name
}
