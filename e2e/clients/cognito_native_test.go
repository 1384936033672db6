package clients

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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
	conforms(t, p.farm, "github.com/aws/aws-sdk-go-v2/service/cognitoidentity")
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
	claims := p.wantSignIn(t, *out.Token)
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
	wantRefused(t, err, "ValidationException", "1 validation error detected: Value '86401' at 'tokenDuration' failed")
}

// TestCognitoGuest signs in as a guest identity.
func TestCognitoGuest(t *testing.T) {
	p := startAWS(t, "cognito", "unauthenticated", nil)
	conforms(t, p.farm, "github.com/aws/aws-sdk-go-v2/service/cognitoidentity")
	client := cognitoidentity.NewFromConfig(p.config)
	id, err := client.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: aws.String(p.env["COGNITO_IDENTITY_POOL_ID"])})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId})
	if err != nil {
		t.Fatal(err)
	}
	if got := lifetime(p.wantSignIn(t, *out.Token)); got != 10*time.Minute {
		t.Errorf("the token lives %v", got)
	}
	if _, err := client.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId}); err != nil {
		t.Error(err)
	}
	_, err = client.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: aws.String("us-east-1:0")})
	wantRefused(t, err, "ResourceNotFoundException", "IdentityPool 'us-east-1:0' not found.")
}

// TestCognitoUserPool signs in with a user's ID token, and with the next one that the refresh token gives.
func TestCognitoUserPool(t *testing.T) {
	for _, preset := range []string{"user-pool-id", "user-pool-secret"} {
		t.Run(preset, func(t *testing.T) {
			p := startAWS(t, "cognito", preset, nil)
			conforms(t, p.farm, "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider")
			client := cognitoidentityprovider.NewFromConfig(p.config)
			with := func(parameters map[string]string) map[string]string {
				if secret := p.env["COGNITO_CLIENT_SECRET"]; secret != "" {
					mac := hmac.New(sha256.New, []byte(secret))
					mac.Write([]byte(p.env["COGNITO_USERNAME"] + p.env["COGNITO_CLIENT_ID"]))
					parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
				}
				return parameters
			}
			input := &cognitoidentityprovider.InitiateAuthInput{
				AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(p.env["COGNITO_CLIENT_ID"]),
				AuthParameters: with(map[string]string{"USERNAME": p.env["COGNITO_USERNAME"], "PASSWORD": p.env["COGNITO_PASSWORD"]}),
			}
			out, err := client.InitiateAuth(t.Context(), input)
			if err != nil {
				t.Fatal(err)
			}
			id := payloadOf(t, *out.AuthenticationResult.IdToken)
			access := payloadOf(t, *out.AuthenticationResult.AccessToken)
			if _, has := access["aud"]; has || access["client_id"] != id["aud"] || access["sub"] != id["sub"] || access["origin_jti"] != id["origin_jti"] {
				t.Errorf("access token %v does not belong to the ID token %v", access, id)
			}
			fresh, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
				AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientId: input.ClientId,
				AuthParameters: with(map[string]string{"REFRESH_TOKEN": *out.AuthenticationResult.RefreshToken}),
			})
			if err != nil {
				t.Fatal(err)
			}
			if next := p.wantSignIn(t, *fresh.AuthenticationResult.IdToken); next["origin_jti"] != id["origin_jti"] || next["jti"] == id["jti"] {
				t.Errorf("the refreshed token %v is not another one of the same sign-in as %v", next, id)
			}
			input.AuthParameters["PASSWORD"] = "wrong"
			_, err = client.InitiateAuth(t.Context(), input)
			wantRefused(t, err, "NotAuthorizedException", "Incorrect username or password.")
			input.AuthFlow, input.AuthParameters = types.AuthFlowTypeRefreshTokenAuth, with(map[string]string{"REFRESH_TOKEN": "x"})
			_, err = client.InitiateAuth(t.Context(), input)
			wantRefused(t, err, "NotAuthorizedException", "Invalid Refresh Token")
		})
	}
}

// TestCognitoSecret leaves out the hash of the app client's secret.
func TestCognitoSecret(t *testing.T) {
	p := startAWS(t, "cognito", "user-pool-secret", nil)
	_, err := cognitoidentityprovider.NewFromConfig(p.config).InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(p.env["COGNITO_CLIENT_ID"]),
		AuthParameters: map[string]string{"USERNAME": p.env["COGNITO_USERNAME"], "PASSWORD": p.env["COGNITO_PASSWORD"]},
	})
	wantRefused(t, err, "NotAuthorizedException", "Client "+p.env["COGNITO_CLIENT_ID"]+" is configured with secret but SECRET_HASH was not received")
}
