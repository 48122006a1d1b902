package itl

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLogsShowNoPerson(t *testing.T) {
	tr := Transaction{header(V2013), []Record{&Text{Fields: []Field{NewField(3, secret)}}}}
	tr.Header.Origin = secret
	p := &Print{Source: secret}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("x", "a", tr, "b", tr.Header, "c", tr.Records[0], "d", p, "e", NewField(3, secret), "f", &Opaque{9, []byte(secret)},
		"g", &FixedPrint{Image: Image{Data: []byte(secret)}}, "h", Image{Data: []byte(secret)}, "i", Search{Source: secret},
		"j", Finger{Absent: secret}, "k", *p, "l", Opaque{9, []byte(secret)}, "m", FixedPrint{Image: Image{Data: []byte(secret)}},
		"n", Text{Fields: []Field{NewField(3, secret)}})
	if strings.Contains(out.String(), secret) || strings.Contains(out.String(), "83 69") {
		t.Error(out.String())
	}
}
