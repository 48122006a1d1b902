package uareu

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	powerAttempts = 3
	powerTimeout  = 300 * time.Millisecond // for the event
	powerTries    = 100
	powerPause    = 10 * time.Millisecond // between tries
)

// powerUp wakes the scanner up and waits until it says that it has power.
func (s *Scanner) powerUp(ctx context.Context) error {
	for range powerAttempts {
		if _, err := s.events.take(eventPower); err != nil {
			return err
		}
		if err := s.wake(ctx); err != nil {
			return fmt.Errorf("power up: %w", err)
		}
		wait, cancel := context.WithTimeout(ctx, powerTimeout)
		err := s.events.await(wait, eventPower)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return errors.New("power up: the scanner does not say that it has power")
}

// wake goes through the power register's states until the scanner is awake.
func (s *Scanner) wake(ctx context.Context) error {
	status, err := s.power(ctx)
	if err != nil {
		return err
	}
	if status&powerDown != 0 && status&powerBad != 0 {
		if status, err = s.unstick(ctx, status); err != nil {
			return err
		}
	}
	if status&powerDown == 0 {
		if err := s.registers.write(ctx, regPower, status|powerDown); err != nil {
			return err
		}
	}
	for range powerTries {
		if err := s.registers.write(ctx, regPower, status&powerCalled); err != nil {
			return err
		}
		now, err := s.power(ctx)
		if err != nil {
			return err
		}
		if now&powerDown == 0 {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
		if !s.model.challenge {
			continue
		}
		if err := s.registers.answerChallenge(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("the scanner sleeps on after %d calls", powerTries)
}

// unstick brings a scanner in a bad state back and returns its power register.
func (s *Scanner) unstick(ctx context.Context, status byte) (byte, error) {
	if err := s.registers.write(ctx, regPower, status&powerCalled); err != nil {
		return 0, err
	}
	for range powerTries {
		status, err := s.power(ctx)
		if err != nil || status&powerSane != 0 {
			return status, err
		}
		if err := pause(ctx); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("the scanner is stuck after %d looks", powerTries)
}

func (s *Scanner) power(ctx context.Context) (byte, error) {
	var b [1]byte
	err := s.registers.read(ctx, regPower, b[:])
	return b[0], err
}

// firmware reads the scanner's two version numbers.
func (s *Scanner) firmware(ctx context.Context) (string, error) {
	var b [16]byte
	if err := s.registers.read(ctx, regVersion, b[:]); err != nil {
		return "", err
	}
	return fmt.Sprintf("%02x%02x/%02x%02x", b[4], b[5], b[10], b[11]), nil
}

func pause(ctx context.Context) error {
	t := time.NewTimer(powerPause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
