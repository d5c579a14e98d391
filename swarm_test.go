package forkcheck_test

import (
	"math"
	"testing"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// What 10,000 random steps come by, over some seeds, with and without swarm testing: -v prints it, and generators/doc.go has
// the figures of more. A taste of its own in each trace brings more premises about often enough to be of use, and loses nothing.
func TestSwarm(t *testing.T) {
	if testing.Short() {
		t.Skip("8 seeds of 10,000 steps take a while; without -short")
	}
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			swarm, mixed := breadth(t, v.New(), false), breadth(t, v.New(), true)
			for i, what := range []string{"rows and rungs", "errnos", "premises", "premises met ten times"} {
				t.Logf("%-22s with swarm %6.1f (±%.1f), without %6.1f (±%.1f)", what, swarm[i].mean(), swarm[i].spread(), mixed[i].mean(), mixed[i].spread())
				if swarm[i].mean() < 0.98*mixed[i].mean() {
					t.Errorf("swarm testing loses %s", what)
				}
			}
			if swarm[3].mean() < mixed[3].mean()+2 {
				t.Error("swarm testing gains nothing: fewer than 2 premises more are met ten times")
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

// breadth is what 10,000 steps come by, for 8 seeds.
func breadth(t *testing.T, v *model.Version, mixed bool) (figures [4]sample) {
	t.Helper()
	for seed := range uint64(8) {
		reach := invariants.NewReach()
		for n := uint64(0); reach.Steps < 10000; n++ {
			if f := forkcheck.Sample(forkcheck.CheckOptions{Version: v, Reach: reach, Mixed: mixed}, 1000*seed+n, 10); f != nil {
				t.Fatal(f.Report())
			}
		}
		rows, errnos, premises, often := reach.Breadth(v)
		for i, n := range []int{rows, errnos, premises, often} {
			figures[i] = append(figures[i], float64(n))
		}
	}
	return figures
}
