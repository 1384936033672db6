package clients

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"
)

// TestGetWebIdentityToken signs in with what the SDK's STS client gets.
func TestGetWebIdentityToken(t *testing.T) {
	p := startAWS(t, "awssts", "ec2", nil)
	conforms(t, p.farm, "github.com/aws/aws-sdk-go-v2/service/sts")
	client := sts.NewFromConfig(p.config)
	who, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *who.Arn, "arn:aws:sts::123456789012:assumed-role/MyAppRole/issuerd"; got != want {
		t.Errorf("caller is %q, want %q", got, want)
	}
	input := &sts.GetWebIdentityTokenInput{Audience: []string{exchangeAudience}, SigningAlgorithm: aws.String("RS256"), DurationSeconds: aws.Int32(900),
		Tags: []types.Tag{{Key: aws.String("job"), Value: aws.String("nightly")}}}
	out, err := client.GetWebIdentityToken(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	rs256 := p.wantSignIn(t, *out.WebIdentityToken)
	if got := lifetime(rs256); got != 15*time.Minute {
		t.Errorf("the token lives %v", got)
	}
	if exp := time.Unix(int64(rs256["exp"].(float64)), 0); !exp.Equal(*out.Expiration) {
		t.Errorf("Expiration is %v, the token's %v", out.Expiration, exp)
	}
	input.SigningAlgorithm = aws.String("ES384")
	out, err = client.GetWebIdentityToken(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	es384 := payloadOf(t, *out.WebIdentityToken)
	about := func(claims map[string]any) map[string]any {
		said := claims["https://sts.amazonaws.com/"].(map[string]any)
		delete(said, "original_session_exp")
		return said
	}
	if diff := cmp.Diff(about(rs256), about(es384)); diff != "" {
		t.Errorf("claims of ES384 (-of RS256 +):\n%s", diff)
	}
	input.DurationSeconds = aws.Int32(59)
	_, err = client.GetWebIdentityToken(t.Context(), input)
	wantRefused(t, err, "ValidationError", "1 validation error detected: Value '59' at 'durationSeconds' failed")
	t.Run("wrong secret", func(t *testing.T) {
		keys, err := p.config.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keys.SecretAccessKey = "another"
		_, err = sts.NewFromConfig(p.config, func(o *sts.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
		}).GetCallerIdentity(t.Context(), nil)
		wantRefused(t, err, "SignatureDoesNotMatch", "The request signature we calculated does not match")
	})
}

// TestOutboundFederation switches the federation off and on with the SDK's IAM client.
func TestOutboundFederation(t *testing.T) {
	p := startAWS(t, "awssts", "role", nil)
	conforms(t, p.farm, "github.com/aws/aws-sdk-go-v2/service/sts", "github.com/aws/aws-sdk-go-v2/service/iam")
	admin := iam.NewFromConfig(p.config)
	_, err := admin.EnableOutboundWebIdentityFederation(t.Context(), &iam.EnableOutboundWebIdentityFederationInput{})
	wantRefused(t, err, "FeatureEnabled", "The request failed because outbound identity federation is already enabled")
	info, err := admin.GetOutboundWebIdentityFederationInfo(t.Context(), &iam.GetOutboundWebIdentityFederationInfoInput{})
	if err != nil {
		t.Fatal(err)
	}
	if !info.JwtVendingEnabled {
		t.Error("JwtVendingEnabled is false")
	}
	if _, err := admin.DisableOutboundWebIdentityFederation(t.Context(), &iam.DisableOutboundWebIdentityFederationInput{}); err != nil {
		t.Fatal(err)
	}
	_, err = admin.GetOutboundWebIdentityFederationInfo(t.Context(), &iam.GetOutboundWebIdentityFederationInfoInput{})
	wantRefused(t, err, "FeatureDisabled", "The request failed because outbound identity federation is already disabled")
	input := &sts.GetWebIdentityTokenInput{Audience: []string{exchangeAudience}, SigningAlgorithm: aws.String("RS256")}
	_, err = sts.NewFromConfig(p.config).GetWebIdentityToken(t.Context(), input)
	wantRefused(t, err, "OutboundWebIdentityFederationDisabledException", "The outbound web identity federation feature is not enabled")
	on, err := admin.EnableOutboundWebIdentityFederation(t.Context(), &iam.EnableOutboundWebIdentityFederationInput{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(p.config).GetWebIdentityToken(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	if iss := p.wantSignIn(t, *out.WebIdentityToken)["iss"]; iss != *on.IssuerIdentifier || iss != *info.IssuerIdentifier {
		t.Errorf("IssuerIdentifier is %q and %q, iss %q", *on.IssuerIdentifier, *info.IssuerIdentifier, iss)
	}
}
