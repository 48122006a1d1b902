package zfm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	parametersLen = 16
	productLen    = 46

	registerBaud   = 4 // times 9600
	registerPacket = 6 // 32 bytes, doubled so often
	packet256      = 3
	baudUnit       = 9600

	commandTimeout = 500 * time.Millisecond
	baudPause      = 100 * time.Millisecond // for the module to change its speed
)

// parameters are what ReadSysPara tells.
type parameters struct {
	system uint16 // 9 on most, 0 on the R503
	packet uint16 // 0 to 3
	baud   int
}

func parseParameters(b []byte) (parameters, error) {
	if len(b) < parametersLen {
		return parameters{}, fmt.Errorf("system parameters of %d bytes", len(b))
	}
	return parameters{
		system: binary.BigEndian.Uint16(b[2:]),
		packet: binary.BigEndian.Uint16(b[12:]),
		baud:   int(binary.BigEndian.Uint16(b[14:])) * baudUnit,
	}, nil
}

// tune sets packet size and speed, where they are not what is wanted.
func (s *Scanner) tune(ctx context.Context, p parameters) error {
	if p.packet < packet256 {
		if _, err := s.write(ctx, registerPacket, packet256); err != nil {
			return err
		}
	}
	line, ok := s.link.line.(serial.Retunable)
	if !ok || p.baud >= s.config.MaxBaud || line.Baud() != p.baud {
		// A speed that is written and not in use waits for the next power-up.
		return nil
	}
	old := p.baud
	written, err := s.write(ctx, registerBaud, byte(s.config.MaxBaud/baudUnit))
	if err != nil || !written {
		return err
	}
	if err := pause(ctx, baudPause); err != nil {
		return err
	}
	for _, baud := range []int{s.config.MaxBaud, s.config.MaxBaud, old} {
		err := s.present(ctx, line, baud)
		if !errors.Is(err, errSilent) {
			return err
		}
		s.log.Warn("module is not heard after its speed was changed", "baud", baud)
	}
	return fmt.Errorf("change to %d baud: %w", s.config.MaxBaud, errSilent)
}

// write writes a register in the module's flash. A module that refuses keeps its setting,
// which is slower and no fault.
func (s *Scanner) write(ctx context.Context, register, value byte) (written bool, err error) {
	_, err = s.link.ask(ctx, commandTimeout, setParameter, register, value)
	var refused *codeError
	if errors.As(err, &refused) {
		s.log.Warn("module keeps its setting", "register", register, "err", err)
		return false, nil
	}
	return err == nil, err
}

// describe completes the info of an R503, which tells what it is. Others are not asked.
func (s *Scanner) describe(ctx context.Context, p parameters) error {
	if p.system != 0 {
		return nil
	}
	b, err := s.link.ask(ctx, commandTimeout, productInfo)
	var refused *codeError
	switch {
	case errors.As(err, &refused) || errors.Is(err, errSilent):
		return nil
	case err != nil:
		return err
	case len(b) >= productLen:
		s.info.Model, s.info.Serial, s.info.Firmware = parseProduct(b, s.info.Model)
	}
	return nil
}

// parseProduct reads the model's name, serial number and hardware version.
func parseProduct(b []byte, model string) (name, serialNumber, version string) {
	if text := printable(b[:16]); text != "" {
		model = "Grow " + text + " fingerprint module"
	}
	return model, printable(b[20:28]), fmt.Sprintf("%d.%d", b[28], b[29])
}

// printable returns the text of a field that is filled with zeros or blanks, and nothing of one
// that is no text.
func printable(b []byte) string {
	text := strings.TrimRight(string(b), "\x00 ")
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return text
}

// defaultInfo describes a module that does not say what it is.
func defaultInfo(address string) devices.Info {
	return devices.Info{Driver: name, Kind: devices.KindFingerScanner, Address: address, Model: "ZFM or R30x fingerprint module"}
}
