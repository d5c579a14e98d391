package model

import (
	"fmt"
	"reflect"
	"strings"
)

// Diff says in which fields two states differ, at most max of them, in the order of the struct: "b.files: 2 -> 3". Tasks
// are called by name; one that was born, or is gone, takes one entry.
func Diff(before, after *State, max int, name func(TaskID) string) []string {
	d := differ{max: max, name: name}
	for t := range after.Task {
		d.task(TaskID(t), &before.Task[t], &after.Task[t])
	}
	for t := range after.Flight {
		d.walk("call of "+name(TaskID(t)), reflect.ValueOf(&before.Flight[t]).Elem(), reflect.ValueOf(&after.Flight[t]).Elem())
	}
	b, a := *before, *after
	b.Task, b.Flight = a.Task, a.Flight
	d.walk("", reflect.ValueOf(&b).Elem(), reflect.ValueOf(&a).Elem())
	return d.list
}

// differ collects differences.
type differ struct {
	max  int
	name func(TaskID) string
	list []string
}

func (d *differ) add(format string, args ...any) {
	if len(d.list) < d.max {
		d.list = append(d.list, fmt.Sprintf(format, args...))
	}
}

// task compares a slot.
func (d *differ) task(t TaskID, before, after *Task) {
	switch {
	case *before == *after:
	case before.Stage == Free:
		d.add("%s is born", d.name(t))
	case after.Stage == Free:
		d.add("%s is gone", d.name(t))
	default:
		d.walk(d.name(t), reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
	}
}

var taskIDType = reflect.TypeFor[TaskID]()

// walk goes down to the fields that differ.
func (d *differ) walk(path string, a, b reflect.Value) {
	if len(d.list) >= d.max || a.Equal(b) {
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			d.walk(join(path, a.Type().Field(i).Name), a.Field(i), b.Field(i))
		}
	case reflect.Array:
		for i := range a.Len() {
			d.walk(element(path, i), a.Index(i), b.Index(i))
		}
	default:
		d.add("%s: %s -> %s", path, d.value(a), d.value(b))
	}
}

// value prints a leaf: tasks by name.
func (d *differ) value(v reflect.Value) string {
	switch {
	case v.Type() != taskIDType:
		return fmt.Sprint(v)
	case v.Uint() == 0:
		return "NULL"
	}
	return d.name(TaskID(v.Uint()))
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// element names an element of an array; what is indexed by class is called by its class.
func element(path string, i int) string {
	switch {
	case strings.HasSuffix(path, ".Ref"):
		return strings.TrimSuffix(path, "Ref") + Class(i).String()
	case path == "Count":
		return "count of " + Class(i).String()
	}
	return fmt.Sprintf("%s[%d]", path, i)
}
