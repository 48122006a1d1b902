package stage

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/line"
	"boothd/sync/system"
)

// startNational plays what a nation has of its own beside the portal: SIS, which booths may
// ask directly while the portal cannot be reached, and an address by which they find out
// that the nation's network is there.
func (s *Stage) startNational(ctx context.Context, _ *demo.Folder, listen Listen, log *slog.Logger) error {
	l, err := net.Listen("tcp", listen.National)
	if err != nil {
		return fmt.Errorf("start national: %w", err)
	}
	s.nationalLine = line.New(l)
	s.addresses.National = "http://" + l.Addr().String()
	log = log.With("part", "national")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	asked := system.Handler(s.Portal.systems[system.SIS], system.HandlerOptions{System: system.SIS, Log: log})
	mux.Handle("/sis/", http.StripPrefix("/sis", asked))
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.serve(ctx, "national", func() error { return server.Serve(s.nationalLine) }, server.Close)
	return nil
}
