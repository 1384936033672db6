package terraform

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// admin is the part of Terraform Enterprise's administration API that changes its signing keys. Its answers are
// inferred from the documentation of the API's other parts: the facts about these two requests are what go-tfe sends
// and that it takes any success.
type admin struct {
	issuer *issuer.Issuer
	token  string // of a site administrator; the real ones have another form
}

func newAdmin(w issuer.Workload) (*admin, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(w.Rand, secret); err != nil {
		return nil, fmt.Errorf("terraform: make a token: %w", err)
	}
	return &admin{issuer: w.Issuer, token: hex.EncodeToString(secret)}, nil
}

func (a *admin) routes() http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	settings := router.PathPrefix("/api/v2/admin/oidc-settings/actions").Methods(http.MethodPost).Subrouter()
	settings.HandleFunc("/rotate-key", a.rotate)
	settings.HandleFunc("/trim-key", a.trim)
	router.HandleFunc("/api/v2/ping", a.ping).Methods(http.MethodGet)
	notFound := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "not found") })
	router.NotFoundHandler = notFound
	router.MethodNotAllowedHandler = notFound // its framework knows routes by method and path
	return a.guard(router)
}

// guard lets a site administrator in.
func (a *admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !issuer.Shows(r, a.token, "Bearer") {
			refuse(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ping is what go-tfe asks first, for the headers.
func (a *admin) ping(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("TFP-AppName", "Terraform Enterprise")
	w.WriteHeader(http.StatusNoContent)
}

func (a *admin) rotate(w http.ResponseWriter, _ *http.Request) {
	if _, err := a.issuer.Rotate(true); err != nil {
		refuse(w, http.StatusInternalServerError, "internal server error")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *admin) trim(w http.ResponseWriter, _ *http.Request) {
	if err := a.issuer.Publish("", false); err != nil {
		refuse(w, http.StatusInternalServerError, "internal server error")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers with an error of JSON:API. None of the requests has a body, so that what a client sends as one is left
// unread.
func refuse(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/vnd.api+json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"status":%q,"title":%q}]}`, strconv.Itoa(status), title) // the client has gone; there is nobody to tell
}
