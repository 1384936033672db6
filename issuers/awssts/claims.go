package awssts

import (
	"fmt"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// aboutClaim holds everything that AWS says about the caller.
const aboutClaim = "https://sts.amazonaws.com/"

// claims derives what STS says about a principal. sub, principal_id and aws_account follow from each other, and so do the region
// and the account in the ARN of the instance or function. The preset's settings are principal (the resource part of the ARN),
// region, organization and unit, instance or function, and session.
func claims(req issuer.Request) (issuer.Claims, error) {
	sub, hasSub := req.Params["sub"].(string)
	_, given := req.Params["sub"]
	about, ok := req.Params[aboutClaim].(map[string]any)
	if value, has := req.Params[aboutClaim]; has && !ok && !given {
		return nil, fmt.Errorf("awssts: claim %q: want an object, got %T %q", aboutClaim, value, fmt.Sprint(value))
	}
	read := func(name, otherwise string) (string, error) {
		value, has := about[name]
		text, ok := value.(string)
		switch {
		case !has, !ok && given:
			return otherwise, nil
		case !ok:
			return "", fmt.Errorf("awssts: claim %q: want a string, got %T %q", aboutClaim+"."+name, value, fmt.Sprint(value))
		}
		return text, nil
	}

	account, err := read("aws_account", accountOf(sub, "123456789012"))
	if err != nil {
		return nil, err
	}
	principal, err := read("principal_id", "arn:aws:iam::"+account+":"+text(req.Setting, "principal"))
	if err != nil {
		return nil, err
	}
	if hasSub {
		principal = sub
	} else if _, said := about["aws_account"]; !said {
		account = accountOf(principal, account)
	}
	region, ok := about["source_region"].(string)
	if !ok {
		region = text(req.Setting, "region")
	}

	own := map[string]any{"aws_account": account, "principal_id": principal, "source_region": region}
	if id := text(req.Setting, "organization"); id != "" {
		if other, ok := about["org_id"].(string); ok {
			id = other
		}
		own["org_id"], own["ou_path"] = id, []any{id + "/" + text(req.Setting, "unit") + "/"}
	}
	if id := text(req.Setting, "instance"); id != "" {
		own["ec2_source_instance_arn"] = "arn:aws:ec2:" + region + ":" + account + ":instance/" + id
	}
	if name := text(req.Setting, "function"); name != "" {
		own["lambda_source_function_arn"] = "arn:aws:lambda:" + region + ":" + account + ":function:" + name
	}
	if req.Setting["session"] == true {
		own["original_session_exp"] = req.Now.UTC().Add(6 * time.Hour).Format(time.RFC3339)
	}
	return issuer.Claims{"aud": audience(req.Audience), "sub": principal, aboutClaim: own}, nil
}

// audience is a string for one and an array for several; the latter is inferred.
func audience(asked []string) any {
	switch len(asked) {
	case 0:
		return "api://AzureADTokenExchange"
	case 1:
		return asked[0]
	}
	out := make([]any, len(asked))
	for i, a := range asked {
		out[i] = a
	}
	return out
}

// accountOf is the account in an ARN.
func accountOf(arn, otherwise string) string {
	if parts := strings.Split(arn, ":"); len(parts) >= 6 && parts[0] == "arn" && parts[4] != "" {
		return parts[4]
	}
	return otherwise
}

func text(setting map[string]any, name string) string {
	s, _ := setting[name].(string)
	return s
}
