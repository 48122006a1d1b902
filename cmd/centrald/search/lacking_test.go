package search

import (
	"testing"

	"boothd/capture"
	"boothd/sync/system"
)

func TestASearchThatLackedSomethingIsNoNoHit(t *testing.T) {
	both := []system.Field{system.FieldName, system.FieldDocumentNumber}
	hit := system.Reply{State: capture.StateHit, Findings: []capture.Finding{{State: capture.StateHit}}}
	whole := system.Question{Surname: "S", DocumentNumber: "1"}
	for _, test := range []struct {
		name   string
		q      system.Question
		fields []system.Field
		reply  system.Reply
		state  capture.State
		rest   bool
	}{
		{"everything was there", whole, both, system.Reply{State: capture.StateNoHit}, capture.StateNoHit, false},
		{"no name was read", system.Question{DocumentNumber: "1"}, both, system.Reply{State: capture.StateNoHit}, capture.StateUnavailable, false},
		{"the name may not be told", system.Question{DocumentNumber: "1"}, both[1:], system.Reply{State: capture.StateNoHit}, capture.StateNoHit, false},
		{"no number was read", system.Question{Surname: "S"}, both, system.Reply{State: capture.StateStale}, capture.StateUnavailable, false},
		{"a sticker stands for the number", system.Question{Surname: "S", VisaSticker: "1"}, both, system.Reply{State: capture.StateNoHit}, capture.StateNoHit, false},
		{"something was found all the same", system.Question{DocumentNumber: "1"}, both, hit, capture.StateHit, true},
		{"something was found with everything", whole, both, hit, capture.StateHit, false},
	} {
		got := limited(test.reply, lacking(&test.q, test.fields))
		if got.State != test.state || (got.Rest != nil) != test.rest || got.State == capture.StateUnavailable && got.Reason == "" {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
}
