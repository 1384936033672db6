package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// When says which requests and tokens a fault meets; every fault has it among its parameters. The zero value meets them
// all. What it names must all hold.
type When struct {
	Times       int     `json:"times,omitempty" about:"how many it meets before it lets all others be; 0: all"`
	Probability float64 `json:"probability,omitempty" about:"with which it meets each, above 0 and at most 1; left out: 1"`
	Seed        int     `json:"seed,omitempty" about:"for probability: with the same seed it meets the same ones, by their number"`

	Tenant    string            `json:"tenant,omitempty" about:"only those for this tenant, by its id or the domain that is asked for"`
	ClientID  string            `json:"clientId,omitempty" about:"only those for the sign-in of the client with this id"`
	Workload  string            `json:"workload,omitempty" about:"only those of the workload with this id"`
	UserAgent string            `json:"userAgent,omitempty" about:"only those whose User-Agent contains this"`
	Path      string            `json:"path,omitempty" about:"only those for this path; * stands for anything"`
	Header    map[string]string `json:"header,omitempty" about:"only those with these headers, by name; * is any value"`
}

// when is When, for those that have it embedded.
func (w When) when() When { return w }

// Place is where a fault is met.
type Place string

// The places.
const (
	AtDocuments  Place = "documents"  // the issuer's discovery document and JWKS
	AtTokens     Place = "tokens"     // the tokens that the issuer makes
	AtNative     Place = "native"     // the platform's own token API
	AtEntra      Place = "entra"      // Entra's login service
	AtHandshakes Place = "handshakes" // those of TLS at the hosts of the documents
)

// conditions are the parameters of When that can be seen at a place.
var conditions = map[Place][]string{
	AtDocuments:  {"times", "probability", "seed", "clientId", "userAgent", "path", "header"},
	AtTokens:     {"times", "probability", "seed", "workload", "userAgent", "path", "header"},
	AtNative:     {"times", "probability", "seed", "workload", "userAgent", "path", "header"},
	AtEntra:      {"times", "probability", "seed", "tenant", "clientId", "userAgent", "path", "header"},
	AtHandshakes: {"times", "probability", "seed"},
}

// beforeRequests is why a handshake shows nothing of who asks.
const beforeRequests = "TLS comes before a request; want times or probability"

// unseen says why a parameter of When is none at a place.
var unseen = map[Place]map[string]string{
	AtDocuments: {"tenant": "which tenant's Entra asks for a document is not known; want clientId, userAgent, path or header", "workload": "a document is not asked for by a workload; want clientId, userAgent, path or header"},
	AtTokens:    {"tenant": "a token is not made for a tenant; want workload, userAgent, path or header", "clientId": "a token is made before somebody signs in with it; want workload, userAgent, path or header"},
	AtNative:    {"tenant": "a platform's token API knows no tenant; want workload, userAgent, path or header", "clientId": "a platform's token API knows no client of Entra's; want workload, userAgent, path or header"},
	AtEntra:     {"workload": "Entra does not know who has asked the platform for a token; want tenant, clientId, userAgent, path or header"},
	AtHandshakes: {
		"tenant": beforeRequests, "clientId": beforeRequests, "workload": beforeRequests, "userAgent": beforeRequests,
		"path": beforeRequests, "header": beforeRequests,
	},
}

// validate says which parameter is wrong.
func (w When) validate(given map[string]any) error {
	switch _, chosen := given["probability"]; {
	case w.Times < 0:
		return fmt.Errorf("times %d: want how many requests, or leave it out for all", w.Times)
	case w.Probability < 0, w.Probability > 1, chosen && w.Probability == 0:
		return fmt.Errorf("probability %v: want more than 0 and at most 1, or leave it out to meet all", w.Probability)
	case w.Seed != 0 && w.Probability == 0:
		return fmt.Errorf("seed %d: it is for probability, which is not given", w.Seed)
	}
	return nil
}

// limited tells whether it says anything.
func (w When) limited() bool {
	return w.Times > 0 || w.Probability > 0 || w.Tenant != "" || w.ClientID != "" || w.Workload != "" || w.UserAgent != "" || w.Path != "" || len(w.Header) > 0
}

// gate counts what a fault could meet and says what it meets. It is safe for concurrent use.
type gate struct {
	when  When
	place Place

	mu      sync.Mutex
	number  uint64 // of the last one that who, path and header hold for
	already int    // how many it has met
}

// meets is issuer.Tamper.Meets.
func (g *gate) meets(asked issuer.Asked) bool {
	if !g.when.limited() {
		return true
	}
	if asked.Request == nil && g.place == AtDocuments { // nobody has asked for it
		return false
	}
	if !g.when.about(asked) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.number++
	if g.when.Times > 0 && g.already >= g.when.Times || !g.when.chosen(g.number) {
		return false
	}
	g.already++
	return true
}

// about tells whether who asks, and for what, is as it says.
func (w When) about(asked issuer.Asked) bool {
	r := asked.Request
	switch {
	case w.ClientID != "" && !strings.EqualFold(w.ClientID, asked.ClientID), // a GUID
		w.Workload != "" && w.Workload != asked.Workload:
		return false
	case w.UserAgent == "" && w.Path == "" && len(w.Header) == 0:
		return true
	case r == nil, !strings.Contains(r.UserAgent(), w.UserAgent), w.Path != "" && !like(w.Path, r.URL.Path):
		return false
	}
	for name, value := range w.Header {
		values := r.Header.Values(name)
		if http.CanonicalHeaderKey(name) == "Host" {
			values = []string{r.Host}
		}
		if !slices.ContainsFunc(values, func(sent string) bool { return value == "*" || sent == value }) {
			return false
		}
	}
	return true
}

// like tells whether a path is as a pattern says, in which * stands for anything.
func like(pattern, path string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return pattern == path
	}
	if len(path) < len(first)+len(last) || !strings.HasPrefix(path, first) || !strings.HasSuffix(path, last) {
		return false
	}
	rest := path[len(first) : len(path)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return true
}

// chosen tells whether the nth request is met. It depends on the seed and on nothing else.
func (w When) chosen(n uint64) bool {
	return w.Probability == 0 || rand.New(rand.NewPCG(uint64(w.Seed), n)).Float64() < w.Probability
}
