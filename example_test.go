package forkcheck_test

import (
	"fmt"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// A trace is a text. Run answers line by line.
func ExampleRun() {
	trace, err := model.ParseTrace("example", []byte(`kernel v3.11
a.unshare(NEWPID)
b := a.fork()
a.clone(VM|SIGHAND|THREAD)
b.exit(3)
a.wait4(b)
a.fork()
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error {
		fmt.Println(s.Line.Text, "->", s.Text)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// a.unshare(NEWPID) -> 0
	// b := a.fork() -> 3, 1 inside
	// a.clone(VM|SIGHAND|THREAD) -> EINVAL thread_in_other_pidns
	// b.exit(3) -> -
	// a.wait4(b) -> b exited 3
	// a.fork() -> ENOMEM nr_hashed_adding
}

// An invariant of one's own is a row. This one is false: SIGHAND does not make a thread.
func ExampleCheckOptions_invariant() {
	mine := invariants.Invariant{Name: "SharedHandlersMeanOneGroup", Says: "tasks that share handlers are threads of one group", Source: "an opinion",
		Task: func(c *invariants.Check, t model.TaskID) error {
			for o := t + 1; o < model.MaxTasks; o++ {
				a, b := &c.After.Task[t], &c.After.Task[o]
				if b.Stage == model.Hashed && a.Ref[model.Sighand] == b.Ref[model.Sighand] && a.Ref[model.Sighand] != 0 && a.Signal != b.Signal {
					return fmt.Errorf("tasks %d and %d share handlers", a.Nr, b.Nr)
				}
			}
			return nil
		}}
	list := []invariants.Invariant{mine}
	failure := forkcheck.Sample(forkcheck.CheckOptions{Invariants: list}, 1, 1000)
	failure = forkcheck.Minimize(failure, forkcheck.MinimizeOptions{Invariants: list})
	fmt.Println(failure.Breach)
	fmt.Print(failure.Trace())
	// Output:
	// SharedHandlersMeanOneGroup: tasks 2 and 3 share handlers
	// kernel v3.11
	// b := a.clone(VM|SIGHAND) // 3
}

// A kernel is its tables. This one forgets to drop the file table of a failed fork.
func ExampleCheckOptions_version() {
	kernel := model.V311()
	ladder := kernel.Calls[model.Clone].Ladder
	for i := range ladder {
		if ladder[i].Name == "exit_files" {
			ladder[i].Undo = nil
		}
	}
	failure := forkcheck.Sample(forkcheck.CheckOptions{Version: kernel}, 1, 10000)
	failure = forkcheck.Minimize(failure, forkcheck.MinimizeOptions{})
	fmt.Println(failure.Breach)
	fmt.Print(failure.Trace())
	// Output:
	// FilesCount: files 3 has count 1, and nobody holds it
	// kernel v3.11
	// a.clone(SYSVSEM|NEWIPC) // EINVAL newipc_sysvsem
}
