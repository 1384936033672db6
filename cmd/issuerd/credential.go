package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/wording"
)

func newCredential() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credential",
		Short: "Have applications of a running farm trust issuers, or no longer",
		Long:  "Add, list, change and remove the federated identity credentials of an application: which issuer it trusts, for which subject.",
	}
	cmd.AddCommand(newCredentialAdd(), newCredentialList(), newCredentialUpdate(), newCredentialRemove())
	return cmd
}

type credentialFlags struct {
	farmFlags
	credential directory.Credential
	audience   string
}

func (f *credentialFlags) add(cmd *cobra.Command) {
	f.farmFlags.add(cmd)
	f.addJSON(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.credential.Issuer, "issuer", "", "the URL of the issuer, or a platform whose only issuer it is")
	flags.StringVar(&f.credential.Subject, "subject", "", "what the claim sub must be")
	flags.StringVar(&f.credential.Matching, "matching", "", "in place of --subject: a flexible expression about the claims")
	flags.StringVar(&f.audience, "audience", "", "what the claim aud must be; the audience of the cloud unless given")
	flags.StringVar(&f.credential.Description, "description", "", "what it is for")
}

// withURL is the credential of the flags, with the URL of the issuer.
func (f *credentialFlags) withURL(ctx context.Context, farm *connection) (directory.Credential, error) {
	credential := f.credential
	if f.audience != "" {
		credential.Audiences = []string{f.audience}
	}
	if credential.Issuer == "" || strings.Contains(credential.Issuer, "://") {
		return credential, nil
	}
	var err error
	credential.Issuer, err = farm.issuerURL(ctx, credential.Issuer)
	return credential, err
}

// issuerURL is the URL of a platform's issuer: the only one, or of several the platform's own.
func (c *connection) issuerURL(ctx context.Context, name string) (string, error) {
	all, err := c.Issuers(ctx, c.world)
	if err != nil {
		return "", err
	}
	canonical, err := c.canonicalURL(ctx, name)
	if err != nil {
		return "", err
	}
	var urls, platforms []string
	for _, iss := range all {
		if iss.URL == canonical {
			return canonical, nil
		}
		if iss.Platform == name {
			urls = append(urls, iss.URL)
		}
		if !slices.Contains(platforms, iss.Platform) {
			platforms = append(platforms, iss.Platform)
		}
	}
	switch len(urls) {
	case 1:
		return urls[0], nil
	case 0:
		return "", wording.Unknown(name, platforms, "--issuer %q: the world has no issuer of it", name)
	}
	return "", fmt.Errorf("--issuer %q: the world has several: give the URL (%s)", name, wording.Have(name, urls))
}

// canonicalURL is the URL of a platform's own issuer, or empty. What this program does not know, the farm may.
func (c *connection) canonicalURL(ctx context.Context, name string) (string, error) {
	if platform, err := issuers.ByName(name); err == nil {
		service, err := platform.Service(platform.Presets[0].Service)
		if err != nil {
			return "", err
		}
		return service.Issuer, nil
	}
	platforms, err := c.Platforms(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range platforms {
		if p.Name == name {
			return p.URL, nil
		}
	}
	return "", nil
}

func newCredentialAdd() *cobra.Command {
	var f credentialFlags
	cmd := &cobra.Command{
		Use:   "add APP NAME",
		Short: "Add a credential to an application",
		Example: `  issuerd credential add demo pull-requests --issuer github --subject repo:octo-org/octo-repo:pull_request
  issuerd credential add demo worker --issuer https://oidc.contoso.example --subject worker --audience api://contoso --json`,
		Args:              wantArgs(2, 2, "an application and the name of the credential"),
		ValidArgsFunction: once(completeApps),
		RunE: onFarm(&f.farmFlags, func(cmd *cobra.Command, args []string, farm *connection) error {
			credential, err := f.withURL(cmd.Context(), farm)
			if err != nil {
				return err
			}
			credential.Name = args[1]
			if len(credential.Audiences) == 0 {
				if credential.Audiences, err = farm.exchangeAudience(cmd.Context()); err != nil {
					return err
				}
			}
			made, err := farm.AddCredential(cmd.Context(), farm.world, args[0], credential)
			if err != nil {
				return err
			}
			err = f.printCredential(cmd, made)
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), propagation)
			return err
		}),
	}
	f.add(cmd)
	return cmd
}

// exchangeAudience is the audience of the cloud that the world's tenant is in.
func (c *connection) exchangeAudience(ctx context.Context) ([]string, error) {
	world, err := c.World(ctx, c.world)
	if err != nil {
		return nil, err
	}
	file, err := c.Directory(ctx, c.world)
	if err != nil {
		return nil, err
	}
	cloud := ""
	for _, tenant := range file.Tenants {
		if tenant.ID == world.Tenant {
			cloud = tenant.Cloud
		}
	}
	audience, err := directory.ExchangeAudience(cloud)
	return []string{audience}, err
}

func (f *credentialFlags) printCredential(cmd *cobra.Command, credential directory.Credential) error {
	if f.json {
		return printJSON(cmd.OutOrStdout(), credential)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), credential.ID)
	return err
}

func newCredentialUpdate() *cobra.Command {
	var f credentialFlags
	cmd := &cobra.Command{
		Use:   "update APP NAME",
		Short: "Change a credential of an application in place: what is given takes the place of what was there",
		Example: `  issuerd credential update demo github-main-branch --subject repo:octo-org/octo-repo:environment:prod
  issuerd credential update demo github-main-branch --subject repo:octo-org/octo-repo:ref:refs/heads/main --json`,
		Args:              wantArgs(2, 2, "an application and the name of the credential"),
		ValidArgsFunction: inTurn(completeApps, completeCredentials),
		RunE: onFarm(&f.farmFlags, func(cmd *cobra.Command, args []string, farm *connection) error {
			credential, err := f.withURL(cmd.Context(), farm)
			if err != nil {
				return err
			}
			if credential.Issuer == "" && credential.Subject == "" && credential.Matching == "" && f.audience == "" && credential.Description == "" {
				return errors.New("credential update: want what changes: --issuer, --subject, --matching, --audience or --description")
			}
			made, err := farm.UpdateCredential(cmd.Context(), farm.world, args[0], args[1], credential)
			if err != nil {
				return err
			}
			err = f.printCredential(cmd, made)
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), edits)
			return err
		}),
	}
	f.add(cmd)
	return cmd
}

func newCredentialList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "list APP",
		Short:             "List the credentials of an application",
		Example:           "  issuerd credential list demo\n  issuerd credential list demo --json",
		Args:              wantArgs(1, 1, "the name or client id of an application"),
		ValidArgsFunction: once(completeApps),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			app, err := farm.Application(cmd.Context(), farm.world, args[0])
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(app.Credentials))
			}
			return printCredentials(cmd.OutOrStdout(), app.Credentials)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func printCredentials(w io.Writer, credentials []directory.Credential) error {
	rows := [][]string{{"CREDENTIAL", "ISSUER", "SUBJECT", "AUDIENCE"}}
	for _, c := range credentials {
		subject := c.Subject
		if subject == "" {
			subject = c.Matching
		}
		rows = append(rows, []string{c.Name, c.Issuer, subject, strings.Join(c.Audiences, " ")})
	}
	return printTable(w, rows)
}

func newCredentialRemove() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "remove APP NAME",
		Short: "Remove a credential of an application",
		Example: `  issuerd credential add demo temporary --issuer github --subject repo:octo-org/octo-repo:environment:test
  issuerd credential remove demo temporary`,
		Args:              wantArgs(2, 2, "an application and the name of the credential"),
		ValidArgsFunction: inTurn(completeApps, completeCredentials),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			if err := farm.RemoveCredential(cmd.Context(), farm.world, args[0], args[1]); err != nil {
				return err
			}
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), propagation)
			return nil
		}),
	}
	f.add(cmd)
	return cmd
}
