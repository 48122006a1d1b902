package chip

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/portrait"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/devices"
)

// Inspector inspects chips. It may be used by several goroutines.
type Inspector struct {
	// Trust returns what documents are verified against now; nil if there is nothing, and it may
	// be nil itself.
	Trust func() *pki.Trust
	// Terminal reads fingers and irises where chips ask for it; nil if the booth may not.
	Terminal *authenticity.Terminal
	Portrait portrait.Maker
	// Groups are the data groups that are read besides DG1 and DG2, by number, if the chip has
	// them.
	Groups []int
	Now    func() time.Time
}

// run is an inspection under way.
type run struct {
	*Inspector
	line  *line
	trust *pki.Trust
	out   *Inspection

	files  map[lds.File][]byte
	sod    *pki.SOD
	dg14   security.Infos
	proved bool // by one of the protocols, with keys that Passive Authentication has yet to vouch for

	stop error // why nothing more can be read

	security *cardSecurity // nil until it was needed

	// What is calculated while the chip gives the next file.
	verifying sync.WaitGroup
	opened    *pki.Opened
	drawing   sync.WaitGroup
	drawn     *portrait.Portrait
	undrawn   error
}

// Inspect inspects the chip. What could not be checked, and why, is in the result. The chip is
// left in a session; the caller closes the card.
func (in *Inspector) Inspect(ctx context.Context, card devices.Card, p Password) *Inspection {
	began := in.Now()
	r := &run{
		Inspector: in,
		line:      &line{card: &metered{Card: card}, password: p},
		trust:     in.trustNow(),
		out:       &Inspection{},
		files:     map[lds.File][]byte{},
	}
	for _, step := range []func(context.Context){
		r.open, r.readSecurity, r.proveChip, r.proveTerminal, r.readGroups,
	} {
		if r.stop == nil {
			step(ctx)
		}
	}
	passive := r.passive()
	r.weighProof(passive)
	r.compare(passive)
	r.out.Decided = in.Now().Sub(began)
	r.show(ctx)
	r.sort()
	r.out.Files, r.out.Opened = r.files, r.line.how()
	for f := range r.files {
		if n := f.DataGroup(); n > 0 {
			r.out.Groups = append(r.out.Groups, n)
		}
	}
	slices.Sort(r.out.Groups)
	r.out.Commands, r.out.Took = r.line.card.commands, in.Now().Sub(began)
	return r.out
}

// trustNow is the same throughout an inspection; without any, everything is unknown to it.
func (in *Inspector) trustNow() *pki.Trust {
	if in.Trust != nil {
		if t := in.Trust(); t != nil {
			return t
		}
	}
	t, _ := pki.New(nil)
	return t
}

// open opens the chip.
func (r *run) open(ctx context.Context) {
	looked := r.line.look(ctx)
	if looked != nil && !errors.Is(looked, access.ErrProtocol) {
		r.halt(looked)
		return
	}
	err := r.line.open(ctx)
	switch {
	case err == nil && looked != nil:
		r.add(CheckAccess, inspection.Undetermined, "card_access_malformed", "The chip was opened by BAC, since what it says of PACE cannot be understood.")
	case err == nil:
		r.add(CheckAccess, inspection.Successful, "", "The chip was opened by "+r.line.how()+".")
	case errors.Is(err, access.ErrRefused):
		r.add(CheckAccess, inspection.Failed, ReasonPassword, "The chip does not open with what was read from the document.")
	case errors.Is(err, errNoPassword):
		r.add(CheckAccess, inspection.NotDone, "zone_missing", "Nothing was read that opens the chip.")
	case errors.Is(err, security.ErrUnknownGroup):
		r.add(CheckAccess, inspection.NotSupported, "parameters", "The chip wants to agree on keys with domain parameters of its own, which nobody vouches for.")
	case errors.Is(err, access.ErrNotSupported):
		r.add(CheckAccess, inspection.NotSupported, "suite", "The chip offers no way to open it that is known here.")
	case errors.Is(err, access.ErrProtocol):
		r.add(CheckAccess, inspection.Failed, "protocol", "The chip broke the protocol by which it is opened.")
	default:
		r.halt(err)
		return
	}
	if err != nil {
		r.stop = err
	}
}

// readSecurity reads what the other steps rest on: what there is, and the chip's keys.
func (r *run) readSecurity(ctx context.Context) {
	if s := r.line.opened; s != nil && s.Suite.Mapping == security.ChipAuthentication {
		r.read(ctx, lds.CardSecurity) // lies beside the application
	}
	if r.stop == nil {
		if err := r.line.enter(ctx); err != nil {
			r.halt(err)
			return
		}
	}
	if file := r.read(ctx, lds.SOD); file != nil {
		r.sod, _ = pki.ParseSOD(file) // what is wrong with it Passive Authentication says
		r.verifying.Go(func() { r.opened = r.trust.Open(file) })
	}
	r.read(ctx, lds.COM)
	if r.has(lds.DG14) {
		if file := r.read(ctx, lds.DG14); file != nil {
			r.dg14, _ = contentOf(file, lds.DG14)
		}
	}
}

// readGroups reads the traveller's data.
func (r *run) readGroups(ctx context.Context) {
	groups := []lds.File{lds.DG1, lds.DG2}
	for _, n := range r.Groups {
		if f := lds.File(n); f.DataGroup() == n && !slices.Contains(groups, f) {
			groups = append(groups, f)
		}
	}
	for _, f := range groups {
		if r.has(f) {
			r.read(ctx, f)
		}
		if file := r.files[f]; f == lds.DG2 && file != nil {
			r.drawing.Go(func() { r.drawn, r.undrawn = r.draw(ctx, file) })
		}
	}
}

// has reports whether EF.SOD names the data group, or EF.COM where there is no EF.SOD to be read,
// and whether it was not read yet and may be: DG3 and DG4 open to terminals only.
func (r *run) has(f lds.File) bool {
	if _, read := r.files[f]; read {
		return false
	}
	if r.sod != nil {
		return r.sod.Groups[f.DataGroup()] != nil
	}
	c, err := lds.ParseCommon(r.files[lds.COM])
	return err != nil && f <= lds.DG2 || slices.Contains(c.Files, f)
}

// read reads a file and keeps it. It returns nil if there is none, or none any more.
func (r *run) read(ctx context.Context, f lds.File) []byte {
	if r.stop != nil {
		return nil
	}
	b, err := r.line.read(ctx, f)
	switch {
	case err == nil:
		r.files[f] = b
		return b
	case errors.Is(err, secure.ErrForged), errors.Is(err, devices.ErrGone), errors.Is(err, errTooMuch), errors.Is(err, secure.ErrEnded), ctx.Err() != nil,
		errors.Is(err, authenticity.ErrProof), errors.Is(err, access.ErrRefused), errors.Is(err, access.ErrProtocol):
		r.halt(err)
	}
	return nil // a file that cannot be read is missing in the checks of its content
}

// halt ends the reading and says why.
func (r *run) halt(err error) {
	if r.stop != nil {
		return
	}
	r.stop = err
	switch {
	case errors.Is(err, authenticity.ErrProof): // said of the proof
	case errors.Is(err, secure.ErrForged):
		r.add(CheckChannel, inspection.Failed, "altered", "A message of the chip was altered on its way.")
	case errors.Is(err, errTooMuch):
		r.add(CheckChannel, inspection.Failed, "endless", "The chip went on without an end.")
	case errors.Is(err, devices.ErrGone):
		r.add(CheckChannel, inspection.Undetermined, reasonUnreachable, "The chip left the reader before it was read.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r.add(CheckChannel, inspection.Undetermined, "time", "The chip did not answer in time.")
	default:
		r.add(CheckChannel, inspection.Undetermined, "broken_off", "The chip stopped answering as it should.")
	}
}

func (r *run) add(name string, s inspection.State, reason, text string) {
	r.out.Checks = append(r.out.Checks, inspection.Check{Name: name, State: s, Reason: reason, Text: text})
}

// order is that of the checks in a report; those of Passive Authentication keep their own between.
var order = []string{
	CheckPresent, CheckAccess, CheckChannel, CheckDowngrade, CheckMapping, CheckChip, CheckActive, CheckTerminal,
	passivePrefix, CheckCommon, CheckDG1, CheckZone, inspection.CheckDigits, inspection.CheckCharacters, inspection.CheckExpiry, CheckPortrait,
}

func (r *run) sort() {
	place := func(c inspection.Check) int {
		if isPassive(c.Name) {
			return slices.Index(order, passivePrefix)
		}
		return slices.Index(order, c.Name)
	}
	slices.SortStableFunc(r.out.Checks, func(a, b inspection.Check) int { return cmp.Compare(place(a), place(b)) })
}

// zoneOf reads DG1.
func (r *run) zoneOf() (*mrz.Zone, error) {
	lines, err := lds.ParseZone(r.files[lds.DG1])
	if err != nil {
		return nil, err
	}
	z, err := mrz.Parse(lines, r.Now())
	return &z, err
}
