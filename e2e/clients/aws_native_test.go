package clients

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/issuerd/issuerd/harness"
)

// awsProgram is a farm with a program that AWS's SDK configures from its environment, which is the test's own, so that
// the test must not be parallel.
type awsProgram struct {
	farm   *harness.Farm
	env    map[string]string
	config aws.Config
}

func startAWS(t *testing.T, platform, preset string, claims map[string]any) awsProgram {
	t.Helper()
	p := awsProgram{farm: harness.New(t)}
	made := p.farm.MustAddIssuer(harness.IssuerSpec{Platform: platform, Preset: preset})
	p.env = made.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Claims: claims}).Env
	for name, value := range p.env {
		t.Setenv(name, value)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, p.farm.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CA_BUNDLE", roots)
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	var err error
	if p.config, err = config.LoadDefaultConfig(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// wantSignIn signs in at the emulator with a token, which an application trusts by the token's own iss, sub and aud.
func (p awsProgram) wantSignIn(t *testing.T, token string) map[string]any {
	t.Helper()
	conforms(t, p.farm, azureIdentity)
	claims := payloadOf(t, token)
	app := p.farm.MustAddApp("aws", credentialFor(t, harness.Token{Claims: claims}))
	credential, err := azidentity.NewClientAssertionCredential(p.farm.Tenant, app.ClientID, func(context.Context) (string, error) { return token, nil },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: p.farm.Client()}})
	if err != nil {
		t.Fatal(err)
	}
	access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "aws", claimsOf(t, access.Token), p.farm.Tenant, app.ClientID)
	return claims
}

// payloadOf reads a token of any algorithm.
func payloadOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts, want 3", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// lifetime is exp - iat.
func lifetime(claims map[string]any) time.Duration {
	exp, _ := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	return time.Duration(exp-iat) * time.Second
}

// wantRefused compares a service's error as the SDK understands it.
func wantRefused(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("error %v, want the service's %s", err, code)
		return
	}
	if api.ErrorCode() != code || !strings.HasPrefix(api.ErrorMessage(), message) {
		t.Errorf("refused with %s %q, want %s %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}
