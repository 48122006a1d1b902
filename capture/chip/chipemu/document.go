package chipemu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"boothd/capture/chip/lds"
)

// ErrDocument is matched if a document cannot be personalised as it is described.
var ErrDocument = errors.New("document cannot be issued")

// Document is the personalisation of a chip. What is absent the chip does not have.
type Document struct {
	// MRZ are the lines of the machine-readable zone, as printed: two of 44 or 36
	// characters, or three of 30.
	MRZ []string `json:"mrz"`
	// CAN is the card access number, six digits; "" is none.
	CAN string `json:"can,omitempty"`
	// Issued is the date of issue, YYYY-MM-DD. The security object is signed on it.
	Issued string `json:"issued"`
	// LDS is the version of the logical data structure: "0107" or "0108"; "" is the first.
	LDS string `json:"lds,omitempty"`
	// Hash is the hash function of the security object: "SHA-1", "SHA-224", "SHA-256",
	// "SHA-384", "SHA-512"; "" is SHA-256.
	Hash string `json:"hash,omitempty"`

	Portrait Portrait    `json:"portrait"`
	Person   *lds.Person `json:"person,omitempty"` // DG11
	Issue    *lds.Issue  `json:"issue,omitempty"`  // DG12
	// Fingers (DG3) and Irises (DG4) are guarded by Terminal Authentication.
	Fingers *lds.Fingers `json:"fingers,omitempty"`
	Irises  *lds.Irises  `json:"irises,omitempty"`
	// Optional is the content of DG13, of the issuer's choice.
	Optional []byte `json:"optional,omitempty"`

	Access   Access    `json:"access"`
	Chip     []Agree   `json:"chip_authentication,omitempty"`
	Active   *Active   `json:"active_authentication,omitempty"`
	Terminal *Terminal `json:"terminal_authentication,omitempty"`
	Quirks   Quirks    `json:"quirks"`
}

// LogValue keeps the holder out of logs.
func (Document) LogValue() slog.Value { return slog.StringValue("emulated document") }

// Portrait is the holder's picture in DG2.
type Portrait struct {
	// Data is a picture in JPEG, JP2 or a JPEG 2000 codestream; none leaves DG2 out.
	Data []byte `json:"data,omitempty"`
	// Size is the least length in bytes that the picture is padded to, up to 1,000,000, by
	// what decoders skip.
	Size int `json:"size,omitempty"`
	// Modern writes DG2 by ISO/IEC 39794-5, as from 2026 on, in place of 19794-5.
	Modern bool `json:"modern,omitempty"`
}

// Access says what opens the chip. Nothing makes it a chip that anybody may read.
type Access struct {
	BAC  bool   `json:"bac,omitempty"`
	PACE []PACE `json:"pace,omitempty"`
	// Tries is the number of wrong card access numbers after which the chip takes none any
	// more; 0 is no limit. ICAO 9303-11 has none, some national cards do.
	Tries int `json:"tries,omitempty"`
}

// PACE is one way to do PACE.
type PACE struct {
	// Protocol is agreement, mapping and cipher: "ECDH-GM-AES-128", "DH-IM-3DES",
	// "ECDH-CAM-AES-256".
	Protocol string `json:"protocol"`
	// Parameters is the identifier of the standardised domain parameters (ICAO 9303-11
	// §9.5.1).
	Parameters int `json:"parameters"`
}

// Agree is one way to do Chip Authentication.
type Agree struct {
	// Protocol is agreement and cipher: "ECDH-AES-128", "DH-3DES".
	Protocol string `json:"protocol"`
	// Parameters is the identifier of the standardised domain parameters.
	Parameters int `json:"parameters"`
	// Version is 1 (0 means 1) or 2.
	Version int `json:"version,omitempty"`
	// KeyID names the key; nil is no name.
	KeyID *int `json:"key_id,omitempty"`
	// Named writes the parameters' identifier in place of the curve's numbers, which ICAO
	// 9303-11 wants.
	Named bool `json:"named,omitempty"`
	// KeyOnly leaves the protocol out of DG14, as the oldest chips do.
	KeyOnly bool `json:"key_only,omitempty"`
}

// Active is the key of Active Authentication: RSA or a curve.
type Active struct {
	Bits  int    `json:"bits,omitempty"`  // of an RSA modulus, 1024 to 4096 in eights
	Curve int    `json:"curve,omitempty"` // identifier of standardised domain parameters
	Hash  string `json:"hash,omitempty"`  // "" is SHA-256
	// DER writes ECDSA signatures in DER, as some national cards do.
	DER bool `json:"der,omitempty"`
	// Smaller gives the smaller one of an RSA signature and its negative, which ISO/IEC 9796-2
	// lets a signer do and few chips do.
	Smaller bool `json:"smaller,omitempty"`
}

// Terminal is who may read DG3 and DG4.
type Terminal struct {
	// Version is 1 (0 means 1) or 2.
	Version int `json:"version,omitempty"`
	// Roots are the certificates of the CVCA's keys that the chip knows, the newest first:
	// one or two.
	Roots [][]byte `json:"roots"`
	// Today is the chip's notion of the date at first, YYYY-MM-DD; "" is the date of issue.
	Today string `json:"today,omitempty"`
}

// Quirks are peculiarities of chips in the field.
type Quirks struct {
	// Extended is the most bytes of a command and of an answer in extended length; 0 is a
	// chip with the short form only.
	Extended int `json:"extended,omitempty"`
	// SilentExtended leaves EF.ATR/INFO out although the chip has extended length.
	SilentExtended bool `json:"silent_extended,omitempty"`
	// NoShortID refuses to read by short file identifier.
	NoShortID bool `json:"no_short_id,omitempty"`
	// NoLongOffset refuses READ BINARY with the odd instruction.
	NoLongOffset bool `json:"no_long_offset,omitempty"`
	// NoLe refuses SELECT and MANAGE SECURITY ENVIRONMENT that expect an answer.
	NoLe bool `json:"no_le,omitempty"`
	// WarnsAtEnd answers every READ BINARY that reaches the end of the file with 6282.
	WarnsAtEnd bool `json:"warns_at_end,omitempty"`
	// LostAfterError ends the session with every answer that is an error; the next command
	// gets 6988.
	LostAfterError bool `json:"lost_after_error,omitempty"`
	// AgreeByAT has Chip Authentication with 3DES by MSE:Set AT in place of MSE:Set KAT.
	AgreeByAT bool `json:"agree_by_at,omitempty"`
	// NoCommon leaves EF.COM out.
	NoCommon bool `json:"no_common,omitempty"`
	// ControlOnly refuses SELECT that asks for no control information.
	ControlOnly bool `json:"control_only,omitempty"`
	// MostAsked is the most bytes that one READ BINARY within a session may ask for; 0 is any
	// number.
	MostAsked int `json:"most_asked,omitempty"`
	// MostRead is the most bytes that one READ BINARY yields; 0 is as many as fit.
	MostRead int `json:"most_read,omitempty"`
}

// maxDocument is the most bytes of a document or of an issued chip in JSON.
const maxDocument = 16 << 20

// ReadDocument reads a document in JSON. Unknown keys are refused.
func ReadDocument(r io.Reader) (Document, error) {
	var d Document
	if err := decode(r, &d); err != nil {
		return Document{}, fmt.Errorf("read document: %w", err)
	}
	return d, nil
}

func decode(r io.Reader, into any) error {
	limited := &io.LimitedReader{R: r, N: maxDocument}
	decoder := json.NewDecoder(limited)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value, or too long")
	}
	return nil
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDocument}, args...)...)
}

// date reads YYYY-MM-DD.
func date(what, text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, wrong("%s: want YYYY-MM-DD", what)
	}
	return t, nil
}

// check finds what the other steps of issuing would not.
func (d *Document) check() error {
	if _, err := d.zone(); err != nil {
		return err
	}
	if d.CAN != "" && (len(d.CAN) != 6 || strings.Trim(d.CAN, "0123456789") != "") {
		return wrong("card access number: want six digits")
	}
	if _, err := date("date of issue", d.Issued); err != nil {
		return err
	}
	if d.Portrait.Size < 0 || d.Portrait.Size > 1_000_000 {
		return wrong("portrait of %d bytes, want at most 1000000", d.Portrait.Size)
	}
	if e := d.Quirks.Extended; e != 0 && (e < 512 || e > 65535) {
		return wrong("extended length of %d bytes, want 512 to 65535", e)
	}
	if (d.Fingers != nil || d.Irises != nil) && d.Terminal == nil {
		return wrong("fingers or irises without terminal authentication")
	}
	if d.Terminal != nil && len(d.Chip) == 0 {
		return wrong("terminal authentication without chip authentication")
	}
	return nil
}
