package search

// chunk is how many states a worker takes at once: neighbours, which share most of their way.
const chunk = 32

// worker expands states.
type worker[S any] struct {
	run    *run[S]
	space  Space[S]
	path   []uint32 // the states on the way to the present one, the first one left out
	states []S      // the first state, and those of the path
	ways   []uint32
	next   S
}

// expand expands chunks of the level until there is none, or the search is over.
func (w *worker[S]) expand(last uint32) {
	r := w.run
	for {
		from := r.claimed.Add(chunk) - chunk
		if from >= last || w.late() {
			return
		}
		for n := from; n < min(from+chunk, last); n++ {
			if uint64(newWay(n, 0)) > r.least.Load() || w.interrupted() {
				return
			}
			w.node(n)
		}
	}
}

// late says whether the search is not to go on, and tells how far it is.
func (w *worker[S]) late() bool {
	r := w.run
	switch {
	case w.interrupted():
	case r.Bytes > 0 && int(r.bytes.Load())+r.nodes.bytes() > r.Bytes:
		r.why.Store(uint32(Full))
	case r.spent():
		r.why.Store(uint32(Exhausted))
	}
	r.tell()
	return r.why.Load() != uint32(Closed)
}

// interrupted reports whether the context has ended. It is asked before each state: a chunk of those that have many ops
// takes seconds.
func (w *worker[S]) interrupted() bool {
	if w.run.ctx.Err() == nil {
		return false
	}
	w.run.why.Store(uint32(Interrupted))
	return true
}

// node does every op of one state.
func (w *worker[S]) node(n uint32) {
	r := w.run
	s := w.make(n)
	if r.ends() {
		if find := w.space.End(s); find != None {
			r.found(find, newWay(n, 0), true)
		}
	}
	if !r.steps() {
		return
	}
	transitions := uint64(0)
	for op, ops := 0, w.space.Ops(s); op < ops; op++ {
		m, find := w.space.Do(s, op, &w.next)
		if m != Void {
			transitions++
		}
		if find != None {
			r.found(find, newWay(n, op), false)
			if uint64(newWay(n, op)) >= r.least.Load() {
				break
			}
		}
		if m == Next {
			if grown := r.table.add(w.space.Key(&w.next), newWay(n, op)); grown > 0 {
				r.bytes.Add(int64(grown))
			}
		}
	}
	r.transitions.Add(transitions)
}

// make makes a state again: from the first one, or from the last state on its way that is still there.
func (w *worker[S]) make(n uint32) *S {
	r := w.run
	w.ways = w.ways[:0]
	for ; n != 0; n = r.nodes.at(n).parent() {
		w.ways = append(w.ways, n)
	}
	depth := len(w.ways)
	same := 0
	for same < min(depth, len(w.path)) && w.path[same] == w.ways[depth-1-same] {
		same++
	}
	w.path = w.path[:same]
	for i := same; i < depth; i++ {
		n := w.ways[depth-1-i]
		if len(w.states) == i+1 {
			w.states = append(w.states, w.states[i])
		}
		w.states[i+1] = w.states[i]
		w.space.Ops(&w.states[i])
		w.space.Redo(&w.states[i+1], r.nodes.at(n).op())
		w.path = append(w.path, n)
	}
	return &w.states[depth]
}
