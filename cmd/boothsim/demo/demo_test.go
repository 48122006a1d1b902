package demo

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"boothd/capture"
	"boothd/cmd/boothd/config"
)

func make1(t *testing.T) *Folder {
	t.Helper()
	f, err := Make(filepath.Join(t.TempDir(), "a", "demo"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFolderIsMadeOnceAndKept(t *testing.T) {
	f := make1(t)
	token, err := f.Token("officer-1")
	if err != nil || len(token) < 32 {
		t.Fatalf("token of %d characters, %v", len(token), err)
	}
	again, err := Make(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := again.Token("officer-1"); err != nil || kept != token {
		t.Errorf("the token changed, %v", err)
	}
	if _, err := f.Token("nobody"); err == nil {
		t.Error("nobody has a token")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(f.Dir()), ".boothsim-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFolderOfSomebodyElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(dir); err == nil {
		t.Error("made a demo in a folder that holds something else")
	}
}

func TestKeysOfTheFolderAreReadable(t *testing.T) {
	f := make1(t)
	if _, err := f.Opening(); err != nil {
		t.Error(err)
	}
	if _, err := f.Signing(); err != nil {
		t.Error(err)
	}
	if _, err := f.ListSigning(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"ca.key", "portal.key", "booth.key", "central-opening", "central-signing", "lists-signing", "root-1", "officer-1.token"} {
		if st, err := os.Stat(f.Path(name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
}

func TestBrokerAndPublisherKnowEachOther(t *testing.T) {
	f := make1(t)
	server, err := f.BrokerTLS()
	if err != nil {
		t.Fatal(err)
	}
	client, err := f.PublisherTLS()
	if err != nil {
		t.Fatal(err)
	}
	client.ServerName = "localhost"
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() { done <- tls.Server(a, server).Handshake() }()
	if err := tls.Client(b, client).Handshake(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAddressesComeBack(t *testing.T) {
	f := make1(t)
	want := Addresses{Dir: f.Dir(), Control: "http://127.0.0.1:1"}
	if err := f.WriteAddresses(want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadAddresses(f.Dir()); err != nil || got != want {
		t.Errorf("addresses = %+v, %v", got, err)
	}
	f.RemoveAddresses()
	if _, err := ReadAddresses(f.Dir()); !os.IsNotExist(err) {
		t.Errorf("after removal: %v", err)
	}
}

func TestConfigIsOneThatBoothdTakes(t *testing.T) {
	f := make1(t)
	a := Addresses{Booth: "http://127.0.0.1:8470", Portal: "https://127.0.0.1:8473", Office: "http://127.0.0.1:8476", National: "http://127.0.0.1:8477", Broker: "ssl://127.0.0.1:8474",
		USBIP: "127.0.0.1:8475", Camera: "http://127.0.0.1:8472/stream", Reader: f.Path("reader")}
	if err := f.WriteConfig(a); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(f.Path("boothd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.API.Listen, c.Portal.URL, c.MQTT.Broker, c.USB.USBIP[0], c.Cameras[0].URL, c.Serial[0].Path, c.Booth.ID, c.Booth.State}
	want := []string{"127.0.0.1:8470", a.Portal, a.Broker, a.USBIP, a.Camera, a.Reader, Booth, f.Path("state")}
	if !slices.Equal(got, want) {
		t.Errorf("configured %v, want %v", got, want)
	}
	if _, use := c.Documents.ReaderNames(); use || slices.Contains(c.Check.Require, capture.ModalityChip) || c.Documents.Trust != TrustList {
		t.Errorf("without a chip reader: %+v, required %v", c.Documents, c.Check.Require)
	}
	a.PCSC = "/tmp/pcscd.comm"
	if err := f.WriteConfig(a); err != nil {
		t.Fatal(err)
	}
	if c, err = config.Read(f.Path("boothd.toml")); err != nil {
		t.Fatal(err)
	}
	if names, use := c.Documents.ReaderNames(); !use || !slices.Equal(names, []string{chipReader}) || !slices.Contains(c.Check.Require, capture.ModalityChip) {
		t.Errorf("with a chip reader: %v, required %v", names, c.Check.Require)
	}
	if len(c.Officers) != 2 || len(c.Lists) != len(Lists()) || !slices.Equal(c.Portal.Systems, PortalSystems()) {
		t.Errorf("%d officers, %d lists, systems %v", len(c.Officers), len(c.Lists), c.Portal.Systems)
	}
}
