// Package authenticity proves that a chip is the one that its files were signed for, and
// proves the terminal to the chip: the terminal's side of Chip Authentication, Active
// Authentication, PACE with chip authentication mapping, and Terminal Authentication (ICAO
// 9303-11 §4.4, §6 and §7; BSI TR-03110-3).
//
// A copy of a chip has all of its files, and its own Passive Authentication succeeds; what it
// does not have is the private key to the public one in DG14 or DG15. Three protocols ask
// for it, and each is worth as much as the file with the public key: before DG14, DG15 or
// EF.CardSecurity were found authentic, success means nothing.
//
// [ChipAuthentication] agrees on a new secure messaging session with the chip's static key.
// Whether the chip has that key shows when it answers the first command of the new session,
// so the caller goes on reading through [Renewed.Send], and [Renewed.Proven] tells. This
// costs two commands (3DES: one) and none for the proof. [ActiveAuthentication] has the
// chip sign a challenge, in one command; [Mapping] looks at what PACE brought already, in
// none. Success of one is enough for a chip that offers several.
//
// [Terminal.Authenticate] opens DG3 and DG4 to a terminal with certificates. Version 1, that
// of passports, follows Chip Authentication, whose key it is bound to; version 2 precedes it
// ([NewEphemeral], then [ChipAuthentication2]).
//
// Errors say what was refused and with which status; they hold neither keys nor answers.
package authenticity

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/security"
)

// Errors that callers branch on.
var (
	// ErrProof is matched if the chip did not prove to have the private key of its public
	// one: it is a copy, or broken.
	ErrProof = errors.New("the chip does not have its key")
	// ErrRefused is matched if the chip refused to take part; the status that it answered is
	// matched too. Nothing is proven either way.
	ErrRefused = errors.New("refused by the chip")
	// ErrMalformed is matched if the chip's public key, another of its files or an answer is
	// not as it must be.
	ErrMalformed = errors.New("malformed")
	// ErrNotSupported is matched if the chip offers nothing that is known here.
	ErrNotSupported = errors.New("not supported")
	// ErrNoCertificate is matched if the terminal has no certificates for this chip.
	ErrNoCertificate = errors.New("no certificates for this chip")
)

// Mapping checks what PACE with chip authentication mapping proved against the keys of
// EF.CardSecurity (ICAO 9303-11 §4.4.3.5), which the caller found authentic. The error
// matches ErrNotSupported if PACE ran without this mapping, or ErrProof.
func Mapping(o *access.Opened, cardSecurity security.Infos) error {
	err := o.VerifyChip(cardSecurity.ChipKeys)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, access.ErrNotSupported):
		return fmt.Errorf("%w: %w", ErrNotSupported, err)
	}
	return fmt.Errorf("%w: %w", ErrProof, err)
}

// ask sends a command that must succeed.
func ask(ctx context.Context, send access.Sender, what string, c apdu.Command) ([]byte, error) {
	r, err := send(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if err := r.Status.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, ErrRefused, err)
	}
	return r.Data, nil
}
