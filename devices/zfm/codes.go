package zfm

import (
	"errors"
	"fmt"
)

// instruction is what a command asks for.
type instruction byte

const (
	takeImage      instruction = 0x01
	upImage        instruction = 0x0a
	setParameter   instruction = 0x0e
	readParameters instruction = 0x0f
	verifyPassword instruction = 0x13
	ring           instruction = 0x35
	productInfo    instruction = 0x3c
	lampOn         instruction = 0x50
	lampOff        instruction = 0x51
	takeImageOnly  instruction = 0x52 // without touching the lamp
)

// code is the first byte of an acknowledgement.
type code byte

const (
	done             code = 0x00
	packetError      code = 0x01
	noFinger         code = 0x02
	pictureFailed    code = 0x03
	disorderly       code = 0x06
	tooFewFeatures   code = 0x07
	cannotUpload     code = 0x0c
	cannotSendImage  code = 0x0f
	wrongPassword    code = 0x13
	noPicture        code = 0x15
	wrongAddress     code = 0x20
	passwordRequired code = 0x21
)

var meanings = map[code]string{
	packetError:      "packet error",
	noFinger:         "no finger",
	pictureFailed:    "picture failed",
	disorderly:       "picture too disorderly",
	tooFewFeatures:   "too few features",
	cannotUpload:     "upload failed",
	0x0e:             "module cannot receive data",
	cannotSendImage:  "module cannot send the image",
	wrongPassword:    "wrong password",
	noPicture:        "no valid picture in the buffer",
	0x18:             "flash write error",
	0x19:             "no definition",
	0x1a:             "bad register number",
	0x1b:             "bad register value",
	0x1d:             "port operation failed",
	wrongAddress:     "wrong address",
	passwordRequired: "password must be verified",
}

// codeError is an acknowledgement other than done.
type codeError struct {
	asked instruction
	code  code
}

func (e *codeError) Error() string {
	meaning, ok := meanings[e.code]
	if !ok {
		meaning = "unknown code"
	}
	return fmt.Sprintf("instruction %#02x answered with %#02x, %s", byte(e.asked), byte(e.code), meaning)
}

// codeOf returns the code that an error stands for, if it is an acknowledgement's.
func codeOf(err error) (code, bool) {
	var e *codeError
	if errors.As(err, &e) {
		return e.code, true
	}
	return 0, err == nil
}
