package packaging_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	booth "boothd/cmd/boothd/config"
	central "boothd/cmd/centrald/config"
	"boothd/internal/settings"
	"boothd/internal/testtool"
)

func TestUnitsAreHardened(t *testing.T) {
	analyze := testtool.Path(t, "systemd-analyze")
	for _, unit := range []string{"boothd", "centrald"} {
		// The threshold is in tenths: an exposure above 2.0 is an error.
		out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=20", "./"+unit+".service").CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze security %s: %v\n%s", unit, err, out)
		}
	}
}

func TestUsersAreMadeWithoutLoginOrPassword(t *testing.T) {
	sysusers := testtool.Path(t, "systemd-sysusers")
	for _, user := range []string{"boothd", "centrald"} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		conf, err := filepath.Abs(user + ".sysusers")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(sysusers, "--root="+root, conf).CombinedOutput(); err != nil {
			t.Fatalf("systemd-sysusers: %v\n%s", err, out)
		}
		for file, want := range map[string][]string{
			"passwd": {user + ":x:", ":/var/lib/" + user + ":/usr/sbin/nologin\n"},
			"shadow": {user + ":!*:"},
			"group":  {user + ":x:"},
		} {
			made, err := os.ReadFile(filepath.Join(root, "etc", file))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range want {
				if !strings.Contains(string(made), part) {
					t.Errorf("%s is %q, without %q", file, made, part)
				}
			}
		}
	}
}

func TestTheBoothMayUseTheTPM(t *testing.T) {
	sysusers := testtool.Path(t, "systemd-sysusers")
	for name, before := range map[string]string{"where nobody has": "", "where others do": "tss:x:111:\n"} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "etc", "group"), []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
			conf, err := filepath.Abs("boothd.sysusers")
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // an upgrade does it again
				if out, err := exec.Command(sysusers, "--root="+root, conf).CombinedOutput(); err != nil {
					t.Fatalf("systemd-sysusers: %v\n%s", err, out)
				}
			}
			group, err := os.ReadFile(filepath.Join(root, "etc", "group"))
			if err != nil || !regexp.MustCompile(`(?m)^tss:x:\d+:boothd$`).Match(group) {
				t.Errorf("groups %q, error %v", group, err)
			}
		})
	}
}

func TestVersionOfASourceTree(t *testing.T) {
	testtool.Need(t, "git")
	script, err := os.ReadFile("version")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "packaging"), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(root, "packaging", "version")
	if err := os.WriteFile(program, script, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(root),
			"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	expect := func(state, want string) {
		t.Helper()
		if got := run(program); got != want {
			t.Errorf("%s: version %q, want %q", state, got, want)
		}
	}
	commit := func() string {
		t.Helper()
		run("git", "commit", "-q", "--allow-empty", "-m", "change")
		return run("git", "rev-parse", "--short", "HEAD")
	}

	expect("without git", "0.0.0")
	run("git", "init", "-q")
	expect("without a commit", "0.0.0")
	run("git", "add", ".")
	expect("without a tag", "0.0.0+g"+commit())
	run("git", "tag", "v1.4.0")
	expect("at a tag", "1.4.0")
	expect("a commit later", "1.4.0+1.g"+commit())
	if err := os.WriteFile(program, append(script, '\n'), 0o755); err != nil {
		t.Fatal(err)
	}
	expect("with a changed file", "1.4.0+1.g"+run("git", "rev-parse", "--short", "HEAD")+".dirty")
}

// The configurations that the packages install must be completed by hand, and nothing else
// may be wrong with them, the examples in them included.
func TestInstalledConfigurations(t *testing.T) {
	ofBooth := func(path string) error { _, err := booth.Read(path); return err }
	ofCentral := func(path string) error { _, err := central.Read(path); return err }
	for _, test := range []struct {
		name, file string
		read       func(path string) error
		examples   bool
		faults     []string
	}{
		{"a booth's lacks what only the authority knows", "boothd.toml", ofBooth, false,
			[]string{"booth.id", "officer", "portal.sealing_key", "portal.signing_keys", "profile"}},
		{"a booth's with its examples lacks only the files they name", "boothd.toml", ofBooth, true,
			[]string{"api.metrics_token_file", "booth.id", "direct[0].ca", "direct[0].cert", "direct[0].key", "documents.terminal", "keys_at_rest.passphrase_file", "mqtt.ca", "mqtt.cert", "mqtt.key",
				"national.ca", "officer[0].token_file", "portal.ca", "portal.cert", "portal.grant_keys.judicial[0]", "portal.grant_keys.prosecutor[0]", "portal.key",
				"portal.profile_keys[0]", "portal.sealing_key", "portal.signing_keys", "signin.ca", "trust.roots[0]", "trust.roots[1]", "trust.roots[2]"}},
		{"central's lacks what only the authority knows", "centrald.toml", ofCentral, false,
			[]string{"keys.opening", "keys.signing", "profiles.keys", "server.ca", "server.cert", "server.key", "system"}},
		{"central's with its examples lacks only the files they name", "centrald.toml", ofCentral, true,
			[]string{"grants.keys.judicial[0]", "grants.keys.prosecutor[0]", "grants.revocations", "keys.opening", "keys.signing", "lists.folder", "profiles.keys", "server.ca",
				"server.cert", "server.key", "signin.ca", "signin.officers", "signin.signing_key",
				"system[1].ca", "system[1].cert", "system[1].key", "system[1].token_file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := os.ReadFile(test.file)
			if err != nil {
				t.Fatal(err)
			}
			if test.examples {
				text = withExamples(text)
			}
			file := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			var faulty *settings.Error
			if err = test.read(file); !errors.As(err, &faulty) {
				t.Fatalf("read: %v", err)
			}
			var keys []string
			for _, fault := range faulty.Faults {
				if fault.Key != "profiles.folder" { // which is there where the package is installed
					keys = append(keys, fault.Key)
				}
			}
			slices.Sort(keys)
			if !slices.Equal(keys, test.faults) {
				t.Errorf("faults at %q, want %q\n%v", keys, test.faults, err)
			}
		})
	}
}

// withExamples makes settings of the examples; the second example of one key is left out.
func withExamples(text []byte) []byte {
	text = regexp.MustCompile(`(?m)^# database = "postgres.*\n`).ReplaceAll(text, nil)
	return regexp.MustCompile(`(?m)^# (\[|\w+ = )`).ReplaceAll(text, []byte("$1"))
}

// The virtual chip reader opens a reader to the network: it is for machines that play a booth.
func TestNoBoothGetsTheVirtualChipReader(t *testing.T) {
	for file, want := range map[string]bool{"nfpm.yaml": false, "nfpm-central.yaml": false, "nfpm-sim.yaml": true} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), "vsmartcard"); got != want {
			t.Errorf("%s names it: %t", file, got)
		}
	}
	if text, err := os.ReadFile("nfpm.yaml"); err != nil || strings.Contains(string(text), "boothd-sim") {
		t.Errorf("the booth's package brings the simulator's, which recommends it: %v", err)
	}
}
