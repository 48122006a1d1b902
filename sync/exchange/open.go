package exchange

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/signed"
)

// Opened is a bundle that was opened and found genuine.
type Opened struct {
	From     string
	Purpose  string
	At       time.Time
	Exchange capture.Exchange // without Received
	Files    []string         // their names
}

// LogValue keeps purpose and files out of logs.
func (o Opened) LogValue() slog.Value { return slog.StringValue("bundle " + o.Exchange.Bundle) }

// Open opens a bundle that is sealed for the key and signed by one of the trusted senders.
// It makes each file with create, writes and closes it. Nothing counts, and files already
// made are to be thrown away, unless the error is nil. Errors match ErrFormat, ErrNotForUs,
// ErrDamaged or signed.ErrNotValid (the sender is not trusted), or are of reading src or
// writing files.
func Open(ctx context.Context, src io.Reader, key hpke.PrivateKey, senders []ed25519.PublicKey,
	create func(name string) (io.WriteCloser, error)) (*Opened, error) {
	digest := sha256.New()
	r, err := enter(ctx, io.TeeReader(src, digest), key)
	if err != nil {
		return nil, err
	}
	m, table, err := readFront(r, senders)
	if err != nil {
		return nil, err
	}
	if m.Key != keyOf(key.PublicKey()) {
		return nil, ErrNotForUs
	}
	o := &Opened{From: m.From, Purpose: m.Purpose, At: m.At}
	for _, f := range table {
		if err := extract(r, f, create); err != nil {
			return nil, err
		}
		o.Files = append(o.Files, f.Name)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, ErrDamaged
	}
	o.Exchange = m.exchange(digest.Sum(nil))
	return o, nil
}

// OpenInto opens a bundle as [Open] does and writes its files into a new folder, readable by
// its owner only. After an error there is no such folder.
func OpenInto(ctx context.Context, src io.Reader, key hpke.PrivateKey, senders []ed25519.PublicKey, dir string) (*Opened, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	o, err := openInto(ctx, src, key, senders, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return o, nil
}

func openInto(ctx context.Context, src io.Reader, key hpke.PrivateKey, senders []ed25519.PublicKey, dir string) (*Opened, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return Open(ctx, src, key, senders, func(name string) (io.WriteCloser, error) {
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		return syncedFile{f}, nil
	})
}

// syncedFile is on the disk when it is closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error { return errors.Join(f.Sync(), f.File.Close()) }

// enter reads what is in the clear and the content key.
func enter(ctx context.Context, src io.Reader, key hpke.PrivateKey) (*chunkReader, error) {
	in := bufio.NewReaderSize(src, 64<<10)
	start := make([]byte, headerSize+boxSize)
	if _, err := io.ReadFull(in, start[:headerSize]); err != nil || !bytes.HasPrefix(start, []byte(magic)) {
		return nil, ErrFormat
	}
	head, box := start[:headerSize], start[headerSize:]
	if !bytes.Equal(head, header(key.PublicKey())) {
		return nil, ErrNotForUs
	}
	if _, err := io.ReadFull(in, box); err != nil {
		return nil, ErrDamaged
	}
	content, err := keys.Open(key, sealInfo, head, box)
	if err != nil {
		return nil, ErrDamaged
	}
	aead, err := newAEAD(content)
	if err != nil {
		return nil, ErrDamaged
	}
	return &chunkReader{ctx: ctx, src: in, aead: aead}, nil
}

// readFront reads manifest and table and checks them against the limits and each other.
func readFront(r io.Reader, senders []ed25519.PublicKey) (*manifest, []fileInfo, error) {
	text, err := readSized(r, signed.MaxSize)
	if err != nil {
		return nil, nil, err
	}
	var m manifest
	if err := signed.Open(kindManifest, string(text), senders, &m); err != nil {
		return nil, nil, err
	}
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	list, err := readSized(r, maxTable)
	if err != nil {
		return nil, nil, err
	}
	if sum := sha256.Sum256(list); m.Table != hex.EncodeToString(sum[:]) {
		return nil, nil, ErrDamaged
	}
	var table []fileInfo
	if err := json.Unmarshal(list, &table); err != nil {
		return nil, nil, ErrFormat
	}
	return &m, table, checkTable(&m, table)
}

func checkTable(m *manifest, table []fileInfo) error {
	seen := map[string]bool{}
	var sum int64
	for _, f := range table {
		same := strings.ToLower(f.Name)
		if !ValidName(f.Name) || seen[same] || f.Size < 0 || f.Size > MaxBytes-sum {
			return ErrFormat
		}
		seen[same] = true
		sum += f.Size
	}
	if len(table) != m.Files || sum != m.Bytes {
		return ErrFormat
	}
	return nil
}

// readSized reads a length and as many bytes.
func readSized(r io.Reader, most uint32) ([]byte, error) {
	var size [4]byte
	if err := readFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > most {
		return nil, ErrFormat
	}
	b := make([]byte, n)
	return b, readFull(r, b)
}

// readFull reads contents that must be there.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrDamaged
	}
	return err
}

// extract writes one file.
func extract(r io.Reader, f fileInfo, create func(string) (io.WriteCloser, error)) error {
	w, err := create(f.Name)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.CopyN(io.MultiWriter(w, h), r, f.Size)
	if e := w.Close(); err == nil {
		err = e
	}
	switch {
	case errors.Is(err, io.EOF):
		return ErrDamaged
	case err != nil:
		return fmt.Errorf("file %q: %w", f.Name, err)
	case n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256:
		return ErrDamaged
	}
	return nil
}
