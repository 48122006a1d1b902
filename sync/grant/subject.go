package grant

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
)

// SubjectOf names the person to whom a travel document belongs: the SHA-256, hexadecimal,
// of its number and issuer (a code of ICAO 9303-3 §5) as they stand in a machine-readable
// zone. It is empty, which is nobody, if the document has no number or no issuer.
func SubjectOf(documentNumber, issuer string) string {
	number, by := numbers.Normal(documentNumber), numbers.Issuer(numbers.Normal(issuer))
	if number == "" || by == "" {
		return ""
	}
	return digest("document", number, by)
}

// datePattern is a birth date of which the month or the day may be unknown.
var datePattern = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$`)

// SubjectOfPerson names a person by name and birth date ("2006-01-02", "2006-01" or
// "2006"), where there is no document. Names that fold alike are one (gallery.FoldTokens):
// case, marks, separators and the order of several given names do not count, and Müller,
// Mueller and Muller are the same. It is empty, which is nobody, without a surname or a
// birth date, or if a name is not written in Latin letters.
func SubjectOfPerson(surname, givenNames, birthDate string) string {
	last, ok := gallery.NameTokens(surname)
	if !ok || !datePattern.MatchString(birthDate) {
		return ""
	}
	first, ok := gallery.NameTokens(givenNames)
	if !ok && strings.TrimSpace(givenNames) != "" {
		return ""
	}
	return digest("person", gallery.FoldTokens(last), gallery.FoldTokens(first), birthDate)
}

// digest hashes the parts, none of which holds a zero byte.
func digest(parts ...string) string {
	h := sha256.Sum256([]byte("boothd subject\x00" + strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:])
}
