//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is the command itself, or one that does not notice an interrupt, if a test asks for it.
func TestMain(m *testing.M) {
	switch os.Getenv("FORKCHECK_TEST_COMMAND") {
	case "yes":
		main()
	case "busy":
		ctx, stop := interruptible()
		defer stop()
		<-ctx.Done()
		time.Sleep(time.Minute)
	}
	os.Exit(m.Run())
}

// interrupted runs the command, sends it signals, and answers its status, or -1 if a signal ended it, and what it said.
func interrupted(t *testing.T, command string, signals []os.Signal, args ...string) (status int, said string, took time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "FORKCHECK_TEST_COMMAND="+command)
	cmd.Dir = t.TempDir()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	start := time.Now()
	for _, sig := range signals {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatalf("%v is over before it could be interrupted: %v", args, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String(), time.Since(start)
}

// hard is a trace whose proof takes long: it is long, and nothing of it can be left out.
const hard = `kernel v3.11
t := a.clone(VM|SIGHAND|THREAD)
u := t.clone(VM|SIGHAND|THREAD)
b := a.fork()
c := b.fork()
d := b.clone(VM)
c.exit(1)
a.exit(0)
u.exit(2)
t.exit(3)
`

// At the first signal a long command comes to its end, soon, and says how far it came.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; without -short")
	}
	file := filepath.Join(t.TempDir(), "hard.trace")
	if err := os.WriteFile(file, []byte(hard), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"explore -scope pauses", "diff v3.11 v6.x", "mutants", "run -known=fail -minimize -states 4000000000 " + file} {
		t.Run(strings.Fields(args)[0], func(t *testing.T) {
			t.Parallel()
			for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
				status, said, took := interrupted(t, "yes", []os.Signal{sig}, strings.Fields(args)...)
				if status != exitCut || took > 20*time.Second {
					t.Errorf("%s, %v: status %d after %v, says\n%s", args, sig, status, took, said)
				}
			}
		})
	}
}

// Who does not want to wait for that asks again.
func TestInterruptTwice(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if status, said, took := interrupted(t, "busy", []os.Signal{sig, sig}); status != -1 || took > 20*time.Second {
			t.Errorf("%v twice: status %d after %v, says\n%s", sig, status, took, said)
		}
	}
}
