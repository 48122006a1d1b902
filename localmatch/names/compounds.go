package names

import "strings"

// articles may stand between ABD, "servant of", and one of the names of God.
var articles = map[string]bool{
	"AL": true, "EL": true, "UL": true, "UR": true, "AR": true, "AS": true, "US": true, "AN": true, "UN": true, "AZ": true,
	"UZ": true, "ASH": true, "USH": true, "AD": true, "UD": true, "AT": true, "ER": true, "ES": true, "ED": true,
}

// joinCompounds writes the Arabic compounds that are one name as one word, in one spelling:
// servant of (ABDUL), of the faith (UDDIN), of God (ULLAH).
func joinCompounds(words []word) []word {
	return joinEndings(joinServant(words))
}

// endings of compounds as words of their own, and how they are written here.
var endings = map[string]string{
	"DIN": "UDDIN", "DEEN": "UDDIN", "DINE": "UDDIN", "EDDINE": "UDDIN", "EDDIN": "UDDIN", "UDDIN": "UDDIN", "UDDEEN": "UDDIN",
	"ADDIN": "UDDIN", "ALLAH": "ULLAH", "ULLAH": "ULLAH", "OLLAH": "ULLAH",
}

// attached are endings written as one with the word.
var attached = []struct{ tail, written string }{
	{"OUDDINE", "UDDIN"}, {"UDDINE", "UDDIN"}, {"EDDINE", "UDDIN"}, {"ADDINE", "UDDIN"}, {"ALDEEN", "UDDIN"}, {"ELDEEN", "UDDIN"},
	{"UDDEEN", "UDDIN"}, {"UDDIN", "UDDIN"}, {"ALDIN", "UDDIN"}, {"ELDIN", "UDDIN"}, {"EDDIN", "UDDIN"}, {"ADDIN", "UDDIN"},
	{"ODDIN", "UDDIN"}, {"IDDIN", "UDDIN"}, {"UDIN", "UDDIN"}, {"OULLAH", "ULLAH"}, {"ULLAH", "ULLAH"}, {"ALLAH", "ULLAH"},
	{"OLLAH", "ULLAH"}, {"ELLAH", "ULLAH"},
}

func joinEndings(words []word) []word {
	joined := words[:0]
	for i := range words {
		w := words[i]
		last := len(joined) - 1
		ending := endings[w.text]
		article := last > 0 && articles[joined[last].text]
		switch {
		case ending == "" || last < 0 || len(joined[last].text) < 2:
			w.text = endingOf(w.text)
		case article && len(joined[last-1].text) > 2:
			joined, w = joined[:last-1], joined[last-1].with(ending, w)
		case !article && kindOf(joined[last].text) == Ordinary && w.text != "DIN" && w.text != "ALLAH":
			joined, w = joined[:last], joined[last].with(ending, w)
		}
		joined = append(joined, w)
	}
	return joined
}

// with writes an ending behind a word; last is the word that was the ending.
func (w word) with(ending string, last word) word {
	if len(w.text)+len(ending) <= maxLetters {
		w.text += ending
	}
	w.comma = last.comma
	return w
}

func endingOf(text string) string {
	if text == "" || strings.IndexByte("NEH", text[len(text)-1]) < 0 { // as all endings end
		return text
	}
	for _, e := range attached {
		if stem, ok := strings.CutSuffix(text, e.tail); ok && len(stem) > 2 && text != "ABDULLAH" {
			return stem + e.written
		}
	}
	return text
}

// joinServant writes ABD AL RAHMAN, ABDUL RAHMAN, ABDURRAHMAN and ABDELRAHMAN as one word, so
// that the article's spelling and the spaces do not count.
func joinServant(words []word) []word {
	joined := words[:0]
	for i := 0; i < len(words); {
		w := words[i]
		n := 1
		if servantHeads[w.text] {
			next := i + 1
			if next+1 < len(words) && articles[words[next].text] {
				next++
			}
			if next < len(words) && len(words[next].text) > 2 {
				w = words[next]
				w.text = servant(w.text)
				n = next + 1 - i
			}
		} else {
			w.text = splitServant(w.text)
		}
		joined = append(joined, w)
		i += n
	}
	return joined
}

var servantHeads = map[string]bool{
	"ABD": true, "ABDUL": true, "ABDEL": true, "ABDAL": true, "ABDOUL": true, "ABDOL": true, "ABDIL": true, "ABDU": true,
	"ABDUR": true, "ABDUS": true, "ABDER": true, "ABDES": true, "ABDEN": true, "ABDUN": true, "ABDAR": true, "EBD": true,
	"ABDOR": true, "ABDOS": true, "ABDIR": true, "ABDULL": true, "ABDOULE": true,
}

// servant writes "servant of" a name of God.
func servant(name string) string {
	switch name {
	case "ALLAH", "LLAH", "ULLAH", "ALLA", "ELLAH", "LAH", "LLA", "LAHI", "ALLH":
		return "ABDULLAH"
	}
	if len(name) > maxLetters-len("ABDUL") {
		name = name[:maxLetters-len("ABDUL")]
	}
	return "ABDUL" + name
}

// splitServant does the same to a word that is already one.
func splitServant(text string) string {
	switch text {
	case "ABDULLAH", "ABDALLAH", "ABDULLA", "ABDALLA", "ABDELLAH", "ABDOLLAH", "ABDOULLAH", "ABDULAH", "ABDALAH", "ABDOULAYE", "ABDILLAH", "ABDELLA", "ABDULLAHI", "ABDULAHI", "ABDULLOH":
		return "ABDULLAH"
	}
	rest, ok := strings.CutPrefix(text, "ABD")
	if !ok || len(rest) < 5 || !isVowel(rest[0]) {
		return text
	}
	rest = strings.TrimPrefix(rest, "O") // ABDOUL
	if !isVowel(rest[0]) {
		rest = "O" + rest
	}
	rest = rest[1:]
	switch {
	case rest[0] == 'L' && len(rest) > 3:
		return servant(rest[1:])
	case len(rest) > 4 && rest[0] == rest[1]:
		return servant(rest[1:])
	case len(rest) > 4 && strings.IndexByte("RSZNDTKQ", rest[0]) >= 0:
		return servant(rest)
	}
	return text
}
