package forkcheck

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"forkcheck/generators"
	"forkcheck/internal/canon"
	"forkcheck/internal/search"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Diff searches v3.11 and v6.x side by side, with the same ops from the same world, for the shortest traces after which user
// space sees different things, and finds out which switches make the difference.
type Diff struct {
	Scopes   []*generators.Scope // nil: DiffScopes
	Depth    int                 // instead of the scopes' own, unless 0
	Tasks    int                 // instead of the scopes' own, unless 0
	Bytes    int                 // of memory for what was visited, 0 for as much as it takes
	Workers  int                 // 0: one for each core
	Progress func(search.Stats)  // called once a second
}

// Difference is a trace on which the versions differ, at its last op and not before.
type Difference struct {
	Trace    *model.Trace // as v3.11 runs it
	Old, New string       // the last answer of v3.11, and of v6.x; if those are the same, the field that user space sees to differ
	Shows    string       // the switch that it is the best trace for
	Switches []string     // the fewest that make the difference
}

// Differences are what Diff came to.
type Differences struct {
	List               []Difference // for each switch that shows the shortest trace that few others have a part in, in the order of the switches
	Unseen             []string     // the switches that show nowhere
	Scopes             int
	States             uint64 // pairs of states that user space cannot tell apart
	Transitions, Found uint64 // pairs of steps, and kinds of differences
	Complete           bool
	Untold             int // kinds of differences of which nobody knows the switches: the search was interrupted
}

// Text is the trace as v6.x runs it, with what the two versions come to as comments.
func (d *Difference) Text() string {
	t := *d.Trace
	t.Boot.Version = "v6.x"
	texts, _ := Answers(&t, model.V6(), false)
	out := model.NewTrace(t.Boot)
	i := 0
	for _, l := range t.Lines {
		if l.Stmt != nil {
			out.Add(model.NewLine(*l.Stmt, texts[i]))
			i++
		}
	}
	header, rest, _ := strings.Cut(out.String(), "\n")
	end := strings.TrimRight(fmt.Sprintf("# at the end v3.11: %s; v6.x: %s", d.Old, d.New), " ")
	return fmt.Sprintf("%s\n# %s\n%s\n%s", header, strings.Join(d.Switches, ", "), end, rest)
}

// Run searches the scopes one after another, until the context ends. Those that it did not begin are not
// counted.
func (d *Diff) Run(ctx context.Context) (*Differences, error) {
	scopes := d.Scopes
	if scopes == nil {
		scopes = DiffScopes()
	}
	all := &Differences{Complete: true}
	var found []Difference
	for _, sc := range scopes {
		if ctx.Err() != nil {
			all.Complete = false
			break
		}
		all.Scopes++
		list, r, err := d.scope(ctx, sc)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
		all.States, all.Transitions, all.Found = all.States+r.States, all.Transitions+r.Transitions, all.Found+uint64(len(r.Findings))
		all.Untold += len(r.Findings) - len(list)
		all.Complete = all.Complete && (r.Why == search.Closed || r.Why == search.Deep) && len(list) == len(r.Findings)
	}
	all.choose(found)
	return all, nil
}

// choose keeps for each switch the trace that tells most of it: with the fewest other switches, then with the fewest ops.
func (ds *Differences) choose(found []Difference) {
	slices.SortStableFunc(found, func(a, b Difference) int {
		return cmp.Or(len(a.Switches)-len(b.Switches), len(a.Trace.Lines)-len(b.Trace.Lines), len(a.Trace.String())-len(b.Trace.String()), strings.Compare(a.Trace.String(), b.Trace.String()))
	})
	for i := range model.Switches {
		name := model.Switches[i].Name
		best := slices.IndexFunc(found, func(d Difference) bool { return slices.Contains(d.Switches, name) })
		if best < 0 {
			ds.Unseen = append(ds.Unseen, name)
			continue
		}
		d := found[best]
		d.Shows = name
		ds.List = append(ds.List, d)
	}
}

// scope searches one scope.
func (d *Diff) scope(ctx context.Context, sc *generators.Scope) ([]Difference, search.Result, error) {
	e := Explore{Scope: sc, Depth: d.Depth, Tasks: d.Tasks}
	boot, err := e.world()
	if err != nil {
		return nil, search.Result{}, err
	}
	x := &differ{explorer: e.explorer(boot), kinds: map[string]int{}}
	x.sides[0] = x.kernel
	x.sides[1] = &model.Kernel{Version: model.V6(), Limits: boot.Limits}
	x.alphabet.Letters = slices.DeleteFunc(x.alphabet.Letters, func(l generators.Letter) bool { _, ok := x.translated(l); return !ok })
	r := search.Run(ctx, x.space, search.Options{Depth: x.depth, Bytes: d.Bytes, Workers: d.Workers, Progress: d.Progress})
	var list []Difference
	for i := 0; i < len(r.Findings) && ctx.Err() == nil; i++ { // each takes dozens of runs
		list = append(list, x.difference(&r.Findings[i]))
	}
	if len(list) < len(r.Findings) {
		r.Why = search.Interrupted
	}
	return list, r, nil
}

// differ is what the workers of a diff share.
type differ struct {
	*explorer
	sides [2]*model.Kernel // v3.11, v6.x

	mu    sync.Mutex
	kinds map[string]int // differences that count as one
}

// kind is the number of a kind of difference.
func (x *differ) kind(text string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.kinds[text]; !ok {
		x.kinds[text] = len(x.kinds)
	}
	return x.kinds[text]
}

// translated is an op with the rows of v6.x; false if that has no row of the name, or cannot fail or stop there so.
func (x *differ) translated(op model.Op) (model.Op, bool) {
	ok := true
	row := func(i uint16) uint16 {
		if i == 0 {
			return 0
		}
		j := x.sides[1].Calls[op.Kind].Row(x.sides[0].Calls[op.Kind].Rows[i-1].Name)
		ok = ok && j >= 0
		return uint16(j + 1)
	}
	op.Fault.Row, op.Pause = row(op.Fault.Row), row(op.Pause)
	t := &x.sides[1].Calls[op.Kind]
	ok = ok && (op.Fault.Row == 0 || slices.Contains(t.Rows[op.Fault.Row-1].Errs, op.Fault.Errno))
	return op, ok && (op.Pause == 0 || !t.Atomic(int(op.Pause)-1))
}

// pair is a state of each version.
type pair [2]model.State

// pairSpace is the scope as the search sees it: a worker's view.
type pairSpace struct {
	*differ
	keyer   *canon.Keyer[model.State]
	ops     []model.Op
	results [2]model.Result
}

func (x *differ) space() search.Space[pair] {
	return &pairSpace{differ: x, keyer: canon.NewKeyer(x.form)}
}

// Start makes the world, in both versions.
func (sp *pairSpace) Start(p *pair) {
	boot := sp.boot
	for i, k := range sp.sides {
		boot.Version = k.Name
		boot.State(&p[i])
	}
}

// Ops lists the ops: tasks stand in the same slots on both sides as long as nobody sees a difference.
func (sp *pairSpace) Ops(p *pair) int {
	sp.ops = sp.alphabet.Ops(&p[0], sp.ops)
	return len(sp.ops)
}

// Redo does an op that made no difference.
func (sp *pairSpace) Redo(p *pair, i int) {
	op := sp.ops[i]
	sp.sides[0].StepInto(&p[0], op, &sp.results[0], nil)
	op, _ = sp.translated(op)
	sp.sides[1].StepInto(&p[1], op, &sp.results[1], nil)
}

// Do does an op on both sides and compares what user space sees.
func (sp *pairSpace) Do(from *pair, i int, to *pair) (search.Move, int) {
	*to = *from
	sp.Redo(to, i)
	op, r := &sp.ops[i], &sp.results
	if missed(op, &r[0], &to[0]) || missed(op, &r[1], &to[1]) {
		return search.Void, search.None
	}
	if answersOf(&r[0], &to[0]) != answersOf(&r[1], &to[1]) {
		return search.Cut, sp.kind(fmt.Sprint(op.Kind, op.Flags, "/", kindOf(&r[0]), "/", kindOf(&r[1])))
	}
	switch {
	case to[0] == from[0] && to[1] == from[1]:
		return search.Stay, search.None
	case to[0].Panic || to[1].Panic:
		return search.Cut, search.None
	}
	if path, _, _ := differing(reflect.ValueOf(sp.seen(0, &to[0])), reflect.ValueOf(sp.seen(1, &to[1]))); path != "" {
		return search.Cut, sp.kind(fmt.Sprint(op.Kind, op.Flags, "/", path))
	}
	return search.Next, search.None
}

// kindOf is what of an answer tells kinds of differences apart: the numbers too, for several switches shift them.
func kindOf(r *model.Result) string {
	return fmt.Sprint(r.Outcome, r.Errno, r.Why, " ", r.Ret, " ", r.Inside, " ", r.Status)
}

// End has nothing to compare.
func (sp *pairSpace) End(*pair) int { return search.None }

// Key is made of the keys of both.
func (sp *pairSpace) Key(p *pair) canon.Key {
	var text [32]byte
	for i := range p {
		key := sp.keyer.Key(&p[i])
		binary.LittleEndian.PutUint64(text[16*i:], key[0])
		binary.LittleEndian.PutUint64(text[16*i+8:], key[1])
	}
	return canon.Hash(text[:])
}

// answer is what a call tells its caller, with tasks by number. Which row failed is not told.
type answer struct {
	outcome     model.Outcome
	errno       model.Errno
	ret         int32
	status, who uint16
	inside      uint16
}

// answersOf are the answers of a step, by the task that gets them.
func answersOf(r *model.Result, s *model.State) (list [model.MaxTasks]answer) {
	of := func(r *model.Return) answer {
		return answer{r.Outcome, r.Errno, r.Ret, r.Status, s.Task[r.Who].Nr, r.Inside}
	}
	for t := range r.Done {
		if r.Done[t].Actor != 0 {
			list[t] = of(&r.Done[t])
		}
	}
	list[0] = of(&r.Return)
	return list
}

// seen is what user space can see of a state on any kernel: what only the model has, and what only one version knows, is left out.
func (x *differ) seen(side int, s *model.State) model.Observation {
	o := model.Observe(x.sides[side], s, func(t model.TaskID) string { return fmt.Sprint(s.Task[t].Nr) })
	o.Users, o.PidNamespaces, o.Processes = nil, nil, 0
	for i := range o.Tasks {
		t := &o.Tasks[i]
		t.Row, t.Live, t.Unkillable, t.VforkWait, t.SetTid, t.ExecID, t.ParentExec = "", 0, false, "", false, 0, 0
		t.Namespaces.Cgroup, t.Namespaces.Time, t.Namespaces.TimeForChildren = "", "", ""
	}
	return o
}

// differing is the path to the first field that differs, "" if none does, and its values. Which element of a list it is in is left out.
func differing(a, b reflect.Value) (path, old, now string) {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if path, old, now := differing(a.Field(i), b.Field(i)); path != "" {
				return strings.TrimSuffix(a.Type().Field(i).Tag.Get("json")+"."+path, ".."), old, now
			}
		}
		return "", "", ""
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if path, old, now := differing(a.Index(i), b.Index(i)); path != "" {
				return path, old, now
			}
		}
		if a.Len() == b.Len() {
			return "", "", ""
		}
		if a.Type().Elem().Kind() == reflect.Struct {
			return ".", fmt.Sprint(a.Len()), fmt.Sprint(b.Len())
		}
	default:
		if reflect.DeepEqual(a.Interface(), b.Interface()) {
			return "", "", ""
		}
	}
	return ".", fmt.Sprint(a), fmt.Sprint(b) // the field adds its name
}

// difference goes a way again, and finds out what makes the difference.
func (x *differ) difference(f *search.Finding) Difference {
	sp := &pairSpace{differ: x}
	var from, to pair
	sp.Start(&to)
	var ops []model.Op
	for _, i := range f.Ops {
		from = to
		sp.Ops(&from)
		ops = append(ops, sp.ops[i])
		sp.Do(&from, i, &to)
	}
	trace := model.Transcribe(x.sides[0], x.boot, ops)
	d := Difference{Trace: trace, Switches: SwitchesBehind(trace)}
	d.Old, d.New = lastText(trace, model.V311()), lastText(trace, model.V6())
	if d.Old == d.New {
		path, old, now := differing(reflect.ValueOf(x.seen(0, &to[0])), reflect.ValueOf(x.seen(1, &to[1])))
		d.Old, d.New = path+" "+old, path+" "+now
	}
	return d
}

// lastText is the answer of a trace's last op on a version.
func lastText(t *model.Trace, v *model.Version) string {
	texts, _ := Answers(t, v, false)
	return texts[len(texts)-1]
}

// Answers are the results of a trace on a version, a line each, whichever one it was written for; if asked for with what user
// space sees after each. Nothing is checked.
func Answers(t *model.Trace, v *model.Version, seen bool) (texts []string, err error) {
	boot := t.Boot
	boot.Version = v.Name
	run := *t
	run.Boot = boot
	k := &model.Kernel{Version: v, Limits: boot.Limits}
	x := &differ{sides: [2]*model.Kernel{k, k}}
	_, err = Run(&run, Options{Kernel: k, Checker: &invariants.Checker{Invariants: []invariants.Invariant{}}, NoQuiet: true}, func(s *Step) error {
		text := s.Text
		if seen {
			text += fmt.Sprintf(" %+v", x.seen(0, s.After))
		}
		texts = append(texts, text)
		return nil
	})
	return texts, err
}

// Without is v6.x with some switches undone.
func Without(undone []model.Switch) *model.Version {
	v := model.V6()
	for _, sw := range undone {
		sw.Undo(v)
	}
	return v
}

// SwitchesBehind are the fewest switches without which v6.x shows what v3.11 shows on a trace: none of them can be left. It is nil
// if even all of them do not explain the difference.
func SwitchesBehind(t *model.Trace) (names []string) {
	same := func(undone []model.Switch) bool {
		want, _ := Answers(t, model.V311(), true)
		got, _ := Answers(t, Without(undone), true)
		return slices.Equal(want, got)
	}
	undone := slices.Clone(model.Switches)
	if !same(undone) {
		return nil
	}
	for i := len(undone) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(undone), i, i+1); same(fewer) {
			undone = fewer
		}
	}
	for i := range undone {
		names = append(names, undone[i].Name)
	}
	return names
}

// DiffScopes are where Diff looks unless told otherwise: the named scopes, none of them deep, and corners in which the versions
// are known to part.
func DiffScopes() (list []*generators.Scope) {
	for _, sc := range generators.Scopes {
		if shallow := diffDepth[sc.Name]; shallow > 0 {
			sc.Depth = shallow
			list = append(list, &sc)
		}
	}
	for i := range diffCorners {
		list = append(list, &diffCorners[i])
	}
	return list
}

// diffDepth is how deep Diff searches a named scope.
var diffDepth = map[string]int{"flags": 1, "limits": 4, "numbers": 7, "unshare": 3, "sharing": 3, "family": 4, "faults": 2, "pidns": 4, "wait": 3, "signals": 3, "namespaces": 3, "races": 4, "pauses": 5}

// diffCorners are scopes of a few letters.
var diffCorners = []generators.Scope{
	{Name: "arguments", Depth: 1, Letters: letters(
		model.Op{Kind: model.Wait4, Arg: math.MinInt32}, model.Op{Kind: model.Kill, Arg: math.MinInt32, Sig: model.SIGTERM},
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.ClonePidfd | model.CloneParentSettid}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.ClonePidfd | model.CloneDetached},
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneNewCgroup}, model.Op{Kind: model.Unshare, Flags: model.CloneNewCgroup}, model.Op{Kind: model.Unshare, Flags: model.CloneNewTime},
		model.Op{Kind: model.Sysctl, Arg2: int32(model.KnobUTS)})},
	{Name: "pid depth", World: "pid_ns_depth=1", Depth: 2, Letters: letters(model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneNewPID})},
	{Name: "user depth", World: "user_ns_depth=0", Depth: 3, Letters: letters(model.Op{Kind: model.Unshare, Flags: model.CloneNewUser}, model.Op{Kind: model.MapIDs})},
	{Name: "container", World: "world=container", Depth: 4, Letters: letters(
		model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGSTOP}, model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGCONT},
		model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGTERM}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneParent})},
	{Name: "numbers inside", World: "pid_max=304 last_pid=300", Depth: 3, Numbers: true, Letters: letters(
		model.Op{Kind: model.Sysctl, Arg: 302}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneNewPID}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD})},
	{Name: "init in vfork", World: "world=container", Depth: 2, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneVfork}, model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGTERM})},
	{Name: "failed first forks", Depth: 3, Lazy: true, Numbers: true, Letters: func(k *model.Kernel) []generators.Letter {
		list := letters(model.Op{Kind: model.Unshare, Flags: model.CloneNewPID}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD})(k)
		for _, fault := range generators.Faults(&k.Calls[model.Clone]) {
			list = append(list, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Fault: fault})
		}
		return list
	}},
	{Name: "held exits", Depth: 4, Tasks: 4, Forks: 1, Letters: func(k *model.Kernel) []generators.Letter {
		list := letters(model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Exit}, model.Op{Kind: model.Sigaction, Sig: model.SIGCHLD, Mode: model.SigIgn})(k)
		for i := range k.Calls[model.Exit].Rows {
			if !k.Calls[model.Exit].Atomic(i) {
				list = append(list, model.Op{Kind: model.Exit, Pause: uint16(i) + 1})
			}
		}
		return list
	}},
	{Name: "threads of an init", Depth: 7, Tasks: 6, Lazy: true, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneSighand | model.CloneThread},
		model.Op{Kind: model.Unshare, Flags: model.CloneNewPID}, model.Op{Kind: model.Exit})},
	{Name: "stops under init", Depth: 3, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneSighand | model.CloneThread},
		model.Op{Kind: model.Exit}, model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGTSTP})},
	{Name: "core dumps", Depth: 3, Tasks: 4, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM}, model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGKILL},
		model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGQUIT}, model.Op{Kind: model.Tkill, Target: generators.Anyone, Sig: model.SIGQUIT},
		model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGSTOP})},
	{Name: "masks", Depth: 3, Tasks: 4, Lazy: true, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneSighand | model.CloneThread | model.CloneVfork},
		model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGSTOP},
		model.Op{Kind: model.Sigprocmask, Mode: model.SigUnblock, Set: model.SIGUSR1.Bit()})},
	{Name: "groups", Depth: 5, Tasks: 5, Lazy: true, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneVM | model.CloneSighand | model.CloneThread}, model.Op{Kind: model.Exit, Arg: 3},
		model.Op{Kind: model.ExitGroup}, model.Op{Kind: model.Kill, Target: generators.Anyone, Sig: model.SIGKILL}, model.Op{Kind: model.Wait4, Arg: -1})},
	{Name: "users", World: "uid=1000 nproc=4", Depth: 5, Tasks: 5, Lazy: true, Letters: letters(
		model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Flags: model.CloneNewUser}, model.Op{Kind: model.Setrlimit, Arg: 2, Arg2: -1}, model.Op{Kind: model.MapIDs})},
	{Name: "signalled forks", Depth: 5, Tasks: 5, Lazy: true, Forks: 1, Letters: func(k *model.Kernel) []generators.Letter {
		return append(letters(
			model.Op{Kind: model.Clone, Sig: model.SIGCHLD}, model.Op{Kind: model.Kill, Arg: -1, Sig: model.SIGUSR1}, model.Op{Kind: model.Sigprocmask, Mode: model.SigBlock, Set: model.SIGUSR1.Bit()})(k),
			model.Op{Kind: model.Clone, Sig: model.SIGCHLD, Pause: uint16(k.Calls[model.Clone].Row("copy_mm")) + 1})
	}},
}

// letters is an alphabet that is the same for every kernel.
func letters(list ...generators.Letter) func(*model.Kernel) []generators.Letter {
	return func(*model.Kernel) []generators.Letter { return slices.Clone(list) }
}
