package identity

import (
	"log/slog"
	"slices"
	"strings"

	"boothd/capture"
)

// Record is what is known of one entry of a system, as far as links depend on it. Personal
// data.
type Record struct {
	Member
	Identity
	Documents  []Document
	Biometrics []Biometric
}

// LogValue keeps the person out of logs.
func (r Record) LogValue() slog.Value { return slog.StringValue("record of " + r.System) }

// key is the entry alone.
func (r Record) key() Member { return Member{System: r.System, Entry: r.Entry} }

// Judge says which link two records make by themselves, and on what grounds; the colour is
// empty if they make none.
//
//   - The same identity in two systems is white, unless biometric data contradict it.
//   - Contradicted, or merely similar, it is yellow: a person must look.
//   - Different identities are yellow if they share biometric data or a travel document.
//   - Entries of one system make no link.
//
// Nothing is ever red or green by itself. The identity is the same if name, whole birth
// date, nationality and sex agree. It is similar if the names are alike and the birth dates
// do not contradict each other from the year on, or only have day and month in the other
// order. Names are alike up to their order and the legal forms of their letters.
//
// Biometric data contradict each other if both have some of one kind and none of it is the
// same.
func Judge(a, b Record) (colour capture.LinkColour, grounds string) {
	if a.System == b.System {
		return "", ""
	}
	identity := compareIdentity(a.Identity, b.Identity)
	shared, contradicts := compareBiometrics(a.Biometrics, b.Biometrics)
	document := shareDocument(a.Documents, b.Documents)
	switch {
	case identity == identitySame && !contradicts:
		colour = capture.LinkWhite
	case identity != identityDiffers || shared || document:
		colour = capture.LinkYellow
	default:
		return "", ""
	}
	return colour, groundsOf(identity, shared, contradicts, document)
}

// identityGrade is how well two identities agree, in words.
type identityGrade string

const (
	identitySame    identityGrade = "same identity"
	identitySimilar identityGrade = "similar identity"
	identityDiffers identityGrade = "different identity"
)

// groundsOf puts into words what was compared. Links keep it, so the words stay as they are.
func groundsOf(identity identityGrade, shared, contradicts, document bool) string {
	words := []string{string(identity)}
	switch {
	case shared && contradicts:
		words = append(words, "biometric data the same in part")
	case shared:
		words = append(words, "same biometric data")
	case contradicts:
		words = append(words, "different biometric data")
	default:
		words = append(words, "biometric data not comparable")
	}
	if document {
		words = append(words, "same travel document")
	}
	return strings.Join(words, ", ")
}

func compareIdentity(a, b Identity) identityGrade {
	name := a.nameKey()
	whole := len(a.BirthDate) == len("2006-01-02")
	switch {
	case name == "" || name != b.nameKey() || !datesAlike(a.BirthDate, b.BirthDate):
		return identityDiffers
	case whole && a.BirthDate == b.BirthDate && a.Sex == b.Sex && a.Nationality == b.Nationality && a.Nationality != "":
		return identitySame
	}
	return identitySimilar
}

// datesAlike reports whether the birth dates agree as far as both are known, at least in the
// year, or have day and month in the other order.
func datesAlike(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < len("2006") {
		return false
	}
	if strings.HasPrefix(b, a) {
		return true
	}
	return len(a) == len("2006-01-02") && len(b) == len(a) && a[:4] == b[:4] && a[5:7] == b[8:] && a[8:] == b[5:7]
}

// compareBiometrics reports whether some biometric data are the same, and whether some kind
// that both have contradicts it.
func compareBiometrics(a, b []Biometric) (shared, contradicts bool) {
	for _, kind := range []capture.Modality{capture.ModalityFinger, capture.ModalityFace} {
		ofKind := func(x Biometric) bool { return x.Kind == kind }
		both := slices.ContainsFunc(a, ofKind) && slices.ContainsFunc(b, ofKind)
		same := slices.ContainsFunc(a, func(x Biometric) bool { return ofKind(x) && slices.Contains(b, x) })
		shared = shared || same
		contradicts = contradicts || both && !same
	}
	return shared, contradicts
}

// shareDocument reports whether a document of known number and issuer is in both.
func shareDocument(a, b []Document) bool {
	return slices.ContainsFunc(a, func(x Document) bool {
		x = x.normal()
		return x.Number != "" && x.Issuer != "" && slices.ContainsFunc(b, func(y Document) bool {
			y = y.normal()
			return y.Number == x.Number && y.Issuer == x.Issuer
		})
	})
}
