package issuer

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// Tamper is what a fault changes in an issuer. A nil field changes nothing. All functions must be safe for concurrent
// use.
type Tamper struct {
	// Serve may answer a request for a document ("discovery" or "jwks") itself; it returns whether it did.
	Serve func(document string, w http.ResponseWriter, r *http.Request) bool
	// Document returns the bytes to serve in place of body; it must not change body.
	Document func(document string, body []byte) ([]byte, error)
	// Header changes the JOSE header before the token is signed.
	Header func(header map[string]any)
	// Native may answer a request for the token API of a workload of the issuer's itself; it returns whether it did.
	Native func(w http.ResponseWriter, r *http.Request) bool
	// Token returns the compact token to hand out in place of the signed one.
	Token func(compact string) (string, error)
}

// SetTampers replaces the faults in force; they apply in order.
func (i *Issuer) SetTampers(t ...Tamper) { i.tampers.list.Store(&t) }

type tampers struct{ list atomic.Pointer[[]Tamper] }

func (t *tampers) all() []Tamper {
	if list := t.list.Load(); list != nil {
		return *list
	}
	return nil
}

// Native is the token API of one of the issuer's workloads, behind the faults in force.
func (i *Issuer) Native(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, tamper := range i.tampers.all() {
			if tamper.Native != nil && tamper.Native(w, r) {
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

func (t *tampers) serve(document string, w http.ResponseWriter, r *http.Request) bool {
	for _, tamper := range t.all() {
		if tamper.Serve != nil && tamper.Serve(document, w, r) {
			return true
		}
	}
	return false
}

func (t *tampers) document(document string, body []byte) ([]byte, error) {
	for _, tamper := range t.all() {
		if tamper.Document == nil {
			continue
		}
		var err error
		if body, err = tamper.Document(document, body); err != nil {
			return nil, fmt.Errorf("issuer: fault on the %s document: %w", document, err)
		}
	}
	return body, nil
}

func (t *tampers) header(header map[string]any) {
	for _, tamper := range t.all() {
		if tamper.Header != nil {
			tamper.Header(header)
		}
	}
}

func (t *tampers) token(compact string) (string, error) {
	for _, tamper := range t.all() {
		if tamper.Token == nil {
			continue
		}
		var err error
		if compact, err = tamper.Token(compact); err != nil {
			return "", fmt.Errorf("issuer: fault on the token: %w", err)
		}
	}
	return compact, nil
}
