package generators

import (
	"math/bits"
	"math/rand/v2"

	"pgregory.net/rapid"
)

// Source is where random choices come from. Labels are for those who log.
type Source interface {
	// Intn is in [0, n), and 0 when n < 2. No number is much more frequent than another.
	Intn(n int, label string) int
	Bool(label string) bool
}

// seldom is one time in n. As a plain choice it is false.
func seldom(src Source, n int, label string) bool { return src.Intn(n, label) == n-1 }

// mostly is true three times out of four.
func mostly(src Source, label string) bool {
	if src.Bool(label) {
		return true
	}
	return src.Bool(label)
}

// pick draws one of a list.
func pick[T any](src Source, label string, list ...T) T { return list[src.Intn(len(list), label)] }

var bools = rapid.Bool()

// Rapid draws from a rapid test, which shrinks what it draws.
type Rapid struct{ T *rapid.T }

// Intn draws an integer that shrinks to 0. It is made of tossed coins, two more than it needs unless n is a power of two:
// rapid's own integers favour small numbers, so that weights would not be what they say, and cost more.
func (r Rapid) Intn(n int, label string) int {
	if n < 2 {
		return 0
	}
	width := bits.Len(uint(n - 1))
	if n&(n-1) != 0 {
		width += 2
	}
	x := 0
	for range width {
		if x *= 2; r.Bool(label) {
			x++
		}
	}
	return x * n >> width
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
