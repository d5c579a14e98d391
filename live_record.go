package forkcheck

import (
	"errors"
	"slices"

	"forkcheck/internal/live"
	"forkcheck/model"
)

// LiveRecord is a trace with what the running kernel showed after each step, to be compared again without it.
type LiveRecord struct {
	Trace *model.Trace

	here   func(k *model.Kernel) *model.Kernel
	facts  live.Facts
	frames []frame
}

// frame is what the kernel showed after a call; the first, before any.
type frame struct {
	call    live.Call
	answers []model.Call
	seen    model.Observation
	able    []string // those who can act
	refuses string   // why the next call would not do here
}

// Record runs a trace and keeps what the kernel shows.
func (b *Beside) Record(t *model.Trace) (*LiveRecord, BesideResult, error) {
	rec := &LiveRecord{Trace: t}
	r, err := (&Beside{Kernel: b.Kernel, instead: &keeper{b.host(), rec}}).Run(t)
	return rec, r, err
}

// Run compares the record with what a version would show.
func (rec *LiveRecord) Run(v *model.Version) (BesideResult, error) {
	t := *rec.Trace
	t.Boot.Version = v.Name
	k := &model.Kernel{Version: v, Limits: t.Boot.Limits}
	r, err := (&Beside{Kernel: k, instead: &replay{LiveRecord: rec}}).Run(&t)
	if errors.Is(err, errElsewhere) {
		r.Why, err = err.Error(), nil
	}
	return r, err
}

// errElsewhere says that what would come next is not on record.
var errElsewhere = errors.New("the record ends here")

// keeper is a host whose answers are kept.
type keeper struct {
	host
	rec *LiveRecord
}

func (r *keeper) now() *frame { return &r.rec.frames[len(r.rec.frames)-1] }

func (r *keeper) Here(k *model.Kernel) *model.Kernel {
	r.rec.here = r.host.Here
	return r.host.Here(k)
}

func (r *keeper) Begin(b *model.Boot) error {
	r.rec.frames = make([]frame, 1)
	return r.host.Begin(b)
}

func (r *keeper) Facts(b *model.Boot) live.Facts {
	r.rec.facts = r.host.Facts(b)
	return r.rec.facts
}

func (r *keeper) RefusesSysctl(c *live.Call) string {
	r.now().refuses = r.host.RefusesSysctl(c)
	return r.now().refuses
}

func (r *keeper) Step(c *live.Call) ([]model.Call, error) {
	answers, err := r.host.Step(c)
	r.rec.frames = append(r.rec.frames, frame{call: asked(c), answers: answers})
	return answers, err
}

func (r *keeper) Observe(all bool) (model.Observation, error) {
	o, err := r.host.Observe(all)
	r.now().seen = o
	for i := range o.Tasks {
		if name := o.Tasks[i].Name; r.CanAct(name) {
			r.now().able = append(r.now().able, name)
		}
	}
	return o, err
}

// asked is a call as the kernel gets it.
func asked(c *live.Call) live.Call {
	a := *c
	a.Op.Actor, a.Op.Target, a.Op.Target2 = 0, 0, 0
	return a
}

// replay is a host that shows again what is on record.
type replay struct {
	*LiveRecord
	at int
}

func (r *replay) Here(k *model.Kernel) *model.Kernel {
	return r.here(k)
}

func (r *replay) Begin(*model.Boot) error                 { return nil }
func (r *replay) Facts(*model.Boot) live.Facts            { return r.facts }
func (r *replay) CanAct(name string) bool                 { return slices.Contains(r.frames[r.at].able, name) }
func (r *replay) RefusesSysctl(*live.Call) string         { return r.frames[r.at].refuses }
func (r *replay) Observe(bool) (model.Observation, error) { return r.frames[r.at].seen, nil }
func (r *replay) End() error                              { return nil }

// Step goes on, if it is the same call that is made.
func (r *replay) Step(c *live.Call) ([]model.Call, error) {
	if r.at+1 == len(r.frames) || r.frames[r.at+1].call != asked(c) {
		return nil, errElsewhere
	}
	r.at++
	return r.frames[r.at].answers, nil
}
