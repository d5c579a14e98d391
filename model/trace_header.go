package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// header reads the first line of a trace: the kernel and the options of its world.
type header struct {
	boot     Boot
	kernelAt int // where in the line the name of the kernel stands, from 0
	given    map[string]bool
	err      *SyntaxError
}

// option is one option of the header. Zero bounds mean that read makes its own sense of the value.
type option struct {
	name  string
	value string // what stands after the =; "" for a word that stands alone
	lo    int
	hi    int
	set   func(b *Boot, n int)
	text  func(h *header, col int, value string)
	print func(b *Boot) string // the value to print, "" if it is the default
	word  func(b *Boot) *bool  // what a word that stands alone sets
}

// options are the options of the header, in the order in which they are printed.
var options = []option{
	{name: "max_threads", value: "N", lo: 1, hi: 32767,
		set:   func(b *Boot, n int) { b.Limits.MaxThreads = int16(n) },
		print: func(b *Boot) string { return unless(int(b.Limits.MaxThreads), int(DefaultLimits.MaxThreads)) }},
	{name: "pid_max", value: "N", lo: 2, hi: 32768,
		set:   func(b *Boot, n int) { b.Limits.PidMax = uint16(n) },
		print: func(b *Boot) string { return unless(int(b.Limits.PidMax), int(DefaultLimits.PidMax)) }},
	{name: "reserved_pids", value: "N", lo: 1, hi: 32768,
		set:   func(b *Boot, n int) { b.Limits.ReservedPids = uint16(n) },
		print: func(b *Boot) string { return unless(int(b.Limits.ReservedPids), int(DefaultLimits.ReservedPids)) }},
	{name: "last_pid", value: "N", lo: 1, hi: 32767,
		set:   func(b *Boot, n int) { b.LastPid = uint16(n) },
		print: func(b *Boot) string { return unless(int(b.LastPid), 0) }},
	{name: "pid_ns_depth", value: "N", lo: 0, hi: 32,
		set:   func(b *Boot, n int) { b.Limits.PidNSDepth = uint8(n) },
		print: func(b *Boot) string { return unless(int(b.Limits.PidNSDepth), int(DefaultLimits.PidNSDepth)) }},
	{name: "user_ns_depth", value: "N", lo: 0, hi: 32,
		set:   func(b *Boot, n int) { b.Limits.UserNSDepth = uint8(n) },
		print: func(b *Boot) string { return unless(int(b.Limits.UserNSDepth), int(DefaultLimits.UserNSDepth)) }},
	{name: "uid", value: "N", lo: 0, hi: 65535,
		set:   func(b *Boot, n int) { b.UID = uint16(n) },
		print: func(b *Boot) string { return unless(int(b.UID), 0) }},
	{name: "caps", value: "NAME|NAME, all or none", text: (*header).caps, print: printCaps},
	{name: "nproc", value: "N or unlimited", text: (*header).nproc,
		print: func(b *Boot) string { return unless(int(b.Nproc), int(RlimInfinity)) }},
	{name: "world", value: "global or container", text: (*header).world,
		print: func(b *Boot) string {
			if b.World == Container {
				return "container"
			}
			return ""
		}},
	{name: "core", word: func(b *Boot) *bool { return &b.Limits.Core }},
	{name: "dress", word: func(b *Boot) *bool { return &b.Dress }},
}

// unless prints a number that is not the default.
func unless(n, normal int) string {
	if n == normal {
		return ""
	}
	return strconv.Itoa(n)
}

// defaultCaps are the capabilities of a uid that the header says no more about.
func defaultCaps(uid uint16) CapSet {
	if uid == 0 {
		return CapAll
	}
	return 0
}

func printCaps(b *Boot) string {
	switch b.Caps {
	case defaultCaps(b.UID):
		return ""
	case CapAll:
		return "all"
	case 0:
		return "none"
	}
	return strings.Join(b.Caps.Names(), "|")
}

// Names lists the capabilities as a header writes them.
func (c CapSet) Names() []string {
	names := []string{}
	for _, w := range CapWords {
		if uint32(c)&w.Bits != 0 {
			names = append(names, w.Name)
		}
	}
	return names
}

// String is the header line of the world.
func (b *Boot) String() string {
	version := b.Version
	if version == "" {
		version = Versions[0].Name
	}
	line := "kernel " + version
	for _, o := range options {
		switch {
		case o.word != nil && *o.word(b):
			line += " " + o.name
		case o.print == nil:
		case o.print(b) != "":
			line += " " + o.name + "=" + o.print(b)
		}
	}
	return line
}

func (h *header) fail(col int, format string, args ...any) {
	if h.err == nil {
		h.err = &SyntaxError{Col: col, Msg: fmt.Sprintf(format, args...)}
	}
}

// word is a word of the header and its column.
type word struct {
	text string
	col  int
}

// splitWords splits a line at blanks.
func splitWords(line string) (words []word) {
	start := -1
	for i := 0; i <= len(line); i++ {
		blank := i == len(line) || line[i] == ' ' || line[i] == '\t' || line[i] == '\r'
		switch {
		case blank && start >= 0:
			words = append(words, word{line[start:i], start + 1})
			start = -1
		case !blank && start < 0:
			start = i
		}
	}
	return words
}

// parse reads the line into the boot.
func (h *header) parse(line string) *SyntaxError {
	words := splitWords(line)
	if words[0].text != "kernel" {
		h.fail(words[0].col, "the header comes first, a line like %q", exampleHeader)
		return h.err
	}
	if len(words) < 2 {
		h.fail(words[0].col+len("kernel"), "no kernel version after kernel; known: %s", strings.Join(versionNames(), ", "))
		return h.err
	}
	h.boot.Version, h.kernelAt = words[1].text, words[1].col-1
	if !slices.Contains(versionNames(), h.boot.Version) {
		h.fail(words[1].col, "unknown kernel version %q%s", h.boot.Version, Suggest(h.boot.Version, versionNames()))
	}
	for _, w := range words[2:] {
		h.option(w)
	}
	if !h.given["caps"] {
		h.boot.Caps = defaultCaps(h.boot.UID)
	}
	return h.err
}

// kernel makes the kernel, if the options agree with each other.
func (h *header) kernel() (*Kernel, *SyntaxError) {
	k, err := h.boot.NewKernel()
	if err != nil {
		h.fail(1, "%v", err)
	}
	return k, h.err
}

func versionNames() (names []string) {
	for _, v := range Versions {
		names = append(names, v.Name)
	}
	return names
}

// option reads one option.
func (h *header) option(w word) {
	name, value, hasValue := strings.Cut(w.text, "=")
	i := slices.IndexFunc(options, func(o option) bool { return o.name == name })
	if i < 0 {
		h.fail(w.col, "unknown option %q%s", name, Suggest(name, optionNames()))
		return
	}
	o := &options[i]
	switch {
	case h.given[name]:
		h.fail(w.col, "option %s is given twice; once is enough", name)
	case hasValue && o.value == "":
		h.fail(w.col, "option %s takes no value; write %s", name, name)
	case value == "" && o.value != "":
		h.fail(w.col, "option %s needs a value; write %s=%s", name, name, o.value)
	}
	h.given[name] = true
	at := w.col + len(name) + 1
	switch {
	case o.word != nil:
		*o.word(&h.boot) = true
	case o.text != nil:
		o.text(h, at, value)
	default:
		o.set(&h.boot, h.number(at, name, value, o.lo, o.hi))
	}
}

func optionNames() (names []string) {
	for i := range options {
		names = append(names, options[i].name)
	}
	return names
}

// number reads a value within bounds.
func (h *header) number(col int, name, value string, lo, hi int) int {
	n, err := strconv.ParseInt(value, 0, 32)
	if err != nil {
		h.fail(col, "%s=%s is not a number; it is %d..%d", name, value, lo, hi)
		return lo
	}
	if n < int64(lo) || n > int64(hi) {
		h.fail(col, "%s=%s is out of range; it is %d..%d", name, value, lo, hi)
		return lo
	}
	return int(n)
}

func (h *header) caps(col int, value string) {
	switch value {
	case "all":
		h.boot.Caps = CapAll
		return
	case "none":
		h.boot.Caps = 0
		return
	}
	h.boot.Caps = 0
	for _, name := range strings.Split(value, "|") {
		bits, ok := findWord(CapWords, strings.TrimPrefix(name, "CAP_"))
		if name == "all" || name == "none" {
			h.fail(col, "%s stands alone, without other capabilities", name)
		} else if !ok {
			h.fail(col, "unknown capability %q%s", name, Suggest(strings.TrimPrefix(name, "CAP_"), append(wordNames(CapWords), "all", "none")))
		}
		h.boot.Caps |= CapSet(bits)
		col += len(name) + 1
	}
}

func (h *header) nproc(col int, value string) {
	if value == "unlimited" {
		h.boot.Nproc = RlimInfinity
		return
	}
	h.boot.Nproc = int16(h.number(col, "nproc", value, 0, int(RlimInfinity)-1))
}

func (h *header) world(col int, value string) {
	switch value {
	case "global":
		h.boot.World = Global
	case "container":
		h.boot.World = Container
	default:
		h.fail(col, "unknown world %q%s", value, Suggest(value, []string{"global", "container"}))
	}
}
