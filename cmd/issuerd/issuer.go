package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/keyfile"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/wording"
)

func newIssuer() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "issuer",
		Short: "Add issuers to a running farm, and list them",
	}
	cmd.AddCommand(newIssuerAdd(), newIssuerList())
	return cmd
}

type issuerFlags struct {
	farmFlags
	spec   control.IssuerSpec
	claims []string
	keys   string
	define string
}

func newIssuerAdd() *cobra.Command {
	var f issuerFlags
	cmd := &cobra.Command{
		Use:   "add [PLATFORM]",
		Short: "Add an issuer to a running farm, and print its URL",
		Long: `Add an issuer to a running farm, and print its URL. One that is there already, with the same URL, platform and algorithm, is the answer
too. The preset and the claims are those of the tokens that are asked for by its ref, which --json prints.

The platform is one of those there are, or with --define that of an issuer file, which is the farm's world's from then on.`,
		Example: `  issuerd issuer add github --url https://ghes.contoso.example/_services/token --preset environment
  issuerd issuer add generic --url https://issuer.fabrikam.example --alg ES256 --claim tenant=fabrikam --json
  issuerd issuer add kubernetes --by-path
  issuerd issuer add --define acme.yaml --preset job`,
		Args:              f.args,
		ValidArgsFunction: once(completePlatforms),
		RunE: onFarm(&f.farmFlags, func(cmd *cobra.Command, args []string, farm *connection) error {
			return f.add(cmd, first(args), farm)
		}),
	}
	f.farmFlags.add(cmd)
	f.addJSON(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.spec.Preset, "preset", "", "the context it mints in; the platform's first unless given")
	flags.StringVar(&f.spec.URL, "url", "", "its URL; the platform's unless given")
	flags.BoolVar(&f.spec.ByPath, "by-path", false, "its URL is one below that of the issuer plane")
	flags.StringVar(&f.spec.Alg, "alg", "", "the signature algorithm; the platform's unless given")
	flags.StringArrayVar(&f.claims, "claim", nil, "name=text, or name:=JSON for other types; name:=null removes the claim (repeatable)")
	flags.StringVar(&f.define, "define", "", "an issuer file that describes the platform")
	flags.StringVar(&f.keys, "keys", "", "a file with the private keys that it signs with, in PEM or JSON Web Keys")
	markFiles(cmd, "define", "keys") // keys is a file alone here, unlike serve's
	return cmd
}

// args wants a platform, or a file that describes it.
func (f *issuerFlags) args(cmd *cobra.Command, args []string) error {
	if f.define != "" {
		return wantArgs(0, 0, "no platform beside --define, whose own it is")(cmd, args)
	}
	return wantArgs(1, 1, "a platform")(cmd, args)
}

func (f *issuerFlags) add(cmd *cobra.Command, platform string, farm *connection) error {
	spec := f.spec
	if f.define != "" {
		_, files, err := readIssuers([]string{f.define})
		if err != nil {
			return err
		}
		platform = files[0].Platform
		if spec.Define, err = files[0].Definition(); err != nil {
			return err
		}
	} else if found, preset, err := issuers.Find(platform, spec.Preset); err == nil {
		if platform = found.Name; spec.Preset != "" {
			spec.Preset = preset.Name
		}
	} else if _, unknown := issuers.ByName(platform); unknown == nil { // what is unknown here the farm may know
		return err
	}
	spec.Platform = platform
	var err error
	if spec.Claims, err = parseMembers("--claim", f.claims); err != nil {
		return err
	}
	if f.keys != "" {
		if spec.Keys, err = keysOf(cmd, f.keys); err != nil {
			return err
		}
	}
	made, err := farm.AddIssuer(cmd.Context(), farm.world, spec)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), made)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), wording.Printable(made.URL))
	return err
}

// keysOf reads the private keys of a file for the API. Others that may read them are warned of.
func keysOf(cmd *cobra.Command, path string) (control.Keys, error) {
	_, warning, err := keyfile.Read(disk{}, path)
	if err != nil {
		return nil, fmt.Errorf("--keys: %w", err)
	}
	if warning != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: %s\n", warning)
	}
	src, err := document.ReadFile(disk{}, path, document.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("--keys: %w", err)
	}
	src = bytes.TrimSpace(bytes.TrimPrefix(src, []byte("\ufeff")))
	if bytes.HasPrefix(src, []byte("{")) {
		return control.Keys(src), nil
	}
	text, err := json.Marshal(string(src))
	return control.Keys(text), err
}

func newIssuerList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the issuers of a running farm by URL",
		Example: "  issuerd issuer list\n  issuerd issuer list --json",
		Args:    noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			all, err := farm.Issuers(cmd.Context(), farm.world)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(all))
			}
			rows := [][]string{{"PLATFORM", "URL", "JWKS"}}
			for _, iss := range all {
				rows = append(rows, []string{iss.Platform, iss.URL, iss.JWKS})
			}
			return printTable(cmd.OutOrStdout(), rows)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}
