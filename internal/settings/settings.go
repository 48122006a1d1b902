// Package settings reads configuration files (TOML) strictly: an unknown key, an impossible
// value or a file that is named and cannot be read stops the start, and every fault is named
// with its file and key.
package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// maxSize limits a configuration file, in bytes.
const maxSize = 1 << 20

// Name is what booths, officers, profiles, lists and systems are called.
var Name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Fault is one thing wrong with the configuration.
type Fault struct {
	Key    string
	Reason string
}

// Error names the file and every fault in it.
type Error struct {
	File   string
	Faults []Fault
}

func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s: %s", e.File, f.Key, f.Reason)
	}
	return b.String()
}

// File is a configuration as it is read from a file.
type File interface {
	// Paths returns where the configuration holds paths of files; relative ones are made
	// relative to the file's folder.
	Paths() []*string
	// Validate adds what cannot be to the faults.
	Validate(f *Faults)
}

// Read reads and checks a file into c, which holds the defaults. Its error is an *Error if
// the file could be read.
func Read(path string, c File) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.Size() > maxSize {
		return &Error{path, []Fault{{"file", "longer than 1 MiB"}}}
	}
	meta, err := toml.DecodeFile(path, c)
	if err != nil {
		return &Error{path, []Fault{tomlFault(err)}}
	}
	for _, p := range c.Paths() {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(path), *p)
		}
	}
	f := &Faults{}
	c.Validate(f)
	for _, k := range meta.Undecoded() {
		f.list = append(f.list, Fault{k.String(), "unknown key"})
	}
	if len(f.list) > 0 {
		return &Error{path, f.list}
	}
	return nil
}

func tomlFault(err error) Fault {
	var p toml.ParseError
	if !errors.As(err, &p) {
		return Fault{"file", err.Error()}
	}
	key := p.LastKey
	if key == "" {
		key = "file"
	}
	reason := p.Message
	if reason == "" {
		reason = errors.Unwrap(p).Error()
	}
	return Fault{key, fmt.Sprintf("line %d: %s", p.Position.Line, reason)}
}

// Duration is a time span: "5s", "48h".
type Duration time.Duration

// UnmarshalText reads a time span greater than zero.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no positive time span, such as \"5s\" or \"48h\"", text)
	}
	*d = Duration(v)
	return nil
}

// Size is a number of bytes: "512MiB", "4GiB".
type Size int64

// UnmarshalText reads a size greater than zero.
func (s *Size) UnmarshalText(text []byte) error {
	t := string(text)
	for unit, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		digits, ok := strings.CutSuffix(t, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 32)
		if err == nil && n > 0 {
			*s = Size(n * factor)
			return nil
		}
	}
	return fmt.Errorf("%q is no size, such as \"512MiB\" or \"4GiB\"", text)
}
