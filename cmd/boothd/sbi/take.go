package sbi

import (
	"context"
	"fmt"
	"time"

	"boothd/devices"
	"boothd/localmatch/finger"
)

// shot is a picture that a capture keeps.
type shot struct {
	sample
	sub   string
	score int
	at    time.Time
}

// same is the score from which two pictures are of the same finger: one pair of different ones in
// 10,000 scores as much.
const same = 40

// take takes what was ordered within the order's time. If that is over before the score is
// reached, the best picture counts; with none at all the capture has timed out.
func (s *Server) take(ctx context.Context, h *hold, o *order) ([]shot, code) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t := &taking{server: s, hold: h, order: o}
	seen, _ := h.last()
	t.seen = seen.number
	for _, sub := range o.subs {
		got, c := t.one(ctx, sub)
		if c != success {
			return nil, c
		}
		t.shots = append(t.shots, got)
		t.remember(got)
	}
	return t.shots, success
}

// taking is a capture under way.
type taking struct {
	server *Server
	hold   *hold
	order  *order
	seen   int // number of the last picture that was looked at
	shots  []shot
	prints []*finger.Prepared // of shots
}

// one takes one finger or face.
func (t *taking) one(ctx context.Context, sub string) (shot, code) {
	s := t.server
	s.say(sentence(t.order.kind, sub, ""))
	var best *shot
	for {
		got, changed := t.hold.last()
		if got.number != t.seen {
			t.seen = got.number
			next, hint := t.look(got, sub)
			if next != nil && (best == nil || next.score > best.score) {
				best = next
			}
			if best != nil && best.score >= t.order.score {
				return *best, success
			}
			s.say(sentence(t.order.kind, sub, hint))
		}
		select {
		case <-changed:
		case <-t.hold.ended:
			return shot{}, t.hold.failure()
		case <-ctx.Done():
			switch {
			case context.Cause(ctx) != context.DeadlineExceeded: // the kiosk hung up, or the booth stops
				return shot{}, noExtraction
			case best != nil:
				return *best, success
			}
			return shot{}, timedOut.of(t.order.verb)
		}
	}
}

// look judges a picture; nil if it cannot be kept at all.
func (t *taking) look(got sample, sub string) (*shot, string) {
	next := &shot{sample: got, sub: sub, score: got.score, at: t.server.cfg.Now()}
	switch {
	case got.frame != nil:
		score, err := judge(got.frame)
		if err != nil {
			return nil, ""
		}
		next.score, next.at = score, got.frame.At
		return next, ""
	case got.finger == nil:
		return nil, string(got.hint)
	case t.already(got.finger):
		return nil, "this finger was taken already"
	}
	return next, string(got.hint)
}

// already reports whether the finger is one that this capture has.
func (t *taking) already(img *devices.FingerImage) bool {
	if len(t.prints) == 0 {
		return false
	}
	p := prepare(img)
	if p == nil {
		return false
	}
	for _, taken := range t.prints {
		if taken.Compare(p).Score >= same {
			return true
		}
	}
	return false
}

// remember keeps a finger for already, if another one follows.
func (t *taking) remember(got shot) {
	if got.finger == nil || len(t.shots) == len(t.order.subs) {
		return
	}
	if p := prepare(got.finger); p != nil {
		t.prints = append(t.prints, p)
	}
}

// prepare makes a template of a picture; nil if it shows too little.
func prepare(img *devices.FingerImage) *finger.Prepared {
	t, err := finger.Extract(img.Gray, img.DPI)
	if err != nil {
		return nil
	}
	return finger.Prepare(t)
}

// sentence tells the officer what a kiosk captures.
func sentence(kind, sub, hint string) string {
	var what string
	switch {
	case kind == typeFace:
		return "A registration kiosk takes a picture of the face with the camera."
	case sub == unknownFinger:
		what = "a finger"
	default:
		what = "the " + positions[sub].String()
	}
	if hint != "" {
		return fmt.Sprintf("A registration kiosk takes %s on the scanner: %s.", what, hint)
	}
	return fmt.Sprintf("A registration kiosk takes %s on the scanner.", what)
}
