package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// contract is the OpenAPI document with somebody else's validator of it.
type contract struct {
	t          *testing.T
	validator  validator.Validator
	operations map[string]operation // by operationId
	schemas    map[string]map[string]any
	url        string // of the farm
	answered   map[string]bool
}

// operation is what the document says of a route.
type operation struct {
	id, method, path string
	Parameters       []struct {
		Name, In string
		Schema   map[string]any
	}
	RequestBody struct {
		Content map[string]struct {
			Schema  map[string]any
			Example any
		}
	}
}

// newContract starts a farm with all planes and reads the document that it serves.
func newContract(t *testing.T) *contract {
	t.Helper()
	s, err := farm.Start(farm.Options{Token: token, Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: free, plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	resp, err := http.Get(s.ControlURL() + "/openapi.json") // without a token
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(raw, control.OpenAPI()) || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("/openapi.json: status %d, %d bytes, error %v; want the document", resp.StatusCode, len(raw), err)
	}
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	t.Cleanup(v.Release)
	if ok, errs := v.ValidateDocument(); !ok {
		t.Fatalf("the document is no OpenAPI: %s", reasons(errs))
	}
	c := &contract{t: t, validator: v, operations: map[string]operation{}, url: s.ControlURL(), answered: map[string]bool{}}
	var parsed struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(raw, &parsed); err != nil {
		t.Fatal(err)
	}
	c.schemas = parsed.Components.Schemas
	for path, methods := range parsed.Paths {
		for method, raw := range methods {
			op := operation{method: strings.ToUpper(method), path: path}
			var id struct{ OperationID string }
			if err := json.Unmarshal(raw, &id); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatal(err)
			}
			op.id = id.OperationID
			c.operations[op.id] = op
		}
	}
	if len(c.operations) < 30 {
		t.Fatalf("%d operations, want all routes", len(c.operations))
	}
	return c
}

func reasons(errs []*errors.ValidationError) string {
	var text strings.Builder
	for _, e := range errs {
		text.WriteString("\n\t" + e.Message + ": " + e.Reason)
		for _, s := range e.SchemaValidationErrors {
			text.WriteString("\n\t\t" + s.FieldPath + ": " + s.Reason)
		}
	}
	return text.String()
}

// ask is a request for an operation.
type ask struct {
	op    string
	vars  map[string]string // of the path; world is default unless it is here
	query string
	body  string // empty: the document's example, if there is one
	empty bool   // no body, whatever the document has
}

// example is the body that the document has for an operation, with its media type.
func (o operation) example() (body, mediaType string) {
	for _, mediaType := range []string{"application/json", "application/yaml"} {
		switch example := o.RequestBody.Content[mediaType].Example.(type) {
		case nil:
		case string:
			return example, mediaType
		default:
			raw, err := json.Marshal(example)
			if err != nil {
				panic(err)
			}
			return string(raw), mediaType
		}
	}
	return "", "application/json"
}

// request makes a request.
func (c *contract) request(a ask) *http.Request {
	c.t.Helper()
	op, ok := c.operations[a.op]
	if !ok {
		c.t.Fatalf("the document has no operation %s", a.op)
	}
	path := op.path
	for name, value := range map[string]string{"world": control.DefaultWorld} {
		if a.vars[name] == "" {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
	}
	for name, value := range a.vars {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	if strings.Contains(path, "{") {
		c.t.Fatalf("%s: the path %s has a variable left", a.op, path)
	}
	body, mediaType := op.example()
	if a.body != "" || a.empty {
		body = a.body
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), op.method, c.url+path+a.query, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	return req
}

// send makes a request, and has the answer judged. It returns the status and the answer. The validators read bodies, so
// each gets its own.
func (c *contract) send(a ask) (status int, answer map[string]any) {
	c.t.Helper()
	req := c.request(a)
	resp, err := http.DefaultTransport.RoundTrip(c.request(a))
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	if ok, errs := c.validator.ValidateHttpResponse(req, resp); !ok {
		c.t.Errorf("%s %s %.200s: the answer %d is none of the document's: %.500s%s", a.op, a.query, a.body, resp.StatusCode, raw, reasons(errs))
	}
	_ = json.Unmarshal(raw, &answer) // events are no JSON
	return resp.StatusCode, answer
}

// good makes a request that the document allows and the farm answers.
func (c *contract) good(a ask) map[string]any {
	c.t.Helper()
	if ok, errs := c.validator.ValidateHttpRequest(c.request(a)); !ok {
		c.t.Errorf("%s %s %.200s: the document does not allow the request:%s", a.op, a.query, a.body, reasons(errs))
	}
	status, answer := c.send(a)
	if status != http.StatusOK {
		c.t.Errorf("%s %s %.200s: status %d: %v", a.op, a.query, a.body, status, answer)
	}
	c.answered[a.op] = true
	return answer
}

// TestContract makes a request for every route, and has the requests and the answers judged by the OpenAPI document. The
// bodies are the document's examples.
func TestContract(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	text := func(answer map[string]any, member string) string {
		t.Helper()
		value, ok := answer[member].(string)
		if !ok || value == "" {
			t.Fatalf("the answer %v has no %s", answer, member)
		}
		return value
	}

	c.good(ask{op: "getInfo"})
	c.good(ask{op: "listPlatforms", query: "?limit=3"})
	c.good(ask{op: "listFaultKinds"})
	c.good(ask{op: "decodeToken"})
	world := text(c.good(ask{op: "createWorld"}), "id")
	in := func(more ...string) map[string]string {
		vars := map[string]string{"world": world}
		for i := 0; i < len(more); i += 2 {
			vars[more[i]] = more[i+1]
		}
		return vars
	}
	c.good(ask{op: "listWorlds"})
	c.good(ask{op: "getWorld", vars: in()})
	c.good(ask{op: "addIssuer", vars: in()})
	c.good(ask{op: "addIssuer", vars: in(), body: `{"platform":"kubernetes","alg":"ES256","claims":{"sub":null},"faults":[{"name":"status","parameters":{"code":500}}]}`})
	c.good(ask{op: "listIssuers", vars: in()})
	minted := c.good(ask{op: "mint", vars: in()})
	c.good(ask{op: "mint", vars: in(), body: `{"issuer":"kubernetes","audience":["a","b"],"lifetime":600,"claims":{"actor":null,"n":9007199254740993},"header":{"x":1},"tampered":{"claims":{"sub":"x"}}}`})
	c.good(ask{op: "decodeToken", body: `{"token":"` + text(minted, "token") + `"}`})
	c.good(ask{op: "addApplication", vars: in()})
	c.good(ask{op: "listApplications", vars: in()})
	c.good(ask{op: "getApplication", vars: in("application", "demo")})
	c.good(ask{op: "addCredential", vars: in("application", "demo")})
	c.good(ask{op: "listCredentials", vars: in("application", "demo")})
	c.good(ask{op: "signIn", vars: in()})
	c.good(ask{op: "signIn", vars: in(), body: `{"application":"demo","assertion":"x"}`})
	c.good(ask{op: "updateCredential", vars: in("application", "demo", "credential", "main")})
	c.good(ask{op: "signIn", vars: in()}) // which Entra refuses
	c.good(ask{op: "rotate", vars: in()})
	c.good(ask{op: "listKeys", vars: in(), query: "?issuer=github"})
	c.good(ask{op: "publishKey", vars: in()})
	c.good(ask{op: "setFault", vars: in()})
	c.good(ask{op: "listFaults", vars: in(), query: "?issuer=github&limit=1"})
	c.good(ask{op: "clearFault", vars: in("fault", "jwks"), query: "?issuer=github"})
	c.good(ask{op: "setFaults", vars: in()})
	c.good(ask{op: "setClock", vars: in()})
	c.good(ask{op: "setClock", vars: in(), body: `{"set":"2030-02-03T00:00:00Z","advance":60,"freeze":true}`})
	workload := text(c.good(ask{op: "startWorkload", vars: in()}), "id")
	c.good(ask{op: "listWorkloads", vars: in()})
	c.good(ask{op: "getWorkload", vars: in("workload", workload)})
	c.good(ask{op: "endWorkload", vars: in("workload", workload)})
	c.good(ask{op: "getJournal", vars: in()})
	c.good(ask{op: "getJournal", vars: in(), query: "?after=0&limit=10&signIns=true&failed=true&wait=1s"})
	c.events(in())
	entries, _ := c.good(ask{op: "getJournal", vars: in(), query: "?signIns=true&limit=1"})["entries"].([]any)
	if len(entries) != 1 {
		t.Fatalf("%d sign-ins, want 1", len(entries))
	}
	trace, _ := entries[0].(map[string]any)["signIn"].(map[string]any)["traceId"].(string)
	if found := c.good(ask{op: "findSignIn", vars: map[string]string{"trace": trace}}); text(found, "world") != in()["world"] {
		t.Errorf("the sign-in of the trace is in the world %q, want %q", found["world"], in()["world"])
	}
	c.good(ask{op: "removeCredential", vars: in("application", "demo", "credential", "main")})
	c.good(ask{op: "removeApplication", vars: in("application", "demo")})
	c.good(ask{op: "getDirectory", vars: in()})
	c.good(ask{op: "applyDirectory", vars: in(), query: "?name=entra.yaml"})
	c.good(ask{op: "deleteWorld", vars: in()})

	for _, id := range slices.Sorted(maps.Keys(c.operations)) {
		if !c.answered[id] {
			t.Errorf("no request for %s", id)
		}
	}
	t.Logf("%d operations", len(c.answered))
}

// events reads the headers of a stream, which has no end.
func (c *contract) events(vars map[string]string) {
	c.t.Helper()
	a := ask{op: "followJournal", vars: vars, query: "?signIns=true"}
	if ok, errs := c.validator.ValidateHttpRequest(c.request(a)); !ok {
		c.t.Errorf("followJournal: the document does not allow the request:%s", reasons(errs))
	}
	resp, err := http.DefaultTransport.RoundTrip(c.request(a))
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		c.t.Errorf("followJournal: status %d, Content-Type %q", resp.StatusCode, got)
	}
	c.answered[a.op] = true
}
