package issuercheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// transfer is how one document came.
type transfer struct {
	document    string // discovery or jwks
	host        string
	status      int
	contentType string
	location    string // of a redirect
	cache       string // Cache-Control
	remote      netip.Addr
	certifiedBy string
	leafEnd     time.Time
	took        time.Duration // until the head of the answer
	err         error
}

func (x *transfer) answered() bool {
	var notVerified *tls.CertificateVerificationError
	return x.err == nil || errors.As(x.err, &notVerified)
}

// code is the one for a document that can't be had.
func (x *transfer) code() int {
	if x.document == "jwks" {
		return 90061
	}
	return fetchCode
}

// about is what a finding is about.
func (x *transfer) about() string {
	if x.document == "jwks" {
		return "keys"
	}
	return "discovery"
}

// name is the document's, in words.
func (x *transfer) name() string {
	if x.document == "jwks" {
		return "key set"
	}
	return "discovery document"
}

// recorder is a transport that remembers how documents came.
type recorder struct {
	base *http.Client
	next http.RoundTripper
	now  func() time.Time

	mu        sync.Mutex
	transfers []*transfer
}

func newRecorder(base *http.Client, now func() time.Time) *recorder {
	r := &recorder{base: base, next: base.Transport, now: now}
	if r.next == nil {
		r.next = http.DefaultTransport
	}
	return r
}

// client is the base client with the recorder in it. It follows no redirect.
func (r *recorder) client() *http.Client {
	c := *r.base
	c.Transport = r
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// last is how a document came when it was last asked for; nil: it was not.
func (r *recorder) last(document string) *transfer {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.transfers) - 1; i >= 0; i-- {
		if r.transfers[i].document == document {
			return r.transfers[i]
		}
	}
	return nil
}

// RoundTrip sends a request and remembers how it went.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &transfer{document: "jwks", host: req.URL.Host}
	if strings.HasSuffix(req.URL.Path, discoveryPath) {
		x.document = "discovery"
	}
	begin := r.now()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if to, ok := info.Conn.RemoteAddr().(*net.TCPAddr); ok {
			x.remote = to.AddrPort().Addr()
		}
	}}
	resp, err := r.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	x.took, x.err = r.now().Sub(begin), err
	if err == nil {
		x.status, x.contentType, x.location = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Location")
		x.cache = resp.Header.Get("Cache-Control")
		if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
			leaf := resp.TLS.PeerCertificates[0]
			x.leafEnd, x.certifiedBy = leaf.NotAfter, leaf.Issuer.CommonName
			if x.certifiedBy == "" {
				x.certifiedBy = leaf.Issuer.String()
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.transfers = append(r.transfers, x)
	return resp, err
}

// read gets a document that is not more than so many bytes.
func (r *recorder) read(ctx context.Context, location string, limit int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if err == nil && len(body) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return body, err
}

// explainTransport says why a host gave no answer, what that is about, and what to do.
func explainTransport(err error, host string) (about, text, fix string) {
	var unknownHost *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknownHost):
		return "address", fmt.Sprintf("the name of %s is not known: %s", host, unknownHost.Err), "correct the URL, or publish the name"
	case errors.As(err, &wrongName):
		return "tls", fmt.Sprintf("the certificate is not for %s: %v", host, wrongName), "get one for this name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "tls", fmt.Sprintf("the certificate of %s is not valid now: %v", host, invalid), "renew it"
	case errors.As(err, &unknownCA):
		return "tls", fmt.Sprintf("the certificate of %s is of no authority that is known here: %v", host, unknownCA),
			"use one of a public authority, and send its intermediate certificates too; --ca-file trusts another one here"
	case isTimeout(err):
		return "address", fmt.Sprintf("%s did not answer in time", host), "see whether it is reachable, and whether a firewall is in between"
	}
	return "address", fmt.Sprintf("%s gives no answer: %v", host, err), "see whether it is reachable from the internet over https"
}
