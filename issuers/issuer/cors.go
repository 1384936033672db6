package issuer

import "net/http"

// CORS is how a service answers browsers that read its documents from pages of other origins.
type CORS int

const (
	// CORSUnknown is a service of which nothing is known for sure. It sends nothing, so that a page that works here
	// works there, unless WithCORS says otherwise.
	CORSUnknown CORS = iota

	// CORSNone is a service that is known to send nothing: a browser keeps its documents from other pages.
	CORSNone

	// CORSAnyOrigin lets pages of every origin read the documents, with what rack-cors sends to a request that has an
	// Origin, and to nobody else. The headers beside Access-Control-Allow-Origin are inferred.
	CORSAnyOrigin
)

// String says it for documentation.
func (c CORS) String() string {
	switch c {
	case CORSNone:
		return "sends none"
	case CORSAnyOrigin:
		return "any origin"
	}
	return "not known: none, or any origin with `--cors`"
}

// WithCORS lets browsers read the documents of a service of which it is not known whether it does. It does nothing to
// one of which it is.
func WithCORS() Option {
	return func(i *Issuer) error { i.cors = true; return nil }
}

// anyOrigin tells whether pages of every origin may read the documents.
func (i *Issuer) anyOrigin() bool {
	return i.service.CORS == CORSAnyOrigin || i.service.CORS == CORSUnknown && i.cors
}

// corsHeaders adds the headers for a browser.
func (i *Issuer) corsHeaders(w http.ResponseWriter, r *http.Request) {
	if i.anyOrigin() && r.Header.Get("Origin") != "" {
		allowOrigin(w.Header())
	}
}

// preflight answers the request that a browser makes in advance, and tells whether it has. One that asks for more than
// to read, or with headers of its own, is answered without permission.
func (i *Issuer) preflight(w http.ResponseWriter, r *http.Request) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if !i.anyOrigin() || r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || method == "" {
		return false
	}
	if (method == http.MethodGet || method == http.MethodHead) && r.Header.Get("Access-Control-Request-Headers") == "" {
		allowOrigin(w.Header())
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return true
}

func allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Max-Age", "7200")
}
