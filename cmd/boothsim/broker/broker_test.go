package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"boothd/cmd/boothsim/demo"
)

// start runs a broker with the demo's certificates.
func start(t *testing.T) (folder *demo.Folder, booths, publishers string) {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := folder.BrokerTLS()
	if err != nil {
		t.Fatal(err)
	}
	first, second := listen(t), listen(t)
	b, err := Start(Doors{Booths: first, Publishers: second, TLS: conf, Publisher: "publisher"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return folder, first.Addr().String(), second.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func connect(t *testing.T, broker, id string, conf *tls.Config) (paho.Client, error) {
	t.Helper()
	o := paho.NewClientOptions().AddBroker(broker).SetClientID(id).SetTLSConfig(conf).
		SetConnectRetry(false).SetAutoReconnect(false).SetConnectTimeout(20 * time.Second)
	c := paho.NewClient(o)
	err := wait(c.Connect())
	if err == nil {
		t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, err
}

func wait(token paho.Token) error {
	if !token.WaitTimeout(20 * time.Second) {
		return errors.New("waited 20 s in vain")
	}
	return token.Error()
}

func clientTLS(t *testing.T, folder *demo.Folder, name string) *tls.Config {
	t.Helper()
	conf, err := folder.PublisherTLS() // its pool
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(folder.Path(name+".pem"), folder.Path(name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf
}

func TestClientsAreWhoTheirCertificateSays(t *testing.T) {
	folder, addr, _ := start(t)
	if _, err := connect(t, "ssl://"+addr, demo.Booth, clientTLS(t, folder, "booth")); err != nil {
		t.Errorf("the booth: %v", err)
	}
	if _, err := connect(t, "ssl://"+addr, "central", clientTLS(t, folder, "booth")); err == nil {
		t.Error("the booth took over a session of central")
	}
	bare := clientTLS(t, folder, "booth")
	bare.Certificates = nil
	if _, err := connect(t, "ssl://"+addr, demo.Booth, bare); err == nil {
		t.Error("connected without a certificate")
	}
	if _, err := connect(t, "tcp://"+addr, demo.Booth, nil); err == nil {
		t.Error("connected without TLS")
	}
}

func TestBoothsPublishUnderTheirOwnNameOnly(t *testing.T) {
	folder, addr, central := start(t)
	publisher, err := connect(t, "ssl://"+central, "central-1", clientTLS(t, folder, "publisher"))
	if err != nil {
		t.Fatal(err)
	}
	const own, foreign = "boothd/v2/booths/" + demo.Booth + "/lists/sltd", "boothd/v2/lists/sltd/head"
	topics := make(chan string, 8)
	if err := wait(publisher.Subscribe("#", 1, func(_ paho.Client, m paho.Message) { topics <- m.Topic() })); err != nil {
		t.Fatal(err)
	}
	booth, err := connect(t, "ssl://"+addr, demo.Booth, clientTLS(t, folder, "booth"))
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{own, foreign} {
		booth.Publish(topic, 1, false, "x").WaitTimeout(20 * time.Second) // the second is refused, by word or by deed
	}
	if err := wait(publisher.Publish(foreign, 1, false, "x")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 2 {
		select {
		case topic := <-topics:
			got = append(got, topic)
		case <-time.After(20 * time.Second):
			t.Fatalf("only %v arrived", got)
		}
	}
	if got[0] != own || got[1] != foreign {
		t.Errorf("arrived: %v", got)
	}
}

func TestWithoutTLSEverybodyMay(t *testing.T) {
	l := listen(t)
	b, err := Start(Doors{Booths: l, Publishers: listen(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := connect(t, "tcp://"+l.Addr().String(), "anybody", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(c.Publish("anything", 1, false, "x")); err != nil {
		t.Error(err)
	}
	if b.Clients() != 1 {
		t.Errorf("%d clients", b.Clients())
	}
}
