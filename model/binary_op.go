package model

import (
	"math"
	"slices"
)

// packed is an op on its way to or from a word, and what numbers its tasks and rows.
type packed struct {
	*Stmt
	in *Binary
}

// headBits is what opHead takes of a word.
const headBits = 16

// opHead begins each op: what is done, a small choice of the order in which it goes on, and who does it.
var opHead = []field[packed]{
	{4, func(x packed) uint64 { return uint64(x.Op.Kind - Clone) }, func(x packed, v uint64) { x.Op.Kind = Clone + Kind(v%uint64(Die-Clone)) }},
	{4, func(x packed) uint64 { return x.Op.Choice }, func(x packed, v uint64) { x.Op.Choice = v }},
	{8, func(x packed) uint64 { return x.number(x.Actor) }, func(x packed, v uint64) { x.Actor = x.task(v) }},
}

// opFields are the rest of an op, by kind. Most are whole bytes, which is what a fuzzer changes.
var opFields = [NKinds][]field[packed]{
	Clone:       {cloneFlags, exitSignal, fault(8), pause(8)},
	Unshare:     {scalar(32, flagsAt), fault(8), pause(8)},
	Exit:        {scalar(32, argAt), fault(8), pause(8)},
	ExitGroup:   {scalar(32, argAt), fault(8), pause(8)},
	Wait4:       {who(16), flagEnds, fault(8), pause(8)},
	Kill:        {who(16), scalar(16, sigAt), fault(8), pause(8)},
	Tkill:       {taskArg(16, targetAt), scalar(16, sigAt), fault(8), pause(8)},
	Tgkill:      {taskArg(16, target2At), taskArg(16, targetAt), scalar(8, sigAt), fault(4), pause(4)},
	Sigaction:   {scalar(8, sigAt), choice(8, actions, modeAt), flagEnds, fault(8), pause(8)},
	Sigprocmask: {signals, choice(3, hows, modeAt), fault(4), pause(4)},
	Setrlimit:   {softBits, hardBits, fault(8), pause(8)},
	MapIDs:      {fault(8), pause(8)},
	Sysctl:      {choice(8, KnobWords, arg2At), number(24, argAt), fault(8), pause(8)},
	Resume:      {},
}

// Where an op keeps its arguments.
func flagsAt(x packed) *Flags              { return &x.Op.Flags }
func argAt(x packed) *int32                { return &x.Op.Arg }
func arg2At(x packed) *int32               { return &x.Op.Arg2 }
func sigAt(x packed) *Signal               { return &x.Op.Sig }
func modeAt(x packed) *Mode                { return &x.Op.Mode }
func targetAt(x packed) (*string, *int32)  { return &x.Target, &x.Op.Arg }
func target2At(x packed) (*string, *int32) { return &x.Target2, &x.Op.Arg2 }

// task is the task of a number, any number.
func (x packed) task(n uint64) string { return x.in.names[n%uint64(len(x.in.names))] }

// number is the inverse of task.
func (x packed) number(task string) uint64 { return uint64(slices.Index(x.in.names, task)) }

// table is that of the call.
func (x packed) table() *Table { return &x.in.Version.Calls[x.Op.Kind] }

// integer is a type that an argument may have.
type integer interface {
	~int16 | ~int32 | ~uint8 | ~uint16 | ~uint32
}

// scalar is an argument as it is.
func scalar[T integer](width int, at func(packed) *T) field[packed] {
	return field[packed]{width, func(x packed) uint64 { return uint64(*at(x)) }, func(x packed, v uint64) { *at(x) = T(v) }}
}

// choice is one of a few words.
func choice[T integer](width int, words []Word, at func(packed) *T) field[packed] {
	return field[packed]{width,
		func(x packed) uint64 {
			return uint64(slices.IndexFunc(words, func(w Word) bool { return w.Bits == uint32(*at(x)) }))
		},
		func(x packed, v uint64) { *at(x) = T(words[v%uint64(len(words))].Bits) }}
}

// cloneFlags are the flags above the exit signal.
var cloneFlags = field[packed]{24, func(x packed) uint64 { return uint64(x.Op.Flags >> 8) }, func(x packed, v uint64) { x.Op.Flags = Flags(v) << 8 }}

// exitSignal is SIGCHLD for 0, so that zeroes are a fork.
var exitSignal = field[packed]{8, func(x packed) uint64 { return uint64(x.Op.Sig ^ SIGCHLD) }, func(x packed, v uint64) { x.Op.Sig = Signal(v) ^ SIGCHLD }}

// flagEnds are the 4 lowest and the 12 highest bits of the options of wait4 and of the flags of sigaction. Those between
// mean nothing to either.
var flagEnds = field[packed]{16,
	func(x packed) uint64 { return uint64(x.Op.Flags&15 | x.Op.Flags>>20<<4) },
	func(x packed, v uint64) { x.Op.Flags = Flags(v&15 | v>>4<<20) }}

// signals are a bit for each of the signals 1..31, and a number for the others: none, one of them, or all.
var signals = field[packed]{37,
	func(x packed) uint64 { return uint64(x.Op.Set&named31) | others(x.Op.Set)<<31 },
	func(x packed, v uint64) {
		x.Op.Set = SigSet(v) & named31
		if n := Signal(v >> 31); n > NSIG-31 {
			x.Op.Set |= ^named31
		} else if n > 0 {
			x.Op.Set |= (31 + n).Bit()
		}
	}}

// named31 are the signals with a name.
const named31 SigSet = 1<<31 - 1

// others is the number for the signals above 31.
func others(set SigSet) uint64 {
	switch set &^= named31; {
	case set == 0:
		return 0
	case set&(set-1) == 0:
		return uint64(set.First() - 31)
	}
	return 63
}

// softBits and hardBits are the limits of setrlimit; a hard limit below 0 is none.
var (
	softBits = field[packed]{16, func(x packed) uint64 { return uint64(x.Op.Arg) }, func(x packed, v uint64) { x.Op.Arg = int32(v) & int32(RlimInfinity) }}
	hardBits = field[packed]{16, func(x packed) uint64 { return uint64(x.Op.Arg2) }, func(x packed, v uint64) { x.Op.Arg2 = max(int32(int16(v)), -1) }}
)

// farNumbers are numbers that kernels and traces are particular about, but for -1, 0 and the like. They take the places of
// the lowest and the highest numbers of a field, half of them each.
var farNumbers = [...]int32{math.MinInt32, math.MinInt32 + 1, -PidMaxLimit, PidMaxLimit, math.MaxInt32 - 1, math.MaxInt32}

const farHalf = len(farNumbers) / 2

// far is the number of a field whose numbers are -end to end-1.
func far(n, end int) int32 {
	switch {
	case n+end < farHalf:
		return farNumbers[n+end]
	case end-n <= farHalf:
		return farNumbers[2*farHalf-(end-n)]
	}
	return int32(n)
}

// near is the inverse of far.
func near(n int32, end int) uint64 {
	switch i := slices.Index(farNumbers[:], n); {
	case i >= farHalf:
		return uint64(end - 2*farHalf + i)
	case i >= 0:
		return uint64(i - end)
	}
	return uint64(n)
}

// signed is the number that the lowest bits are in two's complement.
func signed(bits uint64, width int) int { return int(int64(bits<<(64-width)) >> (64 - width)) }

// number is an argument with a sign.
func number(width int, at func(packed) *int32) field[packed] {
	end := 1 << (width - 1)
	return field[packed]{width,
		func(x packed) uint64 { return near(*at(x), end) },
		func(x packed, v uint64) { *at(x) = far(signed(v, width), end) }}
}

// taskArg is a task, or a number: the numbers have the middle half of the field, tasks are above. A group, which who has
// below, is a task here.
func taskArg(width int, at func(packed) (*string, *int32)) field[packed] {
	quarter := 1 << (width - 2)
	return field[packed]{width,
		func(x packed) uint64 {
			name, arg := at(x)
			if *name == "" {
				return near(*arg, quarter)
			}
			return x.number(*name) + uint64(quarter)
		},
		func(x packed, v uint64) {
			name, arg := at(x)
			switch n := signed(v, width); {
			case n >= quarter:
				*name = x.task(uint64(n - quarter))
			case n < -quarter:
				*name = x.task(uint64(n + 2*quarter))
			default:
				*arg = far(n, quarter)
			}
		}}
}

// who is a task, the group that it leads, or a number.
func who(width int) field[packed] {
	f := taskArg(width, targetAt)
	quarter := uint64(1) << (width - 2)
	return field[packed]{width,
		func(x packed) uint64 {
			if x.Op.Mode == Negative {
				return f.get(x) + quarter
			}
			return f.get(x)
		},
		func(x packed, v uint64) {
			f.put(x, v)
			if v>>(width-2) == 2 {
				x.Op.Mode = Negative
			}
		}}
}

// fault is the number of a row and an errno among all that the table has, counted from 1; anything else is none.
func fault(width int) field[packed] {
	return field[packed]{width,
		func(x packed) uint64 { return x.table().faultNumber(x.FaultRow, x.Op.Fault.Errno) },
		func(x packed, v uint64) { x.FaultRow, x.Op.Fault.Errno = x.table().fault(v) }}
}

// fault is the n-th way in which a row of the table can fail; "" if there are fewer.
func (t *Table) fault(n uint64) (row string, e Errno) {
	for i := range t.Rows {
		errs := t.Rows[i].Errs
		if n > 0 && n <= uint64(len(errs)) {
			return t.Rows[i].Name, errs[n-1]
		}
		n -= min(n, uint64(len(errs)))
	}
	return "", 0
}

// faultNumber is the inverse of fault.
func (t *Table) faultNumber(row string, e Errno) (n uint64) {
	for i := range t.Rows {
		for _, errno := range t.Rows[i].Errs {
			n++
			if t.Rows[i].Name == row && errno == e {
				return n
			}
		}
	}
	return 0
}

// pause is the number of a row, counted from 1; anything else is none. A call that cannot stop there stops where it can.
func pause(width int) field[packed] {
	return field[packed]{width,
		func(x packed) uint64 { return uint64(x.table().Row(x.PauseRow) + 1) },
		func(x packed, v uint64) {
			if t := x.table(); v > 0 && v <= uint64(len(t.Rows)) {
				x.PauseRow = t.sectionHead(t.Rows[v-1].Name, x.Op.Flags)
			}
		}}
}
