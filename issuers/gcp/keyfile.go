package gcp

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// The variables of whoever owns a key file: Google's clients read the file that the first names, Terraform's provider
// takes the contents from the second.
const (
	keyFileVariable = "GOOGLE_APPLICATION_CREDENTIALS"
	keyVariable     = "GOOGLE_CREDENTIALS"
)

// keyFile is what Google gives to download when somebody makes a key for a service account.
type keyFile struct {
	Type           string `json:"type"`
	ProjectID      string `json:"project_id"`
	PrivateKeyID   string `json:"private_key_id"`
	PrivateKey     string `json:"private_key"` // PEM of PKCS #8
	ClientEmail    string `json:"client_email"`
	ClientID       string `json:"client_id"`
	AuthURI        string `json:"auth_uri"`
	TokenURI       string `json:"token_uri"`
	ProviderCerts  string `json:"auth_provider_x509_cert_url"`
	ClientCerts    string `json:"client_x509_cert_url"`
	UniverseDomain string `json:"universe_domain"`
}

// keyEnv is the environment of a program outside Google Cloud that has a key file. Where there is no folder for the
// file, as in a container, it has the contents alone.
func (a *api) keyEnv() (map[string]string, error) {
	key, err := a.principals[0].own.load()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key.key)
	if err != nil {
		return nil, fmt.Errorf("gcp: key file: %w", err)
	}
	contents, err := json.Marshal(keyFile{
		Type: "service_account", ProjectID: a.machine.project,
		PrivateKeyID: key.id, PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		ClientEmail: a.account.email, ClientID: a.account.id,
		AuthURI: "https://accounts.google.com/o/oauth2/auth", TokenURI: a.tokenURI(),
		ProviderCerts:  "https://www.googleapis.com/oauth2/v1/certs",
		ClientCerts:    "https://www.googleapis.com/robot/v1/metadata/x509/" + url.QueryEscape(a.account.email),
		UniverseDomain: "googleapis.com",
	})
	if err != nil {
		return nil, fmt.Errorf("gcp: key file: %w", err)
	}
	env := map[string]string{keyVariable: string(contents)}
	if dir, err := a.workload.Dir(); err == nil {
		name := filepath.Join(dir, "key.json")
		if err := os.WriteFile(name, contents, 0o600); err != nil {
			return nil, fmt.Errorf("gcp: key file: %w", err)
		}
		env[keyFileVariable] = name
	}
	return env, nil
}

// fetchWithKey does what Google's clients do with a key file. The text of a refusal is google-auth's for Python: what
// the error says, or else the whole body. [googleapis/google-auth-library-python, google/oauth2/_client.py]
func fetchWithKey(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	var file keyFile
	if err := json.Unmarshal([]byte(found.Env[keyVariable]), &file); err != nil {
		return "", fmt.Errorf("gcp: %s holds no key file: %w", keyVariable, err)
	}
	block, _ := pem.Decode([]byte(file.PrivateKey))
	if block == nil {
		return "", fmt.Errorf("gcp: the private_key of %s is no PEM", keyVariable)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("gcp: the private_key of %s: %w", keyVariable, err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: file.PrivateKeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("gcp: key file: %w", err)
	}
	signed, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: file.ClientEmail, Subject: file.ClientEmail, Audience: jwt.Audience{file.TokenURI},
		IssuedAt: jwt.NewNumericDate(found.Now), Expiry: jwt.NewNumericDate(found.Now.Add(maxAssertionLife)),
	}).Claims(struct {
		TargetAudience string `json:"target_audience,omitempty"`
	}{audience}).Serialize()
	if err != nil {
		return "", fmt.Errorf("gcp: key file: %w", err)
	}
	answer, body, err := postForm(ctx, client, found.Base+"/token", url.Values{"grant_type": {jwtBearer}, "assertion": {signed}})
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		message := string(body)
		var said grantError
		if err := json.Unmarshal(body, &said); err == nil && said.Code != "" {
			message = strings.TrimSuffix(said.Code+": "+said.Description, ": ")
		}
		return "", &issuer.Refused{Status: answer.StatusCode, Message: message}
	}
	var got struct {
		IDToken string `json:"id_token"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return "", fmt.Errorf("gcp: token endpoint: %w", err)
	}
	return got.IDToken, nil
}

func postForm(ctx context.Context, client *http.Client, address string, form url.Values) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, fmt.Errorf("gcp: token endpoint: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, body, err := issuer.Send(client, req)
	if err != nil {
		return nil, nil, fmt.Errorf("gcp: token endpoint: %w", err)
	}
	return resp, body, nil
}

// maxAssertionLife is the most that Google lets lie between an assertion's iat and exp.
const maxAssertionLife = time.Hour
