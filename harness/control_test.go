package harness_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
)

// TestClockStandsStill moves a clock that does not move by itself, in both directions.
func TestClockStandsStill(t *testing.T) {
	t.Parallel()
	begin := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	farm, issuer, app := setUp(t, harness.WithStart(begin), harness.WithFrozenClock())
	at := func(want time.Time) {
		t.Helper()
		token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
		if now := farm.Now(); !now.Equal(want) || token.Claims["iat"] != want.Unix() {
			t.Errorf("now %s, iat %v, want %s", now, token.Claims["iat"], want)
		}
		if _, err := app.Exchange(token.Token); err != nil {
			t.Error(err)
		}
	}
	at(begin)
	farm.MustAdvance(time.Hour)
	at(begin.Add(time.Hour))
	farm.MustSetNow(begin.AddDate(-1, 0, 0))
	at(begin.AddDate(-1, 0, 0))
	if err := farm.Unfreeze(); err != nil {
		t.Fatal(err)
	}
	farm.MustSetNow(begin)
	if now := farm.Now(); now.Before(begin) {
		t.Errorf("free again, it is %s, want %s or later", now, begin)
	}
	if err := farm.Freeze(); err != nil {
		t.Fatal(err)
	}
	at(farm.Now())
	if err := farm.SetNow(begin.AddDate(200, 0, 0)); err == nil || !strings.HasPrefix(err.Error(), "harness: ") {
		t.Errorf("too far: error %v", err)
	}
}

// TestTokensThatAreWrong mints them, decodes them and has Entra refuse them.
func TestTokensThatAreWrong(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	for name, tt := range map[string]struct {
		spec harness.MintSpec
		code int
		says func(harness.Decoded) bool
	}{
		"header":   {harness.MintSpec{Header: map[string]any{"typ": "at+jwt"}}, 5002727, func(d harness.Decoded) bool { return d.Header["typ"] == "at+jwt" }},
		"tampered": {harness.MintSpec{Tampered: &harness.Tampering{Claims: map[string]any{"actor": "mallory"}}}, 7000274, func(d harness.Decoded) bool { return d.Claims["actor"] == "mallory" }},
		"expired":  {harness.MintSpec{Expired: true}, 700024, func(d harness.Decoded) bool { return farm.Now().Sub(d.Times["exp"]) >= time.Hour }},
	} {
		tt.spec.Audience = []string{audience}
		token := issuer.MustMint(tt.spec).Token
		decoded, err := harness.Decode(token)
		if err != nil || !tt.says(decoded) {
			t.Errorf("%s: it says %v, error %v", name, decoded, err)
		}
		got, err := app.SignIn(t.Context(), harness.SignInSpec{Assertion: token})
		if err != nil || got.Code != tt.code || got.Token != "" || got.SignIn.Checks[len(got.SignIn.Checks)-1].OK {
			t.Errorf("%s: AADSTS%d with %d checks, error %v, want AADSTS%d", name, got.Code, len(got.SignIn.Checks), err, tt.code)
		}
		if text := fmt.Sprintf("%v %+v %s", got, harness.SignInSpec{Assertion: token}, got); strings.Contains(text, token) {
			t.Errorf("%s: it prints with the token", name)
		}
	}
	entries := farm.FindEntries(harness.JournalQuery{SignIns: true, Failed: true, Code: 700024})
	found, err := farm.Await(t.Context(), 3, harness.JournalQuery{SignIns: true, Issuer: issuer.URL}.Matches)
	if len(entries) != 1 || err != nil || len(found) != 3 {
		t.Errorf("the journal has %d expired ones, and %d of the issuer, error %v", len(entries), len(found), err)
	}
	got, err := app.SignIn(t.Context(), harness.SignInSpec{Assertion: issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token})
	if err != nil || got.Claims["appid"] != app.ClientID || got.SignIn.Credential != "production" {
		t.Errorf("the usual one: %v, error %v", got, err)
	}
	if strings.Contains(fmt.Sprintf("%v %#v", got, got), got.Token) {
		t.Error("it prints with the access token")
	}
}

// TestKeysAndFaults withdraws a key and breaks a document, one of each by itself.
func TestKeysAndFaults(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	code := func() int {
		t.Helper()
		got, err := app.SignIn(t.Context(), harness.SignInSpec{Assertion: issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token})
		if err != nil {
			t.Fatal(err)
		}
		return got.Code
	}
	keys, err := issuer.Keys()
	i := slices.IndexFunc(keys, func(k harness.Key) bool { return k.Signs })
	if err != nil || i < 0 {
		t.Fatalf("keys %+v, error %v", keys, err)
	}
	issuer.MustPublish(keys[i].KID, false)
	if got := code(); got != 7000272 {
		t.Errorf("the key is withdrawn: AADSTS%d", got)
	}
	issuer.MustPublish(keys[i].KID, true)
	issuer.MustSetFault(harness.UnreachableFault{Document: "jwks"})
	issuer.MustSetFault(harness.HeaderFault{Set: map[string]any{"x5t": nil}})
	farm.MustAdvance(time.Hour)
	if got := code(); got != 90061 {
		t.Errorf("the JWKS is unreachable: AADSTS%d", got)
	}
	inForce, err := issuer.Faults()
	hits := map[string]int{}
	for _, f := range inForce {
		hits[f.Name] = f.Hits
	}
	if err != nil || len(hits) != 2 || hits["unreachable"] == 0 || // the client may try again
		hits["header"] != 1 {
		t.Errorf("faults %+v, error %v", inForce, err)
	}
	if err := issuer.ClearFault(harness.UnreachableFault{}.Name()); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != 0 {
		t.Errorf("the fault has ended: AADSTS%d", got)
	}
	if err := issuer.ClearFault("unreachable"); err == nil || !strings.HasPrefix(err.Error(), "harness: ") {
		t.Errorf("cleared twice: error %v", err)
	}
	if err := issuer.Publish("nobody", false); err == nil || !strings.HasPrefix(err.Error(), "harness: ") {
		t.Errorf("a key that is not there: error %v", err)
	}
}

// TestOtherDirectory applies a directory file, whose tenant is in another cloud.
func TestOtherDirectory(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	if err := farm.ApplyDirectory("usgov.yaml", []byte("tenants:\n  - {displayName: Fabrikam, cloud: usgov, applications: [{displayName: builder}]}\n")); err != nil {
		t.Fatal(err)
	}
	builder := farm.MustFindApp("builder")
	if _, err := builder.AddCredential(harness.Credential{Name: "main", Issuer: issuer.URL, Subject: subject}); err != nil {
		t.Fatal(err)
	}
	added, err := builder.Credentials()
	if err != nil || len(added) != 1 || added[0].Audiences[0] != "api://AzureADTokenExchangeUSGov" {
		t.Errorf("credentials %+v, error %v", added, err)
	}
	token := issuer.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchangeUSGov"}})
	if _, err := builder.Exchange(token.Token); err != nil {
		t.Error(err)
	}
	if tenant := farm.Tenants()[0]; farm.Env()["AZURE_TENANT_ID"] != tenant.ID || tenant.ID == farm.Tenant {
		t.Errorf("the environment is of tenant %s, want %s", farm.Env()["AZURE_TENANT_ID"], tenant.ID)
	}
	_, err = app.Exchange(token.Token)
	refusedWith(t, 700016, err)
	if err := builder.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := builder.Remove(); err == nil || len(farm.Tenants()[0].Applications) != 0 {
		t.Errorf("removed twice: error %v", err)
	}
	if err := farm.ApplyDirectory("bad.yaml", []byte("tenants: [{displayNam: x}]")); err == nil || !strings.Contains(err.Error(), "bad.yaml:1:") {
		t.Errorf("a bad file: error %v, want its place", err)
	}
}

// TestLists lists issuers and workloads.
func TestLists(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	farm.MustAddIssuer(harness.IssuerSpec{Platform: "gitlab"})
	if all := farm.Issuers(); len(all) != 2 || all[0].URL != "https://gitlab.com" || all[1].URL != issuer.URL {
		t.Errorf("%d issuers, want both by URL", len(all))
	}
	started := issuer.MustStartWorkload(harness.WorkloadSpec{})
	all := farm.Workloads()
	if len(all) != 1 || all[0].Base != started.Base || len(all[0].Env) == 0 {
		t.Fatalf("workloads %v, want %v", all, started)
	}
	all[0].MustEnd()
	if left := farm.Workloads(); len(left) != 0 {
		t.Errorf("workloads %v after the only one has ended", left)
	}
}
