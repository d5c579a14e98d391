// Package kept lists the traces that the project keeps, for tests.
package kept

import (
	"io/fs"
	"path/filepath"
	"slices"
)

// written are the folders below testdata in which runs leave what failed. That is no part of the project: no test reads
// it.
var written = []string{"failures", "rapid"}

// Traces are the traces below a folder, with slashes. What a run left behind is not among them, nor is anything but a
// regular file.
func Traces(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(written, d.Name()):
			return filepath.SkipDir
		case d.Type().IsRegular() && filepath.Ext(path) == ".trace":
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	return files, err
}
