// Package stage holds everything that the simulator plays: the devices of the booth, the
// lines to central, the portal with its systems, the broker and the publisher of lists. It
// starts and stops them together and tells how they are.
package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"boothd/cmd/boothsim/broker"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/hardware"
	"boothd/cmd/boothsim/line"
)

// Listen says where everything listens; port 0 takes any free one.
type Listen struct {
	Portal, Office, National, Broker, USBIP, Camera string
}

// Options say how a folder is played.
type Options struct {
	Listen
	// NoPrints starts sooner: files in EES and VIS are without fingers.
	NoPrints bool
	// NoChips starts without a chip reader.
	NoChips bool
}

// Stage is everything that is running. Its methods may be called by several goroutines.
type Stage struct {
	Hardware *hardware.Booth
	Portal   *Portal

	folder       *demo.Folder
	noPrints     bool
	noChips      bool
	wallet       wallet
	addresses    demo.Addresses
	portalLine   *line.Line
	nationalLine *line.Line
	brokerLine   *line.Line
	broker       *broker.Broker
	lists        *publisher

	stop    context.CancelFunc
	servers sync.WaitGroup
	ended   chan error
}

// Start plays a folder until Close. The addresses of the control and of boothd are for
// the caller to fill in.
func Start(ctx context.Context, folder *demo.Folder, o Options, log *slog.Logger) (*Stage, error) {
	ctx, stop := context.WithCancel(ctx)
	s := &Stage{folder: folder, noPrints: o.NoPrints, noChips: o.NoChips, wallet: wallet{folder: folder}, stop: stop, ended: make(chan error, 8)}
	s.addresses = demo.Addresses{Dir: folder.Dir(), Config: folder.Path("boothd.toml")}
	for _, start := range []func(context.Context, *demo.Folder, Listen, *slog.Logger) error{
		s.startPortal, s.startNational, s.startBroker, s.startHardware, s.startLists,
	} {
		if err := start(ctx, folder, o.Listen, log); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close stops everything and waits for it.
func (s *Stage) Close() error {
	s.stop()
	for _, l := range []*line.Line{s.portalLine, s.nationalLine, s.brokerLine} {
		if l != nil {
			l.Set(line.Cut)
		}
	}
	var err error
	if s.broker != nil {
		err = s.broker.Close()
	}
	s.servers.Wait()
	if s.Portal != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		err = errors.Join(err, s.Portal.Close(ctx))
	}
	return err
}

// closeTimeout is how long questions under way may take when the portal ends.
const closeTimeout = 5 * time.Second

// Ended receives an error if a server ends by itself.
func (s *Stage) Ended() <-chan error { return s.ended }

// Addresses are where everything listens.
func (s *Stage) Addresses() demo.Addresses { return s.addresses }

// SetAddresses fills in where control and boothd listen.
func (s *Stage) SetAddresses(control, booth string) {
	s.addresses.Control, s.addresses.Booth = control, booth
}

func (s *Stage) startBroker(_ context.Context, folder *demo.Folder, listen Listen, log *slog.Logger) error {
	conf, err := folder.BrokerTLS()
	if err != nil {
		return err
	}
	booths, err := net.Listen("tcp", listen.Broker)
	if err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	publishers, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		booths.Close()
		return fmt.Errorf("start broker: %w", err)
	}
	s.brokerLine = line.New(booths)
	s.addresses.Broker = "ssl://" + booths.Addr().String()
	s.addresses.Publish = "ssl://" + publishers.Addr().String()
	s.broker, err = broker.Start(broker.Doors{
		Booths: s.brokerLine, Publishers: publishers, TLS: conf, Publisher: publisherName,
	}, log.With("part", "broker"))
	return err
}

func (s *Stage) startLists(ctx context.Context, folder *demo.Folder, _ Listen, log *slog.Logger) error {
	conf, err := folder.PublisherTLS()
	if err != nil {
		return err
	}
	s.lists, err = newPublisher(folder, s.addresses.Publish, conf, log.With("part", "lists"))
	if err != nil {
		return err
	}
	return s.lists.publishAll(ctx)
}

func (s *Stage) startHardware(ctx context.Context, folder *demo.Folder, listen Listen, log *slog.Logger) error {
	usbip, err := net.Listen("tcp", listen.USBIP)
	if err != nil {
		return fmt.Errorf("start usbip: %w", err)
	}
	s.Hardware, err = hardware.New(ctx, hardware.Where{Reader: folder.Path("reader"), Camera: listen.Camera, NoChips: s.noChips}, log.With("part", "devices"))
	if err != nil {
		usbip.Close()
		return err
	}
	s.addresses.USBIP = usbip.Addr().String()
	s.addresses.Camera = s.Hardware.CameraURL()
	s.addresses.Reader = folder.Path("reader")
	s.addresses.PCSC = s.Hardware.ChipSocket()
	s.serve(ctx, "scanner", func() error { return s.Hardware.Run(ctx, usbip) }, func() error { return nil })
	return nil
}

// serve runs a server until ctx ends, when end is called, and reports if it ends before.
func (s *Stage) serve(ctx context.Context, name string, run, end func() error) {
	stopped := context.AfterFunc(ctx, func() { end() })
	s.servers.Go(func() {
		err := run()
		stopped()
		if ctx.Err() == nil {
			s.ended <- fmt.Errorf("%s ended: %w", name, err)
		}
	})
}

// SetLine changes the line to "portal", "national", "broker" or "all".
func (s *Stage) SetLine(name string, state line.State) {
	for which, l := range map[string]*line.Line{"portal": s.portalLine, "national": s.nationalLine, "broker": s.brokerLine} {
		if name == which || name == "all" {
			l.Set(state)
		}
	}
}
