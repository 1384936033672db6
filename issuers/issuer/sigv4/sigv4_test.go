package sigv4

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSpecification is the worked example of AWS's documentation: ListUsers of IAM.
func TestSpecification(t *testing.T) {
	t.Parallel()
	key := Key{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	scope := Scope{Region: "us-east-1", Service: "iam"}
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	r := httptest.NewRequest(http.MethodGet, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	r.RequestURI = "/?Action=ListUsers&Version=2010-05-08"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	key.Sign(r, nil, scope, now)
	want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, " +
		"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
	if diff := cmp.Diff(want, r.Header.Get("Authorization")); diff != "" {
		t.Errorf("Authorization (-want +got):\n%s", diff)
	}
	if refused := key.Verify(r, nil, now, scope); refused != nil {
		t.Errorf("refused: %v", refused)
	}
}

// TestCanonical has the rules of the specification for the path and the query.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, query, wantPath, wantQuery string }{
		{"", "", "/", ""},
		{"/", "", "/", ""},
		{"//", "", "/", ""},
		{"/a//b/", "", "/a/b/", ""},
		{"/a/./b/../c", "", "/a/c", ""},
		{"/a/b/..", "", "/a/", ""},
		{"/a/.", "", "/a/", ""},
		{"/../a", "", "/a", ""},
		{"/w/1%20a/", "", "/w/1%2520a/", ""}, // escaped a second time
		{"/", "b=2&a=1", "/", "a=1&b=2"},
		{"/", "a=2&a=1&A=3", "/", "A=3&a=1&a=2"},
		{"/", "name-2=x&name=y", "/", "name=y&name-2=x"}, // names alone count first: "name-2" is before "name="
		{"/", "a=-&a=%2F", "/", "a=%2F&a=-"},             // sorted as they are encoded
		{"/", "a&b=+", "/", "a=&b=%20"},
		{"/", "%C3%A9=~", "/", "%C3%A9=~"},
	} {
		lines := strings.Split(canonical("GET", tt.path, tt.query, "h", nil, nil, nil), "\n")
		if lines[1] != tt.wantPath || lines[2] != tt.wantQuery {
			t.Errorf("%s?%s: %q and %q, want %q and %q", tt.path, tt.query, lines[1], lines[2], tt.wantPath, tt.wantQuery)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	scope := Scope{Region: "us-east-1", Service: "sts"}
	const mismatchText = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	hashed := "(Hashed with SHA-256 and encoded with Base64) Authorization="
	tests := []struct {
		name   string
		scope  Scope
		after  time.Duration // between signing and checking
		change func(*http.Request)
		want   *Refused
	}{
		{name: "good"},
		{name: "15 minutes old", after: 15 * time.Minute},
		{name: "no header", change: func(r *http.Request) { r.Header.Del("Authorization") },
			want: &Refused{"MissingAuthenticationToken", 403, "Request is missing Authentication Token"}},
		{name: "bearer", change: set("Authorization", "Bearer x"),
			want: &Refused{"IncompleteSignature", 400, "Unsupported AWS 'algorithm': " + hashed}},
		{name: "no date", change: func(r *http.Request) { r.Header.Del("X-Amz-Date") },
			want: &Refused{"IncompleteSignature", 400, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashed}},
		{name: "odd date", change: set("X-Amz-Date", "now"),
			want: &Refused{"IncompleteSignature", 400, "Date must be in ISO-8601 'basic format'. Got 'now'. See http://en.wikipedia.org/wiki/ISO_8601"}},
		{name: "no signature", change: replace("Signature=", "Nothing="),
			want: &Refused{"IncompleteSignature", 400, "Authorization header requires 'Signature' parameter. " + hashed}},
		{name: "short credential", change: replace("/aws4_request", ""),
			want: &Refused{"IncompleteSignature", 400, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIATEST/20260901/us-east-1/sts'"}},
		{name: "unknown key", change: replace("AKIATEST", "AKIAOTHER"),
			want: &Refused{"InvalidClientTokenId", 403, "The security token included in the request is invalid."}},
		{name: "session token", change: set("X-Amz-Security-Token", "x"),
			want: &Refused{"InvalidClientTokenId", 403, "The security token included in the request is invalid."}},
		{name: "another service", scope: Scope{"us-east-1", "iam"},
			want: &Refused{"SignatureDoesNotMatch", 403, "Credential should be scoped to correct service: 'sts'. "}},
		{name: "another region", scope: Scope{"eu-west-1", "sts"},
			want: &Refused{"SignatureDoesNotMatch", 403, "Credential should be scoped to a valid region. "}},
		{name: "terminator", change: replace("aws4_request", "aws4"),
			want: &Refused{"SignatureDoesNotMatch", 403, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'. "}},
		{name: "day", change: replace("/20260901/", "/20260831/"),
			want: &Refused{"SignatureDoesNotMatch", 403, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260831' != '20260901', from '20260901T120000Z'."}},
		{name: "old", after: 16 * time.Minute,
			want: &Refused{"SignatureDoesNotMatch", 403, "Signature expired: 20260901T120000Z is now earlier than 20260901T120100Z (20260901T121600Z - 15 min.)"}},
		{name: "early", after: -16 * time.Minute,
			want: &Refused{"SignatureDoesNotMatch", 403, "Signature not yet current: 20260901T120000Z is still later than 20260901T115900Z (20260901T114400Z + 15 min.)"}},
		{name: "another target", change: set("X-Amz-Target", "T.B"), want: &Refused{"SignatureDoesNotMatch", 403, mismatchText}},
		{name: "another path", change: func(r *http.Request) { r.RequestURI = "/w/2/" }, want: &Refused{"SignatureDoesNotMatch", 403, mismatchText}},
		{name: "host not signed", change: replace("host;", ""), want: &Refused{"SignatureDoesNotMatch", 403, mismatchText}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := Key{ID: "AKIATEST", Secret: "secret"}
			r := httptest.NewRequest(http.MethodPost, "https://h/w/1%20a/?b=2&a=1", nil)
			r.RequestURI = "/w/1%20a/?b=2&a=1"
			r.Header.Set("X-Amz-Target", "T.A")
			by := scope
			if tt.scope != (Scope{}) {
				by = tt.scope
			}
			key.Sign(r, []byte("body"), by, now)
			if tt.change != nil {
				tt.change(r)
			}
			got := key.Verify(r, []byte("body"), now.Add(tt.after), scope)
			if got != nil && tt.want != nil && strings.HasSuffix(tt.want.Message, hashed) { // the hash is the header's
				got.Message = got.Message[:strings.Index(got.Message, hashed)+len(hashed)]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for _, temporary := range []bool{false, true} {
		key, err := NewKey(rand.Reader, temporary)
		if err != nil {
			t.Fatal(err)
		}
		prefix := map[bool]string{false: "AKIA", true: "ASIA"}[temporary]
		if len(key.ID) != 20 || !strings.HasPrefix(key.ID, prefix) || len(key.Secret) != 40 || (key.Session != "") != temporary {
			t.Errorf("key %v has a secret of %d characters and a session token of %d", key, len(key.Secret), len(key.Session))
		}
		if diff := cmp.Diff(key, FromEnv(key.Env("r", "e"))); diff != "" {
			t.Errorf("from environment (-want +got):\n%s", diff)
		}
		if printed := fmt.Sprintf("%v %+v %#v", key, key, key); strings.Contains(printed, key.Secret) {
			t.Error("the key prints its secret")
		}
	}
	if _, err := NewKey(strings.NewReader(""), false); err == nil {
		t.Error("no randomness made a key")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIATEST/20260901/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00", "20260901T120000Z", "/?a=%zz")
	f.Fuzz(func(t *testing.T, authorization, date, uri string) {
		r := &http.Request{Method: http.MethodPost, RequestURI: uri, Host: "h", Header: http.Header{"Authorization": {authorization}, "X-Amz-Date": {date}}}
		key := Key{ID: "AKIATEST", Secret: "secret"}
		if key.Verify(r, nil, time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), Scope{"us-east-1", "sts"}) == nil {
			t.Error("accepted without the secret")
		}
	})
}
