package awssts

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// aboutClaim holds everything that AWS says about the caller.
const aboutClaim = "https://sts.amazonaws.com/"

// claims derives what STS says about a principal. sub, principal_id and aws_account follow from each other, and so do
// the region and the account in the ARN of the instance or function. The preset's settings are principal (the resource
// part of the ARN), region, organization and unit, instance or function, and session.
func claims(req issuer.Request) (issuer.Claims, error) {
	principal, account, err := identify(req)
	if err != nil {
		return nil, err
	}
	given, _ := req.Claims[aboutClaim].(map[string]any)
	region := cmp.Or(issuer.Text(given, "source_region"), issuer.Text(req.Settings, "region"))
	about := map[string]any{"aws_account": account, "principal_id": principal, "source_region": region}
	if id := issuer.Text(req.Settings, "organization"); id != "" {
		id = cmp.Or(issuer.Text(given, "org_id"), id)
		about["org_id"], about["ou_path"] = id, []any{id + "/" + issuer.Text(req.Settings, "unit") + "/"}
	}
	if id := issuer.Text(req.Settings, "instance"); id != "" {
		about["ec2_source_instance_arn"] = "arn:aws:ec2:" + region + ":" + account + ":instance/" + id
	}
	if name := issuer.Text(req.Settings, "function"); name != "" {
		about["lambda_source_function_arn"] = "arn:aws:lambda:" + region + ":" + account + ":function:" + name
	}
	if req.Settings["session"] == true {
		about["original_session_exp"] = req.Now.UTC().Add(6 * time.Hour).Format(time.RFC3339)
	}
	return issuer.Claims{"aud": audience(req.Audience), "sub": principal, aboutClaim: about}, nil
}

// identify returns the ARN of the principal and its account: of sub, or else of principal_id, or else made from
// aws_account. A claim of the wrong type is an error only while sub must be made from it.
func identify(req issuer.Request) (principal, account string, err error) {
	const example = "123456789012" // the account of AWS's documentation
	if _, given := req.Claims["sub"]; given {
		account = accountOf(issuer.Text(req.Claims, "sub"), example)
		return cmp.Or(issuer.Text(req.Claims, "sub"), "arn:aws:iam::"+account+":"+issuer.Text(req.Settings, "principal")), account, nil
	}
	about, ok := req.Claims[aboutClaim].(map[string]any)
	if value, given := req.Claims[aboutClaim]; given && !ok {
		return "", "", fmt.Errorf("awssts: claim %q: want an object, got %T %q", aboutClaim, value, fmt.Sprint(value))
	}
	for _, name := range []string{"aws_account", "principal_id"} {
		if value, given := about[name]; given {
			if _, ok := value.(string); !ok {
				return "", "", fmt.Errorf("awssts: claim %q: member %q: want a string, got %T %q", aboutClaim, name, value, fmt.Sprint(value))
			}
		}
	}
	principal = issuer.Text(about, "principal_id")
	account = cmp.Or(issuer.Text(about, "aws_account"), accountOf(principal, example))
	return cmp.Or(principal, "arn:aws:iam::"+account+":"+issuer.Text(req.Settings, "principal")), account, nil
}

// audience is a string for one and an array for several; the latter is inferred.
func audience(asked []string) any {
	if len(asked) == 0 {
		return "api://AzureADTokenExchange"
	}
	return issuer.Audience(asked)
}

// accountOf is the account in an ARN.
func accountOf(arn, otherwise string) string {
	if parts := strings.Split(arn, ":"); len(parts) >= 6 && parts[0] == "arn" && parts[4] != "" {
		return parts[4]
	}
	return otherwise
}
