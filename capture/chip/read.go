package chip

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/chip/access"
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

	// What is asked for in short form within a session. Some chips give no more than the first
	// whatever the cipher's blocks leave room for, and some less.
	usualData = 0xDF
	leastData = 0x80
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
		r, err := l.binary(ctx, apdu.Command{INS: 0xB0, P1: 0x80 | f.ShortID()}, maxNe)
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
	r, err := access.Select(ctx, l.send, 2, []byte{byte(id >> 8), byte(id)})
	if err != nil || r.Status != apdu.OK {
		return apdu.Response{Status: r.Status}, err
	}
	return l.binary(ctx, apdu.Command{INS: 0xB0}, maxNe)
}

// binary is READ BINARY for at most want bytes, and for fewer if the chip says that they are too
// many: some announce an extended length that they do not have, some have less than a whole
// short answer.
func (l *line) binary(ctx context.Context, c apdu.Command, want int) (apdu.Response, error) {
	for {
		c.Ne = min(l.ne(), want)
		r, err := l.send(ctx, c)
		tooLong := r.Status == apdu.WrongLength || r.Status>>8 == 0x6C
		if err != nil || !tooLong || l.session == nil || !l.shorten() {
			return r, err
		}
	}
}

// shorten has less asked for from now on. It returns false if that is no use.
func (l *line) shorten() bool {
	switch {
	case l.extended:
		l.extended = false
	case l.most == 0:
		l.most = leastData
	default:
		return false
	}
	return true
}

// readAt returns a part of the file that is read, 1 byte to want.
func (l *line) readAt(ctx context.Context, offset, want int) ([]byte, error) {
	if offset < maxOffsetB0 {
		return part(l.binary(ctx, apdu.Command{INS: 0xB0, P1: byte(offset >> 8), P2: byte(offset)}, want))
	}
	at := tlv.Append(nil, tagOffset, []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)})
	b, err := part(l.binary(ctx, apdu.Command{INS: 0xB1, Data: at}, want+dataOverhead))
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
	case l.most > 0:
		return l.most
	case l.session != nil:
		return min(usualData, l.session.Cipher().ShortData())
	}
	return 256
}

// answerOverhead is more than secure messaging adds to an answer in extended length.
const answerOverhead = 64
