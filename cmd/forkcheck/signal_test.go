//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"forkcheck/internal/testmain"
)

// selfVariable makes the test program another one, for tests of signals.
const selfVariable = "FORKCHECK_TEST_SELF"

// TestMain is the command itself, or one that an interrupt does not end, if a test asks for it.
func TestMain(m *testing.M) {
	switch os.Getenv(selfVariable) {
	case "command":
		main()
	case "stubborn":
		ctx, _ := interruptible()
		fmt.Println("begun")
		<-ctx.Done()
		fmt.Println("interrupted")
		time.Sleep(time.Minute)
		os.Exit(exitOK)
	}
	testmain.Run(m)
}

// self is the test program as another one, for half a minute at most.
func self(t *testing.T, what string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), selfVariable+"="+what)
	return cmd
}

// A first interrupt is waited for, a second one kills.
func TestSecondInterrupt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := self(t, "stubborn")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, want := range []string{"begun", "interrupted"} {
			if !lines.Scan() || lines.Text() != want {
				t.Fatalf("%v: prints %q, want %q", sig, lines.Text(), want)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for end := time.After(10 * time.Second); ; {
			select {
			case err := <-ended:
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != sig {
					t.Errorf("%v: the end is %v", sig, err)
				}
			case <-time.After(50 * time.Millisecond): // the handler may have been in place still
				_ = cmd.Process.Signal(sig)
				continue
			case <-end:
				_ = cmd.Process.Kill()
				<-ended
				t.Errorf("%v: a second one does not kill", sig)
			}
			break
		}
	}
}

// soon is when an interrupt has been noticed even on a busy machine. One that is not noticed shows in the exit status, too.
const soon = 30 * time.Second

// Every long command notices an interrupt soon, and ends with 3.
func TestInterrupt(t *testing.T) {
	const trace = "../../testdata/known/N3-global-init-killed.trace"
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(t.TempDir(), "long.trace") // the kernel's name is in its first line
	header, ops, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(long, []byte(header+"\n"+strings.Repeat("a.kill(a, 0)\n", 9000)+ops), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"explore -scope orders", ""},
		{"explore -scope pauses -kernel v6.x", ""},
		{"diff v3.11 v6.x", ""},
		{"diff v3.11 v6.x -scope pauses", ""},
		{"mutants", "forkcheck: interrupted after the first "},
		{"mutants -invariant QuietPids -checks 10000000 v3.11/clone", "forkcheck: interrupted after the first "},
		{"run -minimize " + long, "forkcheck: interrupted: there may be a shorter trace than that of " + long},
		{"run -minimize -states 1000000000 " + trace + " " + trace, "forkcheck: interrupted: there may be a shorter trace than that of " + trace},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			status, errors, took := interrupted(t, 300*time.Millisecond, strings.Fields(c.args))
			if status != exitCut || !strings.HasPrefix(errors, c.says) || took > soon {
				t.Errorf("status %d after %v, says %q; want %d, %q", status, took, errors, exitCut, c.says)
			}
		})
	}
}

// So do those that need a lab, within a trace.
func TestInterruptLive(t *testing.T) {
	needLab(t)
	long := filepath.Join(t.TempDir(), "long.trace")
	if err := os.WriteFile(long, []byte("kernel v6.x\n"+strings.Repeat("a.fork()\na.wait4(-1, WNOHANG)\na.kill(-1, KILL)\na.wait4(-1)\n", 2400)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"live -traces 1000000", "forkcheck: interrupted after the first "},
		{"live " + long, "forkcheck: interrupted after the first 0 of 1 traces\n"},
		{"run -live " + long, "forkcheck: interrupted before the end of " + long + "\n"},
	} {
		status, errors, took := interrupted(t, time.Second, strings.Fields(c.args))
		if status != exitCut || !strings.HasPrefix(errors, c.says) || took > soon {
			t.Errorf("%s: status %d after %v, says %q; want %d, %q", c.args, status, took, errors, exitCut, c.says)
		}
	}
}

// interrupted runs the command and interrupts it after a while. Whether it has begun cannot be told from outside: if
// not, the signal kills it, and it gets more time.
func interrupted(t *testing.T, wait time.Duration, args []string) (status int, errors string, took time.Duration) {
	t.Helper()
	for ; ; wait *= 2 {
		cmd := self(t, "command", args...)
		var text strings.Builder
		cmd.Stderr = &text
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		began := time.Now()
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		took = time.Since(began)
		if status = cmd.ProcessState.ExitCode(); status >= 0 || took > soon || wait > 4*time.Second {
			return status, text.String(), took
		}
	}
}

// What cannot be written is told in one line, and is no success.
func TestOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, c := range []struct {
		args   string
		status int
	}{
		{"run " + known, exitUsage},
		{"run -json " + known, exitUsage},
		{"tables words", exitUsage},
		{"mutants -list", exitUsage},
		{"explore -scope family -depth 1", exitUsage},
		{"explore -scope family -depth 3 -known=fail", exitFound},
	} {
		cmd := self(t, "command", strings.Fields(c.args)...)
		var text strings.Builder
		cmd.Stdout, cmd.Stderr = full, &text
		_ = cmd.Run()
		if status := cmd.ProcessState.ExitCode(); status != c.status || text.String() != "forkcheck: write /dev/stdout: no space left on device\n" {
			t.Errorf("%s: status %d, says %q", c.args, status, text.String())
		}
	}
}
