package farm_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

func mintAt(t *testing.T, w *farm.World, spec control.MintSpec) control.Minted {
	t.Helper()
	minted, err := w.Mint(spec)
	if err != nil {
		t.Fatal(err)
	}
	return minted
}

// TestIssuerAskedForTwice asks for an issuer again, with another preset, other claims and faults, and finds nothing of
// what was there changed.
func TestIssuerAskedForTwice(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{})
	client := canonical(s, w.Describe().ID)
	first := addIssuer(t, w, control.IssuerSpec{Platform: "github", Claims: map[string]any{"actor": "one"}})
	token := mint(t, w, first.Ref, subject)
	app := addApp(t, w, githubURL, subject)
	_, keys := get(t, client, first.JWKS, "")
	job, err := w.StartWorkload(control.WorkloadSpec{Issuer: first.Ref, Claims: map[string]any{"sub": subject}})
	if err != nil {
		t.Fatal(err)
	}

	second := addIssuer(t, w, control.IssuerSpec{Platform: "github", Preset: "environment", Claims: map[string]any{"actor": "two"}})
	third := addIssuer(t, w, control.IssuerSpec{Platform: "github", Preset: "environment"})
	if _, now := get(t, client, first.JWKS, ""); now != keys {
		t.Error("the keys are others than before")
	}
	for _, tt := range []struct {
		ref, actor string
		claim      string // that the preset decides
	}{
		{first.Ref, "one", "repo:octo-org/octo-repo:ref:refs/heads/main"},
		{first.URL, "one", "repo:octo-org/octo-repo:ref:refs/heads/main"},
		{second.Ref, "two", "repo:octo-org/octo-repo:environment:prod"},
		{third.Ref, "octocat", "repo:octo-org/octo-repo:environment:prod"},
	} {
		got := mintAt(t, w, control.MintSpec{Issuer: tt.ref})
		if got.Claims["actor"] != tt.actor || got.Claims["sub"] != tt.claim || got.Header["kid"] != token.Header["kid"] || got.Claims["iss"] != githubURL {
			t.Errorf("%s: %v, want actor %s, sub %s and key %v", tt.ref, got, tt.actor, tt.claim, token.Header["kid"])
		}
	}
	if code := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token.Token).code(); code != 0 {
		t.Errorf("a token of before: AADSTS%d", code)
	}
	native := issuers.All()[slices.IndexFunc(issuers.All(), func(p *issuer.Platform) bool { return p.Name == "github" })].Native
	running, err := native.Fetch(t.Context(), client, issuer.Found{Base: job.Base, Env: job.Env, Now: job.Now}, exchangeAudience)
	if err != nil {
		t.Fatal(err)
	}
	if code := exchange(t.Context(), t, client, app.Tenant, app.ClientID, running).code(); code != 0 {
		t.Errorf("a token of the running workload: AADSTS%d", code)
	}

	again := map[string]control.Issuer{
		first.Ref:  addIssuer(t, w, control.IssuerSpec{Platform: "github", Claims: map[string]any{"actor": "one"}, URL: githubURL, Alg: "RS256"}),
		second.Ref: addIssuer(t, w, control.IssuerSpec{Platform: "github", Preset: "environment", Claims: map[string]any{"actor": "two"}}),
	}
	for ref, same := range again {
		if same.Ref != ref {
			t.Errorf("asked for %s again: %s", ref, same.Ref)
		}
	}
	if all := w.Issuers(); len(all) != 1 || all[0] != first {
		t.Errorf("issuers %v, want %v alone", all, first)
	}

	rotated, err := w.Rotate(control.RotateSpec{Issuer: third.Ref})
	if err != nil {
		t.Fatal(err)
	}
	if got := mintAt(t, w, control.MintSpec{Issuer: first.Ref}).Header["kid"]; got != rotated.KID {
		t.Errorf("rotated by one reference: key %v signs by another, want %s", got, rotated.KID)
	}
}

// TestFaultsOfIssuerAskedForTwice has faults stay until others are asked for.
func TestFaultsOfIssuerAskedForTwice(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	client := canonical(s, w.Describe().ID)
	fault := func(code int) []control.Fault {
		return []control.Fault{{Name: "status", Parameters: map[string]any{"code": code}}}
	}
	for n, step := range []struct {
		spec control.IssuerSpec
		want int
	}{
		{control.IssuerSpec{Platform: "github", Faults: fault(418)}, 418},
		{control.IssuerSpec{Platform: "github"}, 418},
		{control.IssuerSpec{Platform: "github", Preset: "environment"}, 418},
		{control.IssuerSpec{Platform: "github", Preset: "environment", Faults: fault(503)}, 503},
		{control.IssuerSpec{Platform: "github"}, 503},
	} {
		addIssuer(t, w, step.spec)
		if status, _ := get(t, client, githubURL+discoveryPath, ""); status != step.want {
			t.Errorf("step %d: status %d, want %d", n, status, step.want)
		}
	}
	if err := w.SetFaults(control.FaultsSpec{Issuer: githubURL}); err != nil {
		t.Fatal(err)
	}
	document(t, client, githubURL+discoveryPath)
}

func TestIssuerOfAnotherKind(t *testing.T) {
	t.Parallel()
	const at = "https://issuer.contoso.test/tenant"
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	first := addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: at})
	for name, tt := range map[string]struct {
		spec control.IssuerSpec
		want []string
	}{
		"another platform":  {control.IssuerSpec{Platform: "spiffe", URL: at}, []string{"platform github", "platform spiffe"}},
		"another service":   {control.IssuerSpec{Platform: "github", Preset: "enterprise-slug", URL: at}, []string{"platform github with", "github (enterprise-slug)"}},
		"another algorithm": {control.IssuerSpec{Platform: "github", URL: at, Alg: "ES256"}, []string{"RS256, RS256", "ES256"}},
	} {
		_, err := w.AddIssuer(tt.spec)
		var refusal *control.Error
		if !errors.As(err, &refusal) || refusal.Status != http.StatusConflict {
			t.Errorf("%s: %v, want a 409", name, err)
			continue
		}
		for _, want := range append(tt.want, at, "another URL") {
			if !strings.Contains(refusal.Message, want) {
				t.Errorf("%s: %q does not say %q", name, refusal.Message, want)
			}
		}
	}
	if all := w.Issuers(); len(all) != 1 || all[0] != first {
		t.Errorf("issuers %v, want %v alone", all, first)
	}
}

// TestIssuerAskedForManyTimes asks at the same time, and until the farm has enough.
func TestIssuerAskedForManyTimes(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	var mu sync.Mutex
	refs := map[string]bool{}
	kids := map[any]bool{}
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			actor := fmt.Sprint("actor ", n%20)
			iss := addIssuer(t, w, control.IssuerSpec{Platform: "github", Claims: map[string]any{"actor": actor}})
			got := mintAt(t, w, control.MintSpec{Issuer: iss.Ref})
			if got.Claims["actor"] != actor {
				t.Errorf("actor %v, want %s", got.Claims["actor"], actor)
			}
			mu.Lock()
			defer mu.Unlock()
			refs[iss.Ref], kids[got.Header["kid"]] = true, true
		})
	}
	wg.Wait()
	if len(refs) != 20 || len(kids) != 1 {
		t.Errorf("%d references and %d keys, want 20 and 1", len(refs), len(kids))
	}
	var refusal *control.Error
	for n := 0; n < 1100 && refusal == nil; n++ {
		_, err := w.AddIssuer(control.IssuerSpec{Platform: "github", Claims: map[string]any{"n": fmt.Sprint(n)}})
		errors.As(err, &refusal)
	}
	if refusal == nil || refusal.Status != http.StatusTooManyRequests {
		t.Errorf("a thousand different ones: %v, want a 429", refusal)
	}
	addIssuer(t, w, control.IssuerSpec{Platform: "github", Claims: map[string]any{"actor": "actor 1"}})
}

// TestOneIssuerAtTwoAddresses has go-oidc verify tokens of every service under its real name, with the key set from the
// farm's own address, and the other way round. The keys are also the same after a rotation.
func TestOneIssuerAtTwoAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{PublicURL: "https://tunnel.contoso.com/farm"})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	other := newWorld(t, s, control.WorldSpec{})
	local := "https://" + s.Addr(plane.Issuer)
	for _, p := range issuers.All() {
		for _, service := range p.Services {
			at := slices.IndexFunc(p.Presets, func(preset issuer.Preset) bool { return preset.Service == service.Name })
			if at < 0 {
				continue // nothing mints there
			}
			path := "/" + p.Name
			if service.Name != "" {
				path += "/" + service.Name
			}
			if strings.HasSuffix(service.Issuer, "/") {
				path += "/"
			}
			addresses := []string{service.Issuer, local + path, "https://tunnel.contoso.com/farm" + path}
			t.Run(p.Name+"/"+service.Name, func(t *testing.T) {
				t.Parallel()
				for _, id := range []string{control.DefaultWorld, other.Describe().ID} { // the default one has them all
					if id != control.DefaultWorld {
						for _, address := range addresses {
							addIssuer(t, other, control.IssuerSpec{Platform: p.Name, Preset: p.Presets[at].Name, URL: address})
						}
					}
					for range 2 {
						verifyCrosswise(t, manager, id, canonical(s, id), p.Presets[at].Name, addresses)
						if _, err := manager.Rotate(t.Context(), id, control.RotateSpec{Issuer: addresses[1]}); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
		}
	}
}

func verifyCrosswise(t *testing.T, manager *control.Client, world string, client *http.Client, preset string, addresses []string) {
	t.Helper()
	all, err := manager.Issuers(t.Context(), world)
	if err != nil {
		t.Fatal(err)
	}
	keySets := map[string]string{}
	for _, iss := range all {
		keySets[iss.URL] = iss.JWKS
	}
	ctx := gooidc.ClientContext(context.WithoutCancel(t.Context()), client)
	config := &gooidc.Config{SkipClientIDCheck: true, SkipIssuerCheck: true, SkipExpiryCheck: true, SupportedSigningAlgs: algorithms()}
	for _, from := range addresses {
		minted, err := manager.Mint(t.Context(), world, control.MintSpec{Issuer: from, Preset: preset, Claims: map[string]any{"iss": from}})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range addresses {
			if keySets[to] == "" {
				t.Fatalf("no issuer %s", to)
			}
			verifier := gooidc.NewVerifier(from, gooidc.NewRemoteKeySet(ctx, keySets[to]), config)
			if _, err := verifier.Verify(ctx, minted.Token); err != nil {
				t.Errorf("a token of %s with the keys at %s: %v", from, keySets[to], err)
			}
		}
	}
}

func algorithms() []string {
	var all []string
	for _, alg := range issuer.Algorithms {
		all = append(all, string(alg))
	}
	return all
}

// TestRenamedPresets asks for issuers, tokens and workloads by names of before the CI systems were platforms.
func TestRenamedPresets(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{})
	old := addIssuer(t, w, control.IssuerSpec{Platform: "generic", Preset: "gitlab-tag"})
	if old.Platform != "gitlab" || old.URL != "https://gitlab.com" {
		t.Errorf("an issuer of %s at %s, want one of gitlab at https://gitlab.com", old.Platform, old.URL)
	}
	if today := addIssuer(t, w, control.IssuerSpec{Platform: "gitlab", Preset: "tag"}); today.Ref != old.Ref {
		t.Errorf("by today's name it is %s, by the old one %s", today.Ref, old.Ref)
	}
	for preset, want := range map[string]string{
		"": "ref_type:tag:ref:v1.0.0", "gitlab": "ref_type:branch:ref:main", "branch": "ref_type:branch:ref:main", "gitlab-project-id": "project_id:57382910:",
	} {
		if sub := fmt.Sprint(mintAt(t, w, control.MintSpec{Issuer: old.Ref, Preset: preset}).Claims["sub"]); !strings.Contains(sub, want) {
			t.Errorf("preset %q: sub is %s, want one with %s", preset, sub, want)
		}
	}
	job, err := w.StartWorkload(control.WorkloadSpec{Issuer: old.Ref, Preset: "gitlab-project-id"})
	if err != nil {
		t.Fatal(err)
	}
	_, claims, err := control.DecodeToken(job.Env["ID_TOKEN"])
	if err != nil {
		t.Fatal(err)
	}
	if sub := fmt.Sprint(claims["sub"]); !strings.HasPrefix(sub, "project_id:57382910:") {
		t.Errorf("the workload's sub is %s, want one that begins with its id", sub)
	}
	_, err = w.AddIssuer(control.IssuerSpec{Platform: "generic", Preset: "gitlab-stage"})
	if want := `generic: no preset "gitlab-stage" (have plain)`; err == nil || err.Error() != want {
		t.Errorf("a preset that there never was: error %v, want %s", err, want)
	}
}
