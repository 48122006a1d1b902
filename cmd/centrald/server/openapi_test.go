package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"boothd/capture"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/server"
	"boothd/sync/portal"
	"boothd/sync/system"
)

// fit holds every exchange to the document, and that all of the document was seen.
func (l *listener) fit(want map[string][]int) {
	l.t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(portal.OpenAPI())
	if err != nil {
		l.t.Fatal(err)
	}
	seen := l.all()
	replied := map[string][]int{}
	for key, all := range statuses(seen) {
		method, path, _ := strings.Cut(key, " ")
		key = method + " " + inDocument(doc, path)
		replied[key] = slices.Compact(slices.Sorted(slices.Values(append(replied[key], all...))))
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			key := method + " " + path
			if !slices.Equal(replied[key], want[key]) {
				l.t.Errorf("%s replied with %v, want %v", key, replied[key], want[key])
			}
		}
	}
	for _, e := range seen {
		if err := e.fits(doc); err != nil {
			l.t.Errorf("%s %s, status %d: %v", e.request.Method, e.request.URL.Path, e.status, err)
		}
	}
}

// inDocument returns the path as the document has it: with names in braces for what varies.
func inDocument(doc *openapi3.T, path string) string {
	for _, known := range doc.Paths.InMatchingOrder() {
		varies := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(known), `[^/]+`)
		if regexp.MustCompile("^" + varies + "$").MatchString(path) {
			return known
		}
	}
	return path
}

func (e *exchange) fits(doc *openapi3.T) error {
	item := doc.Paths.Value(inDocument(doc, e.request.URL.Path))
	if item == nil || item.GetOperation(e.request.Method) == nil {
		return fmt.Errorf("not in the document")
	}
	op := item.GetOperation(e.request.Method)
	response := op.Responses.Status(e.status)
	if response == nil {
		return fmt.Errorf("status not in the document")
	}
	media, _, _ := mime.ParseMediaType(e.header.Get("Content-Type"))
	switch e.status {
	case http.StatusPartialContent, http.StatusNotModified:
		return nil
	}
	if e.status != http.StatusOK {
		text := strings.TrimSuffix(e.reply.String(), "\n")
		if media != "text/plain" || text == "" || strings.Contains(text, "\n") || len(text) > 200 {
			return fmt.Errorf("%s %q, want a line of text", media, text)
		}
		return nil // the request is one that the document does not allow
	}
	if err := e.requestFits(op); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if len(response.Value.Content) == 0 {
		if e.reply.Len() > 0 {
			return fmt.Errorf("a reply where the document has none")
		}
		return nil
	}
	content := response.Value.Content[media]
	if content == nil {
		return fmt.Errorf("media type %q not in the document", media)
	}
	switch media {
	case "application/x-ndjson":
		for line := range bytes.Lines(e.reply.Bytes()) {
			if err := schemaFits(content.Schema, line); err != nil {
				return err
			}
		}
		return nil
	case "application/zstd":
		return nil
	case "text/event-stream":
		return eventsFit(doc, &e.reply)
	}
	return schemaFits(content.Schema, e.reply.Bytes())
}

func (e *exchange) requestFits(op *openapi3.Operation) error {
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In == "path" {
			continue
		}
		value := e.request.URL.Query().Get(p.Name)
		if p.In == "header" {
			value = e.request.Header.Get(p.Name)
		}
		if value == "" && !p.Required {
			continue
		}
		if err := p.Schema.Value.VisitJSON(value); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if op.RequestBody == nil {
		if e.asked.Len() > 0 {
			return fmt.Errorf("a body where the document has none")
		}
		return nil
	}
	return schemaFits(op.RequestBody.Value.Content["application/json"].Schema, e.asked.Bytes())
}

func schemaFits(schema *openapi3.SchemaRef, b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("%w in %q", err, b)
	}
	return schema.Value.VisitJSON(v)
}

// eventsFit holds the data of each event to the schema of its name, and its number to the
// data.
func eventsFit(doc *openapi3.T, stream io.Reader) error {
	schemas := map[string]*openapi3.SchemaRef{"alert": doc.Components.Schemas["Alert"], "drill": doc.Components.Schemas["DrillEvent"]}
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, portal.MaxEvent)
	var id, name string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "": // a comment, or the end of an event
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			var numbered struct {
				ID uint64 `json:"id"`
			}
			err := json.Unmarshal([]byte(value), &numbered)
			if err != nil || strconv.FormatUint(numbered.ID, 10) != id || schemas[name] == nil {
				return fmt.Errorf("event %q with the number %q and the data %q: %v", name, id, value, err)
			}
			if err := schemaFits(schemas[name], []byte(value)); err != nil {
				return fmt.Errorf("event %s: %w", name, err)
			}
		default:
			return fmt.Errorf("line %q", lines.Text())
		}
	}
	return lines.Err()
}

func TestEveryExchangeFitsTheDocument(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		l := p.overhear(in.Booths())
		booth := l.booth(l.url)
		look(t, in, booth)
		report(t, l, booth)
		verify(t, l, in, booth)
		hold(t, in, booth)
		for _, fetch := range []func(context.Context) ([]string, error){booth.Profiles, booth.Revoked} {
			if docs, err := fetch(t.Context()); err != nil || len(docs) == 0 {
				t.Errorf("%d documents, %v", len(docs), err)
			}
		}
		if err := booth.Health(t.Context()); err != nil {
			t.Error(err)
		}
		follow(t, in, booth)
		content := p.list()
		for _, path := range []string{"keys.json", "orders.json", "sltd/head.json", "sltd/manifests/1.json", content} {
			l.send("GET", "/lists/"+path, "", "", "")
			l.send("GET", "/lists/"+path, "Range", "bytes=1-", "")
		}
		for _, path := range []string{"other/head.json", "sltd/manifests/2.json", "sltd/contents/" + strings.Repeat("0f", 32)} {
			l.send("GET", "/lists/"+path, "", "", "")
		}
		for _, bad := range []struct{ method, path, header, value, body string }{
			{"POST", portal.PathLook, "Content-Type", "application/json", "no JSON"},
			{"POST", portal.PathLook, "Content-Type", "text/plain", "{}"},
			{"POST", portal.PathLook, "Content-Type", "application/json", strings.Repeat(" ", portal.MaxLookBody+1)},
			{"POST", portal.PathLook, "Content-Type", "application/json", lookOf("booth-2")},
			{"POST", portal.PathReport, "Content-Type", "application/json", `{"items":[]}`},
			{"POST", portal.PathReport, "Content-Type", "application/json", `{"items":[{"booth":"booth-2"}]}`},
			{"POST", portal.PathReport, "Content-Type", "application/json", `{"items":[` + manyItems() + `]}`},
			{"GET", portal.PathThrough, "", "", ""},
			{"GET", portal.PathAlerts, "Last-Event-ID", "the last", ""},
			{"POST", portal.PathVerify, "Content-Type", "application/json", `{"booth":"demo-1"}`},
			{"POST", portal.PathCopies, "Content-Type", "application/json", `{"booth":"demo-1"}`},
			{"POST", portal.PathCopies, "Content-Type", "application/json", `{"booth":"booth-2","copies":[]}`},
			{"POST", portal.PathCopies, "Content-Type", "application/json", strings.Repeat(" ", portal.MaxCopiesBody+1)},
		} {
			l.send(bad.method, bad.path, bad.header, bad.value, bad.body)
		}
		l.fit(map[string][]int{
			"POST " + portal.PathLook:    {200, 400, 403, 413},
			"POST " + portal.PathReport:  {200, 400, 403, 413},
			"GET " + portal.PathThrough:  {200, 400},
			"GET " + portal.PathAlerts:   {200, 400},
			"POST " + portal.PathVerify:  {200, 400, 403, 404, 409},
			"POST " + portal.PathCopies:  {200, 400, 403, 413},
			"GET " + portal.PathProfiles: {200},
			"GET " + portal.PathRevoked:  {200},
			"GET " + portal.PathHealth:   {200},

			"GET /lists/keys.json":                       {200, 206},
			"GET /lists/orders.json":                     {200, 206},
			"GET /lists/{list}/head.json":                {200, 206, 404},
			"GET /lists/{list}/manifests/{version}.json": {200, 206, 404},
			"GET /lists/{list}/contents/{hash}":          {200, 206, 404},
		})
	})
}

// lookOf is a question in a booth's name.
func lookOf(booth string) string {
	return `{"query":{"booth":"` + booth + `","check":"c","officer":{"id":"officer-1","profile":{"name":"first-line","systems":{"document":["SIS"]}}},
		"evidence":{"id":"document-1","document":{"zone":{}}}},"systems":["SIS"]}`
}

func manyItems() string {
	var items []string
	for i := range portal.MaxReportItems + 1 {
		items = append(items, fmt.Sprintf(`{"booth":"demo-1","sequence":%d}`, i+1))
	}
	return strings.Join(items, ",")
}

// look asks in all the ways there are: with a hit, facts and links among the answers, by
// the finger, and who somebody is.
func look(t *testing.T, in *instance, booth *portal.Client) {
	t.Helper()
	open, hidden := alert(21), alert(21)
	hidden.ID, hidden.Discreet, hidden.Category, hidden.Action = "alert-hidden", true, "discreet check", "report unnoticed"
	if err := in.Registers[system.SIS].Put(t.Context(), open, hidden); err != nil {
		t.Fatal(err)
	}
	link(t, in)
	document := query(t, 21, "second-line")
	document.Officer.Profile.Cleared = true
	answers := ask(t, booth, document)
	if a := answers[system.SIS]; len(a.Findings) != 2 || len(a.Links) != 1 {
		t.Errorf("SIS %+v", a)
	}
	if len(answers[system.EES].Facts) == 0 {
		t.Errorf("EES %+v", answers[system.EES])
	}
	if err := booth.Look(t.Context(), query(t, 21, "director"), func(capture.Answer) {}); err == nil {
		t.Error("a profile that there is not was answered for")
	}

	finger := query(t, 21, "first-line")
	var b bytes.Buffer
	if err := png.Encode(&b, synthetic.New(21).Finger(2)); err != nil {
		t.Fatal(err)
	}
	finger.Zone, finger.Evidence = &document.Evidence.Document.Zone, capture.Evidence{
		ID: "finger-1", Finger: &capture.Finger{Position: 2, PNG: b.Bytes(), DPI: 500, Quality: 80},
	}
	finger.Officer.Profile.Systems[capture.ModalityFinger] = []string{system.SIS, system.CIR}
	finger.Grant = "a.b.c"
	if a := ask(t, booth, finger)[system.SIS]; a.State != capture.StateNoHit {
		t.Errorf("by the finger: %+v", a)
	}
	finger.Identify, finger.Grant = &capture.Identification{Ground: capture.GroundDoubtOnHolder}, ""
	if a := ask(t, booth, finger)[system.CIR]; a.State != capture.StateNoHit {
		t.Errorf("identification: %+v", a)
	}
}

// report delivers a record, and one that is not what its hash says.
func report(t *testing.T, l *listener, booth *portal.Client) {
	t.Helper()
	bent := l.item(2, disposition(t, 21, capture.OutcomeClear))
	bent.Hash = strings.Repeat("0f", 32)
	reply, err := booth.Report(t.Context(), []portal.Item{l.item(1, outcome(t, 21, true)), bent})
	if err != nil || len(reply.Acks) != 1 || len(reply.Refused) != 1 {
		t.Fatalf("report: %+v, %v", reply, err)
	}
	for epoch, want := range map[string]uint64{"e1": 1, "an epoch of nobody": 0} {
		if word, err := booth.Through(t.Context(), epoch); err != nil || word.Sequence != want {
			t.Errorf("through %+v, %v", word, err)
		}
	}
}

// verify verifies the link of traveller 21, and does so wrongly.
func verify(t *testing.T, l *listener, in *instance, booth *portal.Client) {
	t.Helper()
	links := ask(t, booth, query(t, 21, "second-line", system.SIS, system.EES))[system.SIS].Links
	if len(links) != 1 {
		t.Fatalf("links %+v", links)
	}
	v := portal.Verification{Officer: "officer-2", Profile: "second-line", Link: links[0].ID, Colour: capture.LinkRed, Why: "one person, two forged passports"}
	if err := booth.Verify(t.Context(), v); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*portal.Verification){
		func(v *portal.Verification) { v.Colour = capture.LinkGreen },
		func(v *portal.Verification) { v.Link = "nowhere" },
		func(v *portal.Verification) { v.Profile = "first-line" },
		func(v *portal.Verification) { v.Why = "!" },
	} {
		wrong := v
		change(&wrong)
		if err := booth.Verify(t.Context(), wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

// hold tells of a copy twice, then that it was erased.
func hold(t *testing.T, in *instance, booth *portal.Client) {
	t.Helper()
	taken := time.Now().Add(-time.Hour)
	held := portal.Copy{
		List: "sis-persons", System: system.SIS, Version: 7, Manifest: strings.Repeat("0a", 32), Entries: 3, Taken: taken, Expires: taken.Add(24 * time.Hour),
	}
	for _, copies := range [][]portal.Copy{{held}, {held}, nil} {
		if err := booth.Copies(t.Context(), copies); err != nil {
			t.Fatal(err)
		}
		all, err := in.Copies.List(t.Context())
		if err != nil || len(all) != len(copies) {
			t.Fatalf("copies %+v, %v", all, err)
		}
		for _, k := range all {
			if k.Holder != demo.Booth || k.List != held.List || k.System != held.System || k.Version != held.Version || k.Manifest != held.Manifest ||
				k.Entries != held.Entries || !k.Taken.Equal(held.Taken) || !k.Expires.Equal(held.Expires) || k.Told.Before(taken) {
				t.Errorf("copy %+v, told %+v", k, held)
			}
		}
	}
}

// follow hears of an alert and of a drill, and of the drill alone where it left off.
func follow(t *testing.T, in *instance, booth *portal.Client) {
	t.Helper()
	answer := ask(t, booth, query(t, 21, "first-line", system.SIS))[system.SIS]
	raised := portal.Alert{Booth: demo.Booth, Check: "check-21", Cause: portal.CauseLateAnswer, At: time.Now(), Answer: answer}
	if _, err := in.Alerts.Raise(t.Context(), nil, raised); err != nil {
		t.Fatal(err)
	}
	drill, err := in.Alerts.Order(t.Context(), demo.Booth, "a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, last := range []uint64{0, drill - 1} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		alerts := 0
		err := booth.Follow(ctx, last, func(e portal.Event) error {
			if e.Alert != nil {
				alerts++
			}
			if e.Drill != "" {
				cancel()
			}
			return nil
		})
		if ctx.Err() != context.Canceled || (alerts > 0) != (last == 0) {
			t.Errorf("after event %d: %d alerts before the drill, if it came: %v", last, alerts, err)
		}
		cancel()
	}
}

func TestRepliesWithoutTheDatabaseFitTheDocument(t *testing.T) {
	p := newPlace(t, "")
	s, err := server.Open(t.Context(), p.config, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := p.overhear(s.Booths())
	item := p.item(1, outcome(t, 21, false))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	body := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	l.send("GET", portal.PathHealth, "", "", "")
	l.send("POST", portal.PathReport, "Content-Type", "application/json", body(portal.ReportRequest{Items: []portal.Item{item}}))
	l.send("GET", portal.PathThrough+"?epoch=e1", "", "", "")
	l.send("POST", portal.PathVerify, "Content-Type", "application/json", body(portal.Verification{
		Booth: demo.Booth, Officer: "officer-2", Profile: "second-line", Link: "l", Colour: capture.LinkRed, Why: "one person, two forged passports",
	}))
	l.send("POST", portal.PathCopies, "Content-Type", "application/json", body(portal.Holding{Booth: demo.Booth, Copies: []portal.Copy{}}))
	l.send("GET", portal.PathAlerts, "", "", "")
	l.fit(map[string][]int{
		"GET " + portal.PathHealth:  {503},
		"POST " + portal.PathReport: {503},
		"GET " + portal.PathThrough: {503},
		"GET " + portal.PathAlerts:  {503},
		"POST " + portal.PathVerify: {503},
		"POST " + portal.PathCopies: {503},
	})
}
