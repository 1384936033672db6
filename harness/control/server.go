package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// LiveWorld is what the API drives: a world with its issuers, directory, clock and journal. Its methods are safe for
// concurrent use, and their errors are for the caller to read.
type LiveWorld interface {
	Describe() World
	AddIssuer(IssuerSpec) (Issuer, error)
	Issuers() []Issuer
	Keys(issuer string) ([]Key, error) // of all issuers when it is empty
	Publish(PublishSpec) ([]Key, error)
	Rotate(RotateSpec) (Rotated, error)
	Faults(issuer string) ([]FaultInForce, error) // of all issuers when it is empty
	SetFaults(FaultsSpec) error
	SetFault(FaultSpec) (FaultInForce, error)
	ClearFault(issuer, name string) error
	Mint(MintSpec) (Minted, error)
	SetClock(ClockSpec) (World, error)
	Applications() []Application
	Application(nameOrClientID string) (Application, error)
	AddApplication(ApplicationSpec) (Application, error)
	RemoveApplication(nameOrClientID string) error
	AddCredential(app string, c directory.Credential) (directory.Credential, error)
	UpdateCredential(app, name string, c directory.Credential) (directory.Credential, error)
	RemoveCredential(app, name string) error
	SignIn(context.Context, SignInSpec) (SignedIn, error)
	Workloads() []Workload // without their environments
	Workload(id string) (Workload, error)
	StartWorkload(WorkloadSpec) (Workload, error)
	EndWorkload(id string) error
	Journal(JournalQuery) Journal    // it does not wait
	JournalChanged() <-chan struct{} // closed by the next entry, and by the world's end
	Directory() directory.File
	ApplyDirectory(name string, src []byte) (directory.File, error) // the empty name is directory
}

// Server is the control plane of a process as an http.Handler, made by Handler.
type Server struct {
	Token     string                             // the bearer token every request must carry; empty refuses every request
	Info      func() Info                        // where the planes are
	Platforms func() []Platform                  // that issuers may be of
	Faults    func() []FaultKind                 // that issuers may have
	Worlds    func() []World                     // the default one first
	Create    func(WorldSpec) (LiveWorld, error) // makes a world
	World     func(id string) (LiveWorld, error) // the error lists nothing: ids are secrets of their makers
	Delete    func(id string) error

	// Stopping is closed when the process stops, so that nobody waits for an entry any longer; nil: it never is.
	Stopping <-chan struct{}
	// After calls a function when that much of the real time has passed, unless stop is called before; nil:
	// time.AfterFunc.
	After func(d time.Duration, f func()) (stop func() bool)
}

// Handler routes the API. Its OpenAPI document needs no token.
func (s *Server) Handler() http.Handler {
	api := s.authorized(s.router())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/openapi.json" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(openAPI) // the client has gone; there is nobody to tell
			return
		}
		api.ServeHTTP(w, r)
	})
}

// authorized lets only the bearer of the token through.
func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Token == "" || !issuer.Shows(r, s.Token, "Bearer") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, &Error{Status: http.StatusUnauthorized, Message: "control: want the bearer token that the farm printed at its start (ISSUERD_CONTROL_TOKEN)"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// send writes an answer. An error means that the client has gone: there is nobody to tell.
func send(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// maxMessage bounds the text of a refusal in bytes.
const maxMessage = 4 << 10

// refuse answers with an error, which is a 400 unless it says otherwise.
func refuse(w http.ResponseWriter, err error) {
	refusal := Error{Message: err.Error()}
	if len(refusal.Message) > maxMessage { // it repeats what was sent
		refusal.Message = strings.ToValidUTF8(refusal.Message[:maxMessage], "") + "…"
	}
	var e *Error
	if errors.As(err, &e) {
		refusal.Status, refusal.Member, refusal.Hint = e.Status, e.Member, e.Hint
	} else if broken := directory.BrokenRules(err); len(broken) > 0 {
		refusal.Member = broken[0].Path
	}
	if unknown := (*wording.UnknownError)(nil); refusal.Hint == "" && errors.As(err, &unknown) {
		refusal.Hint = unknown.Hint()
	}
	if refusal.Status == 0 {
		refusal.Status = http.StatusBadRequest
	}
	send(w, refusal.Status, refusal)
}
