// Package paste reads what people paste when a sign-in has failed: the output of a terminal, a log of a pipeline, a body
// of JSON, a comment on an issue. It finds the messages of Microsoft Entra in them, whatever frames, folds and escapes
// have been put around their words, and says what it had to assume to read them.
//
// It knows messages by the table of the emulator, [github.com/issuerd/issuerd/harness/entra.Codes]: by their number, by
// their sentence, or by both. It does not guess: a text without a message of Entra's has none.
package paste

import "time"

// Basis says what a message was known by.
type Basis string

// What messages are known by.
const (
	ByNumber   Basis = "number"   // AADSTS700213 alone, or with words that are of no sentence
	BySentence Basis = "sentence" // "No matching federated identity record found …", without a number
	ByBoth     Basis = "both"     // they agree
	ByConflict Basis = "conflict" // the number is another than that of the sentence; Message.Sentence has the sentence's
)

// Message is a message of Entra's that a text has, once however often the text repeats it.
type Message struct {
	Code     int   `json:"code"`               // the number that the text gives, or that of its sentence if it gives none
	Basis    Basis `json:"basis"`              // what it was known by
	Sentence int   `json:"sentence,omitempty"` // with ByConflict, the number that the sentence belongs to

	// Values are what the sentence prints, by the name that Code.Message has for the place, such as iss, sub, aud, kid,
	// appId, tenant. What is not printed is not in it.
	Values map[string]Value `json:"values,omitempty"`

	TraceID       string    `json:"traceId,omitempty"`
	CorrelationID string    `json:"correlationId,omitempty"`
	Time          time.Time `json:"time,omitzero"` // of the answer, as Entra printed it
	OAuth         string    `json:"error,omitempty"`
	Status        int       `json:"status,omitempty"` // the HTTP status, if the text has it
	Text          string    `json:"text"`             // the message as it was before it was pasted, without tokens
	Notes         []string  `json:"notes,omitempty"`  // what had to be repaired or assumed to read it, a sentence each
}

// Value is one that a message prints. One that is masked or cut must not be compared as if it were whole.
type Value struct {
	Text   string `json:"text"`
	Masked bool   `json:"masked,omitempty"` // hidden by who pasted it, or by the tool: ***, <branch>, xxxx
	Cut    bool   `json:"cut,omitempty"`    // it ends, or begins, before it should
	Doubt  string `json:"doubt,omitempty"`  // why it may be another, such as a slash that a comment box adds
}

// Whole says whether the value can be compared.
func (v Value) Whole() bool { return !v.Masked && !v.Cut }

// Result is what a text has.
type Result struct {
	Messages []Message `json:"messages"` // in the order of the text; those that Entra answered, not a table of codes
	// None says why there is no message: what the text looks like instead, and what to look for. Empty with messages.
	None string `json:"none,omitempty"`
	// Beside is what the text says of the sign-in beside its messages: iss, sub, aud and job_workflow_ref as azure/login
	// logs them of the token, the host and the tenant that were asked, and clientId. What is not said is not in it.
	Beside map[string]Value `json:"beside,omitempty"`
	// Tokens are compact tokens that the text has in it, such as one in a request that was logged. They are secrets.
	Tokens []string `json:"-"`
	Notes  []string `json:"notes,omitempty"` // what holds for the text as a whole
}
