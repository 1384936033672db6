package awssts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/awssts"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, awssts.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, awssts.Platform) }

const about = "https://sts.amazonaws.com/"

const tagOrder = "the order of principal_tags is that of the role's tags; ours is alphabetical"

var (
	rs256 = issuertest.Recorded{File: "testdata/aws-sts-outbound-2026-ec2-rs256.json", Preset: "ec2", PayloadOrder: tagOrder}
	es384 = issuertest.Recorded{File: "testdata/aws-sts-outbound-2026-ec2-es384.json", Preset: "es384", PayloadOrder: tagOrder}
	least = issuertest.Recorded{File: "testdata/aws-sts-outbound-blog-minimal.json", Preset: "es384"}
)

func TestRecordedTokens(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{rs256, es384, least} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, awssts.Platform, r)
		})
	}
}

// TestOrder is the recorded order of a token without tags.
func TestOrder(t *testing.T) {
	t.Parallel()
	token := mint(t, "ec2", issuer.Request{Claims: issuer.Claims{about: map[string]any{"principal_tags": map[string]any{}}}})
	_, payload := issuertest.Parts(t, token.Raw)
	want := []string{"aud", "sub", about}
	for _, name := range []string{"ec2_instance_source_vpc", "ec2_role_delivery", "org_id", "aws_account", "ou_path", "original_session_exp",
		"source_region", "ec2_source_instance_arn", "principal_id", "principal_tags", "ec2_instance_source_private_ipv4"} {
		want = append(want, about+"."+name)
	}
	want = append(want, "iss", "exp", "iat", "jti")
	if diff := cmp.Diff(want, issuertest.Members(t, payload)); diff != "" {
		t.Errorf("order of the payload (-want +got):\n%s", diff)
	}
}

func TestDerivedTokens(t *testing.T) {
	t.Parallel()
	t.Run(rs256.File, func(t *testing.T) {
		t.Parallel()
		issuertest.Derive(t, awssts.Platform, rs256, issuer.Request{
			Audience: []string{"https://api.example.com"},
			Claims: issuer.Claims{
				"sub": "arn:aws:iam::123456789012:role/iam-sts-test-role",
				about: map[string]any{
					"source_region": "eu-north-1", "original_session_exp": "2026-05-14T23:16:32Z",
					"principal_tags": map[string]any{"divvy_owner": "owner@example.com", "divvy_last_modified_by": "owner@example.com"},
				},
			},
		}, "jti")
	})
	t.Run(least.File, func(t *testing.T) {
		t.Parallel()
		issuertest.Derive(t, awssts.Platform, least, issuer.Request{
			Audience: []string{"my-app"},
			Lifetime: 15 * time.Minute,
			Claims:   issuer.Claims{about: map[string]any{"aws_account": "ACCOUNT_ID"}},
		}, "jti")
	})
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, awssts.Platform, "", "testdata/aws-sts-web-identity-discovery.json")
	keys, err := newIssuer(t).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	issuertest.Keys(t, keys, "testdata/aws-sts-outbound-jwks.json")
}

func TestDerivedClaims(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, preset string
		claims       issuer.Claims
		sub          string
		about        map[string]any
	}{
		{"sub names the account", "role", issuer.Claims{"sub": "arn:aws:iam::210987654321:role/ops"},
			"arn:aws:iam::210987654321:role/ops",
			map[string]any{"aws_account": "210987654321", "principal_id": "arn:aws:iam::210987654321:role/ops", "source_region": "us-east-1"}},
		{"the account makes sub", "user", issuer.Claims{about: map[string]any{"aws_account": "210987654321"}},
			"arn:aws:iam::210987654321:user/alice",
			map[string]any{"aws_account": "210987654321", "principal_id": "arn:aws:iam::210987654321:user/alice", "source_region": "us-east-1"}},
		{"the principal makes both", "role", issuer.Claims{about: map[string]any{"principal_id": "arn:aws:iam::210987654321:role/ops"}},
			"arn:aws:iam::210987654321:role/ops",
			map[string]any{"aws_account": "210987654321", "principal_id": "arn:aws:iam::210987654321:role/ops", "source_region": "us-east-1"}},
		{"region and account make the function", "lambda",
			issuer.Claims{"sub": "arn:aws:iam::210987654321:role/f", about: map[string]any{"source_region": "eu-west-1"}},
			"arn:aws:iam::210987654321:role/f",
			map[string]any{"aws_account": "210987654321", "principal_id": "arn:aws:iam::210987654321:role/f", "source_region": "eu-west-1",
				"lambda_source_function_arn": "arn:aws:lambda:eu-west-1:210987654321:function:sync", "original_session_exp": "2026-09-01T18:00:00Z"}},
		{"the organization makes the path", "ec2", issuer.Claims{about: map[string]any{"org_id": "o-1"}},
			"arn:aws:iam::123456789012:role/MyAppRole",
			map[string]any{"aws_account": "123456789012", "principal_id": "arn:aws:iam::123456789012:role/MyAppRole", "source_region": "us-east-1",
				"org_id": "o-1", "ou_path": []any{"o-1/r-zc5j/ou-zc5j-5rpwzjlr/"}, "original_session_exp": "2026-09-01T18:00:00Z",
				"ec2_source_instance_arn": "arn:aws:ec2:us-east-1:123456789012:instance/i-09790f9968c11a1c7",
				"ec2_instance_source_vpc": "vpc-ad8733c4", "ec2_role_delivery": "2.0", "ec2_instance_source_private_ipv4": "172.31.3.109"}},
		{"tags", "tags", nil, "arn:aws:iam::123456789012:role/MyAppRole",
			map[string]any{"aws_account": "123456789012", "principal_id": "arn:aws:iam::123456789012:role/MyAppRole", "source_region": "us-east-1",
				"principal_tags": map[string]any{"team": "payments"}, "request_tags": map[string]any{"job": "nightly"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims := mint(t, tt.preset, issuer.Request{Claims: tt.claims}).Claims
			if claims["sub"] != tt.sub {
				t.Errorf("sub is %q, want %q", claims["sub"], tt.sub)
			}
			if diff := cmp.Diff(any(tt.about), claims[about]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", about, diff)
			}
		})
	}
}

func TestAudience(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		asked []string
		want  any
	}{
		{"one is a string", []string{"a"}, "a"},
		{"several are an array", []string{"a", "b"}, []any{"a", "b"}},
		{"none", nil, "api://AzureADTokenExchange"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, mint(t, "", issuer.Request{Audience: tt.asked}).Claims["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		claims issuer.Claims
		want   string // the error; empty: minted
	}{
		{"object needed", issuer.Claims{about: 1}, `awssts: claim "https://sts.amazonaws.com/": want an object, got int "1"`},
		{"account needed", issuer.Claims{about: map[string]any{"aws_account": 1}}, `awssts: claim "https://sts.amazonaws.com/": member "aws_account": want a string, got int "1"`},
		{"sub is given", issuer.Claims{about: 1, "sub": "s"}, ""},
		{"sub is odd", issuer.Claims{"sub": 1, about: map[string]any{"aws_account": 1, "principal_id": 2, "source_region": 3}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t).Mint(issuer.Request{Claims: tt.claims})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Fatalf("error %q, want %q", got, tt.want)
			}
			if sub := tt.claims["sub"]; err == nil && token.Claims["sub"] != sub {
				t.Errorf("sub is %v, want %v", token.Claims["sub"], sub)
			}
		})
	}
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }
	iss, err := issuer.New(awssts.Platform, append([]issuer.Option{issuer.WithKeys(issuer.GenerateTestKey), issuer.WithNow(now)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

func mint(t *testing.T, preset string, req issuer.Request) issuer.Token {
	t.Helper()
	token, err := newIssuer(t, issuer.WithPreset(preset)).Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
