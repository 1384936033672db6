package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newRotate() *cobra.Command {
	var f farmFlags
	var preset string
	var unpublished, sameKID bool
	cmd := &cobra.Command{
		Use:   "rotate ISSUER",
		Short: "Give an issuer of a running farm a new signing key, and print its id",
		Long: `Give an issuer of a running farm a new signing key and print its id, the kid of the tokens from now on. The keys before it stay in the
JWKS, as they do with real issuers, until issuerd key withdraw takes them out. Entra knows the JWKS that it has fetched: a hint says how
long that is so.`,
		Example: `  issuerd rotate github
  issuerd rotate github --unpublished
  issuerd rotate github --same-kid`,
		Args:              wantArgs(1, 1, "a platform or the URL of an issuer"),
		ValidArgsFunction: once(completePlatforms),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			ctx := cmd.Context()
			iss, _, err := issuerOf(args[0], preset)
			if err != nil {
				return err
			}
			publish := !unpublished
			rotated, err := farm.Rotate(ctx, farm.world, control.RotateSpec{Issuer: iss, Publish: &publish, SameKID: sameKID})
			if err != nil {
				return err
			}
			if f.json {
				err = printJSON(cmd.OutOrStdout(), rotated)
			} else {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), rotated.KID)
			}
			if unpublished {
				farm.hintPublish(cmd.ErrOrStderr(), iss)
				return err
			}
			if keys, listErr := farm.Keys(ctx, farm.world, iss); listErr == nil {
				farm.hint(ctx, cmd.ErrOrStderr(), unseenKey, issuersOf(keys)...)
			}
			return err
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	cmd.Flags().StringVar(&preset, "preset", "", "a preset whose issuer is meant, of a platform that has several issuers")
	cmd.Flags().BoolVar(&sameKID, "same-kid", false, "give the new key the kid of the one before it, which leaves the JWKS")
	cmd.Flags().BoolVar(&unpublished, "unpublished", false, "leave the new key out of the JWKS, so that nobody can verify its tokens")
	return cmd
}

// issuersOf are the URLs of the issuers that have the keys.
func issuersOf(keys []control.Key) []string {
	urls := make([]string, len(keys))
	for i, key := range keys {
		urls[i] = key.Issuer
	}
	return urls
}

func newKey() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "List the keys of a running farm's issuers, and take them in and out of their JWKS",
	}
	cmd.AddCommand(newKeyList(), newKeyPublish(true), newKeyPublish(false))
	return cmd
}

func newKeyList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "list [ISSUER]",
		Short: "List the keys of an issuer, or of all",
		Example: `  issuerd key list github
  issuerd key list --json`,
		Args:              wantArgs(0, 1, "at most one issuer"),
		ValidArgsFunction: once(completePlatforms),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			keys, err := farm.Keys(cmd.Context(), farm.world, first(args))
			if err != nil {
				return err
			}
			return f.printKeys(cmd, keys)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func (f *farmFlags) printKeys(cmd *cobra.Command, keys []control.Key) error {
	if f.json {
		return printJSON(cmd.OutOrStdout(), list(keys))
	}
	rows := [][]string{{"KID", "ALG", "SIGNS", "PUBLISHED", "CREATED", "ISSUER"}}
	for _, key := range keys {
		rows = append(rows, []string{key.KID, key.Alg, mark(key.Signs, "signs"), mark(key.Published, "published"), moment(key.Created), key.Issuer})
	}
	return printTable(cmd.OutOrStdout(), rows)
}

// newKeyPublish makes key publish and key withdraw.
func newKeyPublish(published bool) *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "publish ISSUER [KID]",
		Short: "Put a key into its issuer's JWKS; without KID, the one that signs",
		Long:  "Put a key into its issuer's JWKS, and print the keys of the issuer as they are then. Without KID, the one that signs is meant.",
		Example: `  issuerd rotate github --unpublished
  issuerd key publish github`,
		Args:              wantArgs(1, 2, "an issuer, and perhaps the kid of a key"),
		ValidArgsFunction: inTurn(completePlatforms, completeKIDs),
	}
	change := unseenKey
	if !published {
		change = seenKey
		cmd.Use = "withdraw ISSUER [KID]"
		cmd.Short = "Take a key out of its issuer's JWKS; without KID, all that others have taken the place of"
		cmd.Long = `Take a key out of its issuer's JWKS, and print the keys of the issuer as they are then. Without KID, all are meant that others have
taken the place of. Tokens may go on being signed with it: nobody can verify them then. Entra knows the JWKS that it has fetched: a hint
says how long that is so.`
		cmd.Example = `  issuerd rotate github
  issuerd key withdraw github`
	}
	cmd.RunE = onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
		before, err := farm.Keys(cmd.Context(), farm.world, args[0])
		if err != nil {
			return err
		}
		spec := control.PublishSpec{Issuer: args[0], KID: first(args[1:]), Published: published}
		keys, err := farm.Publish(cmd.Context(), farm.world, spec)
		if err != nil {
			return err
		}
		err = f.printKeys(cmd, keys)
		if published && signsHidden(keys) {
			farm.hintPublish(cmd.ErrOrStderr(), args[0])
		} else if !samePublished(before, keys) {
			farm.hint(cmd.Context(), cmd.ErrOrStderr(), change, issuersOf(keys)...)
		}
		return err
	})
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

// signsHidden tells whether tokens are signed with a key that no JWKS lists.
func signsHidden(keys []control.Key) bool {
	return slices.ContainsFunc(keys, func(key control.Key) bool { return key.Signs && !key.Published })
}

// samePublished tells whether the same keys are published before a change and after it, in whatever order.
func samePublished(before, after []control.Key) bool {
	published := map[string]bool{}
	for _, key := range before {
		published[key.Issuer+" "+key.KID] = key.Published
	}
	return !slices.ContainsFunc(after, func(key control.Key) bool { return published[key.Issuer+" "+key.KID] != key.Published })
}
