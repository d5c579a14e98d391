package main

import (
	"fmt"

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

// parse reads a trace, as if its header named another kernel if one is given.
func parse(file string, text []byte, kernel string) (*model.Trace, error) {
	if kernel == "" {
		return model.ParseTrace(file, text)
	}
	return model.ParseTraceFor(file, text, kernel)
}
