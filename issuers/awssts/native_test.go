package awssts

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

func clock() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

// begin serves a workload below a path, as a farm does.
func begin(t testing.TB, preset string, claims issuer.Claims) issuer.Found {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey), issuer.WithNow(clock), issuer.WithPreset(preset))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss, Preset: preset, Claims: claims, Base: srv.URL + "/w/1", Now: clock, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/w/1/", http.StripPrefix("/w/1", api.Handler))
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	return issuer.Found{Base: srv.URL + "/w/1", Env: env, Now: clock()}
}

// call sends a signed form and returns the status and the body.
func call(t *testing.T, found issuer.Found, form url.Values) (int, string) {
	t.Helper()
	body := []byte(form.Encode())
	aws := stsService
	if form.Get("Version") == iamService.version {
		aws = iamService
	}
	resp, text, err := post(t.Context(), http.DefaultClient, found.Base+"/", body, func(r *http.Request) {
		sigv4.FromEnv(found.Env).Sign(r, body, sigv4.Scope{Region: found.Env["AWS_REGION"], Service: aws.name}, clock())
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") != "text/xml" || resp.Header.Get("x-amzn-RequestId") == "" {
		t.Errorf("headers %v", resp.Header)
	}
	return resp.StatusCode, string(text)
}

func TestEnv(t *testing.T) {
	t.Parallel()
	common := []string{"AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"}
	for preset, want := range map[string][]string{"user": common, "role": append(slices.Clone(common), "AWS_SESSION_TOKEN")} {
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(begin(t, preset, nil).Env))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", preset, diff)
		}
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	found := begin(t, "ec2", issuer.Claims{"sub": "arn:aws:iam::210987654321:role/ops"})
	token, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "a")
	if err != nil || strings.Count(token, ".") != 2 {
		t.Fatalf("token of %d characters, error %v", len(token), err)
	}
	for want, change := range map[string]func(*issuer.Found){
		"SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.": func(f *issuer.Found) { f.Env["AWS_SECRET_ACCESS_KEY"] = "x" },
		"InvalidClientTokenId: The security token included in the request is invalid.": func(f *issuer.Found) { f.Env["AWS_ACCESS_KEY_ID"] = "AKIAX" },
	} {
		other := issuer.Found{Base: found.Base, Env: maps.Clone(found.Env), Now: found.Now}
		change(&other)
		_, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, other, "a")
		var refused *issuer.Refused
		if !errors.As(err, &refused) || refused.Status != http.StatusForbidden || refused.Message != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	found := begin(t, "role", nil)
	many := url.Values{}
	for n := range 11 {
		many.Set("Audience.member."+strconv.Itoa(n+1), "a")
	}
	tags := url.Values{"Audience.member.1": {"a"}, "SigningAlgorithm": {"RS256"}}
	for n := range 51 {
		tags.Set("Tags.member."+strconv.Itoa(n+1)+".Key", "k")
		tags.Set("Tags.member."+strconv.Itoa(n+1)+".Value", "v")
	}
	tests := []struct {
		name          string
		form          url.Values
		code, message string
	}{
		{"nothing", url.Values{}, "ValidationError", "2 validation errors detected: Value null at 'audience' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'signingAlgorithm' failed to satisfy constraint: Member must not be null"},
		{"empty audience", url.Values{"Audience.member.1": {""}, "SigningAlgorithm": {"RS256"}}, "ValidationError",
			"1 validation error detected: Value '[]' at 'audience' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1000, Member must have length greater than or equal to 1]"},
		{"algorithm", url.Values{"Audience.member.1": {"a"}, "SigningAlgorithm": {"HS256"}}, "ValidationError",
			"1 validation error detected: Value 'HS256' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RS256, ES384]"},
		{"short", url.Values{"Audience.member.1": {"a"}, "SigningAlgorithm": {"RS256"}, "DurationSeconds": {"59"}}, "ValidationError",
			"1 validation error detected: Value '59' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60"},
		{"long", url.Values{"Audience.member.1": {"a"}, "SigningAlgorithm": {"RS256"}, "DurationSeconds": {"3601"}}, "ValidationError",
			"1 validation error detected: Value '3601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 3600"},
		{"no number", url.Values{"Audience.member.1": {"a"}, "SigningAlgorithm": {"RS256"}, "DurationSeconds": {"x"}}, "MalformedInput", "Invalid value for parameter DurationSeconds"},
		{"tags", tags, "ValidationError", "1 validation error detected: Value '[k" + strings.Repeat(", k", 50) + "]' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"action", url.Values{"Action": {"Nothing"}}, "InvalidAction", "Could not find operation Nothing for version 2011-06-15"},
		{"no action", url.Values{"Action": {""}}, "MissingAction", "The request is missing an action or a required parameter."},
		{"audiences", many, "ValidationError", "2 validation errors detected: Value '[a, a, a, a, a, a, a, a, a, a, a]' at 'audience' failed to satisfy constraint: Member must have length less than or equal to 10; " +
			"Value null at 'signingAlgorithm' failed to satisfy constraint: Member must not be null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form := url.Values{"Action": {"GetWebIdentityToken"}, "Version": {"2011-06-15"}}
			maps.Copy(form, tt.form)
			status, text := call(t, found, form)
			var got errorResponse
			if err := xml.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if status != http.StatusBadRequest || got.Error.Code != tt.code || got.XMLName.Space != stsService.namespace || got.RequestID == "" {
				t.Errorf("%d %s", status, text)
			}
			if diff := cmp.Diff(tt.message, got.Error.Message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFederation(t *testing.T) {
	t.Parallel()
	found := begin(t, "user", nil)
	for _, step := range []struct {
		action string
		status int
		has    string
	}{
		{"EnableOutboundWebIdentityFederation", 409, "<Code>FeatureEnabled</Code>"},
		{"GetOutboundWebIdentityFederationInfo", 200, "<JwtVendingEnabled>true</JwtVendingEnabled>"},
		{"DisableOutboundWebIdentityFederation", 200, `<DisableOutboundWebIdentityFederationResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>`},
		{"DisableOutboundWebIdentityFederation", 404, "<Code>FeatureDisabled</Code>"},
		{"EnableOutboundWebIdentityFederation", 200, "<EnableOutboundWebIdentityFederationResult><IssuerIdentifier>https://abc12345"},
	} {
		status, text := call(t, found, url.Values{"Action": {step.action}, "Version": {"2010-05-08"}})
		if status != step.status || !strings.Contains(text, step.has) {
			t.Errorf("%s: %d %s, want %d with %s", step.action, status, text, step.status, step.has)
		}
	}
}

func TestCallerIdentity(t *testing.T) {
	t.Parallel()
	for preset, want := range map[string]string{
		"user": "<Arn>arn:aws:iam::123456789012:user/alice</Arn><UserId>AIDA",
		"role": "<Arn>arn:aws:sts::123456789012:assumed-role/MyAppRole/issuerd</Arn><UserId>AROA",
	} {
		status, text := call(t, begin(t, preset, nil), url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}})
		if status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %s", preset, status, text, want)
		}
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	found := begin(t, "role", issuer.Claims{aboutClaim: map[string]any{"original_session_exp": "2026-09-01T12:04:00Z"}})
	status, text := call(t, found, url.Values{"Action": {"GetWebIdentityToken"}, "Version": {"2011-06-15"}, "Audience.member.1": {"a"}, "SigningAlgorithm": {"RS256"}})
	if status != http.StatusForbidden || !strings.Contains(text, "<Code>SessionDurationEscalationException</Code>") {
		t.Errorf("%d %s", status, text)
	}
}

// TestLarge sends 10 MB, unsigned.
func TestLarge(t *testing.T) {
	t.Parallel()
	found := begin(t, "role", nil)
	r := httptest.NewRequest(http.MethodPost, "/", io.LimitReader(rand.Reader, 10<<20))
	w := httptest.NewRecorder()
	(&api{workload: issuer.Workload{Now: clock, Rand: rand.Reader}}).ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
	if _, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "a"); err != nil {
		t.Error(err)
	}
}

func FuzzTokenRequest(f *testing.F) {
	f.Add("Audience.member.1=a&SigningAlgorithm=RS256&DurationSeconds=60&Tags.member.1.Key=k&Tags.member.1.Value=v")
	f.Fuzz(func(t *testing.T, raw string) {
		form, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		req, alg, refused := tokenRequest(form)
		if refused == nil && (len(req.Audience) == 0 || presetOf[alg] == "" || req.Lifetime < time.Minute || req.Lifetime > time.Hour) {
			t.Errorf("%q became %v signed with %q", raw, req, alg)
		}
	})
}

// TestUnhealthyClients sends 10 MB, and hangs up in the middle of a request; the API answers the next one.
func TestUnhealthyClients(t *testing.T) {
	t.Parallel()
	found := begin(t, "role", nil)
	resp, _, err := post(t.Context(), http.DefaultClient, found.Base+"/", make([]byte, 10<<20), func(*http.Request) {})
	if err == nil && resp.StatusCode != http.StatusRequestEntityTooLarge { // an error when the server closes before it has read all
		t.Errorf("10 MB: status %d", resp.StatusCode)
	}
	issuertest.HangUp(t, found.Base+"/", formType)
	if _, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "a"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
