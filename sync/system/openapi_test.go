package system

import (
	"bytes"
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

func openDocument(t *testing.T) *openapi3.T {
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

func TestDocumentNamesEveryFieldOfTheTypes(t *testing.T) {
	doc := openDocument(t)
	compare(t, "Question", reflect.TypeFor[Question](), doc.Components.Schemas["Question"])
	compare(t, "Reply", reflect.TypeFor[Reply](), doc.Components.Schemas["Reply"])
}

// compare walks a Go type and a schema side by side.
func compare(t *testing.T, where string, typ reflect.Type, ref *openapi3.SchemaRef) {
	t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case ref == nil:
		t.Errorf("%s has no schema", where)
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8:
		compare(t, where+"[]", typ.Elem(), ref.Value.Items)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]():
		compareFields(t, where, typ, ref.Value)
	default:
		want := map[reflect.Kind]string{reflect.Bool: "boolean", reflect.Int: "integer", reflect.Float64: "number"}[typ.Kind()]
		if want == "" {
			want = "string"
		}
		if !ref.Value.Type.Is(want) {
			t.Errorf("%s is %v in the document, %s in Go", where, ref.Value.Type, want)
		}
	}
}

func compareFields(t *testing.T, where string, typ reflect.Type, schema *openapi3.Schema) {
	t.Helper()
	var inGo []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			inGo = append(inGo, name)
			compare(t, where+"."+name, typ.Field(i).Type, schema.Properties[name])
		}
	}
	for name := range schema.Properties {
		if !slices.Contains(inGo, name) {
			t.Errorf("%s.%s is in the document and not in Go", where, name)
		}
	}
}

func TestRealExchangesFitTheDocument(t *testing.T) {
	doc := openDocument(t)
	op := doc.Paths.Value(PathAsk).Post
	var question, reply bytes.Buffer
	next := Handler(replying(fullReply()), HandlerOptions{System: SIS, Token: token})
	a := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = io.NopCloser(io.TeeReader(r.Body, &question))
		next.ServeHTTP(&teed{w, &reply}, r)
	}))
	q := documentQuestion()
	q.Grant, q.VisaSticker, q.NameTruncated = "g1", "V1", true
	q.Finger, q.Face = &capture.Finger{Position: 2, PNG: []byte("png")}, &capture.Face{JPEG: []byte("jpeg")}
	q.Identify = &capture.Identification{Ground: capture.GroundDoubtOnIdentity, BestInterests: "b"}
	if _, err := a.Ask(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	fits(t, op.RequestBody.Value.Content[contentJSON], question.Bytes())
	fits(t, op.Responses.Value("200").Value.Content[contentJSON], reply.Bytes())
	if len(question.Bytes()) > MaxQuestion || len(reply.Bytes()) == 0 {
		t.Error("nothing was recorded")
	}
}

func TestStatusesOfTheHandlerAreInTheDocument(t *testing.T) {
	doc := openDocument(t)
	for _, test := range []struct {
		path, method, token, body string
		want                      int
	}{
		{PathAsk, "POST", token, `{"id":"q","system":"SIS"}`, 200},
		{PathAsk, "POST", token, `{}`, 400},
		{PathAsk, "POST", "wrong", `{}`, 401},
		{PathAsk, "POST", token, strings.Repeat(" ", MaxQuestion+1), 413},
		{PathHealth, "GET", token, "", 200},
		{PathHealth, "GET", "wrong", "", 401},
	} {
		a := serve(t, Handler(replying(Reply{State: capture.StateNoHit}), HandlerOptions{Token: token}))
		req, _ := http.NewRequestWithContext(t.Context(), test.method, a.url+test.path, strings.NewReader(test.body))
		req.Header.Set("Content-Type", contentJSON)
		req.Header.Set("Authorization", "Bearer "+test.token)
		resp, err := a.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != test.want || doc.Paths.Value(test.path).GetOperation(test.method).Responses.Status(test.want) == nil {
			t.Errorf("%s %s: status %d, want %d, in the document", test.method, test.path, resp.StatusCode, test.want)
		}
	}
}

// teed keeps what is written.
type teed struct {
	http.ResponseWriter
	kept *bytes.Buffer
}

func (w *teed) Write(b []byte) (int, error) {
	w.kept.Write(b)
	return w.ResponseWriter.Write(b)
}

func fits(t *testing.T, media *openapi3.MediaType, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if err := media.Schema.Value.VisitJSON(v); err != nil {
		t.Error(err)
	}
}
