package clients

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TestCognitoDeveloper signs in as a back end's own user.
func TestCognitoDeveloper(t *testing.T) {
	p := startAWS(t, "cognito", "developer-authenticated", nil)
	client := cognitoidentity.NewFromConfig(p.config)
	input := &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: aws.String(p.env["COGNITO_IDENTITY_POOL_ID"]),
		Logins:         map[string]string{p.env["COGNITO_LOGIN_PROVIDER"]: p.env["COGNITO_LOGIN"]},
		PrincipalTags:  map[string]string{"team": "payments"},
	}
	out, err := client.GetOpenIdTokenForDeveloperIdentity(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	claims := p.checkSignIn(t, *out.Token)
	if got := lifetime(claims); got != 15*time.Minute || claims["sub"] != *out.IdentityId {
		t.Errorf("the token of %v for %q lives %v", claims["sub"], *out.IdentityId, got)
	}
	keys, err := client.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{
		IdentityId: out.IdentityId, Logins: map[string]string{"cognito-identity.amazonaws.com": *out.Token}})
	if err != nil {
		t.Fatal(err)
	}
	if keys.Credentials.Expiration == nil || *keys.Credentials.AccessKeyId == "" {
		t.Errorf("credentials %+v lack a part", keys.Credentials)
	}
	input.TokenDuration = aws.Int64(86401)
	_, err = client.GetOpenIdTokenForDeveloperIdentity(t.Context(), input)
	checkRefused(t, err, "ValidationException", "1 validation error detected: Value '86401' at 'tokenDuration' failed")
}

// TestCognitoGuest signs in as a guest identity.
func TestCognitoGuest(t *testing.T) {
	p := startAWS(t, "cognito", "unauthenticated", nil)
	client := cognitoidentity.NewFromConfig(p.config)
	id, err := client.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: aws.String(p.env["COGNITO_IDENTITY_POOL_ID"])})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId})
	if err != nil {
		t.Fatal(err)
	}
	if got := lifetime(p.checkSignIn(t, *out.Token)); got != 10*time.Minute {
		t.Errorf("the token lives %v", got)
	}
	if _, err := client.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId}); err != nil {
		t.Error(err)
	}
	_, err = client.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: aws.String("us-east-1:0")})
	checkRefused(t, err, "ResourceNotFoundException", "IdentityPool 'us-east-1:0' not found.")
}

// TestCognitoUserPool signs in with a user's ID token.
func TestCognitoUserPool(t *testing.T) {
	p := startAWS(t, "cognito", "user-pool-id", nil)
	client := cognitoidentityprovider.NewFromConfig(p.config)
	input := &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(p.env["COGNITO_CLIENT_ID"]),
		AuthParameters: map[string]string{"USERNAME": p.env["COGNITO_USERNAME"], "PASSWORD": p.env["COGNITO_PASSWORD"]},
	}
	out, err := client.InitiateAuth(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	id := p.checkSignIn(t, *out.AuthenticationResult.IdToken)
	access := payloadOf(t, *out.AuthenticationResult.AccessToken)
	if _, has := access["aud"]; has || access["client_id"] != id["aud"] || access["sub"] != id["sub"] || access["origin_jti"] != id["origin_jti"] {
		t.Errorf("access token %v does not belong to the ID token %v", access, id)
	}
	input.AuthParameters["PASSWORD"] = "wrong"
	_, err = client.InitiateAuth(t.Context(), input)
	checkRefused(t, err, "NotAuthorizedException", "Incorrect username or password.")
}
