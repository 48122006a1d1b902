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

	"boothd/cmd/boothd/config"
	"boothd/internal/testtool"
)

func TestUnitIsHardened(t *testing.T) {
	analyze := testtool.Path(t, "systemd-analyze")
	// The threshold is in tenths: an exposure above 2.0 is an error.
	out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=20", "./boothd.service").CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

func TestUserIsMadeWithoutLoginOrPassword(t *testing.T) {
	sysusers := testtool.Path(t, "systemd-sysusers")
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	conf, err := filepath.Abs("boothd.sysusers")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(sysusers, "--root="+root, conf).CombinedOutput(); err != nil {
		t.Fatalf("systemd-sysusers: %v\n%s", err, out)
	}
	for file, want := range map[string][]string{
		"passwd": {"boothd:x:", ":/var/lib/boothd:/usr/sbin/nologin\n"},
		"shadow": {"boothd:!*:"},
		"group":  {"boothd:x:"},
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

// The configuration that the package installs must be completed by hand, and nothing else
// may be wrong with it, the examples in it included.
func TestInstalledConfiguration(t *testing.T) {
	template, err := os.ReadFile("boothd.toml")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?m)^# (\[|\w+ = )`)
	tests := []struct {
		name, content string
		faults        []string
	}{
		{"as installed it lacks what only the authority knows", string(template),
			[]string{"booth.id", "officer", "portal.sealing_key", "portal.signing_keys", "profile"}},
		{"with its examples it lacks only the files they name", example.ReplaceAllString(string(template), "$1"),
			[]string{"booth.id", "list[0].keys[0]", "mqtt.ca", "mqtt.cert", "mqtt.key", "officer[0].token_file",
				"portal.ca", "portal.cert", "portal.key", "portal.sealing_key", "portal.signing_keys"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "boothd.toml")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Read(file)
			var faulty *config.Error
			if !errors.As(err, &faulty) {
				t.Fatalf("read: %v", err)
			}
			var keys []string
			for _, fault := range faulty.Faults {
				keys = append(keys, fault.Key)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, test.faults) {
				t.Errorf("faults at %q, want %q\n%v", keys, test.faults, err)
			}
		})
	}
}
