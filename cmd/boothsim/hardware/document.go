package hardware

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/chipemu"
)

// Document is a travel document in a traveller's hand.
type Document struct {
	Traveller int
	MRZ       []string
	// Chip is nil if it has none, or none that answers.
	Chip *chipemu.Issued
	// What says in a word how the chip is: "genuine", "cloned".
	What string
}

// traveller is whose it is; 0 for no document.
func (d *Document) traveller() int {
	if d == nil {
		return 0
	}
	return d.Traveller
}

// chip says whose chip it is and how; empty for no document, or one without a chip.
func (d *Document) chip() string {
	if d == nil || d.Chip == nil {
		return ""
	}
	return fmt.Sprintf("chip of traveller %d, %s", d.Traveller, d.What)
}

// Chips reports why there is no chip reader; nil if there is one.
func (b *Booth) Chips() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if why := b.state.ChipReader.Absent; why != "" {
		return errAbsent(why)
	}
	return nil
}

// ChipSocket is where the service of the chip reader listens (vpcd.SocketVariable); empty
// without a chip reader.
func (b *Booth) ChipSocket() string {
	if b.chips.daemon == nil {
		return ""
	}
	return b.chips.daemon.Socket()
}

// Present lays a document on the readers, its page and its chip; the one that lies there is
// taken away first, which takes a second. The chip stays until it is taken away. Without a chip
// reader, or while that is pulled out, the page is read alone.
func (b *Booth) Present(ctx context.Context, d Document) error {
	b.presenting.Lock()
	defer b.presenting.Unlock()
	state := b.State()
	if !state.Reader.Plugged {
		return errPulledOut(Reader)
	}
	if state.ChipReader.Absent == "" {
		if err := b.chips.put(ctx, &d); err != nil {
			return fmt.Errorf("lay the chip on the reader: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.state.Reader.Plugged {
		return errPulledOut(Reader)
	}
	if err := b.reader.Present(d.MRZ); err != nil {
		return err
	}
	b.state.Reader.Traveller = d.Traveller
	b.state.Reader.Doing = fmt.Sprintf("document of traveller %d", d.Traveller)
	if b.state.ChipReader.Absent == "" {
		b.state.ChipReader = b.chips.state()
	}
	return nil
}

// Take takes the document off the readers.
func (b *Booth) Take() {
	b.presenting.Lock()
	defer b.presenting.Unlock()
	b.chips.take()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range []*DeviceState{&b.state.Reader, &b.state.ChipReader} {
		s.Traveller, s.Doing = 0, ""
	}
}

func errAbsent(why string) error { return errors.New("there is no chip reader: " + why) }
