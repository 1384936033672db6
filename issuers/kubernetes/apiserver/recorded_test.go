package apiserver_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// recording is a request and what a real API server answered.
type recording struct {
	Name, Method, Path, Body string
	Headers                  []string
	Code                     int
	Warnings                 []string
	Nosniff                  bool
	Answer                   any // nil: not recorded
}

// TestRecorded repeats what a kube-apiserver 1.36.3 was asked, in order, and compares the answers.
func TestRecorded(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/kube-apiserver-1.36.3.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []recording
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	c := newCluster(t, "kubeadm-in-cluster", nil)
	const otherUID = "11111111-2222-4333-8444-555555555555"
	names := strings.NewReplacer(
		"ACCOUNT-TOKEN", c.token(tokenPath, `{}`),
		"OTHER-UID", c.boundTo(map[string]any{"pod": map[string]any{"name": "quick-start", "uid": otherUID}}),
		"NO-POD", c.boundTo(map[string]any{"pod": map[string]any{"name": "nobody", "uid": otherUID}}),
		"TOKEN", tokenPath, "ACCOUNTS", accountsPath, "SELF", selfPath, "REVIEW", reviewPath)
	for _, tt := range all {
		method := tt.Method
		if method == "" {
			method = http.MethodPost
		}
		for i := range tt.Headers {
			tt.Headers[i] = names.Replace(tt.Headers[i])
		}
		code, out, header := c.call(method, names.Replace(tt.Path), names.Replace(tt.Body), tt.Headers...)
		if code != tt.Code {
			t.Errorf("%s: %d %v, want %d", tt.Name, code, out["message"], tt.Code)
		}
		if diff := cmp.Diff(tt.Warnings, header.Values("Warning")); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", tt.Name, diff)
		}
		if nosniff := header.Get("X-Content-Type-Options") == "nosniff"; nosniff != tt.Nosniff {
			t.Errorf("%s: X-Content-Type-Options is %q", tt.Name, header.Get("X-Content-Type-Options"))
		}
		if diff := cmp.Diff(tt.Answer, c.placeholders(out)); tt.Answer != nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.Name, diff)
		}
	}
}

// boundTo mints a token for the API server that lives a day and has other members of kubernetes.io than those of the
// cluster's workload.
func (c *cluster) boundTo(about map[string]any) string {
	c.t.Helper()
	token, err := c.issuer.Mint(issuer.Request{Audience: []string{c.issuer.URL()}, Lifetime: 24 * time.Hour, Claims: issuer.Claims{"kubernetes.io": about}})
	if err != nil {
		c.t.Fatal(err)
	}
	return token.Raw
}

var (
	uuids  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	times  = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	tokens = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
)

// placeholders puts the recordings' placeholders into an answer.
func (c *cluster) placeholders(answer map[string]any) (out any) {
	c.t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		c.t.Fatal(err)
	}
	text := strings.ReplaceAll(string(raw), c.issuer.URL(), "<issuer>")
	text = tokens.ReplaceAllString(times.ReplaceAllString(uuids.ReplaceAllString(text, "<uuid>"), "<time>"), "<token>")
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		c.t.Fatal(err)
	}
	return out
}
