package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
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
	{"other issuer", faults.Discovery{Set: map[string]any{"issuer": "https://evil.test"}}, 501661, "discovery"},
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
	{"type taken away", faults.Tampered{Set: map[string]any{"typ": nil}}, 7000274, "discovery jwks"},
	{"algorithm none", faults.Tampered{Set: map[string]any{"alg": "none"}}, 5002738, ""},
	{"other algorithm", faults.Tampered{Set: map[string]any{"alg": "HS256"}}, 5002738, ""},
	{"both documents unreachable", faults.Unreachable{}, 501661, "discovery"},
	{"discovery unreachable", faults.Unreachable{Document: "discovery"}, 501661, "discovery"},
	{"keys unreachable", faults.Unreachable{Document: "jwks"}, 90061, "discovery jwks"},
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
		{"unknown fault", "unreacheable", nil, []string{`no fault "unreacheable"`, "have discovery, header, jwks, native-delay, native-reply"}},
		{"empty fault", "", nil, []string{`no fault ""`, "have discovery"}},
		{"unknown parameter", "unreachable", map[string]any{"documents": "jwks"}, []string{"unreachable", `no parameter "documents" (have document, times, probability, seed, clientId, userAgent, path, header)`}},
		{"unknown document", "unreachable", map[string]any{"document": "keys"}, []string{`document "keys"`, "discovery or jwks"}},
		{"unknown document of status", "status", map[string]any{"document": "keys"}, []string{`document "keys"`, "discovery or jwks"}},
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
			if _, err := tamper.Token(compact); err == nil && !strings.Contains(compact, ".") {
				t.Errorf("%q was taken for a compact token", compact)
			}
		}
		if tamper.Header != nil {
			tamper.Header(map[string]any{"alg": "RS256"})
		}
		if tamper.Document != nil && tamper.Covers("jwks") {
			if _, err := tamper.Document("jwks", []byte(`{}`)); err != nil {
				t.Errorf("the key set: %v", err)
			}
		}
		if tamper.Document != nil && tamper.Covers("discovery") {
			if body, err := tamper.Document("discovery", []byte(`{"issuer":"a"}`)); err != nil || !json.Valid(body) {
				t.Errorf("the discovery document: %q, error %v", body, err)
			}
		}
	})
}
