package devices

import (
	"context"
	"maps"
	"slices"
)

// Preview waits until a camera of the kind is open that can be watched, and returns its next
// picture. It takes the device from nobody, and a fault that it meets is left to whoever
// uses the camera: Preview waits for the next camera, or until ctx ends.
func Preview(ctx context.Context, m *Manager, kind Kind) (*Frame, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		changed := m.Changed()
		camera := m.watchable(kind)
		if camera != nil {
			frame, err := camera.Preview(ctx)
			if err == nil {
				return frame, nil
			}
		}
		if camera != nil && m.watchable(kind) != camera {
			continue // another one is there already
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// watchable returns the open camera whose address sorts first, or nil.
func (m *Manager) watchable(kind Kind) Previewer {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, at := range slices.Sorted(maps.Keys(m.slots)) {
		s := m.slots[at]
		if s.left || s.driver.Kind != kind || s.state != Ready && s.state != Busy || isGone(s.device) {
			continue
		}
		if camera, ok := s.device.(Previewer); ok {
			return camera
		}
	}
	return nil
}
