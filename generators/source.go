package generators

import (
	"math/rand/v2"

	"pgregory.net/rapid"
)

// Source is where random choices come from. Labels are for those who log.
type Source interface {
	// Intn is in [0, n), and 0 when n < 2.
	Intn(n int, label string) int
	Bool(label string) bool
}

// maxChoice is the longest list that anything is chosen from.
const maxChoice = 64

// ints holds rapid's generators by size: building one costs more than drawing from it.
var ints = func() (list [maxChoice + 1]*rapid.Generator[int]) {
	for n := 2; n <= maxChoice; n++ {
		list[n] = rapid.IntRange(0, n-1)
	}
	return list
}()

var bools = rapid.Bool()

// Rapid draws from a rapid test, which shrinks what it draws.
type Rapid struct{ T *rapid.T }

// Intn draws an integer that shrinks to 0.
func (r Rapid) Intn(n int, label string) int {
	if n < 2 {
		return 0
	}
	return ints[n].Draw(r.T, label)
}

// Bool draws a bit that shrinks to false.
func (r Rapid) Bool(label string) bool { return bools.Draw(r.T, label) }

// Seeded draws from a seed: the same seed gives the same trace on every machine.
type Seeded struct{ *rand.Rand }

// NewSeeded is the Source of a seed.
func NewSeeded(seed uint64) Seeded { return Seeded{rand.New(rand.NewPCG(seed, seed))} }

// Intn draws uniformly.
func (s Seeded) Intn(n int, label string) int {
	if n < 2 {
		return 0
	}
	return s.IntN(n)
}

// Bool tosses a coin.
func (s Seeded) Bool(label string) bool { return s.Uint64()&1 != 0 }
