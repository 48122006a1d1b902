// Package exchange hands data over in person: a bundle of files on a stick, sealed for one
// named recipient, and the receipt that comes back.
//
// [Seal] writes a bundle, [Open] reads it and gives what a receipt is signed over,
// [VerifyReceipt] verifies the receipt that the recipient signed. Only what [Recipient]
// admits is sealed, and a minor's data leaves the own authority only with the public
// prosecutor's permission. Whoever seals journals the capture.Exchange that Seal returns
// before the bundle leaves the house.
//
// # Format, version 1
//
// Numbers are big-endian. A bundle begins in the clear with
//
//	8 bytes     "boothd-x"
//	1 byte      1, the version
//	8 bytes     the beginning of the SHA-256 of the recipient's public sealing key
//	1168 bytes  the content key (32 bytes), sealed by keys.Seal to the recipient with the
//	            info "boothd exchange v1" and everything before it as additional data
//
// The rest is the contents in chunks of 1 MiB, the last one shorter or as long and never
// empty, each sealed with AES-256-GCM under the content key, which is used for this bundle
// only. A chunk's nonce is its number from 0 (11 bytes) and 1 for the last chunk, else 0 (1
// byte): chunks cannot be left out, doubled, moved or cut off.
//
// The contents are the length of the manifest (4 bytes) and the manifest, the length of the
// table (4 bytes) and the table, and the files one after the other with nothing between.
// The manifest is a document signed by the sender (internal/signed, kind
// "exchange-manifest"): who hands over to whom and why, the recipient's key, so that a
// recipient cannot pass the sender's word on as written to somebody else, the number and
// sum of the files, and the SHA-256 of the table. The table is JSON: name, size and SHA-256
// of each file.
package exchange

import (
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"boothd/capture"
)

// Limits of a bundle.
const (
	MaxBytes = 256 << 20 // of all files
	MaxFiles = 1000
)

const (
	maxText  = 256     // bytes of a name or purpose
	maxTable = 1 << 20 // bytes
)

// Errors of sealing and opening.
var (
	ErrPermission = errors.New("a minor's data does not leave the own authority without the public prosecutor's permission")
	ErrProtocol   = errors.New("an organisation receives data only under a named protocol, and only an organisation does")
	ErrFormat     = errors.New("not a bundle, or of a version that is not known")
	ErrNotForUs   = errors.New("the bundle is sealed for another key")
	ErrDamaged    = errors.New("the bundle is damaged or cut off")
)

// Bundle is what is handed over.
type Bundle struct {
	From       string // who hands over
	To         string // the recipient who is named
	Kind       Recipient
	Purpose    string
	Protocol   string // under which an organisation receives it
	Minor      bool   // it holds data of a minor
	Permission string // the prosecutor's reference
	At         time.Time
	Files      []File
}

// LogValue keeps purpose and files out of logs.
func (b Bundle) LogValue() slog.Value { return slog.StringValue("bundle for " + string(b.Kind)) }

// File is one file of a bundle.
type File struct {
	Name string // without a folder, see [ValidName]
	// Open is called twice, and must give the same content.
	Open func() (io.ReadCloser, error)
}

// FileAt is the file at path under its own name.
func FileAt(path string) File {
	return File{filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }}
}

// manifest is the signed part of a bundle.
type manifest struct {
	From       string    `json:"from"`
	To         string    `json:"to"`
	Kind       Recipient `json:"kind"`
	Purpose    string    `json:"purpose"`
	Protocol   string    `json:"protocol,omitempty"`
	Minor      bool      `json:"minor,omitempty"`
	Permission string    `json:"permission,omitempty"`
	At         time.Time `json:"at"`
	Key        string    `json:"key"` // SHA-256 of the recipient's public sealing key
	Files      int       `json:"files"`
	Bytes      int64     `json:"bytes"`
	Table      string    `json:"table"` // SHA-256 of the table
}

const kindManifest = "exchange-manifest"

// fileInfo is one line of the table.
type fileInfo struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// check refuses what must not be handed over or cannot be read by a person.
func (m *manifest) check() error {
	if err := m.Kind.Admit(); err != nil {
		return err
	}
	for _, t := range []struct {
		what, text string
		needed     bool
	}{
		{"sender", m.From, true}, {"recipient", m.To, true}, {"purpose", m.Purpose, true},
		{"protocol", m.Protocol, false}, {"permission", m.Permission, false},
	} {
		if len(t.text) > maxText || t.needed && strings.TrimSpace(t.text) == "" || strings.ContainsFunc(t.text, notPrintable) {
			return fmt.Errorf("%s: 1 to %d bytes of plain text", t.what, maxText)
		}
	}
	switch {
	case (m.Kind == NGO) != (m.Protocol != ""):
		return ErrProtocol
	case m.Minor && m.Kind != Own && m.Permission == "":
		return ErrPermission
	case m.Files < 1 || m.Files > MaxFiles:
		return fmt.Errorf("%d files, want 1 to %d", m.Files, MaxFiles)
	case m.Bytes < 0 || m.Bytes > MaxBytes:
		return fmt.Errorf("%d bytes, at most %d", m.Bytes, MaxBytes)
	}
	return nil
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

// exchange tells of the bundle as it is journalled.
func (m *manifest) exchange(digest []byte) capture.Exchange {
	return capture.Exchange{
		Bundle: hex.EncodeToString(digest), Files: m.Files, Bytes: m.Bytes, Recipient: m.To, Kind: string(m.Kind),
		Key: m.Key[:2*keyIDSize], Minor: m.Minor, Permission: m.Permission, Protocol: m.Protocol,
	}
}

const (
	magic      = "boothd-x\x01"
	keyIDSize  = 8
	headerSize = len(magic) + keyIDSize
	boxSize    = 32 + 1136 // the content key, sealed
	sealInfo   = "boothd exchange v1"
)

// header is what is in the clear of a bundle for the key.
func header(to hpke.PublicKey) []byte {
	id := sha256.Sum256(to.Bytes())
	return append([]byte(magic), id[:keyIDSize]...)
}

// keyOf is the SHA-256 of a public sealing key, hexadecimal.
func keyOf(to hpke.PublicKey) string {
	h := sha256.Sum256(to.Bytes())
	return hex.EncodeToString(h[:])
}
