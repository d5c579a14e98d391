package model

import (
	"fmt"
	"go/ast"
	"go/token"
	"math"
	"strconv"
	"strings"
)

// vocabulary is what words an argument made of bits may use.
type vocabulary struct {
	what   string // "flag"
	prefix string // may stand before each word
	find   func(name string) (uint64, bool)
	names  func() []string
	max    uint64            // the largest number
	others map[string]string // words of another call, and why they are none here
}

// The vocabularies of the arguments.
var (
	cloneBits = vocabulary{what: "flag", prefix: "CLONE_", find: findCloneBits, names: func() []string { return wordNames(UnshareWords) }, max: math.MaxUint32,
		others: map[string]string{"NEWTIME": "clone cannot take NEWTIME, its low byte is the exit signal; unshare(NEWTIME) can"}}
	unshareBits = vocabulary{what: "flag", prefix: "CLONE_", find: findUnshareBits, names: func() []string { return wordNames(UnshareWords) }, max: math.MaxUint32}
	waitBits    = wordBits("option", "", WaitWords)
	actionBits  = wordBits("flag", "SA_", SigactionWords)
	signalBits  = vocabulary{what: "signal", prefix: "SIG", find: findSignalBits, names: func() []string { return append(SignalNames(), "ALL") }, max: math.MaxUint64}
)

func wordBits(what, prefix string, words []Word) vocabulary {
	find := func(name string) (uint64, bool) {
		bits, ok := findWord(words, name)
		return uint64(bits), ok
	}
	return vocabulary{what: what, prefix: prefix, find: find, names: func() []string { return wordNames(words) }, max: math.MaxUint32}
}

// findCloneBits knows the flags, and SIGCHLD and its like as the exit signal in the low byte.
func findCloneBits(name string) (uint64, bool) {
	if sig, ok := ParseSignal(name); ok && strings.HasPrefix(name, "SIG") {
		return uint64(sig), true
	}
	bits, ok := findWord(CloneWords, name)
	return uint64(bits), ok
}

// findUnshareBits knows the flags of unshare.
func findUnshareBits(name string) (uint64, bool) {
	bits, ok := findWord(UnshareWords, name)
	return uint64(bits), ok
}

func findSignalBits(name string) (uint64, bool) {
	if name == "ALL" {
		return math.MaxUint64, true
	}
	sig, ok := ParseSignal(name)
	return uint64(sig.Bit()), ok
}

// bits reads words and numbers joined by |.
func (p *stmtParser) bits(e ast.Expr, v vocabulary) uint64 {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.bits(e.X, v)
	case *ast.BinaryExpr:
		if e.Op == token.OR {
			return p.bits(e.X, v) | p.bits(e.Y, v)
		}
	case *ast.Ident:
		return p.bitWord(e, v)
	case *ast.BasicLit:
		return p.unsigned(e, v.max)
	}
	p.failAt(e, "this is no set of %ss; join words and numbers by |", v.what)
	return 0
}

func (p *stmtParser) bitWord(id *ast.Ident, v vocabulary) uint64 {
	name := strings.TrimPrefix(id.Name, v.prefix)
	bits, ok := v.find(name)
	switch why := v.others[name]; {
	case why != "":
		p.failAt(id, "%s", why)
	case !ok:
		p.failAt(id, "unknown %s %q%s", v.what, id.Name, Suggest(name, v.names()))
	}
	return bits
}

// joinBits writes names and the bits that have none; 0 if there is nothing.
func joinBits(names []string, rest uint64) string {
	if rest != 0 {
		names = append(names, fmt.Sprintf("%#x", rest))
	}
	if len(names) == 0 {
		return "0"
	}
	return strings.Join(names, "|")
}

// unsigned reads a number in any notation of Go.
func (p *stmtParser) unsigned(lit *ast.BasicLit, most uint64) uint64 {
	n, err := strconv.ParseUint(lit.Value, 0, 64)
	if lit.Kind != token.INT || err != nil || n > most {
		p.failAt(lit, "%s is not a number that fits here; it is 0..%d", lit.Value, most)
		return 0
	}
	return n
}

// negated takes the minus off an expression.
func negated(e ast.Expr) (ast.Expr, bool) {
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		return u.X, true
	}
	return e, false
}

// number reads a number that may be negative.
func (p *stmtParser) number(e ast.Expr) int32 {
	inner, minus := negated(e)
	if paren, ok := inner.(*ast.ParenExpr); ok && !minus {
		return p.number(paren.X)
	}
	lit, ok := inner.(*ast.BasicLit)
	if !ok {
		p.failAt(e, "this is no number; it is %d..%d", math.MinInt32, math.MaxInt32)
		return 0
	}
	text := lit.Value
	if minus {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 0, 32)
	if lit.Kind != token.INT || err != nil {
		p.failAt(e, "%s is not a number that fits here; it is %d..%d", text, math.MinInt32, math.MaxInt32)
	}
	return int32(n)
}

// signal reads a signal by name or number; 0 and numbers that are no signal are for the kernel to refuse.
func (p *stmtParser) signal(e ast.Expr) Signal {
	switch e := e.(type) {
	case *ast.Ident:
		sig, ok := ParseSignal(e.Name)
		if !ok {
			p.failAt(e, "unknown signal %q%s", e.Name, Suggest(strings.TrimPrefix(e.Name, "SIG"), SignalNames()))
		}
		return sig
	case *ast.BasicLit:
		return Signal(p.unsigned(e, math.MaxUint8))
	}
	p.failAt(e, "this is no signal; it is a name such as TERM, or a number 0..255")
	return 0
}

// mode reads one of a few words.
func (p *stmtParser) mode(e ast.Expr, what string, words []Word) Mode {
	name := strings.TrimPrefix(p.ident(e, "a "+what), "SIG_")
	m, ok := findWord(words, name)
	if !ok {
		p.failAt(e, "unknown %s %q%s", what, name, Suggest(name, wordNames(words)))
	}
	return Mode(m)
}

// limit reads the value of a resource limit.
func (p *stmtParser) limit(e ast.Expr) int32 {
	if id, ok := e.(*ast.Ident); ok {
		if id.Name != "unlimited" && id.Name != "RLIM_INFINITY" {
			p.failAt(id, "unknown limit %q; write a number or unlimited", id.Name)
		}
		return int32(RlimInfinity)
	}
	n := p.number(e)
	if n < 0 || n >= int32(RlimInfinity) {
		p.failAt(e, "limit %d is out of range; it is 0..%d or unlimited", n, RlimInfinity-1)
	}
	return n
}
