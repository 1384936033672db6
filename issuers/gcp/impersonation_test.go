package gcp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const (
	reporter = "reporter@contoso-prod.iam.gserviceaccount.com"
	auditor  = "auditor@fabrikam.iam.gserviceaccount.com"
	auditID  = "104892101112131415161"
)

// TestImpersonation has a workload act as several accounts, and each of those as nobody.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *issuer.Workload) {
		w.Preset, w.Env = "service-account", map[string]string{"ISSUERD_IMPERSONATE": reporter + ", " + auditor + "=" + auditID}
	})
	own := s.accessToken("")
	call := func(target, method, body, token string) answer {
		return s.do(http.MethodPost, credentials+target+":"+method, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}
	subjects := map[string]bool{uniqueID: true}
	for _, target := range []string{reporter, auditor, auditID} {
		_, payload := issuertest.Parts(t, str(t, s.object(call(target, "generateIdToken", `{"audience":"a","includeEmail":true}`, own)), "token"))
		claims := issuertest.Object(t, payload)
		sub, _ := claims["sub"].(string)
		if len(sub) != 21 || claims["azp"] != sub || sub == uniqueID || target == auditID && claims["email"] != auditor || target != auditID && claims["email"] != target {
			t.Errorf("as %s: claims %v", target, claims)
		}
		if claims["email"] == auditor && sub != auditID {
			t.Errorf("as %s: sub is %s, want %s", target, sub, auditID)
		}
		subjects[sub] = true
	}
	if len(subjects) != 3 {
		t.Errorf("three accounts have the ids %v", subjects)
	}
	theirs := str(t, s.object(call(reporter, "generateAccessToken", `{"scope":["`+cloud+`"]}`, own)), "accessToken")
	info := s.object(s.do(http.MethodGet, "/tokeninfo?access_token="+theirs, ""))
	if id := str(t, info, "azp"); !subjects[id] || id == uniqueID || id == auditID {
		t.Errorf("the access token is of %s, want the reporter's id", id)
	}
	const idToken = `{"audience":"a"`
	for name, tt := range map[string]struct{ target, body, token string }{
		"nobody's account":          {"nobody@elsewhere.iam.gserviceaccount.com", idToken + "}", own},
		"its own, by another":       {account, idToken + "}", theirs},
		"another, by another":       {auditor, idToken + "}", theirs},
		"itself, by another":        {reporter, idToken + "}", theirs},
		"through one of the others": {auditor, idToken + `,"delegates":["projects/-/serviceAccounts/` + reporter + `"]}`, own},
	} {
		if got := call(tt.target, "generateIdToken", tt.body, tt.token); got.status != http.StatusForbidden || !strings.Contains(got.body, "iam.serviceAccounts.getOpenIdToken") {
			t.Errorf("%s: status %d with %s, want 403", name, got.status, got.body)
		}
	}
	if got := call("nobody@contoso-prod.iam.gserviceaccount.com", "generateIdToken", idToken+"}", own); got.status != http.StatusNotFound {
		t.Errorf("an account that is not there: status %d, want 404", got.status)
	}
	// Each signs with a key of its own, which is published under its name.
	keys := map[string]bool{}
	for _, target := range []string{account, reporter, auditor} {
		id := str(t, s.object(call(target, "signJwt", `{"payload":"{}"}`, own)), "keyId")
		published := s.do(http.MethodGet, "/service_accounts/v1/jwk/"+target, "")
		if keys[id] = true; !strings.Contains(published.body, id) {
			t.Errorf("the key %s of %s is not published: %s", id, target, published.body)
		}
	}
	if len(keys) != 3 {
		t.Errorf("three accounts have the keys %v", keys)
	}
}

func TestImpersonationErrors(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"nobody", "a@b.com", reporter + "=1", reporter + ",", strings.Repeat(reporter+",", 100) + reporter} {
		_, err := gcp.Platform.Native.New(issuer.Workload{Issuer: newIssuer(t), Env: map[string]string{"ISSUERD_IMPERSONATE": value}})
		if err == nil || !strings.Contains(err.Error(), "ISSUERD_IMPERSONATE") {
			t.Errorf("%.80s: error %v, want one that names the variable", value, err)
		}
	}
}
