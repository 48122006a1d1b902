package exchange

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/signed"
)

// Seal writes the bundle to dst, sealed to the recipient's key and signed with the sender's,
// and returns what is journalled of it. Nothing is written if the bundle may not be handed
// over: errors then match those of [Recipient.Admit], ErrPermission or ErrProtocol, or name
// the file or text that is at fault. After an error what was written is no bundle.
func Seal(ctx context.Context, dst io.Writer, b Bundle, to hpke.PublicKey, key ed25519.PrivateKey) (capture.Exchange, error) {
	m := manifest{
		From: b.From, To: b.To, Kind: b.Kind, Purpose: b.Purpose, Protocol: b.Protocol,
		Minor: b.Minor, Permission: b.Permission, At: b.At.UTC(), Key: keyOf(to), Files: len(b.Files),
	}
	if err := m.check(); err != nil {
		return capture.Exchange{}, err
	}
	table, err := tableOf(ctx, b.Files)
	if err != nil {
		return capture.Exchange{}, err
	}
	for _, f := range table {
		m.Bytes += f.Size
	}
	front, err := frontOf(&m, table, key)
	if err != nil {
		return capture.Exchange{}, err
	}
	digest := sha256.New()
	w, err := begin(ctx, io.MultiWriter(dst, digest), to)
	if err != nil {
		return capture.Exchange{}, err
	}
	if _, err := w.Write(front); err != nil {
		return capture.Exchange{}, err
	}
	for i, f := range b.Files {
		if err := copyFile(ctx, w, f, table[i]); err != nil {
			return capture.Exchange{}, err
		}
	}
	if err := w.Close(); err != nil {
		return capture.Exchange{}, err
	}
	return m.exchange(digest.Sum(nil)), nil
}

// begin writes what is in the clear and the content key.
func begin(ctx context.Context, dst io.Writer, to hpke.PublicKey) (*chunkWriter, error) {
	var content [32]byte
	rand.Read(content[:])
	head := header(to)
	box, err := keys.Seal(to, sealInfo, head, content[:])
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(content[:])
	if err != nil {
		return nil, err
	}
	_, err = dst.Write(append(head, box...))
	return &chunkWriter{ctx: ctx, dst: dst, aead: aead}, err
}

// tableOf reads every file for its size and hash.
func tableOf(ctx context.Context, files []File) ([]fileInfo, error) {
	var table []fileInfo
	seen := map[string]bool{}
	left := int64(MaxBytes)
	for _, f := range files {
		if !ValidName(f.Name) {
			return nil, fmt.Errorf("file %q: a bundle takes no file of this name", f.Name)
		}
		same := strings.ToLower(f.Name)
		if seen[same] {
			return nil, fmt.Errorf("file %q: there are two of this name", f.Name)
		}
		seen[same] = true
		info, err := measure(ctx, io.Discard, f, left)
		if err != nil {
			return nil, err
		}
		left -= info.Size
		table = append(table, info)
	}
	return table, nil
}

// measure copies the file, which has at most the given number of bytes.
func measure(ctx context.Context, dst io.Writer, f File, most int64) (fileInfo, error) {
	r, err := f.Open()
	if err != nil {
		return fileInfo{}, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(dst, h), io.LimitReader(ctxReader{ctx, r}, most+1))
	if err != nil {
		return fileInfo{}, fmt.Errorf("file %q: %w", f.Name, err)
	}
	if n > most {
		return fileInfo{}, fmt.Errorf("file %q: a bundle holds at most %d bytes", f.Name, MaxBytes)
	}
	return fileInfo{f.Name, n, hex.EncodeToString(h.Sum(nil))}, nil
}

// copyFile writes the file, which must still be what it was.
func copyFile(ctx context.Context, dst io.Writer, f File, was fileInfo) error {
	is, err := measure(ctx, dst, f, was.Size)
	if err != nil {
		return err
	}
	if is != was {
		return fmt.Errorf("file %q: changed while it was being sealed", f.Name)
	}
	return nil
}

// frontOf is the contents up to the first file.
func frontOf(m *manifest, table []fileInfo, key ed25519.PrivateKey) ([]byte, error) {
	list, err := json.Marshal(table)
	if err != nil {
		return nil, err
	}
	if len(list) > maxTable {
		return nil, fmt.Errorf("the table of files has %d bytes, at most %d", len(list), maxTable)
	}
	sum := sha256.Sum256(list)
	m.Table = hex.EncodeToString(sum[:])
	text, err := signed.Sign(kindManifest, m, key)
	if err != nil {
		return nil, err
	}
	front := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	front = append(front, text...)
	front = binary.BigEndian.AppendUint32(front, uint32(len(list)))
	return append(front, list...), nil
}

// ctxReader stops reading when ctx ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
