package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
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
	farmFlags
	mintFlags
	url, alg         string
	vars             []string
	decode, printEnv bool
	issuers          []string
	files            []*generic.File // of issuers
}

func newToken() *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token PLATFORM",
		Short: "Mint one token and print it",
		Long: `Mint one token as a platform would and print it. A running farm signs it with the keys that it publishes: the one of --control,
` + controlURLVariable + ` or serve --env-file. Without any, and with --control "", a key is made for this one token.

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
	f.farmFlags.add(cmd)
	f.mintFlags.add(cmd)
	flags.StringArrayVar(&f.issuers, "issuers", nil, "an issuer file, whose platform is then one of those there are, here and at a running farm (repeatable)")
	flags.StringVar(&f.url, "url", "", "the issuer's URL; the canonical one unless given")
	flags.StringVar(&f.alg, "alg", "", "the signature algorithm; the platform's unless given (not of a running farm)")
	flags.BoolVar(&f.printEnv, "print-env", false, "mint nothing: print the environment in which the platform's own clients find their token (needs a running farm)")
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
	platform, preset, unknown := set.Find(name, f.preset)
	if platform == nil {
		return f.mintUnknown(cmd, name, unknown)
	}
	if unknown != nil {
		return unknown
	}
	if _, _, renamed := issuers.Renamed(name, f.preset); renamed {
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: hint: %s --preset %s is %s --preset %s now\n", name, f.preset, platform.Name, preset.Name)
		if err != nil {
			return err
		}
	}
	spec, err := f.spec()
	if err != nil {
		return err
	}
	spec.Preset = preset.Name
	at := func(farm *connection) (string, error) { return f.issuerAt(cmd, farm, platform, preset) }
	if f.printEnv {
		return f.env(cmd, at, spec)
	}
	if err := f.refuseVars(); err != nil {
		return err
	}
	farm, err := f.found(cmd)
	if err != nil {
		return err
	}
	var raw string
	if farm != nil {
		raw, err = f.mintAt(cmd, farm, at, spec)
	} else {
		raw, err = f.mintHere(cmd, platform, preset, spec)
	}
	if err != nil {
		return err
	}
	return f.printMinted(cmd, raw)
}

// mintUnknown mints for a platform that this program does not know, if there is a running farm, which may know it.
func (f *tokenFlags) mintUnknown(cmd *cobra.Command, name string, unknown error) error {
	farm, err := f.found(cmd)
	if farm == nil && err == nil && !f.printEnv {
		return unknown
	}
	if err != nil {
		return err
	}
	spec, err := f.spec()
	if err != nil {
		return err
	}
	spec.Preset = f.preset
	at := func(*connection) (string, error) { return cmp.Or(f.url, name), nil }
	if f.printEnv {
		return f.env(cmd, at, spec)
	}
	if err := f.refuseVars(); err != nil {
		return err
	}
	raw, err := f.mintAt(cmd, farm, at, spec)
	if err != nil {
		return err
	}
	return f.printMinted(cmd, raw)
}

func (f *tokenFlags) refuseVars() error {
	if len(f.vars) > 0 {
		return errors.New("token: --env sets a variable of a workload, so it goes with --print-env only")
	}
	return nil
}

func (f *tokenFlags) printMinted(cmd *cobra.Command, raw string) error {
	switch {
	case f.json:
		return printToken(cmd.OutOrStdout(), raw, !f.decode)
	case f.decode:
		return printDecoded(cmd.OutOrStdout(), raw)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), raw)
	return err
}

func (f *tokenFlags) mintHere(cmd *cobra.Command, platform *issuer.Platform, preset *issuer.Preset, spec control.MintSpec) (string, error) {
	for _, name := range []string{"expired", "header", "tampered-header", "tampered-claim", "world"} {
		if cmd.Flags().Changed(name) {
			return "", &exitError{code: exitUsage, err: fmt.Errorf("token: --%s needs a running farm", name), hint: startHint}
		}
	}
	opts := []issuer.Option{issuer.WithPreset(preset.Name), issuer.WithKeys(issuer.GenerateTestKey)} // the key is never published
	if f.url != "" {
		opts = append(opts, issuer.WithURL(f.url))
	}
	if f.alg != "" {
		opts = append(opts, issuer.WithAlg(f.alg))
	}
	iss, err := issuer.New(platform, opts...)
	if err != nil {
		return "", err
	}
	token, err := iss.Mint(issuer.Request{Audience: f.audience, Lifetime: f.lifetime, Claims: spec.Claims})
	return token.Raw, err
}

// issuerOfFarm is how the API names the issuer that is meant, at a running farm.
type issuerOfFarm func(farm *connection) (string, error)

// mintAt has an issuer of a running farm mint.
func (f *tokenFlags) mintAt(cmd *cobra.Command, farm *connection, iss issuerOfFarm, spec control.MintSpec) (string, error) {
	raw, err := f.mintInWorld(cmd, farm, iss, spec)
	return raw, farm.explain(cmd.Context(), err)
}

func (f *tokenFlags) mintInWorld(cmd *cobra.Command, farm *connection, iss issuerOfFarm, spec control.MintSpec) (string, error) {
	if f.alg != "" {
		return "", fmt.Errorf("token: --alg does not go with a running farm, here of %s: its issuers have their keys already; --control \"\" uses none", farm.urlFrom)
	}
	if err := farm.enter(cmd.Context(), f.world); err != nil {
		return "", err
	}
	var err error
	if spec.Issuer, err = iss(farm); err != nil {
		return "", err
	}
	minted, err := farm.Mint(cmd.Context(), farm.world, spec)
	return minted.Token, err
}

// issuerAt is the issuer of a running farm that mints the preset: the one of --url, or the canonical one. The farm is
// given one of --issuers, unless it has that already.
func (f *tokenFlags) issuerAt(cmd *cobra.Command, farm *connection, platform *issuer.Platform, preset *issuer.Preset) (string, error) {
	if n := slices.IndexFunc(f.files, func(file *generic.File) bool { return file.Platform == platform.Name }); n >= 0 {
		definition, err := f.files[n].Definition()
		if err != nil {
			return "", err
		}
		added, err := farm.AddIssuer(cmd.Context(), farm.world, control.IssuerSpec{Define: definition, Preset: preset.Name, URL: f.url})
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
func (f *tokenFlags) env(cmd *cobra.Command, iss issuerOfFarm, mint control.MintSpec) error {
	for _, name := range []string{"alg", "lifetime", "decode", "expired", "header", "tampered-header", "tampered-claim"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("token: --print-env mints nothing, so --%s does not go with it", name)
		}
	}
	if len(f.audience) > 1 {
		return errors.New("token: --print-env goes with at most one --audience")
	}
	farm, err := f.connect(cmd)
	if err != nil {
		return err
	}
	return farm.explain(cmd.Context(), f.startWorkload(cmd, farm, iss, mint))
}

func (f *tokenFlags) startWorkload(cmd *cobra.Command, farm *connection, iss issuerOfFarm, mint control.MintSpec) error {
	ref, err := iss(farm)
	if err != nil {
		return err
	}
	spec := control.WorkloadSpec{Issuer: ref, Preset: mint.Preset, Claims: mint.Claims}
	if spec.Env, err = parseEnv(f.vars); err != nil {
		return err
	}
	if len(f.audience) > 0 {
		spec.Audience = f.audience[0]
	}
	workload, err := farm.StartWorkload(cmd.Context(), farm.world, spec)
	if err != nil {
		return err
	}
	if _, set := spec.Env[authorityVariable]; workload.Env[authorityVariable] != "" && !set {
		if err := leadToFarm(cmd, farm, workload.Env); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), workload.Env)
	}
	return printExports(cmd.OutOrStdout(), workload.Env)
}

// authorityVariable is where Azure's clients find Entra.
const authorityVariable = "AZURE_AUTHORITY_HOST"

// leadToFarm puts the farm's Entra plane into an environment in which the platform has put the real Entra: its clients
// would show the farm's tokens there.
func leadToFarm(cmd *cobra.Command, farm *connection, env map[string]string) error {
	info, err := farm.Info(cmd.Context())
	if err != nil {
		return err
	}
	addr := info.Planes[plane.Entra]
	if addr == "" {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: %s is %s, since the Entra plane of the farm listens nowhere\n", authorityVariable, env[authorityVariable])
		return err
	}
	env[authorityVariable] = "https://" + targets.Reachable(addr, farm.URL) + "/"
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
