package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/devices"
	"boothd/sync/system"
)

// contentLines is the media type of a look's reply.
const contentLines = "application/x-ndjson"

// Systems lists the systems that Look will answer for: those that the officer's profile
// may ask with the query's modality and that the portal serves, in the profile's order. A
// finger that could not be taken is not asked about, nor is a document's chip. The common identity repository is asked
// if the query says on what ground, and then nobody else is.
func (c *Client) Systems(q capture.Query) []string { return Permitted(q, c.opt.Systems) }

// Permitted lists those of the systems served that the query may be put to, in the order of
// the officer's profile.
func Permitted(q capture.Query, served []string) []string {
	if f := q.Evidence.Finger; f != nil && len(f.PNG) == 0 || q.Evidence.Chip != nil {
		return nil
	}
	var systems []string
	for _, s := range q.Officer.Profile.Systems[q.Evidence.Modality()] {
		if slices.Contains(served, s) && q.Wants(s) && !slices.Contains(systems, s) && (s == system.CIR) == (q.Identify != nil) {
			systems = append(systems, s)
		}
	}
	return systems
}

// Look asks the systems of Systems(q) and hands on each answer the moment it arrives.
// Systems that do not answer because the portal was not reached, the line was lost or the
// answer was refused are answered for as unavailable, with the reason; only when ctx ends
// are they left out. The error tells what went wrong, for the log; it matches
// ErrUnreachable if the portal was not asked because it was not reached a moment ago, and
// ErrRefused if something that it said was not taken.
func (c *Client) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	systems := c.Systems(q)
	if len(systems) == 0 {
		return nil
	}
	r := replies{
		asked:    systems,
		evidence: q.Evidence.ID,
		modality: q.Evidence.Modality(),
		source:   c.opt.Source,
		named:    Named(&q.Officer.Profile),
		now:      c.opt.Now,
	}
	err := c.look(ctx, q, &r, answer)
	if ctx.Err() != nil {
		return fmt.Errorf("ask portal: %w", ctx.Err())
	}
	reason := "the central search did not answer for this system"
	if err != nil {
		reason = c.reasonFor(err)
	}
	for _, s := range r.missing() {
		answer(r.own(capture.Answer{System: s, State: capture.StateUnavailable, Reason: reason}))
	}
	if err != nil {
		return fmt.Errorf("ask portal: %w", err)
	}
	return nil
}

// reasonFor says why the portal gave no answer; what the circuit remembers if it was not
// asked.
func (c *Client) reasonFor(err error) string {
	if errors.Is(err, ErrUnreachable) {
		if s := c.circuit.status(); !s.Up {
			return s.Reason
		}
	}
	return reasonOf(err)
}

func (c *Client) look(ctx context.Context, q capture.Query, r *replies, answer func(capture.Answer)) error {
	if !c.circuit.allow() {
		return ErrUnreachable
	}
	// What ends this call ends the exchange too, so that no stream is left half read.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.post(ctx, PathLook, LookRequest{
		Query: c.outgoing(q, r.asked), Systems: r.asked, Token: q.Officer.Token,
	}, MaxLookBody)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != contentLines {
		return fmt.Errorf("%w: reply is %q, want %s", ErrRefused, system.Clip(t, 60), contentLines)
	}
	return r.read(resp.Body, answer)
}

// post sends v as JSON. It refuses to send more than limit bytes, which the portal would
// not take.
func (c *Client) post(ctx context.Context, path string, v any, limit int) (*http.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(body) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), limit)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req)
}

// outgoing is the query as it leaves the booth: what the systems are searched with, and
// what the law wants logged of the question.
func (c *Client) outgoing(q capture.Query, systems []string) capture.Query {
	m := q.Evidence.Modality()
	out := capture.Query{
		Check:    q.Check,
		Booth:    c.opt.Booth,
		At:       q.At,
		Identify: q.Identify,
		Grant:    q.Grant,
		Officer: capture.Officer{ID: q.Officer.ID, Profile: capture.Profile{
			Name:       q.Officer.Profile.Name,
			Category:   q.Officer.Profile.Category,
			Purpose:    q.Officer.Profile.Purpose,
			LegalBasis: q.Officer.Profile.LegalBasis,
			Systems:    map[capture.Modality][]string{m: systems},
		}},
		Evidence: capture.Evidence{
			ID:     q.Evidence.ID,
			At:     q.Evidence.At,
			Device: devices.Info{Kind: q.Evidence.Device.Kind, Model: q.Evidence.Device.Model},
		},
	}
	switch m {
	case capture.ModalityDocument:
		out.Evidence.Document = &capture.Document{Zone: *outgoingZone(&q.Evidence.Document.Zone)}
	case capture.ModalityFinger:
		out.Evidence.Finger = q.Evidence.Finger
		out.Zone = outgoingZone(q.Zone)
	case capture.ModalityFace:
		out.Evidence.Face = q.Evidence.Face
		out.Zone = outgoingZone(q.Zone)
	}
	return out
}

// outgoingZone keeps the fields that systems are searched with.
func outgoingZone(z *mrz.Zone) *mrz.Zone {
	if z == nil {
		return nil
	}
	return &mrz.Zone{
		Format:             z.Format,
		DocumentCode:       z.DocumentCode,
		Issuer:             z.Issuer,
		DocumentNumber:     z.DocumentNumber,
		LongDocumentNumber: z.LongDocumentNumber,
		Surname:            z.Surname,
		GivenNames:         z.GivenNames,
		NameTruncated:      z.NameTruncated,
		Nationality:        z.Nationality,
		BirthDate:          z.BirthDate,
		Sex:                z.Sex,
		ExpiryDate:         z.ExpiryDate,
		IssueDate:          z.IssueDate,
	}
}
