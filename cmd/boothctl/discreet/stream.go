package discreet

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

// event is a view and when it had arrived.
type event struct {
	at   time.Time
	data []byte
}

// stream is a listener to the console's event stream.
type stream struct {
	views  chan event // closed when the stream has ended
	cancel context.CancelFunc
}

// maxEvent limits the line of an event, in bytes.
const maxEvent = 1 << 20

func listen(ctx context.Context, url, token string) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/events", nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		cancel()
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		cancel()
		res.Body.Close()
		return nil, fmt.Errorf("listen to events: %s", res.Status)
	}
	s := &stream{views: make(chan event, 64), cancel: cancel}
	go func() {
		defer close(s.views)
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(make([]byte, 64<<10), maxEvent)
		for view := false; lines.Scan(); {
			line := lines.Bytes()
			if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
				view = string(name) == "view"
			}
			data, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok || !view {
				continue
			}
			select {
			case s.views <- event{time.Now(), bytes.Clone(data)}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return s, nil
}

// close ends the stream and waits until it has ended.
func (s *stream) close() error {
	s.cancel()
	for range s.views {
	}
	return nil
}
