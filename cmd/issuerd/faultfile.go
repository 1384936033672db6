package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/wording"
)

// isFaultFile tells the path of a fault file from the words of a fault.
func isFaultFile(text string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(text))) && !strings.Contains(text, "=")
}

// readFaultFile reads the faults of a file, the last one first: each goes before those that are in force already, so
// that they apply in the file's order.
func readFaultFile(path string) ([]control.FaultSpec, error) {
	src, err := document.ReadFile(disk{}, path, document.MaxSize)
	if err != nil {
		return nil, err
	}
	sets, err := faults.Parse(path, src)
	if err != nil {
		return nil, err
	}
	specs := make([]control.FaultSpec, len(sets))
	for i, set := range sets {
		specs[len(sets)-1-i] = control.FaultSpec{Issuer: set.Of, Name: set.Name, Parameters: set.Parameters}
	}
	return specs, nil
}

// setFaultFile puts the faults of a file in force at a running farm.
func setFaultFile(cmd *cobra.Command, farm *connection, path string, asJSON bool) error {
	specs, err := readFaultFile(path)
	if err != nil {
		return err
	}
	var set []control.FaultInForce
	for _, spec := range specs {
		one, err := farm.SetFault(cmd.Context(), farm.world, spec)
		if err != nil {
			return err
		}
		set = append(set, one)
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), list(set))
	}
	for _, one := range set {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s of %s\n", wording.Printable(one.Name), wording.Printable(one.Issuer)); err != nil {
			return err
		}
	}
	return nil
}
