package chip

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/tlv"
)

// maxFile is how many bytes a file may have; portraits of 500 KB have been met.
const maxFile = 1 << 20

const (
	maxNe        = 1 << 16 // bytes of an answer in extended length
	maxOffsetB0  = 1 << 15 // READ BINARY with even instruction reaches what lies before
	tagOffset    = tlv.Tag(0x54)
	tagData      = tlv.Tag(0x53)
	dataOverhead = 5 // of the object 53 around an answer
)

// errNoFile is matched if the chip does not have the file, or not for us.
var errNoFile = errors.New("file not there")

// errFile is matched if the file is not as long as it says, or longer than a file may be.
var errFile = errors.New("file cannot be read")

// read returns a whole file. A session that the chip ends on the way is opened again: some chips
// do that for files that they do not have, some for answers of a length they cannot give. So is
// one in which the reader cannot pass on what is of extended length. The error matches errNoFile, errFile or the chip's status, or is the session's or the transport's.
func (l *line) read(ctx context.Context, f lds.File) ([]byte, error) {
	for {
		b, err := l.readOnce(ctx, f)
		tooLong := l.extended && errors.Is(err, errors.ErrUnsupported)
		if err == nil || !tooLong && !errors.Is(err, secure.ErrEnded) {
			return b, err
		}
		missing := errors.Is(err, apdu.FileNotFound) || errors.Is(err, apdu.SecurityNotSatisfied)
		if err := l.reopen(ctx); err != nil {
			return nil, fmt.Errorf("read %v: %w", f, err)
		}
		if missing {
			return nil, fmt.Errorf("read %v: %w", f, errNoFile)
		}
		l.extended = false
	}
}

func (l *line) readOnce(ctx context.Context, f lds.File) ([]byte, error) {
	b, err := l.readFile(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("read %v: %w", f, err)
	}
	return b, nil
}

func (l *line) readFile(ctx context.Context, f lds.File) ([]byte, error) {
	r, err := l.begin(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(r.Data) == 0 {
		return nil, noFile(r.Status)
	}
	size, err := tlv.Size(r.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}
	if size > maxFile {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", errFile, size, maxFile)
	}
	file := make([]byte, 0, min(size, 2*len(r.Data)+maxOffsetB0))
	file = append(file, r.Data[:min(size, len(r.Data))]...)
	for len(file) < size {
		part, err := l.readAt(ctx, len(file), size-len(file))
		if err != nil {
			return nil, err
		}
		file = append(file, part[:min(len(part), size-len(file))]...)
	}
	return file, nil
}

// begin makes the file the current one and reads its beginning: in one command where the chip
// reads by short file identifier.
func (l *line) begin(ctx context.Context, f lds.File) (apdu.Response, error) {
	if !l.selects {
		r, err := l.send(ctx, apdu.Command{INS: 0xB0, P1: 0x80 | f.ShortID(), Ne: l.ne()})
		if err != nil {
			return r, err
		}
		switch r.Status {
		case apdu.WrongParameters, apdu.FunctionNotSupported, apdu.InstructionNotSupported, apdu.CommandNotAllowed:
			l.selects = true
		default:
			return r, nil
		}
	}
	id := f.ID()
	r, err := l.send(ctx, apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{byte(id >> 8), byte(id)}})
	if err != nil || r.Status != apdu.OK {
		return r, err
	}
	return l.send(ctx, apdu.Command{INS: 0xB0, Ne: l.ne()})
}

// readAt returns a part of the file that is read, 1 byte to want.
func (l *line) readAt(ctx context.Context, offset, want int) ([]byte, error) {
	if offset < maxOffsetB0 {
		ne := min(l.ne(), want)
		return part(l.send(ctx, apdu.Command{INS: 0xB0, P1: byte(offset >> 8), P2: byte(offset), Ne: ne}))
	}
	at := tlv.Append(nil, tagOffset, []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)})
	b, err := part(l.send(ctx, apdu.Command{INS: 0xB1, Data: at, Ne: min(l.ne(), want+dataOverhead)}))
	if err != nil {
		return nil, err
	}
	data, err := tlv.Find(b, tagData)
	if err != nil || len(data) == 0 {
		return nil, fmt.Errorf("%w: no data at %d", errFile, offset)
	}
	return data, nil
}

// part takes what there is of an answer; a status behind data only says that they are fewer.
func part(r apdu.Response, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, err
	case len(r.Data) == 0:
		return nil, fmt.Errorf("%w: it ends early: %w", errFile, r.Status)
	}
	return r.Data, nil
}

func noFile(s apdu.Status) error {
	switch s {
	case apdu.OK, apdu.EndOfFile:
		return fmt.Errorf("%w: empty", errFile)
	case apdu.FileNotFound, apdu.SecurityNotSatisfied, apdu.FileDeactivated:
		return fmt.Errorf("%w: %w", errNoFile, s)
	}
	return s
}

// ne is the greatest answer to ask for.
func (l *line) ne() int {
	switch {
	case l.extended && l.info.MaxAnswer > 512:
		return min(maxNe, l.info.MaxAnswer-answerOverhead)
	case l.extended:
		return maxNe
	case l.session != nil:
		return l.session.Cipher().ShortData()
	}
	return 256
}

// answerOverhead is more than secure messaging adds to an answer in extended length.
const answerOverhead = 64
