package exchange

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const maxName = 128 // bytes

// ValidName reports whether a file of a bundle may be called so: 1 to 128 bytes of printable
// characters that name a file, and not a path, a hidden file or a device, on every system
// that the stick may be put into.
func ValidName(s string) bool {
	switch {
	case s == "" || len(s) > maxName || !utf8.ValidString(s) || strings.ContainsFunc(s, notPrintable):
		return false
	case strings.ContainsAny(s, `/\:*?"<>|`):
		return false
	case s[0] == '.' || s[0] == ' ' || s[len(s)-1] == '.' || s[len(s)-1] == ' ':
		return false
	}
	stem, _, _ := strings.Cut(strings.ToUpper(s), ".")
	return !slices.Contains(devices, strings.TrimSpace(stem))
}

// devices are what Windows takes for devices, whatever follows a dot.
var devices = []string{
	"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
	"COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
	"LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
}
