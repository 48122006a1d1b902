package config

import "path/filepath"

// OutboxPath is the database of the journal and the outbox.
func (c *Config) OutboxPath() string { return filepath.Join(c.Booth.State, "booth.db") }

// GalleryPath is the database of the local lists.
func (c *Config) GalleryPath() string { return filepath.Join(c.Booth.State, "gallery.db") }

// KeysDir is the folder of the keys that the booth makes for itself.
func (c *Config) KeysDir() string { return filepath.Join(c.Booth.State, "keys") }

// SpoolDir is the folder of what was fetched of list updates so far.
func (c *Config) SpoolDir() string { return filepath.Join(c.Booth.State, "spool") }
