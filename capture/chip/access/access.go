// Package access opens the chip of a travel document with what stands on the document: the
// terminal's side of PACE and of Basic Access Control (ICAO 9303-11 §4.3 and §4.4).
//
// A caller reads EF.CardAccess ([CardAccess]), and where it names a way to do PACE that is
// known ([Choose]), does [PACE], then selects the application within the session. Where the
// file is absent it selects the application in the clear and does [BAC]. PACE takes six
// commands on a chip that reads by short file identifier: one READ BINARY, one MANAGE
// SECURITY ENVIRONMENT and four GENERAL AUTHENTICATE; none of them can be spared, because
// each depends on the answer before it (the first on none, but the suite stands in the
// file). BAC takes two, after SELECT.
//
// What EF.CardAccess says is not authentic. An attacker on the air can strip it of PACE, or
// of its stronger suites; the caller finds out by comparing it with DG14 or EF.CardSecurity
// once those are authentic ([security.Infos.Contains]).
//
// A failed attempt leaves the chip as it was before or waiting; the caller resets the card
// before the next one. Chips slow down with each wrong password, some by seconds.
package access

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// Errors that callers branch on.
var (
	// ErrRefused is matched if the chip did not accept the password; the status that it
	// answered is matched too.
	ErrRefused = errors.New("password refused by the chip")
	// ErrProtocol is matched if the chip broke the protocol: malformed or impossible answers,
	// or proofs that are wrong. It may be an attack, or a chip that tears off.
	ErrProtocol = errors.New("protocol broken by the chip")
	// ErrNotSupported is matched if the chip has no way to do this that is known.
	ErrNotSupported = errors.New("not supported")
)

// Sender puts a command to the chip and returns its answer: in the clear ([Plain]) or within
// a session ([Secured]).
type Sender func(context.Context, apdu.Command) (apdu.Response, error)

// Plain sends in the clear.
func Plain(card devices.Card) Sender {
	return func(ctx context.Context, c apdu.Command) (apdu.Response, error) { return apdu.Send(ctx, card, c) }
}

// Secured sends within the session.
func Secured(card devices.Card, s *secure.Session) Sender {
	return func(ctx context.Context, c apdu.Command) (apdu.Response, error) { return s.Send(ctx, card, c) }
}

// Select selects what data name in the way of P1 (ISO/IEC 7816-4 table 62). It asks for no control
// information, and for it where the chip knows no other SELECT.
func Select(ctx context.Context, send Sender, p1 byte, data []byte) (apdu.Response, error) {
	r, err := send(ctx, apdu.Command{INS: 0xA4, P1: p1, P2: 0x0C, Data: data})
	if err == nil && (r.Status == apdu.WrongParameters || r.Status == apdu.FunctionNotSupported) {
		r, err = send(ctx, apdu.Command{INS: 0xA4, P1: p1, Data: data, Ne: 256})
	}
	return r, err
}

// SelectApplication selects the eMRTD application. The error matches the status that the
// chip answered.
func SelectApplication(ctx context.Context, send Sender) error {
	r, err := Select(ctx, send, 4, []byte{0xA0, 0, 0, 2, 0x47, 0x10, 1})
	if err == nil {
		err = r.Status.Err()
	}
	if err != nil {
		return fmt.Errorf("select the travel document application: %w", err)
	}
	return nil
}

// The most bytes of EF.CardAccess that are read, and the most commands that read them.
const (
	maxCardAccess = 8 << 10
	maxReads      = 64
)

// CardAccess reads EF.CardAccess, in one command where the chip reads by short file
// identifier and the file fits. The error matches apdu.FileNotFound if the chip says that it
// has none, ErrProtocol if the file is cut or malformed, another status, or is the
// transport's. What the chip says is its word only: see the package documentation.
func CardAccess(ctx context.Context, card devices.Card) ([]byte, error) {
	r, err := apdu.Send(ctx, card, apdu.Command{INS: 0xB0, P1: 0x80 | 0x1C, Ne: 256})
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	if len(r.Data) == 0 {
		if err := selectCardAccess(ctx, card); err != nil {
			return nil, fmt.Errorf("EF.CardAccess: %w", err)
		}
		if r, err = apdu.Send(ctx, card, apdu.Command{INS: 0xB0, Ne: 256}); err != nil {
			return nil, fmt.Errorf("EF.CardAccess: %w", err)
		}
	}
	file, err := readOn(ctx, card, r)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	return file, nil
}

// selectCardAccess is for chips that do not read by short file identifier, or that wake up
// elsewhere than in the master file.
func selectCardAccess(ctx context.Context, card devices.Card) error {
	file := []byte{0x01, 0x1C}
	r, err := Select(ctx, Plain(card), 2, file)
	if err != nil || r.Status == apdu.OK {
		return err
	}
	if r, err = Select(ctx, Plain(card), 0, []byte{0x3F, 0}); err != nil {
		return err
	}
	if r, err = Select(ctx, Plain(card), 2, file); err != nil {
		return err
	}
	return r.Status.Err()
}

// readOn collects the file that r begins.
func readOn(ctx context.Context, card devices.Card, r apdu.Response) ([]byte, error) {
	if len(r.Data) == 0 {
		return nil, fmt.Errorf("%w: no data: %w", ErrProtocol, r.Status)
	}
	file := append([]byte(nil), r.Data...)
	size, err := tlv.Size(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if size > maxCardAccess {
		return nil, fmt.Errorf("%w: file of %d bytes, want at most %d", ErrProtocol, size, maxCardAccess)
	}
	for reads := 1; len(file) < size; reads++ {
		at := len(file)
		if reads == maxReads {
			return nil, fmt.Errorf("%w: %d commands for %d of %d bytes", ErrProtocol, reads, at, size)
		}
		r, err := apdu.Send(ctx, card, apdu.Command{INS: 0xB0, P1: byte(at >> 8), P2: byte(at), Ne: min(256, size-at)})
		if err != nil {
			return nil, err
		}
		if len(r.Data) == 0 {
			return nil, fmt.Errorf("%w: file ends after %d of %d bytes: %w", ErrProtocol, at, size, r.Status)
		}
		file = append(file, r.Data...)
	}
	return file[:size], nil
}
