package model

// rungEdit is one way to break a rung.
type rungEdit struct {
	what string
	do   func(ladder []Rung, i int)
}

// rungOperators list the ways to break a rung of a ladder.
var rungOperators = []struct {
	name  string
	edits func(t *Table, i int) []rungEdit
}{
	{"drop undo", func(t *Table, i int) []rungEdit { return onUndo(t, i, "undo-dropped", nil) }},
	{"double undo", func(t *Table, i int) []rungEdit { return onUndo(t, i, "undo-twice", twice) }},
	{"wrong guard", wrongGuards},
	{"swap undo", swapUndo},
}

// onUndo changes what a rung undoes, if it undoes anything. No change drops it.
func onUndo(t *Table, i int, what string, change func(Act) Act) []rungEdit {
	if t.Ladder[i].Undo == nil {
		return nil
	}
	return []rungEdit{{what, func(ladder []Rung, i int) {
		undo := ladder[i].Undo
		if ladder[i].Undo = nil; change != nil {
			ladder[i].Undo = change(undo)
		}
	}}}
}

// twice does something twice.
func twice(act Act) Act {
	return func(k *Kernel, s *State, f *Flight) { act(k, s, f); act(k, s, f) }
}

// wrongGuards undo what was not done, or what was done not.
func wrongGuards(t *Table, i int) []rungEdit {
	if t.Ladder[i].If == nil || t.Ladder[i].Undo == nil {
		return nil
	}
	return []rungEdit{
		{"guard-dropped", func(ladder []Rung, i int) { ladder[i].If = nil }},
		{"guard-inverted", func(ladder []Rung, i int) {
			guard := ladder[i].If
			ladder[i].If = func(k *Kernel, s *State, f *Flight) bool { return !guard(k, s, f) }
		}},
	}
}

// swapUndo exchanges what two neighbours undo; their labels stay where they are.
func swapUndo(t *Table, i int) []rungEdit {
	if i+1 == len(t.Ladder) || t.Ladder[i].Goto != "" || t.Ladder[i].Undo == nil || t.Ladder[i+1].Undo == nil {
		return nil
	}
	return []rungEdit{{"undone-after-" + t.Ladder[i+1].Name, func(ladder []Rung, i int) {
		a, b := &ladder[i], &ladder[i+1]
		a.If, b.If, a.Undo, b.Undo, a.Gives, b.Gives = b.If, a.If, b.Undo, a.Undo, b.Gives, a.Gives
	}}}
}
