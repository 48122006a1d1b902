package capture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"slices"
	"time"

	"boothd/capture/chip"
	"boothd/capture/mrz"
	"boothd/devices"
)

// Session collects a traveller's evidence from the booth's devices.
type Session struct {
	Devices *devices.Manager
	// Fingers says which fingers the traveller is asked for.
	Fingers FingerPlan
	// MinQuality is the least quality of a finger picture, 0 to 100; a poorer one is taken
	// again.
	MinQuality int
	// Tries is how many pictures of a finger are taken to get one that is quality.Acceptable; then
	// the best of them counts, if it has MinQuality. 0 and 1 take the first that has.
	Tries int
	// Comparer tells fingers of the traveller that were taken before; without one a finger that
	// is laid twice is taken for two.
	Comparer FingerComparer
	// Chips inspects documents' chips; nil if the booth has no reader for them.
	Chips *chip.Inspector
	// Reads says what documents are read with; empty means KindDocumentReader.
	Reads []devices.Kind
	Now   func() time.Time
}

// Collect waits until the traveller has presented one piece of evidence, across pictures
// that must be taken again and devices that are unplugged and replaced. The known evidence is
// what was collected before: the zone of the last document opens the chip, and of the fingers the
// first is taken that is not there yet. It tells guide what to do and returns early only when ctx
// ends.
func (s *Session) Collect(ctx context.Context, m Modality, known []Evidence, guide func(string)) (Evidence, error) {
	switch m {
	case ModalityChip:
		take := func(ctx context.Context, d devices.ChipReader) (Evidence, error) { return s.chip(ctx, d, known, guide) }
		return collect(ctx, s.Devices, devices.KindChipReader, "Leave the document on the chip reader.", guide, take)
	case ModalityDocument:
		return s.anyDocument(ctx, guide)
	case ModalityFinger:
		t := s.nextFinger(known)
		return collect(ctx, s.Devices, devices.KindFingerScanner, t.ask(), guide, t.picture)
	}
	return collect(ctx, s.Devices, devices.KindCamera, "Ask the traveller to look at the camera.", guide, s.face)
}

// collect takes one piece of evidence with a device of type D.
func collect[D devices.Device](ctx context.Context, m *devices.Manager, kind devices.Kind, ready string, guide func(string),
	take func(context.Context, D) (Evidence, error)) (Evidence, error) {
	var ev Evidence
	var retry *devices.RetryError
	say := ready
	for {
		stop := guideWhileWaiting(ctx, m, kind, say, guide)
		err := devices.Use(ctx, m, func(ctx context.Context, d D) error {
			var err error
			ev, err = take(ctx, d)
			return err
		})
		stop()
		switch {
		case err == nil:
			return ev, nil
		case ctx.Err() != nil:
			return Evidence{}, ctx.Err()
		case errors.As(err, &retry):
			say = sentence(retry.Hint)
		default:
			say = ready
		}
	}
}

// guideWhileWaiting says what to do while a device of the kind is there, and that there is
// none while there is none, until the function that it returns is called.
func guideWhileWaiting(ctx context.Context, m *devices.Manager, kind devices.Kind, say string, guide func(string)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			changed := m.Changed()
			guide(guidance(m.Status(), kind, say))
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}()
	return func() { cancel(); <-done }
}

func guidance(all []devices.Status, kind devices.Kind, say string) string {
	usable := slices.ContainsFunc(all, func(st devices.Status) bool {
		return st.Kind == kind && (st.State == devices.Ready || st.State == devices.Busy)
	})
	if usable {
		return say
	}
	for _, st := range all {
		if st.Kind == kind && st.State == devices.Fault {
			return kindName(kind) + " not usable: " + st.Reason + "."
		}
	}
	return kindName(kind) + " not connected. It is used as soon as it is plugged in."
}

func kindName(k devices.Kind) string {
	switch k {
	case devices.KindDocumentReader:
		return "Document reader"
	case devices.KindFingerScanner:
		return "Fingerprint scanner"
	case devices.KindChipReader:
		return "Chip reader"
	case devices.KindPageCamera:
		return "Page camera"
	}
	return "Camera"
}

func sentence(h devices.Hint) string {
	if h == "" {
		return "Present again."
	}
	return string(bytes.ToUpper([]byte(h[:1]))) + string(h[1:]) + "."
}

func (s *Session) document(ctx context.Context, d devices.DocumentReader) (Evidence, error) {
	lines, err := d.ReadMRZ(ctx)
	if err != nil {
		return Evidence{}, err
	}
	zone, err := mrz.Read(lines, s.Now())
	if err != nil {
		return Evidence{}, &devices.RetryError{Hint: devices.HintPresentAgain, Err: err}
	}
	return Evidence{At: s.Now(), Device: d.Info(), Document: &Document{Zone: zone}}, nil
}

// chip inspects the chip of the document that was read last. What the chip does is told by the
// checks: a chip that leaves the field ends its inspection, and no more.
func (s *Session) chip(ctx context.Context, d devices.ChipReader, known []Evidence, guide func(string)) (Evidence, error) {
	document := ChipBearer(known)
	if document == nil || s.Chips == nil {
		return Evidence{}, errors.New("there is no zone that opens a chip, or no inspector")
	}
	card, err := d.Connect(ctx)
	if err != nil {
		return Evidence{}, err
	}
	defer card.Close()
	guide("The chip is being read. Leave the document where it is.")
	limited, cancel := context.WithTimeout(ctx, maxInspection)
	defer cancel()
	found := s.Chips.Inspect(limited, card, chip.Password{Zone: &document.Document.Zone, CAN: document.Document.CAN})
	if ctx.Err() != nil {
		return Evidence{}, ctx.Err()
	}
	return Evidence{At: s.Now(), Device: d.Info(), Chip: ChipOf(document.ID, found)}, nil
}

// maxInspection is how long a chip may keep the booth waiting.
const maxInspection = 60 * time.Second

func (s *Session) face(ctx context.Context, d devices.Camera) (Evidence, error) {
	frame, err := d.Frame(ctx)
	if err != nil {
		return Evidence{}, err
	}
	return Evidence{At: frame.At, Device: d.Info(), Face: &Face{JPEG: frame.JPEG, Width: frame.Width, Height: frame.Height}}, nil
}

func encodePNG(picture *image.Gray) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
