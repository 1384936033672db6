package explain

import (
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// Report is what a case comes to. As JSON its members are stable: new ones may be added, those there are stay as they
// are. It never has a token or a signature in it.
type Report struct {
	Errors  []Error  `json:"errors,omitempty"`  // the messages of Entra's that the inputs have
	SignIns []SignIn `json:"signIns,omitempty"` // what was presented, examined with the emulator's own checks
	Jobs    []Job    `json:"jobs,omitempty"`    // the jobs of workflows and pipelines, and who would accept them
	// Scenario is of a scenario's file: its cases, and what each would do.
	Scenario []string `json:"scenario,omitempty"`
	Notes    []string `json:"notes,omitempty"` // what had to be assumed, and what could not be said
}

// Error is a message of Entra's, explained.
type Error struct {
	paste.Message
	Name string `json:"name"`           // such as AADSTS700213
	From string `json:"from,omitempty"` // the input; "": none, somebody asked about the code
	Code *Code  `json:"row,omitempty"`  // nil: the code is not known here
	// Conflict says that number and sentence of the text contradict each other, and which of them counts: the rest is about
	// that one. "": they do not.
	Conflict string `json:"conflict,omitempty"`
	// Wording is the code's text with the message's values in it.
	Wording string   `json:"wording,omitempty"`
	Follows []string `json:"follows,omitempty"` // what is known because this code was answered and no other
	Causes  []Cause  `json:"causes,omitempty"`  // known causes that the checks cannot see
}

// ownWords are the words after the number where they are of no sentence of Entra's that is known; "": there are none,
// they are a sentence, or a value of the number's kind stands in them, as in a translation.
func (e *Error) ownWords() string {
	_, words, _ := strings.Cut(e.Text, ": ")
	if e.Basis == paste.ByNumber && (len(e.Values) == 0 || e.Code == nil) || e.Basis == paste.ByConflict && !e.quotesSentence() {
		return words
	}
	return ""
}

// quotesSentence tells whether the words are the sentence of Message.Sentence, and do not only speak of its cause.
func (e *Error) quotesSentence() bool {
	row, _ := entra.Lookup(e.Sentence)
	_, words, _ := strings.Cut(e.Text, ": ")
	begin, _, _ := strings.Cut(row.Message, "{")
	size := min(len(begin), len(words), 20)
	return size > 0 && strings.EqualFold(begin[:size], words[:size])
}

// Code is what is known about a code: its row of the emulator's table, and its place in the order of the checks.
type Code struct {
	entra.Code
	Place *entra.Place `json:"place,omitempty"` // nil: no check answers it
}

// SignIn is one assertion that was presented, as far as it is known, and what the checks say about it.
type SignIn struct {
	From        string            `json:"from"`            // what it was read from
	Error       string            `json:"error,omitempty"` // the error that this sign-in got, such as AADSTS700213; "": not known
	Presented   Presented         `json:"presented"`       //
	Token       *Token            `json:"token,omitempty"` // nil: it is not at hand, only what an error or a journal says
	Credentials []CredentialMatch `json:"credentials,omitempty"`
	// Answer is what Entra answers, going by the checks that could be made. nil: none of them refuses.
	Answer *Answer `json:"answer,omitempty"`
	// Next are the answers that would follow, one by one, once what the first is about has been mended.
	Next           []Answer      `json:"next,omitempty"`
	Cause          string        `json:"cause"` // in one sentence
	Causes         []Cause       `json:"causes,omitempty"`
	Fixes          []Fix         `json:"fixes,omitempty"`
	Contradictions []string      `json:"contradictions,omitempty"` // between the inputs
	Checks         []entra.Check `json:"checks"`                   // in Entra's order

	code  int      // of Error
	times timeline // of the assertion
	// printedKey is the hexadecimal form of the kid, if the error prints that
	printedKey string
}

// Presented is what an assertion says. What is empty is not known.
type Presented struct {
	Issuer   string   `json:"issuer,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Audience []string `json:"audience,omitempty"`
	KeyID    string   `json:"keyId,omitempty"`
	Times    string   `json:"times,omitempty"`    // in words, if an error says them
	Platform string   `json:"platform,omitempty"` // who issues such tokens, for people
	Masked   []string `json:"masked,omitempty"`   // claims whose value is hidden, so that it was not compared
	Doubts   []string `json:"doubts,omitempty"`   // why a value may be another than it is here
}

// Token is what a token says.
type Token struct {
	Header  map[string]any  `json:"header"`
	Claims  map[string]any  `json:"claims"`
	Times   string          `json:"times"` // in words
	Issued  *time.Time      `json:"issued,omitempty"`
	Expires *time.Time      `json:"expires,omitempty"`
	Means   []ClaimMeaning  `json:"means,omitempty"` // what the platform's claims mean, in the order to read them
	Issuer  *IssuerPlatform `json:"issuer,omitempty"`
	Notes   []string        `json:"notes,omitempty"`
}

// ClaimMeaning is what a claim of a platform says.
type ClaimMeaning struct {
	Claim string `json:"claim"`
	Value string `json:"value"`
	Means string `json:"means"`
}

// CredentialMatch is a federated credential beside an assertion.
type CredentialMatch struct {
	Name     string     `json:"name"`
	From     string     `json:"from"`            // what it was read from
	Owner    string     `json:"owner,omitempty"` // whose it is, for people
	Compared []Compared `json:"compared,omitempty"`
	Verdict  Verdict    `json:"verdict"`
	Unknown  []string   `json:"unknown,omitempty"` // fields that the input does not say literally, and what stands there

	far  int  // how far it is from what was presented
	open bool // a field that decides is not literal
}

// Verdict says whether a credential accepts an assertion.
type Verdict string

// The verdicts.
const (
	Accepts    Verdict = "accepts"
	Differs    Verdict = "differs"
	Undecided  Verdict = "not known" // what could be compared agrees
	Incomplete Verdict = "nothing to compare"
)

// Answer is what Entra answers at a check.
type Answer struct {
	Number     int              `json:"code"`
	Name       string           `json:"name"`    // such as AADSTS700213
	Message    string           `json:"message"` // the text with its values
	OAuth      string           `json:"error"`
	Status     int              `json:"status"` // of HTTP
	Check      string           `json:"check"`
	Place      int              `json:"place"` // of the check, from 1
	Of         int              `json:"of"`
	Note       string           `json:"note,omitempty"` // what the check found
	Confidence entra.Confidence `json:"confidence"`     // of the message
	Doubt      string           `json:"doubt,omitempty"`
	OrderKnown bool             `json:"orderKnown"`       // the check's place is known from reports; otherwise it is inferred
	NotMade    []string         `json:"notMade"`          // the checks that come later, which Entra does not make any more
	If         []string         `json:"unless,omitempty"` // what could not be checked before, and may be refused first
}

// Cause is a cause that public reports tell of, and that the checks cannot see.
type Cause struct {
	Words  string `json:"words"`
	Fix    string `json:"fix"`
	Sure   string `json:"sure"` // how sure that it is the cause
	Source string `json:"source"`
}

// Fix is one way out.
type Fix struct {
	Words    string    `json:"words"`
	Commands []Command `json:"commands,omitempty"`
}

// Command is how to do it with one tool.
type Command struct {
	Tool string `json:"tool"` // az, graph, arm, terraform, bicep, workflow, kubernetes
	Text string `json:"text"`
}

// Job is a job of a workflow or a pipeline.
type Job struct {
	Platform string       `json:"platform"`
	Workflow string       `json:"workflow,omitempty"`
	Name     string       `json:"name"`
	From     string       `json:"from"`
	Line     int          `json:"line,omitempty"`
	Refused  string       `json:"refused,omitempty"` // why it would get no token
	Subjects []JobSubject `json:"subjects,omitempty"`
	Notes    []string     `json:"notes,omitempty"`
}

// JobSubject is a subject that a job would have.
type JobSubject struct {
	When       string          `json:"when,omitempty"`
	Subject    string          `json:"subject"` // with {placeholders} for what the file does not say
	Issuer     string          `json:"issuer,omitempty"`
	Audience   string          `json:"audience,omitempty"`
	Doubt      string          `json:"doubt,omitempty"`
	AcceptedBy []string        `json:"acceptedBy,omitempty"` // credentials, of which everything agrees
	AcceptedIf []JobAcceptance `json:"acceptedIf,omitempty"` // those that agree as far as it is known
	Presented  bool            `json:"presented,omitempty"`  // a token or an error at hand has it
	Differs    []string        `json:"differs,omitempty"`    // how the nearest credential differs, in words
}

// JobAcceptance is a credential that accepts a job's token on conditions.
type JobAcceptance struct {
	Credential string   `json:"credential"`
	If         []string `json:"if"` // what the inputs do not say and has to be so
}

// Empty tells whether the inputs said nothing that could be explained.
func (r Report) Empty() bool {
	said := func(e Error) bool { return e.Code != nil || e.From != "" }
	return !slices.ContainsFunc(r.Errors, said) && len(r.SignIns) == 0 && len(r.Jobs) == 0 && len(r.Scenario) == 0
}
