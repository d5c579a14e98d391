package invariants

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"forkcheck/model"
)

// Report is what -v prints: how long the traces were and what their steps came to, the calls with their answers and the rows
// and rungs that ran, known defects, the premises that were met least, and what was never met.
func (r *Reach) Report(v *model.Version) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d traces, %d steps\n", r.Traces, r.Steps)
	r.reportSteps(&b)
	r.reportCalls(&b, v)
	r.reportKnown(&b, v.Name)
	r.reportRarest(&b, v.Name, 10)
	reportList(&b, "never met", r.Missing(v), 20)
	return b.String()
}

// reportSteps is about random traces as such. Nothing is said where there were none.
func (r *Reach) reportSteps(b *strings.Builder) {
	if r.Traces == 0 || r.Steps == 0 {
		return
	}
	lengths := r.Lengths
	lengths[min(r.length, maxLength)]++ // the last one
	fmt.Fprintf(b, "  steps in a trace   %s\n", spread(lengths[:]))
	fmt.Fprintf(b, "  tasks alive        %s\n", spread(r.Alive[:]))
	fmt.Fprintf(b, "  changed nothing    %d of 100 steps\n", 100*r.Idle/r.Steps)
	fmt.Fprintf(b, "  faults             %d asked for, %d struck\n", r.Asked, r.Asked-r.Missed)
	fmt.Fprintf(b, "  choices            %d asked for, %d made\n", r.Chosen, r.Chosen-r.Spare)
}

// spread says how numbers are distributed: counts[n] of them are n.
func spread(counts []int) string {
	return fmt.Sprintf("median %d, 90%% at most %d, most %d", quantile(counts, 50), quantile(counts, 90), quantile(counts, 100))
}

// quantile is the number that so many in a hundred do not exceed.
func quantile(counts []int, percent int) (n int) {
	total, below := 0, 0
	for _, count := range counts {
		total += count
	}
	for n = range counts {
		if below += counts[n]; 100*below >= percent*total {
			return n
		}
	}
	return n
}

// reportCalls is a table with a line for each call.
func (r *Reach) reportCalls(b *strings.Builder, v *model.Version) {
	fmt.Fprintf(b, "  %-11s %8s %7s %9s %7s  answers\n", "call", "times", "failed", "rows", "rungs")
	for kind := model.Kind(1); kind < model.NKinds; kind++ {
		t := &v.Calls[kind]
		rows, rungs := r.reached(kind, t)
		line := fmt.Sprintf("  %-11v %8d %7s %9s %7s %s", kind, r.Ops[kind], r.failed(kind), of(rows, len(t.Rows)), of(rungs, len(t.Ladder)), r.answers(kind))
		if t.Name != "" || r.Ops[kind] != 0 {
			fmt.Fprintln(b, strings.TrimRight(line, " "))
		}
	}
}

// of is a part of a whole; nothing of nothing is not worth saying.
func of(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", part, whole)
}

// failed is the share of a call's answers that are errors.
func (r *Reach) failed(kind model.Kind) string {
	all := 0
	for _, n := range r.Errnos[kind] {
		all += n
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%d%%", 100*(all-r.Errnos[kind][0])/all)
}

// answers are the errnos of a call, and how often it slept or was held up.
func (r *Reach) answers(kind model.Kind) string {
	var b strings.Builder
	add := func(what any, n int) {
		if n != 0 {
			fmt.Fprintf(&b, " %v %d", what, n)
		}
	}
	for i, e := range errnos {
		add(e, r.Errnos[kind][i])
	}
	add("asleep", r.Sleeps[kind])
	add("paused", r.Pauses[kind])
	return b.String()
}

// Breadth is how many different things a run came by: rows and rungs, errnos of calls, premises, and of these the ones that it
// came by ten times.
func (r *Reach) Breadth(v *model.Version) (rows, errnos, premises, often int) {
	for kind := range v.Calls {
		ran, undone := r.reached(model.Kind(kind), &v.Calls[kind])
		rows += ran + undone
		for _, n := range r.Errnos[kind] {
			errnos += min(n, 1)
		}
	}
	for _, n := range r.Seen {
		premises += min(n, 1)
		often += min(n/10, 1)
	}
	return rows, errnos, premises, often
}

// reached counts the rows and rungs of a table that ran.
func (r *Reach) reached(kind model.Kind, t *model.Table) (rows, rungs int) {
	for i := range t.Rows {
		if r.Marks.Row(kind, i) {
			rows++
		}
	}
	for i := range t.Ladder {
		if r.Marks.Rung(kind, i) {
			rungs++
		}
	}
	return rows, rungs
}

// reportKnown says how many traces ended at each known defect of the version.
func (r *Reach) reportKnown(b *strings.Builder, version string) {
	b.WriteString("  ended at a known defect:")
	for i := range KnownDefects {
		if d := &KnownDefects[i]; d.In(version) {
			fmt.Fprintf(b, " %s %d", d.ID, r.Known[i])
		}
	}
	b.WriteByte('\n')
}

// reportRarest lists the premises that were met least, those aside that were not met at all.
func (r *Reach) reportRarest(b *strings.Builder, version string, most int) {
	var rows []int
	for i := range All {
		if All[i].In(version) && All[i].Premise != "" && r.Seen[i] > 0 {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(i, j int) int { return cmp.Compare(r.Seen[i], r.Seen[j]) })
	fmt.Fprintf(b, "  rarest of %d premises met:\n", len(rows))
	for _, i := range rows[:min(most, len(rows))] {
		fmt.Fprintf(b, "    %8d %-26s %s\n", r.Seen[i], All[i].Name, All[i].Premise)
	}
}

// reportList writes a list, the end of it as a number.
func reportList(b *strings.Builder, title string, list []string, most int) {
	fmt.Fprintf(b, "  %s: %d\n", title, len(list))
	for _, line := range list[:min(most, len(list))] {
		fmt.Fprintf(b, "    %s\n", line)
	}
	if len(list) > most {
		fmt.Fprintf(b, "    and %d more\n", len(list)-most)
	}
}
