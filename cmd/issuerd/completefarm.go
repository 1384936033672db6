package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/wording"
)

// completionTime is how long somebody who pressed a key waits for a farm.
const completionTime = 500 * time.Millisecond

// fromFarm completes with what the running farm has that the line is about. When none answers at once, there is nothing
// to offer.
func fromFarm(ask func(context.Context, *connection, []string) ([]cobra.Completion, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		f := farmFlags{world: control.DefaultWorld}
		for name, value := range map[string]*string{"control": &f.control, "farm": &f.farm, "world": &f.world} {
			if flag := cmd.Flag(name); flag != nil {
				*value = flag.Value.String()
			}
		}
		farm, err := f.found(cmd)
		if farm == nil || err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if farm.enter(ctx, f.world) != nil {
			farm.world = control.DefaultWorld // a name that is not whole yet, of which the worlds are offered
		}
		list, err := ask(ctx, farm, args)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// inTurn completes each argument in a way of its own.
func inTurn(completers ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(completers) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completers[len(args)](cmd, args, toComplete)
	}
}

// completeParameters offers the parameters of the fault in the second argument, with the values of those that have a few.
func completeParameters(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, fault := range faultsOf(first(args)) {
		if len(args) < 2 || fault.Name != args[1] {
			continue
		}
		for _, p := range fault.Parameters() {
			list = append(list, cobra.CompletionWithDesc(p.Name+"=", p.About))
			for _, value := range p.Values {
				list = append(list, p.Name+"="+value)
			}
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeFarms offers the running farm that a command would find without the flag.
func completeFarms(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	address, from := os.Getenv(controlURLVariable), controlURLVariable
	if address == "" {
		left, err := readEnvFile(findEnvFile())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		address, from = left.url, left.path
	}
	return []cobra.Completion{cobra.CompletionWithDesc(address, "of "+from)}, cobra.ShellCompDirectiveNoFileComp
}

// completeWorlds offers the worlds by their ids, with their names.
var completeWorlds = fromFarm(func(ctx context.Context, farm *connection, _ []string) ([]cobra.Completion, error) {
	worlds, err := farm.Worlds(ctx)
	return described(worlds, func(w control.World) (string, string) { return w.ID, w.Name }), err
})

// completeApps offers the applications by name.
var completeApps = fromFarm(func(ctx context.Context, farm *connection, _ []string) ([]cobra.Completion, error) {
	apps, err := farm.Applications(ctx, farm.world)
	return described(apps, func(a control.Application) (string, string) { return a.Name, a.ClientID }), err
})

// completeCredentials offers the credentials of the application in the first argument.
var completeCredentials = fromFarm(func(ctx context.Context, farm *connection, args []string) ([]cobra.Completion, error) {
	app, err := farm.Application(ctx, farm.world, first(args))
	return described(app.Credentials, func(c directory.Credential) (string, string) { return c.Name, c.Issuer }), err
})

// completeKIDs offers the keys of the issuer in the first argument.
var completeKIDs = fromFarm(func(ctx context.Context, farm *connection, args []string) ([]cobra.Completion, error) {
	keys, err := farm.Keys(ctx, farm.world, first(args))
	return described(keys, func(k control.Key) (string, string) { return k.KID, k.Alg }), err
})

// completeWorkloads offers the workloads by id.
var completeWorkloads = fromFarm(func(ctx context.Context, farm *connection, _ []string) ([]cobra.Completion, error) {
	workloads, err := farm.Workloads(ctx, farm.world)
	return described(workloads, func(w control.Workload) (string, string) { return w.ID, w.Base }), err
})

// described are completions with a word about each, if there is one.
func described[T any](items []T, describe func(T) (word, about string)) []cobra.Completion {
	var list []cobra.Completion
	for _, item := range items {
		word, about := describe(item)
		word, about = wording.Printable(word), wording.Printable(about) // a completion is a line
		if about != "" {
			word = cobra.CompletionWithDesc(word, about)
		}
		list = append(list, word)
	}
	return list
}
