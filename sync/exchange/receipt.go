package exchange

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"boothd/capture"
	"boothd/internal/signed"
)

// KindReceipt is what receipts are signed as (internal/signed).
const KindReceipt = "exchange-receipt"

// Receipt is the recipient's word that a bundle was received and opened.
type Receipt struct {
	By string `json:"by"` // who received it
	// Exchange tells of the bundle as its sender journalled it; Received is set.
	Exchange capture.Exchange `json:"exchange"`
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Receipt signs for the bundle with the recipient's signing key.
func (o *Opened) Receipt(by string, at time.Time, key ed25519.PrivateKey) (string, error) {
	r := Receipt{By: by, Exchange: o.Exchange}
	r.Exchange.Received = at.UTC()
	if err := r.check(); err != nil {
		return "", err
	}
	return signed.Sign(KindReceipt, r, key)
}

// VerifyReceipt verifies a receipt with the signing keys of its recipient. Errors match
// signed.ErrNotValid if they did not sign it. That it is about a bundle of ours shows in
// Exchange.Bundle.
func VerifyReceipt(text string, recipients []ed25519.PublicKey) (*Receipt, error) {
	var r Receipt
	if err := signed.Open(KindReceipt, text, recipients, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *Receipt) check() error {
	e := &r.Exchange
	for _, text := range []string{r.By, e.Recipient, e.Kind, e.Key, e.Permission, e.Protocol} {
		if len(text) > maxText || strings.ContainsFunc(text, notPrintable) {
			return fmt.Errorf("receipt: at most %d bytes of plain text", maxText)
		}
	}
	switch {
	case strings.TrimSpace(r.By) == "":
		return errors.New("receipt: who received it is missing")
	case !digestPattern.MatchString(e.Bundle):
		return errors.New("receipt: names no bundle")
	case e.Received.IsZero():
		return errors.New("receipt: the time is missing")
	}
	return nil
}
