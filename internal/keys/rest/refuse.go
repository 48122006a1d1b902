package rest

import (
	"context"
	"errors"
	"fmt"
)

// Why a root or a secret cannot be had.
var (
	ErrSilent  = errors.New("what seals it does not answer")
	ErrChanged = errors.New("this machine was started otherwise than when it was sealed")
	ErrOther   = errors.New("what answers is not what sealed it")
	ErrDamaged = errors.New("damaged")
	ErrLost    = errors.New("the root file is missing")
	ErrOff     = errors.New("keys are wrapped, but nothing is there to unwrap them")
)

// RootError says why the root secret cannot be had. Neither it nor what it wraps tells
// anything of a secret.
type RootError struct {
	Dir    string // folder of the keys
	Source Source // empty if it is not known
	Reason error  // one of the sentinels
	Err    error  // what was seen
}

// Error names the folder and the source, what is the matter and how to go on.
func (e *RootError) Error() string {
	by := ""
	if e.Source != "" {
		by = ", sealed by " + string(e.Source)
	}
	return fmt.Sprintf("root of the keys in %s%s: %v: %v; %s", e.Dir, by, e.Reason, e.Err, e.Remedy())
}

// Unwrap returns the reason and what was seen.
func (e *RootError) Unwrap() []error { return []error{e.Reason, e.Err} }

// Remedy is what a technician does, as a sentence without its capital and its full stop.
func (e *RootError) Remedy() string {
	anew := "to begin anew, move " + e.Dir + " aside and restart: the lists come again from central and the queue towards central is not affected, but alerts and checks remembered here can no longer be read"
	switch {
	case e.Reason == ErrSilent && e.Source == SourceTPM:
		return "see that the TPM is switched on in the firmware's set-up and that the daemon's user is in the group tss; " + anew
	case e.Reason == ErrSilent && e.Source == SourceCredential:
		return "put the credential boothd-root back into /etc/credstore.encrypted; " + anew
	case e.Reason == ErrSilent && e.Source == SourcePassphrase:
		return "bring the medium with the passphrase file; " + anew
	case e.Reason == ErrChanged:
		return "if firmware or Secure Boot was changed, change it back, then set pcrs = [] before the next change; if nobody did, treat the machine as tampered with; " + anew
	case e.Reason == ErrOther && e.Source == SourceTPM:
		return "put the disk back into its own machine; if its mainboard was replaced or its TPM cleared, the root is gone; " + anew
	case e.Reason == ErrOther:
		return "bring back the " + string(e.Source) + " that it was sealed by; " + anew
	case e.Reason == ErrOff:
		return "configure the source again, or auto; " + anew
	}
	return anew
}

// fault is a reason with what was seen.
type fault struct{ reason, seen error }

func (f *fault) Error() string { return f.reason.Error() + ": " + f.seen.Error() }

// refusal makes an error of a source a *RootError. One that gives no reason is the source's
// silence.
func refusal(dir string, source Source, err error) error {
	var f *fault
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &f):
		return &RootError{dir, source, f.reason, f.seen}
	}
	return &RootError{dir, source, ErrSilent, err}
}
