package apdu

import "fmt"

// Status is the status word that ends a response. It is an error, so that callers can
// branch on it with errors.Is; [Status.Err] turns 9000 into nil.
type Status uint16

// Status words of ISO/IEC 7816-4 table 5 that travel documents answer.
const (
	OK                      Status = 0x9000
	EndOfFile               Status = 0x6282 // the data are there, and fewer than asked for
	FileDeactivated         Status = 0x6283
	AuthenticationFailed    Status = 0x6300
	WrongLength             Status = 0x6700
	ChainingNotSupported    Status = 0x6884
	SecurityNotSatisfied    Status = 0x6982
	AuthenticationBlocked   Status = 0x6983
	ReferenceDataNotUsable  Status = 0x6984
	ConditionsNotSatisfied  Status = 0x6985
	CommandNotAllowed       Status = 0x6986
	SecureMessagingMissing  Status = 0x6987 // expected secure messaging objects are missing
	SecureMessagingWrong    Status = 0x6988 // secure messaging objects are incorrect
	WrongData               Status = 0x6A80
	FunctionNotSupported    Status = 0x6A81
	FileNotFound            Status = 0x6A82
	WrongParameters         Status = 0x6A86
	ReferenceNotFound       Status = 0x6A88
	OffsetOutside           Status = 0x6B00
	InstructionNotSupported Status = 0x6D00
	ClassNotSupported       Status = 0x6E00
	NoDiagnosis             Status = 0x6F00
)

var meanings = map[Status]string{
	OK:                      "done",
	EndOfFile:               "end of file reached early",
	FileDeactivated:         "file deactivated",
	AuthenticationFailed:    "authentication failed",
	WrongLength:             "wrong length",
	ChainingNotSupported:    "command chaining not supported",
	SecurityNotSatisfied:    "security status not satisfied",
	AuthenticationBlocked:   "authentication method blocked",
	ReferenceDataNotUsable:  "reference data not usable",
	ConditionsNotSatisfied:  "conditions of use not satisfied",
	CommandNotAllowed:       "command not allowed",
	SecureMessagingMissing:  "secure messaging objects missing",
	SecureMessagingWrong:    "secure messaging objects incorrect",
	WrongData:               "wrong data",
	FunctionNotSupported:    "function not supported",
	FileNotFound:            "file not found",
	WrongParameters:         "wrong parameters",
	ReferenceNotFound:       "reference data not found",
	OffsetOutside:           "offset outside the file",
	InstructionNotSupported: "instruction not supported",
	ClassNotSupported:       "class not supported",
	NoDiagnosis:             "no precise diagnosis",
}

// Error returns the status word and what it means: "6A82 file not found".
func (s Status) Error() string {
	if text, known := meanings[s]; known {
		return fmt.Sprintf("%04X %s", uint16(s), text)
	}
	if tries, counted := s.Tries(); counted {
		return fmt.Sprintf("%04X tries left: %d", uint16(s), tries)
	}
	switch s >> 8 {
	case 0x61:
		return fmt.Sprintf("%04X more data available", uint16(s))
	case 0x62, 0x63:
		return fmt.Sprintf("%04X warning", uint16(s))
	case 0x64, 0x65, 0x66:
		return fmt.Sprintf("%04X execution error", uint16(s))
	case 0x6C:
		return fmt.Sprintf("%04X wrong expected length", uint16(s))
	}
	return fmt.Sprintf("%04X", uint16(s))
}

// Err returns nil for OK, else the status itself.
func (s Status) Err() error {
	if s == OK {
		return nil
	}
	return s
}

// Tries returns the number of tries left, 0 to 15, if the status is 63CX.
func (s Status) Tries() (tries int, counted bool) {
	return int(s & 0xF), s&0xFFF0 == 0x63C0
}
