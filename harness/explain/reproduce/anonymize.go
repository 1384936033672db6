package reproduce

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/issuers"
)

// anonymizer puts other names in the place of those of a case: the same one for the same name wherever it stands. What
// holds names together, such as slashes, colons and white space, stays, and so do the words of the platforms' own
// forms, so that what differed before differs in the same way after. Names that differ in case alone still do.
type anonymizer struct {
	names  map[string]string   // by the name in lower case
	cases  map[string][]string // by the name in lower case, the other ways in which it is written
	digits map[string]string
	guids  map[string]string
	hosts  []string // that stay
}

func newAnonymizer() *anonymizer {
	a := &anonymizer{names: map[string]string{}, cases: map[string][]string{}, digits: map[string]string{}, guids: map[string]string{}}
	for _, host := range issuers.Hosts() {
		if !strings.HasSuffix(host, ".example") {
			a.hosts = append(a.hosts, host)
		}
	}
	return a
}

// alphabet are the new names; after them comes name27, and so on.
var alphabet = strings.Fields("alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu")

// kept are words of forms, that say nothing about whose they are. Their case stays as it is.
var kept = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(`
		repo repository owner id ids ref refs heads tags tag branch environment pull request gh readonly queue pr job workflow visibility context enterprise
		main master develop dev test staging stage prod production default release releases feature preview deploy deployment build merge
		system serviceaccount serviceaccounts namespace kubernetes io organization project workspace run phase plan apply stack operation module
		path type name user pipeline step sc p spiffe ns sa space account target feed tenant org urn arn aws sts iam role pulumi environments env yaml deployments
		eid1 c pub t a api azureadtokenexchange azureadtokenexchangeusgov azureadtokenexchangechina graph management vault
		https http v1 v2 v0 0 oauth2 oidc issuer token services keys well known discovery admin auth realms cluster clusters local svc projects locations
		claims sub aud iss eq matches and true false github hosted push schedule dispatch group event actions public private internal
		workload identity octo none rs256 jwt`) {
		words[word] = true
	}
	return words
}()

// suffixes are ends of hosts of services that give each customer a host.
var suffixes = []string{
	"azure.com", "azure.net", "azure.cn", "azure.us", "windows.net", "microsoft.com", "microsoftonline.com", "microsoftonline.us", "microsoftonline.cn", "azurewebsites.net",
	"amazonaws.com", "api.aws", "aliyuncs.com", "googleapis.com", "ghe.com", "githubusercontent.com", "spacelift.io", "svc", "cluster.local", "onmicrosoft.com",
}

var (
	guidPattern = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	hostPattern = regexp.MustCompile(`(://)([^/:@\s?#]+)`)
	namePattern = regexp.MustCompile(`[\p{L}\p{N}]+`)
)

// text replaces the names in a text.
func (a *anonymizer) text(s string) string {
	// GUIDs and hosts are names as a whole.
	var out strings.Builder
	for s != "" {
		guid, host := guidPattern.FindStringIndex(s), hostPattern.FindStringSubmatchIndex(s)
		switch {
		case guid != nil && (host == nil || guid[0] < host[4]):
			out.WriteString(a.words(s[:guid[0]]) + a.guid(s[guid[0]:guid[1]]))
			s = s[guid[1]:]
		case host != nil && !strings.HasPrefix(s[:host[4]], "api:"):
			out.WriteString(a.words(s[:host[4]]) + a.host(s[host[4]:host[5]]))
			s = s[host[5]:]
		case host != nil: // of an identifier URI, which is no host
			out.WriteString(a.words(s[:host[5]]))
			s = s[host[5]:]
		default:
			out.WriteString(a.words(s))
			s = ""
		}
	}
	return out.String()
}

func (a *anonymizer) guid(guid string) string {
	lower := strings.ToLower(guid)
	if lower == directory.ZeroGUID || lower == directory.ExchangeAppID || strings.HasSuffix(lower, "-0000-c000-000000000000") {
		return guid
	}
	if a.guids[lower] == "" {
		a.guids[lower] = fmt.Sprintf("%08d-aaaa-bbbb-cccc-dddddddddddd", len(a.guids)+1)
	}
	if lower != guid {
		return strings.ToUpper(a.guids[lower])
	}
	return a.guids[lower]
}

// host replaces a host's names, unless it is a service's own. The new one is nobody's.
func (a *anonymizer) host(host string) string {
	lower := strings.ToLower(host)
	if slices.Contains(a.hosts, lower) || strings.HasPrefix(lower, "kubernetes.default.svc") {
		return host
	}
	for _, suffix := range suffixes {
		if lower == suffix {
			return host
		}
		if before, ok := strings.CutSuffix(lower, "."+suffix); ok {
			return a.labels(host[:len(before)]) + host[len(before):]
		}
	}
	if dot := strings.LastIndexByte(host, '.'); dot >= 0 && lower[dot:] != ".example" {
		return a.words(host[:dot]) + host[dot:] + ".example"
	}
	return a.words(host)
}

// labels replaces the names in the labels of a host below a service's, but for what says which service it is.
func (a *anonymizer) labels(before string) string {
	return namePattern.ReplaceAllStringFunc(before, func(label string) string {
		switch strings.ToLower(label) {
		case "login", "oic", "prod", "aks", "blob", "web", "oidc", "eks", "dev", "vstoken", "management", "container", "sts", "cognito", "idp", "app", "global", "tokens",
			"token", "actions", "servicebus", "database", "postgres", "partner", "storage", "z13", "ossrdbms", "aad", "graph", "ack", "oss", "cn", "hangzhou", "vault":
			return label
		}
		return a.word(label)
	})
}

func (a *anonymizer) words(s string) string { return namePattern.ReplaceAllStringFunc(s, a.word) }

func (a *anonymizer) word(word string) string {
	lower := strings.ToLower(word)
	if kept[lower] {
		return word
	}
	if strings.Trim(word, "0123456789") == "" {
		return a.number(word)
	}
	if len([]rune(word)) == 1 {
		return word
	}
	if a.names[lower] == "" {
		n := len(a.names)
		if a.names[lower] = fmt.Sprintf("name%d", n+1); n < len(alphabet) {
			a.names[lower] = alphabet[n]
		}
	}
	if word == lower {
		return a.names[lower]
	}
	n := slices.Index(a.cases[lower], word)
	if n < 0 {
		n = len(a.cases[lower])
		a.cases[lower] = append(a.cases[lower], word)
	}
	return inCase(a.names[lower], n+1)
}

// inCase writes a name with capitals where n has bits, so that every n, for as many as a name has ways, gives another.
func inCase(name string, n int) string {
	out := []rune(name)
	for i := range out {
		if n&(1<<i) != 0 {
			out[i] = unicode.ToUpper(out[i])
		}
	}
	return string(out)
}

// number replaces one that may be an id: of three digits or more.
func (a *anonymizer) number(digits string) string {
	if len(digits) < 3 {
		return digits
	}
	if a.digits[digits] == "" {
		a.digits[digits] = fmt.Sprint(1000 + len(a.digits) + 1)
	}
	return a.digits[digits]
}

// unnamed are the places of messages that hold no names.
var unnamed = []string{"now", "iat", "exp", "alg", "list", "name", "accepted", "received", "problem", "reason", "key", "grant"}

// evidence replaces the names in everything that is known.
func (a *anonymizer) evidence(e *evidence) {
	e.message.Values = maps.Clone(e.message.Values)
	for _, name := range slices.Sorted(maps.Keys(e.message.Values)) {
		if slices.Contains(unnamed, name) {
			continue
		}
		v := e.message.Values[name]
		if name == "tenant" && v.Text == "common" {
			continue
		}
		e.message.Values[name] = paste.Value{Text: a.text(v.Text), Masked: v.Masked, Cut: v.Cut}
	}
	e.from, e.message.Text = "", ""
	e.client, e.tenant = a.text(e.client), a.text(e.tenant)
	e.claims, _ = a.value(e.claims).(map[string]any)
	header := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(e.header)) {
		if header[name] = e.header[name]; name != "alg" && name != "typ" {
			header[name] = a.value(e.header[name])
		}
	}
	e.header = header
	e.credentials, e.subjects = slices.Clone(e.credentials), slices.Clone(e.subjects)
	for i := range e.credentials {
		e.credentials[i] = a.credential(e.credentials[i])
	}
	for i, s := range e.subjects {
		e.subjects[i] = input.Subject{When: s.When, Subject: a.text(s.Subject), Issuer: a.text(s.Issuer), Audience: a.text(s.Audience)}
	}
}

func (a *anonymizer) credential(c input.Credential) input.Credential {
	c.Name, c.Issuer, c.Subject, c.Matching, c.Description = a.text(c.Name), a.text(c.Issuer), a.text(c.Subject), a.text(c.Matching), ""
	c.Audiences = slices.Clone(c.Audiences)
	for i := range c.Audiences {
		c.Audiences[i] = a.text(c.Audiences[i])
	}
	for _, hidden := range []*map[string]string{&c.Unknown, &c.Masked} {
		out := map[string]string{}
		for field := range *hidden {
			out[field] = "hidden"
		}
		*hidden = out
	}
	return c
}

// value replaces the names in a claim.
func (a *anonymizer) value(v any) any {
	switch v := v.(type) {
	case string:
		return a.text(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = a.value(v[i])
		}
		return out
	case map[string]any:
		if v == nil {
			return v
		}
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[name] = a.value(v[name])
		}
		return out
	}
	return v
}
