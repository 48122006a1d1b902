package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxReply limits what the client reads of a reply, in bytes.
const maxReply = 16 << 20

// Client sends words to a running simulator.
type Client struct {
	URL string // "http://127.0.0.1:8471"
}

// RawReply is a Reply whose data was not read.
type RawReply struct {
	Said string          `json:"said"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Do sends the words. A *UsageError says that they make no sense; any other error that
// they were not done.
func (c *Client) Do(ctx context.Context, words ...string) (*RawReply, error) {
	body, err := json.Marshal(request{Words: words})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.URL, "/")+PathDo, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no simulator there: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("read the simulator's reply: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, problemOf(resp.StatusCode, b)
	}
	var reply RawReply
	if err := json.Unmarshal(b, &reply); err != nil {
		return nil, fmt.Errorf("read the simulator's reply: %w", err)
	}
	return &reply, nil
}

func problemOf(status int, body []byte) error {
	var p problem
	switch err := json.Unmarshal(body, &p); {
	case err != nil || p.Error == "":
		return fmt.Errorf("the simulator replied %d %s", status, http.StatusText(status))
	case p.Usage:
		return &UsageError{Text: p.Error}
	}
	return errors.New(p.Error)
}
