package forkcheck

import (
	"strings"

	"forkcheck/model"
)

// Strict says whether a mutant refuses, by the row that is wrong, what the kernel does without harm.
type Strict struct {
	Mutant  *model.Mutant
	Refuses *model.Trace // the plainest such op, as the kernel does it; nil: none was found
	Broke   string       // an invariant that breaks when the kernel does it; "" if it is harmless
}

// Stricter looks for what mutants of a version refuse and the version does not.
func Stricter(v *model.Version, mutants []model.Mutant) ([]Strict, error) {
	found := make([]*stricter, len(strictLooks))
	err := surveys(v, strictLooks, func(i int, s *survey) {
		found[i] = newStricter(s, mutants)
		s.walk(strictLooks[i].depth, found[i].visit)
	})
	if err != nil {
		return nil, err
	}
	list := make([]Strict, len(mutants))
	for i := range list {
		var least strictWay
		for _, x := range found {
			if w := &x.list[i]; w.ops != nil && w.less(&least.way) {
				least = *w
			}
		}
		if list[i] = (Strict{Mutant: &mutants[i], Broke: least.broke}); least.ops != nil {
			list[i].Refuses = least.trace(v)
		}
	}
	return list, nil
}

// stricter is what one survey came to: the first such op for each mutant.
type stricter struct {
	*survey
	mutants []model.Mutant
	kernels []*model.Kernel
	calls   []string // the table of each
	list    []strictWay
}

// strictWay is the way to what a mutant refuses.
type strictWay struct {
	way
	broke string
}

func newStricter(s *survey, mutants []model.Mutant) *stricter {
	x := &stricter{survey: s, mutants: mutants, list: make([]strictWay, len(mutants))}
	for i := range mutants {
		x.calls = append(x.calls, strings.Split(mutants[i].Name, "/")[1])
		x.kernels = append(x.kernels, &model.Kernel{Version: mutants[i].New(), Limits: s.kernel.Limits})
	}
	return x
}

// visit has the mutants of a call do what the kernel has just done.
func (x *stricter) visit(p *reached, to *model.State, ops []model.Op) {
	op := ops[len(ops)-1]
	call := x.kernel.Calls[op.Kind].Name
	if x.result.Outcome == model.Returned && x.result.Errno != 0 {
		return
	}
	accepted := x.result
	for i := range x.mutants {
		if x.list[i].ops != nil || x.calls[i] != call || !x.refuses(i, p, op) {
			continue
		}
		x.result = accepted
		x.list[i] = strictWay{way{&x.boot, ops}, x.step(x.kernel, &p.state, to, op, x.ahead)}
	}
}

// refuses says whether a mutant refuses an op by the row that is wrong.
func (x *stricter) refuses(i int, p *reached, op model.Op) bool {
	s := p.state
	x.kernels[i].StepInto(&s, op, &x.result, nil)
	return x.result.Outcome == model.Returned && x.result.Errno != 0 && x.result.Why == x.mutants[i].Row
}
