package runner

import (
	"fmt"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// directory turns the file's Entra side into what the world begins with. Its tenants come with every id filled in, as
// the world would have them, because the ids derive from the names; so expressions can have them, and what breaks a
// rule is found where the file says it.
func (p *play) directory() (control.WorldSpec, error) {
	side, err := p.file.ResolveEntra(p.env)
	if err != nil {
		return control.WorldSpec{}, err
	}
	p.cloud = side.Cloud
	for _, set := range side.Faults {
		p.entraFaults = append(p.entraFaults, faultList(set)...)
	}
	spec := control.WorldSpec{Cloud: p.cloud}
	if side.Options != directory.DefaultOptions() {
		spec.Options = &side.Options
	}
	tenants := side.Directory(p.issuer.URL)
	if side.Certificate {
		own, err := ownCertificate()
		if err != nil {
			return control.WorldSpec{}, err
		}
		tenants[0].Applications[0].Certificates = append(tenants[0].Applications[0].Certificates, own.pem)
	}
	filled := directory.New()
	if err := filled.SetOptions(side.Options); err != nil {
		return control.WorldSpec{}, p.broken("options", err)
	}
	for i := range tenants {
		tenant, err := filled.AddTenant(tenants[i])
		if err != nil {
			return control.WorldSpec{}, p.broken(fmt.Sprintf("tenants[%d]", i), err)
		}
		spec.Tenants = append(spec.Tenants, tenant)
	}
	p.tenants, p.app = spec.Tenants, spec.Tenants[0].Applications[0]
	p.env["entra"] = scenario.EntraValues(spec.Tenants[0])
	return spec, nil
}

// broken gives the first of the directory's rules that the value at a path breaks its place in the file. The loader has
// found them all, but for those that depend on values of the run.
func (p *play) broken(path string, err error) error {
	if rules := directory.BrokenRules(err); len(rules) > 0 {
		path, err = path+"."+rules[0].Path, rules[0].Err
	}
	return p.at(p.file.DirectoryPos(path), err)
}
