package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"forkcheck"
	"forkcheck/model"
)

const tablesUsage = "tables [-kernel VERSION] [TABLE...]"

// tablesCommand is `forkcheck tables`: it prints the tables that it names, or all.
func tablesCommand(e *env, args []string) int {
	usage := "usage: forkcheck " + tablesUsage
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	kernel := flags.String("kernel", model.Versions[len(model.Versions)-1].Name, "the kernel whose tables they are")
	switch err := parseFlags(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(e.out, usage)
		return exitOK
	case err != nil:
		return e.usage("%v; %s", err, usage)
	}
	v, err := version(*kernel)
	if err != nil {
		return e.usage("%v", err)
	}
	list, err := choose(forkcheck.Listings(v), flags.Args())
	if err != nil {
		return e.usage("%v", err)
	}
	if err := printListings(e.out, list); err != nil {
		return e.usage("%v", err)
	}
	return exitOK
}

// choose finds listings by name, in the order in which they are asked for; all if none is.
func choose(all []forkcheck.Listing, names []string) (list []forkcheck.Listing, err error) {
	if len(names) == 0 {
		return all, nil
	}
	var valid []string
	for i := range all {
		valid = append(valid, all[i].Name)
	}
	for _, name := range names {
		i := slices.Index(valid, name)
		if i < 0 {
			return nil, fmt.Errorf("unknown table %q%s", name, model.Suggest(name, valid))
		}
		list = append(list, all[i])
	}
	return list, nil
}

// printListings prints tables, with a heading for each if there are several.
func printListings(out io.Writer, list []forkcheck.Listing) error {
	var b strings.Builder
	for i := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		if len(list) > 1 {
			fmt.Fprintf(&b, "## %s\n\n", list[i].Name)
		}
		b.WriteString(list[i].Aligned())
	}
	_, err := io.WriteString(out, b.String())
	return err
}
