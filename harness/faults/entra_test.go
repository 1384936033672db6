package faults_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/faults"
)

// rig is a farm with an application that can sign in.
type rig struct {
	farm *harness.Farm
	iss  *harness.Issuer
	app  *harness.App
}

func newRig(t *testing.T, opts ...harness.Option) *rig {
	t.Helper()
	r := &rig{farm: harness.New(t, opts...)}
	r.iss = r.farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	r.app = r.farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: r.iss.URL, Subject: subject})
	return r
}

// answer is what a client sees of a token request.
type answer struct {
	status     int // 0: none
	retryAfter string
	server     string // x-ms-ests-server
	body       string
}

// ask asks for a token as a client with a User-Agent does.
func (r *rig) ask(t *testing.T, app *harness.App, agent string) answer {
	t.Helper()
	token := r.iss.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}, Claims: map[string]any{"sub": subject}})
	form := url.Values{
		"client_id": {app.ClientID}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token.Token},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.microsoftonline.com/"+r.farm.Tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", agent)
	return r.do(t, req)
}

func (r *rig) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := r.farm.Client().Do(req)
	if err != nil {
		return answer{}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Retry-After"), resp.Header.Get("x-ms-ests-server"), string(body)}
}

// last is the record of the last sign-in.
func (r *rig) last(t *testing.T) harness.SignIn {
	t.Helper()
	all := r.farm.SignIns()
	if len(all) == 0 {
		t.Fatal("no sign-in is recorded")
	}
	return all[len(all)-1]
}

// TestEntraFaults has a client meet each fault of Entra's own once, and then Entra as it is.
func TestEntraFaults(t *testing.T) {
	t.Parallel()
	once := harness.When{Times: 1}
	for _, tt := range []struct {
		name  string
		fault harness.EntraFault
		want  answer // body: a part of it
		code  int
	}{
		{"a code", harness.EntraErrorFault{Code: "AADSTS90033", When: once}, answer{}, 0},
		{"a code of the request", harness.EntraErrorFault{Code: "700213", When: once}, answer{status: 401, body: "AADSTS700213: No matching federated identity record found for presented assertion subject '" + subject + "'."}, 700213},
		{"a code with another value", harness.EntraErrorFault{Code: "700213", Values: map[string]string{"sub": "someone"}, When: once}, answer{status: 401, body: "presented assertion subject 'someone'."}, 700213},
		{"unavailable", harness.EntraStatusFault{When: once}, answer{status: 503, body: "Service Unavailable"}, 0},
		{"a gateway", harness.EntraStatusFault{Code: 502, Body: "<h1>502</h1>", ContentType: "text/html", RetryAfter: 3, When: once}, answer{status: 502, retryAfter: "3", body: "<h1>502</h1>"}, 0},
		{"throttled", harness.EntraThrottledFault{When: once}, answer{status: 429, retryAfter: "60", body: "Too Many Requests"}, 0},
		{"throttled for long", harness.EntraThrottledFault{RetryAfter: 600, When: once}, answer{status: 429, retryAfter: "600", body: "Too Many Requests"}, 0},
		{"throttled without a time", harness.EntraThrottledFault{RetryAfter: -1, When: once}, answer{status: 429, body: "Too Many Requests"}, 0},
		{"no answer", harness.EntraUnreachableFault{When: once}, answer{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tt.name == "a code" { // which the emulator never answers
				if err := r.farm.SetFault(tt.fault); err == nil || !strings.Contains(err.Error(), "AADSTS90033") {
					t.Errorf("error %v", err)
				}
				return
			}
			r.farm.MustSetFault(tt.fault)
			got := r.ask(t, r.app, "test/1")
			if got.status != tt.want.status || got.retryAfter != tt.want.retryAfter || !strings.Contains(got.body, tt.want.body) {
				t.Errorf("answer %+v, want %+v", got, tt.want)
			}
			if ofEntra := got.server != ""; ofEntra != (tt.code != 0) {
				t.Errorf("the answer has the headers of Entra's servers: %v", ofEntra)
			}
			in := r.last(t)
			if in.Code != tt.code || in.Status != tt.want.status || !slices.Equal(in.Injected, []string{tt.fault.Name()}) || len(in.Checks) != 0 {
				t.Errorf("record: code %d, status %d, injected %q, %d checks", in.Code, in.Status, in.Injected, len(in.Checks))
			}
			inForce, err := r.farm.Faults()
			if err != nil || len(inForce) != 1 || inForce[0].Hits != 1 || inForce[0].Issuer != "entra" || inForce[0].Name != tt.fault.Name() {
				t.Errorf("in force: %+v, error %v", inForce, err)
			}
			if marked := r.farm.FindEntries(harness.JournalQuery{Plane: harness.EntraPlane}); !slices.ContainsFunc(marked, func(e harness.Entry) bool {
				return e.SignIn == nil && e.Status == tt.want.status && slices.Equal(e.Injected, []string{tt.fault.Name()})
			}) {
				t.Errorf("no request is marked in %+v", marked)
			}
			if got := r.ask(t, r.app, "test/1"); got.status != 200 || len(r.last(t).Injected) != 0 {
				t.Errorf("the next request: %+v", got)
			}
		})
	}
}

// TestEntraFaultsOfOne has faults that only one client, one program or one address meets.
func TestEntraFaultsOfOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := r.farm.MustAddApp("other", harness.Credential{Name: "main", Issuer: r.iss.URL, Subject: subject})
	document := func() answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://login.microsoftonline.com/"+r.farm.Tenant+"/v2.0/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.do(t, req)
	}
	for _, tt := range []struct {
		name string
		when harness.When
		want [4]int // of the app, of the other one, of the app by another program, and of a document
	}{
		{"a client", harness.When{ClientID: r.app.ClientID}, [4]int{503, 200, 503, 200}},
		{"a program", harness.When{UserAgent: "msal"}, [4]int{503, 503, 200, 200}},
		{"a tenant", harness.When{Tenant: r.farm.Tenant}, [4]int{503, 503, 503, 200}},
		{"a tenant by its domain", harness.When{Tenant: "contoso.onmicrosoft.com"}, [4]int{200, 200, 200, 200}},
		{"a document", harness.When{Path: "*/openid-configuration"}, [4]int{200, 200, 200, 503}},
		{"every path", harness.When{Path: "*"}, [4]int{503, 503, 503, 503}},
		{"the third", harness.When{Probability: 0.3, Seed: 7}, [4]int{200, 503, 200, 200}},
	} {
		r.farm.MustSetFaults(harness.EntraStatusFault{When: tt.when})
		got := [4]int{r.ask(t, r.app, "msal").status, r.ask(t, other, "msal").status, r.ask(t, r.app, "curl").status, document().status}
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	r.farm.MustSetFaults(harness.EntraErrorFault{Code: "90002", When: harness.When{Path: "*"}})
	if got := document(); got.status != 400 || !strings.Contains(got.body, `"error":"invalid_tenant"`) {
		t.Errorf("a document that is refused: %+v", got)
	}
	if err := r.farm.ClearFault("error"); err != nil {
		t.Error(err)
	}
	if err := r.farm.ClearFault("error"); err == nil || !strings.Contains(err.Error(), "not in force at Entra") {
		t.Errorf("it is ended twice: %v", err)
	}
}

// TestEntraHoldsBack moves a clock that stands still to get an answer, and ends a farm while a client waits.
func TestEntraHoldsBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, harness.WithFrozenClock())
	r.farm.MustSetFault(harness.EntraDelayFault{By: "30s"})
	got := make(chan answer, 1)
	ask := func() { got <- r.ask(t, r.app, "test/1") }
	wait := func(hits int) {
		t.Helper()
		for {
			inForce, err := r.farm.Faults()
			if err != nil {
				t.Fatal(err)
			}
			if inForce[0].Hits == hits {
				return
			}
			runtime.Gosched()
		}
	}
	go ask()
	wait(1)
	r.farm.MustAdvance(29 * time.Second)
	select {
	case early := <-got:
		t.Fatalf("answered after 29 seconds: %+v", early)
	default:
	}
	r.farm.MustAdvance(time.Second)
	if answer := <-got; answer.status != 200 {
		t.Errorf("answer %+v", answer)
	}
	if in := r.last(t); !slices.Equal(in.Injected, []string{"delay"}) || in.Duration != 30*time.Second {
		t.Errorf("injected %q, took %s", in.Injected, in.Duration)
	}

	r.farm.MustSetFaults(harness.EntraStallFault{})
	go ask()
	wait(1)
	if err := r.farm.Close(); err != nil {
		t.Fatal(err)
	}
	if answer := <-got; answer.status != 0 {
		t.Errorf("when the farm ends: %+v", answer)
	}
}

// TestEveryCode has Entra answer every code that the emulator answers, with a text that has no placeholder left.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	answered := 0
	for _, code := range entra.Codes {
		parameters := map[string]any{"code": code.Number, "values": map[string]any{}}
		for _, name := range code.Unfilled() {
			parameters["values"].(map[string]any)[name] = "x"
		}
		if err := faults.ValidateEntra("error", parameters); (err == nil) != code.Answered {
			t.Errorf("%s: answered %v, error %v", code.Name(), code.Answered, err)
		}
		if !code.Answered {
			continue
		}
		answered++
		fault := harness.EntraErrorFault{Code: faults.Code(code.Name()), Values: map[string]string{}}
		for _, name := range code.Unfilled() {
			fault.Values[name] = "x"
		}
		r.farm.MustSetFault(fault)
		got := r.ask(t, r.app, "test/1")
		var body struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != code.Status || body.Error != code.OAuth ||
			!strings.HasPrefix(body.Description, code.Name()+": ") || strings.Contains(body.Description, "{") {
			t.Errorf("%s: %+v, error %v", code.Name(), got, err)
		}
	}
	if answered < 50 {
		t.Errorf("%d codes were answered", answered)
	}
}

func TestBadEntraParameters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		parameters any
		want       string
	}{
		{"jwks", nil, `faults: no fault of Entra's "jwks" (have delay, error, stall, status, throttled, unreachable)`},
		{"error", nil, "faults: error: code is missing"},
		{"error", map[string]any{"code": "AADSTS1"}, `code "AADSTS1": it is none that the emulator knows`},
		{"error", map[string]any{"code": "70021"}, `code "70021": the emulator never answers it`},
		{"error", map[string]any{"code": true}, "faults: error: "},
		{"error", map[string]any{"code": 7002137}, "values.wanted"},
		{"error", map[string]any{"code": 700213, "values": map[string]any{"subject": "x"}}, `values.subject: the text of AADSTS700213 has no such placeholder`},
		{"error", map[string]any{"code": 700213, "workload": "x"}, `no parameter "workload": Entra does not know`},
		{"status", map[string]any{"code": 200}, "code 200: want an HTTP status from 400 to 599"},
		{"status", map[string]any{"retryAfter": -1}, "retryAfter -1"},
		{"throttled", map[string]any{"retryAfter": -2}, "retryAfter -2"},
		{"delay", map[string]any{"by": "soon"}, `by "soon": want a duration`},
		{"delay", map[string]any{"by": "-1s"}, `by "-1s": want a duration`},
		{"stall", map[string]any{"times": -1}, "times -1"},
	} {
		if err := faults.ValidateEntra(tt.name, tt.parameters); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: error %v, want %q", tt.name, tt.parameters, err, tt.want)
		}
	}
	if err := faults.Validate("throttled", nil); err == nil || !strings.Contains(err.Error(), "which is one of Entra's") {
		t.Errorf("a fault of Entra's at an issuer: %v", err)
	}
	var none harness.EntraFault
	if err := newRig(t).farm.SetFaults(none); err == nil {
		t.Error("a fault that is nil: no error")
	}
}
