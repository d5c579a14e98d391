package forkcheck

import "forkcheck/model"

// listSwitches lists the points where v6.x does something else than v3.11.
func listSwitches() Listing {
	l := Listing{Name: "switches", Head: []string{"switch", "kernel function", "v3.11", "v6.x"}}
	for _, sw := range model.Switches {
		l.add(sw.Name, sw.Source, sw.Old, sw.New)
	}
	return l
}

// listVariants lists the points where some kernels of today do something else than v6.x.
func listVariants() Listing {
	l := Listing{Name: "variants", Head: []string{"variant", "seen in", "kernel function", "what such a kernel does"}}
	for i := range model.Variants {
		v := &model.Variants[i]
		l.add(v.Name, v.Seen, v.Source, v.Does)
	}
	return l
}

// ListVersions lists the rows that two kernels do not have in common, not alike, or not in the same order. What several
// calls have in the same way is one line.
func ListVersions(before, after *model.Version) Listing {
	l := Listing{Name: "versions", Head: []string{"call", "row", before.Name, after.Name}}
	listed := map[[3]string]int{}
	compare := func(before, after *model.Table) {
		for _, d := range differences(before, after) {
			i, again := listed[d]
			if again {
				l.Rows[i][0] += ", " + after.Name
				continue
			}
			listed[d] = len(l.Rows)
			l.add(after.Name, d[0], d[1], d[2])
		}
	}
	for kind := range after.Calls {
		compare(&before.Calls[kind], &after.Calls[kind])
	}
	compare(&before.Release, &after.Release)
	return l
}

// differences are the rows that differ: the name, and what each table says. They stand in the order of the newer table, and
// what that does not have stands where the older one has it.
func differences(before, after *model.Table) (list [][3]string) {
	kept := commonOrder(before.Rows, after.Rows)
	old := 0
	gone := func() { // what stands before the next row that both have in the same order
		for ; old < len(before.Rows) && !kept[before.Rows[old].Name]; old++ {
			if name := before.Rows[old].Name; after.Row(name) < 0 {
				list = append(list, [3]string{name, alone(before, old), "-"})
			}
		}
	}
	for i := range after.Rows {
		gone()
		name := after.Rows[i].Name
		if kept[name] {
			old++
		}
		was, is := "-", alone(after, i)
		if o := before.Row(name); o >= 0 {
			was, is = sideBySide(before, after, o, i, !kept[name])
		}
		if was != is {
			list = append(list, [3]string{name, was, is})
		}
	}
	gone()
	return list
}

// traits are what there is to say of a row. They match ordinary.
func traits(t *model.Table, i int) []string {
	r := &t.Rows[i]
	return append(flagParts(t, r), errnoNames(r.Errs)+prefixed(" to ", string(r.Fail)), prefixed("sleeps ", sleepNames[r.Sleep]))
}

// ordinary is a row of which there is nothing to say.
var ordinary = []string{"always", "always", "always", "cannot fail", "does not sleep"}

// alone is a row that the other version does not have.
func alone(t *model.Table, i int) string {
	if text := joined(traits(t, i), "; "); text != "" {
		return text
	}
	return "runs"
}

// sideBySide is what one version says of a row and the other does not: nothing if the rows are alike. Of flags that were
// added only these are named. A row that moved says where it stands.
func sideBySide(before, after *model.Table, o, n int, moved bool) (was, is string) {
	left, right := traits(before, o), traits(after, n)
	for i := range left {
		switch {
		case left[i] == right[i]:
			left[i], right[i] = "", ""
		case left[i] == "":
			left[i] = ordinary[i]
		case right[i] == "":
			right[i] = ordinary[i]
		}
	}
	if on, added := before.Rows[o].On, after.Rows[n].On&^before.Rows[o].On; on != 0 && on&^after.Rows[n].On == 0 && added != 0 {
		left[1], right[1] = "", "also with "+words(flagWords(after), added, "or")
	}
	if moved {
		left, right = append(left, place(before, o)), append(right, place(after, n))
	}
	return joined(left, "; "), joined(right, "; ")
}

// place says where a row stands.
func place(t *model.Table, i int) string {
	if i == 0 {
		return "first"
	}
	return "after " + t.Rows[i-1].Name
}

// commonOrder are the names of the most rows that stand in the same order in both. The others are new, gone or moved.
func commonOrder(a, b []model.Row) map[string]bool {
	longest := make([][]int, len(a)+1) // how many there are in a[i:] and b[j:]
	longest[len(a)] = make([]int, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		longest[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); a[i].Name == b[j].Name {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	kept := map[string]bool{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].Name == b[j].Name:
			kept[a[i].Name] = true
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return kept
}
