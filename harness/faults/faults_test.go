package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/scenarios"
)

const subject = "repo:octo-org/octo-repo:ref:refs/heads/main"

// behaviour is a fault and what Entra makes of an issuer that has it.
type behaviour struct {
	name    string
	fault   faults.Parameters
	code    int    // 0: the sign-in succeeds
	fetched string // the documents that Entra asked for, in order
}

var behaviours = []behaviour{
	{"other issuer", faults.Discovery{Set: map[string]any{"issuer": "https://other.example"}}, 501661, "discovery"},
	{"slash at the end", faults.Discovery{Set: map[string]any{"issuer": "https://token.actions.githubusercontent.com/"}}, 501661, "discovery"},
	{"no jwks_uri", faults.Discovery{Set: map[string]any{"jwks_uri": nil}}, 501661, "discovery"},
	{"jwks_uri that is not there", faults.Discovery{Set: map[string]any{"jwks_uri": "https://token.actions.githubusercontent.com/keys"}}, 90061, "discovery jwks"},
	{"empty subject types", faults.Discovery{Set: map[string]any{"subject_types_supported": []any{}}}, 501661, "discovery"},
	{"member that nobody reads", faults.Discovery{Set: map[string]any{"x": 1}}, 0, "discovery jwks"},
	{"typ", faults.Header{Set: map[string]any{"typ": "at+jwt"}}, 5002727, ""},
	{"no typ", faults.Header{Set: map[string]any{"typ": nil}}, 0, "discovery jwks"},
	{"unknown kid", faults.Header{Set: map[string]any{"kid": "nobody"}}, 7000272, "discovery jwks"},
	{"no kid", faults.Header{Set: map[string]any{"kid": nil}}, 7000272, "discovery jwks"},
	{"no keys", faults.JWKS{Body: `{"keys":[]}`}, 7000272, "discovery jwks"},
	{"keys that are not JSON", faults.JWKS{Body: "<html>"}, 900612, "discovery jwks"},
	{"empty key set", faults.JWKS{}, 900612, "discovery jwks"},
	{"both documents unavailable", faults.Status{}, 501661, "discovery"},
	{"discovery forbidden", faults.Status{Document: "discovery", Code: 403, Body: "no", ContentType: "text/plain"}, 501661, "discovery"},
	{"keys redirected", faults.Status{Document: "jwks", Code: 302}, 90061, "discovery jwks"},
	{"keys without a body", faults.Status{Document: "jwks", Code: 204}, 90061, "discovery jwks"},
	{"a page in place of the keys", faults.Status{Document: "jwks", Code: 200, Body: "<html>"}, 900612, "discovery jwks"},
	{"expired certificate", faults.TLS{Certificate: "expired"}, 501661, "discovery"},
	{"certificate of another host", faults.TLS{Certificate: "wrong-name"}, 501661, "discovery"},
	{"certificate of an unknown authority", faults.TLS{Certificate: "unknown-authority"}, 501661, "discovery"},
	{"certificate of tomorrow", faults.TLS{Certificate: "not-yet-valid"}, 501661, "discovery"},
	{"certificate signed by itself", faults.TLS{Certificate: "self-signed"}, 501661, "discovery"},
	{"chain without the intermediate", faults.TLS{Certificate: "incomplete-chain"}, 501661, "discovery"},
	{"TLS 1.1", faults.TLS{Version: "1.1"}, 501661, "discovery"},
	{"no document", faults.Status{Document: "discovery", Code: 404}, 501661, "discovery"},
	{"keys unavailable", faults.Status{Document: "jwks"}, 90061, "discovery jwks"},
	{"slow discovery", faults.Delay{Document: "discovery", By: "45s"}, 501661, "discovery"},
	{"slow keys", faults.Delay{Document: "jwks", By: "45s"}, 90061, "discovery jwks"},
	{"silent discovery", faults.Stall{Document: "discovery"}, 501661, "discovery"},
	{"headers of discovery", faults.Stall{Document: "discovery", After: "headers"}, 501661, "discovery"},
	{"half of discovery, and then nothing", faults.Stall{Document: "discovery", After: "half"}, 501661, "discovery"},
	{"silent keys", faults.Stall{Document: "jwks"}, 90061, "discovery jwks"},
	{"headers of the keys", faults.Stall{Document: "jwks", After: "headers"}, 90061, "discovery jwks"},
	{"half of the keys, and then nothing", faults.Stall{Document: "jwks", After: "half"}, 90061, "discovery jwks"},
	{"half of discovery", faults.Truncated{Document: "discovery"}, 501661, "discovery"},
	{"half of discovery, broken off", faults.Truncated{Document: "discovery", BreakOff: true}, 501661, "discovery"},
	{"half of the keys", faults.Truncated{Document: "jwks"}, 900612, "discovery jwks"},
	{"half of the keys, broken off", faults.Truncated{Document: "jwks", BreakOff: true}, 90061, "discovery jwks"},
	{"page in place of discovery", faults.HTML{Document: "discovery"}, 501661, "discovery"},
	{"page in place of the keys", faults.HTML{Document: "jwks"}, 900612, "discovery jwks"},
	{"discovery redirected", faults.Redirect{Document: "discovery"}, 501661, "discovery"},
	{"keys moved", faults.Redirect{Document: "jwks", Code: 301, To: "https://keys.example/jwks"}, 90061, "discovery jwks"},
	{"text", faults.ContentType{Type: "text/plain"}, 0, "discovery jwks"},
	{"two megabytes of discovery", faults.Huge{Document: "discovery"}, 501661, "discovery"},
	{"two megabytes of keys", faults.Huge{Document: "jwks"}, 90061, "discovery jwks"},
	{"half a megabyte of keys", faults.Huge{Document: "jwks", Bytes: 1 << 19}, 0, "discovery jwks"},
	{"keys without kid", faults.JWKS{Set: map[string]any{"kid": nil}}, 7000272, "discovery jwks"},
	{"keys of another kid", faults.JWKS{Set: map[string]any{"kid": "other"}}, 900612, "discovery jwks"},
	{"keys for encryption", faults.JWKS{Set: map[string]any{"use": "enc"}}, 7000272, "discovery jwks"},
	{"keys of another algorithm", faults.JWKS{Set: map[string]any{"alg": "RS512"}}, 5002730, "discovery jwks"},
	{"signer after a hundred keys", faults.ExtraKeys{Count: 100}, 7000272, "discovery jwks"},
	{"signer among a hundred keys", faults.ExtraKeys{Count: 96}, 0, "discovery jwks"},
	{"two keys of a kid", faults.DuplicateKID{}, 900612, "discovery jwks"},
	{"private members", faults.PrivateKey{}, 0, "discovery jwks"},
	{"nothing rotated", faults.StaleJWKS{}, 0, "discovery jwks"},
	{"nothing withdrawn", faults.WithdrawnKeys{}, 0, "discovery jwks"},
	{"expired", faults.ExpiredToken{}, 700024, "discovery jwks"},
	{"expired within the clock tolerance", faults.ExpiredToken{By: "4m"}, 0, "discovery jwks"},
	{"from the future", faults.FutureToken{}, 700024, "discovery jwks"},
	{"no subject", faults.Claims{Set: map[string]any{"sub": nil}}, 90014, ""},
	{"no iat", faults.Claims{Set: map[string]any{"iat": nil}}, 70023, "discovery jwks"},
	{"none", faults.Algorithm{Alg: "none"}, 5002738, ""},
	{"public key as a secret", faults.Algorithm{Alg: "HS256"}, 5002738, ""},
	{"elliptic curve", faults.Algorithm{Alg: "ES256"}, 5002738, ""},
	{"crit", faults.Header{Set: map[string]any{"crit": []any{"exp"}}}, 5002726, ""},
	{"two subjects", faults.DuplicateMembers{}, 50027, ""},
	{"two algorithms", faults.DuplicateMembers{Part: "header"}, 50027, ""},
	{"fourth part", faults.ExtraSegment{}, 50027, ""},
	{"key of another issuer", faults.ForeignSignature{}, 7000274, "discovery jwks"},
	{"claim changed", faults.Tampered{Claims: map[string]any{"jti": "other"}}, 7000274, "discovery jwks"},
	{"bit changed", faults.CorruptedSignature{}, 7000274, "discovery jwks"},
	{"request token", faults.RequestToken{}, 90014, ""},
	{"text", faults.UnparseableToken{}, 50027, ""},
	{"type taken away", faults.Tampered{Set: map[string]any{"typ": nil}}, 7000274, "discovery jwks"},
	{"algorithm none", faults.Tampered{Set: map[string]any{"alg": "none"}}, 5002738, ""},
	{"other algorithm", faults.Tampered{Set: map[string]any{"alg": "HS256"}}, 5002738, ""},
	{"both documents unreachable", faults.Unreachable{}, 501661, "discovery"},
	{"discovery unreachable", faults.Unreachable{Document: "discovery"}, 501661, "discovery"},
	{"keys unreachable", faults.Unreachable{Document: "jwks"}, 90061, "discovery jwks"},
}

// TestCatalogue wants every fault in the catalogue, a scenario that has it, and a behaviour that shows its code.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	elsewhere := []string{"stale-jwks", "withdrawn-keys"} // TestRotation
	listed := map[string]bool{}
	for _, c := range faults.Catalogue {
		name := c.Fault.Name()
		listed[name] = true
		shown := slices.ContainsFunc(behaviours, func(b behaviour) bool { return cmp.Equal(b.fault, c.Fault) && b.code == c.Code })
		if !shown && !slices.Contains(elsewhere, name) && c.Group != faults.NativeGroup {
			t.Errorf("%s, %s: no behaviour shows AADSTS%d", c.Group, c.About, c.Code)
		}
		if strings.HasPrefix(c.Scenario, "Test") {
			if tests, err := os.ReadFile("nativefaults_test.go"); err != nil || !strings.Contains(string(tests), "\nfunc "+c.Scenario+"(") {
				t.Errorf("%s, %s: no test %s, error %v", c.Group, c.About, c.Scenario, err)
			}
			continue
		}
		raw, err := fs.ReadFile(scenarios.FS, c.Scenario+".yaml")
		if err != nil {
			t.Errorf("%s, %s: %v", c.Group, c.About, err)
			continue
		}
		if !regexp.MustCompile(`[{\[ ]` + name + `:[ \n]`).Match(raw) {
			t.Errorf("%s, %s: the scenario %s does not have the fault %s", c.Group, c.About, c.Scenario, name)
		}
	}
	for _, name := range faults.Names() {
		if !listed[name] {
			t.Errorf("the catalogue lacks the fault %s", name)
		}
	}
}

// TestBehaviours has Entra meet every fault over HTTP, and then the same issuer without it.
func TestBehaviours(t *testing.T) {
	t.Parallel()
	for _, tt := range behaviours {
		t.Run(tt.fault.Name()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			farm := harness.New(t)
			issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
			issuer.MustSetFaults(tt.fault)
			app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: issuer.URL, Subject: subject})
			code, fetched := signIn(t, farm, app, issuer)
			if code != tt.code {
				t.Errorf("AADSTS%d, want %d", code, tt.code)
			}
			if fetched != tt.fetched {
				t.Errorf("Entra fetched %q, want %q", fetched, tt.fetched)
			}

			issuer.MustSetFaults()
			farm.MustAdvance(time.Hour) // Entra keeps keys for as long
			if code, fetched := signIn(t, farm, app, issuer); code != 0 || fetched != "discovery jwks" {
				t.Errorf("when the fault has ended: AADSTS%d, fetched %q", code, fetched)
			}
		})
	}
}

// signIn mints and exchanges and returns the code, and what Entra fetched for it.
func signIn(t *testing.T, farm *harness.Farm, app *harness.App, issuer *harness.Issuer) (code int, fetched string) {
	t.Helper()
	token := issuer.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}, Claims: map[string]any{"sub": subject}})
	_, err := app.Exchange(token.Token)
	all := farm.SignIns()
	if len(all) == 0 {
		t.Fatalf("no sign-in is recorded, error %v", err)
	}
	last := all[len(all)-1]
	if (err == nil) != (last.Code == 0) {
		t.Fatalf("error %v, but AADSTS%d in the record", err, last.Code)
	}
	var documents []string
	for _, f := range last.Fetched {
		documents = append(documents, f.Document)
	}
	return last.Code, strings.Join(documents, " ")
}

// TestEveryFaultIsMet keeps the table complete.
func TestEveryFaultIsMet(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	for _, b := range behaviours {
		met[b.fault.Name()] = met[b.fault.Name()] || b.code != 0
	}
	for _, f := range faults.All {
		if f.Place == faults.AtNative {
			met[f.Name] = true // Entra meets none of it: TestNativeStatus, TestNativeAnswers, TestNativeHoldsBack
		}
	}
	met["content-type"], met["private-key"] = true, true  // Entra takes both
	met["stale-jwks"], met["withdrawn-keys"] = true, true // it takes a rotation: TestRotation
	for _, name := range faults.Names() {
		if !met[name] {
			t.Errorf("no behaviour of fault %q that Entra refuses", name)
		}
	}
	for name := range met {
		if !slices.Contains(faults.Names(), name) {
			t.Errorf("a behaviour of fault %q, which is not in the list", name)
		}
	}
}

// TestRotation has Entra fetch the keys first when another has taken the place of one.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault         harness.Fault
		before, after int // the codes for a token of before the rotation, and of after it
	}{
		{nil, 0, 0},
		{faults.StaleJWKS{}, 0, 7000272},
		{faults.WithdrawnKeys{}, 7000272, 0},
	} {
		farm := harness.New(t)
		iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
		app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: iss.URL, Subject: subject})
		spec := harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}, Claims: map[string]any{"sub": subject}}
		old := iss.MustMint(spec)
		if tt.fault != nil {
			iss.MustSetFault(tt.fault)
		}
		iss.MustRotate(true)
		for _, token := range []struct {
			name, compact string
			code          int
		}{{"old", old.Token, tt.before}, {"new", iss.MustMint(spec).Token, tt.after}} {
			code := 0
			_, err := app.Exchange(token.compact)
			if refusal := (*harness.Refusal)(nil); errors.As(err, &refusal) {
				code = refusal.Code
			} else if err != nil {
				t.Fatal(err)
			}
			if code != token.code {
				t.Errorf("%T: AADSTS%d for the %s token, want %d", tt.fault, code, token.name, token.code)
			}
		}
	}
}

// TestNativeStatus asks a platform's token API while it has the fault. The documents of the issuer stay as they are.
func TestNativeStatus(t *testing.T) {
	t.Parallel()
	const pending = `{"message":"Can't issue ID_TOKEN for job in 'Pending' state."}`
	for _, tt := range []struct {
		name  string
		fault faults.NativeStatus
		want  []string // what each request gets: a refusal, or nothing with a token
	}{
		{"unavailable", faults.NativeStatus{}, []string{"503 Failed request: (503)", "503 Failed request: (503)", "503 Failed request: (503)"}},
		{"twice", faults.NativeStatus{When: faults.When{Times: 2}}, []string{"503 Failed request: (503)", "503 Failed request: (503)", "", ""}},
		{"pending", faults.NativeStatus{Code: 403, Body: pending, ContentType: "application/json", When: faults.When{Times: 1}}, []string{
			"403 Can't issue ID_TOKEN for job in 'Pending' state.", "",
		}},
		{"not the platform's answer", faults.NativeStatus{Code: 200, Body: "{}"}, []string{"200 Response json body do not have ID Token field"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			farm := harness.New(t)
			iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
			job := iss.MustStartWorkload(harness.WorkloadSpec{})
			iss.MustSetFaults(tt.fault)
			ask := func() string {
				token, err := github.Platform.Native.Fetch(t.Context(), farm.Client(), issuer.Found{Base: job.Base, Env: job.Env}, "")
				var refused *issuer.Refused
				switch {
				case errors.As(err, &refused):
					return fmt.Sprintf("%d %s", refused.Status, refused.Message)
				case err != nil || token == "":
					t.Fatalf("no token, error %v", err)
				}
				return ""
			}
			for n, want := range tt.want {
				if got := ask(); got != want {
					t.Errorf("request %d: %q, want %q", n+1, got, want)
				}
			}
			app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: iss.URL, Subject: subject})
			if code, _ := signIn(t, farm, app, iss); code != 0 {
				t.Errorf("a token that was minted otherwise: AADSTS%d, want a sign-in", code)
			}
			iss.MustSetFaults()
			if got := ask(); got != "" {
				t.Errorf("when the fault has ended: %q, want a token", got)
			}
		})
	}
}

// TestSeveralFaults puts two in force, and then one of them.
func TestSeveralFaults(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: issuer.URL, Subject: subject})
	header := harness.HeaderFault{Set: map[string]any{"typ": "at+jwt"}}
	dead := harness.UnreachableFault{}
	for _, tt := range []struct {
		faults []harness.Fault
		code   int
	}{
		{[]harness.Fault{dead, header}, 5002727},
		{[]harness.Fault{dead}, 501661},
		{[]harness.Fault{header}, 5002727},
		{nil, 0},
	} {
		issuer.MustSetFaults(tt.faults...)
		if code, _ := signIn(t, farm, app, issuer); code != tt.code {
			t.Errorf("with %v: AADSTS%d, want %d", tt.faults, code, tt.code)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := faults.Names()
	if sorted := slices.Compact(slices.Sorted(slices.Values(names))); !slices.Equal(names, sorted) {
		t.Errorf("names %v are not sorted and unique", names)
	}
	for _, f := range faults.All {
		if f.About == "" || strings.HasSuffix(f.About, ".") {
			t.Errorf("fault %q: about %q, want a phrase", f.Name, f.About)
		}
	}
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, fault string
		parameters  any
		want        []string
	}{
		{"unknown fault", "unreacheable", nil, []string{`no fault "unreacheable"`, "(have unreachable, algorithm, claims,"}},
		{"empty fault", "", nil, []string{`no fault ""`, "have algorithm"}},
		{"unknown parameter", "unreachable", map[string]any{"documents": "jwks"}, []string{"unreachable", `no parameter "documents" (have document, times, probability, seed, clientId, userAgent, path, header)`}},
		{"unknown document", "unreachable", map[string]any{"document": "keys"}, []string{`parameter "document": no value "keys"`, "discovery", "jwks"}},
		{"unknown document of status", "status", map[string]any{"document": "keys"}, []string{`status: parameter "document": no value "keys"`}},
		{"code too low", "status", map[string]any{"code": 199}, []string{"code 199", "200 to 599"}},
		{"code too high", "status", map[string]any{"code": 600}, []string{"code 600", "200 to 599"}},
		{"code of native-status", "native-status", map[string]any{"code": 100}, []string{"native-status: code 100", "200 to 599"}},
		{"negative times", "native-status", map[string]any{"times": -1}, []string{"native-status: times -1", "for all"}},
		{"negative Retry-After", "native-status", map[string]any{"retryAfter": -1}, []string{"native-status: retryAfter -1"}},
		{"delay that is none", "native-delay", map[string]any{"by": "long"}, []string{`native-delay: by "long"`, "45s"}},
		{"nothing to set in a reply", "native-reply", nil, []string{"native-reply", "set is empty"}},
		{"document of native-status", "native-status", map[string]any{"document": "jwks"}, []string{`no parameter "document" (have code`}},
		{"no probability", "status", map[string]any{"probability": 0}, []string{"status: probability 0", "leave it out to meet all"}},
		{"too much probability", "status", map[string]any{"probability": 1.5}, []string{"status: probability 1.5", "at most 1"}},
		{"probability that is a text", "status", map[string]any{"probability": "half"}, []string{`parameter "probability": want a number, got string`}},
		{"seed without probability", "status", map[string]any{"seed": 7}, []string{"status: seed 7", "it is for probability"}},
		{"client of a token", "header", map[string]any{"set": map[string]any{"typ": "x"}, "clientId": "x"}, []string{`header: no parameter "clientId": a token is made before`}},
		{"workload of a document", "jwks", map[string]any{"workload": "x"}, []string{`jwks: no parameter "workload": a document is not asked for by a workload`}},
		{"client of a token API", "native-status", map[string]any{"clientId": "x"}, []string{`native-status: no parameter "clientId": a platform's token API`}},
		{"header that is no text", "status", map[string]any{"header": map[string]any{"A": 1}}, []string{`parameter "header": want a string, got number`}},
		{"code that is a text", "status", map[string]any{"code": "503"}, []string{`status: parameter "code": want an integer, got string`}},
		{"body that is an object", "jwks", map[string]any{"body": map[string]any{}}, []string{`jwks: parameter "body": want a string, got object`}},
		{"nothing to set in discovery", "discovery", nil, []string{"discovery", "set is empty"}},
		{"nothing to set in a header", "header", map[string]any{"set": map[string]any{}}, []string{"header", "set is empty"}},
		{"nothing to set in a signed token", "tampered", map[string]any{}, []string{"tampered", "set is empty"}},
		{"body and members of the keys", "jwks", map[string]any{"body": "{}", "set": map[string]any{"kid": nil}}, []string{"jwks: want body or set"}},
		{"no duration", "delay", map[string]any{"by": "soon"}, []string{`delay: by "soon"`, "45s"}},
		{"a duration back", "expired-token", map[string]any{"by": "-1h"}, []string{`expired-token: by "-1h"`}},
		{"a duration of centuries", "future-token", map[string]any{"by": "2000000h"}, []string{`future-token: by "2000000h"`, "up to a year"}},
		{"document of delay", "delay", map[string]any{"document": "keys"}, []string{`delay: parameter "document": no value "keys"`, "discovery", "jwks"}},
		{"stall after something", "stall", map[string]any{"after": "header"}, []string{`stall: parameter "after": no value "header"`}},
		{"redirect with another status", "redirect", map[string]any{"code": 304}, []string{"redirect: code 304", "307"}},
		{"too huge", "huge", map[string]any{"bytes": 1 << 30}, []string{"huge: bytes 1073741824"}},
		{"too many keys", "extra-keys", map[string]any{"count": -1}, []string{"extra-keys: count -1"}},
		{"algorithm of another issuer", "algorithm", map[string]any{"alg": "RS256"}, []string{`algorithm: parameter "alg": no value "RS256"`, "none"}},
		{"no claims", "claims", nil, []string{"claims: set is empty"}},
		{"whether to break off", "truncated", map[string]any{"breakOff": "yes"}, []string{`truncated: parameter "breakOff": want true or false, got string`}},
		{"client of a handshake", "tls", map[string]any{"certificate": "expired", "clientId": "x"}, []string{`tls: no parameter "clientId": TLS comes before a request`}},
		{"no flaw of TLS", "tls", nil, []string{"tls: want certificate or version"}},
		{"two flaws of TLS", "tls", map[string]any{"certificate": "expired", "version": "1.1"}, []string{"tls: want certificate or version"}},
		{"unknown flaw", "tls", map[string]any{"certificate": "expird"}, []string{`tls: parameter "certificate": no value "expird"`, "expired"}},
		{"parameters that are a list", "status", []any{503}, []string{"status", "parameters [503]"}},
		{"parameters that are no JSON", "status", func() {}, []string{"status", "unsupported type"}},
	}
	for _, tt := range tests {
		_, err := faults.New(tt.fault, tt.parameters)
		for _, want := range tt.want {
			if err == nil || !strings.HasPrefix(err.Error(), "faults: ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one that says %q", tt.name, err, want)
			}
		}
	}
}

// FuzzNew makes faults of any parameters and lets them loose on documents and tokens.
func FuzzNew(f *testing.F) {
	for _, b := range behaviours {
		raw, err := json.Marshal(b.fault)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b.fault.Name(), raw, "eyJhbGciOiJSUzI1NiJ9.e30.AAAA")
	}
	key, err := issuer.GenerateTestKey("ES256")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string, raw []byte, compact string) {
		var parameters any
		if json.Unmarshal(raw, &parameters) != nil {
			return
		}
		tamper, err := faults.New(name, parameters)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "faults: ") {
				t.Errorf("error %q does not begin with the package", err)
			}
			return
		}
		if tamper.Token != nil {
			signed := issuer.Signed{Compact: compact, Key: key.Public(), Sign: func(string) ([]byte, error) { return []byte("signature"), nil }}
			_, err := tamper.Token(signed)
			if name != "unparseable-token" && name != "extra-segment" && err == nil && !strings.Contains(compact, ".") {
				t.Errorf("%q was taken for a compact token", compact)
			}
		}
		if tamper.Claims != nil {
			tamper.Claims(map[string]any{"iat": int64(1), "exp": int64(math.MaxInt64)})
		}
		if tamper.Keys != nil {
			tamper.Keys(nil)
			tamper.Keys([]issuer.Key{{Retired: time.Unix(1, 0)}, {Signs: true}})
		}
		if tamper.Header != nil {
			tamper.Header(map[string]any{"alg": "RS256"})
		}
		covers := func(document string) bool {
			return tamper.Document != nil && (tamper.Covers == nil || tamper.Covers(document))
		}
		if covers("jwks") {
			if _, err := tamper.Document("jwks", []byte(`{"keys":[{"kid":"a"}]}`)); err != nil {
				t.Errorf("the key set: %v", err)
			}
		}
		if covers("discovery") {
			if body, err := tamper.Document("discovery", []byte(`{"issuer":"a"}`)); err != nil || !json.Valid(body) && name != "truncated" {
				t.Errorf("the discovery document: %q, error %v", body, err)
			}
		}
	})
}
