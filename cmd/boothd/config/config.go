// Package config reads and checks the booth's configuration file (TOML).
//
// It is as strict as internal/settings: every fault is named with its file and key.
package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"boothd/capture"
	"boothd/capture/policy"
	"boothd/cmd/boothd/sbi"
	"boothd/devices"
	"boothd/devices/drivers"
	"boothd/internal/keys/rest"
	"boothd/internal/settings"
	"boothd/sync/grant"
)

// Config is the file that boothd is started with. Relative paths in it are relative to the
// file's folder.
type Config struct {
	Booth    Booth             `toml:"booth"`
	AtRest   AtRest            `toml:"keys_at_rest"`
	API      API               `toml:"api"`
	Log      settings.Log      `toml:"log"`
	Check    Check             `toml:"check"`
	Policy   Policy            `toml:"policy"`
	Profiles []capture.Profile `toml:"profile"`
	Officers []Officer         `toml:"officer"`
	SignIn   SignIn            `toml:"signin"`
	Portal   Portal            `toml:"portal"`
	Direct   []Direct          `toml:"direct"`
	National National          `toml:"national"`
	MQTT     MQTT              `toml:"mqtt"`
	Trust    Trust             `toml:"trust"`
	Lists    []List            `toml:"list"`
	Updates  Updates           `toml:"lists"`
	Outbox   Outbox            `toml:"outbox"`
	USB      USB               `toml:"usb"`
	Serial   []Serial          `toml:"serial"`
	ZFM      ZFM               `toml:"zfm"`
	Barcode  Barcode           `toml:"barcode"`
	Cameras  []Camera          `toml:"camera"`
	// Documents says how the chips of travel documents are inspected.
	Documents Documents `toml:"documents"`
	// SBI lets registration kiosks use the scanners and cameras.
	SBI SBI `toml:"sbi"`
}

// Booth says which booth this is.
type Booth struct {
	ID    string `toml:"id"`        // unique within the authority
	Place string `toml:"place"`     // shown to the officer
	State string `toml:"state_dir"` // databases and keys
	// Direction is which way travellers cross here: "entry" or "exit"; empty if both.
	Direction capture.Direction `toml:"direction"`
	// Group is the group of booths that this one is of when a version of a list is rolled out
	// in stages; empty for none.
	Group string `toml:"group"`
}

// AtRest says what the booth's own keys are wrapped with while they are on the disk.
type AtRest struct {
	Source     rest.Source `toml:"source"`
	TPM        string      `toml:"tpm"`             // the TPM's device
	PCRs       []int       `toml:"pcrs"`            // that the TPM binds the root of the keys to
	Passphrase string      `toml:"passphrase_file"` // on another medium than the state
}

// API is the local HTTP interface.
type API struct {
	Listen  string   `toml:"listen"`  // loopback only
	Hosts   []string `toml:"hosts"`   // further Host headers to accept
	Origins []string `toml:"origins"` // web origins of kiosk programs
	// MetricsToken is a file of at least 32 characters that must be shown for the figures
	// about the queue; without it nobody sees them.
	MetricsToken string `toml:"metrics_token_file"`
}

// Check says how a check runs at this booth.
type Check struct {
	Require     []capture.Modality `toml:"require"`
	Auto        bool               `toml:"auto_conclude"`
	FingersFrom int                `toml:"fingers_from"` // years of age
	Fingers     int                `toml:"fingers"`      // how many are taken: 1, 4 or 10
	Finger      int                `toml:"finger"`       // ISO/IEC 19794-2 position asked for if one is
	FingerTries int                `toml:"finger_tries"` // pictures of a finger, of which the best counts
	MinQuality  int                `toml:"min_finger_quality"`
}

// Policy says what the answers, and the checks of a document's chip, recommend.
type Policy struct {
	Default Rule         `toml:"default"`
	Systems []SystemRule `toml:"system"`
	Checks  []CheckRule  `toml:"check"`
}

// Rule says what each state of a system's answers recommends; what is left out follows
// the default.
type Rule struct {
	Hit         capture.Outcome `toml:"hit"`
	Possible    capture.Outcome `toml:"possible"`
	Unavailable capture.Outcome `toml:"unavailable"`
	Stale       capture.Outcome `toml:"stale"`
}

// SystemRule is the rule of one system asked with one modality.
type SystemRule struct {
	System   string           `toml:"name"`
	Modality capture.Modality `toml:"modality"`
	Rule
}

// CheckRule is the rule of a check of the chip: the first that fits and says something of the
// check's state counts.
type CheckRule struct {
	Check        string        `toml:"name"`
	Reason       string        `toml:"reason"`    // of the check; empty: whatever it is
	Documents    []string      `toml:"documents"` // "STATE/CODE"; none: of whichever document
	Failed       policy.Weight `toml:"failed"`
	Undetermined policy.Weight `toml:"undetermined"`
	NotDone      policy.Weight `toml:"not_done"`
}

// Officer may log in at this booth.
type Officer struct {
	ID        string `toml:"id"`
	Profile   string `toml:"profile"`
	TokenFile string `toml:"token_file"` // the officer's local token, at least 32 characters
}

// Portal is central: where it is asked, and the keys that records are sealed to and
// acknowledged with.
type Portal struct {
	URL     string            `toml:"url"`
	CA      string            `toml:"ca"`
	Cert    string            `toml:"cert"`
	Key     string            `toml:"key"`
	Systems []string          `toml:"systems"`
	Timeout settings.Duration `toml:"timeout"`
	Linger  settings.Duration `toml:"linger"`
	Sealing string            `toml:"sealing_key"`  // central's public key for records
	Signing []string          `toml:"signing_keys"` // central's public keys of acknowledgements, the present one and those before it
	// ProfileKeys may sign profiles. With them central's profiles count instead of those of
	// the same name in this file, and besides them.
	ProfileKeys []string `toml:"profile_keys"`
	// GrantKeys may sign grants, each those of its authority. With them the booth verifies a
	// grant before it is used.
	GrantKeys grant.KeyFiles `toml:"grant_keys"`
}

// Trust is whom the booth trusts with its lists: the public root keys, of which so many must
// have signed the document that names all others.
type Trust struct {
	Roots     []string `toml:"roots"`
	Threshold int      `toml:"threshold"`
}

// Updates are the further ways on which list updates come.
type Updates struct {
	URL    string   `toml:"url"`   // where the lists' folder is served; the portal's /lists if left out
	Sticks []string `toml:"stick"` // folders of media that may carry it
}

// MQTT is the broker that tells of list updates and brings the small ones.
type MQTT struct {
	Broker       string `toml:"broker"` // may be empty
	CA           string `toml:"ca"`
	Cert         string `toml:"cert"`
	Key          string `toml:"key"`
	Username     string `toml:"username"`
	PasswordFile string `toml:"password_file"`
}

// List is a local copy of a system's data that this booth holds.
type List struct {
	Name   string `toml:"name"`
	System string `toml:"system"`
}

// Outbox bounds the queue towards central.
type Outbox struct {
	MaxBytes settings.Size     `toml:"max_size"` // of what central has not acknowledged
	MaxAge   settings.Duration `toml:"max_age"`  // of the oldest of it
	Reserve  settings.Size     `toml:"reserve"`  // of the disk, kept for checks already begun
}

// USB says where USB devices are looked for.
type USB struct {
	Local bool     `toml:"local"` // this machine's own USB
	USBIP []string `toml:"usbip"` // exporters, "host:3240"
}

// Serial is a serial line with a device on it.
type Serial struct {
	Path   string `toml:"path"`
	Baud   int    `toml:"baud"`
	Driver string `toml:"driver"`
}

// ZFM is what the serial fingerprint modules of this booth have been set to.
type ZFM struct {
	Address  uint32 `toml:"address"`  // 0: FFFFFFFF, the maker's
	Password uint32 `toml:"password"` // 0 is the maker's
	MaxBaud  int    `toml:"max_baud"` // up to which slower modules are set
}

// Barcode is what the barcode readers of this booth put around what they read.
type Barcode struct {
	Prefix string `toml:"prefix"`
	Suffix string `toml:"suffix"`
	Bare   bool   `toml:"bare"` // nothing
}

// Camera is a network camera or one of this machine.
type Camera struct {
	URL    string `toml:"url"`
	Device string `toml:"device"` // of this machine: a path, or "*" for any
	Driver string `toml:"driver"` // of a network camera
	// Use is what it looks at: "face", or "page" for the pages of documents.
	Use string `toml:"use"`
	// What follows is for cameras of this machine.
	Size     string                   `toml:"size"` // the least: "1280x720"
	Input    string                   `toml:"input"`
	Lights   map[devices.Light]string `toml:"lights"` // inputs of a page camera
	Controls map[string]int           `toml:"controls"`
}

// The uses of a camera.
const (
	UseFace = "face"
	UsePage = "page"
)

// Page reports whether the camera looks at the pages of documents.
func (c *Camera) Page() bool { return c.Use == UsePage }

// LeastSize is the least size of its pictures in pixels; 0 by 0 if nothing is said.
func (c *Camera) LeastSize() (width, height int, ok bool) {
	if c.Size == "" {
		return 0, 0, true
	}
	w, h, _ := strings.Cut(c.Size, "x")
	width, err1 := strconv.Atoi(w)
	height, err2 := strconv.Atoi(h)
	return width, height, err1 == nil && err2 == nil && width > 0 && height > 0 && width <= 8192 && height <= 8192
}

// Reads says with what kinds of device documents are read.
func (c *Config) Reads() []devices.Kind {
	var kinds []devices.Kind
	for _, d := range drivers.All() {
		if d.Kind == devices.KindDocumentReader && slices.ContainsFunc(c.Serial, func(s Serial) bool { return s.Driver == d.Name }) {
			kinds = []devices.Kind{devices.KindDocumentReader}
		}
	}
	if slices.ContainsFunc(c.Cameras, func(c Camera) bool { return c.Page() }) {
		kinds = append(kinds, devices.KindPageCamera)
	}
	return kinds
}

// Documents says with what, by what and how far the chips of travel documents are inspected.
type Documents struct {
	// Trust is the name of the list of certificates that documents are verified against, one of
	// those of this booth; empty if there is none. It is a list about nobody: nobody is looked
	// up in it.
	Trust string `toml:"trust"`
	// Readers are texts in the names of the chip readers (PC/SC); "*" is in every name.
	Readers []string `toml:"readers"`
	// Groups are the data groups that are read besides DG1 and DG2, by number.
	Groups []int  `toml:"groups"`
	JP2    string `toml:"jp2"` // the program that decodes portraits in JPEG 2000
	// Chip are the documents that must have a chip: "STATE/CODE", and "law" for those that must by
	// law.
	Chip []string `toml:"chip"`
	// Terminal is the folder of the certificates and the key by which chips know this booth before
	// they give fingers and irises to it; empty if it has none.
	Terminal string `toml:"terminal"`
}

// ReaderNames are the texts of which a chip reader's name must hold one; all readers are meant if
// there are none. It reports false if no reader is to be used.
func (d *Documents) ReaderNames() (texts []string, use bool) {
	if slices.Contains(d.Readers, "*") {
		return nil, true
	}
	return d.Readers, len(d.Readers) > 0
}

func defaults() Config {
	return Config{
		Booth:     Booth{State: "/var/lib/boothd"},
		AtRest:    AtRest{Source: rest.SourceAuto, TPM: "/dev/tpmrm0", PCRs: []int{7}},
		API:       API{Listen: "127.0.0.1:8470"},
		Log:       settings.Log{Level: "info", Format: "text"},
		Check:     Check{Require: []capture.Modality{"document", "face", "finger"}, Auto: true, FingersFrom: 12, Fingers: 1, Finger: 2, FingerTries: 1, MinQuality: 20},
		Policy:    Policy{Default: Rule{Hit: "stop", Possible: "refer", Unavailable: "incomplete", Stale: "refer"}},
		SignIn:    SignIn{Client: "boothd"},
		Portal:    Portal{Timeout: settings.Duration(5 * time.Second), Linger: settings.Duration(time.Minute)},
		Trust:     Trust{Threshold: 2},
		Outbox:    Outbox{MaxBytes: 4 << 30, MaxAge: settings.Duration(14 * 24 * time.Hour), Reserve: 64 << 20},
		USB:       USB{Local: true},
		SBI:       SBI{Purpose: sbi.Registration, Env: "Developer"},
		Documents: Documents{Readers: []string{"*"}, Chip: []string{chipsByLaw}, JP2: "/usr/libexec/boothd/boothd-jp2"},
	}
}

// Error names the file and every fault in it.
type Error = settings.Error

// Read reads and checks the file. Its error is an *Error if the file could be read.
func Read(path string) (*Config, error) {
	c := defaults()
	if err := settings.Read(path, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// Paths implements settings.File.
func (c *Config) Paths() []*string {
	paths := []*string{
		&c.Booth.State, &c.Portal.CA, &c.Portal.Cert, &c.Portal.Key, &c.Portal.Sealing,
		&c.MQTT.CA, &c.MQTT.Cert, &c.MQTT.Key, &c.MQTT.PasswordFile, &c.AtRest.TPM, &c.AtRest.Passphrase, &c.Documents.JP2, &c.Documents.Terminal,
	}
	for _, list := range [][]string{c.Portal.Signing, c.Portal.ProfileKeys, c.Trust.Roots, c.Updates.Sticks} {
		for i := range list {
			paths = append(paths, &list[i])
		}
	}
	paths = append(paths, c.Portal.GrantKeys.Paths()...)
	paths = append(paths, &c.National.CA, &c.API.MetricsToken)
	for i := range c.Direct {
		paths = append(paths, &c.Direct[i].CA, &c.Direct[i].Cert, &c.Direct[i].Key)
	}
	paths = append(paths, &c.SignIn.CA, &c.SignIn.Keys)
	paths = append(paths, &c.SBI.Cert, &c.SBI.Key, &c.SBI.Domain)
	for i := range c.Officers {
		paths = append(paths, &c.Officers[i].TokenFile)
	}
	for i := range c.Serial {
		paths = append(paths, &c.Serial[i].Path)
	}
	return paths
}
