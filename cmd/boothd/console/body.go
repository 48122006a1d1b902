package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
	"boothd/sync/signin"
)

// The limits of what a request may say.
const (
	maxBody  = 8 << 10 // bytes
	maxLines = 3       // of a machine-readable zone
	maxLine  = 64      // characters of each
	maxWhy   = 500     // characters of a reason

	maxFingers   = 10
	accessDigits = 6 // of a card access number

	maxProfile = 64  // characters of a profile's name
	maxToken   = 512 // characters of a token of this booth
)

type loginBody struct {
	Token string `json:"token"`
}

func (b *loginBody) check() error {
	if b.Token == "" || len(b.Token) > signin.MaxToken {
		return errBody("The token is empty or too long.")
	}
	return nil
}

type profileBody struct {
	Profile string `json:"profile"`
}

func (b *profileBody) check() error {
	if b.Profile == "" || len(b.Profile) > maxProfile {
		return errBody("The profile's name is empty or too long.")
	}
	return nil
}

type zoneBody struct {
	Lines []string `json:"lines"`
}

func (b *zoneBody) check() error {
	if len(b.Lines) == 0 || len(b.Lines) > maxLines {
		return errBody("A machine-readable zone has one to three lines.")
	}
	for _, line := range b.Lines {
		if line == "" || len(line) > maxLine || strings.ContainsFunc(line, notPrintableASCII) {
			return errBody("A line is empty, too long or holds characters other than letters, digits and <.")
		}
	}
	return nil
}

type missingBody struct {
	Reason  capture.Missing          `json:"reason"`
	Fingers []capture.FingerPosition `json:"fingers"` // none: all that are awaited
}

func (b *missingBody) check() error {
	for _, f := range b.Fingers {
		if !isFinger(f) {
			return errBody("A finger must be 1 to 10.")
		}
	}
	if len(b.Fingers) > maxFingers {
		return errBody("There are ten fingers.")
	}
	switch b.Reason {
	case capture.MissingPermanent, capture.MissingTemporary:
		return nil
	}
	return errBody("The reason must be permanent or temporary.") // that a child is exempt follows from the document
}

func isFinger(f capture.FingerPosition) bool { return f >= 1 && f <= maxFingers }

type missingChipBody struct {
	Reason capture.MissingChip `json:"reason"`
}

func (b *missingChipBody) check() error {
	switch b.Reason {
	case capture.MissingNoChip, capture.MissingSilent:
		return nil
	}
	return errBody("The reason must be no_chip or silent.")
}

type accessNumberBody struct {
	Number string `json:"number"`
}

func (b *accessNumberBody) check() error {
	if len(b.Number) != accessDigits || strings.ContainsFunc(b.Number, func(r rune) bool { return r < '0' || r > '9' }) {
		return errBody("A card access number has six digits.")
	}
	return nil
}

type retakeBody struct {
	Modality capture.Modality       `json:"modality"`
	Finger   capture.FingerPosition `json:"finger"` // 0: the booth chooses
}

func (b *retakeBody) check() error {
	if b.Finger != 0 && (b.Modality != capture.ModalityFinger || !isFinger(b.Finger)) {
		return errBody("A finger must be 1 to 10, and goes with the modality finger.")
	}
	switch b.Modality {
	case capture.ModalityDocument, capture.ModalityChip, capture.ModalityFinger, capture.ModalityFace:
		return nil
	}
	return errBody("The modality must be document, chip, finger or face.")
}

type dispositionBody struct {
	Decision capture.Outcome `json:"decision"`
	Why      string          `json:"why"`
}

func (b *dispositionBody) check() error {
	switch b.Decision {
	case capture.OutcomeClear, capture.OutcomeRefer, capture.OutcomeStop:
		return checkWhy(&b.Why)
	}
	return errBody("The decision must be clear, refer or stop.")
}

type abandonBody struct {
	Why string `json:"why"`
}

func (b *abandonBody) check() error {
	if err := checkWhy(&b.Why); err != nil {
		return err
	}
	if b.Why == "" {
		return errBody("The reason for abandoning the check is missing.")
	}
	return nil
}

// checkWhy trims a typed reason and refuses one that is too long or not plain text.
func checkWhy(why *string) error {
	*why = strings.TrimSpace(*why)
	if utf8.RuneCountInString(*why) > maxWhy {
		return errBody("The reason is longer than 500 characters.")
	}
	if strings.ContainsFunc(*why, unicode.IsControl) {
		return errBody("The reason holds control characters.")
	}
	return nil
}

func notPrintableASCII(r rune) bool { return r < ' ' || r > '~' }

func errBody(detail string) *problem {
	return newProblem(http.StatusBadRequest, "bad-request",
		"The booth did not understand this request.", "Correct it and send it again.").with(detail)
}

// decode reads the request's body, one JSON object without unknown keys, and checks it.
func decode[B interface{ check() error }](w http.ResponseWriter, r *http.Request, body B) error {
	return decodeUpTo(w, r, body, maxBody)
}

// decodeUpTo is decode with another limit, in bytes.
func decodeUpTo[B interface{ check() error }](w http.ResponseWriter, r *http.Request, body B, limit int64) error {
	if mt, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mt != "application/json" {
		return newProblem(http.StatusUnsupportedMediaType, "not-json",
			"The request is not JSON.", "Send it with Content-Type: application/json.")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	err := d.Decode(body)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return body.check()
		}
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, "too-large",
			"The request is too large.", fmt.Sprintf("Send no more than %d KiB.", limit>>10))
	}
	return errBody("The body is not one JSON object with the keys of the OpenAPI document.")
}
