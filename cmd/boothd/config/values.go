package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span in the configuration: "5s", "48h".
type Duration time.Duration

func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no positive time span, such as \"5s\" or \"48h\"", text)
	}
	*d = Duration(v)
	return nil
}

// Size is a number of bytes in the configuration: "512MiB", "4GiB".
type Size int64

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
