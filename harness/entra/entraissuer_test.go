package entra

import (
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestIssuedByEntra: which issuers are Entra's, on Microsoft's hosts and at an address of this server's own.
func TestIssuedByEntra(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-3333-4444-555555555555"
	public, gov := directory.PublicCloud, directory.USGovCloud
	farm, login := base{url: "https://127.0.0.1:8445"}, base{url: "https://login.microsoftonline.com", cloud: public}
	for _, tt := range []struct {
		base   base
		issuer string
		want   entraIssuer
		is     bool
	}{
		{login, "https://login.microsoftonline.com/" + id + "/v2.0", entraIssuer{id, public}, true},
		{login, "https://login.microsoftonline.com/" + id + "/", entraIssuer{id, public}, true},
		{login, "https://login.microsoftonline.com/" + id + "/v1.0", entraIssuer{"", public}, true},
		{login, "https://login.microsoftonline.com/" + id + "/v2.0/", entraIssuer{"", public}, true},
		{login, "https://login.microsoftonline.com/common/v2.0", entraIssuer{"", public}, true},
		{login, "https://LOGIN.microsoftonline.com/" + id + "/v2.0", entraIssuer{id, public}, true},
		{login, "https://login.microsoftonline.us/" + id + "/v2.0", entraIssuer{id, gov}, true},
		{login, "https://sts.windows.net/" + id + "/", entraIssuer{id, nil}, true},
		{login, "http://login.microsoftonline.com/" + id + "/v2.0", entraIssuer{}, false},
		{login, "login.microsoftonline.com/" + id + "/v2.0", entraIssuer{}, false},
		{login, "https://issuer.example/" + id + "/v2.0", entraIssuer{}, false},
		{login, "https://127.0.0.1:8445/" + id + "/v2.0", entraIssuer{}, false},
		{farm, "https://127.0.0.1:8445/" + id + "/v2.0", entraIssuer{id, nil}, true},
		{farm, "https://127.0.0.1:8445/" + id + "/", entraIssuer{id, nil}, false},
		{farm, "https://127.0.0.1:8445/github/v2.0", entraIssuer{"github", nil}, false},
		{farm, "https://login.microsoftonline.com/" + id + "/v2.0", entraIssuer{id, public}, true},
		{farm, "https://issuer.example/" + id + "/v2.0", entraIssuer{}, false},
	} {
		x := &exchange{base: tt.base}
		if got, is := x.issuedByEntra(tt.issuer); is != tt.is || is && got != tt.want {
			t.Errorf("at %s, %s: %+v, %t; want %+v, %t", tt.base.url, tt.issuer, got, is, tt.want, tt.is)
		}
	}
	for subject, want := range map[string]bool{"/eid1/c/pub/t/x/a/y": true, "/eid1/c/pub/t/x": false, "eid1/c/pub/t/x/a": false} {
		if text, made := namelessSubject(subject); made != want || made && text != "/eid1/c/pub/t/{tenantId}/a/y" {
			t.Errorf("%s: %q, %t, want %t", subject, text, made, want)
		}
	}
}
