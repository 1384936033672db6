package gcp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// entry is a value of the metadata server, or a directory of them.
type entry struct {
	name     string
	value    any      // text, a number, or []string
	children []*entry // of a directory, not nil
	// a directory whose names are somebody's own and stay as they are in JSON
	keys   bool
	answer func(w http.ResponseWriter, r *http.Request) // makes a value for each request; it is not in JSON
}

func (e *entry) directory() bool { return e.children != nil }

// metadata is what the server knows: of what Google's has, the part that its clients look at on their way to a token.
func (a *api) metadata() *entry {
	m := a.machine
	attributes := &entry{name: "attributes", keys: true, children: []*entry{}}
	if !m.instance {
		attributes.children = []*entry{{name: "cluster-location", value: m.zone}, {name: "cluster-name", value: "cluster-1"}}
	}
	accounts := &entry{name: "service-accounts", keys: true, children: []*entry{a.accountEntry(a.account.email), a.accountEntry("default")}}
	instance := &entry{name: "instance", children: []*entry{
		attributes,
		// The name is the zonal one of a new project (inferred).
		{name: "hostname", value: fmt.Sprintf("%s.%s.c.%s.internal", m.name, m.zone, m.project)},
		{name: "id", value: numeral(m.id)},
		{name: "name", value: m.name},
		accounts,
		{name: "zone", value: fmt.Sprintf("projects/%s/zones/%s", m.projectNumber, m.zone)},
	}}
	project := &entry{name: "project", children: []*entry{
		{name: "attributes", keys: true, children: []*entry{}},
		{name: "numeric-project-id", value: numeral(m.projectNumber)},
		{name: "project-id", value: m.project},
	}}
	universe := &entry{name: "universe", children: []*entry{{name: "universe-domain", value: "googleapis.com"}}}
	v1 := &entry{name: "v1", children: []*entry{instance, project, universe}}
	return &entry{children: []*entry{{name: "computeMetadata", children: []*entry{v1}}}}
}

// numeral is a number, or text when a claim made it something else.
func numeral(digits string) any {
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return n
	}
	return digits
}

// accountEntry is the workload's account under one of its two names.
func (a *api) accountEntry(name string) *entry {
	return &entry{name: name, children: []*entry{
		{name: "aliases", value: []string{"default"}},
		{name: "email", value: a.account.email},
		{name: "identity", answer: a.serveIdentity},
		{name: "scopes", value: []string{cloudPlatform}},
		{name: "token", answer: a.serveToken},
	}}
}

// serveMetadata answers as the metadata server. A ping of the root needs no header.
func (a *api) serveMetadata(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Metadata-Flavor", "Google")
	h.Set("Server", "Metadata Server for VM")
	if !a.machine.instance {
		h.Set("Server", "GKE Metadata Server")
	}
	h["X-XSS-Protection"] = []string{"0"}
	h.Set("X-Frame-Options", "SAMEORIGIN")
	switch flavor := r.Header.Get("Metadata-Flavor"); {
	case len(r.Header.Values("X-Forwarded-For")) > 0:
		forbidden(w, r, "")
		return
	case r.URL.Path == "/":
	case flavor == "" && !a.machine.instance: // seen of GKE, whose server also says nosniff
		http.Error(w, `Missing required header "Metadata-Flavor": "Google"`, http.StatusForbidden)
		return
	case flavor == "":
		if r.ProtoMajor == 1 {
			h.Set("Connection", "Close")
		}
		forbidden(w, r, "Missing Metadata-Flavor:Google header. ")
		return
	case flavor != "Google": // what an emulator of the server does
		notFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead { // inferred
		page(w, http.StatusMethodNotAllowed, "Method Not Allowed", fmt.Sprintf("The request method <code>%s</code> is inappropriate for the URL <code>%s</code>.",
			html.EscapeString(r.Method), html.EscapeString(r.URL.EscapedPath())))
		return
	}
	found := a.tree.find(r.URL.Path)
	if found != nil {
		issuer.SetRoute(r, r.Method+" "+a.metadataRoute(r.URL.Path))
	}
	switch {
	case found == nil:
		notFound(w, r)
	case found.answer != nil:
		found.answer(w, r)
	case found.directory() && !strings.HasSuffix(r.URL.Path, "/"):
		redirect(w, r)
	default:
		a.serveEntry(w, r, found)
	}
}

// metadataRoute is a path without the name of the account.
func (a *api) metadataRoute(path string) string {
	const accounts = "/service-accounts/"
	for _, name := range []string{a.account.email, "default"} {
		path = strings.Replace(path, accounts+name, accounts+"{account}", 1)
	}
	return path
}

// find walks down a path. A value has no slash behind it.
func (e *entry) find(path string) *entry {
	for path = strings.TrimPrefix(path, "/"); path != ""; {
		name, rest, slash := strings.Cut(path, "/")
		n := slices.IndexFunc(e.children, func(child *entry) bool { return child.name == name })
		if n < 0 {
			return nil
		}
		e = e.children[n]
		if slash && !e.directory() {
			return nil
		}
		path = rest
	}
	return e
}

// serveEntry writes a value or a directory: as text, or as JSON when the client asks for alt=json or for the whole of a
// directory. With wait_for_change it first waits as long as the client does, since nothing here changes.
func (a *api) serveEntry(w http.ResponseWriter, r *http.Request, e *entry) {
	query := r.URL.Query()
	asJSON := query.Get("alt") == "json" && !e.directory() || e.directory() && strings.EqualFold(query.Get("recursive"), "true")
	contentType, body := "application/text", []byte(e.text())
	if asJSON {
		raw, err := json.Marshal(e.json())
		if err != nil {
			notFound(w, r) // a claim gave a value that JSON has not
			return
		}
		contentType, body = "application/json", raw
	}
	sum := sha256.Sum256(body)
	etag := hex.EncodeToString(sum[:8])
	if query.Get("wait_for_change") == "true" && cmp.Or(query.Get("last_etag"), etag) == etag && !a.wait(w, r, query.Get("timeout_sec")) {
		return
	}
	w.Header()["ETag"] = []string{etag}
	w.Header().Set("Content-Type", contentType)
	write(w, http.StatusOK, body)
}

// maxPoll is the longest that a request may wait for a change.
const maxPoll = 24 * time.Hour

// maxPolls bounds the requests that wait for a change at once. Google's own bound is not known.
const maxPolls = 100

// wait returns when the client has gone, its timeout is over by the issuers' clock, or the workload ends. It answers
// itself, and tells so with false, where too many wait already.
func (a *api) wait(w http.ResponseWriter, r *http.Request, seconds string) bool {
	select {
	case a.polls <- struct{}{}:
		defer func() { <-a.polls }()
	default: // the words are inferred; Google's clients try again after a 503
		page(w, http.StatusServiceUnavailable, "Service Unavailable", "The server is temporarily unable to service your request. ")
		return false
	}
	limit := maxPoll
	if n, err := strconv.Atoi(seconds); err == nil && n >= 0 && n <= int(maxPoll/time.Second) {
		limit = time.Duration(n) * time.Second
	}
	if err := issuer.Prolong(w, limit); err != nil {
		internalError(w, err)
		return false
	}
	timeout, cancel := a.workload.Until(a.workload.Now().Add(limit))
	defer cancel()
	select {
	case <-r.Context().Done():
	case <-timeout:
	case <-a.workload.Ending:
	}
	return true
}

// text is a value alone, a list one to a line, a directory's names with a slash after those of directories.
func (e *entry) text() string {
	switch value := e.value.(type) {
	case nil:
	case []string:
		return strings.Join(value, "\n") + "\n"
	default:
		return fmt.Sprint(value)
	}
	var out strings.Builder
	for _, child := range e.children {
		out.WriteString(child.name)
		if child.directory() {
			out.WriteByte('/')
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// json is a value, or an object of all that is below a directory.
func (e *entry) json() any {
	if !e.directory() {
		return e.value
	}
	members := map[string]any{}
	for _, child := range e.children {
		if child.answer != nil {
			continue
		}
		name := child.name
		if !e.keys {
			name = camel(name)
		}
		members[name] = child.json()
	}
	return members
}

// camel writes project-id as projectId.
func camel(name string) string {
	words := strings.Split(name, "-")
	for n, word := range words {
		if n > 0 && word != "" {
			words[n] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// serveIdentity gives an ID token for the audience.
func (a *api) serveIdentity(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	audience := query.Get("audience")
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	if audience == "" {
		write(w, http.StatusBadRequest, []byte("non-empty audience parameter required\n")) // as two emulators say it
		return
	}
	if a.unbound != "" { // googleapis/google-auth-library-nodejs#1305 is about it; the words are those of an emulator and of public threads
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		write(w, http.StatusNotFound, fmt.Appendf(nil, unboundAnswer, a.unbound))
		return
	}
	// What else than these two words the parameters may be is not known; anything else counts as not given.
	token, err := a.idToken(audience, format{full: query.Get("format") == "full", licenses: strings.EqualFold(query.Get("licenses"), "TRUE")})
	if err != nil {
		internalError(w, err)
		return
	}
	write(w, http.StatusOK, []byte(token))
}

// unboundAnswer is GKE's, with the Kubernetes account.
const unboundAnswer = `Your Kubernetes service account (%s) is not annotated with a target Google service account, which is a requirement for retrieving Identity Tokens using Workload Identity.
Please add the iam.gke.io/gcp-service-account=[GSA_NAME]@[PROJECT_ID] annotation to your Kubernetes service account.
Refer to https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
`

// serveToken gives an access token. The scopes that a client may ask for instead of the account's come between commas.
func (a *api) serveToken(w http.ResponseWriter, r *http.Request) {
	scopes := strings.FieldsFunc(r.URL.Query().Get("scopes"), func(c rune) bool { return c == ',' || c == ' ' })
	if len(scopes) == 0 {
		scopes = []string{cloudPlatform}
	}
	token, what, err := a.tokens.current(a.account.email, scopes)
	if err != nil {
		internalError(w, err)
		return
	}
	body, err := json.Marshal(struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"` // in seconds, of which one has passed
		TokenType   string `json:"token_type"`
	}{token, int(what.expires.Sub(a.workload.Now())/time.Second) - 1, "Bearer"})
	if err != nil {
		internalError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, http.StatusOK, body)
}

// redirect adds the slash that the path of a directory lacks. The address is the one that the client has asked for.
func redirect(w http.ResponseWriter, r *http.Request) {
	asked, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		asked = r.URL
	}
	target := url.URL{Scheme: "http", Host: r.Host, Path: asked.Path + "/", RawQuery: asked.RawQuery}
	if asked.RawPath != "" {
		target.RawPath = asked.RawPath + "/"
	}
	if r.TLS != nil {
		target.Scheme = "https"
	}
	w.Header().Set("Location", target.String())
	w.Header().Set("Content-Type", "text/html")
	write(w, http.StatusMovedPermanently, []byte(html.EscapeString(target.RequestURI())+"\n"))
}

func forbidden(w http.ResponseWriter, r *http.Request, why string) {
	page(w, http.StatusForbidden, "Forbidden", fmt.Sprintf("Your client does not have permission to get URL <code>%s</code> from this server. %s",
		html.EscapeString(r.URL.EscapedPath()), why))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	page(w, http.StatusNotFound, "Not Found", fmt.Sprintf("The requested URL <code>%s</code> was not found on this server. ",
		html.EscapeString(r.URL.EscapedPath())))
}

// internalError is what happens when the issuer itself cannot mint, as after a claim that makes no sense.
func internalError(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

// page is an error page of Google's without its style sheet and logo.
func page(w http.ResponseWriter, status int, title, sentence string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	write(w, status, fmt.Appendf(nil, `<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <meta name=viewport content="initial-scale=1, minimum-scale=1, width=device-width">
  <title>Error %d (%s)!!1</title>
  <p><b>%d.</b> <ins>That’s an error.</ins>
  <p>%s <ins>That’s all we know.</ins>
`, status, title, status, sentence))
}

// write sends an answer whose length the client learns.
func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}
