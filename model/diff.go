package model

import (
	"fmt"
	"reflect"
)

// FirstDiff names the first field in which two states differ, "Count[2][3]: 1 -> 2"; "" if they are equal.
func FirstDiff(before, after *State) string {
	diffs := Diff(before, after, 1)
	if len(diffs) == 0 {
		return ""
	}
	return diffs[0]
}

// Diff lists at most max fields in which two states differ, in the order of the struct.
func Diff(before, after *State, max int) []string {
	var list []string
	walkDiff("", reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem(), max, &list)
	return list
}

func walkDiff(path string, a, b reflect.Value, max int, list *[]string) {
	if len(*list) >= max || a.Equal(b) {
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			walkDiff(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i), max, list)
		}
	case reflect.Array:
		for i := range a.Len() {
			walkDiff(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i), max, list)
		}
	default:
		*list = append(*list, fmt.Sprintf("%s: %v -> %v", path[1:], a, b))
	}
}
