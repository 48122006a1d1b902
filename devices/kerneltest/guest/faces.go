package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"

	"boothd/devices/kerneltest/prints"
	"boothd/devices/v4l2/uvcemu"
)

const vividDriver = "/sys/bus/platform/drivers/vivid/"

// webcam is the USB camera that is plugged.
type webcam struct {
	*uvcemu.Camera
	file  []byte
	cable *cable
}

func (s *scenario) videoRights(context.Context) error {
	if err := await("the camera's device node", func() bool { return len(videoNodes()) > 0 }); err != nil {
		return err
	}
	return checkVideoRights()
}

// bars takes a picture of vivid, which shows white, yellow, cyan, green, magenta, red, blue and
// black; green is the one of number 3 and red that of number 5.
func (s *scenario) bars(context.Context) error {
	return s.ask(orderFace, "640x480 false true false true false false")
}

// removeVivid takes the virtual camera from its driver while the booth watches it.
func (s *scenario) removeVivid(context.Context) error {
	if err := s.booth.order(orderWatch); err != nil {
		return err
	}
	// Its buffers are the booth's as soon as it has opened it; that pictures come cannot be seen
	// from here.
	if err := os.WriteFile(vividDriver+"unbind", []byte("vivid.0"), 0); err != nil {
		return fmt.Errorf("unbind: %w", err)
	}
	if err := s.booth.answer(answerGone); err != nil {
		return err
	}
	return await("the camera's node to go", func() bool { return len(videoNodes()) == 0 })
}

// returnVivid gives the virtual camera back, has a picture taken, and takes it away for good.
func (s *scenario) returnVivid(ctx context.Context) error {
	if err := os.WriteFile(vividDriver+"bind", []byte("vivid.0"), 0); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := s.videoRights(ctx); err != nil {
		return err
	}
	if err := s.bars(ctx); err != nil {
		return err
	}
	return s.removeVivid(ctx)
}

func (s *scenario) plugWebcam(ctx context.Context) error {
	img := prints.Draw(s.fingers)
	s.fingers++
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img.SubImage(image.Rect(0, 0, 320, 240)), nil); err != nil {
		return err
	}
	camera, err := uvcemu.New(file.Bytes())
	if err != nil {
		return err
	}
	s.camera = &webcam{Camera: camera, file: file.Bytes()}
	if s.camera.cable, err = plug(ctx, camera); err != nil {
		return err
	}
	return s.videoRights(ctx)
}

func (s *scenario) face(context.Context) error {
	if err := s.ask(orderFace, describeFile(s.camera.file)); err != nil {
		return err
	}
	if !s.camera.Automatic() {
		return errors.New("its exposure is not automatic")
	}
	return nil
}

// cutWebcam unplugs the camera when it has begun to send a picture.
func (s *scenario) cutWebcam(ctx context.Context) error {
	if err := s.booth.order(orderWatch); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, captureLimit)
	defer cancel()
	if err := s.camera.AwaitPicture(ctx, 5); err != nil {
		return fmt.Errorf("wait for pictures: %w", err)
	}
	s.camera.Hold(true)
	if err := s.camera.cable.unplug(); err != nil {
		return err
	}
	if err := s.booth.answer(answerGone); err != nil {
		return err
	}
	return await("the camera's node to go", func() bool { return len(videoNodes()) == 0 })
}
