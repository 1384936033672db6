package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/plane"
)

// healthTime is how long a farm gets to say how it is.
const healthTime = 5 * time.Second

func newHealth() *cobra.Command {
	return &cobra.Command{
		Use:   "health [URL]",
		Short: "Ask a running farm whether it is ready, for containers without a shell",
		Long: `Ask a running farm whether it is ready: whether the issuers of its default world make tokens. Every plane answers, without a token. URL is
that of a plane (default: ` + controlURLVariable + `, or else where serve has its control plane); with a path, such as /healthz, that path is asked for.

Nothing verifies the certificate of a plane on this machine, because only the farm knows the authority that signed it. Elsewhere the system's
authorities verify it.

Exit status: 0 it is ready, 2 bad usage, 3 it is not, or does not answer within ` + healthTime.String() + `.`,
		Example: `  issuerd health
  issuerd health "$AZURE_AUTHORITY_HOST"
  issuerd health "$ISSUERD_CONTROL_URL/healthz"`,
		Args: wantArgs(0, 1, "at most one URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			address := cmp.Or(os.Getenv(controlURLVariable), "http://"+plane.Control.DefaultAddr())
			if len(args) > 0 {
				address = args[0]
			}
			target, err := healthURL(address)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthTime)
			defer cancel()
			answer, err := askHealth(ctx, target)
			if err != nil {
				return &exitError{code: exitRun, err: err, hint: "issuerd serve starts a farm, and says where its planes are"}
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), answer)
			return err
		},
	}
}

// healthURL is what to ask of a plane at an address.
func healthURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err == nil && u.User != nil {
		return nil, errors.New("health: want the URL of a plane without a user and a password, such as http://127.0.0.1:8446")
	}
	if err != nil || !isPlaneURL(u) {
		return nil, &exitError{code: exitUsage, err: errors.New("health: want the URL of a plane, such as http://127.0.0.1:8446"), hint: withScheme(address)}
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/readyz"
	}
	return u, nil
}

// askHealth returns what the farm says if it is well, and an error if it is not.
func askHealth(ctx context.Context, target *url.URL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	transport := healthTransport(target)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req) // which follows no redirects
	if err != nil {
		return "", fmt.Errorf("health: no farm answers at %s: %w", target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return "", fmt.Errorf("health: %s: %w", target, err)
	}
	answer, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if resp.StatusCode != http.StatusOK || answer != "ready" && answer != "ok" {
		return "", fmt.Errorf("health: %s: %s: %s", target, resp.Status, answer)
	}
	return answer, nil
}

// healthTransport uses no proxy, and verifies certificates of other machines alone: nobody is between a process and its
// own machine.
func healthTransport(target *url.URL) *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: plane.IsLoopback(target.Hostname())}}
}
