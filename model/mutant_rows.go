package model

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// rowOperators list the ways to break a row.
var rowOperators = []operator{
	{"drop row", dropRow},
	{"double row", doubleRow},
	{"ignore failure", ignoreFailure},
	{"wrong errno", wrongErrno},
	{"wrong label", wrongLabels},
	{"drop condition", dropConditions},
	{"drop atom", dropAtoms},
	{"wrong limit", wrongLimits},
	{"wrong sharing", wrongSharing},
	{"uncounted", uncounted},
	{"swap rows", swapNeighbours},
}

// change is an edit of the row alone.
func change(what string, fn func(r *Row)) edit {
	return edit{what, func(t *Table, i int) { fn(&t.Rows[i]) }}
}

// dropRow leaves a row out. One that only ever fails by fault would not be missed.
func dropRow(t *Table, i int) []edit {
	if t.Rows[i].Body == nil {
		return nil
	}
	return []edit{{"dropped", func(t *Table, i int) { t.Rows = slices.Delete(t.Rows, i, i+1) }}}
}

// doubleRow does a row twice, unless it is one that checks, or that only sets or clears fields.
func doubleRow(t *Table, i int) []edit {
	switch r := &t.Rows[i]; r.Body.(type) {
	case Act, Share:
	case Func:
		if r.Takes == 0 {
			return nil
		}
	default:
		return nil
	}
	return []edit{{"twice", func(t *Table, i int) {
		if t.Rows[i].Lock == "" {
			t.Rows[i].Lock = Lock("twice " + t.Rows[i].Name)
		}
		again := t.Rows[i] // by its name a trace means the first: the second fails by no fault, and no call stops before it
		again.Errs, again.CanFail = nil, func(k *Kernel, s *State, f *Flight) bool { return false }
		t.Rows = slices.Insert(t.Rows, i+1, again)
	}}}
}

// ignoreFailure has a call go on as if a row had done its work. Of a check that is the same as to drop it.
func ignoreFailure(t *Table, i int) []edit {
	r := &t.Rows[i]
	if _, check := checks(r.Body); len(r.Errs) == 0 || check {
		return nil
	}
	return []edit{change("failure-ignored", func(r *Row) {
		body, canFail := r.Body, r.CanFail
		r.CanFail = func(k *Kernel, s *State, f *Flight) bool { return false }
		r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno {
			if f.Op.Fault.Row == f.PC+1 && (canFail == nil || canFail(k, s, f)) {
				f.FaultHit = true
				return next
			}
			if body == nil {
				return next
			}
			if e := body.Do(k, s, f); e >= done {
				return e
			}
			return next
		})
	})}
}

// checks says whether a body only looks: a Rule or a Limit, which may answer with an errno.
func checks(b Body) (e Errno, check bool) {
	switch b := b.(type) {
	case Rule:
		return b.Errno, true
	case Limit:
		return b.Errno, true
	}
	return 0, false
}

// wrongErrno takes one error for another, whether the row fails by itself or by a fault.
func wrongErrno(t *Table, i int) []edit {
	if len(t.Rows[i].Errs) == 0 {
		return nil
	}
	return []edit{change("wrong-errno", func(r *Row) {
		body, canFail := r.Body, r.CanFail
		r.CanFail = func(k *Kernel, s *State, f *Flight) bool {
			if canFail != nil && !canFail(k, s, f) {
				return false
			}
			f.Op.Fault.Errno = mistaken(f.Op.Fault.Errno)
			return true
		}
		if body != nil {
			r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno { return mistaken(body.Do(k, s, f)) })
		}
	})}
}

// mistaken is what an errno is easily taken for. Other answers of a body stay what they are.
func mistaken(e Errno) Errno {
	switch e {
	case next, done, sleep:
		return e
	case ENOMEM:
		return EAGAIN
	case EINVAL:
		return EPERM
	case EPERM, EACCES, ENOENT, ECHILD, ESRCH, EUSERS:
		return EINVAL
	case ERESTARTNOINTR:
		return EINTR
	}
	return ENOMEM
}

// wrongLabels have a failure enter the ladder one label too early, which undoes what was not done, or too late.
func wrongLabels(t *Table, i int) (list []edit) {
	r := &t.Rows[i]
	if r.Fail == "" {
		return nil
	}
	for _, l := range []Label{t.labelBefore(r.Fail), t.labelAfter(r.Fail)} {
		if l != "" {
			list = append(list, change(fmt.Sprintf("fails-to-%s", l), func(r *Row) { r.Fail = l }))
		}
	}
	return list
}

// labelBefore is the nearest label from which a failure comes to l, with something undone on the way; "" if there is none.
func (t *Table) labelBefore(l Label) Label {
	undoes := false
	for i := t.rung(l) - 1; i >= 0 && t.Ladder[i].Goto == ""; i-- {
		undoes = undoes || t.Ladder[i].Undo != nil
		if t.Ladder[i].Label != "" && undoes {
			return t.Ladder[i].Label
		}
	}
	return ""
}

// labelAfter is the next label on the way of a failure, with something undone before it; "" if there is none.
func (t *Table) labelAfter(l Label) Label {
	undoes := false
	for i, fuel := t.rung(l), 2*len(t.Ladder); i < len(t.Ladder) && fuel > 0; fuel-- {
		r := &t.Ladder[i]
		if r.Label != "" && r.Label != l && undoes {
			return r.Label
		}
		undoes = undoes || r.Undo != nil
		if i++; r.Goto != "" {
			i = t.rung(r.Goto)
		}
	}
	return ""
}

// dropConditions have a row run when it should not.
func dropConditions(t *Table, i int) (list []edit) {
	r := &t.Rows[i]
	if r.On != 0 && r.Body != nil {
		list = append(list, change("on-any-flags", func(r *Row) { r.On = 0 }))
	}
	if r.Off != 0 {
		list = append(list, change("off-by-no-flag", func(r *Row) { r.Off = 0 }))
	}
	if r.If != nil {
		list = append(list, change("unconditional", func(r *Row) { r.If = nil }))
	}
	return list
}

// dropAtoms take one part out of the condition of a rule. Some refuse more then, some less.
func dropAtoms(t *Table, i int) (list []edit) {
	rule, ok := t.Rows[i].Body.(Rule)
	if !ok {
		return nil
	}
	atom := func(what string, drop func(r *Rule)) {
		list = append(list, change(what, func(r *Row) {
			rule := r.Body.(Rule)
			drop(&rule)
			r.Body = rule
		}))
	}
	named := bits.OnesCount32(uint32(rule.All)) > 1 || rule.When != nil || rule.Without != 0
	for _, flag := range flagsIn(rule.All) {
		if named {
			atom("without-"+flagName(flag), func(r *Rule) { r.All &^= flag })
		}
	}
	for n, any := range rule.Any {
		if bits.OnesCount32(uint32(any)) > 8 {
			continue // unknown flags
		}
		for _, flag := range flagsIn(any) {
			if any != flag {
				atom(flagName(flag)+"-allowed", func(r *Rule) { r.Any[n] &^= flag })
			}
		}
	}
	if rule.Without != 0 {
		atom("always", func(r *Rule) { r.Without = 0 })
	}
	if rule.When != nil && (rule.All != 0 || rule.Any[0] != 0) {
		atom("whenever", func(r *Rule) { r.When = nil })
	}
	return list
}

// flagsIn lists the bits of a word.
func flagsIn(w Flags) (list []Flags) {
	for ; w != 0; w &= w - 1 {
		list = append(list, w&-w)
	}
	return list
}

// flagName is a flag as mutants write it.
func flagName(f Flags) string {
	for _, w := range CloneWords {
		if Flags(w.Bits) == f {
			return strings.ToLower(w.Name)
		}
	}
	return fmt.Sprintf("%#x", uint32(f))
}

// wrongLimits compare a limit in another way, with a bound next to its own, or with those who are exempt.
func wrongLimits(t *Table, i int) (list []edit) {
	limit, ok := t.Rows[i].Body.(Limit)
	if !ok {
		return nil
	}
	edit := func(what string, fn func(l *Limit)) {
		list = append(list, change(what, func(r *Row) {
			l := r.Body.(Limit)
			fn(&l)
			r.Body = l
		}))
	}
	if limit.Cmp == AtLeast { // of whole numbers, above is at least one more
		edit("above-for-at-least", func(l *Limit) { l.Cmp = Above })
		edit("bound-too-low", func(l *Limit) { l.Bound = l.Bound.plus(-1) })
	} else {
		edit("at-least-for-above", func(l *Limit) { l.Cmp = AtLeast })
		edit("bound-too-high", func(l *Limit) { l.Bound = l.Bound.plus(1) })
	}
	edit("just-at-the-bound", func(l *Limit) {
		value, bound, most := l.Value, l.Bound, 0
		if l.Cmp == Above {
			most = 1
		}
		l.Exempt = append(slices.Clone(l.Exempt), func(k *Kernel, s *State, f *Flight) bool { return value(k, s, f) > bound(k, s, f)+most })
	})
	for n := range limit.Exempt {
		edit(fmt.Sprintf("exempt-%d-bound", n+1), func(l *Limit) { l.Exempt = slices.Delete(slices.Clone(l.Exempt), n, n+1) })
	}
	return list
}

// plus is a meter that reads too much, or too little.
func (m Meter) plus(n int) Meter {
	return func(k *Kernel, s *State, f *Flight) int { return m(k, s, f) + n }
}

// sharingFlags are the flags that a Share may look at.
var sharingFlags = []Flags{CloneVM, CloneFS, CloneFiles, CloneSighand, CloneIO}

// wrongSharing shares what is to be copied, copies what is to be shared, or looks at the flag of something else.
func wrongSharing(t *Table, i int) []edit {
	share, ok := t.Rows[i].Body.(Share)
	if !ok {
		return nil
	}
	flag := func(what string, flag Flags) edit {
		return change(what, func(r *Row) {
			share := Share{flag, r.Body.(Share).Class}
			r.Body, r.CanFail = share, share.copies
		})
	}
	always := change("always-shared", func(r *Row) {
		class := r.Body.(Share).Class
		r.Body, r.CanFail = Act(func(k *Kernel, s *State, f *Flight) {
			if id := s.parent(f).Ref[class]; id != 0 {
				s.get(class, id)
				s.child(f).Ref[class] = id
			}
		}), func(k *Kernel, s *State, f *Flight) bool { return false }
	})
	if share.Flag == 0 {
		return []edit{always}
	}
	n := slices.Index(sharingFlags, share.Flag)
	other := sharingFlags[(n+1)%len(sharingFlags)]
	return []edit{always, flag("always-copied", 0), flag("shared-by-"+flagName(other), other)}
}

// uncounted forget a reference, that of a child on what it shares or of a task on what it gives up, or take one that nobody has.
func uncounted(t *Table, i int) []edit {
	switch body := t.Rows[i].Body.(type) {
	case Share:
		if body.Flag == 0 {
			return nil
		}
		return []edit{change("counted-though-copied", func(r *Row) {
			r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno {
				e := body.Do(k, s, f)
				if id := s.parent(f).Ref[body.Class]; e == next && id != 0 && f.Flags&body.Flag == 0 {
					s.get(body.Class, id)
				}
				return e
			})
		}), change("uncounted", func(r *Row) {
			class := body.Class
			r.Body = Func(func(k *Kernel, s *State, f *Flight) Errno {
				e := body.Do(k, s, f)
				if id := s.child(f).Ref[class]; e == next && id != 0 && id == s.parent(f).Ref[class] {
					s.Count[class][id]--
				}
				return e
			})
		})}
	case Drop:
		return []edit{change("uncounted", func(r *Row) {
			r.Body = Act(func(k *Kernel, s *State, f *Flight) { s.parent(f).Ref[body.Class] = 0 })
		})}
	}
	return nil
}

// swapNeighbours exchange a row and the next: two stages that are undone at different labels, or two checks that answer differently.
func swapNeighbours(t *Table, i int) []edit {
	if i+1 == len(t.Rows) {
		return nil
	}
	a, b := &t.Rows[i], &t.Rows[i+1]
	stages := a.Fail != "" && b.Fail != "" && a.Fail != b.Fail && a.Body != nil && b.Body != nil && a.meets(b)
	ea, checkA := checks(a.Body)
	eb, checkB := checks(b.Body)
	if !stages && !(checkA && checkB && ea != eb) {
		return nil
	}
	return []edit{{"after-" + b.Name, func(t *Table, i int) { t.Rows[i], t.Rows[i+1] = t.Rows[i+1], t.Rows[i] }}}
}

// meets says whether two rows run under the same flags, some at least.
func (r *Row) meets(o *Row) bool { return r.On&o.Off == 0 && r.Off&o.On == 0 }
