package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/rogpeppe/go-internal/testscript"

	"boothd/cmd/boothd/config"
	"boothd/cmd/boothsim/control"
	"boothd/cmd/boothsim/demo"
	"boothd/devices/pcsc/vpcd"
)

// patience is how long a script waits for what must come; a fault, not a figure, is what
// ends the wait.
const patience = 40 * time.Second

// fleet is the programs that a script has started.
type fleet struct {
	log     func(...any)
	running map[string]*process
}

type fleetKey struct{}

type process struct {
	cmd    *exec.Cmd
	output transcript
	done   chan struct{}
}

// transcript keeps what a program says, to be read also while it goes on.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func fleetOf(ts *testscript.TestScript) *fleet { return ts.Value(fleetKey{}).(*fleet) }

// start runs a program in the background until the script ends or stops it.
func (f *fleet) start(ts *testscript.TestScript, name string, args ...string) *process {
	if f.running == nil {
		f.running = map[string]*process{}
	}
	path, err := exec.LookPath(filepath.Join(programs, name))
	if err != nil {
		path, err = exec.LookPath(name)
	}
	ts.Check(err)
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Dir = ts.Getenv("WORK")
	p.cmd.Env = os.Environ()
	if a, err := demo.ReadAddresses(ts.Getenv("SIM")); err == nil && a.PCSC != "" {
		p.cmd.Env = append(p.cmd.Env, vpcd.SocketVariable+"="+a.PCSC)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	ts.Check(p.cmd.Start())
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	f.running[name] = p
	ts.Defer(func() {
		p.end(syscall.SIGTERM)
		f.log(name+" said:\n", &p.output)
	})
	return p
}

// end sends the signal and waits for the end.
func (p *process) end(signal syscall.Signal) {
	p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// await waits until ok, and fails the script if the program ends meanwhile.
func (p *process) await(ts *testscript.TestScript, what string, ok func() bool) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if ok() {
			return
		}
		select {
		case <-p.done:
			ts.Fatalf("%s ended instead:\n%s", what, &p.output)
		case <-time.After(50 * time.Millisecond):
		}
	}
	ts.Fatalf("%s did not come up:\n%s", what, &p.output)
}

// startCommand is "start sim|booth|central|mosquitto [args]".
func startCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: start sim|booth|central|mosquitto [args]")
	}
	f := fleetOf(ts)
	switch args[0] {
	case "sim":
		args := append([]string{"run", "--any-port", "--quiet", "--no-prints", "--dir", ts.Getenv("SIM"), "--booth", ts.Getenv("BOOTH")}, args[1:]...)
		p := f.start(ts, "boothsim", args...)
		p.await(ts, "boothsim", func() bool {
			st, err := os.Stat(filepath.Join(ts.Getenv("SIM"), "addresses.json"))
			return err == nil && st.Size() > 0
		})
	case "booth":
		p := f.start(ts, "boothd", "run", "--config", ts.Getenv("BOOTHD_CONFIG"))
		p.await(ts, "boothd", func() bool {
			resp, err := http.Get("http://" + ts.Getenv("BOOTH") + "/healthz")
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		})
	case "central":
		startCentral(ts, f)
	case "mosquitto":
		address, err := freeAddress()
		ts.Check(err)
		_, port, err := net.SplitHostPort(address)
		ts.Check(err)
		conf, err := os.ReadFile(ts.MkAbs("mosquitto.conf"))
		ts.Check(err)
		conf = bytes.ReplaceAll(conf, []byte("PORT"), []byte(port))
		conf = bytes.ReplaceAll(conf, []byte("WORK"), []byte(ts.Getenv("WORK")))
		ts.Check(os.WriteFile(ts.MkAbs("mosquitto.conf"), conf, 0o644))
		ts.Setenv("MOSQUITTO", address)
		p := f.start(ts, "mosquitto", "-c", ts.MkAbs("mosquitto.conf"))
		p.await(ts, "mosquitto", func() bool {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				return false
			}
			conn.Close()
			return true
		})
	default:
		ts.Fatalf("nothing called %s", args[0])
	}
}

// haltCommand is "halt boothd [PATTERN]": it asks the program to end, which must be with
// status 0 and without an error in its log, but those that match the pattern, of which
// there must be one.
func haltCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: halt program [pattern]")
	}
	p := fleetOf(ts).running[args[0]]
	if p == nil {
		ts.Fatalf("%s does not run", args[0])
	}
	delete(fleetOf(ts).running, args[0])
	p.end(syscall.SIGTERM)
	if state := p.cmd.ProcessState; !state.Success() {
		ts.Fatalf("%s: %v", args[0], state)
	}
	var expected *regexp.Regexp
	if len(args) == 2 {
		expected = regexp.MustCompile(args[1])
	}
	found := false
	for _, line := range errorsIn(p.output.String()) {
		if expected == nil || !expected.MatchString(line) {
			ts.Fatalf("%s logged: %s", args[0], line)
		}
		found = true
	}
	if expected != nil && !found {
		ts.Fatalf("%s logged no error that matches %q", args[0], args[1])
	}
}

// errorsIn returns the lines of a log that are errors.
func errorsIn(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic:") || strings.Contains(line, "DATA RACE") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// untilCommand is "until [-fails] PATTERN program args": it repeats the program until its
// output matches; with -fails, as it ends with another status than 0.
func untilCommand(ts *testscript.TestScript, neg bool, args []string) {
	fails := len(args) > 0 && args[0] == "-fails"
	if fails {
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until [-fails] pattern program args")
	}
	pattern := regexp.MustCompile(`(?m)` + args[0])
	var out string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var err error
		out, err = run(ts, args[1], args[2:]...)
		if (err != nil) == fails && pattern.MatchString(out) {
			return
		}
	}
	ts.Fatalf("%s never said %q, but:\n%s", strings.Join(args[1:], " "), args[0], out)
}

// run runs a program without a word in the script's log.
func run(ts *testscript.TestScript, name string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(programs, name), args...)
	cmd.Env = append(os.Environ(), "BOOTHSIM_DIR="+ts.Getenv("BOOTHSIM_DIR"), "BOOTHD_CONFIG="+ts.Getenv("BOOTHD_CONFIG"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// simCommand is "sim WORDS [WORDS...]": it has the simulator do one thing right after the
// other, sooner than programs can be started.
func simCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sim words [words...]")
	}
	addresses, err := demo.ReadAddresses(ts.Getenv("SIM"))
	ts.Check(err)
	client := control.Client{URL: addresses.Control}
	for _, words := range args {
		_, err := client.Do(context.Background(), strings.Fields(words)...)
		ts.Check(err)
	}
}

// readmeCommand is "readme FILE": it writes the commands that the README shows into a file.
func readmeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readme file")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	ts.Check(err)
	_, rest, found := strings.Cut(string(text), "The same on the command line:\n\n")
	block, _, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		ts.Fatalf("the README does not show the command line any more")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(block+"\n"), 0o644))
}

// setenvJSONCommand is "setenvjson FILE": every text in the object becomes a variable, its
// name in capitals.
func setenvJSONCommand(ts *testscript.TestScript, neg bool, args []string) {
	var values map[string]any
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(json.Unmarshal(b, &values))
	for k, v := range values {
		if s, ok := v.(string); ok {
			ts.Setenv("SIM_"+strings.ToUpper(k), s)
		}
	}
}

// retainCommand is "retain TOPIC FILE": it leaves the file's content at the simulator's
// broker as it is, as somebody could who has stolen the publisher's certificate.
func retainCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: retain topic file")
	}
	payload, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	dir := ts.Getenv("SIM")
	conf, err := config.MQTT{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "publisher.pem"), Key: filepath.Join(dir, "publisher.key"),
	}.TLS()
	ts.Check(err)
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(ts.Getenv("SIM_PUBLISH")).SetClientID("thief").SetTLSConfig(conf))
	for _, deed := range []func() mqtt.Token{
		client.Connect,
		func() mqtt.Token { return client.Publish(args[0], 1, true, payload) },
	} {
		token := deed()
		if !token.WaitTimeout(patience) || token.Error() != nil {
			ts.Fatalf("retain %s: %v", args[0], token.Error())
		}
	}
	client.Disconnect(100)
}
