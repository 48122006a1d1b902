package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"boothd/internal/signed"
)

// Limits of the documents that are fetched from central.
const (
	MaxDocuments     = 256     // in a reply
	MaxDocumentsBody = 8 << 20 // bytes
)

// callTimeout is how long a call without a stream may take as a whole.
const callTimeout = 15 * time.Second

// Profiles fetches the signed profiles that central serves. Whether they are genuine is for
// the caller to verify (sync/profile).
func (c *Client) Profiles(ctx context.Context) ([]string, error) {
	docs, err := c.documents(ctx, PathProfiles)
	if err != nil {
		return nil, fmt.Errorf("fetch profiles: %w", err)
	}
	return docs, nil
}

// Revoked fetches the signed lists of revoked grants. Whether they are genuine is for the
// caller to verify (sync/grant).
func (c *Client) Revoked(ctx context.Context) ([]string, error) {
	docs, err := c.documents(ctx, PathRevoked)
	if err != nil {
		return nil, fmt.Errorf("fetch revoked grants: %w", err)
	}
	return docs, nil
}

func (c *Client) documents(ctx context.Context, path string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return readDocuments(resp.Body)
}

// readDocuments reads documents that may be what internal/signed makes.
func readDocuments(body io.Reader) ([]string, error) {
	b, err := io.ReadAll(io.LimitReader(body, MaxDocumentsBody+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
	}
	if len(b) > MaxDocumentsBody {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxDocumentsBody)
	}
	var reply Documents
	if json.Unmarshal(b, &reply) != nil {
		return nil, fmt.Errorf("%w: not documents in JSON", ErrRefused)
	}
	if len(reply.Documents) > MaxDocuments {
		return nil, fmt.Errorf("%w: %d documents, at most %d", ErrTooLarge, len(reply.Documents), MaxDocuments)
	}
	for i, d := range reply.Documents {
		if d == "" || len(d) > signed.MaxSize {
			return nil, fmt.Errorf("%w: document %d is empty or too long", ErrRefused, i+1)
		}
	}
	return reply.Documents, nil
}

// Verify tells central what an officer of the second line found out about a link. It may be
// repeated. Its error is a *StatusError if central does not take it: 403 if the officer may
// not, 404 if there is no such link, 409 if it was verified otherwise.
func (c *Client) Verify(ctx context.Context, v Verification) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	v.Booth = c.opt.Booth
	resp, err := c.post(ctx, PathVerify, v, MaxVerification)
	if err != nil {
		return fmt.Errorf("verify link: %w", err)
	}
	discard(resp.Body)
	return nil
}

// MaxVerification limits the body of a verification, in bytes.
const MaxVerification = 64 << 10
