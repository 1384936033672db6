package directory

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/issuerd/issuerd/harness/document"
)

// Parse reads a directory file:
//
//	options:                        # see Options; all may be left out
//	  clockSkew: 5m
//	tenants:
//	  - displayName: Contoso        # ids that are not given derive from the names
//	    domains: [contoso.onmicrosoft.com]
//	    cloud: public               # usgov, china
//	    applications:
//	      - displayName: deployer
//	        identifierUris: [api://deployer]
//	        credentials:
//	          - name: main-branch
//	            issuer: https://token.actions.githubusercontent.com
//	            subject: repo:contoso/web:ref:refs/heads/main
//	            audiences: [api://AzureADTokenExchange]   # the default of the cloud
//
// The keys are the JSON names of [Tenant], of what belongs to it, and of
// [Options]. name is printed in errors. Everything that is wrong is reported at
// once, each at its own key or value: the error is [document.Problems]. A file
// has at most [document.MaxSize] bytes, and one without tenants, as an empty
// one is, is refused: it may have been cut off.
func Parse(name string, src []byte) (*Directory, error) {
	log := &document.Log{File: name}
	read := format.Read(src, log)
	if read == nil {
		return nil, log.Problems()
	}
	log.NextStage()
	d := &document.Decoder{Log: log}
	file := File{Options: DefaultOptions()}
	d.Decode(read.Root, &file)
	if log.Len() == 0 && len(file.Tenants) == 0 {
		d.FailAt(read.Root, document.Path("tenants"), "", "the list is empty: a directory has one tenant or more")
	}
	directory := file.Validate(func(path string, err error) { d.FailAt(read.Root, document.Path(path), "", "%s", err) })
	if log.Len() > 0 {
		return nil, log.Problems()
	}
	return directory, nil
}

var format = document.Format{Name: "directory", Start: "a directory has tenants"}

// tenantsKey is the key of a directory file on its first level, in block style.
var tenantsKey = regexp.MustCompile(`(?m)^(tenants|"tenants"|'tenants')[ \t]*:`)

// IsFile tells a directory file from other YAML by its first level, which has tenants. One in block style may
// have mistakes; one in braces, as JSON is, is told from others only when it can be parsed.
func IsFile(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a byte order mark
	if !bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		return tenantsKey.Match(src)
	}
	read := format.Read(src, &document.Log{})
	return read != nil && read.Root.Get("tenants") != nil
}

// File is a directory as a directory file has it.
type File struct {
	Options Options  `json:"options"`                       // behaviours of Entra that are not documented
	Tenants []Tenant `json:"tenants" jsonschema:"required"` // the directories of this Entra, one or more
}

// File returns the directory as it is now. The caller owns it.
func (d *Directory) File() File { return File{d.Options(), d.Tenants()} }

// Marshal writes the YAML that [Parse] reads back to the same directory. There is nothing secret in one.
func (f File) Marshal() ([]byte, error) {
	b, err := yaml.MarshalWithOptions(f, yaml.CustomMarshaler(func(d time.Duration) ([]byte, error) { return []byte(d.String()), nil }))
	if err != nil {
		return nil, fmt.Errorf("directory: write directory: %w", err)
	}
	return b, nil
}

// Validate makes the directory of a file. It calls broken for each rule that something in the file breaks, with the
// path of what does, as in tenants[0].applications[1].displayName or options.clockSkew. The directory lacks the tenants
// that break one.
func (f File) Validate(broken func(path string, err error)) *Directory {
	d := New()
	if err := d.SetOptions(f.Options); err != nil {
		eachRule("options", err, broken)
	}
	for i := range f.Tenants {
		audience, err := ExchangeAudience(f.Tenants[i].Cloud)
		if err != nil {
			audience = clouds[0].Audience // AddTenant tells what is wrong
		}
		f.Tenants[i].FillCredentials("", audience)
		if _, err := d.AddTenant(f.Tenants[i]); err != nil {
			eachRule(fmt.Sprintf("tenants[%d]", i), err, broken)
		}
	}
	return d
}

// FillCredentials gives the credentials of a tenant what they leave out, as [Credential.Fill] does.
func (t *Tenant) FillCredentials(issuer, audience string) {
	for i := range t.Applications {
		for j := range t.Applications[i].Credentials {
			t.Applications[i].Credentials[j].Fill(issuer, audience)
		}
	}
	for i := range t.ManagedIdentities {
		for j := range t.ManagedIdentities[i].Credentials {
			t.ManagedIdentities[i].Credentials[j].Fill(issuer, audience)
		}
	}
}

// Fill gives a credential the issuer and the audience that it leaves out. An empty list of audiences is not left out.
func (c *Credential) Fill(issuer, audience string) {
	c.Issuer = cmp.Or(c.Issuer, issuer)
	if c.Audiences == nil {
		c.Audiences = []string{audience}
	}
}

// eachRule calls f for each of the rules that an error about the value at a path says are broken.
func eachRule(path string, err error, f func(path string, err error)) {
	for _, rule := range BrokenRules(err) {
		f(join(path, rule.Path), rule.Err)
	}
}
