package border

import (
	"context"
	"fmt"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/sync/system"
)

// Ask answers from the file of the traveller. The package's doc says how it is found and
// what the reply holds.
func (e *EES) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	reply, err := e.ask(ctx, q)
	if err != nil {
		return system.Reply{}, fmt.Errorf("ask the entry/exit system: %w", err)
	}
	reply.AsOf = e.now()
	return reply, nil
}

func (e *EES) ask(ctx context.Context, q system.Question) (system.Reply, error) {
	switch {
	case e.exempt.Has(q.Nationality):
		return system.Reply{State: capture.StateNoHit}, nil
	case q.Face != nil && q.Finger == nil:
		return system.Reply{State: capture.StateUnavailable, Reason: "faces are not compared"}, nil
	}
	f, rest, err := e.find(ctx, q)
	switch {
	case err != nil:
		return system.Reply{}, err
	case f.ID == "" && rest.State != capture.StateNoHit:
		return system.Reply{State: rest.State, Reason: rest.Reason}, nil
	case f.ID == "":
		return system.Reply{State: capture.StateNoHit, Facts: []capture.Fact{{Code: capture.FactFile, Value: "none"}}}, nil
	}
	verdict := person.NotCompared
	if !f.IsChild(e.clock()) {
		if verdict, err = f.Verify(ctx, e.people, q.Finger); err != nil {
			return system.Reply{}, err
		}
	}
	records, err := records(ctx, e.db, f.ID)
	if err != nil {
		return system.Reply{}, err
	}
	reply := e.reply(&f, verdict, read(records, e.location))
	reply.Entries = []string{f.ID}
	return reply, nil
}

// file is the file that a question is about.
type file struct {
	person.Found
	other bool // the traveller's document is not among the file's
}

// find looks for the file by the document as it stands there, which also finds files that
// have no identity part yet, and then in the identity parts.
func (e *EES) find(ctx context.Context, q system.Question) (file, capture.Rest, error) {
	if q.DocumentNumber != "" && q.Issuer != "" {
		id, err := e.fileByDocument(ctx, q.DocumentNumber, q.Issuer)
		if err != nil {
			return file{}, capture.Rest{}, err
		}
		if id != "" {
			found, err := person.ByID(ctx, e.people, id, capture.ByDocumentNumber)
			return file{Found: found}, capture.Rest{}, err
		}
	}
	found, rest, err := person.Find(ctx, e.people, q)
	other := found.By == capture.ByFinger && q.DocumentNumber != ""
	return file{found, other}, rest, err
}
