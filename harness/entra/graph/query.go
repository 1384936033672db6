package graph

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is the most bytes of a request. Microsoft documents 4 MiB for Microsoft Graph.
const maxBody = 4 << 20

// Page sizes, as documented: for directory objects, and for sign-ins.
const (
	defaultPage  = 100
	maxPage      = 999
	signInsPage  = 1000 // both
	signInsRoute = "/auditLogs/signIns"
)

// options are the names of those that OData has, without $.
var options = []string{"filter", "select", "orderby", "search", "expand", "top", "count", "skip", "skiptoken", "format"}

// queryOptions are the OData options of a request.
type queryOptions struct {
	filter  string
	sel     []string
	orderBy string
	top     int // 0: not given
	skip    int // from $skiptoken
	count   bool
	search  string
	expand  string
	raw     url.Values // for the link to the next page
}

// parseQuery reads the options, with or without $. Each may be there once, in whichever spelling, says OData; what
// Microsoft Graph says of two was seen with drives (microsoftgraph/msgraph-sdk-java#336), and is unconfirmed for the
// directory. The largest page may have this size.
func parseQuery(raw string, largest int) (queryOptions, *refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return queryOptions{}, badRequest("The query string is not valid: it is not URL-encoded.")
	}
	o := queryOptions{raw: values}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values.Get(name)
		var err error
		if option := strings.ToLower(strings.TrimPrefix(name, "$")); slices.Contains(options, option) {
			if seen[option] || len(values[name]) > 1 {
				return o, badRequest("Query option '$%s' was specified more than once, but it must be specified at most once.", option)
			}
			seen[option] = true
		}
		switch option := strings.ToLower(strings.TrimPrefix(name, "$")); option {
		case "filter":
			o.filter = value
		case "select":
			for _, property := range strings.Split(value, ",") {
				if property = strings.TrimSpace(property); property != "" {
					o.sel = append(o.sel, property)
				}
			}
		case "orderby":
			o.orderBy = value
		case "search":
			o.search = value
		case "expand":
			o.expand = value
		case "top":
			if o.top, err = strconv.Atoi(value); err != nil || o.top < 1 || o.top > largest {
				return o, unsupportedQuery("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", value, largest)
			}
		case "count":
			if o.count, err = strconv.ParseBool(value); err != nil {
				return o, badRequest("Invalid value '%s' for $count query option found. The $count query option requires a boolean value.", value)
			}
		case "skip":
			return o, badRequest("'$skip' is not supported by the service.")
		case "skiptoken":
			token, err := base64.RawURLEncoding.DecodeString(value)
			if o.skip, _ = strconv.Atoi(string(token)); err != nil || o.skip < 1 {
				return o, badRequest("Skip token is not valid.")
			}
		default:
			if strings.HasPrefix(name, "$") && option != "format" {
				return o, badRequest("The query parameter '%s' is not supported.", name)
			}
		}
	}
	return o, nil
}

// collection answers a list.
func (c *call) collection(context, typeName string, example object, all []object) (*answer, error) {
	o := c.options
	if err := c.unsupported(); err != nil {
		return nil, err
	}
	eventual := strings.EqualFold(c.request.Header.Get("ConsistencyLevel"), "eventual")
	if o.filter != "" {
		f, bad := parseFilter(o.filter, typeName, example)
		if bad != nil {
			return nil, bad
		}
		if f.advanced != "" && typeName != signInType && !(eventual && o.count) {
			return nil, unsupportedQuery("Operator '%s' is not supported because the 'ConsistencyLevel:eventual' header is missing. "+
				"Refer to https://aka.ms/graph-docs/advanced-queries for more information", f.advanced)
		}
		all = slices.DeleteFunc(all, func(o object) bool { return !f.match(o) })
	}
	if bad := order(all, o.orderBy, typeName, example); bad != nil {
		return nil, bad
	}
	selected, bad := newSelection(o.sel, typeName, example)
	if bad != nil {
		return nil, bad
	}
	body := object{{"@odata.context", c.base + "/$metadata#" + context + selected.context()}}
	if o.count && eventual {
		body = append(body, member{"@odata.count", len(all)})
	}
	page := o.top
	if page == 0 {
		page = defaultPage
		if typeName == signInType {
			page = signInsPage
		}
	}
	rest := all[min(o.skip, len(all)):]
	if len(rest) > page {
		rest = rest[:page]
		body = append(body, member{"@odata.nextLink", c.nextLink(o.skip + page)})
	}
	values := make([]object, len(rest))
	for i, entity := range rest {
		values[i] = selected.of(entity)
	}
	return &answer{status: http.StatusOK, body: append(body, member{"value", values})}, nil
}

// unsupported refuses options that are not emulated. The text for $search without its header was seen, the others are
// inferred.
func (c *call) unsupported() error {
	switch {
	case c.options.search != "" && !strings.EqualFold(c.request.Header.Get("ConsistencyLevel"), "eventual"):
		return unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	case c.options.search != "":
		return unsupportedQuery("This query is not supported: issuerd does not emulate $search.")
	case c.options.expand != "":
		return unsupportedQuery("This query is not supported: issuerd does not emulate $expand.")
	}
	return nil
}

// nextLink is the URL of the page that begins at an offset.
func (c *call) nextLink(offset int) string {
	values := url.Values{}
	for name, value := range c.options.raw {
		if strings.TrimPrefix(strings.ToLower(name), "$") != "skiptoken" {
			values[name] = value
		}
	}
	values.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(offset))))
	query := strings.ReplaceAll(values.Encode(), "%24", "$")
	return c.root + c.request.URL.EscapedPath() + "?" + query
}

// entity answers one object.
func (c *call) entity(status int, context, typeName string, entity object) (*answer, error) {
	if err := c.unsupported(); err != nil {
		return nil, err
	}
	selected, bad := newSelection(c.options.sel, typeName, entity)
	if bad != nil {
		return nil, bad
	}
	body := object{{"@odata.context", c.base + "/$metadata#" + context + selected.context() + "/$entity"}}
	return &answer{status: status, body: append(body, selected.of(entity)...)}, nil
}

// order sorts by an $orderby of any number of properties.
func order(all []object, by, typeName string, example object) *refusal {
	if by == "" {
		return nil
	}
	type key struct {
		name       string
		descending bool
	}
	var keys []key
	for _, part := range strings.Split(by, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return badRequest("Invalid $orderby clause: Syntax error in '%s'.", by)
		}
		if _, known := example.get(words[0]); !known {
			return badRequest("Could not find a property named '%s' on type '%s'.", words[0], typeName)
		}
		keys = append(keys, key{words[0], len(words) == 2 && words[1] == "desc"})
	}
	slices.SortStableFunc(all, func(a, b object) int {
		for _, k := range keys {
			n := strings.Compare(strings.ToLower(a.text(k.name)), strings.ToLower(b.text(k.name)))
			if k.descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	return nil
}

// selectable are properties that Microsoft Graph shows only to those who select them, and that the directory has no use
// for. Most are of beta alone; which of them v1.0 would refuse is not told apart.
var selectable = map[string]object{
	applicationType: {
		{"oauth2RequirePostResponse", false}, {"authenticationBehaviors", nil}, {"onPremisesPublishing", nil}, {"windows", nil}, {"createdByAppId", nil},
	},
	principalType: {
		{"samlMetadataUrl", nil}, {"errorUrl", nil}, {"publisherName", nil}, {"publishedPermissionScopes", []any{}}, {"createdByAppId", nil},
		{"preferredTokenSigningKeyEndDateTime", nil}, {"passwordSingleSignOnSettings", nil}, {"customSecurityAttributes", nil},
		{"isAuthorizationServiceEnabled", false},
	},
}

// selection is a $select; the zero value selects everything.
type selection struct {
	names []string
	more  object // selectable ones
}

func newSelection(names []string, typeName string, example object) (selection, *refusal) {
	s := selection{names: names}
	for _, name := range names {
		first, _, _ := strings.Cut(name, "/")
		if _, known := example.get(first); known || name == "*" {
			continue
		}
		value, known := selectable[typeName].get(first)
		if !known {
			return s, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", first, typeName)
		}
		s.more = append(s.more, member{first, value})
	}
	if slices.Contains(names, "*") {
		return selection{}, nil
	}
	return s, nil
}

// context is what follows the name in @odata.context.
func (s selection) context() string {
	if len(s.names) == 0 {
		return ""
	}
	return "(" + strings.Join(s.names, ",") + ")"
}

func (s selection) of(entity object) object {
	if len(s.names) == 0 {
		return entity
	}
	var out object
	for _, m := range entity {
		if slices.ContainsFunc(s.names, func(name string) bool { first, _, _ := strings.Cut(name, "/"); return first == m.name }) {
			out = append(out, m)
		}
	}
	for _, m := range s.more {
		if _, stored := entity.get(m.name); !stored {
			out = append(out, m)
		}
	}
	return out
}

// readBody reads a JSON object. The texts were seen in reports about other parts of Microsoft Graph.
func (c *call) readBody() (map[string]any, *refusal) {
	const unreadable = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
	var reader io.Reader = c.request.Body
	switch encoding := strings.ToLower(c.request.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip": // Microsoft's generated clients compress
		unzipped, err := gzip.NewReader(io.LimitReader(c.request.Body, maxBody))
		if err != nil {
			return nil, badRequest(unreadable)
		}
		reader = unzipped
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, codeBadRequest, "Content-Encoding '%s' is not supported.", encoding)
	}
	raw, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	switch {
	case len(raw) > maxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request payload is larger than %d bytes.", maxBody)
	case err != nil:
		return nil, badRequest(unreadable)
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, badRequest("Empty Payload. JSON content expected.")
	}
	if kind, _, err := mime.ParseMediaType(c.request.Header.Get("Content-Type")); err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil, badRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if !utf8.Valid(raw) {
		return nil, badRequest(unreadable)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil || body == nil {
		return nil, badRequest(unreadable)
	}
	if name, doubled := doubledMember(raw); doubled {
		// The text of Microsoft's OData library; inferred for Microsoft Graph.
		return nil, badRequest("Multiple properties with the name '%s' were detected in a resource or a complex value. "+
			"In OData, duplicate property names are not allowed.", name)
	}
	return body, nil
}

// doubledMember finds a name that an object in valid JSON has twice.
func doubledMember(raw []byte) (name string, found bool) {
	type level struct {
		names map[string]bool // of an object; nil: a list
		value bool            // the next token is a member's value
	}
	var levels []level
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		t, err := d.Token()
		if err != nil {
			return "", false // the end
		}
		if t == json.Delim('}') || t == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			in := &levels[n-1]
			if text, isString := t.(string); !in.value && isString {
				if in.names[text] {
					return text, true
				}
				in.names[text] = true
			}
			in.value = !in.value
		}
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

// prefers tells whether a request has a preference, such as create-if-missing.
func (c *call) prefers(what string) bool {
	return slices.ContainsFunc(c.request.Header.Values("Prefer"), func(line string) bool {
		return slices.ContainsFunc(strings.Split(line, ","), func(one string) bool { return strings.EqualFold(strings.TrimSpace(one), what) })
	})
}
