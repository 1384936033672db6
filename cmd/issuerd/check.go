package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/issuercheck"
	"github.com/issuerd/issuerd/wording"
)

type checkFlags struct {
	token, previous, caFile string
	timeout                 time.Duration
	private, json           bool
}

func newCheck() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Say whether Entra would accept an issuer",
		Long: `Say whether Microsoft Entra would accept the issuer with this URL: whether its name and its certificate are good, its discovery document
and its keys can be had and are as they must be, and what will happen when it takes another key. Each finding has the code that it would cause
at a sign-in. The documents are fetched and read with the code of the emulated sign-in, and nothing else is asked for.

The issuer may be a cluster's, a SPIRE discovery provider, a static site or one of a running farm. Entra fetches from the internet, so that an
address that is not of the internet is an error, unless --private says that the issuer is only under test. A name may lead
elsewhere from the internet than from here.

With --token, a token of the issuer is looked at too: its header, its algorithm, its key, its signature and its times. It is not sent anywhere.

Exit status: 0 Entra would accept it as far as can be seen from here, 1 it would not, or that can't be told, 2 bad usage, or nobody answers
at the URL, which says nothing of what Entra can reach.`,
		Example:    `  issuerd check --private "$(issuerd issuer add gitlab --by-path)"`,
		SuggestFor: []string{"probe"},
		Args:       wantArgs(1, 1, "the URL of an issuer"),
		RunE:       func(cmd *cobra.Command, args []string) error { return f.check(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.token, "token", "", "a file with a token of the issuer, or - for standard input")
	flags.StringVar(&f.previous, "previous-jwks", "", "a file with a key set that the issuer published earlier, to see how it rotates")
	flags.StringVar(&f.caFile, "ca-file", "", "trust the certificates of this PEM file too, which Entra would not")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long the documents may take")
	flags.BoolVar(&f.private, "private", false, "the issuer is under test here: say nothing about an address that is not of the internet")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	markFiles(cmd, "token", "previous-jwks", "ca-file")
	return cmd
}

func (f *checkFlags) check(cmd *cobra.Command, url string) error {
	if f.timeout <= 0 {
		return fmt.Errorf("--timeout %s: want a duration of more than nothing", f.timeout)
	}
	o := issuercheck.Options{Now: time.Now, Timeout: f.timeout, Private: f.private, OwnRoots: f.caFile != ""}
	var err error
	if o.Client, err = f.client(); err != nil {
		return err
	}
	if f.previous != "" {
		if o.Previous, err = readBounded(f.previous); err != nil {
			return fmt.Errorf("--previous-jwks: %w", err)
		}
	}
	if f.token != "" {
		if o.Token, err = tokenFrom(cmd, []string{f.token}); err != nil {
			return err
		}
	}
	report, err := issuercheck.Check(cmd.Context(), url, o)
	if err != nil {
		return err
	}
	if f.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = printReport(cmd.OutOrStdout(), report)
	}
	switch {
	case err != nil:
		return err
	case report.Asked && !report.Answered:
		return &exitError{code: exitUsage, err: fmt.Errorf("nobody answers at %s", report.Issuer), hint: "see whether the URL is right, and whether the host can be reached from here"}
	case report.Verdict() != issuercheck.Accepted:
		return &exitError{code: exitFail}
	}
	return nil
}

// client reaches the issuer as a browser would. It uses each connection once, as Entra's servers are many.
func (f *checkFlags) client() (*http.Client, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	if f.caFile != "" {
		pem, err := readBounded(f.caFile)
		if err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca-file %s: no certificate in PEM in it", f.caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Transport: transport}, nil
}

// maxSmallFile is more than any file that is read whole for a flag.
const maxSmallFile = 16 << 20

// readBounded reads a small file.
func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(file, maxSmallFile+1))
	if err == nil && len(raw) > maxSmallFile {
		err = errors.New(name + " has more than 16 MiB")
	}
	return raw, err
}

// printReport prints what was found about an issuer, a line for each finding, and what it comes to.
func printReport(w io.Writer, r issuercheck.Report) error {
	color := colored(w)
	paint := map[issuercheck.Level]string{issuercheck.OK: "32", issuercheck.Warning: "33", issuercheck.Bad: "31", issuercheck.Unknown: "33"}
	var text strings.Builder
	for _, finding := range r.Findings {
		level := fmt.Sprintf("%-7s", finding.Level)
		if color {
			level = "\x1b[" + paint[finding.Level] + "m" + level + "\x1b[0m"
		}
		code := ""
		if finding.Code != 0 {
			code = " [" + codeName(finding.Code) + "]"
		}
		fmt.Fprintf(&text, "%s  %-9s  %s%s\n", level, finding.About, wording.Printable(finding.Text), code)
		for _, more := range []string{finding.Doubt, finding.Fix} {
			if more != "" {
				fmt.Fprintf(&text, "%20s%s\n", "", wording.Printable(more))
			}
		}
	}
	for _, k := range r.Keys {
		use := "can verify tokens"
		if !k.Usable {
			use = "can't: " + k.Why
		}
		details := []string{k.Type}
		if k.Bits > 0 {
			details = append(details, fmt.Sprintf("%d bits", k.Bits))
		}
		for _, named := range []struct{ name, value string }{{"alg", k.Algorithm}, {"use", k.Use}} {
			if named.value != "" {
				details = append(details, named.name+" "+named.value)
			}
		}
		if k.X5C > 0 {
			details = append(details, "x5c of "+wording.Count(k.X5C, "certificate"))
		}
		fmt.Fprintf(&text, "%-7s  %-9s  %s: %s\n", "key", wording.Printable(orNothing(k.ID)), wording.Printable(strings.Join(details, ", ")), wording.Printable(use))
	}
	verdict := map[issuercheck.Verdict]string{
		issuercheck.Accepted: "Entra would accept tokens of %s, as far as can be seen from here.",
		issuercheck.Refused:  "Entra would refuse tokens of %s.",
		issuercheck.NotKnown: "Whether Entra would accept tokens of %s can't be told from here.",
	}[r.Verdict()]
	verdict = fmt.Sprintf(verdict, r.Issuer)
	text.WriteString("\n" + wording.Printable(verdict) + "\n")
	_, err := io.WriteString(w, text.String())
	return err
}
