package border

import (
	"cmp"
	"strconv"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/sync/system"
)

// reply says what the file holds, as far as it concerns the officer today.
func (e *EES) reply(f *file, v person.Verdict, h history) system.Reply {
	today := e.today()
	r := system.Reply{
		State:    capture.StateNoHit,
		Facts:    []capture.Fact{v.Fact()},
		Findings: e.findings(f, v, &h, today),
		Rest:     f.Rest,
	}
	if f.Sure() {
		r.Facts = append(r.Facts, h.facts(today)...)
	}
	if v == person.Unverifiable {
		r.Rest = &capture.Rest{State: capture.StateUnavailable, Reason: "the finger cannot be compared with those of the file: take it again"}
	}
	for _, finding := range r.Findings {
		if r.State != capture.StateHit {
			r.State = finding.State
		}
	}
	if len(r.Findings) == 0 && r.Rest != nil {
		r.State, r.Reason, r.Rest = r.Rest.State, r.Rest.Reason, nil
	}
	return r
}

// facts are what the records tell.
func (h *history) facts(today Day) []capture.Fact {
	var all []capture.Fact
	add := func(code capture.FactCode, value string) { all = append(all, capture.Fact{Code: code, Value: value}) }
	presence := "outside"
	if h.inside() {
		presence = "inside"
	}
	add(capture.FactPresence, presence)
	if h.entered != 0 {
		add(capture.FactEntered, h.entered.String())
	}
	left, leaveBy := h.remaining(today)
	add(capture.FactDaysLeft, strconv.Itoa(left))
	if leaveBy != 0 {
		add(capture.FactLeaveBy, leaveBy.String())
	}
	if h.inside() {
		if over := h.stays.Overstay(today); over > 0 {
			add(capture.FactDaysOver, strconv.Itoa(over))
		}
	}
	if h.fallback > 0 {
		add(capture.FactFallback, strconv.Itoa(h.fallback))
	}
	return all
}

// remaining is how many days are left on the day and the last day of a stay that goes on, or
// that begins on the day. There is no such day if it may not begin.
func (h *history) remaining(today Day) (left int, leaveBy Day) {
	left = h.stays.DaysLeft(today)
	if !h.inside() {
		if last, ok := h.stays.LeaveBy(today); ok {
			leaveBy = last
		}
		return left, leaveBy
	}
	leaveBy = h.stays.LawfulUntil()
	if h.stays[len(h.stays)-1].Until != 0 {
		left = int(max(leaveBy-today, 0))
	}
	return left, leaveBy
}

// findings are what the officer must act on.
func (e *EES) findings(f *file, v person.Verdict, h *history, today Day) []capture.Finding {
	var all []capture.Finding
	minor := f.IsMinor(e.clock())
	add := func(state capture.State, category, action string, explain ...capture.Part) {
		finding := f.Finding(minor)
		finding.State, finding.Category, finding.Action, finding.Explanation = state, category, action, explain
		all = append(all, finding)
	}
	if h.inside() && h.stays.Overstay(today) > 0 {
		over := strconv.Itoa(h.stays.Overstay(today)) + " days"
		add(f.State, "overstay", actionSecondLine, capture.Part{What: "authorised stay", Found: "ended " + h.stays.LawfulUntil().String(), Note: over})
	}
	if v == person.Differs && f.Sure() {
		add(capture.StatePossible, "not verified", actionIdentify)
	}
	switch {
	case !f.Sure():
		add(capture.StatePossible, "perhaps this person's file", actionIdentify, f.Explain...)
	case f.other:
		add(capture.StatePossible, "file under another document", actionIdentify, f.Explain...)
	}
	if _, leaveBy := h.remaining(today); f.Sure() && leaveBy == 0 {
		add(capture.StatePossible, "no days of stay left", actionSecondLine)
	}
	if f.Sure() && h.gapSince(today-periodDays+1) {
		add(capture.StatePossible, "incomplete records", "establish the earlier stays by other proof")
	}
	if h.refusal.Kind != "" {
		on := DayOf(h.refusal.At.In(e.location)).String()
		note := cmp.Or(h.refusal.Reason.Meaning(), "reason not recorded")
		add(capture.StatePossible, "refused entry", "find out whether the reason still holds", capture.Part{What: "entry refused", Found: on, Note: note})
	}
	return all
}

// What the officer is to do.
const (
	actionSecondLine = "refer to second line"
	actionIdentify   = "identify in second line"
)
