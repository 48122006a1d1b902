package sbi

import "strconv"

// code is an error code of the interface; 0 is success. Those from 110 on are the reference
// implementation's.
type code int

const (
	success        code = 0
	noExtraction   code = 102
	noSuchDevice   code = 106
	keyExpired     code = 107
	noDomainKey    code = 108
	manyBios       code = 109
	notReady       code = 110
	busy           code = 111
	badTransaction code = 112
	countMismatch  code = 113
	badType        code = 114
	badEnv         code = 115
	badCount       code = 116
	badException   code = 117
	exceptedAsked  code = 118
	badSubType     code = 119
	otherType      code = 120
	badPurpose     code = 121
	foreignSub     code = 122
	badJSON        code = 123

	badURL      code = 500
	badDiscover code = 502
	noDevices   code = 503

	streamAuth     code = 601
	streamNoID     code = 604
	streamUnknown  code = 605
	streamTimedOut code = 609
)

// captureCode are the last digits of a capture's own codes: 7xx of RCAPTURE, 8xx of CAPTURE.
type captureCode int

const (
	timedOut     captureCode = 1
	inProgress   captureCode = 3
	noID         captureCode = 4
	unknownID    captureCode = 5
	wrongPurpose captureCode = 9
)

// of returns the code of the verb.
func (c captureCode) of(v verb) code {
	if v == verbAuth {
		return code(800 + c)
	}
	return code(700 + c)
}

var texts = map[code]string{
	success:        "Success",
	noExtraction:   "The capture failed",
	noSuchDevice:   "No device found",
	keyExpired:     "The device key has expired",
	noDomainKey:    "The public key of the domain is missing",
	manyBios:       "One biometric of one device is captured at a time",
	notReady:       "The device is not ready",
	busy:           "The device is busy",
	badTransaction: "The transaction id is not 4 to 50 letters, digits and dashes",
	countMismatch:  "The count does not fit the sub-types and exceptions",
	badType:        "The type is not Finger, Face or Iris",
	badEnv:         "The environment is not this service's",
	badCount:       "The count is not 1 to 10, or not 1 for a face",
	badException:   "An exception is no finger or eye",
	exceptedAsked:  "An exception is also asked for",
	badSubType:     "A sub-type is no finger or eye",
	otherType:      "The device is of another type",
	badPurpose:     "The purpose is not that of the request",
	foreignSub:     "A sub-type does not belong to the type",
	badJSON:        "The request is not as specified",
	badURL:         "There is nothing at this address",
	badDiscover:    "The type is not Biometric Device, Finger, Face or Iris",
	noDevices:      "No device is connected",
	streamAuth:     "A device for authentication does not stream",
	streamNoID:     "The device id is missing",
	streamUnknown:  "No device has this id",
	streamTimedOut: "The stream's time is over",
	701:            "Nothing was captured in time",
	703:            "A capture is in progress",
	704:            "The device id is missing",
	705:            "No device has this id",
	709:            "This service captures for authentication only",
	801:            "Nothing was captured in time",
	803:            "A capture is in progress",
	804:            "The device id is missing",
	805:            "No device has this id",
	809:            "This service captures for registration only",
}

// fault is an error as answers carry it.
type fault struct {
	Code string `json:"errorCode"`
	Info string `json:"errorInfo"`
}

func (c code) fault() fault { return fault{strconv.Itoa(int(c)), texts[c]} }
