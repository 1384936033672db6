package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Refused is why a request is not answered. Codes are those of the query protocol; JSON gives the code another name,
// see JSON.
type Refused struct {
	Code    string
	Status  int
	Message string
}

// Error is the message.
func (r *Refused) Error() string { return r.Message }

// JSON is the refusal as services with a JSON protocol put it; all of them have the status 400.
func (r *Refused) JSON() *Refused {
	codes := map[string]string{
		missing: "MissingAuthenticationTokenException", incomplete: "IncompleteSignatureException",
		invalidKey: "UnrecognizedClientException", mismatch: "InvalidSignatureException",
	}
	out := &Refused{Code: codes[r.Code], Status: http.StatusBadRequest, Message: r.Message}
	if r.Code == missing {
		out.Message = "Missing Authentication Token"
	}
	return out
}

// The codes of refusals.
const (
	missing    = "MissingAuthenticationToken"
	incomplete = "IncompleteSignature"
	invalidKey = "InvalidClientTokenId"
	mismatch   = "SignatureDoesNotMatch"
)

// Verify checks that a request is signed with the key for one of the scopes; nil means that it is. The request must be
// as it came: its RequestURI, host and headers are what was signed.
func (k Key) Verify(r *http.Request, body []byte, now time.Time, scopes ...Scope) *Refused {
	given := r.Header.Get("Authorization")
	if given == "" {
		return &Refused{missing, http.StatusForbidden, "Request is missing Authentication Token"}
	}
	parts, refused := parse(given, r.Header)
	if refused != nil {
		return refused
	}
	id, scopeText, _ := strings.Cut(parts.credential, "/")
	fields := strings.Split(scopeText, "/")
	if len(fields) != 4 {
		return &Refused{incomplete, http.StatusBadRequest,
			fmt.Sprintf("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", parts.credential)}
	}
	if !equal(id, k.ID) || !equal(r.Header.Get("X-Amz-Security-Token"), k.Session) {
		return &Refused{invalidKey, http.StatusForbidden, "The security token included in the request is invalid."}
	}
	scope := Scope{Region: fields[1], Service: fields[2]}
	if text := wrongScope(scope, fields[0], fields[3], parts.stamp, scopes); text != "" {
		return &Refused{mismatch, http.StatusForbidden, text}
	}
	if text := wrongTime(parts.stamp, now); text != "" {
		return &Refused{mismatch, http.StatusForbidden, text}
	}
	target, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || !slices.Contains(parts.names, "host") ||
		!equal(parts.signature, k.signature(canonical(r.Method, target.EscapedPath(), target.RawQuery, r.Host, r.Header, parts.names, body), parts.stamp, scope)) {
		return &Refused{mismatch, http.StatusForbidden, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	}
	return nil
}

// authorization is what the headers say of the signature.
type authorization struct {
	credential, signature, stamp string
	names                        []string
}

// parse reads the Authorization header. The refusal names it by its hash, as AWS does, since it may be another
// service's credential.
func parse(given string, header http.Header) (authorization, *Refused) {
	hash := sha256.Sum256([]byte(given))
	tail := "(Hashed with SHA-256 and encoded with Base64) Authorization=" + base64.StdEncoding.EncodeToString(hash[:])
	scheme, rest, _ := strings.Cut(given, " ")
	if scheme != algorithm {
		return authorization{}, &Refused{incomplete, http.StatusBadRequest, "Unsupported AWS 'algorithm': " + tail}
	}
	values := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		values[name] = value
	}
	var text strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if values[name] == "" {
			text.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	stamp := header.Get("X-Amz-Date")
	if stamp == "" {
		text.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if text.Len() > 0 {
		return authorization{}, &Refused{incomplete, http.StatusBadRequest, text.String() + tail}
	}
	if _, err := time.Parse(timeLayout, stamp); err != nil {
		return authorization{}, &Refused{incomplete, http.StatusBadRequest,
			fmt.Sprintf("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", stamp)}
	}
	return authorization{values["Credential"], values["Signature"], stamp, strings.Split(values["SignedHeaders"], ";")}, nil
}

func wrongScope(got Scope, day, end, stamp string, scopes []Scope) string {
	switch {
	case slices.Contains(scopes, got):
	case !slices.ContainsFunc(scopes, func(s Scope) bool { return s.Service == got.Service }):
		return fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", scopes[0].Service)
	default:
		return "Credential should be scoped to a valid region. "
	}
	if end != terminator {
		return fmt.Sprintf("Credential should be scoped with a valid terminator: '%s', not '%s'. ", terminator, end)
	}
	if want := stamp[:len(dayLayout)]; day != want {
		return fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", day, want, stamp)
	}
	return ""
}

func wrongTime(stamp string, now time.Time) string {
	signed, err := time.Parse(timeLayout, stamp)
	if err != nil {
		return "" // parse has checked it
	}
	now = now.UTC()
	minutes := int(tolerance / time.Minute)
	if first := now.Add(-tolerance); signed.Before(first.Truncate(time.Second)) {
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)", stamp, first.Format(timeLayout), now.Format(timeLayout), minutes)
	}
	if last := now.Add(tolerance); signed.After(last) {
		return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)", stamp, last.Format(timeLayout), now.Format(timeLayout), minutes)
	}
	return ""
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
