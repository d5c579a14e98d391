//go:build !unix

package kept_test

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
