package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// apiError is a refusal of Azure Resource Manager.
type apiError struct {
	Status    int
	Code      string
	Message   string
	challenge string // of a 401: where to sign in
}

// Error is the code and the message, as clients print them.
func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// refuse writes an error. What the directory says about a rule that this package does not know is a bad request.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = fail(http.StatusBadRequest, "BadRequest", "%s", plainly(err))
		switch {
		case errors.Is(err, directory.ErrNotFound):
			refusal.Status, refusal.Code = http.StatusNotFound, "NotFound"
		case errors.Is(err, directory.ErrNotKept):
			a.log.ErrorContext(r.Context(), "arm: request failed", "error", err)
			refusal.Status, refusal.Code = http.StatusInternalServerError, "InternalServerError"
		}
	}
	if refusal.Status == http.StatusUnauthorized {
		w.Header().Set("x-ms-failure-cause", "gateway") // hashicorp/terraform-provider-azurerm#20867; on other errors not known
		// Seen for a missing header (the parsers of the Azure SDKs are tested with it); that the description is the
		// message otherwise is inferred.
		description := refusal.Message
		if refusal.Code == "AuthenticationFailed" {
			description = "The authentication failed because of missing 'Authorization' header."
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization_uri="%s", error="invalid_token", error_description=%q`, refusal.challenge, description))
	}
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	a.log.DebugContext(r.Context(), "refused", "method", r.Method, "path", entra.HideTokens(r.URL.Path), "status", refusal.Status, "code", refusal.Code)
	write(w, refusal.Status, map[string]body{"error": {refusal.Code, refusal.Message}})
}

// plainly is the text of an error of the directory without the quotes and package names of Go, which is inferred
// altogether.
func plainly(err error) string {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "directory: "), "expression: ")
	return strings.ReplaceAll(text, `"`, "'")
}

// write writes a body, or none when it is nil.
func write(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	b, err := json.Marshal(body)
	if err != nil { // nothing here holds what JSON cannot
		http.Error(w, "arm: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may have gone away
}

// setHeaders sets those of every answer, as recorded by hashicorp/terraform-provider-azurerm#20867.
func (a *API) setHeaders(h http.Header, r *http.Request) {
	id := a.newGUID()
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if !directory.IsGUID(correlation) {
		correlation = id
	}
	h.Set("Cache-Control", "no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	h.Set("x-ms-request-id", id)
	h.Set("x-ms-correlation-request-id", correlation)
	h.Set("x-ms-routing-request-id", "WESTEUROPE:"+a.now().UTC().Format("20060102T150405Z")+":"+id)
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	if own := r.Header.Get("x-ms-client-request-id"); own != "" && r.Header.Get("x-ms-return-client-request-id") == "true" {
		h.Set("x-ms-client-request-id", own)
	}
}

// version is the form of an api-version.
var version = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-[a-z]+)?$`)

// resourcesVersions are those of Microsoft.Resources that its error listed in 2024 (ansible-collections/azure#1739),
// from the newest.
const resourcesVersions = "2024-08-01,2024-06-01-preview,2024-03-01,2023-07-01,2023-07-01-preview,2023-03-01-preview,2022-12-01,2022-11-01-preview,2022-09-01," +
	"2022-06-01,2022-05-01,2022-03-01-preview,2022-01-01,2021-04-01,2021-01-01,2020-10-01,2020-09-01,2020-08-01,2020-07-01,2020-06-01,2020-05-01," +
	"2020-01-01,2019-11-01,2019-10-01,2019-09-01,2019-08-01,2019-07-01,2019-06-01,2019-05-10,2019-05-01,2019-03-01,2018-11-01,2018-09-01,2018-08-01," +
	"2018-07-01,2018-06-01,2018-05-01,2018-02-01,2018-01-01,2017-12-01,2017-08-01,2017-06-01,2017-05-10,2017-05-01,2017-03-01,2016-09-01,2016-07-01," +
	"2016-06-01,2016-02-01,2015-11-01,2015-01-01,2014-04-01-preview,2014-04-01,2014-01-01,2013-03-01,2014-02-26,2014-04"

// option is a query option by its name, in any case. The values of one that is given several times are joined by
// commas, as ASP.NET does it; that Azure does is inferred. No version, filter or number has such a form, so that all
// but the same filter twice is refused.
func option(r *http.Request, name string) string {
	var values []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err != nil || !strings.EqualFold(key, name) {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil {
			values = append(values, value)
		}
	}
	return strings.Join(values, ",")
}

// apiVersion is the request's.
func apiVersion(r *http.Request) (string, error) {
	given := option(r, "api-version")
	switch {
	case given == "":
		return "", fail(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	case !version.MatchString(given):
		return "", fail(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '%s'.", given, resourcesVersions)
	}
	return given, nil
}
