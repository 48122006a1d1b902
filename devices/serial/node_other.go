//go:build !linux

package serial

import (
	"errors"
	"io"
	"os"
)

// node stands for a line's device where the system itself opens a line once only and
// reports an unplugged one as an error.
type node struct{ path string }

func openNode(path string) (*node, error) { return &node{path}, nil }

func (n *node) gone() bool    { return false }
func (n *node) discardInput() {}
func (n *node) close() error  { return nil }

func (n *node) setBaud(int) error { return errors.ErrUnsupported }

func (n *node) write(wire io.Writer, data []byte) (int, error) { return wire.Write(data) }

func isDevice(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
