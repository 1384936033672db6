package farm_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestMembers asks for what can't be, and wants the error to name the member that is wrong.
func TestMembers(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	addApp(t, w, githubURL, subject)
	issuer := func(spec control.IssuerSpec) func() error {
		return func() error { _, err := w.AddIssuer(spec); return err }
	}
	credential := func(c directory.Credential) func() error {
		return func() error { _, err := w.AddCredential("deployer", c); return err }
	}
	good := directory.Credential{Name: "other", Issuer: githubURL, Subject: "other", Audiences: []string{exchangeAudience}}
	with := func(change func(*directory.Credential)) directory.Credential {
		c := good
		change(&c)
		return c
	}
	for _, tt := range []struct {
		member string
		ask    func() error
	}{
		{"platform", issuer(control.IssuerSpec{Platform: "gihtub"})},
		{"preset", issuer(control.IssuerSpec{Platform: "github", Preset: "brunch"})},
		{"url", issuer(control.IssuerSpec{Platform: "github", URL: "nonsense"})},
		{"url", issuer(control.IssuerSpec{Platform: "github", URL: "http://a.test"})},
		{"url", issuer(control.IssuerSpec{Platform: "github", URL: "https://www.contoso.com"})},
		{"url", issuer(control.IssuerSpec{Platform: "github", URL: githubURL + "/"})},
		{"alg", issuer(control.IssuerSpec{Platform: "github", Alg: "HS256"})},
		{"faults[1].name", issuer(control.IssuerSpec{Platform: "github", Faults: []control.Fault{{Name: "unreachable"}, {Name: "x"}}})},
		{"faults[0].parameters", func() error {
			return w.SetFaults(control.FaultsSpec{Issuer: "github", Faults: []control.Fault{{Name: "header"}}})
		}},
		{"name", func() error { _, err := w.SetFault(control.FaultSpec{Issuer: "github", Name: "x"}); return err }},
		{"parameters", func() error { _, err := w.SetFault(control.FaultSpec{Issuer: "github", Name: "header"}); return err }},
		{"issuer", func() error { _, err := w.Mint(control.MintSpec{Issuer: "x"}); return err }},
		{"preset", func() error { _, err := w.Mint(control.MintSpec{Issuer: "github", Preset: "x"}); return err }},
		{"env", func() error {
			_, err := w.StartWorkload(control.WorkloadSpec{Issuer: "github", Env: map[string]string{"": "x"}})
			return err
		}},
		{"name", func() error { _, err := w.AddApplication(control.ApplicationSpec{}); return err }},
		{"credentials[0].issuer", func() error {
			_, err := w.AddApplication(control.ApplicationSpec{Name: "a", Credentials: []directory.Credential{with(func(c *directory.Credential) { c.Issuer = "" })}})
			return err
		}},
		{"issuer", credential(with(func(c *directory.Credential) { c.Issuer = "" }))},
		{"name", credential(with(func(c *directory.Credential) { c.Name = "x" }))},
		{"", func() error { // what is wrong is that there is one more, and no member of it
			full := control.ApplicationSpec{Name: "full"}
			for n := range 20 {
				full.Credentials = append(full.Credentials, with(func(c *directory.Credential) { c.Name, c.Subject = fmt.Sprintf("number-%d", n), fmt.Sprint(n) }))
			}
			if _, err := w.AddApplication(full); err != nil {
				return err
			}
			_, err := w.AddCredential("full", good)
			return err
		}},
		{"start", func() error { _, err := s.NewWorld(control.WorldSpec{Start: fixed.AddDate(900, 0, 0)}); return err }},
		{"skew", func() error { _, err := s.NewWorld(control.WorldSpec{Skew: 1 << 62}); return err }},
	} {
		err := tt.ask()
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Member != tt.member || refused.Status < 400 || refused.Status >= 500 {
			t.Errorf("error %v about %q, want one about %q", err, memberOf(err), tt.member)
		}
	}
}

func memberOf(err error) string {
	var refused *control.Error
	if errors.As(err, &refused) {
		return refused.Member
	}
	return ""
}
