package office

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/release"
	"boothd/sync/drill"
	"boothd/sync/exchange"
)

// The limits of what a request may say.
const (
	maxBody  = 32 << 10 // bytes
	maxGrant = 16 << 10 // bytes of a signed grant
	maxText  = 256      // bytes of a line
	maxWhy   = 1000     // bytes of a reason
	maxName  = 64       // bytes of the name of a system or profile
	maxRange = 400 * 24 * time.Hour
)

// body is what a request says, as JSON of a program or as a form of a page.
type body interface {
	fill(form url.Values, where *time.Location)
	check() error
}

// read reads the request's body and checks it.
func (c *call) read(b body) error {
	want := "application/x-www-form-urlencoded"
	if c.isAPI() {
		want = "application/json"
	}
	if kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || kind != want {
		return newProblem(http.StatusUnsupportedMediaType, "media-type", "The request is not of the type that is taken here.", "Send it as "+want+".")
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, "too-large", "The request is too large.", fmt.Sprintf("Send no more than %d KiB.", maxBody>>10))
	}
	if err != nil {
		return errBody("The request was cut off.")
	}
	if c.isAPI() {
		return fromJSON(data, b)
	}
	return fromForm(data, c.o.opt.Where, b)
}

func fromJSON(data []byte, b body) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(b); err != nil {
		return errBody("The body is not one JSON object with the keys of the OpenAPI document.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errBody("The body is more than one JSON object.")
	}
	return b.check()
}

func fromForm(data []byte, where *time.Location, b body) error {
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return errBody("The form cannot be read.")
	}
	b.fill(form, where)
	return b.check()
}

// isLine reports whether the text is one printable line of at most max bytes; it may be
// empty.
func isLine(text string, max int) bool {
	return len(text) <= max && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// isText is isLine for what may have several lines and must not be empty.
func isText(text string, max int) bool {
	odd := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }
	return strings.TrimSpace(text) != "" && len(text) <= max && utf8.ValidString(text) && !strings.ContainsFunc(text, odd)
}

type profileBody struct {
	Profile string
}

func (b *profileBody) fill(f url.Values, _ *time.Location) { b.Profile = f.Get("profile") }

func (b *profileBody) check() error {
	if b.Profile == "" || !isLine(b.Profile, maxName) {
		return errBody("No profile is named.")
	}
	return nil
}

type drillBody struct {
	Booth   string `json:"booth"`
	Target  string `json:"target"`
	Minutes int    `json:"minutes"`
}

func (b *drillBody) fill(f url.Values, _ *time.Location) {
	b.Booth, b.Target = f.Get("booth"), f.Get("target")
	b.Minutes, _ = strconv.Atoi(f.Get("minutes")) // 0 is refused
}

func (b *drillBody) check() error {
	switch {
	case !idPattern.MatchString(b.Booth):
		return errBody("No booth is named.")
	case !isTarget(b.Target):
		return errBody("Neither the line nor a system is named.")
	case b.Minutes < 1 || b.Minutes > drill.MaxMinutes:
		return errBody(fmt.Sprintf("A drill takes 1 to %d minutes.", drill.MaxMinutes))
	}
	return nil
}

func isTarget(name string) bool { return name != "" && isLine(name, maxName) }

type verifyBody struct {
	Colour capture.LinkColour `json:"colour"`
	Why    string             `json:"why"`
}

func (b *verifyBody) fill(f url.Values, _ *time.Location) {
	b.Colour, b.Why = capture.LinkColour(f.Get("colour")), f.Get("why")
}

func (b *verifyBody) check() error {
	if !b.Colour.Valid() || b.Colour == capture.LinkYellow {
		return errBody("A link is verified as white, green or red.")
	}
	if !isText(b.Why, maxWhy) {
		return errBody("The reason is missing or too long.")
	}
	return nil
}

// personBody is whom a case is about. Personal data.
type personBody struct {
	DocumentNumber string `json:"document_number,omitempty"`
	Issuer         string `json:"issuer,omitempty"`
	Surname        string `json:"surname,omitempty"`
	GivenNames     string `json:"given_names,omitempty"`
	BirthDate      string `json:"birth_date,omitempty"`
	Sex            string `json:"sex,omitempty"`
	Nationality    string `json:"nationality,omitempty"`
}

type caseBody struct {
	Aim     identity.Aim     `json:"aim"`
	Offence identity.Offence `json:"offence"`
	File    string           `json:"file"`
	// Named says by what the grants name the person: "document" or "name".
	Named  string     `json:"named"`
	Person personBody `json:"person"`
}

// What grants can name a person by.
const (
	namedByDocument = "document"
	namedByName     = "name"
)

func (b *caseBody) fill(f url.Values, _ *time.Location) {
	b.Aim, b.Offence, b.File = identity.Aim(f.Get("aim")), identity.Offence(f.Get("offence")), strings.TrimSpace(f.Get("file"))
	b.Named = f.Get("named")
	b.Person = personBody{
		DocumentNumber: strings.TrimSpace(f.Get("document_number")), Issuer: strings.ToUpper(strings.TrimSpace(f.Get("issuer"))),
		Surname: strings.TrimSpace(f.Get("surname")), GivenNames: strings.TrimSpace(f.Get("given_names")),
		BirthDate: strings.TrimSpace(f.Get("birth_date")), Sex: f.Get("sex"), Nationality: strings.ToUpper(strings.TrimSpace(f.Get("nationality"))),
	}
}

func (b *caseBody) check() error {
	p := &b.Person
	switch {
	case b.Aim != identity.AimPrevention && b.Aim != identity.AimDetection && b.Aim != identity.AimInvestigation:
		return errBody("The purpose is missing: prevention, detection or investigation.")
	case b.Offence != identity.OffenceTerrorist && b.Offence != identity.OffenceSerious:
		return errBody("The offence is missing: terrorist or other serious.")
	case strings.TrimSpace(b.File) == "" || !isLine(b.File, maxText):
		return errBody("The reference of the case file is missing or too long.")
	case b.Named == namedByDocument && (p.DocumentNumber == "" || p.Issuer == ""):
		return errBody("Number and issuing state of the document are missing, by which the authorisation will name the person.")
	case b.Named == namedByName && (p.Surname == "" || p.BirthDate == ""):
		return errBody("Surname and birth date are missing, by which the authorisation will name the person.")
	case b.Named != namedByDocument && b.Named != namedByName:
		return errBody("It is not said by what the authorisation will name the person.")
	}
	for _, text := range []string{p.DocumentNumber, p.Issuer, p.Surname, p.GivenNames, p.BirthDate, p.Sex, p.Nationality} {
		if !isLine(text, maxText) {
			return errBody("What is said of the person is too long or holds characters that do not print.")
		}
	}
	return nil
}

type accessBody struct {
	System string `json:"system"`
	Grant  string `json:"grant"`
}

func (b *accessBody) fill(f url.Values, _ *time.Location) {
	b.System, b.Grant = f.Get("system"), strings.TrimSpace(f.Get("grant"))
}

func (b *accessBody) check() error {
	if !isTarget(b.System) {
		return errBody("No system is named.")
	}
	if !isLine(b.Grant, maxGrant) {
		return errBody("This is no authorisation.")
	}
	return nil
}

type declineBody struct {
	System string `json:"system"`
	Reason string `json:"reason"`
}

func (b *declineBody) fill(f url.Values, _ *time.Location) {
	b.System, b.Reason = f.Get("system"), f.Get("reason")
}

func (b *declineBody) check() error {
	if !isTarget(b.System) {
		return errBody("No system is named.")
	}
	if !isText(b.Reason, maxWhy) {
		return errBody("The reason is missing or too long.")
	}
	return nil
}

type exportBody struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Recipient string    `json:"recipient"`
}

// formTime is how browsers send a datetime-local.
const formTime = "2006-01-02T15:04"

func (b *exportBody) fill(f url.Values, where *time.Location) {
	b.From, _ = time.ParseInLocation(formTime, f.Get("from"), where) // no time is refused
	b.To, _ = time.ParseInLocation(formTime, f.Get("to"), where)
	b.Recipient = strings.TrimSpace(f.Get("recipient"))
}

func (b *exportBody) check() error {
	if !isRange(b.From, b.To) {
		return errBody("The end is not after the beginning, or the time is longer than 400 days.")
	}
	if b.Recipient == "" || !isLine(b.Recipient, maxText) {
		return errBody("It is not said for whom the export is.")
	}
	return nil
}

func isRange(from, to time.Time) bool {
	inEra := func(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2200 }
	return inEra(from) && inEra(to) && to.After(from) && to.Sub(from) <= maxRange
}

// proofBody is an entry that somebody vouches for, such as the last one of an export; none
// if both are empty.
type proofBody struct {
	Seq  uint64 `json:"seq,omitempty"`
	Hash string `json:"hash,omitempty"`
}

func (b *proofBody) fill(f url.Values, _ *time.Location) {
	b.Hash = strings.ToLower(strings.TrimSpace(f.Get("hash")))
	text := strings.TrimSpace(f.Get("seq"))
	seq, err := strconv.ParseUint(text, 10, 63)
	if err != nil && text != "" {
		b.Hash = "-" // refused
	}
	b.Seq = seq
}

func (b *proofBody) check() error {
	sum, err := hex.DecodeString(b.Hash)
	if b.Seq == 0 && b.Hash == "" {
		return nil
	}
	if b.Seq == 0 || b.Seq > 1<<62 || err != nil || len(sum) != 32 {
		return errBody("A vouched-for entry has a number and a hash of 64 hexadecimal digits.")
	}
	return nil
}

func (b *proofBody) anchors() []chain.Anchor {
	if b.Seq == 0 {
		return nil
	}
	return []chain.Anchor{{Seq: b.Seq, Hash: b.Hash}}
}

type releaseBody struct {
	System     string             `json:"system"`
	Entry      string             `json:"entry"`
	Kind       exchange.Recipient `json:"kind"`
	To         string             `json:"to"`
	Protocol   string             `json:"protocol,omitempty"`
	Purpose    string             `json:"purpose"`
	LegalBasis string             `json:"legal_basis"`
	Fields     []release.Field    `json:"fields"`
	Grant      string             `json:"grant,omitempty"`
}

func (b *releaseBody) fill(f url.Values, _ *time.Location) {
	line := func(name string) string { return strings.TrimSpace(f.Get(name)) }
	b.System, b.Entry, b.Kind, b.To = f.Get("system"), line("entry"), exchange.Recipient(f.Get("kind")), line("to")
	b.Protocol, b.Purpose, b.LegalBasis, b.Grant = line("protocol"), line("purpose"), line("legal_basis"), line("grant")
	for _, name := range f["field"] {
		b.Fields = append(b.Fields, release.Field(name))
	}
}

func (b *releaseBody) check() error {
	for _, text := range []string{b.System, b.Entry, b.To, b.Protocol, b.Purpose, b.LegalBasis, string(b.Kind)} {
		if !isLine(text, maxText) {
			return errBody("A line is too long or holds characters that do not print.")
		}
	}
	known := func(f release.Field) bool { return slices.Contains(release.All(), f) }
	switch {
	case b.System == "" || b.Entry == "":
		return errBody("System or entry is missing.")
	case len(b.Fields) == 0 || len(b.Fields) > len(release.All()) || slices.ContainsFunc(b.Fields, func(f release.Field) bool { return !known(f) }):
		return errBody("No field is asked for, or one that there is not.")
	case !isLine(b.Grant, maxGrant):
		return errBody("This is no authorisation.")
	}
	return nil
}
