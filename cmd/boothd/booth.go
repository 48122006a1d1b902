package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/chip/authenticity"
	"boothd/cmd/boothd/alerts"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/cmd/boothd/sbi"
	"boothd/cmd/boothd/statelock"
	"boothd/devices"
	"boothd/internal/keys"
	"boothd/internal/keys/rest"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
	"boothd/localmatch/recent"
	"boothd/localmatch/trust"
	"boothd/sync/direct"
	"boothd/sync/drill"
	"boothd/sync/outbox"
	"boothd/sync/portal"
	"boothd/sync/signin"
	"boothd/sync/watchlist"
)

// booth is everything that runs, wired. The parts know only those to their left.
type booth struct {
	config *config.Config
	log    *slog.Logger
	lock   *os.File

	atRest     *rest.Keeper // of the booth's own keys
	devices    *devices.Manager
	gallery    *gallery.Gallery
	trust      *trust.Keeper          // nil if documents are not verified
	terminal   *authenticity.Terminal // nil if chips do not know this booth
	store      *outbox.Store
	portal     *portal.Client        // nil without a portal
	sender     *outbox.Sender        // nil without a portal
	subscriber *watchlist.Subscriber // nil without a broker
	copies     *copies               // nil without a portal
	direct     *direct.Source        // nil if no system is asked directly
	national   *probe                // nil if the nation's network is not looked at
	verifier   *signin.Verifier      // nil without an issuer of tokens
	profiles   *profiles
	grants     *grants // nil if the booth verifies none itself
	alerts     *alerts.Box
	drill      *drill.Player
	keeper     *recent.Keeper // records, and remembers checks for 72 hours
	watch      *recent.Watch
	desk       *check.Desk
	console    *console.Server
	kiosks     *sbi.Server // nil if no registration kiosk may use the devices
	kioskKey   *sbi.Identity
	listener   net.Listener
	closers    []func() // of what needs closing and has no field

	probing sync.Mutex
	probe   chan struct{} // closed when the look at the desk that is under way ends
}

// stopGrace is how long the check that is open at the end may take to be recorded.
const stopGrace = 5 * time.Second

// run is the whole life of the booth: it opens everything, works until ctx ends or a part
// fails, and closes everything in the reverse order.
func run(ctx context.Context, c *config.Config, log *slog.Logger) error {
	b := &booth{config: c, log: log}
	err := b.open(ctx)
	if err == nil {
		err = b.work(ctx)
	}
	return errors.Join(err, b.close())
}

// open brings the parts up, from what keeps to what is shown.
func (b *booth) open(ctx context.Context) error {
	if err := os.MkdirAll(b.config.Booth.State, 0o700); err != nil {
		return err
	}
	steps := []func(context.Context) error{
		b.openLock, b.openKeys, b.openTerminal, b.openStore, b.openAlerts, b.openProfiles, b.openPortal, b.openDirect, b.openGallery, b.openRecent, b.openDrill, b.openSubscriber,
		b.openDevices, b.openKiosks, b.openDesk, b.openConsole,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// openLock makes sure that no other daemon works with the same state.
func (b *booth) openLock(context.Context) error {
	path := b.config.LockPath()
	lock, err := statelock.Take(path)
	if err != nil {
		return fmt.Errorf("lock %s: is another boothd running? %w", path, err)
	}
	b.lock = lock
	return nil
}

func (b *booth) openStore(ctx context.Context) error {
	central, err := keys.ReadSealing(b.config.Portal.Sealing)
	if err != nil {
		return err
	}
	b.store, err = outbox.Open(ctx, b.config.OutboxPath(), outbox.Options{
		Booth:        b.config.Booth.ID,
		Central:      central,
		MaxBytes:     int64(b.config.Outbox.MaxBytes),
		MaxAge:       time.Duration(b.config.Outbox.MaxAge),
		ReserveBytes: int64(b.config.Outbox.Reserve),
		Log:          b.log,
	})
	return err
}

func (b *booth) openPortal(context.Context) error {
	p := b.config.Portal
	if p.URL == "" {
		return nil
	}
	tls, err := portal.MutualTLS(p.CA, p.Cert, p.Key, b.log)
	if err != nil {
		return err
	}
	b.portal, err = portal.New(portal.Options{
		URL: p.URL, TLS: tls, Booth: b.config.Booth.ID, Systems: p.Systems, Log: b.log,
		Back: func() { b.sender.Retry() },
	})
	if err != nil {
		return err
	}
	signing, err := keys.ReadVerifyingAll(p.Signing)
	if err != nil {
		return err
	}
	b.sender, err = outbox.NewSender(b.store, b.portal, outbox.SenderOptions{Keys: signing, Log: b.log})
	return err
}

func (b *booth) openProfiles(context.Context) error {
	var err error
	if b.profiles, err = newProfiles(b.config, b.log); err != nil {
		return err
	}
	if b.grants, err = newGrants(b.config, b.log); err != nil {
		return err
	}
	if b.config.National.Probe != "" {
		b.national, err = newProbe(b.config.National)
	}
	return err
}

func (b *booth) openGallery(ctx context.Context) error {
	names.Load() // rather now than when the first traveller waits for it
	var err error
	b.gallery, err = gallery.Open(ctx, b.config.GalleryPath(), b.config.KeysDir(), gallery.Options{Log: b.log, Keys: b.atRest})
	b.openTrust()
	if b.portal != nil {
		b.copies = newCopies(b.gallery, b.portal, b.log)
	}
	return err
}

func (b *booth) openDesk(ctx context.Context) error {
	desk := check.Config{
		Booth:     b.config.Booth.ID,
		Place:     b.config.Booth.Place,
		Direction: b.config.Booth.Direction,
		Sources:   b.sources(),
		Rules:     b.config.Rules(),
		Recorder:  b.drill.Recorder(b.keeper),
		Alerts:    b.alerts,
		Collector: &capture.Session{
			Devices:    b.devices,
			Fingers:    b.config.Check.FingerPlan(),
			MinQuality: b.config.Check.MinQuality,
			Tries:      b.config.Check.FingerTries,
			Comparer:   localmatch.SameFinger{},
			Chips:      b.inspector(),
			Reads:      b.config.Reads(),
			Now:        time.Now,
		},
		Auto: b.config.Check.Auto,
		Beat: check.Beat,
		Log:  b.log,
		Now:  time.Now,
	}
	if b.grants != nil {
		desk.Grants = b.grants
	}
	b.desk = check.NewDesk(desk)
	return b.desk.Restore(ctx)
}

// sources are those that the desk asks: the local lists, central, and the systems that stand
// in for it.
func (b *booth) sources() []check.Asking {
	local := localmatch.New(b.gallery, localmatch.Options{Lists: b.peopleLists(), Log: b.log})
	timeout, linger := time.Duration(b.config.Portal.Timeout), time.Duration(b.config.Portal.Linger)
	sources := []check.Asking{{Source: b.profiles.source(local), Timeout: timeout}}
	if b.portal != nil {
		sources = append(sources, check.Asking{Source: b.drill.Source(b.portal), Central: true, Identifies: true, Timeout: timeout, Linger: linger})
	}
	if b.direct != nil {
		sources = append(sources, check.Asking{Source: b.drill.Source(b.profiles.source(b.direct)), Identifies: true, Timeout: timeout, Linger: linger})
	}
	return sources
}

// namedLists are the lists that this booth is meant to have.
func (b *booth) namedLists() []localmatch.List { return listsOf(b.config.Lists) }

// peopleLists are those of them in which travellers are looked up.
func (b *booth) peopleLists() []localmatch.List { return listsOf(b.config.PeopleLists()) }

func listsOf(named []config.List) []localmatch.List {
	var lists []localmatch.List
	for _, l := range named {
		lists = append(lists, localmatch.List{Name: l.Name, System: l.System})
	}
	return lists
}

func (b *booth) openConsole(ctx context.Context) error {
	tokens, err := readTokens(b.config)
	if err != nil {
		return err
	}
	signIn, err := b.openSignIn()
	if err != nil {
		return err
	}
	metricsToken, err := b.config.API.ReadMetricsToken()
	if err != nil {
		return fmt.Errorf("token of the metrics: %w", err)
	}
	b.listener, err = net.Listen("tcp", b.config.API.Listen)
	if err != nil {
		return fmt.Errorf("listen for the local interface: %w", err)
	}
	conf := console.Config{
		Desk:     b.desk,
		Auth:     tokens,
		SignIn:   signIn,
		InForce:  b.profiles.inForce,
		Status:   b.status,
		Exchange: b.recordExchange,
		Healthy:  b.healthy,
		Ready:    b.store.Ready,
		Preview: func(ctx context.Context, k devices.Kind) (*devices.Frame, error) {
			return devices.Preview(ctx, b.devices, k)
		},
		Metrics: newMetrics(b, metricsToken),
		Hosts:   b.config.API.Hosts,
		Origins: b.config.API.Origins,
		Log:     b.log,
	}
	if b.portal != nil {
		conf.Verify = b.verifyLink
	}
	b.console, err = console.New(b.listener, conf)
	return err
}

// work runs the parts until ctx ends or one of them fails. What faces the officer ends
// first, then the open check is recorded, and what keeps and delivers ends last.
func (b *booth) work(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	back, endBack := context.WithCancel(context.WithoutCancel(ctx))
	defer endBack()
	var front, rear sync.WaitGroup
	start := func(wg *sync.WaitGroup, ctx context.Context, name string, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start(&rear, back, "outbox", b.store.Run)
	start(&rear, back, "recent checks", b.keeper.Run)
	start(&rear, back, "looking back", b.watch.Run)
	start(&rear, back, "drills", b.drill.Run)
	if b.portal != nil {
		start(&rear, back, "portal", b.portal.Run)
		start(&rear, back, "sender", b.sender.Run)
		start(&front, ctx, "alerts", b.follow)
		start(&front, ctx, "documents", b.fetchDocuments)
		start(&front, ctx, "copies", b.copies.run)
	}
	if b.direct != nil {
		start(&front, ctx, "direct", b.direct.Run)
	}
	if b.national != nil {
		start(&front, ctx, "national", b.national.Run)
	}
	if b.subscriber != nil {
		start(&rear, back, "lists", b.subscriber.Run)
	}
	if b.trust != nil {
		start(&front, ctx, "trust list", b.trust.Run)
	}
	if b.verifier != nil {
		start(&front, ctx, "sign-in", b.verifier.Run)
	}
	start(&front, ctx, "devices", b.devices.Run)
	if b.kiosks != nil {
		start(&front, ctx, "registration kiosks", b.kiosks.Run)
	}
	start(&front, ctx, "console", b.console.Run)
	start(&front, ctx, "notify", b.notify)
	b.log.Info("booth ready", "booth", b.config.Booth.ID, "version", version, "listen", b.listener.Addr().String())

	<-ctx.Done()
	b.log.Info("booth stopping")
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer done()
	err := b.desk.Close(grace)
	front.Wait()
	endBack()
	rear.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// close gives back what open took, as far as it came.
func (b *booth) close() error {
	var errs []error
	if b.listener != nil {
		b.listener.Close() // served to its end already, or never served
	}
	if b.portal != nil {
		b.portal.Close()
	}
	for _, shut := range b.closers {
		shut()
	}
	if b.alerts != nil {
		errs = append(errs, b.alerts.Close())
	}
	if b.gallery != nil {
		errs = append(errs, b.gallery.Close())
	}
	if b.store != nil {
		errs = append(errs, b.store.Close())
	}
	if b.lock != nil {
		b.lock.Close()
	}
	return errors.Join(errs...)
}

// healthy reports whether the desk still answers. If it does not, the service manager
// restarts the daemon. One look at a time is under way, however many ask.
func (b *booth) healthy(ctx context.Context) error {
	b.probing.Lock()
	if b.probe == nil {
		b.probe = make(chan struct{})
		go b.look(b.probe)
	}
	probe := b.probe
	b.probing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	select {
	case <-probe:
		return nil
	case <-ctx.Done():
		return errors.New("the check desk does not answer")
	}
}

func (b *booth) look(done chan struct{}) {
	b.desk.View(false)
	b.store.Stats()
	b.probing.Lock()
	defer b.probing.Unlock()
	b.probe = nil
	close(done)
}
