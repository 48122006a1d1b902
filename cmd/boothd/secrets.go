package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"

	"boothd/capture"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
)

// minToken is the least length of an officer's token, in characters.
const minToken = 32

// readTokens reads the officers' tokens and keeps only their hashes.
func readTokens(c *config.Config) (console.Tokens, error) {
	profiles := map[string]capture.Profile{}
	for _, p := range c.Profiles {
		profiles[p.Name] = p
	}
	tokens := console.Tokens{}
	for _, o := range c.Officers {
		b, err := os.ReadFile(o.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("token of %s: %w", o.ID, err)
		}
		token := strings.TrimSpace(string(b))
		if len(token) < minToken {
			return nil, fmt.Errorf("token of %s: shorter than %d characters", o.ID, minToken)
		}
		hash := sha256.Sum256([]byte(token))
		if other, taken := tokens[hash]; taken {
			return nil, fmt.Errorf("token of %s: the same as that of %s", o.ID, other.ID)
		}
		tokens[hash] = capture.Officer{ID: o.ID, Profile: profiles[o.Profile]}
	}
	return tokens, nil
}
