package main

import (
	"encoding/json"
	"io"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// jsonStep is what -json prints of an op, on one line. The names of its fields are stable.
type jsonStep struct {
	File        string             `json:"file"`
	Line        int                `json:"line"`
	Op          string             `json:"op"`               // as the trace writes it
	Result      model.Call         `json:"result"`           // how the op's own call stands
	Text        string             `json:"text"`             // the result as a trace writes it
	Want        string             `json:"want,omitempty"`   // the result that the trace has, if it is another
	Breach      *jsonBreach        `json:"breach,omitempty"` // the invariant that broke; it ends the run
	Observation *model.Observation `json:"observation"`      // what user space can see now
}

// jsonQuiet is what -json prints last if something breaks after the last line, when all was killed and reaped.
type jsonQuiet struct {
	File   string      `json:"file"`
	Line   int         `json:"line"`
	Breach *jsonBreach `json:"breach"`
}

// jsonBreach is an invariant that does not hold.
type jsonBreach struct {
	Invariant string `json:"invariant"`
	Says      string `json:"says"`
	Detail    string `json:"detail"`
	Known     string `json:"known,omitempty"` // the known defect that it is
}

func newJSONBreach(b *invariants.Breach) *jsonBreach {
	if b == nil {
		return nil
	}
	j := &jsonBreach{Invariant: b.Invariant.Name, Says: b.Invariant.Says, Detail: b.Detail}
	if b.Known != nil {
		j.Known = b.Known.ID
	}
	return j
}

// jsonPrinter prints one object per op.
type jsonPrinter struct {
	file string
	enc  *json.Encoder
}

func newJSONPrinter(out io.Writer, t *model.Trace) *jsonPrinter {
	p := &jsonPrinter{t.File, json.NewEncoder(out)}
	p.enc.SetEscapeHTML(false)
	return p
}

func (p *jsonPrinter) step(s *forkcheck.Step) error {
	o := s.Observe()
	j := jsonStep{File: p.file, Line: s.Line.No, Op: s.Line.Text, Result: s.Result.Answer(s.Op, s.Names.Of), Text: s.Text,
		Breach: newJSONBreach(s.Breach), Observation: &o}
	if s.Differs() {
		j.Want = s.Line.Result
	}
	return p.enc.Encode(j)
}

func (p *jsonPrinter) end(v *forkcheck.Verdict) error {
	if !v.AtQuiet {
		return nil
	}
	return p.enc.Encode(jsonQuiet{p.file, lineNo(v.Line), newJSONBreach(v.Breach)})
}
