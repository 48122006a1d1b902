package config

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"boothd/internal/keys/rest"
	"boothd/internal/settings"
)

const (
	// rootCredential is the name of the credential in boothd.service.
	rootCredential = "boothd-root"
	// credentials is where systemd puts those of boothd.service, which tells only the daemon so.
	credentials = "/run/credentials/boothd.service"
)

// KeysAtRest says where the booth's own keys are and what they are wrapped with.
func (c *Config) KeysAtRest(log *slog.Logger) rest.Options {
	return rest.Options{
		Dir:            c.KeysDir(),
		Source:         c.AtRest.Source,
		TPM:            c.AtRest.TPM,
		PCRs:           c.AtRest.PCRs,
		CredentialFile: filepath.Join(cmp.Or(os.Getenv("CREDENTIALS_DIRECTORY"), credentials), rootCredential),
		PassphraseFile: c.AtRest.Passphrase,
		Log:            log,
	}
}

// OpenKeys opens what keeps the booth's own keys, to look only.
func (c *Config) OpenKeys(ctx context.Context) (*rest.Keeper, error) {
	o := c.KeysAtRest(nil)
	o.ReadOnly = true
	return rest.Open(ctx, o)
}

func (c *Config) atRestFaults(f *settings.Faults) {
	a := &c.AtRest
	known := []rest.Source{rest.SourceAuto, rest.SourceTPM, rest.SourceCredential, rest.SourcePassphrase, rest.SourceNone}
	f.Unless(slices.Contains(known, a.Source), "keys_at_rest.source", "must be auto, tpm, credential, passphrase or none")
	for i, n := range a.PCRs {
		key := fmt.Sprintf("keys_at_rest.pcrs[%d]", i)
		f.Unless(n >= 0 && n < rest.PCRLimit, key, "must be 0 to %d", rest.PCRLimit-1)
		f.Unless(!slices.Contains(a.PCRs[:i], n), key, "is there twice")
	}
	const key = "keys_at_rest.passphrase_file"
	if a.Passphrase != "" {
		f.File(key, a.Passphrase)
		return
	}
	f.Unless(a.Source != rest.SourcePassphrase, key, "is missing though the source is passphrase")
}
