package forkcheck_test

import (
	"math"
	"testing"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// What 10,000 random steps come by, over 20 seeds, with and without swarm testing: -v prints it, and generators/doc.go has the
// figures. The two are close, and neither may fall below what it was.
func TestSwarm(t *testing.T) {
	if testing.Short() {
		t.Skip("20 seeds of 10,000 steps take a while; without -short")
	}
	least := map[string][3]float64{"v3.11": {258, 36, 59}, "v6.x": {294, 38, 74}}
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			swarm, mixed := breadth(t, v.New(), false), breadth(t, v.New(), true)
			for i, what := range []string{"rows and rungs", "errnos", "premises"} {
				t.Logf("%-14s with swarm %6.1f (±%.1f), without %6.1f (±%.1f)", what, swarm[i].mean(), swarm[i].spread(), mixed[i].mean(), mixed[i].spread())
				if min(swarm[i].mean(), mixed[i].mean()) < least[v.Name][i] {
					t.Errorf("10,000 steps came by at least %v %s before", least[v.Name][i], what)
				}
			}
		})
	}
}

// sample is a figure for each seed.
type sample []float64

func (s sample) mean() (sum float64) {
	for _, x := range s {
		sum += x
	}
	return sum / float64(len(s))
}

// spread is the standard deviation.
func (s sample) spread() (sum float64) {
	for _, x := range s {
		sum += (x - s.mean()) * (x - s.mean())
	}
	return math.Sqrt(sum / float64(len(s)))
}

// breadth is what 10,000 steps come by, for 20 seeds.
func breadth(t *testing.T, v *model.Version, mixed bool) (figures [3]sample) {
	t.Helper()
	for seed := range uint64(20) {
		reach := invariants.NewReach()
		for n := uint64(0); reach.Steps < 10000; n++ {
			if f := forkcheck.Sample(forkcheck.CheckOptions{Version: v, Reach: reach, Mixed: mixed}, 1000*seed+n, 10); f != nil {
				t.Fatal(f.Report())
			}
		}
		rows, errnos, premises := reach.Breadth(v)
		for i, n := range []int{rows, errnos, premises} {
			figures[i] = append(figures[i], float64(n))
		}
	}
	return figures
}
