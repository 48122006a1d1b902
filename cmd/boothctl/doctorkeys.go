package main

import (
	"errors"
	"fmt"
	"strings"

	"boothd/internal/keys/rest"
)

// keysAtRest tells what keeps the booth's own keys from whoever takes the disk.
func (d *doctor) keysAtRest() {
	const what = "keys at rest"
	r := rest.Examine(d.ctx, d.booth.KeysAtRest(nil))
	if refused, ok := errors.AsType[*rest.RootError](r.Err); ok {
		root := "their root"
		if by, ok := spoken[refused.Source]; ok {
			root += ", sealed by " + by
		}
		d.tell(unwell, what, fmt.Sprintf("%s: %v (%v)", root, refused.Reason, refused.Err), refused.Remedy())
		return
	}
	switch {
	case r.Err != nil:
		d.tell(unwell, what, r.Err.Error(), "run boothctl as the user boothd or as root")
	case len(r.Damaged) > 0:
		d.tell(unwell, what, fmt.Sprintf("%d key file(s) do not open: %s", len(r.Damaged), strings.Join(r.Damaged, ", ")), "delete them and restart boothd: what they closed comes again from central, except alerts and remembered checks")
	case r.Source == rest.SourceNone:
		d.tell(uneasy, what, "plain files: whoever takes the disk can read the lists", unsealed(r))
	case len(r.Plain) > 0:
		d.tell(uneasy, what, fmt.Sprintf("%s, but %d key file(s) are still plain", sealedBy(r), len(r.Plain)), "restart boothd, which wraps them")
	case len(r.Passed) > 0:
		d.tell(uneasy, what, fmt.Sprintf("%s, though there is a better one: %s", sealedBy(r), spoken[r.Passed[0]]), fmt.Sprintf("set keys_at_rest.source = %q and restart boothd", r.Passed[0]))
	default:
		d.tell(fine, what, fmt.Sprintf("%s, which answers; %d key file(s) are wrapped", sealedBy(r), r.Wrapped), "")
	}
}

// unsealed is what to do where nothing seals the keys.
func unsealed(r rest.Report) string {
	if len(r.Passed) > 0 {
		return "there is " + spoken[r.Passed[0]] + ": restart boothd, which takes it; if it does not, journalctl -u boothd tells why"
	}
	return "switch the TPM on in the firmware's set-up and restart boothd; docs/operation.md tells of other ways"
}

// spoken is what a technician calls a source.
var spoken = map[rest.Source]string{
	rest.SourceTPM:        "this machine's TPM",
	rest.SourceCredential: "the systemd credential boothd-root",
	rest.SourcePassphrase: "the passphrase file",
}

func sealedBy(r rest.Report) string {
	by := spoken[r.Source]
	switch {
	case r.Source == rest.SourceTPM && len(r.PCRs) == 0:
		return "sealed by " + by + " (bound to no PCRs)"
	case r.Source == rest.SourceTPM:
		return fmt.Sprintf("sealed by %s (bound to PCRs %s)", by, strings.Trim(fmt.Sprint(r.PCRs), "[]"))
	}
	return "sealed by " + by
}
