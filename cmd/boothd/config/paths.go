package config

import (
	"path/filepath"
	"strings"
)

// LockPath is the file that whoever works with the state has locked.
func (c *Config) LockPath() string { return filepath.Join(c.Booth.State, "boothd.lock") }

// OutboxPath is the database of the journal and the outbox.
func (c *Config) OutboxPath() string { return filepath.Join(c.Booth.State, "booth.db") }

// GalleryPath is the database of the local lists.
func (c *Config) GalleryPath() string { return filepath.Join(c.Booth.State, "gallery.db") }

// KeysDir is the folder of the keys that the booth makes for itself.
func (c *Config) KeysDir() string { return filepath.Join(c.Booth.State, "keys") }

// SpoolDir is the folder of what was fetched of list updates so far.
func (c *Config) SpoolDir() string { return filepath.Join(c.Booth.State, "spool") }

// ListsDir is the folder of the keys document of the lists, and of what must not be forgotten
// about their updates.
func (c *Config) ListsDir() string { return filepath.Join(c.Booth.State, "lists") }

// TakePath is a link to the folder that boothctl has the booth take lists from.
func (c *Config) TakePath() string { return filepath.Join(c.Booth.State, "take") }

// ListsURL is where the lists' folder is served; empty if nowhere.
func (c *Config) ListsURL() string {
	if c.Updates.URL != "" || c.Portal.URL == "" {
		return c.Updates.URL
	}
	return strings.TrimSuffix(c.Portal.URL, "/") + "/lists"
}

// AlertsPath is the database of the alerts that nobody has dismissed yet.
func (c *Config) AlertsPath() string { return filepath.Join(c.Booth.State, "alerts.db") }

// ProfilesDir is the folder of central's signed profiles.
func (c *Config) ProfilesDir() string { return filepath.Join(c.Booth.State, "profiles") }

// RevokedPath is the signed list of revoked grants.
func (c *Config) RevokedPath() string { return filepath.Join(c.Booth.State, "revoked.jws") }

// SignInKeysPath is where the issuer's keys are kept.
func (c *Config) SignInKeysPath() string {
	if c.SignIn.Keys != "" {
		return c.SignIn.Keys
	}
	return filepath.Join(c.Booth.State, "signin.json")
}

// RecentPath is the database of the last hours' checks.
func (c *Config) RecentPath() string { return filepath.Join(c.Booth.State, "recent.db") }
