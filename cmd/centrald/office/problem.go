package office

import (
	"encoding/json"
	"errors"
	"net/http"

	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/release"
	"boothd/internal/signed"
	"boothd/sync/grant"
	"boothd/sync/signin"
	"boothd/sync/system"
)

// problem is an error for the officer (RFC 9457): what is the matter in one sentence, and
// what to do next. It never holds the text of an error.
type problem struct {
	Type   string `json:"type"` // "urn:boothd:problem:" and the code
	Title  string `json:"title"`
	Status int    `json:"status"`
	Next   string `json:"next"`

	code string
}

func (p *problem) Error() string { return p.Title }

func newProblem(status int, code, title, next string) *problem {
	return &problem{Type: "urn:boothd:problem:" + code, Title: title, Status: status, Next: next, code: code}
}

func (p *problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // who hung up does not miss it
}

func errInternal() *problem {
	return newProblem(http.StatusInternalServerError, "internal",
		"Central could not do this.", "Try again. If it happens again, call technical support.")
}

func errNotThere() *problem {
	return newProblem(http.StatusNotFound, "not-there", "There is nothing here.", "Go back to the first page.")
}

func errSignIn() *problem {
	return newProblem(http.StatusUnauthorized, "sign-in", "Nobody is signed in, or the session has ended.", "Sign in again.")
}

func errForeign() *problem {
	return newProblem(http.StatusForbidden, "origin", "This request does not come from the office's own page.", "Open the office's own page.")
}

func errRole() *problem {
	return newProblem(http.StatusForbidden, "role", "Your role does not permit this.", "Ask somebody whose work it is.")
}

func errNotLogged() *problem {
	return newProblem(http.StatusServiceUnavailable, "not-logged",
		"Central cannot keep its record of who does what, so nothing is done.", "Try again. If it happens again, call technical support.")
}

func errBody(title string) *problem {
	return newProblem(http.StatusUnprocessableEntity, "not-allowed", title, "Correct it, then send it again.")
}

// asProblem turns an error into what the officer reads.
func asProblem(err error) *problem {
	var p *problem
	var refusal *release.Refusal
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refusal):
		return errRelease(refusal)
	case errors.Is(err, system.ErrRefused):
		return errBody("What is said of the person is too long, not a date, or holds characters that do not print.")
	}
	for _, known := range []func(error) *problem{linkProblem, caseProblem, grantProblem, signInProblem} {
		if p := known(err); p != nil {
			return p
		}
	}
	return errInternal()
}

func linkProblem(err error) *problem {
	switch {
	case errors.Is(err, identity.ErrNoLink), errors.Is(err, identity.ErrNoItem):
		return newProblem(http.StatusNotFound, "no-link", "There is no such link or work.", "Look at the list again; somebody may have finished it.")
	case errors.Is(err, identity.ErrTaken):
		return newProblem(http.StatusConflict, "taken", "Another officer has taken this.", "Choose other work, or ask the officer to give it back.")
	case errors.Is(err, identity.ErrVerified):
		return newProblem(http.StatusConflict, "verified", "The link was verified otherwise.", "Have it reopened if that was wrong.")
	case errors.Is(err, identity.ErrColour):
		return errBody("A link is verified as white, green or red.")
	case errors.Is(err, identity.ErrWhy):
		return errBody("The reason is missing, too short or too long. Red needs at least 20 characters.")
	}
	return nil
}

func caseProblem(err error) *problem {
	switch {
	case errors.Is(err, identity.ErrNotYours):
		return newProblem(http.StatusNotFound, "no-case", "You have no such case under this profile.", "Look at your list of cases.")
	case errors.Is(err, identity.ErrIncomplete):
		return errBody("The case lacks something: purpose, offence, file reference, or who it is about.")
	case errors.Is(err, identity.ErrExpired):
		return newProblem(http.StatusConflict, "flag-expired", "The flag has expired.", "Decline what is left and close the case, or open a new one.")
	case errors.Is(err, identity.ErrClosed):
		return newProblem(http.StatusConflict, "case-closed", "The case is closed.", "Open a new one.")
	case errors.Is(err, identity.ErrPending):
		return newProblem(http.StatusConflict, "case-pending", "A flagged system was neither asked nor declined.", "Ask it, or record why it is not asked.")
	case errors.Is(err, identity.ErrNotFlagged):
		return newProblem(http.StatusConflict, "not-flagged", "The case does not flag this system.", "Choose one that it flags.")
	case errors.Is(err, identity.ErrDone):
		return newProblem(http.StatusConflict, "done", "This system was asked or declined already, or is being asked.", "Go on with another one.")
	}
	return nil
}

func grantProblem(err error) *problem {
	const next = "Look at who gave the authorisation, what for, about whom and until when, or ask for a new one."
	for _, known := range []error{grant.ErrAuthority, grant.ErrScope, grant.ErrSubject, grant.ErrNotYet, grant.ErrExpired,
		grant.ErrRevoked, grant.ErrOldList, grant.ErrUsed, signed.ErrNotValid} {
		if errors.Is(err, known) {
			return newProblem(http.StatusUnprocessableEntity, "grant", "The authorisation does not count for this.", next)
		}
	}
	return nil
}

func signInProblem(err error) *problem {
	switch {
	case errors.Is(err, signin.ErrNotYet):
		return newProblem(http.StatusUnauthorized, "clock", "The clocks of central and of the sign-in service differ.", "Call technical support.")
	case errors.Is(err, signin.ErrExpired):
		return newProblem(http.StatusUnauthorized, "expired-token", "This token has expired.", "Sign in again.")
	case errors.Is(err, signin.ErrNotValid):
		return newProblem(http.StatusUnauthorized, "wrong-token", "This token does not count here.", "Sign in again.")
	case errors.Is(err, signin.ErrRefused):
		return newProblem(http.StatusUnauthorized, "sign-in-refused", "The sign-in was refused.", "Sign in again.")
	case errors.Is(err, signin.ErrUnreachable):
		return newProblem(http.StatusServiceUnavailable, "sign-in-unreachable", "The sign-in service does not answer.", "Try again in a moment.")
	}
	return nil
}

// errRelease says why nothing is released. That was recorded.
func errRelease(r *release.Refusal) *problem {
	title, next := "Nothing is released.", "Look at the request again."
	switch r.Reason {
	case release.ReasonRecipient:
		title, next = "Such a recipient gets nothing.", "Data goes to the own authority, law enforcement, agencies of the Union, and organisations under a protocol."
	case release.ReasonIncomplete:
		title = "Recipient, purpose and legal basis must be stated, in at most 256 characters each."
	case release.ReasonProtocol:
		title, next = "No protocol with this organisation is in force under this name.", "Name the protocol and the organisation as the agreement does."
	case release.ReasonFields:
		title, next = "Nothing of what was asked for is for this recipient.", "Ask for fields that the recipient may get."
	case release.ReasonMinor:
		title, next = "This is, or may be, the data of a minor.", "It needs the permission of the public prosecutor about this person."
	}
	return newProblem(http.StatusForbidden, "release-"+string(r.Reason), title, next)
}
