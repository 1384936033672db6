package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// exchangeCost measures what a sign-in costs beside the two RSA operations that it can't do without: one caller,
// without a network, with every check, the sign-in log and the farm's journal. The issuer's keys are cached.
func (w *world) exchangeCost(rounds int, length time.Duration) error {
	key, err := issuer.NewTestKey(rand.Reader) // as the farm's
	if err != nil {
		return err
	}
	body, path := w.form.Encode(), "https://login.microsoftonline.com/"+w.tenant+"/oauth2/v2.0/token"
	call := func(handler http.Handler) operation {
		return func() error {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(plane.WorldHeader, w.id)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			if answer.Code != http.StatusOK {
				return fmt.Errorf("exchange: %d %s", answer.Code, answer.Body)
			}
			return nil
		}
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	verify, err := verification(key)
	if err != nil {
		return err
	}
	// They are done in turn, so that what disturbs the machine disturbs all of them: the difference is a few per cent
	// of each. The last is what it takes to make a request and to keep its answer here.
	operations := []operation{call(w.server.Handler(plane.Entra)), signature(key), verify, call(nothing)}
	var beside []float64 // µs
	for begin := time.Now(); time.Since(begin) < time.Duration(rounds)*length; {
		var difference time.Duration
		for i, op := range operations {
			started := time.Now()
			if err := op(); err != nil {
				return err
			}
			if took := time.Since(started); i == 0 {
				difference = took
			} else {
				difference -= took
			}
		}
		beside = append(beside, float64(difference.Nanoseconds())/1000)
	}
	slices.Sort(beside)
	atMost("exchange, beside one RSA signature and verification", median(beside), 60, "µs",
		fmt.Sprintf("median of %d, half of them %.0f to %.0f µs", len(beside), beside[len(beside)/4], beside[len(beside)*3/4]))
	return nil
}

// verification is the bare operation that signature is undone with.
func verification(key crypto.Signer) (operation, error) {
	digest := sha256.Sum256([]byte("a digest"))
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("bench: a %T for RS256, want an RSA key", key)
	}
	signed, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return func() error { return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signed) }, nil
}
