package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/kardianos/service"

	"boothd/cmd/boothd/config"
)

type serviceCommand struct {
	Action string `arg:"" enum:"install,uninstall,start,stop,status" help:"install, uninstall, start, stop or status."`
	Config string `default:"/etc/boothd/boothd.toml" type:"path" help:"The configuration file that the service runs with." env:"BOOTHD_CONFIG"`
}

// Run talks to this machine's service manager. The Debian package brings a unit of its own,
// hardened and with a watchdog; this is for every other machine.
func (c *serviceCommand) Run() error {
	if c.Action == "install" {
		if _, err := config.Read(c.Config); err != nil {
			return err
		}
	}
	s, err := service.New(&program{}, serviceConfig(c.Config))
	if err != nil {
		return err
	}
	if c.Action != "status" {
		return service.Control(s, c.Action)
	}
	status, err := s.Status()
	switch {
	case errors.Is(err, service.ErrNotInstalled):
		fmt.Println("not installed")
		return nil
	case err != nil:
		return err
	case status == service.StatusRunning:
		fmt.Println("running")
	default:
		fmt.Println("stopped")
	}
	return nil
}

func serviceConfig(path string) *service.Config {
	return &service.Config{
		Name:        "boothd",
		DisplayName: "Border booth",
		Description: "Reads travellers' documents, faces and fingers and asks the information systems.",
		Arguments:   []string{"run", "--config", path},
	}
}

// underServiceManager reports whether boothd must speak the protocol of a service manager
// that does not just start and signal programs: that of Windows.
func underServiceManager() bool {
	return runtime.GOOS == "windows" && !service.Interactive()
}

// program is boothd as the service manager sees it.
type program struct {
	config *config.Config
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
}

func runService(path string, c *config.Config, log *slog.Logger) error {
	s, err := service.New(&program{config: c, log: log}, serviceConfig(path))
	if err != nil {
		return err
	}
	return s.Run()
}

// Start begins the work and returns at once, as the service manager wants it.
func (p *program) Start(service.Service) error {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		if err := run(ctx, p.config, p.log); err != nil {
			p.log.Error("boothd ended", "error", err)
			os.Exit(1) // so that the service manager restarts it
		}
	}()
	return nil
}

// Stop ends the work and waits for it.
func (p *program) Stop(service.Service) error {
	p.cancel()
	<-p.done
	return nil
}
