package forkcheck

import (
	"testing"

	"forkcheck/generators"
	"forkcheck/internal/canon"
	"forkcheck/internal/search"
	"forkcheck/model"
)

// A search that knows states by the slots that their objects are in comes to more states, and modulo renaming to the same: to
// each of the search's, with as many transitions. Trying every order of tasks says which are the same as well as refining does.
func TestSymmetry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		scope        string
		depth, tasks int
	}{{"sharing", 0, 3}, {"sharing", 2, 4}, {"family", 2, 0}, {"pidns", 2, 0}, {"signals", 2, 0}, {"limits", 3, 0}, {"numbers", 4, 0}, {"pauses", 3, 0}, {"wait", 2, 0}} {
		for i, v := range model.Versions {
			if testing.Short() && i > 0 {
				continue
			}
			t.Run(v.Name+"/"+tt.scope, func(t *testing.T) {
				e := Explore{Version: v.New(), Scope: generators.FindScope(tt.scope), Depth: tt.depth, Tasks: tt.tasks, Workers: 1}
				with, err := e.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				boot, err := e.world()
				if err != nil {
					t.Fatal(err)
				}
				without := rawSearch(t, e.explorer(boot), e.Scope.Numbers)
				if uint64(len(without.classes)) != with.States || without.transitions != with.Transitions {
					t.Errorf("%d states and %d transitions with symmetry, %d and %d modulo renaming without", with.States, with.Transitions, len(without.classes), without.transitions)
				}
				t.Logf("%d states are %d modulo renaming", len(without.states), with.States)
			})
		}
	}
}

// raws is what a search without symmetry came to.
type raws struct {
	states      map[canon.Key]bool
	classes     map[canon.Key]class // by the search's key
	transitions uint64              // from one state of each class
}

// class is what the states of a class must have in common.
type class struct {
	brute       canon.Key
	transitions int
	depth       int
}

// rawSearch is a breadth-first search of another kind: it stores whole states, and knows them by where their objects are.
func rawSearch(t *testing.T, x *explorer, numbers bool) *raws {
	t.Helper()
	sp := x.newSpace()
	raw := canon.NewKeyer(canon.New[model.State](keyTypes, canon.Options{Raw: true, Numbers: numbers}))
	r := &raws{states: map[canon.Key]bool{}, classes: map[canon.Key]class{}}
	brutes := map[canon.Key]canon.Key{}
	var first model.State
	sp.Start(&first)
	for level, depth := []model.State{first}, 0; len(level) > 0; depth++ {
		var next []model.State
		for i := range level {
			s, n := &level[i], 0
			if x.depth == 0 || depth < x.depth {
				for op, ops := 0, sp.Ops(s); op < ops; op++ {
					var to model.State
					m, _ := sp.Do(s, op, &to)
					if m != search.Void {
						n++
					}
					if key := raw.Key(&to); m == search.Next && !r.states[key] {
						r.states[key] = true
						next = append(next, to)
					}
				}
			}
			c := class{sp.keyer.BruteForce(s, "task"), n, depth}
			key := sp.Key(s)
			old, known := r.classes[key]
			switch {
			case !known:
				if other, ok := brutes[c.brute]; ok && other != key {
					t.Fatalf("two keys, %x and %x, for what is the same in some order of tasks", key, other)
				}
				r.classes[key], brutes[c.brute] = c, key
				r.transitions += uint64(n)
			case old.brute != c.brute:
				t.Fatalf("one key, %x, for what is different in any order of tasks", key)
			case old.depth == c.depth && old.transitions != n:
				t.Fatalf("%d transitions from a state, and %d from one that is the same", old.transitions, n)
			}
		}
		level = next
	}
	return r
}
