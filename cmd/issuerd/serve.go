package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers"
)

// The environment variables that lead a client to a farm's control plane.
const (
	controlURLVariable   = "ISSUERD_CONTROL_URL"
	controlTokenVariable = "ISSUERD_CONTROL_TOKEN"
)

// anywhereVariable is --listen-anywhere for containers, whose ports are reached from where they are published.
const anywhereVariable = "ISSUERD_LISTEN_ANYWHERE"

// shutdownTime is how long requests under way get after SIGTERM.
const shutdownTime = 5 * time.Second

// reloadInterval is how often serve looks whether the directory file has changed.
const reloadInterval = time.Second

type serveFlags struct {
	addr       map[plane.Plane]*string
	public     bool
	anywhere   bool
	publicURL  string
	hosts      []string
	directory  string
	state      string
	caFile     string
	keys       []string
	issuers    []string
	reach      []string
	reachCA    string
	idleWorlds time.Duration
	cors       bool
	verbose    bool
	envFile    string
	clock      string
	freeze     bool
	faults     []string
}

func newServe() *cobra.Command {
	f := serveFlags{addr: map[plane.Plane]*string{}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the issuers, Entra and the management API until SIGTERM",
		Long: `Serve every platform's issuers, the Entra emulator and the management API, until SIGTERM or Ctrl-C. Each side has a listener of its
own, and all are on loopback unless told otherwise; only the issuer plane, with --public, is safe to show to others. Whoever reaches the
control plane with its token, or the workload plane with a workload's credential, has tokens made; --listen-anywhere allows that.

The management API wants a bearer token: the one in ` + controlTokenVariable + `, of 16 characters or more, or else a new one, which is printed.

Entra fetches the documents of this farm's own issuers and of no others; --reach names those that it may fetch over the network.

Entra's directory is one tenant with the application "demo", whose credentials match one preset of every platform; --directory puts
your own in its place, and is read again whenever the file changes.

RSA keys are of the standard library's where others can reach the issuers: with --public, --public-url or an issuer plane that is not on
loopback, or with --state. Everywhere else, and in worlds that the management API makes, they are test keys of eight primes: quick to make,
but weaker against factoring than others of their length, and not used in constant time. Keys are new at every start, unless --state keeps
them or --keys names a file with the platform's: then relying parties that know them go on. The first key that fits is the one that signs;
worlds that the management API makes have keys of their own.

Nothing outlives the process, unless --state names a directory. It keeps the certificate authority, the worlds with their issuers, keys,
faults, clocks, journals and Entra's directories, whatever ends the process: what was answered is on the disk. Workloads, what Entra has
cached, and the management API's token are not kept. The directory is for one process at a time, and has private keys in it. Then the file
of --directory is read at the first start and when it has changed since; a key of --keys that is new takes over as in a rotation. The
authority stays while it can sign for every --host, for a year at most; with a warning, another takes its place.

With --env-file the farm leaves the address and the token of its control plane in a file of mode 0600, where the commands for a running
farm look when ` + controlURLVariable + ` is not set, and which a shell can source. It is removed at the end. Without a path it is
$XDG_RUNTIME_DIR/issuerd/env, or else issuerd-UID/env in the folder for temporary files; of another path, ` + envFileVariable + ` tells the
commands.

Exit status: 0 after SIGTERM or Ctrl-C, 2 bad usage or a bad file, 3 when a port or the directory of --state is taken. A second SIGTERM or
Ctrl-C ends it at once.`,
		Args: f.args,
		Example: `  issuerd serve --ca-file ca.pem
  issuerd serve --directory entra.yaml --keys github=github.pem
  issuerd serve --env-file
  issuerd serve --issuers acme.yaml
  issuerd serve --clock 2027-01-31T12:00:00Z --freeze-clock --fault 'github jwks body={"keys":[]}' --fault gcp:unreachable`,
		SuggestFor: []string{"start", "up", "server"},
		RunE:       func(cmd *cobra.Command, _ []string) error { return f.serve(cmd) },
	}
	flags := cmd.Flags()
	for _, p := range plane.All {
		f.addr[p] = flags.String(strings.TrimPrefix(p.Flag(), "--"), p.DefaultAddr(), "where the "+string(p)+" plane listens; empty: nowhere")
	}
	flags.BoolVar(&f.public, "public", false, "let the issuer plane listen on every address; the other planes must stay on loopback")
	flags.BoolVar(&f.anywhere, "listen-anywhere", false, "let planes other than the issuers' listen beyond loopback; also "+anywhereVariable+"=1")
	flags.StringVar(&f.publicURL, "public-url", "", "the https URL under which others reach the issuer plane, such as a tunnel's")
	flags.StringArrayVar(&f.hosts, "host", nil, "a host name that issuers may have beside the impersonated ones (repeatable)")
	flags.StringVar(&f.directory, "directory", "", "a file with Entra's tenants, applications and credentials")
	flags.StringVar(&f.state, "state", "", "a directory that keeps keys, worlds and the rest for the next start; made if it is not there (default: nothing is kept)")
	flags.StringVar(&f.caFile, "ca-file", "", "write the farm's root certificate to this file; one that holds something else is left alone")
	flags.StringArrayVar(&f.keys, "keys", nil, "PLATFORM=FILE: what the platform's issuers sign with, private keys in PEM or JSON Web Keys (repeatable)")
	flags.StringArrayVar(&f.issuers, "issuers", nil, "an issuer file, whose platform the farm has beside its own; lint checks one (repeatable)")
	flags.StringArrayVar(&f.reach, "reach", nil, "HOST or HOST:PORT (else 443) of an issuer beside the farm's own that Entra may fetch from (repeatable)")
	flags.StringVar(&f.reachCA, "reach-ca", "", "a PEM file with the certificates that those issuers are verified with (default: the system's)")
	flags.BoolVar(&f.cors, "cors", false, "let browsers read the documents of the issuers of which it is not known whether they let them")
	flags.DurationVar(&f.idleWorlds, "idle-worlds", time.Hour, "end a world made by the management API when nothing was asked of it for this long; 0: never")
	flags.StringVar(&f.envFile, "env-file", "", "leave address and token in this file for commands and shells; without a path, where commands look")
	flags.Lookup("env-file").NoOptDefVal = defaultEnvFile()
	flags.StringVar(&f.clock, "clock", "", "what the clock says at the start, such as 2027-01-31T12:00:00Z or 2027-01-31; the real time unless given")
	flags.BoolVar(&f.freeze, "freeze-clock", false, "the clock stands still until issuerd clock moves it or has it go on")
	flags.StringArrayVar(&f.faults, "fault", nil, "a fault in force from the start, ISSUER:FAULT or the words of issuerd fault set, or a fault file, FILE.yaml (repeatable)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every request, and what Entra decides, to standard error")
	markFiles(cmd, "directory", "state", "ca-file", "reach-ca", "env-file", "issuers")
	return cmd
}

func (f *serveFlags) serve(cmd *cobra.Command) error {
	if f.state == "" && cmd.Flags().Changed("state") {
		return errors.New(`--state "": want the path of a directory; without --state nothing is kept`)
	}
	dir, directoryVersion, err := f.loadDirectory()
	if err != nil {
		return err
	}
	if f.caFile != "" { // clients may have another working directory
		if f.caFile, err = filepath.Abs(f.caFile); err != nil {
			return cannotRun(err)
		}
	}
	addrs := map[plane.Plane]string{}
	for p, addr := range f.addr {
		addrs[p] = *addr
	}
	if f.public {
		if addrs[plane.Issuer], err = f.publicAddr(addrs); err != nil {
			return err
		}
	}
	if err := f.beyondLoopback(cmd.ErrOrStderr(), addrs); err != nil {
		return err
	}
	var reachCA []byte
	if f.reachCA != "" {
		if reachCA, err = readCertificates(f.reachCA); err != nil {
			return err
		}
	}
	set, files, err := readIssuers(f.issuers)
	if err != nil {
		return err
	}
	keys, err := readKeys(set, f.keys, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	world, faults, err := f.beginning()
	if err != nil {
		return err
	}
	left, err := f.validateEnvFile(cmd.Context(), addrs)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	s, err := farm.Start(farm.Options{
		Addr: addrs, PublicURL: f.publicURL, Hosts: f.hosts, Reach: f.reach, ReachCA: reachCA, Directory: dir, DirectoryVersion: directoryVersion,
		State: f.state, World: world, Keys: keys, Issuers: files,
		Token: os.Getenv(controlTokenVariable), Version: version(), IdleWorlds: f.idleWorlds, CORS: f.cors,
		Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		if refusal := syscall.Errno(0); errors.As(err, &refusal) || errors.Is(err, state.ErrInUse) {
			// the system's refusal, such as of a port that is taken, or another farm's; all others are of what was given
			return cannotRun(err)
		}
		return err
	}
	if f.caFile != "" {
		if err := writeCertificate(f.caFile, s.CA()); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	if err := f.resetClock(s.DefaultWorld(), world); err != nil {
		return errors.Join(err, s.Close())
	}
	for _, fault := range faults {
		if _, err := s.DefaultWorld().SetFault(fault); err != nil {
			return errors.Join(fmt.Errorf("--fault: %w", err), s.Close())
		}
	}
	if left != nil {
		left.url, left.token = "http://"+clientAddr(s, plane.Control), s.Token()
		if err := left.write(); err != nil {
			return errors.Join(err, s.Close())
		}
		defer func() {
			if err := left.remove(); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: %v\n", err)
			}
		}()
	}
	var announcement bytes.Buffer
	f.announce(&announcement, s, set)
	if _, err := cmd.OutOrStdout().Write(announcement.Bytes()); err != nil { // nobody learns where the farm is
		return errors.Join(err, s.Close())
	}
	if f.directory != "" {
		ticker := time.NewTicker(reloadInterval)
		defer ticker.Stop()
		go watchFile(f.directory, s.ReplaceDirectory).follow(cmd.Context(), ticker.C, cmd.ErrOrStderr())
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
func (f *serveFlags) publicAddr(addrs map[plane.Plane]string) (string, error) {
	for _, p := range plane.All {
		if p == plane.Issuer || addrs[p] == "" {
			continue
		}
		if !onLoopback(addrs[p]) {
			return "", fmt.Errorf("--public: the %s plane is on %q, and only the issuer plane may be public; move it to loopback with %s", p, addrs[p], p.Flag())
		}
	}
	_, port, err := net.SplitHostPort(addrs[plane.Issuer])
	if err != nil {
		return "", fmt.Errorf("%s %q: want host:port", plane.Issuer.Flag(), addrs[plane.Issuer])
	}
	return net.JoinHostPort("", port), nil
}

// onLoopback tells an address to listen on that only this machine reaches.
func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && plane.IsLoopback(host)
}

// beyondLoopback refuses planes that others than this machine would reach, unless that was asked for; then it warns.
func (f *serveFlags) beyondLoopback(stderr io.Writer, addrs map[plane.Plane]string) error {
	var names, flags []string
	for _, p := range plane.All {
		_, _, err := net.SplitHostPort(addrs[p])
		if p == plane.Issuer || addrs[p] == "" || err != nil || onLoopback(addrs[p]) { // Start tells what is wrong with an address
			continue
		}
		names, flags = append(names, string(p)+" ("+addrs[p]+")"), append(flags, p.Flag())
	}
	if len(names) == 0 {
		return nil
	}
	allowed := f.anywhere
	if value := os.Getenv(anywhereVariable); value != "" && !allowed {
		var err error
		if allowed, err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%s=%q: want 1 or 0", anywhereVariable, value)
		}
	}
	if !allowed {
		return fmt.Errorf("these planes would listen beyond loopback: %s; they make tokens for whoever reaches them: move them with %s, or allow it with --listen-anywhere",
			strings.Join(names, ", "), strings.Join(flags, ", "))
	}
	fmt.Fprintf(stderr, "issuerd: warning: these planes listen beyond loopback and make tokens for whoever reaches them: %s\n", strings.Join(names, ", "))
	return nil
}

// announce prints a line for each listener and what a shell needs to use the farm.
func (f *serveFlags) announce(w io.Writer, s *farm.Server, set issuers.Set) {
	about := map[plane.Plane]string{
		plane.Issuer:   "discovery and keys: https://%s/github/.well-known/openid-configuration and so on",
		plane.Workload: "the platforms' own token APIs; issuerd token PLATFORM --print-env leads to one",
		plane.Entra:    "Microsoft Entra: https://%s/TENANT/oauth2/v2.0/token",
		plane.Control:  "management API; certificate at http://%s/ca.pem",
	}
	for _, p := range plane.All {
		addr := clientAddr(s, p)
		if addr == "" {
			continue
		}
		scheme := "https"
		if p == plane.Control {
			scheme = "http"
		}
		text := about[p]
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, addr)
		}
		fmt.Fprintf(w, "%-9s %s://%-22s %s\n", p, scheme, s.Addr(p), text)
	}
	for _, p := range set.More() {
		for _, service := range p.Services {
			fmt.Fprintf(w, "%-9s %s\n", p.Name, service.Issuer)
		}
	}
	if f.envFile != "" {
		fmt.Fprintf(w, "%-9s %s  where commands and shells find this farm\n", "env file", f.envFile)
	}
	fmt.Fprintln(w)
	if addr := clientAddr(s, plane.Control); addr != "" {
		fmt.Fprintf(w, "export %s=%s\n", controlURLVariable, shellQuote("http://"+addr))
		if os.Getenv(controlTokenVariable) == "" { // who set it knows it, and a container's log is kept
			fmt.Fprintf(w, "export %s=%s\n", controlTokenVariable, shellQuote(s.Token()))
		}
	}
	if addr := clientAddr(s, plane.Entra); addr != "" {
		fmt.Fprintf(w, "export AZURE_AUTHORITY_HOST=%s\n", shellQuote("https://"+addr+"/"))
	}
	if tenants := s.DefaultWorld().Directory().Tenants; len(tenants) > 0 {
		fmt.Fprintf(w, "export AZURE_TENANT_ID=%s\n", shellQuote(tenants[0].ID))
		if apps := tenants[0].Applications; len(apps) > 0 {
			fmt.Fprintf(w, "export AZURE_CLIENT_ID=%s\n", shellQuote(apps[0].ClientID))
		}
	}
	if f.caFile != "" {
		fmt.Fprintf(w, "export SSL_CERT_FILE=%s\n", shellQuote(f.caFile))
	}
}

// clientAddr is where a client on this machine finds a plane, or empty.
func clientAddr(s *farm.Server, p plane.Plane) string { return plane.Reachable(s.Addr(p), "127.0.0.1") }
