//go:build linux && amd64

package live

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"forkcheck/model"
)

// Step has a task make a call and waits until everybody is at rest. It answers the calls that ended, as model.Observation
// lists them.
func (l *Lab) Step(c *Call) ([]model.Call, error) {
	if l.fault != nil {
		return nil, l.fault
	}
	answers, err := l.step(c)
	return answers, l.fail(err)
}

func (l *Lab) step(c *Call) ([]model.Call, error) {
	t := l.task(c.Actor)
	if t == nil || t.class != parked {
		return nil, fmt.Errorf("%s cannot act", c.Actor)
	}
	for tries := 0; ; tries++ {
		if err := l.makeCall(t, c); err != nil {
			return nil, err
		}
		if err := l.settle(); err != nil {
			return nil, err
		}
		if !l.counted || tries == graceTries || !l.full(t) {
			return l.answers(t), nil
		}
		l.finish(t)
		time.Sleep(graceTime)
	}
}

// A namespace that went is counted until it is freed, after grace periods and by workers. Where there is a limit on namespaces a call
// that would be one too many is tried again for this long; nothing comes of one that fails so.
const (
	graceTries = 5
	graceTime  = 20 * time.Millisecond
)

// full says whether a call of a task has failed because there are too many namespaces.
func (l *Lab) full(t *Task) bool {
	return t.class == parked && (t.call == model.Clone || t.call == model.Unshare) && l.slots.at(t.slot).ret == -int64(unix.ENOSPC)
}

// makeCall begins a call, and ends it if it is one that does not sleep.
func (l *Lab) makeCall(t *Task, c *Call) error {
	t.call, t.answer = c.Op.Kind, nil
	t.fresh = c.Op.Kind == model.Clone || c.Op.Kind == model.Unshare
	t.moved = t.moved || c.Op.Kind == model.Unshare
	l.asks = l.asks || c.Op.Flags&model.CloneChildCleartid != 0
	if script := scripts[c.Op.Kind]; script != nil {
		ret, err := script(l, t, c)
		t.answer = &ret
		return err
	}
	child := 0
	if c.Op.Kind == model.Clone {
		if t.child = l.unborn(c.Bind); t.child == nil {
			return fmt.Errorf("no slot for a child of %s", c.Actor)
		}
		child = t.child.slot
	}
	request := requests[c.Op.Kind]
	if request == nil {
		return fmt.Errorf("%s is no call of Linux", c.Op.Kind)
	}
	l.slots.post(t.slot, request(l, t, c), child)
	return nil
}

// answers collects what calls have answered.
func (l *Lab) answers(actor *Task) (calls []model.Call) {
	for _, t := range l.tasks {
		if t.call == model.NoOp {
			continue
		}
		switch {
		case t.class == gone || t.class == zombie || t.class == zapping:
			l.finish(t) // nobody is there to see an answer
		case t.answer != nil || l.slots.done(t.slot):
			c := l.describe(t)
			if t == actor {
				calls = append([]model.Call{c}, calls...)
			} else {
				calls = append(calls, c)
			}
			l.finish(t)
		}
	}
	return calls
}

// finish ends a call.
func (l *Lab) finish(t *Task) {
	if t.child != nil && t.child.tid == 0 {
		l.slots.used[t.child.slot] = false // never born
	}
	t.call, t.child, t.answer = model.NoOp, nil, nil
}

// describe is the answer of a call.
func (l *Lab) describe(t *Task) model.Call {
	ret := l.slots.at(t.slot).ret
	if t.answer != nil {
		ret = *t.answer
	}
	c := model.Call{Actor: t.Name, Call: t.call.String(), Outcome: model.Returned.String(), Ret: int32(ret)}
	switch {
	case ret < 0:
		c.Ret, c.Errno = -1, errno(-ret)
	case t.call == model.Clone:
		c.Child = t.child.Name
		if t.child.ns != t.ns {
			c.Inside = uint16(t.child.pids[t.child.ns.level])
		}
	case t.call == model.Wait4 && ret > 0:
		c.Reports = l.named(t, int(ret))
		c.Status = model.StatusText(uint16(binary.LittleEndian.Uint32(l.slots.data(t.slot)[statusAt:])))
	}
	return c
}

// named is whom a task knows by a number: a task, or one that was just reaped.
func (l *Lab) named(by *Task, number int) string {
	for i := len(l.tasks) - 1; i >= 0; i-- {
		if l.tasks[i].number(by) == number {
			return l.tasks[i].Name
		}
	}
	return fmt.Sprintf("%d?", number)
}

// errno is the model's name of an error number.
func errno(n int64) string { return unix.ErrnoName(unix.Errno(n)) }
