package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
)

// parseFlags reads flags. One that is given has a value: the empty one is what a flag has that is not given.
func parseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			err = fmt.Errorf("-%s is empty; give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// given reports whether one of some flags stands on the command line.
func given(flags *flag.FlagSet, names ...string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || slices.Contains(names, f.Name) })
	return found
}

// bound is what a flag may be. That it is not given is 0, which nobody can ask for.
type bound struct {
	name   string
	n, max int
}

// within refuses what is out of bounds.
func within(flags *flag.FlagSet, bounds ...bound) error {
	for _, b := range bounds {
		if given(flags, b.name) && (b.n < 1 || b.n > b.max) {
			return fmt.Errorf("-%s=%d is outside 1..%d", b.name, b.n, b.max)
		}
	}
	return nil
}
