package intake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"boothd/cmd/centrald/intake/certtest"
	"boothd/cmd/centrald/store"
	"boothd/sync/portal"
)

func TestABoothSpeaksForItselfOnly(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, ca := newCentral(t), certtest.New(t)
	s := serve(t, c.instance(t, db, nil), ca)
	items := c.items(t, "booth-1", 2)
	report := []byte(asJSON(t, portal.ReportRequest{Items: items}))
	client := func(name string) *http.Client { return newBooth(name, address(s), ca, nil).client }
	for _, test := range []struct {
		name, booth, path string
		body              []byte // nil for GET
		status            int
	}{
		{"another booth's items", "booth-2", portal.PathReport, report, http.StatusForbidden},
		{"no report", "booth-1", portal.PathReport, []byte("{"), http.StatusBadRequest},
		{"no items", "booth-1", portal.PathReport, []byte("{}"), http.StatusBadRequest},
		{"its own items", "booth-1", portal.PathReport, report, http.StatusOK},
		{"no epoch", "booth-1", portal.PathThrough, nil, http.StatusBadRequest},
		{"an epoch that is no text", "booth-1", portal.PathThrough + "?epoch=%00", nil, http.StatusBadRequest},
		{"its own epoch", "booth-1", portal.PathThrough + "?epoch=epoch", nil, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := "https://" + address(s) + test.path
			get := func() (*http.Response, error) { return client(test.booth).Get(url) }
			if test.body != nil {
				get = func() (*http.Response, error) {
					return client(test.booth).Post(url, "application/json", bytes.NewReader(test.body))
				}
			}
			resp, err := get()
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
		})
	}
	for booth, through := range map[string]uint64{"booth-1": 2, "booth-2": 0} {
		resp, err := client(booth).Get("https://" + address(s) + portal.PathThrough + "?epoch=epoch")
		if err != nil {
			t.Fatal(err)
		}
		var word portal.Through
		err = json.NewDecoder(resp.Body).Decode(&word)
		resp.Body.Close()
		if err != nil || word.Sequence != through || word.Verify(c.public(), booth, "epoch") != nil {
			t.Errorf("%s: %+v, %v", booth, word, err)
		}
	}
}
