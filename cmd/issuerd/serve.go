package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm"
)

// The environment variables that lead a client to a farm's control plane.
const (
	controlURLVariable   = "ISSUERD_CONTROL_URL"
	controlTokenVariable = "ISSUERD_CONTROL_TOKEN"
)

// shutdownTime is how long requests under way get after SIGTERM.
const shutdownTime = 5 * time.Second

// reloadInterval is how often serve looks whether the directory file has changed.
const reloadInterval = time.Second

type serveFlags struct {
	addr      map[farm.Plane]*string
	public    bool
	publicURL string
	hosts     []string
	directory string
	caFile    string
	verbose   bool
}

func newServe() *cobra.Command {
	f := serveFlags{addr: map[farm.Plane]*string{}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the issuers, Entra and the management API until SIGTERM",
		Long: `Serve every platform's issuers, the Entra emulator and the management API, until SIGTERM or Ctrl-C. Each side has a listener of its
own, and all are on loopback unless told otherwise; only the issuer plane, with --public, is safe to show to others.

The management API wants a bearer token: the one in ` + controlTokenVariable + `, or else a new one, which is printed.

Entra's directory is one tenant with the application "demo", whose credentials match one preset of every platform; --directory puts
your own in its place, and is read again whenever the file changes.

Exit status: 0 after SIGTERM or Ctrl-C, 2 bad usage or a bad file, 3 when a port is taken. A second SIGTERM or Ctrl-C ends it at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.serve(cmd) },
	}
	flags := cmd.Flags()
	for _, p := range farm.Planes {
		f.addr[p] = flags.String(strings.TrimPrefix(p.Flag(), "--"), p.DefaultAddr(), "where the "+string(p)+" plane listens; empty: nowhere")
	}
	flags.BoolVar(&f.public, "public", false, "let the issuer plane listen on every address; the other planes must stay on loopback")
	flags.StringVar(&f.publicURL, "public-url", "", "the https URL under which others reach the issuer plane, such as a tunnel's")
	flags.StringArrayVar(&f.hosts, "host", nil, "a host name that issuers may have beside the impersonated ones (repeatable)")
	flags.StringVar(&f.directory, "directory", "", "a file with Entra's tenants, applications and credentials")
	flags.StringVar(&f.caFile, "ca-file", "", "write the farm's root certificate to this file")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every request, and what Entra decides, to standard error")
	return cmd
}

func (f *serveFlags) serve(cmd *cobra.Command) error {
	directory, err := f.loadDirectory()
	if err != nil {
		return err
	}
	if f.caFile != "" { // clients may have another working directory
		if f.caFile, err = filepath.Abs(f.caFile); err != nil {
			return cannotRun(err)
		}
	}
	addrs := map[farm.Plane]string{}
	for plane, addr := range f.addr {
		addrs[plane] = *addr
	}
	if f.public {
		if addrs[farm.Issuer], err = f.publicAddr(addrs); err != nil {
			return err
		}
	}
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	s, err := farm.Start(farm.Options{
		Addr: addrs, PublicURL: f.publicURL, Hosts: f.hosts, Directory: directory,
		Token: os.Getenv(controlTokenVariable), Version: version(),
		Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		if refusal := syscall.Errno(0); errors.As(err, &refusal) {
			return cannotRun(err) // the system's refusal, such as of a port that is taken; all others are of what was given
		}
		return err
	}
	if f.caFile != "" {
		if err := os.WriteFile(f.caFile, s.CA(), 0o644); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	f.announce(cmd.OutOrStdout(), s, directory)
	if f.directory != "" {
		ticker := time.NewTicker(reloadInterval)
		defer ticker.Stop()
		go watchFile(f.directory, directory).follow(cmd.Context(), ticker.C, cmd.ErrOrStderr())
	}

	<-cmd.Context().Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), shutdownTime)
	defer cancel()
	err = s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: closed the connections whose requests were not answered after %s\n", shutdownTime)
	}
	if err != nil {
		return cannotRun(fmt.Errorf("stop: %w", err))
	}
	return nil
}

// publicAddr is the issuer plane's address on every interface. It refuses when another plane would be public too.
func (f *serveFlags) publicAddr(addrs map[farm.Plane]string) (string, error) {
	for _, p := range farm.Planes {
		if p == farm.Issuer || addrs[p] == "" {
			continue
		}
		host, _, err := net.SplitHostPort(addrs[p])
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return "", fmt.Errorf("--public: the %s plane is on %q, and only the issuer plane may be public; move it to loopback with %s", p, addrs[p], p.Flag())
		}
	}
	_, port, err := net.SplitHostPort(addrs[farm.Issuer])
	if err != nil {
		return "", fmt.Errorf("%s %q: want host:port", farm.Issuer.Flag(), addrs[farm.Issuer])
	}
	return net.JoinHostPort("", port), nil
}

// announce prints a line for each listener and what a shell needs to use the farm.
func (f *serveFlags) announce(w io.Writer, s *farm.Server, directory *entra.Directory) {
	about := map[farm.Plane]string{
		farm.Issuer:   "discovery and keys: https://%s/github/.well-known/openid-configuration and so on",
		farm.Workload: "the platforms' own token APIs; issuerd token PLATFORM --print-env leads to one",
		farm.Entra:    "Microsoft Entra: https://%s/TENANT/oauth2/v2.0/token",
		farm.Control:  "management API; certificate at http://%s/ca.pem",
	}
	for _, p := range farm.Planes {
		addr := clientAddr(s, p)
		if addr == "" {
			continue
		}
		scheme := "https"
		if p == farm.Control {
			scheme = "http"
		}
		text := about[p]
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, addr)
		}
		fmt.Fprintf(w, "%-9s %s://%-22s %s\n", p, scheme, addr, text)
	}
	fmt.Fprintln(w)
	if addr := clientAddr(s, farm.Control); addr != "" {
		fmt.Fprintf(w, "export %s=%s\n", controlURLVariable, shellQuote("http://"+addr))
		if os.Getenv(controlTokenVariable) == "" { // who set it knows it, and a container's log is kept
			fmt.Fprintf(w, "export %s=%s\n", controlTokenVariable, shellQuote(s.Token()))
		}
	}
	if addr := clientAddr(s, farm.Entra); addr != "" {
		fmt.Fprintf(w, "export AZURE_AUTHORITY_HOST=%s\n", shellQuote("https://"+addr+"/"))
	}
	if tenants := directory.Tenants(); len(tenants) > 0 {
		fmt.Fprintf(w, "export AZURE_TENANT_ID=%s\n", shellQuote(tenants[0].ID))
		if apps := tenants[0].Applications; len(apps) > 0 {
			fmt.Fprintf(w, "export AZURE_CLIENT_ID=%s\n", shellQuote(apps[0].ClientID))
		}
	}
	if f.caFile != "" {
		fmt.Fprintf(w, "export SSL_CERT_FILE=%s\n", shellQuote(f.caFile))
	}
}

// clientAddr is where a client on this machine finds a plane: loopback for a listener on every address.
func clientAddr(s *farm.Server, p farm.Plane) string {
	addr := s.Addr(p)
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
