package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/faults"
)

const faultsPreface = `<!-- Made by docs/gen from the code. Do not edit: run make generate. -->

# Faults

What can be wrong with an issuer, or with Entra itself, on demand. A fault is off until it is set: in a scenario (` + "`issuer.faults`, or a step `fault`" + `), with
` + "`issuerd fault set`, `issuerd serve --fault`" + `, over the control API, or from Go. [scenarios.md](scenarios.md#faults) says which
requests a fault can be limited to.

The first part is the catalogue: what goes wrong, the fault for it as a scenario has it, what Entra answers to a sign-in whose documents it
has not fetched before, and a scenario that plays it. The codes are those of the emulator. Where a source is named, the code is seen, or
documented, for that cause; everywhere else it is inferred from causes that are near.

Documents are held back by the world's clock: advance it, and the answer comes. Nobody waits for the emulator: when an answer would come
later than its option ` + "`fetchTimeout`" + ` allows, it is told so at once.

A client shakes hands before it says which world a request is for. The farm's own clients, such as its Entra, name their world in the
handshake; a client from outside meets the faults of the default world. Issuers at one host share its certificate, and so its faults. A
handshake counts as a hit, and is not in the journal: there is no request yet.
`

// renderFaults makes the page about faults.
func renderFaults() ([]byte, error) {
	var page bytes.Buffer
	page.WriteString(faultsPreface)
	var group faults.Group
	var rows [][]string
	flush := func() {
		if len(rows) > 0 {
			fmt.Fprintf(&page, "\n## %s\n\n", group)
			table(&page, []string{"what goes wrong", "fault", "Entra answers", "scenario"}, rows)
			rows = nil
		}
	}
	for _, c := range faults.Catalogue {
		if c.Group != group {
			flush()
			group = c.Group
		}
		fault, err := flow(c.Fault)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []string{c.About, code(fault), answer(c), scenarioOf(c)})
	}
	flush()
	fmt.Fprint(&page, "\n## Parameters\n")
	parameters(&page, "", faults.All)
	fmt.Fprint(&page, "\n## Entra itself\n\nThese are set with `entra` in the place of an issuer.\n")
	parameters(&page, "entra: ", faults.OfEntra)
	return page.Bytes(), nil
}

// parameters writes a section for each fault.
func parameters(w io.Writer, of string, list []faults.Fault) {
	for _, f := range list {
		fmt.Fprintf(w, "\n### %s`%s`\n\n%s.\n", of, f.Name, sentence(strings.ToUpper(f.About[:1])+f.About[1:]))
		var rows [][]string
		for _, p := range f.Parameters() {
			if !p.Common {
				rows = append(rows, []string{code(p.Name), p.Type, p.About})
			}
		}
		if len(rows) > 0 {
			fmt.Fprintln(w)
			table(w, []string{"parameter", "type", "about"}, rows)
		}
	}
}

// scenarioOf is where to see a case played.
func scenarioOf(c faults.Case) string {
	if strings.HasPrefix(c.Scenario, "Test") {
		return fmt.Sprintf("none: [%s](../harness/faults) plays it", code(c.Scenario))
	}
	return fmt.Sprintf("[%s](../scenarios/%s.yaml)", c.Scenario, c.Scenario)
}

// answer is what Entra makes of a case.
func answer(c faults.Case) string {
	if c.Group == faults.NativeGroup {
		return "nothing: it is not asked"
	}
	text, source := "a token", "inferred"
	if c.Code != 0 {
		text = fmt.Sprintf("AADSTS%d", c.Code)
	}
	if c.Source != "" {
		source = c.Source
	}
	return text + " (" + source + ")"
}

// flow is a fault as a scenario has it, on one line. Parameters with their zero values are left out.
func flow(fault faults.Parameters) (string, error) {
	raw, err := json.Marshal(fault)
	if err != nil {
		return "", err
	}
	var parameters map[string]any
	if err := json.Unmarshal(raw, &parameters); err != nil {
		return "", err
	}
	maps.DeleteFunc(parameters, func(_ string, value any) bool {
		return value == nil || value == "" || value == false || value == float64(0)
	})
	text, err := flowValue(parameters)
	return fault.Name() + ": " + text, err
}

// plainScalar is a text that needs no quotes in YAML.
var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[a-z]+)?$`)

func flowValue(value any) (string, error) {
	switch value := value.(type) {
	case map[string]any:
		members := make([]string, 0, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			text, err := flowValue(value[name])
			if err != nil {
				return "", err
			}
			members = append(members, name+": "+text)
		}
		return "{" + strings.Join(members, ", ") + "}", nil
	case string:
		if plainScalar.MatchString(value) {
			return value, nil
		}
		if strings.Contains(value, `"`) {
			return "'" + strings.ReplaceAll(value, "'", "''") + "'", nil
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(b.String()), err
}
