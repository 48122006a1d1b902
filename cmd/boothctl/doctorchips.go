package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/cmd/boothd/terminal"
	"boothd/devices"
	"boothd/devices/pcsc"
)

// chipReader tells why boothd has no chip reader, where it has none: that is bad if checks need
// one.
func (d *doctor) chipReader(there bool) {
	required := slices.Contains(d.booth.Check.Require, capture.ModalityChip)
	names, use := d.booth.Documents.ReaderNames()
	if there || !use && !required {
		return
	}
	found, do := "none is to be used", "name it in documents.readers"
	if use {
		found, do = whyNoReader(d.ctx, names)
	}
	g := uneasy
	if required {
		g, found = unwell, found+"; check.require needs one"
	}
	d.tell(g, "chip reader", found, do)
}

// whyNoReader looks for the readers as boothd does.
func whyNoReader(ctx context.Context, names []string) (found, do string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := pcsc.Reach(ctx)
	switch {
	case errors.Is(err, devices.ErrGone):
		return "pcscd, by which chip readers are reached, does not run", "apt install pcscd libccid; systemctl enable --now pcscd.socket"
	case errors.Is(err, pcsc.ErrDenied):
		return "pcscd runs and does not let this user in", "run boothctl as the user boothd or as root; journalctl -u pcscd"
	case errors.Is(err, errors.ErrUnsupported):
		return "this program was built without PC/SC", "install the package of this machine's architecture"
	case err != nil:
		return "pcscd does not answer: " + err.Error(), "systemctl restart pcscd; journalctl -u pcscd"
	}
	all, err := pcsc.NewBus().Scan(ctx)
	switch {
	case err != nil:
		return "pcscd does not tell its readers: " + err.Error(), "systemctl restart pcscd; journalctl -u pcscd"
	case len(all) == 0:
		return "pcscd runs and has no reader", "plug it in; if it is, its driver is missing: apt install libccid; journalctl -u pcscd"
	case len(names) > 0:
		return fmt.Sprintf("pcscd has %d, of other names than documents.readers has, or boothd has not taken them", len(all)), "boothctl devices tells their names"
	}
	return fmt.Sprintf("pcscd has %d, which boothd has not taken", len(all)), "restart boothd; journalctl -u boothd -u pcscd tells why if that does not help"
}

// terminal tells how long chips will let this booth read fingers and irises.
func (d *doctor) terminal() {
	const what = "terminal"
	dir := d.booth.Documents.Terminal
	if dir == "" {
		return
	}
	f, err := terminal.Look(dir)
	if err != nil {
		d.tell(unwell, what, err.Error(), "ask for certificates anew; documents.terminal names their folder")
		return
	}
	for _, c := range f.Own {
		switch left := time.Until(c.Until.AddDate(0, 0, 1)); {
		case left <= 0:
			d.tell(uneasy, what, fmt.Sprintf("%v has expired", c), "ask for a new one and restart boothd; without it fingers and irises are not read")
		case left < soonTerminal:
			d.tell(uneasy, what, fmt.Sprintf("%v ends %s", c, c.Until.Format(time.DateOnly)), "ask for a new one and restart boothd")
		default:
			d.tell(fine, what, fmt.Sprintf("%v is valid until %s", c, c.Until.Format(time.DateOnly)), "")
		}
	}
}

// soonTerminal is how long before its end a terminal's certificate is worth a word: they are
// given for a month or so.
const soonTerminal = 7 * 24 * time.Hour
