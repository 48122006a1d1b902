package sbi_test

import (
	"testing"
)

func TestEveryFaultOfARequestHasItsCode(t *testing.T) {
	b := open(t, nil)
	face := b.device(t, "Face")
	for _, test := range []struct {
		name   string
		change func(whole, bio object)
		want   string
	}{
		{"no environment", func(w, _ object) { delete(w, "env") }, "115"},
		{"another environment", func(w, _ object) { w["env"] = "Production" }, "115"},
		{"another purpose", func(w, _ object) { w["purpose"] = "Auth" }, "121"},
		{"no transaction", func(w, _ object) { w["transactionId"] = "" }, "112"},
		{"a transaction with a blank", func(w, _ object) { w["transactionId"] = "a transaction" }, "112"},
		{"a short transaction", func(w, _ object) { w["transactionId"] = "abc" }, "112"},
		{"no time", func(w, _ object) { w["timeout"] = "" }, "123"},
		{"no time at all", func(w, _ object) { w["timeout"] = 0 }, "123"},
		{"a negative time", func(w, _ object) { w["timeout"] = -1000 }, "123"},
		{"an hour", func(w, _ object) { w["timeout"] = "3600000" }, "123"},
		{"a time that is a list", func(w, _ object) { w["timeout"] = []int{1} }, "123"},
		{"nothing asked for", func(w, _ object) { w["bio"] = []object{} }, "109"},
		{"two asked for", func(w, b object) { w["bio"] = []object{b, b} }, "109"},
		{"another type", func(_, b object) { b["type"] = "Voice" }, "114"},
		{"an iris of a scanner", func(_, b object) { b["type"] = "Iris" }, "120"},
		{"a face of a scanner", func(_, b object) { b["type"], b["bioSubType"] = "Face", nil }, "120"},
		{"a finger of a camera", func(_, b object) { b["deviceId"] = face }, "120"},
		{"no device", func(_, b object) { b["deviceId"] = "" }, "704"},
		{"an unknown device", func(_, b object) { b["deviceId"] = "B0" }, "705"},
		{"a score over 100", func(_, b object) { b["requestedScore"] = "101" }, "123"},
		{"a part of the device that is none", func(_, b object) { b["deviceSubId"] = "4" }, "123"},
		{"a hash that is none", func(_, b object) { b["previousHash"] = "ABC" }, "123"},
		{"a hash that is short", func(_, b object) { b["previousHash"] = "ABCD" }, "123"},
		{"no finger", func(_, b object) { b["count"] = "0" }, "116"},
		{"eleven fingers", func(_, b object) { b["count"] = "11" }, "116"},
		{"two faces", func(_, b object) { b["type"], b["deviceId"], b["bioSubType"], b["count"] = "Face", face, nil, "2" }, "116"},
		{"a face with a finger", func(_, b object) { b["type"], b["deviceId"] = "Face", face }, "122"},
		{"fewer fingers than named", func(_, b object) { b["bioSubType"] = []string{"Left Thumb", "Right Thumb"} }, "113"},
		{"more fingers than named", func(_, b object) { b["count"] = "2" }, "113"},
		{"a slap of three", func(_, b object) { b["deviceSubId"], b["count"], b["bioSubType"] = "1", "3", nil }, "113"},
		{"a finger twice", func(_, b object) { b["count"], b["bioSubType"] = 2, []string{"Left Thumb", "Left Thumb"} }, "113"},
		{"a finger that is none", func(_, b object) { b["bioSubType"] = []string{"Nose"} }, "119"},
		{"an exception that is none", func(_, b object) { b["exception"] = []string{"Nose"} }, "117"},
		{"an exception that is asked for", func(_, b object) { b["exception"] = []string{"Right IndexFinger"} }, "118"},
	} {
		r := b.ask(t, "RCAPTURE", "/capture", b.request(t, test.change))
		part := r.biometrics(t)[0]
		part.only(t, test.name, captureMembers...)
		if got := r.code(t); got != test.want || r.status != 200 || part.object(t, "error").text(t, "errorInfo") == "" {
			t.Errorf("%s: code %s with status %d, want %s", test.name, got, r.status, test.want)
		}
	}
	for _, body := range []string{"", "[]", "{", `{"bio":7}`, `{"bio":[[]]}`, "null"} {
		want := "123"
		if body == "null" {
			want = "115"
		}
		if got := b.ask(t, "RCAPTURE", "/capture", body).code(t); got != want {
			t.Errorf("%s: code %s, want %s", body, got, want)
		}
	}
	if got := b.ask(t, "CAPTURE", "/capture", b.request(t, nil)).code(t); got != "809" {
		t.Errorf("an authentication: code %s, want 809", got)
	}
	if b.server.Notice() != "" {
		t.Error("something is captured")
	}
}
