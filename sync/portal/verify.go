package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"boothd/capture"
)

// maxVerifyBody limits the request of a verification, in bytes.
const maxVerifyBody = 64 << 10

// MaxWhy limits the reason of a verification, in bytes.
const MaxWhy = 2000

// ReadVerification reads what an officer found out about a link, on central's side.
// ReplyStatus tells what to reply to its errors.
func ReadVerification(w http.ResponseWriter, r *http.Request) (*Verification, error) {
	var v Verification
	if err := readJSON(w, r, maxVerifyBody, &v); err != nil {
		return nil, err
	}
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return &v, nil
}

func (v *Verification) check() error {
	switch {
	case v.Booth == "" || v.Officer == "" || v.Profile == "" || v.Link == "":
		return errors.New("no booth, officer, profile or link")
	case !v.Colour.Valid() || v.Colour == capture.LinkYellow:
		return errors.New("a link is verified as green, red or white")
	case strings.TrimSpace(v.Why) == "" || len(v.Why) > MaxWhy:
		return errors.New("the reason is missing or too long")
	}
	return nil
}
