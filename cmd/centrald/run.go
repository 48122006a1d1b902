package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/server"
	"boothd/internal/settings"
)

type runCommand struct{ configFlag }

// Run opens the portal and serves booths and the office until ctx ends.
func (c *runCommand) Run(ctx context.Context) error {
	conf, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	log := conf.Log.Logger(os.Stderr)
	s, err := server.Open(ctx, conf, server.Options{Log: log})
	if err != nil {
		return err
	}
	err = serve(ctx, conf, s, log)
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer done()
	return errors.Join(err, s.Close(closing))
}

// stopGrace is how long questions under way may take when the portal stops.
const stopGrace = 5 * time.Second

// serve runs the listeners and what goes on beside them.
func serve(ctx context.Context, c *config.Config, s *server.Server, log *slog.Logger) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	booths, err := boothListener(c)
	if err != nil {
		return err
	}
	var parts sync.WaitGroup
	start := func(name string, run func() error) {
		parts.Go(func() {
			if err := run(); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start("portal", func() error { return serveHTTP(ctx, booths, s.Booths(), log) })
	if c.Server.Office != "" {
		office, err := officeListener(c)
		if err != nil {
			booths.Close()
			return err
		}
		handler, err := s.Office()
		if err != nil {
			return errors.Join(err, booths.Close(), office.Close())
		}
		start("office", func() error { return serveHTTP(ctx, office, handler, log) })
		log.Info("office ready", "listen", office.Addr().String())
	}
	start("parts", func() error { return s.Run(ctx) })
	log.Info("portal ready", "version", version, "listen", booths.Addr().String())
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd not told that the portal is ready", "err", err)
	}
	<-ctx.Done()
	daemon.SdNotify(false, daemon.SdNotifyStopping)
	log.Info("portal stopping")
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// boothListener takes only clients of the configured authority.
func boothListener(c *config.Config) (net.Listener, error) {
	conf, err := serverTLS(c)
	if err != nil {
		return nil, err
	}
	if conf.ClientCAs, err = settings.Pool(c.Server.CA); err != nil {
		return nil, err
	}
	conf.ClientAuth, conf.MinVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS13
	return tls.Listen("tcp", c.Server.Listen, conf)
}

// officeListener speaks TLS unless it can be reached from this machine only.
func officeListener(c *config.Config) (net.Listener, error) {
	if c.OfficePlain() {
		return net.Listen("tcp", c.Server.Office)
	}
	conf, err := serverTLS(c)
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", c.Server.Office, conf)
}

func serverTLS(c *config.Config) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.Server.Cert, c.Server.Key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// serveHTTP serves until ctx ends, and lets what is under way come to its end.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer done()
	if server.Shutdown(grace) != nil { // streams do not end by themselves
		cut()
		server.Close()
	}
	<-ended
	return nil
}
