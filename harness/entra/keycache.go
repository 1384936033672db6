package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// Bounds on what is read from an issuer. Only the first is Entra's own
// (documented), the others protect this process.
const (
	maxKeys          = 100
	maxDocumentBytes = 1 << 20
	fetchTimeout     = 10 * time.Second
	maxIssuers       = 1024
)

// keyCache holds the signing keys of issuers. Concurrent requests for an
// issuer share one fetch. It is the emulator's oidc.KeySet, split in two because Entra
// has one refusal for a key it cannot find and another for a signature that fails.
type keyCache struct {
	client *http.Client // nil: nothing can be reached
	now    func() time.Time

	mu      sync.Mutex
	issuers map[string]*cachedIssuer
}

// cachedIssuer is guarded by the cache's mutex.
type cachedIssuer struct {
	keys        *issuerKeys // nil: never fetched, or the fetch failed
	refetchedAt time.Time   // when an unknown kid last caused a fetch; zero: never
	flight      *flight     // nil: no fetch is under way
}

// flight is a fetch that is under way. keys and err are set before done closes.
type flight struct {
	done chan struct{}
	keys *issuerKeys
	err  *fetchError
}

// issuerKeys are the keys of an issuer at one time. They never change.
type issuerKeys struct {
	byID      map[string]*jose.JSONWebKey // RSA keys; a nil value is a key of another type
	fetchedAt time.Time
}

// fetchError is a refusal, and the reason for the record.
type fetchError struct {
	refusal *Error
	reason  string
}

// lookup is the outcome of asking the cache.
type lookup struct {
	keys    *issuerKeys
	fetched []Fetch // what this call fetched; a call that waits for another's fetch fetched nothing
	fresh   bool    // the keys were fetched during this call
}

func newKeyCache(client *http.Client, now func() time.Time) *keyCache {
	if client != nil {
		own := *client
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		client = &own
	}
	return &keyCache{client: client, now: now, issuers: make(map[string]*cachedIssuer)}
}

// get returns the issuer's keys, fetching them when there are none or they are
// older than ttl.
func (c *keyCache) get(ctx context.Context, issuer string, ttl time.Duration) (lookup, *fetchError) {
	return c.ask(ctx, issuer, func(entry *cachedIssuer, now time.Time) bool {
		return entry.keys == nil || now.Sub(entry.keys.fetchedAt) >= ttl
	})
}

// lookAgain fetches the issuer's keys once more, unless an unknown kid already
// caused that less than interval ago; then it returns those it has.
func (c *keyCache) lookAgain(ctx context.Context, issuer string, interval time.Duration) (lookup, *fetchError) {
	return c.ask(ctx, issuer, func(entry *cachedIssuer, now time.Time) bool {
		if !entry.refetchedAt.IsZero() && now.Sub(entry.refetchedAt) < interval {
			return false
		}
		entry.refetchedAt = now
		return true
	})
}

// ask returns the keys held when they are not due, else fetches them or waits
// for the fetch that is under way.
func (c *keyCache) ask(ctx context.Context, issuer string, due func(*cachedIssuer, time.Time) bool) (lookup, *fetchError) {
	c.mu.Lock()
	entry := c.entry(issuer)
	if f := entry.flight; f != nil {
		c.mu.Unlock()
		select {
		case <-f.done:
			return lookup{keys: f.keys, fresh: true}, f.err
		case <-ctx.Done():
			return lookup{}, &fetchError{refuse(501661), "the caller went away"}
		}
	}
	now := c.now()
	if !due(entry, now) {
		keys := entry.keys
		c.mu.Unlock()
		if keys == nil {
			return lookup{}, &fetchError{refuse(501661), "the issuer could not be read a moment ago"}
		}
		return lookup{keys: keys}, nil
	}
	f := &flight{done: make(chan struct{}), err: &fetchError{refuse(501661), "the fetch broke off"}}
	entry.flight = f
	c.mu.Unlock()

	defer func() {
		c.mu.Lock()
		entry.flight = nil
		if f.err == nil {
			entry.keys = f.keys
		}
		c.mu.Unlock()
		close(f.done)
	}()
	// Others may wait for this fetch: the caller going away must not end it.
	fetching, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	var fetched []Fetch
	f.keys, fetched, f.err = c.fetch(fetching, issuer, now)
	return lookup{keys: f.keys, fetched: fetched, fresh: true}, f.err
}

// entry returns the issuer's entry, making room for it when needed. Only
// issuers that some credential names are asked for, so room is rarely needed.
func (c *keyCache) entry(issuer string) *cachedIssuer {
	if entry := c.issuers[issuer]; entry != nil {
		return entry
	}
	for name, other := range c.issuers {
		if len(c.issuers) < maxIssuers {
			break
		}
		if other.flight == nil {
			delete(c.issuers, name)
		}
	}
	entry := new(cachedIssuer)
	c.issuers[issuer] = entry
	return entry
}

// fetch reads the discovery document and the JWKS it names.
func (c *keyCache) fetch(ctx context.Context, issuer string, now time.Time) (*issuerKeys, []Fetch, *fetchError) {
	location := strings.TrimSuffix(issuer, "/") + oidc.DiscoveryEndpoint
	var fetched []Fetch
	document, err := c.read(ctx, "discovery", location, &fetched)
	if err == nil {
		location, err = readDiscovery(document, issuer)
	}
	if err != nil {
		return nil, fetched, &fetchError{refuse(501661), "discovery: " + err.Error()}
	}
	document, err = c.read(ctx, "jwks", location, &fetched)
	if err != nil {
		return nil, fetched, &fetchError{refuse(90061), "jwks: " + err.Error()}
	}
	keys, err := readKeys(document)
	if err != nil {
		return nil, fetched, &fetchError{refuse(900612), "jwks: " + err.Error()}
	}
	return &issuerKeys{byID: keys, fetchedAt: now}, fetched, nil
}

// read gets one document and notes it in fetched, unless it is not asked for
// at all because the URL is not https, which Entra is not known to accept.
func (c *keyCache) read(ctx context.Context, document, location string, fetched *[]Fetch) (body []byte, err error) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" && document == "discovery" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not an https URL that can be fetched", location)
	}
	if c.client == nil {
		return nil, errors.New("no way to reach issuers is configured")
	}
	note := Fetch{Document: document, URL: location}
	defer func() {
		if err != nil {
			note.Error = err.Error()
		}
		*fetched = append(*fetched, note)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "issuerd") // Entra's own is not known; journals tell its requests from clients' by it
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	note.Status = resp.StatusCode
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxDocumentBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxDocumentBytes {
		return nil, fmt.Errorf("more than %d bytes", maxDocumentBytes)
	}
	return body, nil
}

// readDiscovery returns the jwks_uri. An empty authorization_endpoint and an
// empty subject_types_supported are refused as Entra does (reported for SPIRE);
// the issuer's equality and the other rules are inferred. oidc.DiscoveryConfiguration
// cannot tell an empty member from a missing one, which Entra accepts.
func readDiscovery(document []byte, issuer string) (jwksURI string, err error) {
	var d struct {
		Issuer        string    `json:"issuer"`
		JWKSURI       string    `json:"jwks_uri"`
		Authorization *string   `json:"authorization_endpoint"`
		SubjectTypes  *[]string `json:"subject_types_supported"`
		ResponseTypes *[]string `json:"response_types_supported"`
		Algorithms    *[]string `json:"id_token_signing_alg_values_supported"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return "", errors.New("not a JSON object with members of the right types")
	}
	switch {
	case d.Issuer != issuer:
		return "", fmt.Errorf("issuer is %q, expected %q", d.Issuer, issuer)
	case d.JWKSURI == "":
		return "", errors.New("no jwks_uri")
	case d.Authorization != nil && *d.Authorization == "":
		return "", errors.New("authorization_endpoint is empty")
	}
	for _, list := range []struct {
		name   string
		values *[]string
	}{
		{"subject_types_supported", d.SubjectTypes},
		{"response_types_supported", d.ResponseTypes},
		{"id_token_signing_alg_values_supported", d.Algorithms},
	} {
		if list.values != nil && len(*list.values) == 0 {
			return "", fmt.Errorf("%s is empty", list.name)
		}
	}
	return d.JWKSURI, nil
}

// readKeys reads the first hundred keys of a JWKS. Keys of other types than RSA are kept as
// nil, so that one which a kid names can be refused for its type; keys for
// another use than signing, and without kid, cannot be found and are dropped.
func readKeys(document []byte) (map[string]*jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, errors.New("not a JSON object with a list of keys")
	}
	if set.Keys == nil {
		return nil, errors.New("no keys member")
	}
	keys := make(map[string]*jose.JSONWebKey)
	for i, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		var head struct {
			Type string `json:"kty"`
			ID   string `json:"kid"`
			Use  string `json:"use"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("key %d: not a JSON object", i)
		}
		if head.ID == "" || head.Use != "" && head.Use != oidc.KeyUseSignature {
			continue
		}
		if _, twice := keys[head.ID]; twice {
			continue // the first one counts, which is inferred
		}
		if head.Type != "RSA" {
			keys[head.ID] = nil
			continue
		}
		key := new(jose.JSONWebKey)
		if err := key.UnmarshalJSON(raw); err != nil || !key.Valid() {
			return nil, fmt.Errorf("key %d (kid %q): not a valid RSA key", i, head.ID)
		}
		public := key.Public() // a private key published by mistake
		keys[head.ID] = &public
	}
	return keys, nil
}
