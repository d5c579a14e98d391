package forkcheck

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"forkcheck/invariants"
	"forkcheck/model"
)

// Listing is a table for readers, made from the tables that run: the rows of a call, the ladder, what two kernels do differently, the invariants.
type Listing struct {
	Name string // clone, ladder, versions, invariants
	Head []string
	Rows [][]string
}

// Listings are all tables of a kernel: its calls in the order of their kinds, then what goes with them.
func Listings(v *model.Version) (list []Listing) {
	for kind := range v.Calls {
		if t := &v.Calls[kind]; len(t.Rows) > 0 {
			list = append(list, listRows(t))
		}
	}
	return append(list, listRows(&v.Release), listLadders(v), listSettle(v), listSwitches(), listVariants(), ListVersions(model.V311(), model.V6()),
		listInvariants(), listKnown(), listMutants(), listEquivalents(), listBugs(), listRefuted(), listScopes(), listWords())
}

// Markdown writes a listing as a table.
func (l *Listing) Markdown() string { return l.table(make([]int, len(l.Head))) }

// Aligned writes it for a terminal. The last column is the long one and is not padded.
func (l *Listing) Aligned() string {
	width := make([]int, len(l.Head))
	for _, row := range append([][]string{l.Head}, l.Rows...) {
		for i, cell := range row[:len(row)-1] {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	return l.table(width)
}

// table writes a table with columns of at least these widths.
func (l *Listing) table(width []int) string {
	rule := make([]string, len(l.Head))
	for i := range rule {
		rule[i] = strings.Repeat("-", max(3, width[i]))
	}
	var b strings.Builder
	for _, row := range append([][]string{l.Head, rule}, l.Rows...) {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// add appends a row.
func (l *Listing) add(cells ...string) { l.Rows = append(l.Rows, cells) }

// dropEmpty takes out the columns that say nothing in any row.
func (l *Listing) dropEmpty() {
	for i := len(l.Head) - 1; i >= 0; i-- {
		if slices.ContainsFunc(l.Rows, func(row []string) bool { return row[i] != "" }) {
			continue
		}
		l.Head = slices.Delete(l.Head, i, i+1)
		for r := range l.Rows {
			l.Rows[r] = slices.Delete(l.Rows[r], i, i+1)
		}
	}
}

// listRows lists the rows of a call, in its order.
func listRows(t *model.Table) Listing {
	l := Listing{Name: t.Name, Head: []string{"row", "flags", "can fail with", "and goes to", "sleeps", "section", "source"}}
	for i := range t.Rows {
		r := &t.Rows[i]
		l.add(r.Name, flagsOf(t, r), errnoNames(r.Errs), string(r.Fail), sleepNames[r.Sleep], string(r.Lock), r.Source)
	}
	l.dropEmpty()
	return l
}

var sleepNames = [...]string{"", "interruptible", "killable", "uninterruptible"}

// flagsOf says what the flags of a call mean to a row.
func flagsOf(t *model.Table, r *model.Row) string { return joined(flagParts(t, r), ", ") }

// flagParts are what a row refuses or shares, when it runs, and when it does not.
func flagParts(t *model.Table, r *model.Row) []string {
	names := flagWords(t)
	parts := []string{"", prefixed("with ", words(names, r.On, "or")), prefixed("without ", words(names, r.Off, "or"))}
	switch body := r.Body.(type) {
	case model.Rule:
		parts[0] = refuses(body, names)
	case model.Share:
		parts[0] = prefixed("shares with ", words(names, body.Flag, "or"))
	}
	if r.If != nil {
		parts = append(parts, "in some states")
	}
	return parts
}

// joined joins the parts that say something.
func joined(parts []string, sep string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), sep)
}

// prefixed puts a word before a text, if there is one.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// refuses is a rule on flags in words. Where it looks at the state too, they are not all of it.
func refuses(r model.Rule, names []model.Word) string {
	var parts []string
	if r.All != 0 {
		parts = append(parts, words(names, r.All, "and"))
	}
	for _, any := range r.Any {
		switch {
		case any&unnamed != 0:
			parts = append(parts, "any other flag")
		case any != 0:
			parts = append(parts, words(names, any, "or"))
		}
	}
	text := strings.Join(parts, " with ")
	if r.Without != 0 {
		text += " without " + words(names, r.Without, "or")
	}
	switch {
	case text == "":
		return ""
	case r.When != nil:
		return "refuses " + text + " in some states"
	}
	return "refuses " + text
}

// unnamed are the bits that no clone flag has.
var unnamed = func() model.Flags {
	all := model.Flags(0)
	for _, w := range model.UnshareWords {
		all |= model.Flags(w.Bits)
	}
	return ^all
}()

// flagWords are the names of the bits that the rows of a call look at. Unshare has NEWTIME; clone has a mark that its row
// timens_differs sets.
func flagWords(t *model.Table) []model.Word {
	switch t.Name {
	case "unshare":
		return model.UnshareWords
	case "clone":
		return append(slices.Clip(model.CloneWords), model.Word{Name: "timens_differs", Bits: 1})
	}
	return model.CloneWords
}

// words names flags: "NEWUSER or NEWPID", "VM, FS or FILES".
func words(known []model.Word, flags model.Flags, last string) string {
	var names []string
	for _, w := range known {
		if uint32(flags)&w.Bits != 0 {
			names = append(names, w.Name)
		}
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " " + last + " " + names[n-1]
	}
	return strings.Join(names, "")
}

func errnoNames(errs []model.Errno) string {
	var names []string
	for _, e := range errs {
		names = append(names, e.String())
	}
	return strings.Join(names, ", ")
}

// listLadders lists the rungs of every call that has a ladder, top to bottom.
func listLadders(v *model.Version) Listing {
	l := Listing{Name: "ladder", Head: []string{"call", "label", "undoes", "guarded", "goes on at"}}
	for kind := range v.Calls {
		t := &v.Calls[kind]
		for i := range t.Ladder {
			r := &t.Ladder[i]
			l.add(t.Name, string(r.Label), undoes(r), guard(r), goesOn(t, i))
		}
	}
	return l
}

// undoes is what a rung undoes; a label that stands for itself undoes nothing.
func undoes(r *model.Rung) string {
	if r.Undo == nil {
		return ""
	}
	return r.Name
}

func guard(r *model.Rung) string {
	if r.If == nil {
		return ""
	}
	return "yes"
}

// goesOn is where the ladder goes on after a rung: blank is the next one.
func goesOn(t *model.Table, i int) string {
	to := t.Ladder[i].Goto
	if to == "end" || to == "" && i == len(t.Ladder)-1 {
		return "return"
	}
	return string(to)
}

// listSettle lists what happens by itself between two calls.
func listSettle(v *model.Version) Listing {
	l := Listing{Name: "settle", Head: []string{"between two calls", "source"}}
	for _, s := range v.Settle {
		l.add(s.Name, s.Source)
	}
	return l
}

// listInvariants lists what is checked, in the order in which it is.
func listInvariants() Listing {
	l := Listing{Name: "invariants", Head: []string{"invariant", "only in", "asked of", "source", "says"}}
	for i := range invariants.All {
		inv := &invariants.All[i]
		l.add(inv.Name, inv.Versions, askedOf(inv), inv.Source, inv.Says)
	}
	return l
}

// askedOf is what an invariant speaks of, and what it needs to have something to say.
func askedOf(inv *invariants.Invariant) string {
	switch {
	case inv.Premise != "":
		return inv.Premise
	case inv.Task != nil:
		return "each task"
	case inv.State != nil:
		return "each state"
	case inv.Step != nil:
		return "each step"
	case inv.Panic != nil:
		return "the death of the global init"
	}
	return "the end"
}

// listKnown lists the kernel's own defects, and which versions have them.
func listKnown() Listing {
	l := Listing{Name: "known", Head: []string{"id", "in", "since", "fixed in", "breaks", "says"}}
	for i := range invariants.KnownDefects {
		d := &invariants.KnownDefects[i]
		l.add(d.ID, strings.Join(versionsThat(d.In), ", "), d.Since, d.Fixed, strings.Join(d.Breaks, ", "), d.Says)
	}
	return l
}

// versionsThat are the names of the versions of which something is true.
func versionsThat(has func(name string) bool) (names []string) {
	for _, v := range model.Versions {
		if has(v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// listRefuted lists the sentences that only sound true.
func listRefuted() Listing {
	l := Listing{Name: "refuted", Head: []string{"sentence", "says", "but"}}
	for i := range invariants.Refuted {
		inv := &invariants.Refuted[i]
		l.add(inv.Name, inv.Says, inv.Source)
	}
	return l
}

// listWords lists the words that traces use for bits and numbers. Knobs and capabilities have no number here.
func listWords() Listing {
	l := Listing{Name: "words", Head: []string{"for", "word", "value"}}
	bits := func(what string, words []model.Word) {
		for _, w := range words {
			l.add(what, w.Name, fmt.Sprintf("%#x", w.Bits))
		}
	}
	bits("clone, unshare", model.CloneWords)
	bits("unshare", model.UnshareWords[:len(model.UnshareWords)-len(model.CloneWords)])
	bits("wait4", model.WaitWords)
	bits("sigaction", model.SigactionWords)
	for i, name := range model.SignalNames() {
		l.add("signal", name, fmt.Sprint(i+1))
	}
	for _, w := range model.KnobWords {
		l.add("sysctl", w.Name, "")
	}
	for _, name := range model.CapAll.Names() {
		l.add("caps=", name, "")
	}
	return l
}
