package farm_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
)

// TestJournal reads the journal of one sign-in.
func TestJournal(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.FarmSpec{Name: "journal"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	token := mint(t, w, githubURL, subject)
	client := canonical(s, w.Farm().ID)
	access := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token.Token)
	get(t, client, githubURL+"/nothing?secret=1", "")

	type line struct {
		Seq                int
		Plane, Method, URL string
		Status             int
		SignIn             bool
		Platform, Route    string
	}
	var got []line
	journal := w.Journal(0)
	for _, e := range journal.Entries {
		if e.Time.IsZero() {
			t.Errorf("entry %d has no time", e.Seq)
		}
		got = append(got, line{e.Seq, e.Plane, e.Method, e.URL, e.Status, e.SignIn != nil, e.Platform, e.Route})
	}
	want := []line{
		{1, "issuer", "GET", githubURL + discoveryPath, 200, false, "github", "discovery"},
		{2, "issuer", "GET", githubURL + "/.well-known/jwks", 200, false, "github", "jwks"},
		{3, "entra", "", "", 200, true, "github", ""},
		{4, "entra", "POST", "https://login.microsoftonline.com/" + app.Tenant + "/oauth2/v2.0/token", 200, false, "entra", "POST /{tenant}/oauth2/v2.0/token"},
		{5, "issuer", "GET", githubURL + "/nothing", 404, false, "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	raw, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"assertion": token.Token, "access token": access.AccessToken, "query": "secret=1", "management token": s.Token()} {
		if parts := strings.Split(secret, "."); strings.Contains(string(raw), parts[len(parts)-1]) {
			t.Errorf("the journal has the %s in it", name)
		}
	}
}

// TestDroppedConnection says that the journal does not claim an answer that nobody got.
func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.FarmSpec{Name: "dropped"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github", Faults: []control.Fault{{Name: "unreachable"}}})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	for i, protocol := range []string{"http/1.1", "h2"} {
		config := &tls.Config{RootCAs: roots, NextProtos: []string{protocol}}
		client := &http.Client{Transport: withHeader{&http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: protocol == "h2"}, w.Farm().ID}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr(farm.Issuer)+discoveryPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "token.actions.githubusercontent.com"
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s: status %d, want a connection that is closed", protocol, resp.StatusCode)
		}
		entries := w.Journal(0).Entries
		if len(entries) != i+1 || entries[i].Status != 0 {
			t.Errorf("%s: journal %+v, want one more entry without a status", protocol, entries)
		}
		client.CloseIdleConnections()
	}
}

// withHeader picks a world on the way to an address.
type withHeader struct {
	next  http.RoundTripper
	world string
}

// CloseIdleConnections is for http.Client's method of that name.
func (h withHeader) CloseIdleConnections() {
	if t, ok := h.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(control.FarmHeader, h.world)
	return h.next.RoundTrip(r)
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	const size, requests = 1000, 1007
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.FarmSpec{Name: "bounded"})
	client := canonical(s, w.Farm().ID)
	for i := range requests {
		get(t, client, fmt.Sprintf("%s/%d", githubURL, i+1), "")
	}
	tests := []struct {
		after, first, n, dropped int
	}{
		{0, 8, size, 7},
		{-5, 8, size, 7},
		{math.MinInt, 8, size, 7},
		{3, 8, size, 4},
		{6, 8, size, 1},
		{7, 8, size, 0},
		{8, 9, size - 1, 0},
		{requests - 1, requests, 1, 0},
		{requests, 0, 0, 0},
		{requests + 1, 0, 0, 0},
		{math.MaxInt, 0, 0, 0},
	}
	for _, tt := range tests {
		got := w.Journal(tt.after)
		if len(got.Entries) != tt.n || got.Dropped != tt.dropped || got.Entries == nil {
			t.Errorf("after %d: %d entries, %d dropped, want %d and %d", tt.after, len(got.Entries), got.Dropped, tt.n, tt.dropped)
			continue
		}
		for i, e := range got.Entries {
			if e.Seq != tt.first+i || e.URL != fmt.Sprintf("%s/%d", githubURL, e.Seq) {
				t.Errorf("after %d: entry %d is number %d, %s", tt.after, i, e.Seq, e.URL)
				break
			}
		}
	}
}

// TestJournalEntriesAreSmall sends what is as large as it may be.
func TestJournalEntriesAreSmall(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.FarmSpec{Name: "small"})
	client := canonical(s, w.Farm().ID)
	long := strings.Repeat("é", 25<<10)
	get(t, client, githubURL+"/"+long[:30<<10], "")
	for _, form := range []url.Values{
		{"grant_type": {long}},
		{"grant_type": {"client_credentials"}, "client_id": {long}, "scope": {long}, "client_secret": {"x"}},
	} {
		resp, err := client.PostForm("https://login.microsoftonline.com/"+w.Farm().Tenant+"/oauth2/v2.0/token", form)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	audiences := make([]string, 3000)
	for i := range audiences {
		audiences[i] = fmt.Sprint("api://audience-", i)
	}
	token, err := w.Mint(control.MintSpec{Issuer: githubURL, Claims: map[string]any{"sub": long, "aud": audiences}})
	if err != nil {
		t.Fatal(err)
	}
	if got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token.Token); got.code() == 0 {
		t.Error("a token for nobody was exchanged")
	}
	for _, e := range w.Journal(0).Entries {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 40<<10 {
			t.Errorf("entry %d has %d bytes", e.Seq, len(raw))
		}
	}
}

// TestJournalHidesTokens sends tokens where they do not belong.
func TestJournalHidesTokens(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.FarmSpec{Name: "misplaced"})
	client := canonical(s, w.Farm().ID)
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	minted, err := w.Mint(control.MintSpec{Issuer: githubURL})
	if err != nil {
		t.Fatal(err)
	}
	token := minted.Token
	for _, form := range []url.Values{
		{"grant_type": {token}},
		{"grant_type": {"client_credentials"}, "client_id": {token}, "scope": {"https://graph.microsoft.com/.default"}, "client_assertion": {token}},
		{"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "scope": {token + "/.default"}, "client_assertion_type": {token}, "client_assertion": {token}},
	} {
		for _, tenant := range []string{app.Tenant, token} {
			resp, err := client.PostForm("https://login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token", form)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	}
	get(t, client, "https://graph.microsoft.com/v1.0/applications/"+token, "")
	get(t, client, "https://management.azure.com/subscriptions/"+token, "")
	signature := token[strings.LastIndex(token, ".")+1:]
	for _, escaped := range []string{
		strings.ReplaceAll(token, ".", "%2E"), strings.ReplaceAll(token, ".", "%2e"), strings.ReplaceAll(token, ".", "%252E"),
		"%65" + token[1:], strings.Replace(token, "eyJ", "e%79%4A", 1),
	} {
		before := len(w.Journal(0).Entries)
		get(t, client, "https://graph.microsoft.com/v1.0/applications/"+escaped, "")
		entries := w.Journal(0).Entries[before:]
		if len(entries) != 1 || entries[0].URL != "https://graph.microsoft.com/v1.0/applications/[token]" {
			t.Errorf("%s: journal %+v", escaped, entries)
		}
	}
	raw, err := json.Marshal(w.Journal(0))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), signature) {
		t.Errorf("the journal holds the token: %s", raw)
	}
	if !strings.Contains(string(raw), "[token]") {
		t.Error("the journal does not tell that there was one")
	}
}
