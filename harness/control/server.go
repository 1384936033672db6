package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
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
	JournalChanged() <-chan struct{} // closed by the next entry
	Directory() directory.File
	ApplyDirectory(name string, src []byte) (directory.File, error)
}

// Server is the control plane of a process as an http.Handler, made by Handler.
type Server struct {
	Token  string                             // the bearer token every request must carry; empty refuses every request
	Info   func() Info                        // where the planes are
	Worlds func() []World                     // the default one first
	Create func(WorldSpec) (LiveWorld, error) // makes a world
	World  func(id string) (LiveWorld, error) // the error lists nothing: ids are secrets of their makers
	Delete func(id string) error
}

// maxBody bounds a request's body. No request of the API comes near it.
const maxBody = 1 << 20

// Handler routes the API.
func (s *Server) Handler() http.Handler {
	r := mux.NewRouter().UseEncodedPath()
	r.HandleFunc("/v1/info", answer(func(*http.Request, empty) (Info, error) { return s.Info(), nil })).Methods(http.MethodGet)
	r.HandleFunc("/v1/worlds", answer(func(_ *http.Request, spec WorldSpec) (World, error) {
		w, err := s.Create(spec)
		if err != nil {
			return World{}, err
		}
		return w.Describe(), nil
	})).Methods(http.MethodPost)
	r.HandleFunc("/v1/worlds/{world}", onWorld(s, func(w LiveWorld, _ *http.Request, _ empty) (World, error) { return w.Describe(), nil })).Methods(http.MethodGet)
	r.HandleFunc("/v1/worlds/{world}", answer(func(r *http.Request, _ empty) (empty, error) {
		return empty{}, s.Delete(variable(r, "world"))
	})).Methods(http.MethodDelete)

	world := r.PathPrefix("/v1/worlds/{world}").Subrouter()
	world.HandleFunc("/issuers", onWorld(s, func(w LiveWorld, _ *http.Request, _ empty) (List[Issuer], error) {
		return List[Issuer]{Items: w.Issuers()}, nil
	})).Methods(http.MethodGet)
	world.HandleFunc("/issuers", onWorld(s, func(w LiveWorld, _ *http.Request, spec IssuerSpec) (Issuer, error) { return w.AddIssuer(spec) })).Methods(http.MethodPost)
	world.HandleFunc("/faults", onWorld(s, func(w LiveWorld, _ *http.Request, spec FaultsSpec) (empty, error) { return empty{}, w.SetFaults(spec) })).Methods(http.MethodPut)
	world.HandleFunc("/tokens", onWorld(s, func(w LiveWorld, _ *http.Request, spec MintSpec) (Minted, error) { return w.Mint(spec) })).Methods(http.MethodPost)
	world.HandleFunc("/rotations", onWorld(s, func(w LiveWorld, _ *http.Request, spec RotateSpec) (Rotated, error) { return w.Rotate(spec) })).Methods(http.MethodPost)
	world.HandleFunc("/clock", onWorld(s, func(w LiveWorld, _ *http.Request, spec ClockSpec) (World, error) { return w.SetClock(spec) })).Methods(http.MethodPost)
	world.HandleFunc("/applications", onWorld(s, func(w LiveWorld, _ *http.Request, spec ApplicationSpec) (Application, error) {
		return w.AddApplication(spec)
	})).Methods(http.MethodPost)
	world.HandleFunc("/applications/{app}/credentials", onWorld(s, func(w LiveWorld, r *http.Request, c directory.Credential) (directory.Credential, error) {
		return w.AddCredential(variable(r, "app"), c)
	})).Methods(http.MethodPost)
	world.HandleFunc("/applications/{app}/credentials/{name}", onWorld(s, func(w LiveWorld, r *http.Request, c directory.Credential) (directory.Credential, error) {
		return w.UpdateCredential(variable(r, "app"), variable(r, "name"), c)
	})).Methods(http.MethodPatch)
	world.HandleFunc("/applications/{app}/credentials/{name}", onWorld(s, func(w LiveWorld, r *http.Request, _ empty) (empty, error) {
		return empty{}, w.RemoveCredential(variable(r, "app"), variable(r, "name"))
	})).Methods(http.MethodDelete)
	world.HandleFunc("/workloads", onWorld(s, func(w LiveWorld, _ *http.Request, spec WorkloadSpec) (Workload, error) {
		return w.StartWorkload(spec)
	})).Methods(http.MethodPost)
	world.HandleFunc("/workloads/{id}", onWorld(s, func(w LiveWorld, r *http.Request, _ empty) (empty, error) {
		return empty{}, w.EndWorkload(variable(r, "id"))
	})).Methods(http.MethodDelete)
	world.HandleFunc("/directory", onWorld(s, func(w LiveWorld, _ *http.Request, _ empty) (directory.File, error) { return w.Directory(), nil })).Methods(http.MethodGet)
	world.HandleFunc("/journal", onWorld(s, func(w LiveWorld, r *http.Request, _ empty) (Journal, error) {
		after := 0
		if q := r.URL.Query().Get("after"); q != "" {
			var err error
			if after, err = strconv.Atoi(q); err != nil {
				return Journal{}, &Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("control: after=%q: want a number", q)}
			}
		}
		return w.Journal(JournalQuery{After: after}), nil
	})).Methods(http.MethodGet)
	return s.authorized(r)
}

// variable is a part of the path. The router leaves it escaped, so that an escaped slash does not end it.
func variable(r *http.Request, name string) string {
	escaped := mux.Vars(r)[name]
	if value, err := url.PathUnescape(escaped); err == nil {
		return value
	}
	return escaped
}

type empty struct{}

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

// onWorld is answer for requests below a world.
func onWorld[In, Out any](s *Server, do func(LiveWorld, *http.Request, In) (Out, error)) http.HandlerFunc {
	return answer(func(r *http.Request, in In) (Out, error) {
		w, err := s.World(variable(r, "world"))
		if err != nil {
			var none Out
			return none, err
		}
		return do(w, r, in)
	})
}

// answer decodes a request strictly, and encodes the result or the refusal.
func answer[In, Out any](do func(*http.Request, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if _, none := any(in).(empty); !none {
			if refusal := decode(http.MaxBytesReader(w, r.Body, maxBody), &in); refusal != nil {
				refuse(w, refusal)
				return
			}
		}
		out, err := do(r, in)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the client has gone; there is nobody to tell
	}
}

// decode reads one JSON value; an empty body leaves the zero value.
func decode(body io.Reader, into any) *Error {
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	dec.UseNumber() // issuers take claims with such numbers, and faults parameters
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("there is more after the JSON value")
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("control: request body: more than %d bytes", tooLarge.Limit)}
	}
	return &Error{Status: http.StatusBadRequest, Message: "control: request body: " + err.Error()}
}

func refuse(w http.ResponseWriter, err error) {
	refusal := &Error{Status: http.StatusBadRequest, Message: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		refusal.Status = e.Status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status)
	_ = json.NewEncoder(w).Encode(refusal)
}
