package forkcheck_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// pages are the README and what is in docs, by file name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/tables/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no file (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pages[file] = string(text)
		}
	}
	return pages
}

// The tables of the README and of docs, and the counterexample, are those of the code. -update writes them anew.
func TestReadme(t *testing.T) {
	tables := map[string]string{}
	for _, l := range forkcheck.Listings(model.V311()) {
		tables[l.Name] = l.Markdown()
	}
	for file, was := range pages(t) {
		now := marked(was, "failure", func(string) string { return "```\n" + readmeFailure(t) + "```\n" })
		now = marked(now, "tables", func(name string) string {
			if tables[name] == "" {
				t.Errorf("%s: there is no table %q", file, name)
			}
			return tables[name]
		})
		now = marked(now, "matrix", func(string) string { return readmeMatrix(t) })
		if *update {
			rewrite(t, file, now)
		} else if diff := cmp.Diff(now, was); diff != "" {
			t.Errorf("%s is not what the code says; -update writes it anew (-want +got):\n%s", file, diff)
		}
	}
}

// What a page links to is there.
func TestPageLinks(t *testing.T) {
	for file, text := range pages(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]*)(?:#([\w-]*))?\)`).FindAllStringSubmatch(text, -1) {
			to := filepath.Join(filepath.Dir(file), m[1])
			if m[1] == "" {
				to = file
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			} else if m[2] != "" && !slices.Contains(headings(pages(t)[to]), m[2]) {
				t.Errorf("%s links to %s, which has no heading %s", file, to, m[2])
			}
		}
	}
}

// headings are those of a page, as links name them.
func headings(page string) (list []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		list = append(list, strings.ReplaceAll(name, " ", "-"))
	}
	return list
}

// readmeMatrix is the top of the matrix.
func readmeMatrix(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/mutants/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(text), "\n")
	l := forkcheck.Listing{Head: []string{"mutants", "noticed by no other", "invariant"}}
	for _, line := range strings.SplitN(rest, "\n", 13)[:12] {
		l.Rows = append(l.Rows, strings.Fields(line))
	}
	counts, _, _ := strings.Cut(head, ";")
	return "Of " + counts + ":\n\n" + l.Markdown()
}

// marked replaces what stands between <!-- kind:name --> and <!-- /kind -->.
func marked(text, kind string, with func(name string) string) string {
	mark := regexp.MustCompile(`(?s)(<!-- ` + kind + `(?::(\w+))? -->\n).*?(<!-- /` + kind + ` -->)`)
	return mark.ReplaceAllStringFunc(text, func(found string) string {
		m := mark.FindStringSubmatch(found)
		return m[1] + with(m[2]) + m[3]
	})
}

// readmeFailure is the README's counterexample: that of a copy_files that fails to the label below the right one.
func readmeFailure(t *testing.T) string {
	t.Helper()
	k := &model.Kernel{Version: model.V311(), Limits: model.DefaultLimits}
	clone := &k.Calls[model.Clone]
	clone.Rows[clone.Row("copy_files")].Fail = "bad_fork_cleanup_files"
	trace, err := model.ParseTrace("README.md", []byte("kernel v3.11\nb := a.fork()\nb.fork().fault(copy_files, ENOMEM)"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := forkcheck.Failing(trace, forkcheck.Options{Kernel: k})
	if err != nil || f == nil {
		t.Fatalf("error %v, failure %v", err, f)
	}
	f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{})
	return fmt.Sprintf("%s\nreplay:  go run ./cmd/forkcheck run -tree testdata/failures/%s-%s.trace\n", f.Report(), f.Breach.Invariant.Name, f.Kernel.Name)
}

// The traces of the README and of docs give the results that they say.
func TestReadmeTraces(t *testing.T) {
	var all strings.Builder
	for _, text := range pages(t) {
		all.WriteString(text)
	}
	for _, m := range regexp.MustCompile("(?s)```trace\n(.*?)```").FindAllStringSubmatch(all.String(), -1) {
		trace, err := model.ParseTrace("docs", []byte(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := forkcheck.Run(trace, forkcheck.Options{}, func(s *forkcheck.Step) error {
			if s.Differs() {
				t.Errorf("%s gives %s", s.Line.Text, s.Text)
			}
			return nil
		})
		if err != nil || verdict.Breach != nil && verdict.Breach.Known == nil {
			t.Errorf("error %v, breach %v in\n%s", err, verdict.Breach, m[1])
		}
	}
}

// docs/traces.md names every field that -json prints.
func TestReadmeFields(t *testing.T) {
	text := pages(t)["docs/traces.md"]
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			field, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(text, "`"+field+"`") {
				t.Errorf("docs/traces.md does not name %s of %s", field, typ.Name())
			}
			walk(typ.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[model.Observation]())
}

// Each sentence that is called refuted names a trace that breaks it.
func TestRefuted(t *testing.T) {
	for i := range invariants.Refuted {
		inv := invariants.Refuted[i : i+1]
		file, _ := strings.CutPrefix(inv[0].Source, "refuted by ")
		verdict, err := forkcheck.Run(readTrace(t, file), forkcheck.Options{Checker: &invariants.Checker{Invariants: inv}}, nil)
		if err != nil || verdict.Breach == nil {
			t.Errorf("%s does not break %s (error %v)", file, inv[0].Name, err)
		}
	}
}
