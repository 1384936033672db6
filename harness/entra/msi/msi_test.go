package msi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/msi"
)

// endpoints are those of two servers, each with an identity called worker and a secret of its own.
func endpoints(t *testing.T) (tenants [2]directory.Tenant, both [2]*msi.Endpoint) {
	t.Helper()
	names := []string{"Contoso", "Fabrikam"} // the ids follow from them
	for i, secret := range []string{"the first secret", "the second secret"} {
		dir := directory.New()
		_, err := dir.AddTenant(directory.Tenant{
			DisplayName:       names[i],
			ManagedIdentities: []directory.ManagedIdentity{{Name: "worker"}},
			Subscriptions:     []directory.Subscription{{DisplayName: "Production", ResourceGroups: []directory.ResourceGroup{{Name: "app"}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		tenants[i] = dir.Tenants()[0]
		both[i] = msi.New(msi.Config{Server: entra.New(entra.Config{Directory: dir}), Secret: secret})
	}
	return tenants, both
}

// ask returns the status and the body of an answer.
func ask(t *testing.T, handler http.Handler, method, secret, query string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, msi.Path+"?"+query, nil)
	if secret != "" {
		r.Header.Set("X-IDENTITY-HEADER", secret)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	var body map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return answer.Code, body
}

const forARM = "api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com&"

// TestSecretsAreApart asks each endpoint with the other's secret, and one that has none.
func TestSecretsAreApart(t *testing.T) {
	t.Parallel()
	tenants, both := endpoints(t)
	for i, secret := range []string{"the first secret", "the second secret"} {
		for j, endpoint := range both {
			want := http.StatusUnauthorized
			if i == j {
				want = http.StatusOK
			}
			if status, body := ask(t, endpoint, http.MethodGet, secret, forARM+"client_id="+tenants[j].ManagedIdentities[0].ClientID); status != want {
				t.Errorf("endpoint %d, secret %d: %d %v, want %d", j, i, status, body["message"], want)
			}
		}
	}
	for _, secret := range []string{"", "the first secret"} {
		if status, _ := ask(t, msi.New(msi.Config{}), http.MethodGet, secret, forARM); status != http.StatusUnauthorized {
			t.Errorf("an endpoint without a secret answers %q with %d", secret, status)
		}
	}
}

// TestNames asks for the identity by each name that it has, and by names that it has not.
func TestNames(t *testing.T) {
	t.Parallel()
	tenants, both := endpoints(t)
	identity := tenants[0].ManagedIdentities[0]
	resourceID := "/subscriptions/" + identity.Subscription + "/resourcegroups/" + identity.ResourceGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
	for query, want := range map[string]int{
		"client_id=" + identity.ClientID:       http.StatusOK,
		"principal_id=" + identity.PrincipalID: http.StatusOK,
		"object_id=" + identity.PrincipalID:    http.StatusOK,
		"mi_res_id=" + resourceID:              http.StatusOK,
		"msi_res_id=" + resourceID:             http.StatusOK,
		"":                                     http.StatusBadRequest,
		"client_id=" + identity.PrincipalID:    http.StatusBadRequest,
		"client_id=" + tenants[1].ManagedIdentities[0].ClientID:    http.StatusBadRequest,
		"mi_res_id=/subscriptions/" + identity.Subscription + "/x": http.StatusBadRequest,
	} {
		status, body := ask(t, both[0], http.MethodGet, "the first secret", forARM+query)
		if status != want {
			t.Errorf("%q: %d %v, want %d", query, status, body["message"], want)
		}
		if status == http.StatusOK && body["client_id"] != identity.ClientID {
			t.Errorf("%q: a token for %v, want %s", query, body["client_id"], identity.ClientID)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tenants, both := endpoints(t)
	named := "client_id=" + tenants[0].ManagedIdentities[0].ClientID
	guid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for _, tt := range []struct {
		method, query string
		status        int
	}{
		{http.MethodPost, forARM + named, http.StatusMethodNotAllowed},
		{http.MethodGet, "api-version=2017-09-01&resource=https://management.azure.com&" + named, http.StatusBadRequest},
		{http.MethodGet, "api-version=2019-08-01&" + named, http.StatusBadRequest},
		{http.MethodGet, "api-version=2019-08-01&resource=https://nothing.example&" + named, http.StatusBadRequest},
	} {
		status, body := ask(t, both[0], tt.method, "the first secret", tt.query)
		id, _ := body["correlationId"].(string)
		if status != tt.status || body["statusCode"] != float64(tt.status) || body["access_token"] != nil || !guid.MatchString(id) {
			t.Errorf("%s %s: %d %v, id %q, want %d with a correlation id", tt.method, tt.query, status, body["message"], id, tt.status)
		}
	}
}
