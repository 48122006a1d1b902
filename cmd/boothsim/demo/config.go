package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"boothd/cmd/centrald/config"
	"boothd/sync/system"
)

// Addresses are where everything of the demo listens, as addresses.json tells scripts.
type Addresses struct {
	Dir      string `json:"dir"`
	Control  string `json:"control"`  // "http://127.0.0.1:8471"
	Booth    string `json:"booth"`    // boothd's page, "http://127.0.0.1:8470"
	Portal   string `json:"portal"`   // "https://127.0.0.1:8473"
	Office   string `json:"office"`   // the portal's pages, "http://127.0.0.1:8476"
	National string `json:"national"` // the nation's own systems, "http://127.0.0.1:8477"
	Broker   string `json:"broker"`   // "ssl://127.0.0.1:8474"
	Publish  string `json:"publish"`  // the broker's door for publishers, never cut
	USBIP    string `json:"usbip"`    // "127.0.0.1:8475"
	Camera   string `json:"camera"`   // "http://127.0.0.1:8472/video"
	Reader   string `json:"reader"`   // the serial line's device node
	PCSC     string `json:"pcsc"`     // the socket of the chip reader's pcscd, for PCSCLITE_CSOCK_NAME; empty without a chip reader
	Config   string `json:"config"`   // of boothd
}

// officer is somebody who may log in at the demo's booth.
type officer struct{ ID, Profile, TokenFile string }

func officers() []officer {
	return []officer{
		{"officer-1", "first-line", "officer-1.token"},
		{"officer-2", "second-line", "officer-2.token"},
	}
}

// List is one local list of the demo's booth.
type List struct{ Name, System string }

// Lists are the local lists of the demo's booth.
func Lists() []List {
	return []List{{"sis-persons", "SIS"}, {"sltd", "SLTD"}, {"national", "national"}, {TrustList, "PKD"}}
}

// chipReader is the name of the chip reader on which chips are laid (package hardware).
const chipReader = "Virtual PCD 00 00"

// TrustList is the list of certificates that documents are verified against; nobody is looked up
// in it.
const TrustList = "csca"

// System is one system that the demo's portal asks.
type System struct{ Name, Kind string }

// Systems are those that the demo's portal asks.
func Systems() []System {
	return []System{
		{system.SIS, config.KindRegister}, {system.VIS, config.KindVIS}, {system.EES, config.KindEES}, {system.ETIAS, config.KindETIAS},
		{system.Eurodac, config.KindRegister}, {system.ECRISTCN, config.KindRegister}, {system.Europol, config.KindRegister},
		{system.SLTD, config.KindRegister}, {system.TDAWN, config.KindRegister}, {system.CIR, config.KindCIR}, {"national", config.KindRegister},
	}
}

// PortalSystems are their names.
func PortalSystems() []string {
	var names []string
	for _, s := range Systems() {
		names = append(names, s.Name)
	}
	return names
}

//go:embed centrald.toml.tmpl
var centralTemplate string

// WriteCentral writes centrald.toml for the places where booths and office reach the
// portal, and returns its path.
func (f *Folder) WriteCentral(listen, office string, now time.Time) (string, error) {
	t, err := template.New("centrald.toml").Parse(centralTemplate)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Listen": listen, "Office": office, "Systems": Systems(), "Until": now.AddDate(1, 0, 0).UTC().Format(time.RFC3339),
	})
	if err != nil {
		return "", err
	}
	return f.Path("centrald.toml"), replace(f.Path("centrald.toml"), b.Bytes(), 0o644)
}

//go:embed boothd.toml.tmpl
var configTemplate string

// WriteConfig writes boothd.toml for the addresses.
func (f *Folder) WriteConfig(a Addresses) error {
	t, err := template.New("boothd.toml").Parse(configTemplate)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Addresses": a,
		"BoothID":   Booth,
		"Listen":    strings.TrimPrefix(a.Booth, "http://"),
		"Officers":  officers(),
		"Lists":     Lists(),
		"Roots":     Roots(),
		"Systems":   PortalSystems(),
		"Trust":     TrustList,
		"Chips":     chipReader,
	})
	if err != nil {
		return err
	}
	return replace(f.Path("boothd.toml"), b.Bytes(), 0o644)
}

// WriteAddresses writes addresses.json; its being there says that everything listens.
func (f *Folder) WriteAddresses(a Addresses) error {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return replace(f.Path("addresses.json"), append(b, '\n'), 0o644)
}

// ReadAddresses reads the addresses.json of the simulator that runs in the folder. Its
// error matches os.ErrNotExist if none does.
func ReadAddresses(dir string) (Addresses, error) {
	var a Addresses
	b, err := os.ReadFile(filepath.Join(dir, "addresses.json"))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(b, &a)
}

// RemoveAddresses removes addresses.json when nothing listens any more.
func (f *Folder) RemoveAddresses() { os.Remove(f.Path("addresses.json")) }
