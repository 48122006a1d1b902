package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"boothd/cmd/boothsim/control"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/stage"
	"boothd/devices/pcsc/vpcd"
)

const defaultControl = "127.0.0.1:8471"

// listenFlags say where everything listens.
type listenFlags struct {
	Control  string `default:"127.0.0.1:8471" help:"Where the control listens; loopback only."`
	Camera   string `default:"127.0.0.1:8472" help:"Where the camera listens."`
	Portal   string `default:"127.0.0.1:8473" help:"Where the portal listens."`
	Office   string `default:"127.0.0.1:8476" help:"Where the portal's pages for people at central listen."`
	National string `default:"127.0.0.1:8477" help:"Where the nation's own systems listen."`
	Broker   string `default:"127.0.0.1:8474" help:"Where the broker listens."`
	USBIP    string `name:"usbip" default:"127.0.0.1:8475" help:"Where the scanner is exported."`
	AnyPort  bool   `help:"Listen on free ports instead; addresses.json tells which."`
	Booth    string `default:"127.0.0.1:8470" help:"Where boothd is to listen."`
}

// resolve puts port 0 everywhere if any port will do.
func (f *listenFlags) resolve() {
	if f.AnyPort {
		for _, a := range []*string{&f.Control, &f.Camera, &f.Portal, &f.Office, &f.National, &f.Broker, &f.USBIP} {
			*a = "127.0.0.1:0"
		}
	}
}

// planned are the addresses as the flags name them.
func (f *listenFlags) planned(folder *demo.Folder) demo.Addresses {
	return demo.Addresses{
		Dir:      folder.Dir(),
		Control:  "http://" + f.Control,
		Booth:    "http://" + f.Booth,
		Portal:   "https://" + f.Portal,
		Office:   "http://" + f.Office,
		National: "http://" + f.National,
		Broker:   "ssl://" + f.Broker,
		USBIP:    f.USBIP,
		Camera:   "http://" + f.Camera + "/video",
		Reader:   folder.Path("reader"),
		Config:   folder.Path("boothd.toml"),
	}
}

type runCommand struct {
	Dir string `required:"" type:"path" help:"The folder of the emulated booth; made if it is not there." env:"BOOTHSIM_DIR"`
	listenFlags
	NoPrints bool       `help:"Start sooner: files in EES and VIS are without fingers, and nobody is verified by them."`
	NoChips  bool       `help:"Start without a chip reader: checks need no chip."`
	Quiet    bool       `help:"Do not tell what to try."`
	LogLevel slog.Level `default:"warn" help:"debug, info, warn or error."`
}

// Run plays the folder until ctx ends.
func (c *runCommand) Run(ctx context.Context, s *streams) error {
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: c.LogLevel}))
	c.resolve()
	folder, err := demo.Make(c.Dir)
	if err != nil {
		return err
	}
	l, err := listenLoopback(c.Control)
	if err != nil {
		return err
	}
	defer l.Close()
	st, err := stage.Start(ctx, folder, stage.Options{
		Listen:   stage.Listen{Portal: c.Portal, Office: c.Office, National: c.National, Broker: c.Broker, USBIP: c.USBIP, Camera: c.Camera},
		NoPrints: c.NoPrints, NoChips: c.NoChips,
	}, log)
	if err != nil {
		return err
	}
	if why := st.Hardware.Chips(); why != nil && !c.NoChips {
		fmt.Fprintf(s.err, "boothsim: %v; checks go on without chips\n", why)
	}
	st.SetAddresses("http://"+l.Addr().String(), "http://"+c.Booth)
	err = play(ctx, st, folder, l, log, func() {
		if !c.Quiet {
			welcome(s.out, st.Addresses())
		}
	})
	return errors.Join(err, st.Close())
}

// play serves the control until ctx ends or something else does.
func play(ctx context.Context, st *stage.Stage, folder *demo.Folder, l net.Listener, log *slog.Logger, ready func()) error {
	server := &http.Server{
		Handler:           control.Handler(st, log.With("part", "control")),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	err := errors.Join(folder.WriteConfig(st.Addresses()), folder.WriteAddresses(st.Addresses()))
	if err == nil {
		defer folder.RemoveAddresses()
		ready()
		select {
		case <-ctx.Done():
		case err = <-st.Ended():
		case err = <-ended:
			return err
		}
	}
	server.Close()
	<-ended
	return err
}

func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("control %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("control %q: not a loopback address", addr)
	}
	return net.Listen("tcp", addr)
}

func welcome(w io.Writer, a demo.Addresses) {
	fmt.Fprintf(w, `The emulated booth is running.

  control    %s
  officer    %s   (once boothd runs: %sboothd run --config %s)
  token      in %s/officer-1.token
  office     %s   (sign in as supervisor-1, "training three", or officer-2, "training two")

Try, on the control's page or with boothsim ctl:
  present 1            a traveller whom nobody knows shows the passport
  stand 1, lay 1       the same traveller's face and finger
  present 2            a passport that was reported stolen
  cut portal           the line to central breaks; check somebody, then: restore portal
  present 91, stand 91, lay 91
                       a clean passport, but the finger is on a list; also with the line cut
  present 411          a passport whose chip is a copy; 422 to 492 on the page's list: other chips
  present 1 --chip revoked-signer
                       the first traveller's passport with another chip; chips lists the words
  take                 the document off the reader; unplug chip-reader: pulled out
  present 242          a link between systems that the second line is to verify
  present 262, learn   a traveller of whom central learns after the check
  drill VIS            central has a failure rehearsed; then check somebody
  list add 21          traveller 21 gets onto the national list; then: present 21
  unplug scanner       in the middle of a capture; then: plug scanner
  received             what central has

Ctrl-C ends it.
`, a.Control, a.Booth, environment(a), a.Config, a.Dir, a.Office)
}

// environment is what boothd has to be started with.
func environment(a demo.Addresses) string {
	if a.PCSC == "" {
		return ""
	}
	return vpcd.SocketVariable + "=" + a.PCSC + " "
}
