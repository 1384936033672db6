package awssts

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// The limits of GetWebIdentityToken. Those of a tag are the usual ones of AWS and not confirmed here.
const (
	maxAudiences, maxAudience = 10, 1000
	minSeconds, maxSeconds    = 60, 3600
	maxTags                   = 50
	maxTagKey, maxTagValue    = 128, 256
)

// Presets whose token is signed with the algorithm that the request names.
var presetOf = map[string]string{"RS256": "role", "ES384": "es384"}

type webIdentityToken struct {
	WebIdentityToken string
	Expiration       string
}

func (a *api) getWebIdentityToken(form url.Values) (any, *sigv4.Refused) {
	req, alg, refused := tokenRequest(form)
	if refused != nil {
		return nil, refused
	}
	if !a.isEnabled() { // the text is that of the service model's documentation
		return nil, &sigv4.Refused{Code: "OutboundWebIdentityFederationDisabledException", Status: http.StatusForbidden,
			Message: "The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the Amazon Web Services Management Console or API."}
	}
	token, err := a.mint(req, alg)
	if err != nil {
		return nil, invalid([]string{err.Error()})
	}
	about, _ := token.Claims[aboutClaim].(map[string]any)
	if end, err := time.Parse(time.RFC3339, issuer.Text(about, "original_session_exp")); err == nil && expiry(token.Claims).After(end) {
		return nil, &sigv4.Refused{Code: "SessionDurationEscalationException", Status: http.StatusForbidden,
			Message: "The requested token duration would extend the session beyond its original expiration time. " +
				"You cannot use this operation to extend the lifetime of a session beyond what was granted when the session was originally created."}
	}
	return webIdentityToken{token.Raw, expiry(token.Claims).Format("2006-01-02T15:04:05.000Z")}, nil
}

// mint signs with the algorithm asked for, which is another preset's when the workload's own signs with the other key;
// what the token says stays the workload's.
func (a *api) mint(req issuer.Request, alg string) (issuer.Token, error) {
	sample, err := a.workload.Sample(req)
	if err != nil {
		return issuer.Token{}, err
	}
	if sample.Header["alg"] != alg {
		req.Preset = presetOf[alg]
		req.Claims = issuer.Claims{"sub": sample.Claims["sub"], aboutClaim: sample.Claims[aboutClaim]}
	}
	return a.workload.Mint(req)
}

// tokenRequest reads the parameters and finds everything that is wrong with them, as AWS does.
func tokenRequest(form url.Values) (issuer.Request, string, *sigv4.Refused) {
	var wrong []string
	bad := func(value, name, constraint string) {
		wrong = append(wrong, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, name, constraint))
	}
	req := issuer.Request{Audience: members(form, "Audience.member.", "")}
	switch {
	case len(req.Audience) == 0:
		bad("null", "audience", "Member must not be null")
	case len(req.Audience) > maxAudiences:
		bad(quoteAll(req.Audience), "audience", fmt.Sprintf("Member must have length less than or equal to %d", maxAudiences))
	case slices.ContainsFunc(req.Audience, func(s string) bool { return s == "" || len([]rune(s)) > maxAudience }):
		bad(quoteAll(req.Audience), "audience",
			fmt.Sprintf("Member must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to 1]", maxAudience))
	}
	alg := form.Get("SigningAlgorithm")
	switch {
	case !form.Has("SigningAlgorithm"):
		bad("null", "signingAlgorithm", "Member must not be null")
	case presetOf[alg] == "": // the text is inferred; the service model only knows that there are five characters
		bad("'"+clip(alg)+"'", "signingAlgorithm", "Member must satisfy enum value set: [RS256, ES384]")
	}
	if raw := form.Get("DurationSeconds"); raw != "" {
		seconds, err := strconv.ParseInt(raw, 10, 32)
		switch {
		case err != nil: // not known
			return req, "", &sigv4.Refused{Code: "MalformedInput", Status: http.StatusBadRequest, Message: "Invalid value for parameter DurationSeconds"}
		case seconds < minSeconds:
			bad("'"+raw+"'", "durationSeconds", fmt.Sprintf("Member must have value greater than or equal to %d", minSeconds))
		case seconds > maxSeconds:
			bad("'"+raw+"'", "durationSeconds", fmt.Sprintf("Member must have value less than or equal to %d", maxSeconds))
		}
		req.Lifetime = time.Duration(seconds) * time.Second
	} else {
		req.Lifetime = service.Lifetime
	}
	keys, values := members(form, "Tags.member.", ".Key"), members(form, "Tags.member.", ".Value")
	switch {
	case len(keys) > maxTags:
		bad(quoteAll(keys), "tags", fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
	case len(keys) != len(values):
		bad("null", "tags.1.member.value", "Member must not be null")
	default:
		tags := map[string]any{}
		for i, key := range keys {
			if key == "" || len([]rune(key)) > maxTagKey {
				bad("'"+clip(key)+"'", fmt.Sprintf("tags.%d.member.key", i+1),
					fmt.Sprintf("Member must have length between 1 and %d, inclusive", maxTagKey))
			}
			if len([]rune(values[i])) > maxTagValue {
				bad("'"+clip(values[i])+"'", fmt.Sprintf("tags.%d.member.value", i+1),
					fmt.Sprintf("Member must have length less than or equal to %d", maxTagValue))
			}
			tags[key] = values[i]
		}
		if len(tags) > 0 {
			req.Claims = issuer.Claims{aboutClaim: map[string]any{"request_tags": tags}}
		}
	}
	if len(wrong) > 0 {
		return req, "", invalid(wrong)
	}
	return req, alg, nil
}

func invalid(wrong []string) *sigv4.Refused {
	plural := "s"
	if len(wrong) == 1 {
		plural = ""
	}
	return &sigv4.Refused{Code: "ValidationError", Status: http.StatusBadRequest,
		Message: fmt.Sprintf("%d validation error%s detected: %s", len(wrong), plural, strings.Join(wrong, "; "))}
}

// members are the values of a list, prefix1suffix, prefix2suffix and so on, to the first that is not there.
func members(form url.Values, prefix, suffix string) []string {
	var out []string
	for form.Has(prefix + strconv.Itoa(len(out)+1) + suffix) {
		out = append(out, form.Get(prefix+strconv.Itoa(len(out)+1)+suffix))
	}
	return out
}

func quoteAll(values []string) string { return "'[" + clip(strings.Join(values, ", ")) + "]'" }

// clip keeps error texts short.
func clip(s string) string {
	if r := []rune(s); len(r) > maxAudience+1 {
		return string(r[:maxAudience+1])
	}
	return s
}

type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// session is the name of a role's session; AWS leaves it to whoever assumes the role.
const session = "issuerd"

// getCallerIdentity names a role by its session, unlike the token's sub. The ids have the prefixes that AWS documents.
func (a *api) getCallerIdentity(url.Values) (any, *sigv4.Refused) {
	token, err := a.workload.Sample(issuer.Request{})
	if err != nil {
		return nil, invalid([]string{err.Error()})
	}
	principal := issuer.Text(token.Claims, "sub")
	out := callerIdentity{Arn: principal, UserID: "AIDA" + a.key.ID[4:], Account: accountOf(principal, "")}
	if before, role, ok := strings.Cut(principal, ":role/"); ok {
		name := role[strings.LastIndex(role, "/")+1:]
		out.Arn = strings.Replace(before, ":iam:", ":sts:", 1) + ":assumed-role/" + name + "/" + session
		out.UserID = "AROA" + a.key.ID[4:] + ":" + session
	} else if strings.HasSuffix(principal, ":root") {
		out.UserID = out.Account
	}
	return out, nil
}

type federation struct {
	IssuerIdentifier  string
	JwtVendingEnabled *bool `xml:",omitempty"`
}

// The texts of both refusals are those of the service model's documentation.
var (
	featureEnabled = sigv4.Refused{Code: "FeatureEnabled", Status: http.StatusConflict,
		Message: "The request failed because outbound identity federation is already enabled for your Amazon Web Services account. You cannot enable the feature multiple times. " +
			"To fetch the current configuration (including the unique issuer URL), use the GetOutboundWebIdentityFederationInfo operation."}
	featureDisabled = sigv4.Refused{Code: "FeatureDisabled", Status: http.StatusNotFound,
		Message: "The request failed because outbound identity federation is already disabled for your Amazon Web Services account. You cannot disable the feature multiple times"}
)

func (a *api) isEnabled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.enabled
}

// set switches the federation and tells whether that changed anything.
func (a *api) set(enabled bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed := a.enabled != enabled
	a.enabled = enabled
	return changed
}

func (a *api) enable(url.Values) (any, *sigv4.Refused) {
	if !a.set(true) {
		return nil, &featureEnabled
	}
	return federation{IssuerIdentifier: a.workload.Issuer.URL()}, nil
}

func (a *api) disable(url.Values) (any, *sigv4.Refused) {
	if !a.set(false) {
		return nil, &featureDisabled
	}
	return nil, nil
}

func (a *api) info(url.Values) (any, *sigv4.Refused) {
	if !a.isEnabled() {
		return nil, &featureDisabled
	}
	return federation{IssuerIdentifier: a.workload.Issuer.URL(), JwtVendingEnabled: new(true)}, nil
}
