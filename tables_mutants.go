package forkcheck

import (
	"fmt"
	"strings"

	"forkcheck/model"
)

// listMutants counts the mutants of each operator, and of them those that are equivalent.
func listMutants() Listing {
	l := Listing{Name: "mutants", Head: []string{"operator", "v3.11", "v6.x", "equivalent", "for example"}}
	operators := model.Operators()
	total := make([]int, 3)
	counts := map[string][]int{}
	example := map[string]string{}
	for i, v := range model.Versions {
		for _, m := range model.Mutants(v.Name) {
			if counts[m.Operator] == nil {
				counts[m.Operator], example[m.Operator] = make([]int, 3), m.Name
			}
			counts[m.Operator][i]++
			total[i]++
			if EquivalentOf(m.Name) != nil {
				counts[m.Operator][2]++
				total[2]++
			}
		}
	}
	for _, op := range operators {
		if n := counts[op]; n != nil {
			l.add(op, fmt.Sprint(n[0]), fmt.Sprint(n[1]), fmt.Sprint(n[2]), example[op])
		}
	}
	l.add("all", fmt.Sprint(total[0]), fmt.Sprint(total[1]), fmt.Sprint(total[2]), "")
	return l
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
