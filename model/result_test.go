package model

import "testing"

func TestSameResult(t *testing.T) {
	for _, c := range []struct {
		written, result string
		same            bool
	}{
		{"3", "3", true},
		{"3", "3, 1 inside", false},
		{"ENOMEM", "ENOMEM alloc_pid", true},
		{"ENOMEM alloc_pid", "ENOMEM alloc_pid", true},
		{"ENOMEM copy_mm", "ENOMEM alloc_pid", false},
		{"ENOMEM", "EAGAIN alloc_pid", false},
		{"asleep", "asleep do_wait", true},
		{"-", "- asleep zap_sleep", false},
		{"- asleep", "- asleep zap_sleep", true},
		{"-; a: ECHILD; r: b exited 3", "-; a: ECHILD do_wait; r: b exited 3", true},
		{"-; a: ECHILD do_wait; r: EINTR", "-; a: ECHILD do_wait; r: EINTR do_wait", true},
		{"-; a: ECHILD", "-; a: ECHILD do_wait; r: b exited 3", false},
		{"EINTR, stopped", "EINTR do_wait, stopped", true},
		{"ENOMEM", "ENOMEM copy_mm (fault not reached)", false},
		{"ENOMEM (fault not reached)", "ENOMEM copy_mm (fault not reached)", true},
		{"", "0", false},
	} {
		if got := SameResult(c.written, c.result); got != c.same {
			t.Errorf("SameResult(%q, %q) = %v", c.written, c.result, got)
		}
	}
}
