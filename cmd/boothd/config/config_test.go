package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/keys/rest"
)

const whole = `
[booth]
id = "north-3"
place = "North gate, lane 3"
state_dir = "state"

[policy]
default = { hit = "stop", possible = "refer", unavailable = "incomplete", stale = "refer" }
[[policy.system]]
name = "EES"
modality = "document"
unavailable = "clear"

[[profile]]
name = "first-line"
category = "border guard"
purpose = "border check"
legal_basis = "Regulation (EU) 2016/399 Art 8"
systems = { document = ["SIS", "EES"] }

[[officer]]
id = "officer-7"
profile = "first-line"
token_file = "token"

[[officer]]
id = "officer-8"
profile = "first-line"
token_file = "token-8"

[portal]
url = "https://portal.example:8443"
ca = "ca.pem"
cert = "booth.pem"
key = "booth.key"
systems = ["SIS", "EES"]
timeout = "4s"
sealing_key = "seal.pub"
signing_keys = ["sign.pub"]

[trust]
roots = ["root1.pub", "root2.pub", "root3.pub"]

[lists]
stick = ["/media/boothd"]

[mqtt]
broker = "ssl://broker.example:8883"
ca = "ca.pem"
cert = "booth.pem"
key = "booth.key"

[[list]]
name = "sis-persons"
system = "SIS"

[[list]]
name = "sltd"
system = "SLTD"

[outbox]
max_size = "512MiB"

[usb]
usbip = ["127.0.0.1:3240"]

[[serial]]
path = "/dev/ttyS0"
baud = 9600
driver = "cute"

[[camera]]
url = "http://127.0.0.1:8080/stream"
driver = "mjpeg"
`

// write writes the configuration beside the files that it names.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("token", []byte(strings.Repeat("7", 32)+"\n"))
	put("token-8", []byte(strings.Repeat("8", 32)+"\n"))
	put("token-7-again", []byte(strings.Repeat("7", 32)))
	put("token-short", []byte("hunter2"))
	put("empty", nil)
	put("text", []byte("x"))
	cert, key := selfSigned(t)
	put("ca.pem", cert)
	put("booth.pem", cert)
	put("booth.key", key)
	_, other := selfSigned(t)
	put("other.key", other)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.GenerateSealing(filepath.Join(dir, "seal")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sign", "root1", "root2", "root3"} {
		if _, err := keys.GenerateSigning(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	put("boothd.toml", []byte(text))
	return filepath.Join(dir, "boothd.toml")
}

// selfSigned makes a certificate and its key, in PEM.
func selfSigned(t *testing.T) (cert, key []byte) {
	t.Helper()
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, secret)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func TestWholeFileIsRead(t *testing.T) {
	path := write(t, whole)
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), "state"); c.Booth.State != want {
		t.Errorf("state folder %s, want %s", c.Booth.State, want)
	}
	if got := c.Profiles[0].Systems[capture.ModalityDocument]; !slices.Equal(got, []string{"SIS", "EES"}) {
		t.Errorf("profile's systems %v", got)
	}
	if time.Duration(c.Portal.Timeout) != 4*time.Second || time.Duration(c.Portal.Linger) != time.Minute || c.Outbox.MaxBytes != 512<<20 {
		t.Errorf("timeout %v, linger %v, outbox %d", c.Portal.Timeout, c.Portal.Linger, c.Outbox.MaxBytes)
	}
	rules := c.Rules()
	ees := rules.Systems[0]
	if ees.System != "EES" || ees.Unavailable != capture.OutcomeClear || ees.Hit != capture.OutcomeStop {
		t.Errorf("rule of EES %+v", ees)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string // "key: reason" it must contain
	}{
		{"an unknown key", `place =`, `palce =`, "booth.palce: unknown key"},
		{"a value of another type", `baud = 9600`, `baud = "fast"`, "serial"},
		{"no TOML at all", `[booth]`, `[booth`, "line "},
		{"a booth without an id", `id = "north-3"`, ``, "booth.id: "},
		{"a listener open to the network", `[usb]`, "[api]\nlisten = \"0.0.0.0:8470\"\n[usb]", "api.listen: must be a loopback"},
		{"a hit that clears", `hit = "stop"`, `hit = "clear"`, "policy.default.hit: must not be clear"},
		{"keys wrapped by nothing known", `[usb]`, "[keys_at_rest]\nsource = \"luck\"\n[usb]", "keys_at_rest.source: must be auto, tpm, credential, passphrase or none"},
		{"a register that no TPM has", `[usb]`, "[keys_at_rest]\npcrs = [7, 24]\n[usb]", "keys_at_rest.pcrs[1]: must be 0 to 23"},
		{"a register twice", `[usb]`, "[keys_at_rest]\npcrs = [7, 0, 7]\n[usb]", "keys_at_rest.pcrs[2]: is there twice"},
		{"a passphrase that is nowhere", `[usb]`, "[keys_at_rest]\nsource = \"passphrase\"\n[usb]", "keys_at_rest.passphrase_file: is missing"},
		{"a passphrase file that is not there", `[usb]`, "[keys_at_rest]\npassphrase_file = \"nowhere\"\n[usb]", "keys_at_rest.passphrase_file: "},
		{"a direction that is none", `place =`, "direction = \"both\"\nplace =", "booth.direction: must be entry or exit"},
		{"a profile key that is none", `timeout = "4s"`, `profile_keys = ["text"]`, "portal.profile_keys[0]: read "},
		{"a grant key that is not there", `timeout = "4s"`, `grant_keys = { judicial = ["nowhere"] }`, "portal.grant_keys.judicial[0]: "},
		{"signed profiles without a portal", "url = \"https://portal.example:8443\"", `profile_keys = ["sign.pub"]`, "portal.url: is missing though portal.profile_keys"},
		{"a direct system that central does not have", `[mqtt]`, "[[direct]]\nsystem = \"VIS\"\nurl = \"http://127.0.0.1:1\"\n[mqtt]", `direct[0].system: "VIS" is not among portal.systems`},
		{"a direct system twice", `[mqtt]`, "[[direct]]\nsystem = \"EES\"\nurl = \"http://127.0.0.1:1\"\n[[direct]]\nsystem = \"EES\"\nurl = \"http://[::1]:2\"\n[mqtt]", "direct[1].system: is there twice"},
		{"a direct system in the clear", `[mqtt]`, "[[direct]]\nsystem = \"EES\"\nurl = \"http://ees.example\"\nca = \"ca.pem\"\ncert = \"booth.pem\"\nkey = \"booth.key\"\n[mqtt]", "direct[0].url: must begin with https"},
		{"a direct system without a certificate", `[mqtt]`, "[[direct]]\nsystem = \"EES\"\nurl = \"https://ees.example\"\nca = \"ca.pem\"\n[mqtt]", "direct[0].cert: is missing"},
		{"a direct system without an authority", `[mqtt]`, "[[direct]]\nsystem = \"EES\"\nurl = \"https://ees.example\"\ncert = \"booth.pem\"\nkey = \"booth.key\"\n[mqtt]", "direct[0].ca: is missing"},
		{"a national probe that is no address", `[mqtt]`, "[national]\nprobe = \"ministry\"\n[mqtt]", "national.probe: must begin with https"},
		{"a national authority that is none", `[mqtt]`, "[national]\nprobe = \"https://ministry.example\"\nca = \"text\"\n[mqtt]", "national.ca: read "},
		{"an officer without a profile", `profile = "first-line"`, `profile = "second-line"`, `officer[0].profile: "second-line"`},
		{"a token file that is not there", `token_file = "token"`, `token_file = "nowhere"`, "officer[0].token_file: "},
		{"a portal without TLS", `https://portal`, `http://portal`, "portal.url: must begin with https"},
		{"lists without roots", `roots = ["root1.pub", "root2.pub", "root3.pub"]`, `roots = []`, "trust.roots: is missing"},
		{"more roots to sign than there are", `[trust]`, "[trust]\nthreshold = 4", "trust.threshold: must be 1 to 3"},
		{"a list that cannot be a topic", `name = "sltd"`, `name = "SLTD"`, "list[1].name: is no name of a to z"},
		{"a group that cannot be one", `state_dir = "state"`, "state_dir = \"state\"\ngroup = \"*\"", "booth.group: is no name"},
		{"lists from a server without https", `[lists]`, "[lists]\nurl = \"http://lists\"", "lists.url: must begin with https://"},
		{"a driver that does not exist", `driver = "cute"`, `driver = "cutest"`, `serial[0].driver: "cutest"`},
		{"a barcode with nothing around it and something", `driver = "cute"`, "driver = \"cute\"\n[barcode]\nbare = true\nsuffix = \"\\r\"", "barcode.bare: "},
		{"a speed that does not exist", `baud = 9600`, `baud = 12345`, "serial[0].baud: "},
		{"a size without a unit", `"512MiB"`, `"512"`, "no size"},
		{"a time span without a unit", `"4s"`, `"4"`, "no positive time span"},
		{"a broker of another kind", `ssl://`, `http://`, "mqtt.broker: "},
		{"an origin with a path", `[usb]`, "[api]\norigins = [\"https://kiosk.example/app\"]\n[usb]", "api.origins[0]: "},
		{"an origin with a slash", `[usb]`, "[api]\norigins = [\"https://kiosk.example/\"]\n[usb]", "api.origins[0]: "},
		{"an origin with a query", `[usb]`, "[api]\norigins = [\"https://kiosk.example?a=b\"]\n[usb]", "api.origins[0]: "},
		{"an origin with an empty query", `[usb]`, "[api]\norigins = [\"https://kiosk.example?\"]\n[usb]", "api.origins[0]: "},
		{"an origin with a fragment", `[usb]`, "[api]\norigins = [\"https://kiosk.example#a\"]\n[usb]", "api.origins[0]: "},
		{"an origin with a user", `[usb]`, "[api]\norigins = [\"https://me:secret@kiosk.example\"]\n[usb]", "api.origins[0]: "},
		{"a port that is a word", `[usb]`, "[api]\nlisten = \"127.0.0.1:http\"\n[usb]", "api.listen: "},
		{"a port that is too great", `[usb]`, "[api]\nlisten = \"127.0.0.1:65536\"\n[usb]", "api.listen: "},
		{"no port", `[usb]`, "[api]\nlisten = \"127.0.0.1:\"\n[usb]", "api.listen: "},
		{"evidence required twice", `[usb]`, "[check]\nrequire = [\"document\", \"face\", \"document\"]\n[usb]", "check.require[2]: is there twice"},
		{"three fingers", `[usb]`, "[check]\nfingers = 3\n[usb]", "check.fingers: must be 1, 4 or 10"},
		{"no tries", `[usb]`, "[check]\nfinger_tries = 0\n[usb]", "check.finger_tries: must be 1 to 10"},
		{"checks without a document", `[usb]`, "[check]\nrequire = [\"face\"]\n[usb]", "check.require: must contain"},
		{"checks of nothing", `[usb]`, "[check]\nrequire = []\n[usb]", "check.require: must contain"},
		{"a possible hit that clears", `possible = "refer"`, `possible = "clear"`, "policy.default.possible: must not be clear"},
		{"a system's possible hit that clears", `unavailable = "clear"`, `possible = "clear"`, "policy.system[0].possible: must not be clear"},
		{"two rules of one system", `[[profile]]`, "[[policy.system]]\nname = \"EES\"\nmodality = \"document\"\n[[profile]]", "policy.system[1]: is there twice"},
		{"two officers of one name", `id = "officer-8"`, `id = "officer-7"`, "officer[1].id: is there twice"},
		{"two officers with one token", `"token-8"`, `"token-7-again"`, "officer[1].token_file: is the same token as that of officer-7"},
		{"a token that is short", `"token-8"`, `"token-short"`, "officer[1].token_file: shorter than 32 characters"},
		{"a token file that is a folder", `"token-8"`, `"folder"`, "officer[1].token_file: "},
		{"a token file that is empty", `"token-8"`, `"empty"`, "officer[1].token_file: "},
		{"a metrics token that is short", `[usb]`, "[api]\nmetrics_token_file = \"token-short\"\n[usb]", "api.metrics_token_file: shorter than 32 characters"},
		{"a metrics token that is not there", `[usb]`, "[api]\nmetrics_token_file = \"nowhere\"\n[usb]", "api.metrics_token_file: "},
		{"a metrics token that is an officer's", `[usb]`, "[api]\nmetrics_token_file = \"token-8\"\n[usb]", "api.metrics_token_file: is the same token as that of officer-8"},
		{"a profile without systems", `systems = { document = ["SIS", "EES"] }`, ``, "profile[0].systems.document: is missing"},
		{"a profile that asks nothing about documents", `{ document = ["SIS", "EES"] }`, `{ finger = ["SIS"] }`, "profile[0].systems.document: is missing"},
		{"a modality that does not exist", `{ document = ["SIS", "EES"] }`, `{ document = ["SIS"], voice = ["SIS"] }`, "profile[0].systems.voice: must be document, finger or face"},
		{"a system that nobody answers for", `document = ["SIS", "EES"]`, `document = ["SIS", "VIS"]`, `profile[0].systems.document: "VIS": nobody answers for it at this booth`},
		{"a local list asked about faces", `document = ["SIS", "EES"]`, `document = ["SIS"], face = ["SLTD"]`, `profile[0].systems.face: "SLTD": nobody answers for it`},
		{"a portal's system that is no name", `systems = ["SIS", "EES"]`, `systems = ["SIS", "EES", "a b"]`, `portal.systems[2]: "a b" is no name`},
		{"a portal's system named twice", `systems = ["SIS", "EES"]`, `systems = ["SIS", "EES", "SIS"]`, `portal.systems[2]: "SIS" is there twice`},
		{"a sealing key that is a signing key", `"seal.pub"`, `"sign.pub"`, "portal.sealing_key: read "},
		{"a signing key that is a secret key", `["sign.pub"]`, `["sign"]`, "portal.signing_keys[0]: read "},
		{"a root that is none", `"root2.pub"`, `"text"`, "trust.roots[1]: read "},
		{"an authority that is none", `ca = "ca.pem"`, `ca = "text"`, "portal.ca: read "},
		{"a key of another certificate", `key = "booth.key"`, `key = "other.key"`, "portal.cert: "},
		{"a broker's certificate without its key", "key = \"booth.key\"\n\n[[list]]", "\n[[list]]", "mqtt.key: is missing"},
		{"a broker's key without its certificate", "cert = \"booth.pem\"\nkey = \"booth.key\"\n\n[[list]]", "key = \"booth.key\"\n[[list]]", "mqtt.cert: is missing"},
		{"a password file that is empty", "\n[[list]]", "password_file = \"empty\"\n[[list]]", "mqtt.password_file: "},
		{"a scanner's driver on a serial line", `driver = "cute"`, `driver = "uareu"`, "serial[0].driver: \"uareu\" is none of zfm, cute"},
		{"certificates in a list that is not there", `[usb]`, "[documents]\ntrust = \"csca\"\n[usb]", "documents.trust: \"csca\" is not the name of a [[list]]"},
		{"a list of people taken for certificates", `[usb]`, "[documents]\ntrust = \"sis-persons\"\n[usb]", "documents.trust: \"sis-persons\" is a list of SIS, which is asked about people"},
		{"a list of people with another of its system", "[usb]", "[[list]]\nname = \"sltd-more\"\nsystem = \"SLTD\"\n[documents]\ntrust = \"sltd\"\n[usb]", "documents.trust: \"sltd\" is a list of SLTD"},
		{"a chip reader without a name", `[usb]`, "[documents]\nreaders = [\"ACR\", \"\"]\n[usb]", "documents.readers[1]: is empty"},
		{"a data group that is always read", `[usb]`, "[documents]\ngroups = [11, 2]\n[usb]", "documents.groups[1]: must be 3 to 16"},
		{"a data group twice", `[usb]`, "[documents]\ngroups = [11, 11]\n[usb]", "documents.groups[1]: is there twice"},
		{"a rule of a check that there is not", `[[profile]]`, "[[policy.check]]\nname = \"pa_chains\"\nfailed = \"stop\"\n[[profile]]", "policy.check[0].name: \"pa_chains\" is no check of a chip"},
		{"a check of the page, which has rules of its own", `[[profile]]`, "[[policy.check]]\nname = \"mrz_expiry\"\nfailed = \"stop\"\n[[profile]]", "policy.check[0].name: \"mrz_expiry\" is no check of a chip"},
		{"a rule with a weight that there is not", `[[profile]]`, "[[policy.check]]\nname = \"pa_chain\"\nundetermined = \"clear\"\n[[profile]]", "policy.check[0].undetermined: must be pass, note, incomplete, refer or stop"},
		{"a rule that says nothing", `[[profile]]`, "[[policy.check]]\nname = \"pa_chain\"\n[[profile]]", "policy.check[0]: says nothing"},
		{"a rule of a reason that is none", `[[profile]]`, "[[policy.check]]\nname = \"pa_chain\"\nreason = \"Weak!\"\nfailed = \"stop\"\n[[profile]]", "policy.check[0].reason: is no reason"},
		{"a rule of documents that are none", `[[profile]]`, "[[policy.check]]\nname = \"pa_chain\"\ndocuments = [\"D/P\", \"Germany\"]\nfailed = \"stop\"\n[[profile]]", "policy.check[0].documents[1]: \"Germany\" is not"},
		{"a rule that never counts", `[[profile]]`, "[[policy.check]]\nname = \"pa_chain\"\nfailed = \"stop\"\n[[policy.check]]\nname = \"pa_chain\"\nreason = \"weak\"\nfailed = \"note\"\n[[profile]]", "policy.check[1]: never counts: policy.check[0] says all that it could"},
		{"a chip in documents that are none", `[usb]`, "[documents]\nchip = [\"law\", \"EU\"]\n[usb]", "documents.chip[1]: \"EU\" is not \"STATE/CODE\""},
		{"a chip in the same documents twice", `[usb]`, "[documents]\nchip = [\"USA/P\", \"law\", \"USA/P\"]\n[usb]", "documents.chip[2]: is there twice"},
		{"terminal certificates that are not there", `[usb]`, "[documents]\nterminal = \"nowhere\"\n[usb]", "documents.terminal: terminal certificates: "},
		{"a folder without terminal certificates", `[usb]`, "[documents]\nterminal = \"folder\"\n[usb]", "no certificate of a terminal"},
		{"a reader's driver for a camera", `driver = "mjpeg"`, `driver = "cute"`, "camera[0].driver: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(whole, tt.old) {
				t.Fatalf("%q is not in the file", tt.old)
			}
			path := write(t, strings.Replace(whole, tt.old, tt.new, 1))
			_, err := Read(path)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want an *Error", err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("error %q, want the file and %q", err, tt.want)
			}
		})
	}
}

func TestProfilesMayBeCentralsAlone(t *testing.T) {
	text := strings.Replace(whole, `timeout = "4s"`, `profile_keys = ["sign.pub"]`, 1)
	begin, end := strings.Index(text, "[[profile]]"), strings.Index(text, "[[officer]]")
	c, err := Read(write(t, text[:begin]+text[end:]))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Profiles) != 0 || c.Officers[0].Profile != "first-line" || !filepath.IsAbs(c.Portal.ProfileKeys[0]) {
		t.Errorf("profiles %v, keys %v", c.Profiles, c.Portal.ProfileKeys)
	}
}

func TestKeysAtRestAreRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want AtRest
	}{
		"by default":              {"", AtRest{Source: rest.SourceAuto, TPM: "/dev/tpmrm0", PCRs: []int{7}}},
		"bound to other PCRs":     {"[keys_at_rest]\npcrs = [0, 2, 7]\n", AtRest{Source: rest.SourceAuto, TPM: "/dev/tpmrm0", PCRs: []int{0, 2, 7}}},
		"bound to nothing":        {"[keys_at_rest]\nsource = \"tpm\"\npcrs = []\n", AtRest{Source: rest.SourceTPM, TPM: "/dev/tpmrm0", PCRs: []int{}}},
		"on another TPM":          {"[keys_at_rest]\ntpm = \"/dev/tpmrm1\"\n", AtRest{Source: rest.SourceAuto, TPM: "/dev/tpmrm1", PCRs: []int{7}}},
		"in plain files, on wish": {"[keys_at_rest]\nsource = \"none\"\n", AtRest{Source: rest.SourceNone, TPM: "/dev/tpmrm0", PCRs: []int{7}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Read(write(t, tt.text+whole))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c.AtRest, tt.want) {
				t.Errorf("keys at rest %+v, want %+v", c.AtRest, tt.want)
			}
		})
	}
}

func TestTheCredentialIsWhereTheServiceManagerPutsIt(t *testing.T) {
	c := &Config{Booth: Booth{State: "/s"}}
	for folder, want := range map[string]string{
		"":         "/run/credentials/boothd.service/boothd-root",
		"/run/c/x": "/run/c/x/boothd-root",
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", folder)
		if o := c.KeysAtRest(nil); o.CredentialFile != want || o.Dir != "/s/keys" {
			t.Errorf("with %q: credential %s, keys %s", folder, o.CredentialFile, o.Dir)
		}
	}
}

func TestSystemsAskedDirectlyAreRead(t *testing.T) {
	direct := "[[direct]]\nsystem = \"EES\"\nurl = \"https://ees.example/v1\"\nca = \"ca.pem\"\ncert = \"booth.pem\"\nkey = \"booth.key\"\n[national]\nprobe = \"https://ministry.example\"\n[mqtt]"
	c, err := Read(write(t, strings.Replace(whole, `[mqtt]`, direct, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Direct) != 1 || c.Direct[0].System != "EES" || !filepath.IsAbs(c.Direct[0].CA) || c.National.Probe == "" {
		t.Errorf("direct %+v, national %+v", c.Direct, c.National)
	}
}

// A fault is named once, and nothing that is right is called wrong beside it.
func TestAFaultIsNamedOnce(t *testing.T) {
	_, err := Read(write(t, strings.Replace(whole, `key = "booth.key"`, `key = "nowhere"`, 1)))
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) != 1 || e.Faults[0].Key != "portal.key" {
		t.Errorf("error %v, want one fault at portal.key", err)
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	_, err := Read(write(t, "[booth]\nid = \"\"\ncolour = \"red\"\n"))
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) < 5 {
		t.Errorf("error %v, want every fault", err)
	}
}
