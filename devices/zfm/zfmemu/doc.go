// Package zfmemu emulates the serial fingerprint modules that package zfm drives, on a
// pseudo-terminal.
//
// It is the module's side of the wire as the makers' manuals tell it, with what goes wrong there:
// bytes that are lost, changed or late, modules with another address or password, and clones that
// keep their pictures. A pseudo-terminal carries bytes at any speed, so the module spoils those
// of a host that has set another speed than its own. It sends as fast as the line takes it,
// unless it is told to keep to its speed.
//
// Between two fingers the module sees the empty glass at least once, since no traveller is as
// fast as a test.
package zfmemu
