package names

import "log/slog"

// What a person is called and when he was born does not go into a log: whatever holds it says
// there only what it is.

// LogValue keeps the name out of logs.
func (n Name) LogValue() slog.Value { return slog.StringValue("name") }

// LogValue keeps the part of a name out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue("part of a name") }

// LogValue keeps the person out of logs.
func (p Person) LogValue() slog.Value { return slog.StringValue("person") }

// LogValue keeps the birth date out of logs.
func (b Birth) LogValue() slog.Value { return slog.StringValue("birth date") }

// LogValue keeps what was compared out of logs.
func (m Match) LogValue() slog.Value { return slog.StringValue("comparison of people") }

// LogValue keeps what was compared out of logs.
func (p Part) LogValue() slog.Value { return slog.StringValue("part of a comparison of people") }
