package reproduce

import (
	"crypto"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// origin is who issues a token in a scenario.
type origin struct {
	platform *issuer.Platform
	preset   string
	url      string         // empty: that of the preset
	claims   map[string]any // over the preset's
}

// hosted are issuers that are at other URLs than a platform's own, by what their URLs look like.
var hosted = []struct {
	url              *regexp.Regexp
	platform, preset string
}{
	{regexp.MustCompile(`^https://token\.actions\.githubusercontent\.com/[^/]+$`), "github", "enterprise-slug"},
	{regexp.MustCompile(`^https://token\.actions\.githubusercontent\.com/*$`), "github", "branch"},
	{regexp.MustCompile(`^https://token\.actions\.[^./]+\.ghe\.com/*$`), "github", "ghe-com"},
	{regexp.MustCompile(`/_services/token/*$`), "github", "ghes"},
	{regexp.MustCompile(`^https://([^/]+\.)?oi(c|dc)\.[^/]*azure\.(com|cn|us)/`), "kubernetes", "aks-pod"},
	{regexp.MustCompile(`^https://oidc(-eks)?\.[^/]*(amazonaws\.com|amazonaws\.com\.cn|api\.aws)/id/`), "kubernetes", "eks-pod"},
	{regexp.MustCompile(`^https://container\.googleapis\.com/`), "kubernetes", "gke-pod"},
	{regexp.MustCompile(`^https://oidc-ack-`), "kubernetes", "ack-pod"},
	{regexp.MustCompile(`^https://kubernetes\.default\.svc`), "kubernetes", "kubeadm-in-cluster"},
	{regexp.MustCompile(`^https://vstoken\.dev\.azure\.com/`), "azure-devops", "service-connection"},
	{regexp.MustCompile(`\.tokens\.sts\.global\.api\.aws/*$`), "awssts", "role"},
	{regexp.MustCompile(`^https://cognito-idp\.`), "cognito", "user-pool-id"},
	{regexp.MustCompile(`^https://[^/]+\.app\.spacelift\.io`), "spacelift", "tracked"},
	{regexp.MustCompile(`/api/actions/*$`), "forgejo", "branch"},
	{regexp.MustCompile(`^https://api\.pulumi\.com/oidc`), "pulumi", "deployment"},
	{regexp.MustCompile(`^https://oidc\.vercel\.com/.`), "vercel", "production"},
	{regexp.MustCompile(`^https://gitlab\.`), "gitlab", "branch"},
}

// subjects are what the subjects of platforms look like.
var subjects = []struct {
	subject          *regexp.Regexp
	platform, preset string
}{
	{regexp.MustCompile(`^repo:|^repository_owner(_id)?:`), "github", "branch"},
	{regexp.MustCompile(`^system:serviceaccount:`), "kubernetes", "pod"},
	{regexp.MustCompile(`^project_(path|id):`), "gitlab", "branch"},
	{regexp.MustCompile(`^organization:.*:(workspace|stack):`), "terraform", "workspace"},
	{regexp.MustCompile(`^spiffe://`), "spiffe", "spire-rsa"},
	{regexp.MustCompile(`^(sc|p)://`), "azure-devops", "service-connection"},
	{regexp.MustCompile(`^organization:.*:pipeline:`), "buildkite", "step"},
	{regexp.MustCompile(`^org/.*/project/`), "circleci", "job"},
	{regexp.MustCompile(`^arn:aws:`), "awssts", "role"},
	{regexp.MustCompile(`^space:`), "octopus", "deployment"},
	{regexp.MustCompile(`^pulumi:`), "pulumi", "deployment"},
	{regexp.MustCompile(`^owner:.*:project:`), "vercel", "production"},
}

// originOf finds who issues tokens with an issuer and a subject; either may be empty. The note says what is not so.
func originOf(iss, sub string) (o origin, note string) {
	defer func() {
		if o.url != "" && !canServe(o) {
			if !ofEntra(o.url) {
				note = fmt.Sprintf("no server can have the URL %q: it is in the claim iss alone", iss)
			}
			o.url = ""
		}
	}()
	at := func(platform, preset string) origin {
		p, err := issuers.ByName(platform)
		if err != nil {
			p, preset = generic.Shipped("generic"), "plain"
		}
		o := origin{platform: p, preset: preset}
		if iss != "" && iss != o.canonical() {
			o.url = iss
		}
		return o
	}
	if iss != "" {
		for _, p := range issuers.All() {
			for _, preset := range p.Presets {
				service, err := p.Service(preset.Service)
				if err != nil || service.Issuer != iss {
					continue
				}
				return origin{platform: p, preset: goodPreset(p, preset.Name)}, ""
			}
		}
		for _, h := range hosted {
			if h.url.MatchString(iss) {
				return at(h.platform, h.preset), ""
			}
		}
		if u, err := url.Parse(iss); err == nil {
			for _, p := range issuers.All() {
				if s, err := url.Parse(p.Services[0].Issuer); err == nil && s.Host == u.Host { // with a path of its own
					return at(p.Name, goodPreset(p, p.Presets[0].Name)), ""
				}
			}
		}
	}
	for _, s := range subjects {
		if s.subject.MatchString(sub) {
			return at(s.platform, s.preset), ""
		}
	}
	if iss == "" && sub == "" {
		return at("github", "branch"), ""
	}
	return at("generic", "plain"), ""
}

// goodPreset is the preset whose tokens Entra takes, where the first of an issuer is not.
func goodPreset(p *issuer.Platform, preset string) string {
	if p.Name == "spiffe" && preset == "spire" { // which signs with ES256
		return "spire-rsa"
	}
	return preset
}

// canServe tells whether an issuer can be at the URL of an origin.
func canServe(o origin) bool {
	_, err := issuer.New(o.platform, issuer.WithPreset(o.preset), issuer.WithURL(o.url))
	return err == nil && strings.HasPrefix(o.url, "https://") && !ofEntra(o.url)
}

// ofEntra tells an issuer that is Entra itself.
func ofEntra(iss string) bool {
	u, err := url.Parse(iss)
	if err != nil {
		return false
	}
	cloud, _ := directory.CloudOfHost(strings.ToLower(u.Hostname()))
	return cloud != nil
}

// canonical is the URL that the issuer of the preset has by itself.
func (o origin) canonical() string {
	preset, err := o.platform.Preset(o.preset)
	if err != nil {
		return ""
	}
	service, err := o.platform.Service(preset.Service)
	if err != nil {
		return ""
	}
	return service.Issuer
}

// mint is what a token of the origin would say.
func (o origin) mint(audience ...string) (map[string]any, error) {
	token, err := o.token(audience...)
	return token.Claims, err
}

// throwaway are keys whose signatures nobody looks at, one for each algorithm.
var throwaway = func() issuer.NewKeyFunc {
	var mu sync.Mutex
	made := map[jose.SignatureAlgorithm]crypto.Signer{}
	return func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		mu.Lock()
		defer mu.Unlock()
		if made[alg] == nil {
			key, err := issuer.GenerateTestKey(alg)
			if err != nil {
				return nil, err
			}
			made[alg] = key
		}
		return made[alg], nil
	}
}()

// token is one of the origin. Nothing must trust its key.
func (o origin) token(audience ...string) (issuer.Token, error) {
	opts := []issuer.Option{issuer.WithPreset(o.preset), issuer.WithClaims(o.claims), issuer.WithKeys(throwaway)}
	if o.url != "" {
		opts = append(opts, issuer.WithURL(o.url))
	}
	iss, err := issuer.New(o.platform, opts...)
	if err != nil {
		return issuer.Token{}, err
	}
	return iss.Mint(issuer.Request{Audience: audience})
}

// withSubject gives the origin the claims from which its platform makes a subject, if it does, else the subject itself.
func (o origin) withSubject(sub string) origin {
	for _, try := range derivations(o, sub) {
		if claims, err := try.mint(); err == nil && claims["sub"] == sub {
			return try.pruned(sub)
		}
	}
	o.claims = merged(o.claims, map[string]any{"sub": sub})
	return o
}

// pruned is the origin without the claims that its preset has already.
func (o origin) pruned(sub string) origin {
	for _, name := range slices.Sorted(maps.Keys(o.claims)) {
		less := o
		less.claims = maps.Clone(o.claims)
		delete(less.claims, name)
		if claims, err := less.mint(); err == nil && claims["sub"] == sub && reflect.DeepEqual(claims[name], o.claims[name]) {
			o = less
		}
	}
	return o
}

func merged(base, over map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}

var (
	githubContext = regexp.MustCompile(`^(repo:[^:]+:)(.+)$`)
	githubNames   = regexp.MustCompile(`^repo:([^/:@]+)/([^/:@]+):(.*)$`)
	githubIDs     = regexp.MustCompile(`^repo:([^/:@]+)@(\d+)/([^/:@]+)@(\d+):(.*)$`)
	gitlabSubject = regexp.MustCompile(`^project_path:([^:]+):ref_type:(branch|tag):ref:(.+)$`)
	terraformRun  = regexp.MustCompile(`^organization:([^:]+):project:([^:]+):workspace:([^:]+):run_phase:([^:]+)$`)
)

// derivations are presets and claims that may make a subject, those that say the least first.
func derivations(o origin, sub string) []origin {
	out := []origin{o}
	add := func(preset string, claims map[string]any) {
		out = append(out, origin{o.platform, preset, o.url, merged(o.claims, claims)})
	}
	switch o.platform.Name {
	case "github":
		presets, claims, context := []string{"branch", "tag", "pull-request", "environment"}, map[string]any{}, ""
		if m := githubNames.FindStringSubmatch(sub); m != nil {
			claims["repository"], context = m[1]+"/"+m[2], m[3]
			if o.preset != "branch" {
				presets = []string{o.preset}
			}
		} else if m := githubIDs.FindStringSubmatch(sub); m != nil && o.preset == "branch" {
			presets = []string{"immutable", "immutable-environment"}
			claims["repository"], claims["repository_owner_id"], claims["repository_id"], context = m[1]+"/"+m[3], m[2], m[4], m[5]
		} else {
			break
		}
		for _, preset := range presets {
			add(preset, claims)
		}
		for _, preset := range presets {
			if name, ok := strings.CutPrefix(context, "environment:"); ok {
				add(preset, merged(claims, map[string]any{"environment": strings.ReplaceAll(name, "%3A", ":")}))
			} else if ref, ok := strings.CutPrefix(context, "ref:"); ok {
				add(preset, merged(claims, map[string]any{"ref": ref}))
			} else {
				add(preset, merged(claims, map[string]any{"event_name": context}))
			}
		}
	case "gitlab":
		if m := gitlabSubject.FindStringSubmatch(sub); m != nil {
			add(o.preset, map[string]any{"project_path": m[1], "ref_type": m[2], "ref": m[3]})
		}
	case "terraform":
		if m := terraformRun.FindStringSubmatch(sub); m != nil {
			add(o.preset, map[string]any{
				"terraform_organization_name": m[1], "terraform_project_name": m[2], "terraform_workspace_name": m[3], "terraform_run_phase": m[4],
			})
		}
	}
	return out
}

// ownClaims are not of the workload: the scenario gives them by other means, or they are new with every token.
var ownClaims = []string{"iss", "aud", "iat", "nbf", "exp", "jti"}

// withToken gives the origin what a token says beside its issuer, audience and times.
func (o origin) withToken(claims map[string]any) origin {
	minted, err := o.mint()
	if err != nil {
		return o
	}
	over := map[string]any{}
	for name, value := range claims {
		if !slices.Contains(ownClaims, name) && !reflect.DeepEqual(plainNumbers(minted[name]), plainNumbers(value)) {
			over[name] = value
		}
	}
	for name := range minted {
		if _, has := claims[name]; !has && !slices.Contains(ownClaims, name) {
			over[name] = nil
		}
	}
	o.claims = merged(o.claims, over)
	return o
}

// plainNumbers is a value with numbers as they are written, so that two can be compared.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case string, bool, nil, map[string]any, []any:
		return v
	}
	return fmt.Sprint(v)
}
