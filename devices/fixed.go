package devices

import (
	"context"
	"fmt"
	"net/url"
)

// Fixed is a Bus of places that the configuration names and that are always there as far
// as a scan can tell: network cameras. Whether a device answers, only opening it tells.
type Fixed []FixedPort

// Scan returns all ports.
func (f Fixed) Scan(ctx context.Context) ([]Port, error) {
	ports := make([]Port, len(f))
	for i, p := range f {
		ports[i] = p
	}
	return ports, ctx.Err()
}

// FixedPort is one place of a Fixed bus.
type FixedPort struct {
	location *url.URL // behind a pointer, so that no format verb prints the password
	driver   string
}

// NewFixedPort returns the port at an absolute URL, driven by the named driver. The URL's
// user information and query may hold secrets and are part of neither Address nor errors.
// Two places that differ only there are told apart by a fragment, which no device is sent:
// "http://10.0.0.7/video?channel=2#left".
func NewFixedPort(location, driver string) (FixedPort, error) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme == "" || u.Host == "" {
		// url.Parse's error quotes the URL, password included.
		return FixedPort{}, fmt.Errorf("place of a %s device: not an absolute URL", driver)
	}
	return FixedPort{location: u, driver: driver}, nil
}

// Address returns the URL without user information and query.
func (p FixedPort) Address() string {
	u := *p.location
	u.User, u.RawQuery, u.ForceQuery = nil, "", false
	return u.String()
}

// ID returns the zero ID.
func (p FixedPort) ID() ID { return ID{} }

// Driver returns the driver's name.
func (p FixedPort) Driver() string { return p.driver }

// Location returns the whole URL, secrets included, for the driver. It must not be logged.
func (p FixedPort) Location() *url.URL {
	u := *p.location
	return &u
}

// String returns the address.
func (p FixedPort) String() string { return p.Address() }
