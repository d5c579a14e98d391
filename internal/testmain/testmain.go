// Package testmain is what the test programs of all packages do first: they refuse flags with which they would check
// nothing.
package testmain

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	_ "pgregory.net/rapid" // its flags, so that each test program takes them
)

// Run runs the tests and ends the program, unless rapid's flags, or those that more looks at, cannot mean what they
// say.
func Run(m *testing.M, more ...func() error) {
	flag.Parse()
	for _, check := range append(more, checkRapid) {
		if err := check(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// divided are rapid's numbers, and what rapid divides them by if tests are short.
var divided = []struct {
	name  string
	short int
}{{"rapid.checks", 5}, {"rapid.steps", 2}}

// checkRapid refuses a run that checks nothing, and a fail file that is not there.
func checkRapid() error {
	for _, d := range divided {
		least := 1
		if testing.Short() {
			least = d.short
		}
		if n, err := strconv.Atoi(value(d.name)); err == nil && n < least {
			return fmt.Errorf("-%s=%d would check nothing; ask for %d or more", d.name, n, least)
		}
	}
	if file := value("rapid.failfile"); file != "" {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("-rapid.failfile: %w", err)
		}
	}
	return nil
}

// value is that of a flag, "" if there is none of the name.
func value(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
