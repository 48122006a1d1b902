package sbi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// capture serves RCAPTURE and CAPTURE.
func (s *Server) capture(w http.ResponseWriter, r *http.Request, v verb, body []byte) {
	var q captureRequest
	if json.Unmarshal(body, &q) != nil {
		s.refuse(w, v, specVersions[0], badJSON)
		return
	}
	found, c := s.run(w, r, v, &q)
	if c != success {
		s.refuse(w, v, specOf(&q), c)
		return
	}
	s.answer(w, captureAnswer{found})
}

// refuse answers with an error in the form of a capture.
func (s *Server) refuse(w http.ResponseWriter, v verb, spec string, c code) {
	b := biometric{SpecVersion: spec, Error: c.fault()}
	if v == verbAuth {
		b.SessionKey, b.Thumbprint = new(string), new(string)
	}
	s.answer(w, captureAnswer{[]biometric{b}})
}

// run is a capture from its request to what is answered.
func (s *Server) run(w http.ResponseWriter, r *http.Request, v verb, q *captureRequest) ([]biometric, code) {
	if s.cfg.Purpose != v.purpose() {
		return nil, wrongPurpose.of(v)
	}
	o, c := q.check(v, s.cfg.Env)
	if c != success {
		return nil, c
	}
	d, c := s.ready(o)
	if c != success {
		return nil, c
	}
	if !s.capturing.TryLock() {
		return nil, inProgress.of(v)
	}
	defer s.capturing.Unlock()
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(o.timeout + writeTimeout))

	h, c := s.acquire(r.Context(), &d)
	if c != success {
		return nil, c
	}
	defer s.leave(h)
	defer h.finish()
	defer s.fallSilent()
	s.cfg.Log.Info("capture for a kiosk begins", "device", d.Address, "kind", o.kind, "count", len(o.subs))
	shots, c := s.take(r.Context(), h, o)
	s.cfg.Log.Info("capture for a kiosk ended", "device", d.Address, "code", int(c))
	if c != success {
		return nil, c
	}
	found, err := s.answers(&d, o, shots)
	if err != nil {
		s.cfg.Log.Error("capture for a kiosk not answered", "device", d.Address, "err", err)
		return nil, noExtraction
	}
	return found, success
}

// ready finds the device of an order and says why it cannot be used.
func (s *Server) ready(o *order) (device, code) {
	d, ok := s.find(o.device)
	switch {
	case !ok:
		return d, unknownID.of(o.verb)
	case d.kind != o.kind:
		return d, otherType
	case s.cfg.Identity.usable() != nil:
		return d, keyExpired
	case o.verb == verbAuth && s.cfg.Domain == nil:
		return d, noDomainKey
	}
	return d, success
}

// answers makes the signed answer of what was taken, each part chained to the one before.
func (s *Server) answers(d *device, o *order, shots []shot) ([]biometric, error) {
	id, err := s.cfg.Identity.sign(s.digitalID(d))
	if err != nil {
		return nil, err
	}
	hash := newChain(o.previous)
	var found []biometric
	for i := range shots {
		record, err := shots[i].record(o.verb)
		if err != nil {
			return nil, err
		}
		hash.add(record)
		b := biometric{SpecVersion: o.spec, Hash: hash.String(), Error: success.fault()}
		data := captureData{
			DigitalID: id, DeviceCode: d.serial(), DeviceServiceVersion: s.cfg.Version,
			BioType: o.kind, BioSubType: shots[i].sub, Purpose: o.verb.purpose(), Env: s.cfg.Env,
			BioValue: encode(record), TransactionID: o.transaction, Timestamp: stamp(s.cfg.Now()),
			RequestedScore: strconv.Itoa(o.score), QualityScore: strconv.Itoa(shots[i].score),
		}
		if o.verb == verbAuth {
			var key string
			if data.BioValue, key, err = s.cfg.Domain.seal(record, data.Timestamp, o.transaction); err != nil {
				return nil, err
			}
			data.DomainURI, b.SessionKey, b.Thumbprint = &o.domain, &key, &s.cfg.Domain.thumbprint
		}
		if b.Data, err = s.cfg.Identity.sign(&data); err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}
