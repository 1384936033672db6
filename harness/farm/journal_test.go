package farm_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestJournal reads the journal of one sign-in.
func TestJournal(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{Name: "journal"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	token := mint(t, w, githubURL, subject)
	client := canonical(s, w.Describe().ID)
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
	journal := w.Journal(control.JournalQuery{})
	for _, e := range journal.Entries {
		if e.Time.IsZero() {
			t.Errorf("entry %d has no time", e.Seq)
		}
		got = append(got, line{e.Seq, string(e.Plane), e.Method, e.URL, e.Status, e.SignIn != nil, e.Platform, e.Route})
	}
	want := []line{
		{1, "issuer", "GET", githubURL + discoveryPath, 200, false, "github", "discovery"},
		{2, "issuer", "GET", githubURL + "/.well-known/jwks", 200, false, "github", "jwks"},
		{3, "entra", "", "", 200, true, "github", ""},
		{4, "entra", "POST", "https://login.microsoftonline.com/" + app.Tenant + "/oauth2/v2.0/token", 200, false, "entra", "POST /{tenant}/oauth2/v2.0/token"},
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
	w := newWorld(t, s, control.WorldSpec{Name: "dropped"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github", Faults: []control.Fault{{Name: "unreachable"}}})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	for i, protocol := range []string{"http/1.1", "h2"} {
		config := &tls.Config{RootCAs: roots, NextProtos: []string{protocol}}
		client := &http.Client{Transport: withHeader{&http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: protocol == "h2"}, w.Describe().ID}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr(plane.Issuer)+discoveryPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "token.actions.githubusercontent.com"
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s: status %d, want a connection that is closed", protocol, resp.StatusCode)
		}
		entries := w.Journal(control.JournalQuery{}).Entries
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
	r.Header.Set(plane.WorldHeader, h.world)
	return h.next.RoundTrip(r)
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	const size, requests = 1000, 1007
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{Name: "bounded"})
	client := canonical(s, w.Describe().ID)
	const graph = "https://graph.microsoft.com/v1.0"
	for i := range requests {
		get(t, client, fmt.Sprintf("%s/%d", graph, i+1), "")
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
		got := w.Journal(control.JournalQuery{After: tt.after})
		if len(got.Entries) != tt.n || got.Dropped != tt.dropped || got.Entries == nil {
			t.Errorf("after %d: %d entries, %d dropped, want %d and %d", tt.after, len(got.Entries), got.Dropped, tt.n, tt.dropped)
			continue
		}
		for i, e := range got.Entries {
			if e.Seq != tt.first+i || e.URL != fmt.Sprintf("%s/%d", graph, e.Seq) {
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
	w := newWorld(t, s, control.WorldSpec{Name: "small"})
	client := canonical(s, w.Describe().ID)
	long := strings.Repeat("é", 25<<10)
	get(t, client, "https://graph.microsoft.com/"+long[:30<<10], "")
	for _, form := range []url.Values{
		{"grant_type": {long}},
		{"grant_type": {"client_credentials"}, "client_id": {long}, "scope": {long}, "client_secret": {"x"}},
	} {
		resp, err := client.PostForm("https://login.microsoftonline.com/"+w.Describe().Tenant+"/oauth2/v2.0/token", form)
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
	for _, e := range w.Journal(control.JournalQuery{}).Entries {
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
	w := newWorld(t, s, control.WorldSpec{Name: "misplaced"})
	client := canonical(s, w.Describe().ID)
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
		before := len(w.Journal(control.JournalQuery{}).Entries)
		get(t, client, "https://graph.microsoft.com/v1.0/applications/"+escaped, "")
		entries := w.Journal(control.JournalQuery{}).Entries[before:]
		if len(entries) != 1 || entries[0].URL != "https://graph.microsoft.com/v1.0/applications/[token]" {
			t.Errorf("%s: journal %+v", escaped, entries)
		}
	}
	raw, err := json.Marshal(w.Journal(control.JournalQuery{}))
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

// TestFloods asks for what is not there, and signs in to other tenants, a thousand times each: neither takes a tenant's
// sign-in out of its log.
func TestFloods(t *testing.T) {
	t.Parallel()
	const times = 1100
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{Name: "flood", Tenants: []directory.Tenant{
		{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}}, {DisplayName: "Fabrikam", Domains: []string{"fabrikam.onmicrosoft.com"}},
	}})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	client := canonical(s, w.Describe().ID)
	if got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, mint(t, w, githubURL, subject).Token); got.code() != 0 {
		t.Fatal(got.Description)
	}
	kept := len(w.Journal(control.JournalQuery{}).Entries)
	for range times {
		get(t, client, githubURL+"/nothing", "")
	}
	journal := w.Journal(control.JournalQuery{})
	if len(journal.Entries) != kept || journal.Unmatched != times {
		t.Errorf("%d entries and %d unmatched requests, want %d and %d", len(journal.Entries), journal.Unmatched, kept, times)
	}
	for range times {
		exchange(t.Context(), t, client, "fabrikam.onmicrosoft.com", app.ClientID, "no token")
		exchange(t.Context(), t, client, "nowhere.onmicrosoft.com", app.ClientID, "no token")
	}
	if got := farm.SignIns(w, app.Tenant); len(got) != 1 || got[0].ClientID != app.ClientID || got[0].Status != http.StatusOK {
		t.Errorf("the tenant's sign-in log has %d entries, want the one", len(got))
	}
}

// TestJournalHidesSecrets sends every credential that a farm gives out where it does not belong. Neither journal nor
// log has it.
func TestJournalHidesSecrets(t *testing.T) {
	t.Parallel()
	log := new(logged)
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}, Log: log.logger(), Token: "the-token-of/the+control.plane"})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	w := newWorld(t, s, control.WorldSpec{Name: "misplaced"})
	foreign := map[string]string{
		"another farm's": "0123456789abcdef0123456789abcdef", "GitHub's": "ghp_abcdefghijklmnop", "an account's": "aBcDeFgH12iJkLmNoPqRsT34",
	}
	secrets := map[string]string{"control token": s.Token(), "identity header": w.Describe().IdentityHeader}
	maps.Copy(secrets, foreign)
	for _, platform := range []string{"github", "awssts", "gcp", "terraform", "generic", "cognito", "kubernetes"} {
		iss := addIssuer(t, w, control.IssuerSpec{Platform: platform})
		workload, err := manager.StartWorkload(t.Context(), w.Describe().ID, control.WorkloadSpec{Issuer: iss.URL})
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range workload.Env {
			if regexp.MustCompile(`TOKEN$|KEY$|SECRET|PASSWORD`).MatchString(name) && len(value) > 12 {
				secrets[platform+" "+name] = value
			}
		}
	}
	if len(secrets) < 9 {
		t.Fatalf("only %d secrets: %v", len(secrets), slices.Collect(maps.Keys(secrets)))
	}
	client := canonical(s, w.Describe().ID)
	good := mint(t, w, githubURL, subject).Token
	for name, secret := range secrets {
		for _, address := range []string{
			githubURL + "/" + url.PathEscape(secret), "https://graph.microsoft.com/v1.0/applications/" + url.PathEscape(secret),
			"https://management.azure.com/subscriptions/" + url.PathEscape(url.PathEscape(secret)),
			"https://" + s.Addr(plane.Workload) + "/w/" + url.PathEscape(secret), s.ControlURL() + "/v1/worlds/" + url.PathEscape(secret),
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"?token="+url.QueryEscape(secret), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("User-Agent", "curl/8 ("+secret+")")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		if foreign[name] == "" { // the record of a sign-in keeps tenant and client id, whatever they look like
			get(t, client, "https://login.microsoftonline.com/"+url.PathEscape(secret)+"/oauth2/v2.0/token", "")
			exchange(t.Context(), t, client, w.Describe().Tenant, secret, secret)
			exchange(t.Context(), t, client, w.Describe().Tenant, secret, good) // the check of the application records what it got
		}
	}
	raw, err := json.Marshal(w.Journal(control.JournalQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"journal": string(raw), "log": log.String()} {
		if !strings.Contains(text, "[secret]") {
			t.Errorf("the %s does not tell that there was a secret", where)
		}
		for name, secret := range secrets {
			for _, form := range []string{secret, url.PathEscape(secret), url.QueryEscape(secret)} {
				if strings.Contains(text, form) {
					t.Errorf("the %s has the secret: %s", where, name)
				}
			}
		}
	}
}

// TestWordsThatAreNoSecrets keeps what a journal is read for.
func TestWordsThatAreNoSecrets(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{Name: "plain"})
	client := canonical(s, w.Describe().ID)
	for _, path := range []string{
		"/subscriptions/aaaabbbb-0000-cccc-1111-dddd2222eeee/resourceGroups/rg-Contoso-Production-WestEurope-001",
		"/subscriptions/x/providers/Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
		"/subscriptions/run-CZcmD7eagjhyX0vN/ws-CZcmD7eagjhyX0vN",
	} {
		get(t, client, "https://management.azure.com"+path, "")
		entries := w.Journal(control.JournalQuery{}).Entries
		if got := entries[len(entries)-1].URL; got != "https://management.azure.com"+path {
			t.Errorf("the journal has %s, want %s", got, path)
		}
	}
}

// TestJournalQuery reads a journal in parts, and what is too old to be kept.
func TestJournalQuery(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	for _, spec := range []control.IssuerSpec{{Platform: "github"}, {Platform: "gitlab"}} {
		addIssuer(t, w, spec)
		addIssuer(t, other, spec)
	}
	client := canonical(s, w.Describe().ID)
	for n := range 10 {
		get(t, client, map[bool]string{true: "https://gitlab.com", false: githubURL}[n%3 == 0]+discoveryPath, "")
		if n%2 == 0 {
			get(t, canonical(s, other.Describe().ID), githubURL+discoveryPath, "")
		}
	}
	for { // an entry may come after the answer
		changed := w.JournalChanged()
		if len(w.Journal(control.JournalQuery{}).Entries) == 10 {
			break
		}
		<-changed
	}
	for _, tt := range []struct {
		name string
		q    control.JournalQuery
		seqs []int
		last int
	}{
		{"all", control.JournalQuery{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10},
		{"the oldest two of a platform", control.JournalQuery{Platform: "gitlab", Limit: 2}, []int{1, 4}, 4},
		{"those that follow", control.JournalQuery{Platform: "gitlab", Limit: 2, After: 4}, []int{7, 10}, 10},
		{"no more", control.JournalQuery{Platform: "gitlab", Limit: 2, After: 10}, nil, 10},
		{"none", control.JournalQuery{Failed: true}, nil, 10},
		{"after what is yet to come", control.JournalQuery{After: 99}, nil, 10},
		{"after a negative number", control.JournalQuery{After: -7, Limit: 1}, []int{1}, 1},
	} {
		got := w.Journal(tt.q)
		var seqs []int
		for _, e := range got.Entries {
			seqs = append(seqs, e.Seq)
		}
		if diff := cmp.Diff(tt.seqs, seqs); diff != "" || got.Last != tt.last || got.Dropped != 0 || got.Entries == nil {
			t.Errorf("%s: last %d, want %d; %d dropped; numbers (-want +got):\n%s", tt.name, got.Last, tt.last, got.Dropped, diff)
		}
	}
}
