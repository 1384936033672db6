package issuercheck

import "time"

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"      // as it must be
	Warning Level = "warning" // it works, and may not for long or not for everybody
	Bad     Level = "error"   // Entra would refuse tokens for it
	Unknown Level = "unknown" // it can't be told from here
)

// Finding is one thing that was looked at.
type Finding struct {
	Level Level  `json:"level"`
	About string `json:"about"` // what was looked at: url, address, tls, discovery, keys, token, rotation
	Text  string `json:"text"`  // what was found
	// Code is the AADSTS code that it would cause; 0: none, or none that is known
	Code  int    `json:"code,omitempty"`
	Fix   string `json:"fix,omitempty"`   // what to do about it
	Doubt string `json:"doubt,omitempty"` // what is not known for sure about the code
}

// Key is a key that the issuer publishes.
type Key struct {
	ID        string `json:"kid,omitempty"`
	Type      string `json:"kty,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	Bits      int    `json:"bits,omitempty"`   // of an RSA key
	X5C       int    `json:"x5c,omitempty"`    // how many certificates are beside it
	Usable    bool   `json:"usable"`           // a token that it signs can be accepted
	Why       string `json:"why,omitempty"`    // why it is not usable
	Private   bool   `json:"private,omitzero"` // it has its private members
}

// Report is what was found about an issuer.
type Report struct {
	Issuer   string    `json:"issuer"`
	Time     time.Time `json:"time"`
	Asked    bool      `json:"asked"`    // a document was asked for; a URL that can't be one of an issuer is not
	Answered bool      `json:"answered"` // somebody answered at the address
	Findings []Finding `json:"findings"` // in the order in which a sign-in would meet them
	Keys     []Key     `json:"keys,omitempty"`
}

// Verdict is what a report comes to.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted" // Entra would accept the issuer's tokens, as far as was looked
	Refused  Verdict = "refused"  // it would refuse them
	NotKnown Verdict = "unknown"  // nobody who is reached from here tells
)

// Verdict is the worst that the findings say.
func (r Report) Verdict() Verdict {
	verdict := Accepted
	for _, f := range r.Findings {
		switch f.Level {
		case Bad:
			return Refused
		case Unknown:
			verdict = NotKnown
		}
	}
	return verdict
}

func (r *Report) ok(about, text string) {
	r.Findings = append(r.Findings, Finding{Level: OK, About: about, Text: text})
}

func (r *Report) warn(about, text, fix string) {
	r.Findings = append(r.Findings, Finding{Level: Warning, About: about, Text: text, Fix: fix})
}

func (r *Report) unknown(about string, code int, text, fix string) {
	r.Findings = append(r.Findings, Finding{Level: Unknown, About: about, Text: text, Code: code, Fix: fix})
}

func (r *Report) bad(about string, code int, text, fix string) {
	f := Finding{Level: Bad, About: about, Text: text, Code: code, Fix: fix}
	if code == fetchCode {
		f.Doubt = "90061 and 50166 have the same text, and which of the three it is is not known"
	}
	r.Findings = append(r.Findings, f)
}
