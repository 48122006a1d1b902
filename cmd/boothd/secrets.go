package main

import (
	"context"
	"crypto/sha256"
	"fmt"

	"boothd/capture"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/internal/keys/rest"
)

// openKeys opens what keeps the booth's own keys wrapped on the disk.
func (b *booth) openKeys(ctx context.Context) error {
	var err error
	if b.atRest, err = rest.Open(ctx, b.config.KeysAtRest(b.log)); err != nil {
		return err
	}
	return b.atRest.WrapAll(ctx, b.config.KeysDir())
}

// readTokens reads the officers' tokens and keeps only their hashes.
func readTokens(c *config.Config) (console.Tokens, error) {
	profiles := map[string]capture.Profile{}
	for _, p := range c.Profiles {
		profiles[p.Name] = p
	}
	tokens := console.Tokens{}
	for _, o := range c.Officers {
		token, err := o.Token()
		if err != nil {
			return nil, fmt.Errorf("token of %s: %w", o.ID, err)
		}
		profile, ok := profiles[o.Profile]
		if !ok { // one that central signs
			profile.Name = o.Profile
		}
		tokens[sha256.Sum256([]byte(token))] = capture.Officer{ID: o.ID, Profile: profile}
	}
	return tokens, nil
}
