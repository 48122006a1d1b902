//go:build !linux || !(amd64 || arm64)

package v4l2

import (
	"context"
	"errors"
	"fmt"
)

var errNone = fmt.Errorf("video devices: %w", errors.ErrUnsupported)

func (b *Bus) nodes(context.Context) ([]found, error) { return nil, errNone }

func find([]found, string) (found, bool) { return found{}, false }

func (p port) Open(context.Context) (Node, error) { return nil, errNone }
