package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"forkcheck/model"
)

// fuzzVersion is the first line of a file that Go's fuzzer writes.
const fuzzVersion = "go test fuzz v1"

// parseFuzz reads a file that Go's fuzzer wrote for FuzzTrace: its version, then one line with the bytes of a trace. It is
// taken for a trace of another kernel if one is given.
func parseFuzz(file string, text []byte, kernel string) (*model.Trace, error) {
	if len(text) > model.MaxTraceFile {
		return nil, fmt.Errorf("%s:1: the file has more than %d bytes; a trace in binary is far shorter", file, model.MaxTraceFile)
	}
	lines := strings.Split(string(text), "\n")
	if got := strings.TrimSuffix(lines[0], "\r"); got != fuzzVersion {
		return nil, fmt.Errorf("%s:1: the first line is %s; that of a file of Go's fuzzer is %q", file, quote(got), fuzzVersion)
	}
	data, err := fuzzValue(lines)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	var b model.Binary
	if kernel != "" {
		if b.Only, err = version(kernel); err != nil {
			return nil, err
		}
	}
	b.Decode(data)
	t := b.Trace()
	t.File = file
	return t, nil
}

// fuzzValue reads the one value below the version. An error begins with its line.
func fuzzValue(lines []string) (data []byte, err error) {
	found := 0
	for i := 1; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case line == "":
			continue
		case found != 0:
			return nil, fmt.Errorf("%d: a second value; FuzzTrace takes one, and line %d has it", i+1, found)
		}
		text, ok := byteLiteral(line)
		if !ok {
			return nil, fmt.Errorf("%d: %s is not the value that FuzzTrace takes; it is like []byte(\"...\")", i+1, quote(line))
		}
		data, found = []byte(text), i+1
	}
	if found == 0 {
		return nil, fmt.Errorf("2: no value; FuzzTrace takes one, like []byte(\"...\")")
	}
	return data, nil
}

// byteLiteral reads []byte("...").
func byteLiteral(line string) (text string, ok bool) {
	e, err := parser.ParseExpr(line)
	if err != nil {
		return "", false
	}
	c, isCall := e.(*ast.CallExpr)
	if !isCall || len(c.Args) != 1 {
		return "", false
	}
	typ, isArray := c.Fun.(*ast.ArrayType)
	lit, isLit := c.Args[0].(*ast.BasicLit)
	if !isArray || !isLit || typ.Len != nil || lit.Kind != token.STRING {
		return "", false
	}
	if elt, isName := typ.Elt.(*ast.Ident); !isName || elt.Name != "byte" && elt.Name != "uint8" {
		return "", false
	}
	text, err = strconv.Unquote(lit.Value)
	return text, err == nil
}

// quote shows what a line begins with.
func quote(line string) string {
	const most = 40
	if len(line) > most {
		return strconv.Quote(line[:most]) + "..."
	}
	return strconv.Quote(line)
}
