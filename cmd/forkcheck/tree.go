package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"forkcheck/model"
)

// drawTree draws the tasks of an observation as a tree of parents and children, a thread below its leader.
func drawTree(out io.Writer, o *model.Observation) {
	t := tree{out, map[string]*model.TaskView{}, map[string]string{}, map[string][]string{}}
	for i := range o.Tasks {
		t.tasks[o.Tasks[i].Name] = &o.Tasks[i]
	}
	for i := range o.Tasks {
		name, above := o.Tasks[i].Name, t.above(o, &o.Tasks[i])
		t.parents[name] = above
		t.below[above] = append(t.below[above], name)
	}
	for _, root := range t.below[""] {
		t.draw(root, indent, indent)
	}
}

// tree is a drawing in the making.
type tree struct {
	out     io.Writer
	tasks   map[string]*model.TaskView
	parents map[string]string   // whom a task is drawn below; "" for a root
	below   map[string][]string // who is drawn below a task
}

// above is whom a task is drawn below: its leader, or its parent. A parent that is no longer seen is left out.
func (t *tree) above(o *model.Observation, v *model.TaskView) string {
	if isThread(v) {
		for i := range o.Tasks {
			if o.Tasks[i].Pids[0] == v.Tgids[0] {
				return o.Tasks[i].Name
			}
		}
	}
	if t.tasks[v.Parent] == nil {
		return ""
	}
	return v.Parent
}

// isThread says whether a task does not lead its group.
func isThread(v *model.TaskView) bool { return v.Tgids[0] != v.Pids[0] }

// draw draws a task and all below it: first stands before its own line, rest before the others.
func (t *tree) draw(name, first, rest string) {
	fmt.Fprintf(t.out, "%s%s\n", first, t.describe(t.tasks[name]))
	for i, child := range t.below[name] {
		if i == len(t.below[name])-1 {
			t.draw(child, rest+"└─ ", rest+"   ")
		} else {
			t.draw(child, rest+"├─ ", rest+"│  ")
		}
	}
}

// describe is a task in one line: "b 3, 1 inside  zombie exited 5  shares vm with a".
func (t *tree) describe(v *model.TaskView) string {
	parts := []string{v.Name + " " + numbers(v.Pids)}
	if isThread(v) {
		parts = append(parts, "thread")
	}
	if v.State != "running" {
		parts = append(parts, strings.TrimSpace(v.State+" "+where(v)))
	}
	parts = append(parts, sharing(v)...)
	if spaces := t.spaces(v); len(spaces) > 0 {
		parts = append(parts, strings.Join(spaces, " "))
	}
	return strings.Join(parts, "  ")
}

// numbers are the numbers of a task, outermost first.
func numbers(pids []int) string {
	var text []string
	for _, nr := range pids {
		text = append(text, strconv.Itoa(nr))
	}
	return strings.Join(text, "/")
}

// where says what a task does that does not run.
func where(v *model.TaskView) string {
	if v.Exit != "" {
		return v.Exit
	}
	if v.Call == "" {
		return ""
	}
	return "in " + v.Call + " at " + v.Row
}

// sharing says what a task has in common with tasks before it: "shares vm, files with a".
func sharing(v *model.TaskView) (parts []string) {
	classes := []struct{ name, with string }{{"vm", v.Shares.VM}, {"files", v.Shares.Files}, {"fs", v.Shares.FS},
		{"sighand", v.Shares.Sighand}, {"io", v.Shares.IO}, {"sysvsem", v.Shares.SysvSem}}
	var order []string
	with := map[string][]string{}
	for _, c := range classes {
		if c.with == "" || c.with == v.Name {
			continue
		}
		if with[c.with] == nil {
			order = append(order, c.with)
		}
		with[c.with] = append(with[c.with], c.name)
	}
	for _, name := range order {
		parts = append(parts, "shares "+strings.Join(with[name], ", ")+" with "+name)
	}
	return parts
}

// spaces are the namespaces that a task does not have in common with the one that it is drawn below; a root has the
// initial ones.
func (t *tree) spaces(v *model.TaskView) (labels []string) {
	above := t.tasks[t.parents[v.Name]]
	if above == nil {
		return nil
	}
	theirs := spaceList(&above.Namespaces)
	for i, label := range spaceList(&v.Namespaces) {
		if label != "" && label != theirs[i] {
			labels = append(labels, label)
		}
	}
	if children := v.Namespaces.PidForChildren; children != "" && children != v.Namespaces.Pid {
		labels = append(labels, "children in "+children)
	}
	return labels
}

func spaceList(s *model.Spaces) []string {
	return []string{s.Pid, s.User, s.Mnt, s.UTS, s.IPC, s.Net}
}
