package watchlist

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
)

// ImportOptions say how persons become entries.
type ImportOptions struct {
	In       io.Reader // JSON Lines of persons, see Import
	Out      io.Writer // JSON Lines of gallery.Entry
	Category string    // of every entry
	Action   string    // of every entry
	Weak     bool      // take weak aliases too
}

// Imported tells what Import did.
type Imported struct {
	Entries       int `json:"entries"`
	Renamed       int `json:"renamed"`       // ids that several persons had
	Repeated      int `json:"repeated"`      // persons left out because they are there already
	Nationalities int `json:"nationalities"` // texts left out because no country was recognised
	Documents     int `json:"documents"`     // texts left out because no number was recognised
	BirthDates    int `json:"birth_dates"`   // texts left out because there is no such date
}

// Import turns published lists of persons into entries. Each line of the input is an object
// with the fields
//
//	src, id    the publisher's list and its id for the person; together the entry's id
//	name       the main name, any order and script
//	aliases    further names; orig: names in their own script; weak: names of little worth
//	dob        birth dates as 2006-01-02, 2006-01 or 2006
//	nat        nationalities in words: countries and demonyms in English
//	passport   document numbers in words: "1084010", "Libyan passport No. 513519"
//	gender     "male", "female" or something else
//
// Other fields are passed over. Where several persons have one id, each gets a part of its
// content's hash added. What is no country, document number or date is left out and
// counted, not guessed. Any other fault ends the import, naming line and field.
func Import(o ImportOptions) (Imported, error) {
	var done Imported
	countries := parseCountries(countriesText)
	var entries []*gallery.Entry
	uses := map[string]int{}
	for p, err := range gallery.ReadLines(o.In, false, func(p *person) error { return p.convert(&o, countries) }) {
		if err != nil {
			return done, fmt.Errorf("import persons: %w", err)
		}
		if len(entries) == gallery.MaxEntries {
			return done, fmt.Errorf("import persons: more than %d", gallery.MaxEntries)
		}
		done.Nationalities += p.noCountry
		done.Documents += p.noNumber
		done.BirthDates += p.noDate
		uses[p.entry.ID]++
		entries = append(entries, &p.entry)
	}
	w := bufio.NewWriter(o.Out)
	written := map[string]bool{}
	for _, e := range entries {
		b, err := json.Marshal(e)
		if err == nil && uses[e.ID] > 1 {
			h := sha256.Sum256(b)
			e.ID += "~" + hex.EncodeToString(h[:4])
			done.Renamed++
			b, err = json.Marshal(e)
		}
		if err != nil {
			return done, err
		}
		if written[e.ID] {
			done.Repeated++
			continue
		}
		written[e.ID] = true
		done.Entries++
		if _, err := w.Write(append(b, '\n')); err != nil {
			return done, err
		}
	}
	return done, w.Flush()
}

// person is one line of the input.
type person struct {
	Source   string   `json:"src"`
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Aliases  []string `json:"aliases"`
	Weak     []string `json:"weak"`
	Original []string `json:"orig"`
	Born     []string `json:"dob"`
	Nations  []string `json:"nat"`
	Passport []string `json:"passport"`
	Gender   string   `json:"gender"`

	entry                       gallery.Entry
	noCountry, noNumber, noDate int
}

// LogValue keeps the person out of logs.
func (p *person) LogValue() slog.Value { return slog.StringValue("person") }

// convert makes the entry and validates it.
func (p *person) convert(o *ImportOptions, c countries) error {
	if p.Source == "" || p.ID == "" {
		return &gallery.FieldError{Field: "src or id", Reason: "missing"}
	}
	const hashRoom = 9
	e := gallery.Entry{
		ID: p.Source + ":" + p.ID, Category: o.Category, Action: o.Action,
	}
	if len(e.ID) > gallery.MaxID-hashRoom {
		return &gallery.FieldError{Field: "src and id", Reason: fmt.Sprintf("longer than %d bytes", gallery.MaxID-hashRoom)}
	}
	names := append(append([]string{p.Name}, p.Aliases...), p.Original...)
	if o.Weak {
		names = append(names, p.Weak...)
	}
	e.Names = distinct(names)
	for _, date := range distinct(p.Born) {
		if !gallery.ValidBirthDate(date) {
			p.noDate++
			continue
		}
		e.BirthDates = append(e.BirthDates, date)
	}
	for _, text := range p.Nations {
		codes := c.in(text)
		if len(codes) == 0 {
			p.noCountry++
		}
		e.Nationalities = append(e.Nationalities, codes...)
	}
	e.Nationalities = distinct(e.Nationalities)
	for _, text := range p.Passport {
		d, ok := documentIn(text, c)
		if !ok {
			p.noNumber++
			continue
		}
		if !slices.Contains(e.Documents, d) {
			e.Documents = append(e.Documents, d)
		}
	}
	switch strings.ToLower(strings.Trim(p.Gender, " .")) {
	case "male":
		e.Sex = "M"
	case "female":
		e.Sex = "F"
	}
	p.entry = e
	return e.Validate()
}

// distinct returns the texts with single blanks between their words, without control
// characters, empty texts and repetitions.
func distinct(all []string) []string {
	var kept []string
	for _, s := range all {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// The length of what is taken for a passport's number.
const (
	minNumber = 4
	maxNumber = 14
)

// documentIn finds a passport's number in a text, and its issuer if a country is named: the
// number begins at the first word with a digit, or at a word of up to three capitals
// before it, and goes on while words have digits.
func documentIn(text string, c countries) (gallery.DocumentNumber, bool) {
	var words []string
	for _, w := range strings.FieldsFunc(withoutBrackets(text), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:", r) }) {
		switch {
		case strings.ContainsFunc(w, isDigit):
			if n := len(words); n > 0 && !isSeries(words[n-1]) && !strings.ContainsFunc(words[n-1], isDigit) {
				words = words[:0]
			}
			words = append(words, withoutNo(w))
		case len(words) > 0 && strings.ContainsFunc(words[len(words)-1], isDigit):
			if !isNo(w) {
				return document(words, text, c)
			}
		default:
			words = append(words[:0], w)
		}
	}
	return document(words, text, c)
}

func document(words []string, text string, c countries) (gallery.DocumentNumber, bool) {
	number := numbers.Normal(strings.Join(words, ""))
	if len(number) < minNumber || len(number) > maxNumber || !strings.ContainsFunc(number, isDigit) {
		return gallery.DocumentNumber{}, false
	}
	d := gallery.DocumentNumber{Number: number, Type: "P"}
	if codes := c.in(text); len(codes) == 1 {
		d.Issuer = codes[0]
	}
	return d, true
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isSeries reports whether a word may be the letters before a number: "SA 0020249".
func isSeries(w string) bool {
	return len(w) <= 3 && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func isNo(w string) bool { return strings.EqualFold(strings.Trim(w, ".°"), "no") }

// withoutNo drops "No" from "No34409".
func withoutNo(w string) string {
	for _, prefix := range []string{"No.", "No", "N°"} {
		if rest, ok := strings.CutPrefix(w, prefix); ok {
			return rest
		}
	}
	return w
}

func withoutBrackets(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

//go:embed nationalities.txt
var countriesText string

// countries maps what a country or its people are called, as words in capitals, to the code
// of ICAO 9303-3 §5.
type countries map[string]string

// longestCountry is how many words the longest of the names has.
const longestCountry = 9

func parseCountries(text string) countries {
	c := countries{}
	for line := range strings.Lines(text) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, name := range strings.Split(names, ",") {
			if tokens, ok := gallery.NameTokens(name); ok {
				c[strings.Join(tokens, " ")] = code
			}
		}
	}
	return c
}

// in returns the codes of the countries that a text names, each once.
func (c countries) in(text string) []string {
	tokens, _ := gallery.NameTokens(text)
	var codes []string
	for i := 0; i < len(tokens); {
		n := 1
		for k := min(longestCountry, len(tokens)-i); k > 0; k-- {
			code, ok := c[strings.Join(tokens[i:i+k], " ")]
			if !ok {
				continue
			}
			if !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
			n = k
			break
		}
		i += n
	}
	return codes
}
