package hardware

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/capture/chip/chipemu"
	"boothd/devices/pcsc/vpcd"
)

const (
	// emptied is how long the reader may take to see that it is empty. A chip that is laid
	// sooner would be taken for the one before it.
	emptied = time.Second
	// starts is how often a pcscd whose port was taken by somebody else is started.
	starts = 3
	// restartLimit bounds the start of a pcscd that is plugged in again.
	restartLimit = 20 * time.Second
)

// errNoChips is why there is no chip reader if nobody wants one.
var errNoChips = errors.New("it was left out")

// chipReader is the reader of contactless chips: the first of pcscd's; the other one stays empty.
type chipReader struct {
	dir    string
	daemon *vpcd.Daemon // nil if there is none

	mu     sync.Mutex // held while a chip is laid or lifted
	out    bool       // the reader is pulled out
	lies   *Document  // what lies there, also while the reader is pulled out; nil for nothing
	laid   *vpcd.Laid // nil if no chip lies there, or the reader is pulled out
	lifted time.Time  // when one was lifted last
}

// newChipReader starts a pcscd. Beside the error, which says why there is none, it returns a
// reader that does nothing.
func newChipReader(ctx context.Context, none bool) (*chipReader, error) {
	r := &chipReader{}
	if none {
		return r, errNoChips
	}
	var err error
	if r.dir, err = os.MkdirTemp("", "boothsim-"); err != nil {
		return r, err
	}
	for range starts {
		if err = r.start(ctx); err == nil || errors.Is(err, os.ErrNotExist) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return r, errors.Join(err, os.RemoveAll(r.dir))
	}
	return r, nil
}

// start starts a pcscd and sees that its reader takes chips: another program can have taken the
// port since it was found free.
func (r *chipReader) start(ctx context.Context) error {
	daemon, err := vpcd.Start(ctx, filepath.Join(r.dir, "pcscd"))
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", daemon.Reader(0))
	if err != nil {
		return errors.Join(fmt.Errorf("look for the virtual reader: %w", err), daemon.Close())
	}
	r.daemon, r.lifted = daemon, time.Now()
	return conn.Close()
}

func (r *chipReader) close() error {
	if r.daemon == nil {
		return nil
	}
	r.take()
	return errors.Join(r.daemon.Close(), os.RemoveAll(r.dir))
}

// put lays a document on the reader in place of what lies there, as soon as the reader has seen
// that it is empty; a document without a chip, too, or what lay there would be taken for its chip.
func (r *chipReader) put(ctx context.Context, d *Document) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lies = nil
	r.lift()
	if r.out {
		r.lies = d
		return nil
	}
	select {
	case <-time.After(time.Until(r.lifted.Add(emptied))):
	case <-ctx.Done():
		return ctx.Err()
	}
	r.lies = d
	return r.lay(d)
}

// lay lays the document's chip on the reader, if it has one. The mutex is held.
func (r *chipReader) lay(d *Document) error {
	if d.Chip == nil {
		return nil
	}
	chip, err := chipemu.New(d.Chip)
	if err != nil {
		return err
	}
	// What lays it down ends long before it is lifted.
	r.laid, err = vpcd.Lay(context.Background(), r.daemon.Reader(0), chip)
	return err
}

// take takes the document off the reader.
func (r *chipReader) take() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lies = nil
	r.lift()
}

// lift lifts what is laid. The mutex is held.
func (r *chipReader) lift() {
	if r.laid == nil {
		return
	}
	_ = r.laid.Lift() // says why it left before, such as being torn off
	r.laid, r.lifted = nil, time.Now()
}

// unplug pulls the reader out; what lies on it stays there.
func (r *chipReader) unplug() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.daemon.Stop()
	r.lift()
	r.out = true
}

// plug plugs the reader in with what lies on it.
func (r *chipReader) plug() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), restartLimit)
	defer cancel()
	if err := r.daemon.Restart(ctx); err != nil {
		return err
	}
	r.out = false
	if r.lies == nil {
		return nil
	}
	return r.lay(r.lies)
}

// state tells how the reader is if it is there.
func (r *chipReader) state() DeviceState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out {
		return DeviceState{}
	}
	return DeviceState{Plugged: true, Traveller: r.lies.traveller(), Doing: r.lies.chip()}
}
