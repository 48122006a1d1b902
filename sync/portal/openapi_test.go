package portal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"boothd/capture"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocumentNamesEveryFieldOfTheTypes walks the Go types and the schemas side by side.
func TestDocumentNamesEveryFieldOfTheTypes(t *testing.T) {
	doc := document(t)
	for name, v := range map[string]any{
		"LookRequest":   LookRequest{},
		"LookReply":     LookReply{},
		"ReportRequest": ReportRequest{},
		"ReportReply":   ReportReply{},
		"Alert":         Alert{},
		"DrillEvent":    DrillEvent{},
		"Documents":     Documents{},
		"Verification":  Verification{},
		"Through":       Through{},
		"Holding":       Holding{},
	} {
		compare(t, name, reflect.TypeOf(v), doc.Components.Schemas[name])
	}
}

func compare(t *testing.T, where string, typ reflect.Type, ref *openapi3.SchemaRef) {
	t.Helper()
	if ref == nil {
		t.Errorf("%s has no schema", where)
		return
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8:
		compare(t, where+"[]", typ.Elem(), ref.Value.Items)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]():
		compareFields(t, where, typ, ref.Value)
	default:
		if want := jsonType(typ); !ref.Value.Type.Is(want) {
			t.Errorf("%s is %v in the document, %s in Go", where, ref.Value.Type, want)
		}
	}
}

func compareFields(t *testing.T, where string, typ reflect.Type, schema *openapi3.Schema) {
	t.Helper()
	var inGo []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		inGo = append(inGo, name)
		compare(t, where+"."+name, typ.Field(i).Type, schema.Properties[name])
	}
	for name := range schema.Properties {
		if !slices.Contains(inGo, name) {
			t.Errorf("%s.%s is in the document and not in Go", where, name)
		}
	}
}

func jsonType(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Uint64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Map:
		return "object"
	}
	return "string"
}

// recorder keeps the bodies of one exchange.
type recorder struct {
	http.ResponseWriter
	request, reply bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.reply.Write(b)
	return r.ResponseWriter.Write(b)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// recording lets a handler serve and sends each finished exchange to done.
func recording(h http.Handler, done chan<- *recorder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &rec.request), r.Body}
		h.ServeHTTP(rec, r)
		done <- rec
	}
}

func TestRealExchangesFitTheDocument(t *testing.T) {
	doc := document(t)
	_, key, _ := ed25519.GenerateKey(nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathLook, func(w http.ResponseWriter, r *http.Request) {
		if _, err := ReadLook(w, r); err != nil {
			t.Error(err)
		}
		rw := NewReplyWriter(w)
		rw.Answer(capture.Answer{
			Evidence: "document-1", Modality: capture.ModalityDocument, System: "SIS", Source: "portal", State: capture.StateHit,
			List: "sis-persons", Version: 7, AsOf: time.Now(), At: time.Now(),
			Rest: &capture.Rest{State: capture.StateStale, Reason: "old"},
			Findings: []capture.Finding{{Entry: "e1", By: capture.ByName, State: capture.StateHit, Score: 0.9, Name: "X", Category: "c", Action: "a", Discreet: true,
				Needs: "judicial", Minor: true, Explanation: []capture.Part{{What: "surname", Asked: "A", Found: "B", Note: "n", Weight: 0.5}}}},
			Facts: []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}},
			Links: []capture.Link{{ID: "l", Colour: capture.LinkYellow, Systems: []string{"SIS", "VIS"}, Work: "w", Due: time.Now(), Discreet: true}},
		})
		rw.Answer(capture.Answer{System: "SLTD", Modality: capture.ModalityDocument, State: capture.StateUnavailable, Reason: "down"})
		rw.End()
	})
	mux.HandleFunc("POST "+PathReport, acknowledging(t, key))
	mux.HandleFunc("POST "+PathVerify, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	mux.HandleFunc("POST "+PathCopies, func(w http.ResponseWriter, r *http.Request) {
		if _, err := ReadCopies(w, r); err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{PathProfiles, PathRevoked} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(Documents{Documents: []string{"a.b.c"}})
		})
	}
	done := make(chan *recorder, 1)
	c := newPlace(t, recording(mux, done)).client(t)

	identifying := documentQuery()
	identifying.Officer.Profile.Systems[capture.ModalityDocument] = []string{"CIR"}
	identifying.Officer.Token = "token"
	identifying.Identify = &capture.Identification{Ground: capture.GroundDoubtOnHolder, BestInterests: "lost"}
	identifying.Grant = "a.b.c"
	c.opt.Systems = append(c.opt.Systems, "CIR")
	for name, exchange := range map[string]struct {
		path, media string
		call        func() error
	}{
		"look about a document": {PathLook, contentLines, func() error {
			_, err := ask(t.Context(), c, documentQuery())
			return err
		}},
		"identification": {PathLook, contentLines, func() error {
			ask(t.Context(), c, identifying) // answered for systems that it was not asked about
			return nil
		}},
		"report": {PathReport, "application/json", func() error {
			_, err := c.Report(t.Context(), items(3))
			return err
		}},
		"verification": {PathVerify, "", func() error {
			return c.Verify(t.Context(), Verification{Token: "t", Officer: "officer-2", Profile: "second line", Link: "l", Colour: capture.LinkRed, Why: "two passports"})
		}},
		"copies": {PathCopies, "", func() error {
			return c.Copies(t.Context(), []Copy{held("sis"), held("sltd")})
		}},
		"no copies": {PathCopies, "", func() error {
			return c.Copies(t.Context(), nil)
		}},
		"profiles": {PathProfiles, "application/json", func() error {
			_, err := c.Profiles(t.Context())
			return err
		}},
		"revoked grants": {PathRevoked, "application/json", func() error {
			_, err := c.Revoked(t.Context())
			return err
		}},
	} {
		if err := exchange.call(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		last := <-done
		op := doc.Paths.Value(exchange.path).Post
		if op == nil {
			op = doc.Paths.Value(exchange.path).Get
		} else {
			fits(t, name+" request", op.RequestBody.Value.Content["application/json"], last.request.Bytes())
		}
		for line := range bytes.Lines(last.reply.Bytes()) {
			fits(t, name+" reply", op.Responses.Value("200").Value.Content[exchange.media], line)
		}
	}
}

func fits(t *testing.T, name string, media *openapi3.MediaType, body []byte) {
	t.Helper()
	if media == nil {
		t.Fatalf("%s: media type not in the document", name)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v in %q", name, err, body)
	}
	if err := media.Schema.Value.VisitJSON(v); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
