package sbi

import (
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"boothd/capture"
)

// verb is what a capture is for: the two differ in codes, in what they accept and in what
// they answer.
type verb string

const (
	verbRegistration verb = "RCAPTURE"
	verbAuth         verb = "CAPTURE"
)

// purpose is the purpose of those who use the verb.
func (v verb) purpose() Purpose {
	if v == verbAuth {
		return Auth
	}
	return Registration
}

// Types of what is captured.
const (
	typeFinger = "Finger"
	typeFace   = "Face"
	typeIris   = "Iris"
)

// unknownFinger is the sub-type of a finger of which nobody says which it is.
const unknownFinger = "UNKNOWN"

// positions are the fingers by their names on the wire.
var positions = map[string]capture.FingerPosition{
	"Right Thumb": 1, "Right IndexFinger": 2, "Right MiddleFinger": 3, "Right RingFinger": 4, "Right LittleFinger": 5,
	"Left Thumb": 6, "Left IndexFinger": 7, "Left MiddleFinger": 8, "Left RingFinger": 9, "Left LittleFinger": 10,
	unknownFinger: 0,
}

// slaps are the fingers of each deviceSubId but 0, in the order in which they are asked for.
var slaps = map[int][]string{
	1: {"Left IndexFinger", "Left MiddleFinger", "Left RingFinger", "Left LittleFinger"},
	2: {"Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger"},
	3: {"Left Thumb", "Right Thumb"},
}

// specVersions are those that this package speaks, the first where a request names no other.
var specVersions = []string{"0.9.5", "1.0.0"}

// maxTimeout is the longest that a request may wait.
const maxTimeout = 5 * time.Minute

const maxScore = 100

var transactionID = regexp.MustCompile(`^[A-Za-z0-9-]{4,50}$`)

// order is a capture request that was checked.
type order struct {
	verb        verb
	spec        string
	timeout     time.Duration
	domain      string
	transaction string
	kind        string // of biometric
	subs        []string
	score       int
	device      string
	previous    []byte // the hash before; empty if there is none
}

// specOf is the version to answer in.
func specOf(r *captureRequest) string {
	if slices.Contains(specVersions, r.SpecVersion) {
		return r.SpecVersion
	}
	return specVersions[0]
}

// check makes an order of the request, or says what is wrong with it.
func (r *captureRequest) check(v verb, env string) (*order, code) {
	ms, ok := r.Timeout.number(int(maxTimeout / time.Millisecond))
	switch {
	case r.Env != env:
		return nil, badEnv
	case Purpose(r.Purpose) != v.purpose():
		return nil, badPurpose
	case !transactionID.MatchString(r.TransactionID):
		return nil, badTransaction
	case !ok || ms == 0 || len(r.DomainURI) > 2048:
		return nil, badJSON
	case len(r.Bio) != 1:
		return nil, manyBios
	}
	o := &order{verb: v, spec: specOf(r), timeout: time.Duration(ms) * time.Millisecond, domain: r.DomainURI, transaction: r.TransactionID}
	if c := o.take(&r.Bio[0]); c != success {
		return nil, c
	}
	return o, success
}

// take takes over what is asked of the device.
func (o *order) take(b *bioRequest) code {
	score, scoreOK := b.RequestedScore.number(maxScore)
	sub, subOK := b.DeviceSubID.number(3)
	previous, err := hex.DecodeString(b.PreviousHash)
	switch {
	case b.Type != typeFinger && b.Type != typeFace && b.Type != typeIris:
		return badType
	case b.DeviceID == "":
		return noID.of(o.verb)
	case !scoreOK || !subOK && b.DeviceSubID != "" || err != nil || len(previous) != 0 && len(previous) != hashSize:
		return badJSON
	}
	o.kind, o.score, o.device, o.previous = b.Type, score, b.DeviceID, previous
	if b.Type == typeFinger {
		return o.takeFingers(b, sub)
	}
	count, ok := b.Count.number(10)
	switch {
	case len(named(b.BioSubType)) > 0 && b.Type == typeFace:
		return foreignSub
	case !ok || count != 1 && b.Type == typeFace:
		return badCount
	}
	o.subs = []string{""}
	return success
}

// takeFingers finds out which fingers are meant: those that are named, or those of the slap,
// or any.
func (o *order) takeFingers(b *bioRequest, slap int) code {
	subs, exceptions := named(b.BioSubType), named(b.Exception)
	if o.verb == verbAuth {
		exceptions = nil
	}
	count, ok := b.Count.number(10)
	switch {
	case !ok || count == 0:
		return badCount
	case slices.ContainsFunc(subs, isNoFinger):
		return badSubType
	case slices.ContainsFunc(exceptions, func(s string) bool { return isNoFinger(s) || s == unknownFinger }):
		return badException
	case slices.ContainsFunc(subs, func(s string) bool { return slices.Contains(exceptions, s) }):
		return exceptedAsked
	}
	if len(subs) == 0 {
		subs = slices.DeleteFunc(slices.Clone(slaps[slap]), func(s string) bool { return slices.Contains(exceptions, s) })
	}
	for slap == 0 && len(subs) < count && (len(subs) == 0 || subs[0] == unknownFinger) {
		subs = append(subs, unknownFinger)
	}
	if len(subs) != count || twice(subs) {
		return countMismatch
	}
	o.subs = subs
	return success
}

func isNoFinger(s string) bool {
	_, ok := positions[s]
	return !ok
}

// twice reports whether a finger that is named is named twice.
func twice(subs []string) bool {
	for i, s := range subs {
		if s != unknownFinger && slices.Contains(subs[:i], s) {
			return true
		}
	}
	return false
}

// named leaves out the nulls and empty strings that some clients put in lists.
func named(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}
