package dockertest

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/targets"
)

// SignIn drives a target once through what it is for: a world, an issuer, an application, a token, and its exchange
// under the canonical names. It fails the test unless Entra answers with an access token.
func SignIn(t testing.TB, tgt *targets.Target) {
	t.Helper()
	ctx := t.Context()
	world, err := tgt.Control.CreateWorld(ctx, control.WorldSpec{Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := tgt.Control.AddIssuer(ctx, world.ID, control.IssuerSpec{Platform: "github"})
	if err != nil {
		t.Fatal(err)
	}
	const audience = "api://AzureADTokenExchange"
	minted, err := tgt.Control.Mint(ctx, world.ID, control.MintSpec{Issuer: issuer.URL, Audience: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	subject, ok := minted.Claims["sub"].(string)
	if !ok {
		t.Fatalf("claim sub = %v, want a string", minted.Claims["sub"])
	}
	app, err := tgt.Control.AddApplication(ctx, world.ID, control.ApplicationSpec{
		Name:        "deployer",
		Credentials: []directory.Credential{{Name: "github", Issuer: issuer.URL, Subject: subject, Audiences: []string{audience}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: tgt.Transport(world.ID)}
	resp, err := client.PostForm("https://login.microsoftonline.com/"+app.Tenant+"/oauth2/v2.0/token",
		entra.AssertionForm(app.ClientID, minted.Token, "https://graph.microsoft.com/.default"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("the token endpoint's answer: %v", err)
	}
	if resp.StatusCode != http.StatusOK || answer.AccessToken == "" {
		t.Fatalf("HTTP status %d, access token of %d bytes, error %q; want 200 and a token", resp.StatusCode, len(answer.AccessToken), answer.Description)
	}
}
