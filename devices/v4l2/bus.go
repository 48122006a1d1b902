package v4l2

import (
	"context"
	"fmt"
	"slices"

	"boothd/devices"
)

// Config is one camera, or all of them.
type Config struct {
	// Path leads to the device node, best by a name that stays the same such as those that
	// udev makes below /dev/v4l/by-id and /dev/v4l/by-path. Any means every camera that no
	// other Config names.
	Path     string
	Settings Settings
}

// Any is the path of whatever camera there is.
const Any = "*"

// Bus lists the cameras of this machine. It implements devices.Bus.
type Bus struct {
	// Sys and Dev are where the kernel shows its devices; empty means /sys and /dev.
	Sys, Dev string

	configs []Config
	known   map[string]capability // by path and what is there
}

var _ devices.Bus = (*Bus)(nil)

// NewBus returns the bus of the configured cameras. Two of one path are refused.
func NewBus(configs ...Config) (*Bus, error) {
	for i, c := range configs {
		if c.Path == "" {
			return nil, fmt.Errorf("camera %d: no path", i+1)
		}
		if slices.ContainsFunc(configs[:i], func(o Config) bool { return o.Path == c.Path }) {
			return nil, fmt.Errorf("camera %s: it is there twice", c.Path)
		}
	}
	return &Bus{configs: slices.Clone(configs)}, nil
}

// String names the bus in the manager's status.
func (b *Bus) String() string { return "v4l2" }

// Scan returns the configured cameras that are there. A camera's address is the configured
// path or, for any camera, its node's.
func (b *Bus) Scan(ctx context.Context) ([]devices.Port, error) {
	nodes, err := b.nodes(ctx)
	if err != nil {
		return nil, fmt.Errorf("scan v4l2: %w", err)
	}
	var ports []devices.Port
	named := make(map[string]bool)
	for _, c := range b.configs {
		if c.Path == Any {
			continue
		}
		if n, ok := find(nodes, c.Path); ok {
			named[n.path] = true
			ports = append(ports, port{node: n, address: "v4l2:" + c.Path, settings: c.Settings})
		}
	}
	for _, c := range b.configs {
		for _, n := range nodes {
			if c.Path == Any && !named[n.path] {
				ports = append(ports, port{node: n, address: "v4l2:" + n.path, settings: c.Settings})
			}
		}
	}
	return ports, nil
}

// found is a node that takes pictures.
type found struct {
	path   string // of the node itself
	number uint64 // of the device
	id     devices.ID
}

// capability is what a node said it can do.
type capability struct{ takesPictures bool }

type port struct {
	node     found
	address  string
	settings Settings
}

var _ Port = port{}

func (p port) Address() string    { return p.address }
func (p port) ID() devices.ID     { return p.node.id }
func (p port) Settings() Settings { return p.settings }

func (p port) Driver() string {
	if p.settings.Driver != "" {
		return p.settings.Driver
	}
	return driverName
}
