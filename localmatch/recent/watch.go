package recent

import (
	"context"
	"log/slog"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// Lists are the lists at rest; *gallery.Gallery is them.
type Lists interface {
	Apply(ctx context.Context, u gallery.Update) error
	List(ctx context.Context, name string) (gallery.Info, error)
}

// Watch applies list updates and looks whom of the last hours they name: after an update the
// list is asked again about each check, for what came with it. How far each list was looked up
// for each check is remembered, so that nothing is left out if the power fails, an alert cannot be
// kept or a list cannot be asked. All fields are required.
type Watch struct {
	Lists   Lists
	Matcher *localmatch.Matcher
	Names   []localmatch.List // that Run looks after
	Store   *Store
	// Found is called for each check that is found. After an error it is called again, later; it
	// may also be called again without one.
	Found func(Found) error
	Log   *slog.Logger

	wake chan struct{}
}

// NewWatch returns a Watch with these fields.
func NewWatch(w Watch) *Watch {
	w.wake = make(chan struct{}, 1)
	return &w
}

// Apply applies the update. That somebody was found, or could not be looked up, does not
// change its result.
func (w *Watch) Apply(ctx context.Context, u gallery.Update) error {
	defer w.nudge()
	return w.Lists.Apply(ctx, u)
}
