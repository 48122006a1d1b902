package portal

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// PathThrough is the path at which central tells how far it has a booth's records: GET with
// the query parameter epoch, answers Through.
const PathThrough = PathReport + "/through"

// Through is central's signed word that it has committed every item of an epoch from
// sequence 1 through Sequence. A sequence that was refused is not committed; the word does
// not reach beyond it.
type Through struct {
	Booth    string `json:"booth"`
	Epoch    string `json:"epoch"`
	Sequence uint64 `json:"sequence"` // 0 if not even the first is there
	// Journal is that of the item with the sequence: all of the booth's journal through that
	// entry is vouched for. Empty if Sequence is 0.
	Journal   string    `json:"journal"`
	At        time.Time `json:"at"` // when central said so
	Key       string    `json:"key"`
	Signature []byte    `json:"signature"`
}

// Sign fills in the signature.
func (t *Through) Sign(priv ed25519.PrivateKey) {
	t.Signature = ed25519.Sign(priv, t.signed())
}

// Verify checks the signature and that the word is about the booth's epoch. Its errors match
// ErrBadAck.
func (t *Through) Verify(pub ed25519.PublicKey, booth, epoch string) error {
	if t.Booth != booth || t.Epoch != epoch || !ed25519.Verify(pub, t.signed(), t.Signature) {
		return ErrBadAck
	}
	return nil
}

func (t *Through) signed() []byte {
	return joined("boothd through v1", t.Booth, t.Epoch, t.Sequence, t.Journal, uint64(t.At.UnixNano()), t.Key)
}

// maxThrough limits central's word, in bytes.
const maxThrough = 64 << 10

// Through asks central how far it has this booth's records of an epoch. Whether the word is
// genuine is for the caller to verify with central's key; Through makes sure that it speaks
// of this booth and the epoch.
func (c *Client) Through(ctx context.Context, epoch string) (*Through, error) {
	word, err := c.through(ctx, epoch)
	if err != nil {
		return nil, fmt.Errorf("ask what is committed: %w", err)
	}
	return word, nil
}

func (c *Client) through(ctx context.Context, epoch string) (*Through, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+PathThrough+"?epoch="+url.QueryEscape(epoch), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, err
	}
	defer discard(resp.Body)
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxThrough+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
	}
	if len(b) > maxThrough {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxThrough)
	}
	var word Through
	if json.Unmarshal(b, &word) != nil {
		return nil, fmt.Errorf("%w: not a word in JSON", ErrRefused)
	}
	if word.Booth != c.opt.Booth || word.Epoch != epoch {
		return nil, fmt.Errorf("%w: speaks of another booth or epoch", ErrRefused)
	}
	return &word, nil
}
