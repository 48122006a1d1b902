package settings

import (
	"io"
	"log/slog"
	"slices"
)

// Log says what is logged and how.
type Log struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // text, json
}

// Logger returns a logger that writes to w.
func (l Log) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Log adds a fault for each value that does not exist.
func (f *Faults) Log(l Log) {
	f.Unless(slices.Contains([]string{"debug", "info", "warn", "error"}, l.Level), "log.level", "must be debug, info, warn or error")
	f.Unless(slices.Contains([]string{"text", "json"}, l.Format), "log.format", "must be text or json")
}
