package forkcheck

import (
	"maps"
	"slices"

	"forkcheck/model"
)

// A check that is too strict breaks no state: no invariant sees it. Its necessity can be asked for all the same: what it refuses is
// done in spite of it. If that breaks an invariant, at once, within a few more ops, or when all is killed and reaped, the check is
// needed there; if not, the refusal is harmless, and somebody must say what it is for.

// Need is what came of doing what a row refuses with one errno.
type Need struct {
	Call, Row string
	Errno     model.Errno
	Refused   int          // ops that it refused, each in a state of its own
	Forced    int          // of these, those that no other row refuses
	Harmless  int          // of these, those that broke nothing
	Broke     string       // the invariant that the others broke most often
	Least     *model.Trace // the harmless op of the fewest flags, as the kernel refuses it, after the fewest other ops
	broke     map[string]int
	least     way
}

// Purpose says what a harmless refusal is for, and whether that is a finding: that the check is too strict. Of what was never refused
// it says why. It is nil if nobody has said so.
func (n *Need) Purpose(version string) (p *Purpose, finding bool) {
	if n.Refused == 0 {
		return n.in(unmet, version), false
	}
	if p = n.in(findings, version); p != nil {
		return p, true
	}
	return n.in(reasons, version), false
}

// in finds what a table says of a row.
func (n *Need) in(list []Purpose, version string) *Purpose {
	for i := range list {
		p := &list[i]
		if (p.Row == n.Row || p.Row == n.Call+" "+n.Row) && p.Errno == n.Errno && p.in(version) {
			return p
		}
	}
	return nil
}

// Purposes are all that is said of harmless refusals in a version.
func Purposes(version string) (list []*Purpose) {
	for _, table := range [][]Purpose{findings, reasons, unmet} {
		for i := range table {
			if p := &table[i]; p.in(version) {
				list = append(list, p)
			}
		}
	}
	return list
}

// Needed counts the ops that broke something.
func (n *Need) Needed() int { return n.Forced - n.Harmless }

// Needs asks of each row of a version that refuses whether it is needed, of those rows that are asked for; nil asks for all. They
// come in the order of the tables.
func Needs(v *model.Version, rows func(name string) bool) ([]*Need, error) {
	found := make([]*needs, len(looks))
	err := surveys(v, looks, func(i int, s *survey) {
		found[i] = newNeeds(s, rows)
		s.walk(looks[i].depth, found[i].visit)
	})
	if err != nil {
		return nil, err
	}
	for _, more := range found[1:] {
		found[0].merge(more)
	}
	return found[0].sum(), nil
}

// needs is what one survey came to.
type needs struct {
	*survey
	lax  map[model.Refusal]*model.Kernel // without a row
	list map[refused]*Need
}

// refused is what a Need is of.
type refused struct {
	model.Refusal
	errno model.Errno
}

func newNeeds(s *survey, rows func(name string) bool) *needs {
	n := &needs{survey: s, lax: map[model.Refusal]*model.Kernel{}, list: map[refused]*Need{}}
	for _, r := range n.kernel.Refusals() {
		if rows == nil || rows(n.kernel.Calls[r.Kind].Rows[r.Row].Name) {
			n.lax[r] = &model.Kernel{Version: n.kernel.Lift(r), Limits: n.kernel.Limits}
		}
	}
	return n
}

// visit does an op in spite of the row that refused it.
func (n *needs) visit(p *reached, _ *model.State, ops []model.Op) {
	if r, ok := n.refusal(); ok {
		n.force(p, r, ops)
	}
}

// refusal is what refused the last op, if it is a row that is looked at.
func (n *needs) refusal() (r refused, ok bool) {
	res := &n.result
	if res.Outcome != model.Returned || res.Errno == 0 {
		return r, false
	}
	r = refused{model.Refusal{Kind: res.Kind, Row: n.kernel.Calls[res.Kind].Row(res.Why)}, res.Errno}
	return r, n.lax[r.Refusal] != nil
}

// force does the last op of a way in spite of what refuses it.
func (n *needs) force(p *reached, r refused, ops []model.Op) {
	need := n.need(r)
	need.Refused++
	to := p.state
	k, op := n.lax[r.Refusal], ops[len(ops)-1]
	if k.StepInto(&to, op, &n.result, nil); n.result.Outcome == model.Returned && n.result.Errno != 0 {
		return
	}
	need.Forced++
	if broke := n.step(k, &p.state, &to, op, n.ahead); broke != "" {
		need.broke[broke]++
		return
	}
	need.Harmless++
	if w := (way{&n.boot, ops}); w.less(&need.least) {
		need.least = w
	}
}

// need is the Need of a refusal.
func (n *needs) need(r refused) *Need {
	need := n.list[r]
	if need == nil {
		t := &n.kernel.Calls[r.Kind]
		need = &Need{Call: t.Name, Row: t.Rows[r.Row].Name, Errno: r.errno, broke: map[string]int{}}
		n.list[r] = need
	}
	return need
}

// merge adds what another survey came to.
func (n *needs) merge(o *needs) {
	for r, more := range o.list {
		need := n.need(r)
		need.Refused += more.Refused
		need.Forced += more.Forced
		need.Harmless += more.Harmless
		for name, times := range more.broke {
			need.broke[name] += times
		}
		if more.least.ops != nil && more.least.less(&need.least) {
			need.least = more.least
		}
	}
}

// sum is what was found, in the order of the tables. A row that refused nothing is there without numbers.
func (n *needs) sum() (list []*Need) {
	for _, r := range n.kernel.Refusals() {
		if n.lax[r] == nil {
			continue
		}
		row := &n.kernel.Calls[r.Kind].Rows[r.Row]
		met := slices.DeleteFunc(slices.Clone(row.Errs), func(e model.Errno) bool { return n.list[refused{r, e}] == nil })
		if len(met) == 0 {
			met = row.Errs[:1]
		}
		for _, e := range met {
			need := n.need(refused{r, e})
			need.finish(n.kernel)
			list = append(list, need)
		}
	}
	return list
}

// finish says what broke most often, and writes the plainest harmless op down.
func (n *Need) finish(k *model.Kernel) {
	for _, name := range slices.Sorted(maps.Keys(n.broke)) {
		if n.broke[name] > n.broke[n.Broke] {
			n.Broke = name
		}
	}
	if w := &n.least; w.ops != nil {
		n.Least = w.trace(k.Version)
	}
}
