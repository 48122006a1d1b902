package trial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"boothd/sync/watchlist"
)

// mosquitto is a broker of our own on this machine, without TLS and passwords.
type mosquitto struct {
	address string
	command *exec.Cmd
}

// brokerPatience is how long the broker may take to listen.
const brokerPatience = 10 * time.Second

func startMosquitto(ctx context.Context, program, dir string) (*mosquitto, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	config := filepath.Join(dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %s 127.0.0.1\nuser root\nallow_anonymous true\nmax_packet_size %d\npersistence false\n", port, watchlist.MaxMessage+1024)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	m := &mosquitto{address, exec.Command(program, "-c", config)}
	if err := m.command.Start(); err != nil {
		return nil, fmt.Errorf("start mosquitto: %w", err)
	}
	if err := m.wait(ctx); err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// wait waits until the broker listens.
func (m *mosquitto) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, brokerPatience, errors.New("mosquitto does not listen"))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		conn, err := net.Dial("tcp", m.address)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
}

func (m *mosquitto) stop() {
	m.command.Process.Kill()
	m.command.Wait() // it was killed
}

func (m *mosquitto) broker(client string) watchlist.Broker {
	return watchlist.Broker{URL: "tcp://" + m.address, ClientID: client}
}
