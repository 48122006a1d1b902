package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"boothd/capture"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/devices"
	"boothd/localmatch/gallery"
	"boothd/sync/outbox"
)

type doctorCommand struct{}

// grade is how bad a finding of the doctor is.
type grade string

const (
	fine   grade = "ok  "
	uneasy grade = "note"
	unwell grade = "BAD "
)

// doctor looks at a booth and says what is wrong and what to do.
type doctor struct {
	*call
	booth *config.Config
	bad   int
}

// Run looks at everything, says what it sees, and fails if anything needs a person.
func (doctorCommand) Run(c *call) error {
	d := &doctor{call: c}
	booth, err := c.booth()
	var faults *config.Error
	switch {
	case errors.As(err, &faults):
		for _, f := range faults.Faults {
			d.tell(unwell, "configuration", fmt.Sprintf("%s: %s", f.Key, f.Reason), "correct it in "+faults.File+"; run boothctl as root or as the user boothd")
		}
		return errUnwell
	case err != nil:
		d.tell(unwell, "configuration", err.Error(), "name the right file with --config")
		return errUnwell
	}
	d.booth = booth
	d.tell(fine, "configuration", c.config+" has no faults", "")
	d.clock()
	d.disk()
	d.certificates()
	d.keysAtRest()
	d.terminal()
	d.daemon()
	d.plugs()
	d.outbox()
	d.lists()
	d.central()
	d.broker()
	if d.bad > 0 {
		c.say("\n%d thing(s) need a person.", d.bad)
		return errUnwell
	}
	c.say("\nThe booth is well.")
	return nil
}

// tell prints one finding; what to do follows on a line of its own.
func (d *doctor) tell(g grade, what, found, do string) {
	if g == unwell {
		d.bad++
	}
	d.say("%s  %-14s %s", g, what, found)
	if do != "" {
		d.say("      %-14s → %s", "", do)
	}
}

// built is a time before which no clock of a booth can rightly be.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (d *doctor) clock() {
	if now := time.Now(); now.Before(built) {
		d.tell(unwell, "clock", "says "+now.Format(time.RFC3339)+", which cannot be", "set it, and let chrony or systemd-timesyncd keep it")
		return
	}
	d.tell(fine, "clock", time.Now().Format(time.RFC3339), "")
}

func (d *doctor) disk() {
	free, err := outbox.FreeSpace(d.booth.Booth.State)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.tell(uneasy, "disk", d.booth.Booth.State+" does not exist yet", "it is made when boothd starts for the first time")
	case err != nil:
		d.tell(unwell, "disk", err.Error(), "run boothctl as the user boothd or as root")
	case free < 2*int64(d.booth.Outbox.Reserve):
		d.tell(unwell, "disk", fmt.Sprintf("only %d MiB free", free>>20), "free some: below the reserve no new check can be started")
	default:
		d.tell(fine, "disk", fmt.Sprintf("%d MiB free", free>>20), "")
	}
}

// soon is how long before its end a certificate is worth a word.
const soon = 30 * 24 * time.Hour

func (d *doctor) certificates() {
	for _, path := range []string{d.booth.Portal.CA, d.booth.Portal.Cert, d.booth.MQTT.CA, d.booth.MQTT.Cert} {
		if path == "" {
			continue
		}
		end, err := certificateEnd(path)
		left := time.Until(end).Round(time.Hour)
		switch {
		case err != nil:
			d.tell(unwell, "certificate", fmt.Sprintf("%s: %v", path, err), "install it anew")
		case left <= 0:
			d.tell(unwell, "certificate", path+" has expired", "ask central for a new one")
		case left < soon:
			d.tell(uneasy, "certificate", fmt.Sprintf("%s ends in %d days", path, int(left.Hours()/24)), "ask central for a new one")
		default:
			d.tell(fine, "certificate", fmt.Sprintf("%s is valid until %s", path, end.Format(time.DateOnly)), "")
		}
	}
}

func certificateEnd(path string) (time.Time, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return time.Time{}, errors.New("no certificate in it")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, err
	}
	return cert.NotAfter, nil
}

// daemon asks the running daemon for its health and its devices.
func (d *doctor) daemon() {
	resp, err := (&http.Client{Timeout: apiTimeout}).Get("http://" + d.booth.API.Listen + "/readyz")
	if err != nil {
		d.tell(unwell, "boothd", "does not run, or does not listen at "+d.booth.API.Listen, "systemctl status boothd; journalctl -u boothd")
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if resp.StatusCode != http.StatusOK {
		d.tell(unwell, "boothd", "runs but takes no new check: "+strings.TrimSpace(string(text)), "")
	} else {
		d.tell(fine, "boothd", "runs at http://"+d.booth.API.Listen, "")
	}
	api, err := d.api("")
	if err != nil {
		d.tell(uneasy, "devices", err.Error(), "run boothctl as a user who may read the officers' tokens")
		return
	}
	var st console.BoothStatus
	if err := api.do(d.ctx, "GET", "/api/v1/status", nil, &st); err != nil {
		d.tell(unwell, "devices", err.Error(), "")
		return
	}
	d.devices(st.Devices)
	d.trust(st.Trust)
}

// trust tells what the chips of travel documents are verified against.
func (d *doctor) trust(t *console.Trust) {
	const what = "trust list"
	switch {
	case t == nil:
		d.tell(uneasy, what, "none is configured: who signed a document's chip is not verified", "name it in documents.trust")
	case t.State == console.ListMissing:
		d.tell(unwell, what, t.List+": "+t.Why, "see list below")
	case t.State == console.ListExpired:
		d.tell(unwell, what, inForce(t)+", expired "+t.Expires.Format(time.RFC3339)+": documents' chips are not verified", "see list below")
	case t.State == console.ListStale:
		d.tell(uneasy, what, inForce(t)+", is old", "see list below")
	default:
		d.tell(fine, what, inForce(t), "")
	}
}

func inForce(t *console.Trust) string {
	return fmt.Sprintf("%s version %d of %s, %d authorities of %d states", t.List, t.Version, t.AsOf.Format(time.RFC3339), t.Authorities, t.States)
}

func (d *doctor) devices(all []devices.Status) {
	there := map[devices.Kind]bool{}
	for _, s := range all {
		if s.State == devices.Fault {
			d.tell(unwell, "device", s.Address+": "+s.Reason, whatToDo(s))
			continue
		}
		there[s.Kind] = true
		d.tell(fine, "device", fmt.Sprintf("%s %s (%s)", s.Kind, s.Info.Model, s.Address), "")
	}
	d.chipReader(there[devices.KindChipReader])
	for _, m := range d.booth.Check.Require {
		if k := kindOf(m); !there[k] && k != devices.KindChipReader && !(k == devices.KindDocumentReader && there[devices.KindPageCamera]) {
			d.tell(unwell, "device", "no "+string(k)+", which check.require needs", "plug it in; serial lines and cameras must be in the configuration")
		}
	}
}

// kindOf is the kind of device that takes such evidence.
func kindOf(m capture.Modality) devices.Kind {
	switch m {
	case capture.ModalityFinger:
		return devices.KindFingerScanner
	case capture.ModalityFace:
		return devices.KindCamera
	case capture.ModalityChip:
		return devices.KindChipReader
	}
	return devices.KindDocumentReader
}

// setAside looks for databases that were damaged and put beside the one in use.
func (d *doctor) setAside() {
	entries, err := os.ReadDir(d.booth.Booth.State)
	if err != nil {
		return // the disk's finding tells
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, filepath.Base(d.booth.OutboxPath())+".damaged-") || strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm") {
			continue
		}
		if strings.HasSuffix(name, ".unsaved") {
			d.tell(unwell, "damaged file", name+": nothing was carried over from it yet", "restart boothd, which tries again; do not delete it")
			continue
		}
		d.tell(uneasy, "damaged file", name+" was set aside; what could be read was carried over", "give it to central operations, who may recover more; delete it only then")
	}
}

func (d *doctor) outbox() {
	d.setAside()
	_, r, err := d.openOutbox()
	if errors.Is(err, os.ErrNotExist) {
		d.tell(uneasy, "outbox", "there is none yet", "it is made when boothd starts for the first time")
		return
	}
	if err != nil {
		d.tell(unwell, "outbox", err.Error(), "run boothctl as the user boothd or as root")
		return
	}
	defer r.Close()
	waiting, quarantined := 0, 0
	var oldest time.Time
	for item, err := range r.List(d.ctx) {
		switch {
		case err != nil:
			d.tell(unwell, "outbox", err.Error(), "boothctl outbox verify")
			return
		case item.Quarantined:
			quarantined++
		default:
			if waiting == 0 {
				oldest = item.At
			}
			waiting++
		}
	}
	if quarantined > 0 {
		d.tell(unwell, "outbox", fmt.Sprintf("%d record(s) in quarantine", quarantined), "boothctl outbox list tells why; they stay in booth.db and are sent no more: central operations must recover them from a copy of it")
	}
	switch age := time.Since(oldest).Round(time.Minute); {
	case waiting == 0:
		d.tell(fine, "outbox", "central has everything", "")
	case age > time.Hour:
		d.tell(unwell, "outbox", fmt.Sprintf("%d record(s) wait, the oldest for %v", waiting, age), "see central below; nothing is lost meanwhile")
	default:
		d.tell(uneasy, "outbox", fmt.Sprintf("%d record(s) wait to be delivered", waiting), "")
	}
}

func (d *doctor) lists() {
	var infos []gallery.Info
	var health map[string]gallery.Health
	k, err := d.booth.OpenKeys(d.ctx)
	if err == nil {
		infos, err = gallery.Inspect(d.ctx, d.booth.GalleryPath(), d.booth.KeysDir(), k)
	}
	if err == nil {
		health, err = gallery.Examine(d.ctx, d.booth.GalleryPath(), d.booth.KeysDir(), k)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.tell(unwell, "lists", err.Error(), "run boothctl as the user boothd or as root")
		return
	}
	have := map[string]gallery.Info{}
	for _, i := range infos {
		have[i.Name] = i
	}
	for _, l := range d.booth.Lists {
		i, ok := have[l.Name]
		switch {
		case !ok:
			d.tell(unwell, "list", l.Name+" has never come", "see broker below; has central published it?")
		case i.Erased, i.Damaged, health[l.Name].Damaged > 0:
			d.tell(unwell, "list", l.Name+" was erased or is damaged", "central must publish a snapshot; boothd fetches it by itself")
		case time.Now().After(i.Expires):
			d.tell(unwell, "list", fmt.Sprintf("%s version %d expired %s", l.Name, i.Version, i.Expires.Format(time.RFC3339)), "see broker below; has central published a newer version?")
		case i.SoftAge > 0 && time.Now().After(i.Issued.Add(i.SoftAge)):
			d.tell(uneasy, "list", fmt.Sprintf("%s version %d of %s is old: new entries may be missing", l.Name, i.Version, i.Issued.Format(time.RFC3339)), "see broker below; has central published a newer version?")
		default:
			d.tell(fine, "list", fmt.Sprintf("%s version %d, %d entries, of %s", l.Name, i.Version, i.Entries, i.Issued.Format(time.RFC3339)), "")
		}
	}
}

func (d *doctor) central() {
	if d.booth.Portal.URL == "" {
		d.tell(uneasy, "central", "no portal is configured", "")
		return
	}
	err := d.askCentral()
	if err != nil {
		d.tell(unwell, "central", err.Error(), "check the network; checks go on with the local lists and are kept")
		return
	}
	d.tell(fine, "central", d.booth.Portal.URL+" answers", "")
}

func (d *doctor) broker() {
	if d.booth.MQTT.Broker == "" {
		d.tell(uneasy, "broker", "none is configured: lists are not updated", "")
		return
	}
	if err := d.reachBroker(); err != nil {
		d.tell(unwell, "broker", err.Error(), "check the network and the broker's address; lists age meanwhile")
		return
	}
	d.tell(fine, "broker", d.booth.MQTT.Broker+" can be reached", "")
}

func (d *doctor) reachBroker() error {
	u, err := url.Parse(d.booth.MQTT.Broker)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
	defer cancel()
	if u.Scheme != "ssl" {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	conf, err := d.booth.MQTT.TLS()
	if err != nil {
		return err
	}
	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	return conn.Close()
}
