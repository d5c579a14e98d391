package model

import (
	"reflect"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// world boots a world that must be sound.
func world(t testing.TB, b Boot) (*Kernel, *State) {
	t.Helper()
	k, err := b.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	s := new(State)
	b.State(s)
	return k, s
}

// A hole or a blank field makes == and hash several times dearer, and leaves bytes that no field owns.
func TestStateHasNoHoles(t *testing.T) {
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Array:
			walk(path+"[]", typ.Elem())
		case reflect.Struct:
			end := uintptr(0)
			for i := range typ.NumField() {
				f := typ.Field(i)
				if f.Name == "_" || f.Offset != end {
					t.Errorf("%s: hole or blank field before %s at byte %d", path, f.Name, end)
				}
				end = f.Offset + f.Type.Size()
				walk(path+"."+f.Name, f.Type)
			}
			if end != typ.Size() {
				t.Errorf("%s: %d bytes of padding at the end", path, typ.Size()-end)
			}
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.String:
			t.Errorf("%s: a %s does not belong into a State", path, typ.Kind())
		}
	}
	walk("State", reflect.TypeFor[State]())
	t.Logf("State %d bytes, Task %d, Flight %d, Op %d", unsafe.Sizeof(State{}), unsafe.Sizeof(Task{}), unsafe.Sizeof(Flight{}), unsafe.Sizeof(Op{}))
}

// Forks and exits of a busy world allocate nothing.
func TestStepAllocatesNothing(t *testing.T) {
	for _, v := range Versions {
		t.Run(v.Name, func(t *testing.T) {
			b := DefaultBoot()
			b.Version, b.Dress = v.Name, true
			k, s := world(t, b)
			start, res := *s, Result{}
			if n := testing.AllocsPerRun(100, func() {
				*s = start
				for _, op := range busy {
					k.StepInto(s, op, &res, nil)
				}
			}); n != 0 {
				t.Errorf("%v allocations in %d steps, want 0", n, len(busy))
			}
		})
	}
}

// busy is a bit of everything, failures included.
var busy = []Op{
	{Kind: Clone, Actor: A, Sig: SIGCHLD},
	{Kind: Clone, Actor: A, Flags: CloneNewPID | CloneNewNet, Sig: SIGCHLD},
	{Kind: Clone, Actor: A, Flags: CloneNewUser | CloneNewUTS | CloneNewCgroup | ClonePidfd, Sig: SIGCHLD},
	{Kind: Clone, Actor: A, Flags: CloneFiles, Sig: SIGCHLD, Fault: Fault{Row: 40, Errno: ENOMEM}},
	{Kind: Clone, Actor: A, Flags: CloneFiles | CloneFS, Sig: SIGCHLD},
	{Kind: Unshare, Actor: A, Flags: CloneFiles | CloneNewNS | CloneNewUTS},
	{Kind: Unshare, Actor: A, Flags: CloneNewUser | CloneNewTime},
	{Kind: Clone, Actor: A, Sig: SIGCHLD},
	{Kind: Sysctl, Actor: Init0, Arg2: int32(KnobUser)},
	{Kind: Clone, Actor: A, Flags: CloneNewUser, Sig: SIGCHLD},
	{Kind: Clone, Actor: A, Flags: CloneVM | CloneSighand | CloneThread},
	{Kind: Kill, Actor: Init0, Arg: -1, Sig: SIGSTOP},
	{Kind: Kill, Actor: Init0, Arg: -1, Sig: SIGCONT},
	{Kind: Kill, Actor: A, Target: 3, Sig: SIGKILL},
	{Kind: Wait4, Actor: A, Arg: -1},
	{Kind: ExitGroup, Actor: A, Arg: 1},
	{Kind: Wait4, Actor: Init0, Arg: -1, Flags: WALL},
}

// Whatever is asked of it, the kernel keeps the NULL slots untouched and comes to rest.
func TestRandomOps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := DefaultBoot()
		b.Version = Versions[rapid.IntRange(0, len(Versions)-1).Draw(t, "version")].Name
		b.World = World(rapid.IntRange(0, 1).Draw(t, "world"))
		b.Dress = rapid.Bool().Draw(t, "dress")
		k, err := b.NewKernel()
		if err != nil {
			t.Fatal(err)
		}
		s := new(State)
		b.State(s)
		for range 30 {
			k.Step(s, Op{
				Kind:   Kind(rapid.IntRange(0, int(NKinds)-1).Draw(t, "kind")),
				Actor:  TaskID(rapid.IntRange(0, MaxTasks-1).Draw(t, "actor")),
				Target: TaskID(rapid.IntRange(0, MaxTasks-1).Draw(t, "target")),
				Flags:  Flags(rapid.Uint32().Draw(t, "flags")),
				Arg:    int32(rapid.IntRange(-3, 9).Draw(t, "arg")),
				Sig:    Signal(rapid.IntRange(0, 70).Draw(t, "sig")),
				Mode:   Mode(rapid.IntRange(0, int(SigHandler)).Draw(t, "mode")),
			})
		}
		if s.Task[0] != (Task{}) || s.Signal[0] != (SignalStruct{}) || s.Oops == EndlessSettle {
			t.Fatalf("slot 0 was written, or the kernel does not settle: %v", s.Oops)
		}
	})
}

func BenchmarkStateCopy(b *testing.B) {
	states := make([]State, 2)
	for i := 0; b.Loop(); i++ {
		states[i&1] = states[i&1^1]
	}
}

func BenchmarkStateEqual(b *testing.B) {
	s, to := new(State), new(State)
	for b.Loop() {
		if *s != *to {
			b.Fatal("differ")
		}
	}
}

func BenchmarkForkExitWait(b *testing.B) {
	boot := DefaultBoot()
	k, s := world(b, boot)
	var res Result
	for b.Loop() {
		k.StepInto(s, Op{Kind: Clone, Actor: A, Sig: SIGCHLD}, &res, nil)
		k.StepInto(s, Op{Kind: Exit, Actor: res.Who}, &res, nil)
		k.StepInto(s, Op{Kind: Wait4, Actor: A, Arg: -1}, &res, nil)
	}
	b.ReportMetric(float64(3*b.N)/b.Elapsed().Seconds(), "steps/s")
}
