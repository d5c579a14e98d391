package forkcheck

import (
	"fmt"
	"strings"

	"forkcheck/model"
)

// listMutants counts the mutants of each operator, and of them those that are equivalent.
func listMutants() Listing {
	l := Listing{Name: "mutants", Head: []string{"operator"}}
	for _, v := range model.Versions {
		l.Head = append(l.Head, v.Name)
	}
	l.Head = append(l.Head, "equivalent", "for example")
	operators := model.Operators()
	equivalent := len(model.Versions) // the column after theirs
	total := make([]int, equivalent+1)
	counts := map[string][]int{}
	example := map[string]string{}
	for i, v := range model.Versions {
		for _, m := range model.Mutants(v.Name) {
			if counts[m.Operator] == nil {
				counts[m.Operator], example[m.Operator] = make([]int, equivalent+1), m.Name
			}
			counts[m.Operator][i]++
			total[i]++
			if EquivalentOf(m.Name) != nil {
				counts[m.Operator][equivalent]++
				total[equivalent]++
			}
		}
	}
	for _, op := range operators {
		if n := counts[op]; n != nil {
			l.addCounts(op, n, example[op])
		}
	}
	l.addCounts("all", total, "")
	return l
}

// addCounts adds a row of counts.
func (l *Listing) addCounts(of string, counts []int, example string) {
	row := []string{of}
	for _, n := range counts {
		row = append(row, fmt.Sprint(n))
	}
	l.add(append(row, example)...)
}

// listEquivalents lists why mutants are equivalent.
func listEquivalents() Listing {
	l := Listing{Name: "equivalents", Head: []string{"kind", "scope", "mutants", "of", "why"}}
	for i := range Equivalents {
		e := &Equivalents[i]
		l.add(e.Kind, e.Scope, fmt.Sprint(len(e.Mutants)), rowsOf(e.Mutants), e.Why)
	}
	return l
}

// rowsOf are the rows and rungs that some mutants are of.
func rowsOf(mutants []string) string {
	var rows []string
	for _, name := range mutants {
		rows = append(rows, strings.Split(name, "/")[2])
	}
	return joined(distinct(rows), ", ")
}

// distinct drops doubles.
func distinct(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}
