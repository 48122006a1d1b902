package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"boothd/cmd/boothd/config"
)

// api talks to the running daemon on this machine.
type api struct {
	base  string
	token string
	http  *http.Client
}

const (
	apiTimeout = 10 * time.Second
	maxReply   = 4 << 20
)

// api signs in with the token of the officer of that name, or of the first one configured.
func (c *call) api(officer string) (*api, error) {
	booth, err := c.booth()
	if err != nil {
		return nil, err
	}
	for _, o := range booth.Officers {
		if officer != "" && o.ID != officer {
			continue
		}
		token, err := o.Token()
		if err != nil {
			return nil, fmt.Errorf("token of %s: %w", o.ID, err)
		}
		return newAPI(booth, token), nil
	}
	return nil, fmt.Errorf("no officer %q in %s", officer, c.config)
}

func newAPI(booth *config.Config, token string) *api {
	return &api{base: "http://" + booth.API.Listen, token: token, http: &http.Client{Timeout: apiTimeout}}
}

// problem is an error of the daemon as RFC 9457 has it.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Next   string `json:"next"` // what to do about it
}

func (p *problem) Error() string {
	return strings.Join(strings.Fields(p.Title+" "+p.Detail+" "+p.Next), " ")
}

// do sends body, if any, and decodes the answer into reply, if any.
func (a *api) do(ctx context.Context, method, path string, body, reply any) error {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return fmt.Errorf("boothd does not answer at %s: is it running?", a.base)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		p := &problem{}
		if json.Unmarshal(b, p) != nil || p.Title == "" {
			return errors.New(strings.TrimSpace(string(b)))
		}
		return p
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(b, reply)
}
