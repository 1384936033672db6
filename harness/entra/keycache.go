package entra

import (
	"context"
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

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Bounds on what is kept of issuers. Only the first is Entra's own
// (documented; that it counts signing keys is inferred), the others protect this process.
const (
	maxKeys      = 100
	maxIssuers   = 1024
	maxRedirects = 5
)

// keyCache holds the signing keys of issuers. Concurrent requests of a client for an
// issuer share one fetch; those of others do not, as what is wrong with a document may be so for one client alone. It is the emulator's oidc.KeySet, split in two because Entra
// has one refusal for a key it cannot find and another for a signature that fails.
type keyCache struct {
	client      *http.Client // does not follow redirects; nil: nothing can be reached
	redirecting *http.Client // does
	now         func() time.Time

	mu      sync.Mutex
	issuers map[string]*cachedIssuer
}

// cachedIssuer is guarded by the cache's mutex.
type cachedIssuer struct {
	since       time.Time          // when the issuer was first asked for
	keys        *issuerKeys        // nil: never fetched, or the fetch failed
	refetchedAt time.Time          // when an unknown kid last caused a fetch; zero: never
	flights     map[string]*flight // the fetches that are under way, by the client for whose sign-in each is
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

// fetchError is why an issuer's keys could not be had.
type fetchError struct {
	stage  fetchStage
	reason string // for the record
}

// fetchStage is what a fetch failed at.
type fetchStage int

const (
	fetchDiscovery fetchStage = iota // the discovery document could not be fetched, or is not as it must be
	fetchKeys                        // the JWKS could not be fetched
	readingKeys                      // the JWKS is not as it must be
)

// lookup is the outcome of asking the cache.
type lookup struct {
	keys    *issuerKeys
	fetched []Fetch // what this call fetched; a call that waits for another's fetch fetched nothing
	fresh   bool    // the keys were fetched during this call
	since   time.Time
}

func newKeyCache(client *http.Client, now func() time.Time) *keyCache {
	c := &keyCache{now: now, issuers: make(map[string]*cachedIssuer)}
	if client != nil {
		plain, redirecting := *client, *client
		plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		redirecting.CheckRedirect = func(next *http.Request, done []*http.Request) error {
			if next.URL.Scheme != "https" || len(done) > maxRedirects {
				return fmt.Errorf("a redirect to %q, or more than %d", next.URL.Scheme, maxRedirects)
			}
			return nil
		}
		c.client, c.redirecting = &plain, &redirecting
	}
	return c
}

// get returns the issuer's keys, fetching them when there are none or they are
// older than the options say. Keys that are older may be returned with the error, when the options let them be used.
func (c *keyCache) get(ctx context.Context, issuer string, o directory.Options) (lookup, *fetchError) {
	c.mu.Lock()
	entry := c.entry(issuer)
	// Keys that are good are used even while somebody's unknown kid has them fetched again: that fetch may hang, or
	// fail.
	if keys := entry.keys; keys != nil && within(c.now(), keys.fetchedAt, o.KeyCacheTTL) {
		defer c.mu.Unlock()
		return lookup{keys: keys, since: entry.since}, nil
	}
	found, err := c.share(ctx, entry, issuer, o)
	if err != nil && o.StaleKeys > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if keys := entry.keys; keys != nil && within(c.now(), keys.fetchedAt, o.KeyCacheTTL+o.StaleKeys) {
			found.keys, found.fresh = keys, true // looking again would fail again
		}
	}
	return found, err
}

// within tells whether something was done less than a while ago. What was done later, by a clock that has been set back
// since, was not; nor was what was done at the zero time, which is never.
func within(now, done time.Time, while time.Duration) bool {
	ago := now.Sub(done)
	return ago >= 0 && ago < while
}

// lookAgain fetches the issuer's keys once more for an unknown kid, unless they were fetched, or such a fetch was
// tried, less than the interval ago; then it returns those it has.
func (c *keyCache) lookAgain(ctx context.Context, issuer string, o directory.Options) (lookup, *fetchError) {
	c.mu.Lock()
	entry, now := c.entry(issuer), c.now()
	if keys := entry.keys; keys != nil && len(entry.flights) == 0 {
		if within(now, keys.fetchedAt, o.RefetchInterval) || within(now, entry.refetchedAt, o.RefetchInterval) {
			defer c.mu.Unlock()
			return lookup{keys: keys, since: entry.since}, nil
		}
	}
	if len(entry.flights) == 0 {
		entry.refetchedAt = now
	}
	return c.share(ctx, entry, issuer, o)
}

// share fetches the issuer's keys, or waits for the fetch that is under way for the same client. The caller holds the lock, which share
// gives back.
func (c *keyCache) share(ctx context.Context, entry *cachedIssuer, issuer string, o directory.Options) (lookup, *fetchError) {
	since, client := entry.since, ClientOf(ctx)
	if f := entry.flights[client]; f != nil {
		c.mu.Unlock()
		select {
		case <-f.done:
			return lookup{keys: f.keys, fresh: true, since: since}, f.err
		case <-ctx.Done():
			return lookup{}, &fetchError{fetchDiscovery, "the caller went away"}
		}
	}
	f := &flight{done: make(chan struct{}), err: &fetchError{fetchDiscovery, "the fetch broke off"}}
	if entry.flights == nil {
		entry.flights = make(map[string]*flight)
	}
	entry.flights[client] = f
	now := c.now()
	c.mu.Unlock()

	defer func() {
		c.mu.Lock()
		delete(entry.flights, client)
		if f.err == nil {
			entry.keys = f.keys
		}
		c.mu.Unlock()
		close(f.done)
	}()
	// Others may wait for this fetch: the caller going away must not end it.
	fetching, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.FetchTimeout)
	defer cancel()
	var fetched []Fetch
	f.keys, fetched, f.err = c.fetch(fetching, issuer, o, now)
	return lookup{keys: f.keys, fetched: fetched, fresh: true, since: since}, f.err
}

// entry returns the issuer's entry, making room for it when needed. Only
// issuers that some credential names are asked for, so room is rarely needed.
func (c *keyCache) entry(issuer string) *cachedIssuer {
	now := c.now()
	if entry := c.issuers[issuer]; entry != nil {
		if entry.since.After(now) { // the clock was set back
			entry.since = now
		}
		return entry
	}
	for name, other := range c.issuers {
		if len(c.issuers) < maxIssuers {
			break
		}
		if len(other.flights) == 0 {
			delete(c.issuers, name)
		}
	}
	entry := &cachedIssuer{since: now}
	c.issuers[issuer] = entry
	return entry
}

// fetch reads the discovery document and the JWKS it names.
func (c *keyCache) fetch(ctx context.Context, issuer string, o directory.Options, now time.Time) (*issuerKeys, []Fetch, *fetchError) {
	d := c.fetchDocuments(ctx, issuer, o)
	if d.err != nil {
		return nil, d.Fetched, d.err
	}
	return &issuerKeys{byID: d.Keys, fetchedAt: now}, d.Fetched, nil
}

// fetchDocuments reads the discovery document and the JWKS it names, up to the first that is not as it must be.
func (c *keyCache) fetchDocuments(ctx context.Context, issuer string, o directory.Options) (d IssuerDocuments) {
	location := strings.TrimSuffix(issuer, "/") + oidc.DiscoveryEndpoint
	var err error
	if d.Discovery, err = c.read(ctx, "discovery", location, o, &d.Fetched); err == nil {
		location, err = readDiscovery(d.Discovery, issuer, o)
	}
	if err != nil {
		return d.failed(fetchDiscovery, "discovery", err)
	}
	if d.JWKS, err = c.read(ctx, "jwks", location, o, &d.Fetched); err != nil {
		return d.failed(fetchKeys, "jwks", err)
	}
	if d.Keys, err = readKeys(d.JWKS, o); err != nil {
		return d.failed(readingKeys, "jwks", err)
	}
	return d
}

// read gets one document and notes it in fetched, unless it is not asked for
// at all because the URL is not https, which Entra is not known to accept.
func (c *keyCache) read(ctx context.Context, document, location string, o directory.Options, fetched *[]Fetch) (body []byte, err error) {
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
	client := c.client
	if o.FollowRedirects {
		client = c.redirecting
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	note.Status = resp.StatusCode
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, int64(o.MaxDocumentBytes)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > o.MaxDocumentBytes {
		return nil, fmt.Errorf("more than %d bytes", o.MaxDocumentBytes)
	}
	return body, nil
}
