package input

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// readJournal reads the entries of a farm's journal, a sign-in, or the answer of "issuerd exchange --json". It reports
// false for other JSON.
func (f *Found) readJournal(root *document.Node, raw json.RawMessage) bool {
	type entry struct {
		SignIn *entra.SignIn `json:"signIn"`
	}
	var entries []entry
	switch {
	case root.Kind == document.List && len(root.Items) > 0 && isEntry(root.Items[0]):
		f.Kind = "a journal"
		if err := json.Unmarshal(raw, &entries); err != nil {
			f.note("The journal cannot be read: %s.", err)
		}
	case has(root, "entries", "last"):
		f.Kind = "a journal"
		var journal struct{ Entries []entry }
		if err := json.Unmarshal(raw, &journal); err != nil {
			f.note("The journal cannot be read: %s.", err)
		}
		entries = journal.Entries
	case isEntry(root):
		f.Kind = "an entry of a journal"
		entries = make([]entry, 1)
		if err := json.Unmarshal(raw, &entries[0]); err != nil {
			f.note("The entry cannot be read: %s.", err)
		}
	case has(root, "signIn", "status"):
		f.Kind = "the answer to a sign-in"
		entries = make([]entry, 1)
		if err := json.Unmarshal(raw, &entries[0]); err != nil {
			f.note("The answer cannot be read: %s.", err)
		}
		var answer struct{ Assertion json.RawMessage }
		if json.Unmarshal(raw, &answer) == nil && root.Get("assertion") != nil {
			kind := f.Kind
			f.readDecoded(root.Get("assertion"), answer.Assertion)
			f.Kind = kind
		}
		if root.Get("token") != nil {
			f.note("The answer has an access token, which is left alone: it is what Entra gave, and not what it was shown.")
		}
	case has(root, "checks", "traceId"):
		f.Kind = "a sign-in of a journal"
		var signIn entra.SignIn
		if err := json.Unmarshal(raw, &signIn); err != nil {
			f.note("The sign-in cannot be read: %s.", err)
		}
		entries = []entry{{&signIn}}
	default:
		return false
	}
	for _, e := range entries {
		if e.SignIn != nil {
			f.SignIns = append(f.SignIns, *e.SignIn)
		}
	}
	return true
}

// isEntry tells an entry of a journal by members that are always there.
func isEntry(n *document.Node) bool { return has(n, "seq", "time", "plane") }

// readPublished reads a discovery document or a set of keys. It reports false for other JSON.
func (f *Found) readPublished(root *document.Node, raw json.RawMessage) bool {
	switch {
	case has(root, "issuer", "jwks_uri"):
		f.Kind = "a discovery document"
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return false
		}
		f.Published = append(f.Published, Published{Issuer: str(root.Get("issuer")), Discovery: compact.Bytes(), Place: root.Start()})
	case isKeySet(root):
		f.Kind = "a set of keys (JWKS)"
		if len(root.Get("keys").Items) == 0 {
			f.note("The set has no keys.")
		}
		jwks, private := publicKeys(raw)
		if private {
			f.note("The set has private keys. They were left out: nobody but the issuer may have them, and an issuer that publishes them must change its keys.")
		}
		f.Published = append(f.Published, Published{JWKS: jwks, Place: root.Start()})
	case root.Kind == document.Map && has(root, "kty") && (has(root, "n") || has(root, "x")):
		f.Kind = "a key (JWK)"
		jwks, private := publicKeys([]byte(`{"keys":[` + string(raw) + `]}`))
		if private {
			f.note("The key is a private one. What is private in it was left out.")
		}
		f.Published = append(f.Published, Published{JWKS: jwks, Place: root.Start()})
	default:
		return false
	}
	return true
}

func isKeySet(root *document.Node) bool {
	keys := root.Get("keys")
	if keys == nil || keys.Kind != document.List {
		return false
	}
	return len(keys.Items) == 0 && len(root.Entries) == 1 || len(keys.Items) > 0 && has(keys.Items[0], "kty")
}

// publicKeys returns a set of keys without the members that are private.
func publicKeys(raw json.RawMessage) (jwks json.RawMessage, private bool) {
	var set map[string]json.RawMessage
	var keys []map[string]json.RawMessage
	if json.Unmarshal(raw, &set) != nil || json.Unmarshal(set["keys"], &keys) != nil {
		return nil, false
	}
	for _, key := range keys {
		for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := key[member]; there {
				delete(key, member)
				private = true
			}
		}
	}
	if !private {
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return nil, false
		}
		return compact.Bytes(), false
	}
	written, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		return nil, true
	}
	return written, true
}

// readDirectory reads a directory file.
func (f *Found) readDirectory(src string, root *document.Node) error {
	read, err := directory.Parse(f.Input, []byte(src))
	if err != nil {
		return err
	}
	f.Kind, f.Directory = "a directory file", read
	for i, tenant := range read.Tenants() {
		path := func(format string, args ...any) document.Position {
			n, _ := root.Descend(document.Path(fmt.Sprintf("tenants[%d].", i) + fmt.Sprintf(format, args...)))
			return n.Start()
		}
		for j, app := range tenant.Applications {
			a := Application{Name: app.Name, ClientID: app.ClientID, ObjectID: app.ObjectID, Tenant: tenant.ID, Place: path("applications[%d]", j)}
			f.Applications = append(f.Applications, a)
			for k, credential := range app.Credentials {
				f.ofDirectory(credential, tenant.Cloud, a, path("applications[%d].credentials[%d]", j, k))
			}
		}
		for j, identity := range tenant.ManagedIdentities {
			a := Application{Name: identity.Name, ClientID: identity.ClientID, ObjectID: identity.PrincipalID, Tenant: tenant.ID, ManagedIdentity: true,
				ResourceID: identity.ResourceID(), Place: path("managedIdentities[%d]", j)}
			f.Applications = append(f.Applications, a)
			for k, credential := range identity.Credentials {
				f.ofDirectory(credential, tenant.Cloud, a, path("managedIdentities[%d].credentials[%d]", j, k))
			}
		}
	}
	return nil
}

func (f *Found) ofDirectory(credential directory.Credential, cloud string, of Application, place document.Position) {
	c := Credential{Credential: credential, Form: FormDirectory, Place: place, Cloud: cloud}
	c.of(of)
	f.Credentials = append(f.Credentials, c)
}

// readScenario reads a scenario file. Words of other packages, such as presets, are not checked.
func (f *Found) readScenario(src string, root *document.Node) error {
	file, problems := scenario.Load(f.Input, []byte(src), scenario.Names{})
	if len(problems) > 0 {
		return problems
	}
	f.Kind, f.Scenario = "a scenario", file
	trust := root.Get("entra")
	if trust == nil {
		return nil
	}
	cloud := str(trust.Get("cloud"))
	audience, err := directory.ExchangeAudience(cloud)
	if err != nil {
		audience = "" // an expression
	}
	read := func(list *document.Node, of Application) {
		for _, n := range list.List() {
			c := Credential{Place: n.Start(), Form: FormScenario, Cloud: cloud}
			c.Description, c.ID = str(n.Get("description")), str(n.Get("id"))
			for _, field := range []string{fieldName, fieldIssuer, fieldSubject, fieldAudiences, fieldMatching} {
				value := n.Get(field)
				if expression := expressionIn(value); expression != "" {
					c.unknown(field, expression)
				} else {
					c.set(field, value)
				}
			}
			if n.Get(fieldIssuer) == nil {
				c.unknown(fieldIssuer, "the URL of the scenario's issuer")
			}
			if n.Get(fieldAudiences) == nil && audience != "" {
				c.Audiences = []string{audience}
			}
			c.of(of)
			f.Credentials = append(f.Credentials, c)
		}
	}
	read(trust.Get("credentials"), Application{Name: str(trust.Get("app")), ClientID: str(trust.Get("clientId"))})
	for _, app := range trust.Get("applications").List() {
		read(app.Get("credentials"), Application{Name: str(app.Get("displayName")), ClientID: str(app.Get("clientId"))})
	}
	for _, identity := range trust.Get("managedIdentities").List() {
		read(identity.Get("credentials"), Application{Name: str(identity.Get("name")), ClientID: str(identity.Get("clientId")), ManagedIdentity: true})
	}
	return nil
}

// expressionIn returns the first text in a value that has an expression of a scenario in it.
func expressionIn(n *document.Node) (found string) {
	n.Walk(func(n *document.Node) {
		if s := str(n); found == "" && strings.Contains(s, "${{") {
			found = s
		}
	})
	return found
}
