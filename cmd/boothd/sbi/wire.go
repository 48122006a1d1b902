package sbi

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"time"
)

// timeLayout is that of every time of the interface; they are UTC.
const timeLayout = "2006-01-02T15:04:05Z"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// text is a value that requests give as a string or as a number.
type text string

// UnmarshalJSON takes a string, a number or null.
func (t *text) UnmarshalJSON(b []byte) error {
	var s *string
	if json.Unmarshal(b, &s) == nil {
		if s != nil {
			*t = text(*s)
		}
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return errors.New("neither string nor number")
	}
	*t = text(n)
	return nil
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

// number returns a whole number of 0 to most, and false for anything else.
func (t text) number(most int) (int, bool) {
	if !digits.MatchString(string(t)) {
		return 0, false
	}
	n, err := strconv.Atoi(string(t))
	return n, err == nil && n <= most
}

// discoverRequest is the body of MOSIPDISC.
type discoverRequest struct {
	Type string `json:"type"`
}

// streamRequest is the body of STREAM.
type streamRequest struct {
	DeviceID    string `json:"deviceId"`
	DeviceSubID text   `json:"deviceSubId"`
	Timeout     text   `json:"timeout"` // milliseconds
}

// captureRequest is the body of RCAPTURE and CAPTURE.
type captureRequest struct {
	Env           string       `json:"env"`
	Purpose       string       `json:"purpose"`
	SpecVersion   string       `json:"specVersion"`
	Timeout       text         `json:"timeout"` // milliseconds
	DomainURI     string       `json:"domainUri"`
	TransactionID string       `json:"transactionId"`
	Bio           []bioRequest `json:"bio"`
}

// bioRequest is what is to be captured of one device.
type bioRequest struct {
	Type           string   `json:"type"`
	Count          text     `json:"count"`
	BioSubType     []string `json:"bioSubType"`
	Exception      []string `json:"exception"`
	RequestedScore text     `json:"requestedScore"`
	DeviceID       string   `json:"deviceId"`
	DeviceSubID    text     `json:"deviceSubId"`
	PreviousHash   string   `json:"previousHash"`
}

// discovery describes a device in the answer of MOSIPDISC.
type discovery struct {
	DeviceID       string   `json:"deviceId"`
	DeviceStatus   string   `json:"deviceStatus"`
	Certification  string   `json:"certification"`
	ServiceVersion string   `json:"serviceVersion"`
	DeviceSubID    []string `json:"deviceSubId"`
	CallbackID     string   `json:"callbackId"`
	DigitalID      string   `json:"digitalId"` // not signed
	DeviceCode     string   `json:"deviceCode"`
	SpecVersion    []string `json:"specVersion"`
	Purpose        Purpose  `json:"purpose"`
	Error          fault    `json:"error"`
}

// infoAnswer is one device in the answer of MOSIPDINFO.
type infoAnswer struct {
	DeviceInfo string `json:"deviceInfo"` // signed
	Error      fault  `json:"error"`
}

// deviceInfo is what infoAnswer signs.
type deviceInfo struct {
	DeviceStatus   string   `json:"deviceStatus"`
	DeviceID       string   `json:"deviceId"`
	Firmware       string   `json:"firmware"`
	Certification  string   `json:"certification"`
	ServiceVersion string   `json:"serviceVersion"`
	DeviceSubID    []string `json:"deviceSubId"`
	CallbackID     string   `json:"callbackId"`
	DigitalID      string   `json:"digitalId"` // signed
	DeviceCode     string   `json:"deviceCode"`
	Env            string   `json:"env"`
	Purpose        Purpose  `json:"purpose"`
	SpecVersion    []string `json:"specVersion"`
}

// digitalID says which device it is.
type digitalID struct {
	SerialNo         string `json:"serialNo"`
	Make             string `json:"make"`
	Model            string `json:"model"`
	Type             string `json:"type"`
	DeviceSubType    string `json:"deviceSubType"`
	DeviceProvider   string `json:"deviceProvider"`
	DeviceProviderID string `json:"deviceProviderId"`
	DateTime         string `json:"dateTime"`
}

// errorAnswer is a failure that has no other form.
type errorAnswer struct {
	Error fault `json:"error"`
}

// captureAnswer answers RCAPTURE and CAPTURE.
type captureAnswer struct {
	Biometrics []biometric `json:"biometrics"`
}

// biometric is one finger or face. The last two but the error are CAPTURE's only.
type biometric struct {
	SpecVersion string  `json:"specVersion"`
	Data        string  `json:"data"` // signed
	Hash        string  `json:"hash"`
	SessionKey  *string `json:"sessionKey,omitempty"`
	Thumbprint  *string `json:"thumbprint,omitempty"`
	Error       fault   `json:"error"`
}

// captureData is what biometric signs.
type captureData struct {
	DigitalID            string  `json:"digitalId"` // signed
	DeviceCode           string  `json:"deviceCode"`
	DeviceServiceVersion string  `json:"deviceServiceVersion"`
	BioType              string  `json:"bioType"`
	BioSubType           string  `json:"bioSubType,omitempty"` // not of faces
	Purpose              Purpose `json:"purpose"`
	Env                  string  `json:"env"`
	DomainURI            *string `json:"domainUri,omitempty"` // CAPTURE's only
	BioValue             string  `json:"bioValue"`
	TransactionID        string  `json:"transactionId"`
	Timestamp            string  `json:"timestamp"`
	RequestedScore       string  `json:"requestedScore"`
	QualityScore         string  `json:"qualityScore"`
}
