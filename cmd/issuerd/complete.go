package main

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/scenarios"
	"github.com/issuerd/issuerd/wording"
)

// completions are what a shell offers for the flags of a name, whichever command has them. Flags of other names take
// what nobody can list, unless they are marked as files.
var completions = map[string]cobra.CompletionFunc{
	"preset":   completePresets,
	"platform": completePlatforms,
	"alg":      completeAlgorithms,
	"fault":    completeServeFaults,
	"code":     completeCodes,
	"world":    completeWorlds,
	"label":    completeLabels,
	"audience": cobra.FixedCompletions([]string{"api://AzureADTokenExchange"}, cobra.ShellCompDirectiveNoFileComp),
	"control":  completeFarms,
	"farm":     completeFarms,
	"app":      completeApps,
	"issuer":   completePlatforms,
	"plane":    cobra.FixedCompletions(planeNames(), cobra.ShellCompDirectiveNoFileComp),
	"cloud":    cobra.FixedCompletions([]string{"public", "usgov", "china"}, cobra.ShellCompDirectiveNoFileComp),
	"target":   completeTargets,
	"format":   cobra.FixedCompletions(reportFormats, cobra.ShellCompDirectiveNoFileComp),
	"keys":     completeKeys,
	"var":      completeVariables,
}

// completeFlags gives the flags of a command their completions.
func completeFlags(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if complete, ok := completions[f.Name]; ok {
			if _, has := cmd.GetFlagCompletionFunc(f.Name); !has {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // the flag is there, and has none yet
			}
		}
	})
}

// markFiles says that the values of flags are names of files.
func markFiles(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		_ = cmd.RegisterFlagCompletionFunc(name, completeFiles) // the flag is there
	}
}

// completeFiles has the shell offer files.
func completeFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// once completes the first argument of a command alone.
func once(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, toComplete)
	}
}

func completePlatforms(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return platformsOf(cmd).Names(), cobra.ShellCompDirectiveNoFileComp
}

// platformsOf are the platforms that a line names: those of its --issuers beside those that come with the program. With
// a file that can't be read, or has mistakes, it is those alone.
func platformsOf(cmd *cobra.Command) issuers.Set {
	paths, err := cmd.Flags().GetStringArray("issuers")
	if err != nil {
		return issuers.Set{} // the command has no such flag
	}
	slices.Sort(paths) // cobra reads the line twice, so each is there twice
	set, _, err := readIssuers(slices.Compact(paths))
	if err != nil {
		return issuers.Set{}
	}
	return set
}

// completePresets offers the presets of the platform in the first argument or, without one, in --platform.
func completePresets(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	name := ""
	if f := cmd.Flag("platform"); f != nil {
		name = f.Value.String()
	} else if len(args) > 0 {
		name = args[0]
	}
	platform, err := platformsOf(cmd).ByName(name)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	for _, preset := range platform.Presets {
		list = append(list, cobra.CompletionWithDesc(preset.Name, preset.About))
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func completeAlgorithms(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return algorithmNames(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func algorithmNames() []string {
	names := make([]string, len(issuer.Algorithms))
	for i, alg := range issuer.Algorithms {
		names[i] = string(alg)
	}
	return names
}

// completeFaulty offers what may have faults: the platforms, and Entra.
func completeFaulty(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list, directive := completePlatforms(cmd, args, toComplete)
	return append(list, control.OfEntra), directive
}

// completeFaults offers the faults of what the first argument names.
func completeFaults(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return described(faultsOf(first(args)), func(f faults.Fault) (string, string) { return f.Name, f.About }), cobra.ShellCompDirectiveNoFileComp
}

// completeServeFaults offers what may have faults with the : that comes before a fault, and then those.
func completeServeFaults(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, after := append(slices.Clone(platformsOf(cmd).Names()), control.OfEntra), ":"
	directive := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if platform, _, behind := strings.Cut(toComplete, ":"); behind {
		if !slices.Contains(names, platform) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, after, directive = faultNames(platform), "", cobra.ShellCompDirectiveNoFileComp
		for i := range names {
			names[i] = platform + ":" + names[i]
		}
	}
	list := make([]cobra.Completion, len(names))
	for i, name := range names {
		list[i] = name + after
	}
	return list, directive
}

// completeCodes offers Entra's codes as the word has begun, with the error that comes with each.
func completeCodes(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, code := range entra.Codes {
		if word, ok := asBegun(toComplete, code.Name()); ok && code.Prefix == "" { // which --code takes
			list = append(list, cobra.CompletionWithDesc(word, code.OAuth))
		}
	}
	slices.Sort(list)
	return slices.Compact(list), cobra.ShellCompDirectiveNoFileComp
}

// asBegun is a label in the letters of the word that begins it, which may leave out what comes before the number of a
// code; a shell offers nothing else. It tells whether the word begins it.
func asBegun(word, label string) (string, bool) {
	if isDigits(word) {
		label = strings.TrimPrefix(strings.TrimPrefix(label, "AADSTS"), "AADB2C")
	}
	if len(word) > len(label) || !strings.EqualFold(word, label[:len(word)]) {
		return "", false
	}
	return word + label[len(word):], true
}

// completeKeys offers the platforms with the = that comes before the name of a file, and then files.
func completeKeys(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if strings.Contains(toComplete, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var list []cobra.Completion
	for _, name := range platformsOf(cmd).Names() {
		list = append(list, name+"=")
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func completeTargets(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list := []cobra.Completion{
		cobra.CompletionWithDesc("emulator", "a farm in this process"), cobra.CompletionWithDesc("container", "a farm in a container"),
	}
	farms, directive := completeFarms(cmd, args, toComplete)
	return append(list, farms...), directive
}

// completeLabels offers the labels of the scenarios that the arguments name, with a number of how many have each.
func completeLabels(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	loaded, err := load(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	having, word := labelsOf(loaded.files), strings.TrimPrefix(toComplete, "-")
	var list []cobra.Completion
	for _, label := range slices.Sorted(maps.Keys(having)) {
		if begun, ok := asBegun(word, label); ok {
			list = append(list, cobra.CompletionWithDesc(toComplete[:len(toComplete)-len(word)]+begun, wording.Count(having[label], "scenario")))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// completeVariables offers the variables that the scenarios declare which the arguments name.
func completeVariables(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	loaded, err := load(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list := declaredVariables(loaded.files)
	for i := range list {
		list[i] += "="
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeScenarios offers files and folders of the machine, and the scenarios that come with the program: their
// folders first, then what is in them.
func completeScenarios(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	folder, _ := path.Split(toComplete)
	places := []fs.FS{disk{}}
	if !strings.HasPrefix(folder, ".") {
		places = append(places, scenarios.FS)
	}
	for _, fsys := range places {
		entries, err := fs.ReadDir(fsys, path.Clean(folder))
		if err != nil {
			continue // there is nothing to offer
		}
		for _, entry := range entries {
			name, ext := entry.Name(), path.Ext(entry.Name())
			switch {
			case strings.HasPrefix(name, "."):
			case entry.IsDir():
				list = append(list, folder+name+"/")
			case ext == ".yaml" || ext == ".yml":
				if fsys == scenarios.FS {
					name = strings.TrimSuffix(name, ext)
				}
				list = append(list, folder+name)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
