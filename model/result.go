package model

import (
	"fmt"
	"slices"
	"strings"
)

// String is the word for an outcome that -json prints.
func (o Outcome) String() string {
	return [...]string{"returned", "paused", "asleep", "gone", "no task", "panic"}[o]
}

// String is the name of a call: "clone".
func (k Kind) String() string {
	if k == Die {
		return "die"
	}
	for i := len(ops) - 1; i >= 0; i-- { // the last spelling is the general one
		if ops[i].kind == k {
			return ops[i].name
		}
	}
	return "noop"
}

// Text is the result of an op as traces write it. The names must hold for the tasks that the step made and ended.
func (r *Result) Text(op Op, name func(TaskID) string) string {
	parts := []string{r.Return.text(name, op.Kind == Resume)}
	for t := range r.Done {
		if d := &r.Done[t]; d.Actor != 0 {
			parts = append(parts, name(d.Actor)+": "+d.text(name, true))
		}
	}
	text := strings.Join(parts, "; ")
	if r.FaultMissed {
		text += " (fault not reached)"
	}
	if r.ChoiceMissed {
		text += " (choice not reached)"
	}
	return text
}

// SameResult says whether a result is the one that was written. A row that was left out may be any: behind an errno, or of a sleep.
func SameResult(written, result string) bool {
	w, r := strings.Split(written, "; "), strings.Split(result, "; ")
	return slices.EqualFunc(w, r, func(w, r string) bool { return w == r || w == withoutRow(r) })
}

// WithoutRows is a result as a kernel tells it, which does not say where a call fails or sleeps.
func WithoutRows(result string) string {
	answers := strings.Split(result, "; ")
	for i := range answers {
		answers[i] = withoutRow(answers[i])
	}
	return strings.Join(answers, "; ")
}

// withoutRow leaves out the word behind an errno, or behind "asleep".
func withoutRow(answer string) string {
	words := strings.Split(answer, " ")
	for i, word := range words[:len(words)-1] {
		if _, failed := ParseErrno(word); failed || word == "asleep" {
			if strings.HasSuffix(words[i+1], ",") {
				words[i] += ","
			}
			return strings.Join(slices.Delete(words, i+1, i+2), " ")
		}
	}
	return answer
}

// text is one answer. A clone of somebody else, or of an earlier line, says which child it made.
func (r *Return) text(name func(TaskID) string, sayChild bool) string {
	text := r.answer(name, sayChild)
	if r.Stopped {
		text += ", stopped"
	}
	return text
}

func (r *Return) answer(name func(TaskID) string, sayChild bool) string {
	switch r.Outcome {
	case Paused:
		return "paused"
	case Asleep:
		return "asleep " + r.Why
	case Gone:
		if r.Why != "" {
			return "- asleep " + r.Why
		}
		return "-"
	case NoTask:
		return "no task"
	case Panicked:
		return "panic"
	}
	switch {
	case r.Errno != 0:
		return r.Errno.String() + " " + r.Why
	case r.Kind == Clone:
		return r.cloneText(name, sayChild)
	case r.Kind == Wait4 && r.Who != 0:
		return name(r.Who) + " " + StatusText(r.Status)
	case r.Kind == Wait4:
		return "0"
	}
	return fmt.Sprint(r.Ret)
}

// cloneText is the child's number, and its number in its own pid namespace if that is another.
func (r *Return) cloneText(name func(TaskID) string, sayChild bool) string {
	text := fmt.Sprint(r.Ret)
	if sayChild {
		text = name(r.Who) + " " + text
	}
	if r.Inside != 0 {
		text += fmt.Sprintf(", %d inside", r.Inside)
	}
	return text
}

// StatusCore is the bit of a status that says that there is a core.
const StatusCore = 0x80

// StatusText says in words what a status of wait4 means: "exited 5", "killed SEGV core", "stopped STOP", "continued".
func StatusText(status uint16) string {
	sig := Signal(status & 0x7f)
	switch {
	case status == 0xffff:
		return "continued"
	case sig == 0x7f:
		return "stopped " + Signal(status>>8).String()
	case sig == 0:
		return fmt.Sprintf("exited %d", status>>8)
	case status&StatusCore != 0:
		return "killed " + sig.String() + " core"
	}
	return "killed " + sig.String()
}

// Call is a call that stood at the end of a step, or that ended in it, as -json prints it.
type Call struct {
	Actor   string `json:"actor"`             // the task that made the call
	Call    string `json:"call"`              // its name: "clone"
	Outcome string `json:"outcome"`           // returned, paused, asleep, gone, no task or panic
	Ret     int32  `json:"ret"`               // what the call returns; -1 on failure
	Errno   string `json:"errno,omitempty"`   // "EINVAL"
	Why     string `json:"why,omitempty"`     // the row that failed, or at which the call sleeps
	Child   string `json:"child,omitempty"`   // clone: the new task
	Inside  uint16 `json:"inside,omitempty"`  // clone: the child's number in its own pid namespace, if that is another
	Reports string `json:"reports,omitempty"` // wait4: the task that it reports
	Status  string `json:"status,omitempty"`  // wait4: "exited 5"
	Text    string `json:"text"`              // all of it, as traces write it
}

// call describes an answer.
func (r *Return) call(name func(TaskID) string, sayChild bool) Call {
	c := Call{Actor: name(r.Actor), Call: r.Kind.String(), Outcome: r.Outcome.String(), Ret: r.Ret, Why: r.Why, Inside: r.Inside,
		Text: r.text(name, sayChild)}
	if r.Errno != 0 {
		c.Errno = r.Errno.String()
	}
	switch {
	case r.Who == 0:
	case r.Kind == Clone:
		c.Child = name(r.Who)
	case r.Kind == Wait4:
		c.Reports, c.Status = name(r.Who), StatusText(r.Status)
	}
	return c
}

// Answer is how the op's own call stands.
func (r *Result) Answer(op Op, name func(TaskID) string) Call {
	return r.Return.call(name, op.Kind == Resume)
}

// Calls lists the calls that ended in the step: the op's own first, then those of others in task order.
func (r *Result) Calls(op Op, name func(TaskID) string) []Call {
	calls := []Call{}
	if r.Outcome == Returned {
		calls = append(calls, r.Answer(op, name))
	}
	for t := range r.Done {
		if d := &r.Done[t]; d.Actor != 0 {
			calls = append(calls, d.call(name, true))
		}
	}
	return calls
}
