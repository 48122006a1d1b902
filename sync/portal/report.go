package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"boothd/sync/system"
)

// MaxReportReply limits the reply to a report, in bytes.
const MaxReportReply = 1 << 20

// Report delivers items of one booth and epoch. It may be repeated with the same items:
// central commits each once. Whether the acknowledgements are genuine is for the caller to verify with
// central's key; Report makes sure that they speak of items that were sent.
func (c *Client) Report(ctx context.Context, items []Item) (ReportReply, error) {
	if len(items) == 0 {
		return ReportReply{}, nil
	}
	if err := checkBatch(items); err != nil {
		return ReportReply{}, fmt.Errorf("report: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opt.ReportTimeout)
	defer cancel()
	resp, err := c.post(ctx, PathReport, ReportRequest{Items: items}, MaxReportBody)
	if err != nil {
		return ReportReply{}, fmt.Errorf("report: %w", err)
	}
	defer discard(resp.Body)
	reply, err := readReportReply(resp.Body, items)
	if err != nil {
		return ReportReply{}, fmt.Errorf("read reply to report: %w", err)
	}
	return reply, nil
}

// checkBatch makes sure that replies, which name items by their sequence, are unambiguous.
func checkBatch(items []Item) error {
	if len(items) > MaxReportItems {
		return fmt.Errorf("%w: %d items, at most %d", ErrTooLarge, len(items), MaxReportItems)
	}
	sequences := make(map[uint64]bool, len(items))
	for i := range items {
		if items[i].Booth != items[0].Booth || items[i].Epoch != items[0].Epoch {
			return fmt.Errorf("%w: items of several booths or epochs", ErrRefused)
		}
		if sequences[items[i].Sequence] {
			return fmt.Errorf("%w: sequence %d twice", ErrRefused, items[i].Sequence)
		}
		sequences[items[i].Sequence] = true
	}
	return nil
}

// readReportReply reads the reply to a report of the items.
func readReportReply(r io.Reader, items []Item) (ReportReply, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxReportReply+1))
	if err != nil {
		return ReportReply{}, fmt.Errorf("%w: %w", ErrCutOff, err)
	}
	if len(b) > MaxReportReply {
		return ReportReply{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxReportReply)
	}
	var reply ReportReply
	if err := json.Unmarshal(b, &reply); err != nil {
		return ReportReply{}, fmt.Errorf("%w: not a reply in JSON", ErrRefused)
	}
	open := make(map[uint64]*Item, len(items)) // not yet spoken of
	for i := range items {
		open[items[i].Sequence] = &items[i]
	}
	for i := range reply.Acks {
		if err := settle(open, reply.Acks[i].Sequence); err != nil {
			return ReportReply{}, err
		}
	}
	for i := range reply.Refused {
		if err := settle(open, reply.Refused[i].Sequence); err != nil {
			return ReportReply{}, err
		}
		reply.Refused[i].Reason = system.Clip(reply.Refused[i].Reason, MaxText)
	}
	return reply, nil
}

// settle takes the item out of those that the reply may still speak of.
func settle(open map[uint64]*Item, sequence uint64) error {
	if open[sequence] == nil {
		return fmt.Errorf("%w: speaks of an item that was not sent, or twice of one", ErrRefused)
	}
	delete(open, sequence)
	return nil
}
