package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

type tokenFlags struct {
	preset, url, alg, farm string
	claims, audience, vars []string
	issuers                []string
	files                  []*generic.File // of issuers
	lifetime               time.Duration
	decode, printEnv, json bool
}

func newToken() *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token PLATFORM",
		Short: "Mint one token and print it",
		Long: `Mint one token as a platform would and print it. With --farm a running farm signs it with the keys that it publishes; without, a
key is made for this one token.

The annotations of a Kubernetes service account are claims too, with --print-env: azure.workload.identity/client-id, tenant-id and
service-account-token-expiration put AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_AUTHORITY_HOST, which is the farm's own Entra, into the
environment, and set the life of the token in the file; user, serviceAccountName, expirationSeconds and boundObjectRef say who asks the
cluster for a token, and for which.`,
		Example: `  issuerd token github --preset environment --claim environment=prod --decode
  issuerd token kubernetes --preset aks-pod --audience api://AzureADTokenExchange
  issuerd token gcp --claim 'google:={"compute_engine":{"zone":"europe-west1-b"}}' --claim email:=null --decode
  issuerd token terraform --preset workspace-plan --json
  issuerd token acme --issuers acme.yaml --claim ref=release
  eval "$(issuerd token github --print-env)" # with a running farm: ACTIONS_ID_TOKEN_REQUEST_URL and the like`,
		Args:              onePlatform,
		SuggestFor:        []string{"mint", "issue"},
		ValidArgsFunction: once(completePlatforms),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.mint(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.preset, "preset", "", "the context to mint in; the platform's first unless given")
	flags.StringArrayVar(&f.claims, "claim", nil, "name=text, or name:=JSON for other types; name:=null removes the claim (repeatable)")
	flags.StringArrayVar(&f.audience, "audience", nil, "the audience to ask for (repeatable); what the platform does without one unless given")
	flags.DurationVar(&f.lifetime, "lifetime", 0, "exp - iat; the platform's unless given")
	flags.StringArrayVar(&f.issuers, "issuers", nil, "an issuer file, whose platform is then one of those there are, here and at --farm (repeatable)")
	flags.StringVar(&f.url, "url", "", "the issuer's URL; the canonical one unless given")
	flags.StringVar(&f.alg, "alg", "", "the signature algorithm; the platform's unless given (not with --farm)")
	flags.StringVar(&f.farm, "farm", os.Getenv(controlURLVariable), "the control plane of a running farm, with its bearer token in "+controlTokenVariable)
	flags.BoolVar(&f.printEnv, "print-env", false, "mint nothing: print the environment in which the platform's own clients find their token (needs --farm)")
	flags.StringArrayVar(&f.vars, "env", nil, "NAME=value: a variable that the workload's user sets, such as TFC_WORKLOAD_IDENTITY_AUDIENCE (repeatable; only with --print-env)")
	flags.BoolVar(&f.decode, "decode", false, "print the header and the claims instead of the token")
	flags.BoolVar(&f.json, "json", false, "print one JSON document: the token with its header and claims; with --decode those alone; with --print-env the environment")
	markFiles(cmd, "issuers")
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) { // only now, since it reads the files of platforms
		cmd.Long += "\n\nPlatforms and their presets:\n" + presetHelp()
		help(cmd, args)
	})
	return cmd
}

// onePlatform takes one argument. Who gives the preset as another is told where it goes.
func onePlatform(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	err := fmt.Errorf("token: want one platform (%s), got %s", wording.Have("", issuers.Names()), wording.Count(len(args), "argument"))
	if len(args) == 2 && args[1] != "" {
		if platform, preset, unknown := issuers.Find(args[0], args[1]); unknown == nil {
			return &exitError{code: exitUsage, err: err, hint: fmt.Sprintf("issuerd token %s --preset %s", platform.Name, preset.Name)}
		}
	}
	return err
}

// presetHelp lists the presets of every platform for the long help.
func presetHelp() string {
	var b strings.Builder
	for _, p := range issuers.All() {
		fmt.Fprintf(&b, "\n  %s\n", p.Name)
		for _, preset := range p.Presets {
			fmt.Fprintf(&b, "    %-30s %s\n", preset.Name, preset.About)
		}
	}
	return b.String()
}

func (f *tokenFlags) mint(cmd *cobra.Command, name string) error {
	set, files, err := readIssuers(f.issuers)
	if err != nil {
		return err
	}
	f.files = files
	platform, preset, err := set.Find(name, f.preset)
	if err != nil {
		return misspelt(set, err, name, f.preset)
	}
	if _, _, renamed := issuers.Renamed(name, f.preset); renamed {
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: hint: %s --preset %s is %s --preset %s now\n", name, f.preset, platform.Name, preset.Name)
		if err != nil {
			return err
		}
	}
	claims, err := parseClaims(f.claims)
	if err != nil {
		return err
	}
	if f.lifetime%time.Second != 0 {
		return fmt.Errorf("--lifetime %s: want whole seconds, which is what iat and exp count", f.lifetime)
	}
	for _, audience := range f.audience {
		if !utf8.ValidString(audience) {
			return fmt.Errorf("--audience %q: want UTF-8", audience)
		}
	}
	if f.printEnv {
		return f.env(cmd, platform, preset, claims)
	}
	if len(f.vars) > 0 {
		return errors.New("token: --env sets a variable of a workload, so it goes with --print-env only")
	}
	raw, err := "", error(nil)
	if f.farm != "" {
		raw, err = f.mintAt(cmd.Context(), platform, preset, claims)
	} else {
		raw, err = f.mintHere(platform, preset, claims)
	}
	if err != nil {
		return err
	}
	switch {
	case f.json:
		return printToken(cmd.OutOrStdout(), raw, !f.decode)
	case f.decode:
		return printDecoded(cmd.OutOrStdout(), raw)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), raw)
	return err
}

// misspelt adds to an error about a platform or a preset that is not known the name of one that is near, if there is
// one.
func misspelt(set issuers.Set, err error, platform, preset string) error {
	word, known := platform, set.Names()
	if p, _ := set.ByName(platform); p != nil {
		word, known = preset, p.PresetNames()
	}
	return &exitError{code: exitUsage, err: err, hint: didYouMean(word, known, "")}
}

func (f *tokenFlags) mintHere(platform *issuer.Platform, preset *issuer.Preset, claims issuer.Claims) (string, error) {
	opts := []issuer.Option{issuer.WithPreset(preset.Name), issuer.WithKeys(issuer.GenerateTestKey)} // the key is never published
	if f.url != "" {
		opts = append(opts, issuer.WithURL(f.url))
	}
	if f.alg != "" {
		opts = append(opts, issuer.WithAlg(f.alg))
	}
	iss, err := issuer.New(platform, opts...)
	if err != nil {
		return "", &exitError{code: exitUsage, err: err, hint: didYouMean(f.alg, algorithmNames(), "")}
	}
	token, err := iss.Mint(issuer.Request{Audience: f.audience, Lifetime: f.lifetime, Claims: claims})
	return token.Raw, err
}

func (f *tokenFlags) mintAt(ctx context.Context, platform *issuer.Platform, preset *issuer.Preset, claims issuer.Claims) (string, error) {
	if f.alg != "" {
		return "", errors.New("token: --alg does not go with --farm: a running issuer has its keys already")
	}
	if err := validateControlPlane("--farm", f.farm); err != nil {
		return "", err
	}
	client := &control.Client{URL: f.farm, Token: os.Getenv(controlTokenVariable)}
	iss, err := f.issuerAt(ctx, client, platform, preset)
	if err != nil {
		return "", err
	}
	spec := control.MintSpec{Issuer: iss, Preset: preset.Name, Audience: f.audience, Lifetime: control.Duration(f.lifetime), Claims: claims}
	minted, err := client.Mint(ctx, control.DefaultWorld, spec)
	var refused *control.Error
	if err != nil && !errors.As(err, &refused) {
		return "", cannotRun(err)
	}
	return minted.Token, err
}

// issuerAt is the issuer of a running farm that mints the preset: the one of --url, or the canonical one. The farm is
// given one of --issuers, unless it has that already.
func (f *tokenFlags) issuerAt(ctx context.Context, client *control.Client, platform *issuer.Platform, preset *issuer.Preset) (string, error) {
	if n := slices.IndexFunc(f.files, func(file *generic.File) bool { return file.Platform == platform.Name }); n >= 0 {
		definition, err := f.files[n].Definition()
		if err != nil {
			return "", err
		}
		added, err := client.AddIssuer(ctx, control.DefaultWorld, control.IssuerSpec{Define: definition, Preset: preset.Name, URL: f.url})
		var refused *control.Error
		if err != nil && !errors.As(err, &refused) {
			return "", cannotRun(err)
		}
		return added.Ref, err
	}
	if f.url != "" {
		return f.url, nil
	}
	service, err := platform.Service(preset.Service)
	if err != nil {
		return "", err
	}
	return service.Issuer, nil
}

// env starts a workload at a running farm and prints its environment for a shell.
func (f *tokenFlags) env(cmd *cobra.Command, platform *issuer.Platform, preset *issuer.Preset, claims issuer.Claims) error {
	if f.alg != "" || f.lifetime != 0 || f.decode || len(f.audience) > 1 {
		return errors.New("token: --print-env mints nothing, so --alg, --lifetime and --decode do not go with it, and at most one --audience does")
	}
	if f.farm == "" {
		return errors.New("token: --print-env needs a running farm: start issuerd serve, and set --farm or " + controlURLVariable)
	}
	if err := validateControlPlane("--farm", f.farm); err != nil {
		return err
	}
	client := &control.Client{URL: f.farm, Token: os.Getenv(controlTokenVariable)}
	iss, err := f.issuerAt(cmd.Context(), client, platform, preset)
	if err != nil {
		return err
	}
	spec := control.WorkloadSpec{Issuer: iss, Preset: preset.Name, Claims: claims}
	if spec.Env, err = parseEnv(f.vars); err != nil {
		return err
	}
	if len(f.audience) > 0 {
		spec.Audience = f.audience[0]
	}
	workload, err := client.StartWorkload(cmd.Context(), control.DefaultWorld, spec)
	if err != nil {
		var refused *control.Error
		if !errors.As(err, &refused) {
			return cannotRun(err)
		}
		return err
	}
	if _, set := spec.Env[authorityVariable]; workload.Env[authorityVariable] != "" && !set {
		if err := f.leadToFarm(cmd, client, workload.Env); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), workload.Env)
	}
	for _, name := range slices.Sorted(maps.Keys(workload.Env)) {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "export %s=%s\n", name, shellQuote(workload.Env[name])); err != nil {
			return err
		}
	}
	return nil
}

// authorityVariable is where Azure's clients find Entra.
const authorityVariable = "AZURE_AUTHORITY_HOST"

// leadToFarm puts the farm's Entra plane into an environment in which the platform has put the real Entra: its clients
// would show the farm's tokens there.
func (f *tokenFlags) leadToFarm(cmd *cobra.Command, client *control.Client, env map[string]string) error {
	info, err := client.Info(cmd.Context())
	if err != nil {
		return cannotRun(err)
	}
	addr := info.Planes[plane.Entra]
	if addr == "" {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: %s is %s, since the Entra plane of the farm listens nowhere\n", authorityVariable, env[authorityVariable])
		return err
	}
	env[authorityVariable] = "https://" + targets.Reachable(addr, f.farm) + "/"
	return nil
}

// shellName is the name of a variable that a shell can export.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseEnv reads NAME=value.
func parseEnv(list []string) (map[string]string, error) {
	env := map[string]string{}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok || !shellName.MatchString(name) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("--env %q: want NAME=value, with a name of letters, digits and _ as a shell has them, and a value in UTF-8", name)
		}
		env[name] = value
	}
	return env, nil
}

// parseClaims reads name=text and name:=JSON.
func parseClaims(list []string) (issuer.Claims, error) {
	claims := issuer.Claims{}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok || strings.TrimSuffix(name, ":") == "" {
			return nil, fmt.Errorf("--claim %q: want name=text or name:=JSON", item)
		}
		if !utf8.ValidString(item) {
			return nil, fmt.Errorf("--claim %q: want UTF-8, which is all that JSON can hold", item)
		}
		name, isJSON := strings.CutSuffix(name, ":")
		if !isJSON {
			claims[name] = value
			continue
		}
		decoded, err := issuer.DecodeJSON([]byte(value))
		if err != nil {
			return nil, fmt.Errorf("--claim %q: after := want JSON, such as 1, true, null, [\"a\"] or {\"a\":1}: %w", item, err)
		}
		claims[name] = decoded
	}
	return claims, nil
}

// tokenParts returns the header and the payload as they are in the token, member order included.
func tokenParts(raw string) (header, payload json.RawMessage, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("token: the minted token can't be decoded: it has %s, want 3", wording.Count(len(parts), "part"))
	}
	for i, out := range []*json.RawMessage{&header, &payload} {
		if *out, err = base64.RawURLEncoding.DecodeString(parts[i]); err != nil {
			return nil, nil, fmt.Errorf("token: the minted token can't be decoded: %w", err)
		}
	}
	return header, payload, nil
}

// printDecoded prints the header and below it the payload.
func printDecoded(w io.Writer, raw string) error {
	header, payload, err := tokenParts(raw)
	if err != nil {
		return err
	}
	return errors.Join(printJSON(w, header), printJSON(w, payload))
}

// printToken prints one document with the header, the claims and perhaps the token.
func printToken(w io.Writer, raw string, whole bool) error {
	document := struct {
		Token  string          `json:"token,omitempty"`
		Header json.RawMessage `json:"header"`
		Claims json.RawMessage `json:"claims"`
	}{}
	if whole {
		document.Token = raw
	}
	var err error
	if document.Header, document.Claims, err = tokenParts(raw); err != nil {
		return err
	}
	return printJSON(w, document)
}
