package model

import (
	"fmt"
	"reflect"
	"slices"
)

// Mutant is a kernel with one thing wrong.
type Mutant struct {
	Name     string          // v3.11/clone/copy_files/uncounted: version, table, row or rung, what is wrong with it
	Operator string          // how it was derived from its row: an entry of Operators
	Table    string          // the table that is wrong, as Name has it
	Row      string          // the row or rung of it
	From     string          // a trace that breaks it, if it takes one to begin the search
	New      func() *Version // a new kernel that has it
}

// ByHand is the operator of mutants that no other one derives: what is wrong is inside straight code.
const ByHand = "by hand"

// Operators name the ways to break a row, in the order in which they are applied.
func Operators() (names []string) {
	for i := range rowOperators {
		names = append(names, rowOperators[i].name)
	}
	for i := range rungOperators {
		names = append(names, rungOperators[i].name)
	}
	return append(names, "drop settle rule", "drop manner", "undo switch", ByHand)
}

// Mutants are the broken kernels of a version: every row and rung of every table under every operator that fits it, and what is made
// by hand. A row that v3.11 has just so is broken there, and not once more in a later version.
func Mutants(version string) []Mutant {
	for i, v := range Versions {
		if v.Name != version {
			continue
		}
		d := deriver{base: v.New, v: v.New()}
		if i > 0 {
			d.old = Versions[0].New()
		}
		return d.all()
	}
	return nil
}

// deriver derives the mutants of a version.
type deriver struct {
	base func() *Version
	v    *Version
	old  *Version // the version whose mutants are not derived again, nil if there is none
	list []Mutant
}

func (d *deriver) all() []Mutant {
	for _, name := range d.v.tableNames() {
		d.table(name, d.v.tables(name)[0])
	}
	for _, m := range made {
		if d.v.Is(m.version) {
			d.add(m.table, m.row, m.what, ByHand, m.wrong)
		}
	}
	for i := range d.v.Settle {
		if name := d.v.Settle[i].Name; d.old == nil {
			d.add("settle", name, "dropped", "drop settle rule", dropSettle)
		}
	}
	for _, name := range d.v.manners() {
		d.add("manner", name, "off", "drop manner", noManner)
	}
	if d.old != nil { // a switch is what the old version does
		for i := range Switches {
			if sw := &Switches[i]; harmlessSwitches[sw.Name] == "" {
				d.add("switch", sw.Name, "undone", "undo switch", func(v *Version, _, _ string) { sw.Undo(v) })
			}
		}
	}
	return d.list
}

// doExit stands for the tables of all ways to die: its rows are those that they have in common.
const doExit = "do_exit"

// tableNames are the tables as mutants go through them: those of the calls by kind, and release_task.
func (v *Version) tableNames() (names []string) {
	for kind := range v.Calls {
		switch t := &v.Calls[kind]; {
		case len(t.Rows) == 0: // not a call
		case t.exits() && !slices.Contains(names, doExit):
			names = append(names, doExit, t.Name)
		default:
			names = append(names, t.Name)
		}
	}
	return append(names, v.Release.Name)
}

// tables are the tables of that name.
func (v *Version) tables(name string) (list []*Table) {
	if name == v.Release.Name {
		return []*Table{&v.Release}
	}
	for kind := range v.Calls {
		if t := &v.Calls[kind]; t.Name == name || name == doExit && t.exits() {
			list = append(list, t)
		}
	}
	return list
}

// table derives the mutants of a table: those of its rows, then those of its rungs.
func (d *deriver) table(name string, t *Table) {
	for i := range t.Rows {
		if shared := i > t.Row("do_group_exit") && i > t.Row("sys_exit"); t.exits() && shared != (name == doExit) {
			continue
		}
		d.part(name, t, i, rowPart)
	}
	for i := range t.Ladder {
		d.part(name, t, i, rungPart)
	}
}

// exits reports whether a table ends in do_exit.
func (t *Table) exits() bool { return t.Row("exit_signals") >= 0 }

// part derives the mutants of a row or a rung.
func (d *deriver) part(table string, t *Table, i int, p part) {
	row := p.name(t, i)
	for _, op := range p.operators {
		for _, e := range op.edits(t, i) {
			if !d.derived(table, t, i, p, op, e.what) {
				d.add(table, row, e.what, op.name, p.wrong(e.do))
			}
		}
	}
}

// derived says whether the older version has the same part, and the same mutant of it.
func (d *deriver) derived(table string, t *Table, i int, p part, op operator, what string) bool {
	old := d.oldTable(table)
	if old == nil {
		return false
	}
	j := p.find(old, p.name(t, i))
	return j >= 0 && same(p.value(old, j), p.value(t, i)) && slices.ContainsFunc(op.edits(old, j), func(e edit) bool { return e.what == what })
}

// edit is one way to break a part of a table, which is the caller's own.
type edit struct {
	what string
	do   func(t *Table, i int)
}

// operator lists the ways to break a part in one manner. What does not fit a part derives nothing from it.
type operator struct {
	name  string
	edits func(t *Table, i int) []edit
}

// part is a row or a rung of a table.
type part struct {
	operators []operator
	name      func(t *Table, i int) string
	find      func(t *Table, name string) int
	value     func(t *Table, i int) reflect.Value
}

var (
	rowPart = part{rowOperators,
		func(t *Table, i int) string { return t.Rows[i].Name }, (*Table).Row,
		func(t *Table, i int) reflect.Value { return reflect.ValueOf(t.Rows[i]) }}
	rungPart = part{rungOperators,
		func(t *Table, i int) string { return t.Ladder[i].Name },
		func(t *Table, name string) int {
			return slices.IndexFunc(t.Ladder, func(r Rung) bool { return r.Name == name })
		},
		func(t *Table, i int) reflect.Value { return reflect.ValueOf(t.Ladder[i]) }}
)

// wrong breaks a part wherever it is.
func (p part) wrong(do func(t *Table, i int)) wrong {
	return func(v *Version, table, name string) {
		for _, t := range v.tables(table) {
			if i := p.find(t, name); i >= 0 {
				t.Rows, t.Ladder = slices.Clone(t.Rows), slices.Clone(t.Ladder)
				do(t, i)
			}
		}
	}
}

// oldTable is the older version's table of that name, nil if there is none.
func (d *deriver) oldTable(name string) *Table {
	if d.old == nil {
		return nil
	}
	if t := d.old.tables(name); len(t) > 0 {
		return t[0]
	}
	return nil
}

// same compares rows and rungs. Code is the same if it is the same function.
func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || !a.IsValid() || a.Type() != b.Type() {
		return !a.IsValid() && !b.IsValid()
	}
	switch a.Kind() {
	case reflect.Func:
		return a.Pointer() == b.Pointer()
	case reflect.Interface:
		return same(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// wrong breaks a row of a table, or of the tables that have it, in a version of its own.
type wrong func(v *Version, table, row string)

// add adds a mutant.
func (d *deriver) add(table, row, what, operator string, wrong wrong) {
	base, name := d.base, fmt.Sprintf("%s/%s/%s/%s", d.v.Name, table, row, what)
	d.list = append(d.list, Mutant{
		Name:     name,
		From:     seeds[name],
		Operator: operator,
		Table:    table,
		Row:      row,
		New: func() *Version {
			v := base()
			wrong(v, table, row)
			return v
		},
	})
}

// dropSettle takes away a rule of what happens between calls.
func dropSettle(v *Version, _, name string) {
	v.Settle = slices.DeleteFunc(v.Settle, func(r Settle) bool { return r.Name == name })
}

// manners are the manners that a version has.
func (v *Version) manners() (names []string) {
	m := reflect.ValueOf(v.Manners)
	for i := range m.NumField() {
		if m.Field(i).Bool() {
			names = append(names, m.Type().Field(i).Name)
		}
	}
	return names
}

// noManner turns a manner off.
func noManner(v *Version, _, name string) {
	reflect.ValueOf(&v.Manners).Elem().FieldByName(name).SetBool(false)
}
