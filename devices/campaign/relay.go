package campaign

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"boothd/devices"
)

// relay stands between a network camera and its driver. It is a bus of one port: its own address.
// A transfer is what one read of the camera's connection gives, at most chunk bytes. TCP makes up
// for what is lost on the way, so an answer that is short or lost is a connection that ends.
type relay struct {
	camera   string // host and port
	listener net.Listener
	port     devices.FixedPort
	open     context.Context // ends with close
	end      context.CancelFunc
	work     sync.WaitGroup

	mu       sync.Mutex
	saboteur *Saboteur
}

const chunk = 4096

func newRelay(camera string) (*relay, error) {
	u, err := url.Parse(camera)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{camera: u.Host, listener: l}
	u.Host = l.Addr().String()
	if r.port, err = devices.NewFixedPort(u.String(), "mjpeg"); err != nil {
		l.Close()
		return nil, err
	}
	r.open, r.end = context.WithCancel(context.Background())
	r.work.Go(r.accept)
	return r, nil
}

// Scan implements devices.Bus.
func (r *relay) Scan(context.Context) ([]devices.Port, error) { return []devices.Port{r.port}, nil }

// obey lets a saboteur spoil what comes.
func (r *relay) obey(s *Saboteur) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saboteur = s
}

func (r *relay) close() error {
	r.end()
	err := r.listener.Close()
	r.work.Wait()
	return err
}

func (r *relay) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.work.Go(func() {
			defer c.Close()
			camera, err := net.DialTimeout("tcp", r.camera, time.Second)
			if err != nil {
				return
			}
			defer camera.Close()
			r.connect(c, camera)
		})
	}
}

// connect carries bytes both ways until one side goes, or a reset ends it.
func (r *relay) connect(viewer, camera net.Conn) {
	r.mu.Lock()
	s := r.saboteur
	r.mu.Unlock()
	session := context.Background()
	if s != nil {
		session = s.session()
	}
	ctx, cancel := context.WithCancel(r.open)
	defer cancel()
	cut := func() { viewer.Close(); camera.Close() }
	defer context.AfterFunc(ctx, cut)()
	defer context.AfterFunc(session, cut)()
	r.work.Go(func() {
		defer cancel()
		buf := make([]byte, chunk)
		for {
			n, err := viewer.Read(buf)
			if err != nil {
				return
			}
			if _, err := camera.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	buf := make([]byte, 4*chunk)
	for {
		n, err := camera.Read(buf[:chunk])
		if err != nil {
			return
		}
		if s != nil {
			was := n
			if n, err = s.relayed(ctx, session, buf, n); err != nil {
				return
			}
			if n < was {
				viewer.Write(buf[:n])
				return
			}
		}
		if _, err := viewer.Write(buf[:n]); err != nil {
			return
		}
	}
}

// relayed does to n bytes that were read what is to happen to them.
func (s *Saboteur) relayed(ctx, session context.Context, buf []byte, n int) (int, error) {
	f := s.next()
	defer s.ended(f)
	if err := s.thaw(ctx, session); err != nil {
		return 0, err
	}
	s.moved(n, 0)
	switch f {
	case Unplug, Lost:
		return 0, fmt.Errorf("camera: %w", devices.ErrGone)
	case Late:
		return n, pause(Delay, ctx, session)
	}
	return s.spoil(f, buf, n)
}
