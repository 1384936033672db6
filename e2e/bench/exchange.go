package main

import (
	"context"
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

	"github.com/issuerd/issuerd/harness/entra"
)

// exchangeCost measures what a sign-in costs beside the two RSA operations that it can't do without: one caller, in process, without a
// network, with every check and the record of the sign-in kept. The issuer's keys are cached.
func (w *world) exchangeCost(rounds int, length time.Duration) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	file, err := w.directory()
	if err != nil {
		return err
	}
	kept := make([]entra.SignIn, 1000)
	n := 0
	server := entra.New(entra.Config{
		Directory: file, Client: w.client, NewKey: func() (*rsa.PrivateKey, error) { return key, nil },
		Record: func(s entra.SignIn) { kept[n%len(kept)] = s; n++ },
	})
	body, path := w.form.Encode(), "https://login.microsoftonline.com/"+w.tenant+"/oauth2/v2.0/token"
	exchange := func() error {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			return fmt.Errorf("exchange: %d %s", answer.Code, answer.Body)
		}
		return nil
	}
	verify, err := verification(key)
	if err != nil {
		return err
	}
	var beside []float64
	for range rounds {
		var times []float64 // µs for one of each
		for _, op := range []operation{exchange, signature(key), verify} {
			perSecond, err := rate(op, 1, length)
			if err != nil {
				return err
			}
			times = append(times, 1e6/perSecond)
		}
		beside = append(beside, times[0]-times[1]-times[2])
	}
	atMost("exchange, beside one RSA signature and verification", median(beside), 60, "µs", fmt.Sprintf("%.0f to %.0f µs", slices.Min(beside), slices.Max(beside)))
	return nil
}

// verification is the bare operation that signature is undone with.
func verification(key *rsa.PrivateKey) (operation, error) {
	digest := sha256.Sum256([]byte("a digest"))
	signed, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return nil, err
	}
	return func() error { return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signed) }, nil
}

// directory is a copy of the world's.
func (w *world) directory() (*entra.Directory, error) {
	file, err := w.control.Directory(context.Background(), w.id)
	if err != nil {
		return nil, err
	}
	text, err := file.Marshal()
	if err != nil {
		return nil, err
	}
	return entra.ParseDirectory("bench", text)
}
