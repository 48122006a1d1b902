package discreet

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/capture/check"
	"boothd/cmd/boothsim/demo"
	centralconfig "boothd/cmd/centrald/config"
	"boothd/cmd/centrald/server"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/sync/portal"
	"boothd/sync/system"
)

const (
	sis  = system.SIS
	list = "sis-persons"
)

// source is whom the desk asks, with what stands behind it.
type source struct {
	check.Source
	central bool
	closers []func() error
}

func (s *source) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func openSource(ctx context.Context, o Options, dir string, c *crowd) (*source, error) {
	s := &source{central: o.Central}
	open := s.openList
	if o.Central {
		open = s.openCentral
	}
	if err := open(ctx, dir, c); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openList makes the list at the booth.
func (s *source) openList(ctx context.Context, dir string, c *crowd) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	g, err := gallery.Open(ctx, filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, g.Close)
	now := time.Now()
	err = g.Apply(ctx, gallery.Update{
		List: list, System: sis, Version: 1, Head: gallery.Hash{1}, Entries: c.entries,
		Issued: now, Expires: now.Add(48 * time.Hour), SoftAge: 24 * time.Hour, Lines: gallery.LinesOf(c.changes(now)),
	})
	s.Source = localmatch.New(g, localmatch.Options{Lists: []localmatch.List{{Name: list, System: sis}}})
	return err
}

func (c *crowd) changes(now time.Time) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		err := c.listed(now, func(e *gallery.Entry) error {
			if !yield(gallery.Change{Put: e}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(gallery.Change{}, err)
		}
	}
}

var errStopped = errors.New("no more entries are wanted")

// openCentral makes a central search and the booth's client of it.
func (s *source) openCentral(ctx context.Context, dir string, c *crowd) error {
	folder, err := demo.Make(dir)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := folder.Renew(now); err != nil {
		return err
	}
	path, err := folder.WriteCentral("127.0.0.1:1", "127.0.0.1:2", now) // both are served elsewhere or not at all
	if err != nil {
		return err
	}
	conf, err := centralconfig.Read(path)
	if err != nil {
		return err
	}
	central, err := server.Open(ctx, conf, server.Options{})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { return central.Close(context.WithoutCancel(ctx)) })
	if err := fill(ctx, central, c, now); err != nil {
		return err
	}
	url, err := s.serve(ctx, central, folder)
	if err != nil {
		return err
	}
	tls, err := portal.MutualTLS(folder.Path("ca.pem"), folder.Path("booth.pem"), folder.Path("booth.key"), nil)
	if err != nil {
		return err
	}
	client, err := portal.New(portal.Options{URL: url, TLS: tls, Booth: demo.Booth, Systems: []string{sis}})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { client.Close(); return nil })
	s.Source = client
	return nil
}

// fill puts the entries into the register of SIS.
func fill(ctx context.Context, central *server.Server, c *crowd, now time.Time) error {
	entries := make([]gallery.Entry, 0, c.entries)
	err := c.listed(now, func(e *gallery.Entry) error {
		entries = append(entries, *e)
		return nil
	})
	if err != nil {
		return err
	}
	return central.Registers[sis].Put(ctx, entries...)
}

// serve runs central and its interface for booths.
func (s *source) serve(ctx context.Context, central *server.Server, folder *demo.Folder) (string, error) {
	tls, err := folder.PortalTLS()
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	front := &http.Server{
		Handler: central.Booths(), TLSConfig: tls,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	errs := make(chan error, 1)
	parts.Go(func() { front.ServeTLS(l, "", "") })
	parts.Go(func() { errs <- central.Run(ctx) })
	s.closers = append(s.closers, func() error {
		cancel()
		err := front.Close()
		parts.Wait()
		return errors.Join(err, <-errs)
	})
	return "https://" + l.Addr().String(), nil
}
