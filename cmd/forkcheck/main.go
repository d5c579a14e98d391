/*
Command forkcheck runs traces of fork, exit, wait, signals and namespaces on a model of the kernel and checks invariants
after each call.

	forkcheck run [-json] [-tree] [-known=fail] [-kernel VERSION] FILE...    run traces; - is standard input
	forkcheck run -fuzz FILE...                                              run what Go's fuzzer wrote for FuzzTrace
	forkcheck run -minimize [-states N] FILE                                 print the shortest trace that breaks the same
	forkcheck run -live FILE...                                              print what the running kernel answers, and where the model does not
	forkcheck explore -scope NAME [-kernel VERSION] [-tasks N] [-depth N] [-mem SIZE] [-workers N]    run every trace of a scope
	forkcheck diff v3.11 v6.x [-scope NAME] [-tasks N] [-depth N] [-mem SIZE] [-workers N]            what user space sees to differ
	forkcheck mutants [-list] [-invariant NAME] [-checks N] [-seed N] [-workers N] [NAME...]         break the kernel, row by row, and see what notices
	forkcheck live [-traces N] [-seed S] [-kernel v6.x] [FILE...]            run traces on the model and on the running kernel
	forkcheck tables [-kernel VERSION] [TABLE...]                            print tables: rows, ladders, versions, words
	forkcheck help                                                           print the usage

It ends with 0 when all is well, 1 when an invariant broke, a result is not the one written or the running kernel does what the
model does not, 2 for bad usage, a bad file or a machine where no trace can run, which it says in one line, and 3 when a search was
cut short by its bound on memory or by an interrupt. Package model describes the text of traces.
*/
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// The exit statuses.
const (
	exitOK    = 0
	exitFound = 1 // an invariant does not hold, a result is not the one written, or the running kernel diverges
	exitUsage = 2 // bad usage, a bad file, or no place to run traces
	exitCut   = 3 // a search was cut short
)

// command is a subcommand. It gets the arguments after its name.
type command struct {
	name  string
	usage string
	run   func(env *env, args []string) int
}

// env is what a subcommand reads and writes.
type env struct {
	in       io.Reader
	out, err io.Writer
}

// commands are the subcommands, in the order in which the usage lists them.
var commands = []command{
	{"run", runUsage, runCommand},
	{"explore", exploreUsage, exploreCommand},
	{"diff", diffUsage, diffCommand},
	{"mutants", mutantsUsage, mutantsCommand},
	{"live", liveUsage, liveCommand},
	{"tables", tablesUsage, tablesCommand},
}

func main() {
	out := &output{Writer: os.Stdout}
	e := &env{os.Stdin, out, os.Stderr}
	status := dispatch(e, os.Args[1:])
	if out.err != nil && status != exitUsage { // of which the reason was told
		if failed := e.usage("%v", out.err); status == exitOK {
			status = failed
		}
	}
	os.Exit(status)
}

// output remembers that something could not be written.
type output struct {
	io.Writer
	err error
}

// Write writes.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// dispatch calls the subcommand that the arguments name.
func dispatch(e *env, args []string) int {
	if len(args) == 0 {
		return e.usage("no command; %s", commandNames())
	}
	if help := []string{"help", "-h", "-help", "--help"}; slices.Contains(help, args[0]) {
		for _, c := range commands {
			fmt.Fprintf(e.out, "forkcheck %s\n", c.usage)
		}
		return exitOK
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(e, args[1:])
		}
	}
	return e.usage("unknown command %q; %s", args[0], commandNames())
}

func commandNames() string {
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	return "commands: " + strings.Join(names, ", ")
}

// usage reports bad usage in one line.
func (e *env) usage(format string, args ...any) int {
	fmt.Fprintf(e.err, "forkcheck: "+format+"\n", args...)
	return exitUsage
}

// interruptible ends when the program is asked to: what is known by then is printed. A second signal is not caught, and
// kills.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
