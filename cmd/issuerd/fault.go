package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

func newFault() *cobra.Command {
	var b strings.Builder
	list := func(all []faults.Fault) {
		for _, fault := range all {
			fmt.Fprintf(&b, "\n  %-19s %s", fault.Name, fault.About)
		}
	}
	b.WriteString("\n\nFaults of issuers:")
	list(faults.All)
	b.WriteString("\n\nFaults of Entra's own, with entra in the place of an issuer:")
	list(faults.OfEntra)
	cmd := &cobra.Command{
		Use:   "fault",
		Short: "Break the issuers of a running farm, or its Entra, and mend them",
		Long:  "Break the issuers of a running farm, or its Entra, and mend them." + b.String() + "\n\nissuerd fault set --help lists their parameters.",
	}
	cmd.AddCommand(newFaultList(), newFaultSet(), newFaultClear())
	return cmd
}

func newFaultList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "list [ISSUER]",
		Short:             "List the faults in force of an issuer, of Entra, or of all, with their hits",
		Example:           "  issuerd fault list\n  issuerd fault list github --json",
		Args:              wantArgs(0, 1, "at most one issuer"),
		ValidArgsFunction: once(completeFaulty),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			inForce, err := farm.Faults(cmd.Context(), farm.world, first(args))
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(inForce))
			}
			rows := [][]string{{"FAULT", "HITS", "ISSUER", "PARAMETERS"}}
			for _, fault := range inForce {
				row, err := faultRow(fault)
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			return printTable(cmd.OutOrStdout(), rows)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func faultRow(fault control.FaultInForce) ([]string, error) {
	parameters := ""
	if len(fault.Parameters) > 0 {
		raw, err := json.Marshal(fault.Parameters)
		if err != nil {
			return nil, err
		}
		parameters = string(raw)
	}
	return []string{fault.Name, fmt.Sprint(fault.Hits), fault.Issuer, parameters}, nil
}

func newFaultSet() *cobra.Command {
	var f farmFlags
	var parameters, file string
	cmd := &cobra.Command{
		Use:   "set [ISSUER FAULT [PARAMETER=VALUE]...]",
		Short: "Put a fault of an issuer, or of Entra, in force",
		Long: `Put a fault of an issuer, or with entra in its place of Entra itself, in force, in place of the one of that name. A parameter that is a map may be given member by member, as in
set.typ=JWT, where text comes after = and JSON after :=. --parameters takes all as one JSON object. --file sets the faults of a fault file
in place of all this, in its order.

Faults and their parameters:
` + parameterHelp() + `
A fault that is set again begins to count anew. Entra keeps the keys that it has fetched: a hint says how long it does not notice.`,
		Example: `  issuerd fault set github jwks body='{"keys":[]}'
  issuerd fault set github status document=jwks code=503
  issuerd fault set github discovery set.issuer=https://other.example set.claims_supported:=null
  issuerd fault set github status document=jwks times=2
  issuerd fault set github unreachable probability=0.3 seed=7
  issuerd fault set entra error code=AADSTS50166 times=2
  issuerd fault set entra throttled retryAfter=5 times=1
  issuerd fault set github header --parameters '{"set":{"typ":"at+jwt"}}'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if file != "" {
				return wantArgs(0, 0, "nothing beside --file")(cmd, args)
			}
			return wantArgs(2, many, "an issuer, a fault and its parameters")(cmd, args)
		},
		ValidArgsFunction: inTurn(completeFaulty, completeFaults, completeParameters, completeParameters, completeParameters, completeParameters),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			if file != "" {
				return setFaultFile(cmd, farm, file, f.json)
			}
			members, err := parseParameters(args[0], args[1], args[2:])
			if err != nil {
				return err
			}
			if parameters != "" {
				if len(members) > 0 {
					return fmt.Errorf("fault set: --parameters has all of them, so %q does not go with it", args[2])
				}
				if members, err = decodeObject([]byte(parameters)); err != nil {
					return fmt.Errorf("--parameters: %w", err)
				}
			}
			set, err := farm.SetFault(cmd.Context(), farm.world, control.FaultSpec{Issuer: args[0], Name: args[1], Parameters: members})
			if err != nil {
				return err
			}
			if f.json {
				err = printJSON(cmd.OutOrStdout(), set)
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s of %s\n", wording.Printable(set.Name), wording.Printable(set.Issuer))
			}
			if change, changes := changeOf(set.Name); changes && set.Issuer != control.OfEntra {
				farm.hint(cmd.Context(), cmd.ErrOrStderr(), change, set.Issuer)
			}
			return err
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	cmd.Flags().StringVar(&parameters, "parameters", "", "all parameters as a JSON object")
	cmd.Flags().StringVar(&file, "file", "", "a fault file")
	cmd.MarkFlagsMutuallyExclusive("file", "parameters")
	markFiles(cmd, "file")
	return cmd
}

// changeOf is what a fault is to Entra, if it is one of the documents that it fetches.
func changeOf(fault string) (change keyChange, changes bool) {
	unread := []faults.Parameters{
		faults.Status{}, faults.Unreachable{}, faults.Delay{}, faults.Stall{}, faults.Truncated{}, faults.HTML{}, faults.Redirect{}, faults.Huge{}, faults.TLS{},
	}
	switch i := slices.IndexFunc(faults.All, func(f faults.Fault) bool { return f.Name == fault }); {
	case slices.ContainsFunc(unread, func(f faults.Parameters) bool { return f.Name() == fault }):
		return unreached, true
	case i >= 0 && faults.All[i].Place == faults.AtDocuments:
		return seenKey, true
	}
	return 0, false
}

func newFaultClear() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "clear ISSUER [FAULT]",
		Short: "End a fault of an issuer or of Entra, or all of its faults",
		Example: `  issuerd fault set github unreachable
  issuerd fault clear github unreachable`,
		Args:              wantArgs(1, 2, "an issuer, and perhaps a fault"),
		ValidArgsFunction: inTurn(completeFaulty, completeFaults),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			ctx := cmd.Context()
			before, err := farm.Faults(ctx, farm.world, args[0])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				err = farm.ClearFault(ctx, farm.world, args[0], args[1])
			} else {
				err = farm.SetFaults(ctx, farm.world, control.FaultsSpec{Issuer: args[0], Faults: []control.Fault{}})
			}
			if err != nil {
				return err
			}
			for _, fault := range before {
				if len(args) == 2 && fault.Name != args[1] {
					continue
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s of %s: %s\n", wording.Printable(fault.Name), wording.Printable(fault.Issuer), wording.Count(fault.Hits, "hit")); err != nil {
					return err
				}
				if fault.Name == (faults.JWKS{}).Name() && fault.Issuer != control.OfEntra && fault.Hits > 0 { // Entra may have kept what it was served
					farm.hint(ctx, cmd.ErrOrStderr(), unseenKey, fault.Issuer)
				}
			}
			return nil
		}),
	}
	f.add(cmd)
	return cmd
}

// faultsOf are the faults that an issuer may have, or Entra.
func faultsOf(target string) []faults.Fault {
	if target == control.OfEntra {
		return faults.OfEntra
	}
	return faults.All
}

// faultNames are the names of faultsOf.
func faultNames(target string) []string {
	if target == control.OfEntra {
		return faults.EntraNames()
	}
	return faults.Names()
}

// parameterHelp lists the parameters of all faults.
func parameterHelp() string {
	var b strings.Builder
	all := map[string]string{} // of every fault
	for i, fault := range slices.Concat(faults.All, faults.OfEntra) {
		if i == len(faults.All) {
			b.WriteString("\nThose of Entra's own, with entra in the place of an issuer:\n")
		}
		fmt.Fprintf(&b, "  %s (%s)\n", fault.Name, fault.Place)
		for _, p := range fault.Parameters() {
			line := fmt.Sprintf("    %-12s %s\n", p.Name, p.About)
			if !p.Common {
				b.WriteString(line)
			} else {
				all[p.Name] = line
			}
		}
	}
	b.WriteString("\nEvery fault takes these too, which say what it meets. workload is for those of tokens and native, clientId for those of " +
		"documents and entra, tenant for those of entra:\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString(all[name])
	}
	return b.String()
}

// parameterName is the name of a fault's parameter, or of a member of one.
var parameterName = regexp.MustCompile(`^([A-Za-z]+)(\.[^=]+?)?(:?)=`)

// parseParameters reads name=value for a fault of an issuer or of Entra, where the name may be that of a member of a map, set.typ.
func parseParameters(target, fault string, words []string) (map[string]any, error) {
	members := map[string]any{}
	for _, word := range words {
		m := parameterName.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf("%q: want a parameter=value, such as code=503 or set.typ=JWT", word)
		}
		name, member, kind := m[1], strings.TrimPrefix(m[2], "."), parameterType(target, fault, m[1])
		if member != "" {
			kind = "string"
		}
		if m[3] == ":" {
			kind = "JSON"
		}
		value, err := parseParameter(kind, word[len(m[0]):])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		if member == "" {
			members[name] = value
			continue
		}
		inner, ok := members[name].(map[string]any)
		if _, set := members[name]; set && !ok {
			return nil, fmt.Errorf("%q: %s has a value already that is no map", word, name)
		}
		if !ok {
			inner = map[string]any{}
			members[name] = inner
		}
		inner[member] = value
	}
	if len(members) == 0 {
		return nil, nil
	}
	return members, nil
}

// faultName is what the names of faults look like, and no port and no rest of a URL.
var faultName = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// parameterType is the type of a fault's parameter, or that of text, if it is not known.
func parameterType(target, fault, parameter string) string {
	for _, f := range faultsOf(target) {
		if f.Name != fault {
			continue
		}
		for _, p := range f.Parameters() {
			if p.Name == parameter {
				return p.Type
			}
		}
	}
	return "string"
}

func parseParameter(kind, text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("want UTF-8, which is all that JSON can hold")
	}
	if kind == "string" {
		return text, nil
	}
	value, err := issuer.DecodeJSON([]byte(text))
	if _, isMap := value.(map[string]any); kind == "object" && !isMap {
		return nil, fmt.Errorf("want a JSON object, such as {\"typ\":\"JWT\"}, got %s", text)
	}
	_, isWhole := value.(int64)
	if kind == "integer" && !isWhole {
		return nil, fmt.Errorf("want a whole number, got %s", text)
	}
	if _, isNumber := value.(float64); kind == "number" && !isNumber && !isWhole {
		return nil, fmt.Errorf("want a number, such as 0.5, got %s", text)
	}
	if err != nil {
		return nil, fmt.Errorf("want JSON, such as 503, null or {\"typ\":\"JWT\"}: %w", err)
	}
	return value, nil
}

// decodeObject reads a JSON object with exact numbers.
func decodeObject(text []byte) (map[string]any, error) {
	value, err := issuer.DecodeJSON(text)
	if err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want a JSON object, got %s", text)
	}
	return members, nil
}

// parseFault reads the fault of serve --fault, the words of fault set in one argument. A word that is neither name=text
// nor name:=JSON belongs to the value before it.
func parseFault(text string) (control.FaultSpec, error) {
	words := strings.Fields(text)
	var iss, name string
	if len(words) > 0 {
		iss = words[0]
		if i := strings.LastIndex(iss, ":"); i > 0 && slices.Contains(faultNames(iss[:i]), iss[i+1:]) {
			iss, name, words = iss[:i], iss[i+1:], words[1:]
		} else if i > 0 && faultName.MatchString(iss[i+1:]) && (len(words) == 1 || parameterName.MatchString(words[1])) {
			iss, name, words = iss[:i], iss[i+1:], words[1:] // no fault, as New says with those that are near
		} else if len(words) > 1 {
			name, words = words[1], words[2:]
		}
	}
	if iss == "" || name == "" {
		return control.FaultSpec{}, fmt.Errorf("--fault %q: want the words of issuerd fault set, such as github:unreachable or 'github jwks body={}'", text)
	}
	var joined []string
	for _, word := range words {
		if len(joined) > 0 && !parameterName.MatchString(word) {
			joined[len(joined)-1] += " " + word
			continue
		}
		joined = append(joined, word)
	}
	parameters, err := parseParameters(iss, name, joined)
	if err != nil {
		return control.FaultSpec{}, fmt.Errorf("--fault %q: %w", text, err)
	}
	validate := faults.Validate
	if iss == control.OfEntra {
		validate = faults.ValidateEntra
	}
	if err := validate(name, parameters); err != nil {
		return control.FaultSpec{}, fmt.Errorf("--fault %q: %w", text, err)
	}
	return control.FaultSpec{Issuer: iss, Name: name, Parameters: parameters}, nil
}
