package search

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"boothd/capture"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// target is a system that a search answers for and what the profile allows with it.
type target struct {
	*connection
	allowed profile.System
}

// asking is one system's part in a search.
type asking struct {
	target
	searcher *Searcher
	req      *Request
	arrived  chan<- capture.Answer
	gone     <-chan struct{} // closed when Search has returned
	// answered is set by whoever answers for the system: the deadline or the reply.
	answered atomic.Bool
	used     bool // the query's grant, of the goroutine that asks
}

// begin asks in the background, where the question may outlive the search.
func (a *asking) begin(ctx context.Context) {
	ctx, cancel := a.context(ctx)
	stop := context.AfterFunc(a.searcher.ended, cancel)
	deadline := time.AfterFunc(a.Deadline, a.expire)
	go func() {
		defer a.searcher.running.Done()
		defer cancel()
		defer stop()
		defer deadline.Stop()
		answer := a.answer(ctx)
		if given := a.give(ctx, answer); !given || answer.State == capture.StateUnavailable {
			a.giveBack(ctx)
		}
	}()
}

// give hands the answer to the search, or to those who take late ones, and reports whether
// somebody took it.
func (a *asking) give(ctx context.Context, answer capture.Answer) bool {
	if !a.answered.CompareAndSwap(false, true) {
		return a.late(ctx, answer)
	}
	select {
	case a.arrived <- answer:
		return true
	case <-a.gone:
		return a.late(ctx, answer)
	}
}

// giveBack gives back the grant that was used for a question to which nobody got an answer.
func (a *asking) giveBack(ctx context.Context) {
	if !a.used {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTimeout)
	defer cancel()
	if err := a.searcher.opt.Grants.GiveBack(ctx, a.req.Query.Grant); err != nil {
		a.searcher.opt.Log.Error("grant not given back: it counts as used", "system", a.Name, "err", err)
	}
}

// context is that of the question: it ends with the search unless a late reply is awaited.
func (a *asking) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.searcher.opt.Late == nil || a.Linger == 0 {
		return context.WithTimeout(ctx, a.Deadline)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), a.Deadline+a.Linger)
}

// expire answers for the system at its deadline.
func (a *asking) expire() {
	if !a.answered.CompareAndSwap(false, true) {
		return
	}
	a.searcher.opt.Log.Warn("system did not answer in time", "system", a.Name, "after", a.Deadline)
	select {
	case a.arrived <- a.unavailable(system.ReasonOf(a.Name, context.DeadlineExceeded)):
	case <-a.gone:
	}
}

// late hands on an answer that found something and that the search has no more use for. It
// reports whether it did.
func (a *asking) late(ctx context.Context, answer capture.Answer) bool {
	found := answer.State == capture.StateHit || answer.State == capture.StatePossible
	if !found || a.searcher.opt.Late == nil || ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateTimeout)
	defer cancel()
	answer.Late = true
	a.searcher.opt.Late(ctx, *a.req, answer)
	return true
}

// answer asks the system and makes an answer of whatever happens.
func (a *asking) answer(ctx context.Context) capture.Answer {
	defer a.pending.Add(-1)
	if a.pending.Add(1) > int64(a.Pending) {
		a.searcher.opt.Log.Warn("system not asked: too many questions await it", "system", a.Name)
		return a.unavailable(busy(a.Name))
	}
	fields := Fields(&a.allowed)
	q := question(a.req, a.Name, fields, a.searcher.opt.Now())
	if err := answerable(&q, a.req.Query.Evidence.Modality()); err != nil {
		a.searcher.opt.Log.Info("system not asked: nothing to ask it with", "system", a.Name, "err", err)
		return a.unavailable(a.Name + " cannot be asked with what was captured")
	}
	// Last, so that no grant is used up for a question that is not asked.
	id, err := a.grant(ctx)
	if err != nil {
		a.searcher.opt.Log.Info("system not asked: no grant for it", "system", a.Name, "err", err)
		return a.unavailable("needs an authorisation: " + a.allowed.Grant)
	}
	if id != "" && a.req.Granted != nil {
		a.req.Granted(a.Name, id)
	}
	if slices.Contains(fields, system.FieldGrant) {
		q.Grant = id
	}
	reply, err := a.Adapter.Ask(ctx, q)
	if err == nil {
		reply, err = reply.Checked(a.searcher.opt.Now())
	}
	if err != nil {
		if !a.answered.Load() { // else the deadline has told already
			a.searcher.opt.Log.Warn("system not answering", "system", a.Name, "err", err)
		}
		return a.unavailable(system.ReasonOf(a.Name, err))
	}
	if modality := a.req.Query.Evidence.Modality(); modality == capture.ModalityDocument {
		reply = limited(reply, lacking(&q, fields))
	}
	return a.fill(Minimise(reply, a.req.Profile, &a.allowed))
}

var errNoGrant = errors.New("no grant with the query")

// grant returns the id of the query's grant if it counts for the system, and an error if the
// profile wants one and none counts.
func (a *asking) grant(ctx context.Context) (string, error) {
	authority, err := a.Opens, error(nil)
	if a.allowed.Grant != "" {
		authority, err = grant.Authority(a.allowed.Grant), errNoGrant
	}
	if a.req.Query.Grant == "" || a.searcher.opt.Grants == nil || authority == "" {
		return "", err
	}
	for _, subject := range a.req.Subjects {
		if subject == "" {
			continue // nobody
		}
		want := grant.Want{Authority: authority, Deed: grant.DeedQuery, System: a.Name, Subject: subject}
		id, why := a.searcher.opt.Grants.Use(ctx, a.req.Query.Grant, want)
		if why == nil && id != "" {
			a.used = true
			return id, nil
		}
		if a.allowed.Grant != "" && why != nil {
			err = why
		}
	}
	return "", err
}

func busy(system string) string { return system + " has too many questions to answer" }

// Silent reports whether the answer stands in for a system that gave none, and that may give
// one when it is asked again.
func Silent(a capture.Answer) bool {
	if a.State != capture.StateUnavailable {
		return false
	}
	slow, faulty := system.ReasonOf(a.System, context.DeadlineExceeded), system.ReasonOf(a.System, nil)
	return a.Reason == slow || a.Reason == faulty || a.Reason == busy(a.System)
}

func (a *asking) unavailable(reason string) capture.Answer {
	return a.fill(capture.Answer{State: capture.StateUnavailable, Reason: reason})
}

// fill adds what does not come from the system.
func (a *asking) fill(answer capture.Answer) capture.Answer {
	answer.Evidence = a.req.Query.Evidence.ID
	answer.Modality = a.req.Query.Evidence.Modality()
	answer.System = a.Name
	answer.Source = Source
	answer.At = a.searcher.opt.Now()
	if answer.AsOf.IsZero() && answer.State != capture.StateUnavailable {
		answer.AsOf = answer.At // the system's data is current
	}
	return answer
}
