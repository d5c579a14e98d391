package model

// Marks records what ran: a bit for each row and rung of each call, and for each settle rule.
type Marks struct {
	Rows   [NKinds][2]uint64
	Rungs  [NKinds]uint64
	Settle uint64
}

// Row says whether row i of a call ran.
func (m *Marks) Row(kind Kind, i int) bool { return m.Rows[kind][i/64]&(1<<(i%64)) != 0 }

// Rung says whether rung i of a call's ladder ran.
func (m *Marks) Rung(kind Kind, i int) bool { return m.Rungs[kind]&(1<<i) != 0 }

// Add takes over what another run marked.
func (m *Marks) Add(o *Marks) {
	for k := range m.Rows {
		m.Rows[k][0] |= o.Rows[k][0]
		m.Rows[k][1] |= o.Rows[k][1]
		m.Rungs[k] |= o.Rungs[k]
	}
	m.Settle |= o.Settle
}

func (r *Result) reach(kind Kind, pc uint16) {
	if r.marks != nil {
		r.marks.Rows[kind][pc/64] |= 1 << (pc % 64)
	}
}

func (r *Result) reachRung(kind Kind, i int) {
	if r.marks != nil {
		r.marks.Rungs[kind] |= 1 << i
	}
}

func (r *Result) reachSettle(i int) {
	if r.marks != nil {
		r.marks.Settle |= 1 << i
	}
}
