// Package kept knows which files of testdata a project keeps, and writes those that a failure leaves there.
package kept

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Left are the folders below testdata that failures are written to: no test reads them.
var Left = map[string]bool{"failures": true, "rapid": true, "fuzz": true}

// Traces lists the traces below a folder that are part of the project, in lexical order, with slashes.
func Traces(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && Left[d.Name()]:
			return filepath.SkipDir
		case d.Type().IsRegular() && filepath.Ext(path) == ".trace":
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	return files, err
}

// Write writes a file below dir, which it makes, in one step: a new file takes the place of whatever has the name, and what
// that points to stays as it is.
func Write(dir, name string, text []byte) (path string, err error) {
	path = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return path, err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return path, err
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return path, err
}
