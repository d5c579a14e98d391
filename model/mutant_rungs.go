package model

// rungOperators list the ways to break a rung of a ladder.
var rungOperators = []operator{
	{"drop undo", func(t *Table, i int) []edit { return onUndo(t, i, "undo-dropped", nil) }},
	{"double undo", func(t *Table, i int) []edit { return onUndo(t, i, "undo-twice", twice) }},
	{"wrong guard", wrongGuards},
	{"swap undo", swapUndo},
}

// onUndo changes what a rung undoes, if it undoes anything. No change drops it.
func onUndo(t *Table, i int, what string, change func(Act) Act) []edit {
	if t.Ladder[i].Undo == nil {
		return nil
	}
	return []edit{{what, func(t *Table, i int) {
		undo := t.Ladder[i].Undo
		if t.Ladder[i].Undo = nil; change != nil {
			t.Ladder[i].Undo = change(undo)
		}
	}}}
}

// twice does something twice.
func twice(act Act) Act {
	return func(k *Kernel, s *State, f *Flight) { act(k, s, f); act(k, s, f) }
}

// wrongGuards undo what was not done, or what was done not.
func wrongGuards(t *Table, i int) []edit {
	if t.Ladder[i].If == nil || t.Ladder[i].Undo == nil {
		return nil
	}
	return []edit{
		{"guard-dropped", func(t *Table, i int) { t.Ladder[i].If = nil }},
		{"guard-inverted", func(t *Table, i int) {
			guard := t.Ladder[i].If
			t.Ladder[i].If = func(k *Kernel, s *State, f *Flight) bool { return !guard(k, s, f) }
		}},
	}
}

// swapUndo exchanges what two neighbours undo; their labels stay where they are.
func swapUndo(t *Table, i int) []edit {
	if i+1 == len(t.Ladder) || t.Ladder[i].Goto != "" || t.Ladder[i].Undo == nil || t.Ladder[i+1].Undo == nil {
		return nil
	}
	return []edit{{"undone-after-" + t.Ladder[i+1].Name, func(t *Table, i int) {
		a, b := &t.Ladder[i], &t.Ladder[i+1]
		a.If, b.If, a.Undo, b.Undo, a.Gives, b.Gives = b.If, a.If, b.Undo, a.Undo, b.Gives, a.Gives
	}}}
}
