package forkcheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/model"
)

// results runs a trace and gives it back with the results of the run, and what broke.
func results(t *testing.T, text string) string {
	t.Helper()
	trace, err := model.ParseTrace("t", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error {
		s.Line.Result = s.Text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Breach != nil {
		t.Errorf("line %d: %v", verdict.Line.No, verdict.Breach)
	}
	return trace.String()
}

// What each sort of result looks like, and what names mean while a trace runs.
func TestRunResults(t *testing.T) {
	for name, want := range map[string]string{
		"clone, wait and failures": `kernel v3.11 max_threads=4
b := a.fork()                              // 3
b.fork().fault(copy_mm, ENOMEM)            // ENOMEM copy_mm
b.clone(VM).fault(create_user_ns, EPERM)   // 4 (fault not reached)
b.fork()                                   // EAGAIN max_threads
b.exit(5)                                  // -
a.wait4(b)                                 // b exited 5
a.wait4(b)                                 // ECHILD do_wait
b.fork()                                   // no task
`,
		"a child is born before its clone returns": `kernel v3.11
b := a.vfork() // asleep wait_for_vfork_done
a.fork()       // no task
b.fork()       // 4
b.exit(0)      // -; a: b 3
`,
		"a pause": `kernel v3.11
a.unshare(NEWPID)                    // 0
b := a.fork().pause(real_parent)     // paused
b.exit(0)                            // no task
a.kill(b, TERM)                      // no task
init.kill(b, TERM)                   // ESRCH kill_something_info
a.resume()                           // b 3, 1 inside
`,
		"others and earlier calls": `kernel v3.11
b := a.fork()    // 3
a.wait4(-1)      // asleep do_wait
b.kill(b, TERM)  // -; a: b killed TERM
b.resume()       // no task
`,
		"stops": `kernel v3.11
b := a.fork()             // 3
a.kill(b, STOP)           // 0
a.wait4(b, WUNTRACED)     // b stopped STOP
b.fork()                  // no task
a.kill(b, CONT)           // 0
a.wait4(-1, WCONTINUED)   // b continued
a.wait4(-1, WNOHANG)      // 0
`,
		"the end": `kernel v3.11
init.exit(0)  // panic
a.fork()      // panic
`,
		"children without a name": `kernel v3.11
a.fork()           // 3
a.kill(3, KILL)    // 0
a.wait4(-1)        // #3 killed KILL
`,
		"a name that is gone is the number that it had": `kernel v3.11 last_pid=30000 pid_max=30002 reserved_pids=30001
b := a.fork()    // 30001
b.exit(0)        // -
a.wait4(b)       // b exited 0
c := a.fork()    // 30001
a.kill(b, TERM)  // 0
a.wait4(c)       // c killed TERM
`,
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := model.ParseTrace("t", []byte(want))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(trace.String(), results(t, want)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An observation speaks in the names of the trace.
func TestObserve(t *testing.T) {
	trace, err := model.ParseTrace("t", []byte("kernel v3.11\nb := a.clone(NEWPID|FILES)\nc := b.fork()\nc.exit(3)"))
	if err != nil {
		t.Fatal(err)
	}
	var got []model.TaskView
	_, err = forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error {
		got = nil
		for _, v := range s.Observe().Tasks {
			got = append(got, model.TaskView{Name: v.Name, Pids: v.Pids, Parent: v.Parent, State: v.State, Exit: v.Exit,
				Shares: model.Shares{VM: v.Shares.VM, Files: v.Shares.Files}, Namespaces: model.Spaces{Pid: v.Namespaces.Pid}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []model.TaskView{
		{Name: "init", Pids: []int{1}, State: "running", Shares: model.Shares{VM: "init", Files: "init"}, Namespaces: model.Spaces{Pid: "pid:1"}},
		{Name: "a", Pids: []int{2}, Parent: "init", State: "running", Shares: model.Shares{VM: "a", Files: "a"}, Namespaces: model.Spaces{Pid: "pid:1"}},
		{Name: "b", Pids: []int{3, 1}, Parent: "a", State: "running", Shares: model.Shares{VM: "b", Files: "a"}, Namespaces: model.Spaces{Pid: "pid:2"}},
		{Name: "c", Pids: []int{4, 2}, Parent: "b", State: "zombie", Exit: "exited 3", Namespaces: model.Spaces{Pid: "pid:2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A visitor can end a run.
func TestRunStops(t *testing.T) {
	trace, err := model.ParseTrace("t", []byte("kernel v3.11\na.fork()\na.fork()"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error { return errStop{} })
	if err != (errStop{}) || !strings.Contains(err.Error(), "stop") {
		t.Errorf("error is %v, want the visitor's", err)
	}
}

type errStop struct{}

func (errStop) Error() string { return "stop" }
