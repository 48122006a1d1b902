package names

import "strings"

// Skeleton leaves out of a token what differs between romanisations: vowels, doubled
// letters, and which of several letters writes a consonant. A vowel at the head stays, as A.
// What remains are the classes
//
//	B P M N L R J   as they are (DJ, DZH are J)
//	F               F V PH, W at the head
//	K               K Q G GH, C before A O U or a consonant
//	S               S Z SH ZH CH TCH TS SCH CZ, C before E I Y, X at the head
//	H               H KH; not H at the end
//	T D             T TH; D DH DZ, but D at the end is T
//
// W after the head is a vowel (DAWUD, DAOUD). The token is A to Z; the skeleton is not empty
// if the token is not.
func Skeleton(token string) string {
	s := Fold(token)
	var buf [maxLetters + 1]byte
	b := buf[:0]
	joined := false // no vowel since the last class
	for i := 0; i < len(s) && len(b) < maxLetters; {
		class, n := classAt(s, i)
		i += n
		if class == 0 {
			joined = false
			continue
		}
		if !joined || b[len(b)-1] != class {
			b = append(b, class)
		}
		if class == 'K' && s[i-n] == 'X' {
			b = append(b, 'S')
		}
		joined = true
	}
	return string(b)
}

// classAt returns the class of the consonant at s[i:], 0 for what is left out, and how many
// letters write it.
func classAt(s string, i int) (class byte, n int) {
	rest := s[i:]
	switch rest[0] {
	case 'A', 'E', 'I', 'O', 'U', 'Y':
		return vowelAt(s, i)
	case 'W':
		if i == 0 {
			return 'F', 1
		}
		return 0, 1
	case 'P':
		if strings.HasPrefix(rest, "PH") {
			return 'F', 2
		}
		return 'P', 1
	case 'F', 'V':
		return 'F', 1
	case 'K', 'G', 'Q', 'X', 'C', 'N':
		return backAt(s, i)
	case 'S', 'Z', 'T', 'D':
		return toothAt(rest)
	case 'H':
		if i > 0 && len(rest) == 1 {
			return 0, 1
		}
	case 'J':
		if i > 0 && (len(rest) == 1 && isVowel(s[i-1]) || s[i-1] == 'L' || s[i-1] == 'N') {
			return 0, 1
		}
	}
	return rest[0], 1
}

func vowelAt(s string, i int) (class byte, n int) {
	n = 1
	for i+n < len(s) && isVowel(s[i+n]) {
		n++
	}
	switch {
	case i > 0:
		return 0, n
	case n > 2 && strings.HasPrefix(s, "OU"):
		return 'F', n // OUALID is WALID
	}
	return 'A', n
}

// backAt reads K, G, Q, X, C, and the N of a final NG.
func backAt(s string, i int) (class byte, n int) {
	rest := s[i:]
	switch {
	case rest == "NG":
		return 'N', 2
	case rest[0] == 'N':
		return 'N', 1
	case strings.HasPrefix(rest, "KH"):
		return 'H', 2
	case strings.HasPrefix(rest, "CH"), strings.HasPrefix(rest, "CZ"):
		return 'S', 2
	case strings.HasPrefix(rest, "GH"), strings.HasPrefix(rest, "CK"):
		return 'K', 2
	case rest[0] == 'X' && i == 0:
		return 'S', 1
	case rest[0] == 'C' && len(rest) > 1 && (rest[1] == 'E' || rest[1] == 'I' || rest[1] == 'Y'):
		return 'S', 1
	case rest == "C" && i > 0 && s[i-1] == 'I':
		return 'S', 1
	}
	return 'K', 1
}

// toothAt reads S, Z, T and D.
func toothAt(rest string) (class byte, n int) {
	for _, p := range []struct {
		head  string
		class byte
	}{
		{"SHCH", 'S'}, {"SCH", 'S'}, {"SH", 'S'}, {"SZ", 'S'}, {"ZH", 'S'}, {"TSCH", 'S'}, {"TCH", 'S'}, {"TSH", 'S'},
		{"TS", 'S'}, {"TZ", 'S'}, {"TH", 'T'}, {"DZH", 'J'}, {"DJ", 'J'}, {"DZ", 'D'}, {"DH", 'D'},
	} {
		if strings.HasPrefix(rest, p.head) {
			return p.class, len(p.head)
		}
	}
	switch {
	case rest == "D":
		return 'T', 1
	case rest[0] == 'Z':
		return 'S', 1
	}
	return rest[0], 1
}
