package clients

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/google/go-cmp/cmp"
)

// msalClient is a confidential client at the canonical authority with an assertion for a credential, instance discovery
// left on.
func msalClient(authority, clientID, assertion string, transport interface {
	Do(*http.Request) (*http.Response, error)
	CloseIdleConnections()
}) (confidential.Client, error) {
	credential := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return assertion, nil
	})
	return confidential.New(authority, clientID, credential, confidential.WithHTTPClient(transport))
}

// TestMSAL acquires with MSAL for Go and no library above it, and then once more from its cache.
func TestMSAL(t *testing.T) {
	t.Parallel()
	w := trusted(t, "kubernetes")
	conforms(t, w.farm, msalGo)
	wire := &wire{http: w.farm.Client()}
	client, err := msalClient("https://login.microsoftonline.com/"+w.farm.Tenant, w.app.ClientID, w.assertion.Token, wire)
	if err != nil {
		t.Fatal(err)
	}
	acquired, err := client.AcquireTokenByCredential(t.Context(), []string{graphScope})
	if err != nil {
		t.Fatal(err)
	}
	claims := claimsOf(t, acquired.AccessToken)
	want := map[string]any{"aud": "https://graph.microsoft.com", "appid": w.app.ClientID, "tid": w.farm.Tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claims, "aud", "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	wantLife(t, claims, acquired.ExpiresOn)

	cached, err := client.AcquireTokenByCredential(t.Context(), []string{graphScope})
	if err != nil {
		t.Fatal(err)
	}
	if cached.AccessToken != acquired.AccessToken {
		t.Error("the cache holds another token")
	}
	if diff := cmp.Diff(signInRequests(w.farm.Tenant), wire.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestMSALRefused looks at MSAL's error for an assertion that no credential matches.
func TestMSALRefused(t *testing.T) {
	t.Parallel()
	w := trusted(t, "kubernetes")
	conforms(t, w.farm, msalGo)
	credential := credentialFor(t, w.assertion)
	credential.Subject += "-canary"
	app := w.farm.MustAddApp("mistaken", credential)
	client, err := msalClient("https://login.microsoftonline.com/"+w.farm.Tenant, app.ClientID, w.assertion.Token, w.farm.Client())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.AcquireTokenByCredential(t.Context(), []string{graphScope})
	var refused msalerrors.CallErr
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a CallErr", err)
	}
	if refused.Resp.StatusCode != http.StatusUnauthorized || !strings.Contains(err.Error(), "AADSTS700213: ") {
		t.Errorf("status %d and error %q, want %d and AADSTS700213", refused.Resp.StatusCode, err, http.StatusUnauthorized)
	}
}
