package model

import (
	"slices"
	"strings"
)

// findWord finds a word by name.
func findWord(words []Word, name string) (uint32, bool) {
	for _, w := range words {
		if w.Name == name {
			return w.Bits, true
		}
	}
	return 0, false
}

func wordNames(words []Word) (names []string) {
	for _, w := range words {
		names = append(names, w.Name)
	}
	return names
}

// bitNames writes a set of bits as words joined by |, what has no word as a number, and nothing as 0.
func bitNames(words []Word, bits uint32) string {
	var names []string
	for _, w := range words {
		if bits&w.Bits != 0 {
			names = append(names, w.Name)
			bits &^= w.Bits
		}
	}
	return joinBits(names, uint64(bits))
}

// Suggest ends a message about an unknown word: with the nearest valid ones, or with all if there are few.
func Suggest(word string, valid []string) string {
	near := nearest(word, valid)
	switch {
	case len(near) > 0:
		return "; did you mean " + strings.Join(near, " or ") + "?"
	case len(valid) > 0 && len(valid) <= 20:
		return "; valid: " + strings.Join(valid, ", ")
	}
	return ""
}

// nearest gives the valid words with the smallest edit distance, at most three; none if all are far away.
func nearest(word string, valid []string) (best []string) {
	least := min(max(2, len(word)/3), len(word)-1) + 1
	for _, v := range valid {
		switch d := editDistance(strings.ToLower(word), strings.ToLower(v)); {
		case d < least:
			least, best = d, []string{v}
		case d == least && len(best) > 0 && len(best) < 3 && !slices.Contains(best, v):
			best = append(best, v)
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours that make one word of another.
func editDistance(a, b string) int {
	const most = 64 // no valid word is longer
	a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	var d [most + 1][most + 1]int
	for i := range len(a) + 1 {
		for j := range len(b) + 1 {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
