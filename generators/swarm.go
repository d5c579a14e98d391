package generators

import "forkcheck/model"

// Taste is what one trace favours, and what it goes without: with a taste for everything, rare things drown each other.
type Taste struct {
	Faults     bool // rows of clone and unshare are made to fail
	Threads    bool // clones of threads rather than processes
	Namespaces bool // NEW flags
	Signals    bool // kill, masks and actions as often as clone
	Wild       bool // any flags, any arguments
	Cues       bool // what the state asks for, more often than by chance
	Newer      bool // flags that came after v3.11
	Orders     bool // other tasks are first, where several have something to do

	Without model.Flags // flags that are not drawn, but for those of threads and what a cue asks for
	Pauses  Kinds       // calls that stop half-way: clone, unshare, exit or exit_group

	kernel *model.Kernel
	menu   [64]model.Kind // the operations, each as often as it weighs
	dishes int
}

// NewTaste draws the taste of a trace for a kernel.
func NewTaste(src Source, k *model.Kernel) Taste {
	t := Taste{
		Faults: mostly(src, "faults") || src.Bool("faults"), Threads: src.Bool("threads"), Namespaces: mostly(src, "namespaces"), Signals: src.Bool("signals"), Wild: src.Bool("wild"),
		Cues: src.Bool("cues"), Newer: !k.Is("v3.11") || seldom(src, 8, "newer"), kernel: k,
	}
	for _, list := range [][]model.Flags{shareFlags[:], nsFlags[:], otherFlags[:]} {
		t.Without |= toggle(src, "without", list)
	}
	t.weigh(omitted(src))
	if seldom(src, 4, "pauses") {
		t.Pauses = 1<<model.Clone | 1<<model.Unshare | 1<<model.Exit | 1<<model.ExitGroup
	}
	t.Orders = seldom(src, 4, "orders")
	return t
}

// FullTaste is a taste for everything at once, which is what traces are like without swarm testing. It is there to be compared with.
func FullTaste(k *model.Kernel) Taste {
	t := Taste{Faults: true, Threads: true, Namespaces: true, Signals: true, Wild: true, Cues: true, Newer: !k.Is("v3.11"), kernel: k}
	t.weigh(0)
	return t
}

// weight is how often an operation is drawn, and how much more often in a trace with a taste for it.
type weight struct {
	kind                                        model.Kind
	plain, signals, namespaces, threads, faults int
}

// weights are those of all operations. Clone is first: it is what a trace shrinks to.
var weights = [...]weight{
	{kind: model.Clone, plain: 10, namespaces: 2, threads: 1},
	{kind: model.Exit, plain: 5, threads: 1},
	{kind: model.Wait4, plain: 4, signals: 1},
	{kind: model.Kill, plain: 4, signals: 4},
	{kind: model.Unshare, plain: 2, namespaces: 3, faults: 5},
	{kind: model.ExitGroup, plain: 1, threads: 1},
	{kind: model.Sigaction, plain: 1, signals: 3},
	{kind: model.Sigprocmask, plain: 1, signals: 2},
	{kind: model.Tkill, plain: 1, signals: 1},
	{kind: model.Tgkill, plain: 1, signals: 1},
	{kind: model.Setrlimit, plain: 1},
	{kind: model.MapIDs, plain: 1, namespaces: 1},
	{kind: model.Sysctl, plain: 1},
}

// Kinds is a set of operations, a bit each.
type Kinds uint32

// has says whether an operation is in the set.
func (set Kinds) has(k model.Kind) bool { return set&(1<<k) != 0 }

// omitted draws the operations that a trace goes without.
func omitted(src Source) (out Kinds) {
	for _, w := range weights[1:] {
		if src.Bool("omitted") {
			out |= 1 << w.kind
		}
	}
	return out
}

// weigh writes the menu.
func (t *Taste) weigh(out Kinds) {
	t.dishes = 0
	for _, w := range weights {
		if !out.has(w.kind) {
			for range t.weight(w) {
				t.menu[t.dishes] = w.kind
				t.dishes++
			}
		}
	}
}

// weight is what an operation weighs in this trace.
func (t *Taste) weight(w weight) int {
	n := w.plain
	for _, more := range [...]struct {
		taste bool
		by    int
	}{{t.Signals, w.signals}, {t.Namespaces, w.namespaces}, {t.Threads, w.threads}, {t.Faults, w.faults}} {
		if more.taste {
			n += more.by
		}
	}
	return n
}

// kind draws what to do.
func (t *Taste) kind(src Source) model.Kind { return t.menu[src.Intn(t.dishes, "kind")] }
