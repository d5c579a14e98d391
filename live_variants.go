package forkcheck

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"forkcheck/internal/live"
	"forkcheck/model"
)

// OpenLab makes a lab, and finds out which variants of v6.x its kernel has.
func OpenLab() (*live.Lab, error) {
	lab, err := live.Open()
	if err != nil {
		return nil, err
	}
	if err := Recognize(lab); err != nil {
		_ = lab.Close()
		return nil, err
	}
	return lab, nil
}

// Recognize finds out which variants the kernel of a lab has: those whose trace comes out as the model says with them, and not
// without.
func Recognize(lab *live.Lab) error {
	known := lab.Variants
	for i := range model.Variants {
		v := &model.Variants[i]
		t, err := model.ParseTrace(v.Name, []byte(v.Shows))
		if err != nil {
			return err
		}
		if _, why := lab.Refuses(t); why != "" {
			continue
		}
		with := append(slices.Clip(known), v)
		switch plain, err := agrees(lab, known, t); {
		case err != nil:
			return err
		case plain:
			continue
		}
		if agreed, err := agrees(lab, with, t); err != nil {
			return err
		} else if agreed {
			known = with
		}
	}
	lab.Variants = known
	return nil
}

// agrees says whether a trace comes out as the model says with some variants, in one of three runs: a flake is no variant.
func agrees(lab *live.Lab, variants []*model.Variant, t *model.Trace) (bool, error) {
	lab.Variants = variants
	for range candidateRuns {
		r, err := (&Beside{Lab: lab}).Run(t)
		if err == nil && r.Why != "" {
			err = errors.New(r.Why)
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", t.File, err)
		}
		if r.Divergence == nil {
			return true, nil
		}
	}
	return false, nil
}

// TellVariants says in what the kernel of a lab is not as v6.x; "" if in nothing.
func TellVariants(lab *live.Lab) string {
	if len(lab.Variants) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("this kernel does as v6.x, but for\n")
	for _, v := range lab.Variants {
		fmt.Fprintf(&b, "    %-18s %s (%s)\n", v.Name, v.Does, v.Source)
	}
	return b.String()
}
