package main

import (
	"fmt"
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
	return model.ParseTrace(file, slices.Concat(text[:t.KernelAt], []byte(kernel), text[t.KernelAt+len(t.Boot.Version):]))
}
