package main

import (
	"fmt"
	"regexp"
	"slices"

	"forkcheck/model"
)

// version finds a kernel by name.
func version(name string) (*model.Version, error) {
	var names []string
	for _, known := range model.Versions {
		if known.Name == name {
			return known.New(), nil
		}
		names = append(names, known.Name)
	}
	return nil, fmt.Errorf("unknown kernel %q%s", name, model.Suggest(name, names))
}

// parse reads a trace, as if its header named another kernel if one is given. A trace that is wrong for its own kernel
// stays wrong, and a row that the other kernel does not have is an error as in any trace for it.
func parse(file string, text []byte, kernel string) (*model.Trace, error) {
	t, err := model.ParseTrace(file, text)
	if err != nil || kernel == "" {
		return t, err
	}
	at := headerKernel.FindSubmatchIndex(text)
	return model.ParseTrace(file, slices.Concat(text[:at[2]], []byte(kernel), text[at[3]:]))
}

// headerKernel finds the kernel in the text of a trace: its header is the first line that is no comment.
var headerKernel = regexp.MustCompile(`(?m)^[ \t\r]*kernel[ \t\r]+(\S+)`)
