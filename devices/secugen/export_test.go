package secugen

import "image"

// Develop makes the picture that a unit with a calibration gives of a frame.
func Develop(blob, frame []byte, distorted bool) (*image.Gray, error) {
	c, err := parseCalibration(blob)
	if err != nil {
		return nil, err
	}
	return newDeveloper(c, distorted).develop(frame[:framePixels]), nil
}
