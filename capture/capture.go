// Package capture holds the vocabulary of a check and collects its evidence from the
// devices.
//
// A check is one traveller's inspection. Evidence is what was captured of the traveller;
// each piece is asked about the moment it arrives. An answer is one system's reply about
// one piece of evidence; a finding is one entry that matched. The policy recommends an
// outcome; the officer decides, which is the disposition. The finished check is a record.
package capture

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"boothd/capture/mrz"
	"boothd/devices"
)

// Modality is the kind of a piece of evidence.
type Modality string

// The modalities.
const (
	ModalityDocument Modality = "document"
	ModalityFinger   Modality = "finger"
	ModalityFace     Modality = "face"
	// ModalityChip is the document's chip: evidence about the document, of which no system is asked.
	ModalityChip Modality = "chip"
)

// Evidence is one thing that was captured: exactly one of Document, Finger, Face and Chip is set.
type Evidence struct {
	ID       string       `json:"id"` // unique within the check: "document-1"
	At       time.Time    `json:"at"`
	Device   devices.Info `json:"device"`
	By       string       `json:"by,omitempty"` // the officer who added it by hand
	Document *Document    `json:"document,omitempty"`
	Finger   *Finger      `json:"finger,omitempty"`
	Face     *Face        `json:"face,omitempty"`
	Chip     *Chip        `json:"chip,omitempty"`
}

// Modality tells which of the parts is set.
func (e *Evidence) Modality() Modality {
	switch {
	case e.Document != nil:
		return ModalityDocument
	case e.Finger != nil:
		return ModalityFinger
	case e.Chip != nil:
		return ModalityChip
	}
	return ModalityFace
}

// PictureSize is how many bytes its picture takes.
func (e *Evidence) PictureSize() int {
	switch {
	case e.Finger != nil:
		return len(e.Finger.PNG)
	case e.Face != nil:
		return len(e.Face.JPEG)
	case e.Chip != nil && e.Chip.Portrait != nil:
		return len(e.Chip.Portrait.JPEG)
	}
	return 0
}

// LogValue keeps the traveller out of logs.
func (e Evidence) LogValue() slog.Value { return slog.StringValue(e.ID) }

// Has reports whether there is evidence of the modality. Of chips it is that of the document that
// may have one and was read last; if none of the documents may, nothing is missing.
func Has(evidence []Evidence, m Modality) bool {
	bearer := ChipBearer(evidence)
	if m == ModalityChip && bearer == nil {
		return LastDocument(evidence) != nil
	}
	return slices.ContainsFunc(evidence, func(e Evidence) bool {
		return e.Modality() == m && (e.Chip == nil || e.Chip.Document == bearer.ID)
	})
}

// LastDocument returns the document that was read last, or nil.
func LastDocument(evidence []Evidence) *Evidence {
	for i := range slices.Backward(evidence) {
		if evidence[i].Document != nil {
			return &evidence[i]
		}
	}
	return nil
}

// LastZone returns the zone of the document that was read last, or nil.
func LastZone(evidence []Evidence) *mrz.Zone {
	if e := LastDocument(evidence); e != nil {
		return &e.Document.Zone
	}
	return nil
}

// Document is a reading of a travel document.
type Document struct {
	Zone mrz.Zone `json:"zone"`
	// CAN is the card access number, six digits, if an officer has typed it. It opens the chip,
	// which needs no record.
	CAN string `json:"-"`
}

// Finger is one finger: a picture, or the reason why there is none.
type Finger struct {
	Position FingerPosition `json:"position"`
	Missing  Missing        `json:"missing,omitempty"`
	PNG      []byte         `json:"png,omitempty"` // 8-bit grey
	Width    int            `json:"width,omitempty"`
	Height   int            `json:"height,omitempty"`
	DPI      int            `json:"dpi,omitempty"`
	// Quality is 0 (useless) to 100, of capture/quality; no standard's measure.
	Quality int `json:"quality,omitempty"`
}

// FingerPosition is the finger's code in ISO/IEC 19794-2 table 5: 0 unknown, 1 right
// thumb to 5 right little finger, 6 left thumb to 10 left little finger.
type FingerPosition int

// String names the finger in words.
func (p FingerPosition) String() string {
	names := [...]string{
		"finger", "right thumb", "right index finger", "right middle finger", "right ring finger", "right little finger",
		"left thumb", "left index finger", "left middle finger", "left ring finger", "left little finger",
	}
	if p < 0 || int(p) >= len(names) {
		return "unknown finger"
	}
	return names[p]
}

// Missing says why a finger could not be taken (Regulation (EU) 2017/2226 Art 17).
type Missing string

// The reasons for a missing finger.
const (
	MissingPermanent     Missing = "permanent"      // amputated, worn
	MissingTemporary     Missing = "temporary"      // bandaged, scanner down
	MissingNotApplicable Missing = "not_applicable" // a child under 12
)

// Face is a portrait taken by a camera.
type Face struct {
	JPEG   []byte `json:"jpeg"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Officer is the person who uses the booth, with the profile under which systems are asked.
type Officer struct {
	ID      string  `json:"id"`
	Profile Profile `json:"profile"`
	// Token is the signed token with which the officer signed in, for central; empty if the
	// officer is known to this booth only. It is in no record.
	Token string `json:"-"`
}

// Profile says what an officer may ask, after Regulation (EU) 2019/817 Art 8: a category
// of user and a purpose, and the systems that may be asked with each modality. A system
// that is not named is neither asked nor shown.
type Profile struct {
	Name       string                `json:"name" toml:"name"`
	Category   string                `json:"category" toml:"category"`
	Purpose    string                `json:"purpose" toml:"purpose"`
	LegalBasis string                `json:"legal_basis" toml:"legal_basis"`
	Systems    map[Modality][]string `json:"systems" toml:"systems"`
	// Cleared is set for the roles that see discreet findings. It stays at the booth.
	Cleared bool `json:"-" toml:"cleared"`
	// Verifies is set for the second line of the border authority, which verifies links
	// (Regulation (EU) 2019/817 Art 29). It stays at the booth.
	Verifies bool `json:"-" toml:"verifies"`
}

// May reports whether the profile may ask the system with the modality.
func (p *Profile) May(system string, m Modality) bool {
	for _, s := range p.Systems[m] {
		if s == system {
			return true
		}
	}
	return false
}

// Query is one question to a source: about one piece of evidence, with what is already
// known of the traveller's document.
type Query struct {
	Check    string    `json:"check"` // the check's id
	Booth    string    `json:"booth"`
	Officer  Officer   `json:"officer"`
	Evidence Evidence  `json:"evidence"`
	Zone     *mrz.Zone `json:"zone,omitempty"` // of the document read last; nil if none yet
	At       time.Time `json:"at"`
	// Identify is set if the common identity repository is to say who somebody is.
	Identify *Identification `json:"identify,omitempty"`
	// Grant is a signed authorisation where the law asks for one; empty without.
	Grant string `json:"grant,omitempty"`
	// Only names the systems that are asked, of those that the profile permits; all if it is
	// empty.
	Only []string `json:"-"`
}

// Wants reports whether the question is also for the system, as far as Only tells.
func (q *Query) Wants(system string) bool {
	return len(q.Only) == 0 || slices.Contains(q.Only, system)
}

// LogValue keeps the traveller out of logs.
func (q Query) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("check %s %s", q.Check, q.Evidence.ID))
}
