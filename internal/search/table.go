package search

import (
	"math/bits"
	"sync"

	"forkcheck/internal/canon"
)

// shards is how many parts the table of visited states has: two workers seldom want the same.
const shards = 64

// way is how a state was reached: its parent's number, and which of the parent's ops.
type way uint64

func newWay(parent uint32, op int) way { return way(parent)<<opBits | way(op) }

func (w way) parent() uint32 { return uint32(w >> opBits) }
func (w way) op() int        { return int(w & (1<<opBits - 1)) }

// opBits is room for the ops of one state.
const opBits = 24

// table is the set of visited states, and of those of the level in progress the least way to each.
type table struct {
	shard [shards]shard
}

// shard is an open-addressed table with linear probing.
type shard struct {
	sync.Mutex
	keys  []canon.Key // the zero key is none
	fresh []uint32    // of the level in progress: one more than the index in born
	born  []way
	n     int
}

const firstSlots = 64

// add notes a way to a state, and says by how many bytes the table has grown.
func (t *table) add(key canon.Key, w way) (grown int) {
	s := &t.shard[key[0]%shards]
	s.Lock()
	defer s.Unlock()
	if 5*s.n >= 4*len(s.keys) {
		grown = s.grow()
	}
	i := s.find(key)
	switch {
	case s.keys[i] == canon.Key{}:
		s.keys[i] = key
		room := cap(s.born)
		s.born = append(s.born, w)
		grown += bornBytes * (cap(s.born) - room)
		s.fresh[i] = uint32(len(s.born))
		s.n++
	case s.fresh[i] != 0:
		b := &s.born[s.fresh[i]-1]
		*b = min(*b, w)
	}
	return grown
}

// find is where a key stands, or would.
func (s *shard) find(key canon.Key) int {
	hi, _ := bits.Mul64(key[1], uint64(len(s.keys)))
	i := int(hi)
	for s.keys[i] != key && s.keys[i] != (canon.Key{}) {
		if i++; i == len(s.keys) {
			i = 0
		}
	}
	return i
}

// grow makes room for half as many states more.
func (s *shard) grow() (bytes int) {
	keys, fresh := s.keys, s.fresh
	n := max(firstSlots, len(keys)/2*3)
	s.keys, s.fresh = make([]canon.Key, n), make([]uint32, n)
	for i, key := range keys {
		if key != (canon.Key{}) {
			j := s.find(key)
			s.keys[j], s.fresh[j] = key, fresh[i]
		}
	}
	return slotBytes * (n - len(keys))
}

// slotBytes is what a slot takes, bornBytes a state of the level in progress: its way, and a copy when the level is closed.
const (
	slotBytes = 16 + 4
	bornBytes = 8 + 8
)

// close ends a level: it takes the ways to its states out of the table.
func (t *table) close(ways []way) []way {
	for i := range t.shard {
		s := &t.shard[i]
		ways = append(ways, s.born...)
		s.born = s.born[:0]
		clear(s.fresh)
	}
	return ways
}
