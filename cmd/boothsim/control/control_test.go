package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/stage"
)

// play starts a whole emulated booth with its control.
func play(t *testing.T) (*httptest.Server, *Client) {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	const free = "127.0.0.1:0"
	log := slog.New(slog.DiscardHandler)
	s, err := stage.Start(context.Background(), folder, stage.Options{
		Listen: stage.Listen{Portal: free, Office: free, National: free, Broker: free, USBIP: free, Camera: free}, NoPrints: true, NoChips: true,
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(Handler(s, log))
	t.Cleanup(server.Close)
	return server, &Client{URL: server.URL}
}

func TestEveryWordDoesWhatItSays(t *testing.T) {
	_, client := play(t)
	for _, test := range []struct{ words, said string }{
		{"present 3", "document of traveller 3 presented"},
		{"take", "document taken away"},
		{"lay 1", "finger of traveller 1 laid: good"},
		{"lay 1 short", "finger of traveller 1 laid: short"},
		{"lay 1 wrong", "finger of traveller 1 laid: wrong"},
		{"lift", "finger lifted"},
		{"stand 2", "traveller 2 stands before the camera"},
		{"stand 0", "nobody stands before the camera"},
		{"unplug scanner", "scanner pulled out"},
		{"unplug scanner", "scanner pulled out"},
		{"plug scanner", "scanner plugged in"},
		{"unplug reader", "reader pulled out"},
		{"plug reader", "reader plugged in"},
		{"unplug camera", "camera pulled out"},
		{"plug camera", "camera plugged in"},
		{"cut portal", "line to portal cut"},
		{"cut all --silent", "line to all silent"},
		{"restore all", "line to all up"},
		{"list add 21", "traveller 21 added to national, version 2 published"},
		{"list add 21 sltd --discreet", "traveller 21 added to sltd, version 2 published"},
		{"list remove 21", "traveller 21 removed from national, version 3 published"},
		{"list expire sis-persons", "sis-persons version 2 published, its lease ends at once"},
		{"list renew sis-persons", "sis-persons version 3 published under a new lease"},
		{"checks", ""},
		{"checks C1", ""},
		{"system SIS slow --latency 1s", "SIS is slow by 1s"},
		{"system SIS failing", "SIS is failing"},
		{"system SIS well", "SIS is well"},
		{"drill VIS --minutes 1", "drill ordered: VIS is taken for down for 1 minutes"},
		{"learn", "central knows more now"},
		{"person add 21 VIS", "traveller 21 put into VIS"},
		{"person remove 21 VIS", "traveller 21 taken out of VIS"},
		{"received", "0 records (none), 0 delivered again, 0 doubled, 0 refused, 0 missing"},
		{"records", ""},
	} {
		reply, err := client.Do(t.Context(), strings.Fields(test.words)...)
		if err != nil || reply.Said != test.said {
			t.Errorf("%s: %+v, %v; want %q", test.words, reply, err, test.said)
		}
	}
}

func TestStateFollowsTheWords(t *testing.T) {
	server, client := play(t)
	for _, words := range []string{"unplug reader", "cut broker", "system EES failing", "list add 21 national", "lay 1", "stand 1"} {
		if _, err := client.Do(t.Context(), strings.Fields(words)...); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.Get(server.URL + PathState)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s stage.State
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	if s.Devices.Reader.Plugged || !s.Devices.Scanner.Plugged || s.Devices.Scanner.Traveller != 1 || s.Devices.Camera.Traveller != 1 {
		t.Errorf("devices = %+v", s.Devices)
	}
	if s.Lines.Broker != "cut" || s.Lines.Portal != "up" {
		t.Errorf("lines = %+v", s.Lines)
	}
	for _, l := range s.Lists {
		if want := uint64(1); l.Name == "national" && (l.Version != 2 || l.Entries != 3) || l.Name != "national" && l.Version != want {
			t.Errorf("list = %+v", l)
		}
	}
	reply, err := client.Do(t.Context(), "state")
	if err != nil || !strings.Contains(reply.Said, "reader pulled out") || !strings.Contains(reply.Said, "system EES failing") {
		t.Errorf("state in words = %+v, %v", reply, err)
	}
}

func TestWhatCannotBeDoneIsAnError(t *testing.T) {
	_, client := play(t)
	if _, err := client.Do(t.Context(), "unplug", "scanner"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(t.Context(), "unplug", "reader"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		words string
		usage bool
		names string
	}{
		{"", true, "expected"},
		{"dance", true, "dance"},
		{"present", true, "traveller"},
		{"present x", true, "x"},
		{"lay 1 softly", true, "softly"},
		{"plug toaster", true, "toaster"},
		{"present 1 --chip clonde", true, "clonde"},
		{"present 1 --chip cloned", false, "no chip reader"},
		{"unplug chip-reader", false, "no chip reader"},
		{"list add 1 csca", false, "certificates"},
		{"list expire nowhere", false, "nowhere"},
		{"cut rope", true, "rope"},
		{"--help", true, "Usage"},
		{"lay 1", false, "scanner is pulled out"},
		{"present 1", false, "reader is pulled out"},
		{"list add 1 nowhere", false, "nowhere"},
		{"list remove 1 national", false, "not on national"},
		{"system XIS well", false, "XIS"},
		{"person remove 99 SIS", false, "not in SIS"},
	} {
		_, err := client.Do(t.Context(), strings.Fields(test.words)...)
		var usage *UsageError
		if err == nil || errors.As(err, &usage) != test.usage || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%q: %v, want one about %q", test.words, err, test.names)
		}
	}
}

func TestOtherPagesAndHostsAreTurnedAway(t *testing.T) {
	server, _ := play(t)
	port := server.Listener.Addr().String()
	for _, test := range []struct {
		name, host, origin, kind, body string
		status                         int
	}{
		{"its own page", port, "http://" + port, "application/json", `{"words":["lift"]}`, 200},
		{"a program", port, "", "application/json", `{"words":["lift"]}`, 200},
		{"a page of the world", port, "https://evil.example", "application/json", `{"words":["lift"]}`, 403},
		{"a page without an origin", port, "null", "application/json", `{"words":["lift"]}`, 403},
		{"another port's page", port, "http://127.0.0.1:1", "application/json", `{"words":["lift"]}`, 403},
		{"another host's name", "evil.example", "", "application/json", `{"words":["lift"]}`, 421},
		{"a form", port, "", "text/plain", `{"words":["lift"]}`, 400},
		{"garbage", port, "", "application/json", `{"words":`, 400},
		{"an unknown field", port, "", "application/json", `{"words":["lift"],"x":1}`, 400},
		{"a huge command", port, "", "application/json", `{"words":["` + strings.Repeat("x", maxBody) + `"]}`, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodPost, server.URL+PathDo, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = test.host
			req.Header.Set("Content-Type", test.kind)
			if test.origin != "" {
				req.Header.Set("Origin", test.origin)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != test.status {
				b, _ := io.ReadAll(resp.Body)
				t.Errorf("status %d, want %d: %s", resp.StatusCode, test.status, b)
			}
		})
	}
}

func TestPageIsWholeAndAsksNobodyElse(t *testing.T) {
	server, _ := play(t)
	for _, file := range []string{"", "control.js", "control.css", "icon.svg"} {
		resp, err := http.Get(server.URL + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%q: %d, %v", file, resp.StatusCode, err)
		}
		if strings.Contains(strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", ""), "://") {
			t.Errorf("%q names another place", file)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("%q: policy %q", file, csp)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, words := range []string{"present 3", "lay 1 good", "cut all --silent", "list add 3 sltd --discreet", "--help", "", "system SIS slow --latency=1s", "list \x00"} {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		_, parsed, err := Parse(strings.Split(words, " "))
		var usage *UsageError
		if err != nil && (!errors.As(err, &usage) || usage.Text == "") {
			t.Fatalf("error %v is not for people", err)
		}
		if err == nil && parsed.Command() == "" {
			t.Fatal("no command and no error")
		}
	})
}
