package awssts

import "github.com/issuerd/issuerd/issuers/issuer"

// presets: principals are in Settings and not in Claims, so that what is derived from them follows a caller.
var presets = []issuer.Preset{
	{Name: "role", About: "A role, with the least that a token says",
		Settings: settings("role/MyAppRole", nil)},
	{Name: "ec2", About: "An EC2 instance's role in an account of an organization",
		Settings: settings("role/MyAppRole", map[string]any{
			"instance": "i-09790f9968c11a1c7", "organization": "o-0x3t8umolz", "unit": "r-zc5j/ou-zc5j-5rpwzjlr", "session": true}),
		Claims: issuer.Claims{aboutClaim: map[string]any{
			"ec2_instance_source_vpc":          "vpc-ad8733c4",
			"ec2_role_delivery":                "2.0",
			"ec2_instance_source_private_ipv4": "172.31.3.109",
		}}},
	{Name: "lambda", About: "A Lambda function's role",
		Settings: settings("role/MyAppRole", map[string]any{"function": "sync", "session": true})},
	{Name: "user", About: "An IAM user",
		Settings: settings("user/alice", nil)},
	{Name: "es384", Direct: true, About: "A role that asks for SigningAlgorithm ES384", Signer: new(ecKey),
		Settings: settings("role/MyAppRole", nil)},
	{Name: "tags", About: "A role with tags, and tags in the request",
		Settings: settings("role/MyAppRole", nil),
		Claims: issuer.Claims{aboutClaim: map[string]any{
			"principal_tags": map[string]any{"team": "payments"},
			"request_tags":   map[string]any{"job": "nightly"},
		}}},
}

// settings of a principal in the example region, with more.
func settings(principal string, more map[string]any) map[string]any {
	out := map[string]any{"principal": principal, "region": "us-east-1"}
	for name, value := range more {
		out[name] = value
	}
	return out
}
