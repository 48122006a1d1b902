package console

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
	"boothd/sync/exchange"
)

// The limits of what is told of an exchange.
const (
	maxExchangeFiles = 1000
	maxExchangeBytes = 1 << 40
	maxExchangeText  = 200 // characters
)

// exchangeBody is an exchange as the booth's tools report it.
type exchangeBody struct{ capture.Exchange }

func (b *exchangeBody) check() error {
	digest, err := hex.DecodeString(b.Bundle)
	if err != nil || len(digest) != 32 {
		return errBody("The bundle is not named by its SHA-256 in hexadecimal.")
	}
	if b.Files < 0 || b.Files > maxExchangeFiles || b.Bytes < 0 || b.Bytes > maxExchangeBytes {
		return errBody("There are no such numbers of files or bytes.")
	}
	for _, text := range []*string{&b.Recipient, &b.Key, &b.Permission, &b.Protocol} {
		*text = strings.TrimSpace(*text)
		if utf8.RuneCountInString(*text) > maxExchangeText || strings.ContainsFunc(*text, unicode.IsControl) {
			return errBody("A text is too long or holds control characters.")
		}
	}
	if b.Recipient == "" || b.Key == "" {
		return errBody("The recipient or the recipient's key is missing.")
	}
	if b.Received.After(time.Now().Add(time.Hour)) {
		return errBody("The receipt is from the future.")
	}
	return nil
}

// exchange records data that an officer hands over in person. What is not recorded must not
// leave, and what must not leave is not recorded.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body exchangeBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	kind := exchange.Recipient(body.Kind)
	switch {
	case kind.Admit() != nil:
		return errRecipient("The kind of recipient must be own, law-enforcement, eu-agency or ngo.")
	case kind == exchange.NGO && body.Protocol == "":
		return errRecipient("An organisation receives data under a named protocol only.")
	case body.Minor && kind != exchange.Own && body.Permission == "":
		return errRecipient("The data of a minor needs the public prosecutor's permission.")
	case s.cfg.Exchange == nil:
		return errNotKept()
	}
	if err := s.cfg.Exchange(r.Context(), o, body.Exchange); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "exchange not recorded", "error", err)
		return errNotKept()
	}
	s.cfg.Log.InfoContext(r.Context(), "exchange recorded", "officer", o.ID, "kind", body.Kind)
	return done(w, nil)
}

func errRecipient(detail string) *problem {
	return newProblem(http.StatusUnprocessableEntity, "recipient",
		"This recipient may not be given the data.", "Hand nothing over.").with(detail)
}
