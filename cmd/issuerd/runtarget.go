package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/targets"
)

// remote is the running farm to run against. Nil: --target is another.
func (f *runFlags) remote(cmd *cobra.Command) (*connection, error) {
	switch {
	case f.target == "emulator" || f.target == "container":
		return nil, nil
	case strings.Contains(f.target, "://"):
		return connectTo("--target", f.target)
	case cmd.Flags().Changed("target"):
		err := fmt.Errorf("--target %q: want emulator, container or the URL of a control plane", f.target)
		return nil, &exitError{code: exitUsage, err: err, hint: didYouMean(f.target, []string{"emulator", "container"}, "")}
	}
	farm, err := f.farm.found(cmd)
	if farm == nil || err != nil {
		return nil, err
	}
	if _, _, given := f.farm.given(cmd); !given {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: runs against the farm at %s (of %s); --target emulator runs without it\n", farm.URL, farm.urlFrom)
	}
	return farm, err
}

// open makes the target, and the function that ends what was started for it.
func (f *runFlags) open(ctx context.Context, remote *connection, hosts []string) (t *targets.Target, stop func() error, err error) {
	switch {
	case remote != nil:
		if t, err = targets.Remote(ctx, remote.URL, remote.URL, remote.Token, nil); err != nil {
			return nil, nil, remote.explain(ctx, err)
		}
		return t, t.Close, nil
	case f.target == "container":
		t, stop, err = openContainer(ctx, f.image, hosts)
	default:
		if t, err = targets.InProcess(farm.Options{Hosts: hosts, Version: version()}); err == nil {
			stop = t.Close
		}
	}
	if err != nil {
		return nil, nil, cannotRun(err)
	}
	return t, stop, nil
}
