package issuercheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/wording"
)

// Options are what [Check] needs beside the URL.
type Options struct {
	// Client reaches the issuer and verifies its certificate; nil: http.DefaultClient.
	Client *http.Client
	Now    func() time.Time // nil: time.Now
	// Timeout is how long both documents may take; zero: the emulator's default.
	Timeout time.Duration
	// Private says that the issuer is meant to be inside a network, as one that is under test: no word about that.
	Private bool
	// OwnRoots says that Client trusts others than the public authorities.
	OwnRoots bool
	// Previous is a key set that the issuer published earlier; nil: not known.
	Previous []byte
	// Token is a token of the issuer, in compact form; empty: none is at hand. It is a secret, and not in the report.
	Token string
}

// fetchCode is the newest of the three codes for documents that cannot be had.
const fetchCode = 501661

// discoveryPath is below every issuer's URL.
const discoveryPath = "/.well-known/openid-configuration"

// maxIssuer is how many characters the issuer of a federated credential has at most.
const maxIssuer = 600

// nearExpiry is how long before its end a certificate is worth a word.
const nearExpiry = 14 * 24 * time.Hour

// slow is what is worth a word: how long Entra waits is not known.
const slow = 5 * time.Second

// Check looks at the issuer with this URL. A URL with the path of the discovery document stands for the issuer whose it
// is. The error says what is wrong with the URL, the token or the earlier key set; everything else is in the report.
func Check(ctx context.Context, issuer string, o Options) (Report, error) {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := Report{Time: o.Now().UTC()}
	if below, ok := strings.CutSuffix(issuer, discoveryPath); ok {
		issuer = below
		r.ok("url", "the URL of a discovery document stands for its issuer "+below+"; one that ends with a slash has to be given itself")
	}
	r.Issuer = issuer
	if err := r.checkURL(issuer); err != nil {
		return r, err
	}
	options := directory.DefaultOptions()
	if o.Timeout > 0 {
		options.FetchTimeout = o.Timeout
	}
	earlier, err := readEarlier(o.Previous)
	if err != nil {
		return r, err
	}
	c := &checking{Report: &r, options: o, rules: options, earlier: earlier, recorder: newRecorder(o.Client, o.Now)}
	return r, c.look(ctx)
}

// checking is a check under way.
type checking struct {
	*Report
	options  Options
	rules    directory.Options
	earlier  []entry // of the key set that was published before; nil: not known
	recorder *recorder
}

// checkURL is about the URL itself, which Entra compares byte for byte.
func (r *Report) checkURL(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("issuercheck: %q is no issuer: want an https URL, such as https://token.actions.githubusercontent.com", issuer)
	case u.User != nil:
		return errors.New("issuercheck: the URL has a user name in it: an issuer has none")
	case u.Scheme == "http":
		r.bad("url", fetchCode, "the issuer is not https", "serve the documents over https, and have the tokens say so in iss")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#"):
		r.bad("url", fetchCode, "the issuer has a query or a fragment", "leave it out: the discovery document is below the path of the issuer")
	case len([]rune(issuer)) > maxIssuer:
		r.bad("url", 0, fmt.Sprintf("the issuer has more than %d characters, which no federated credential can have", maxIssuer), "use a shorter URL")
	}
	if u.Host != strings.ToLower(u.Host) {
		r.warn("url", "the host has capital letters", "issuers are compared byte for byte: a credential must have the same letters")
	}
	if u.Port() == "443" {
		r.warn("url", "the port 443 is written out", "issuers are compared byte for byte: a credential must have it too")
	}
	if strings.HasSuffix(issuer, "/") {
		r.ok("url", "the issuer ends with a slash: tokens and credentials must have it too, byte for byte")
	}
	return nil
}

// look fetches the documents as a sign-in does, and goes on after what that would stop at.
func (c *checking) look(ctx context.Context) error {
	d := entra.FetchIssuer(ctx, c.recorder.client(), c.Issuer, c.rules)
	code, reason := d.Refusal(c.rules)
	discovery := c.recorder.last("discovery")
	c.Asked, c.Answered = discovery != nil, discovery != nil && discovery.answered()
	c.connection(discovery)
	var members *metadata
	if d.Discovery != nil {
		members = c.discovery(d.Discovery, discovery)
	}
	fetched := d.JWKS
	if fetched == nil && members != nil && code != 90061 {
		fetched = c.keysBehind(ctx, members.JWKSURI) // that the discovery document is bad hides nothing about the keys
	}
	if keys := c.recorder.last("jwks"); keys != nil && (discovery == nil || keys.host != discovery.host) {
		c.connection(keys)
	}
	if fetched != nil {
		c.keys(fetched)
		c.rotation()
	}
	if code != 0 && !c.explained(code) {
		c.bad(aboutOf(code), code, reason, "")
	}
	return c.token(ctx, fetched)
}

// aboutOf is what a code of a fetch is about.
func aboutOf(code int) string {
	if code == 90061 || code == 900612 {
		return "keys"
	}
	return "discovery"
}

// explained tells whether a finding has the code already.
func (r *Report) explained(code int) bool {
	for _, f := range r.Findings {
		if (f.Level == Bad || f.Level == Unknown) && f.Code == code {
			return true
		}
	}
	return false
}

// keysBehind fetches a key set whose discovery document a sign-in would have stopped at; nil: it can't be had.
func (c *checking) keysBehind(ctx context.Context, location string) []byte {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "https" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.rules.FetchTimeout)
	defer cancel()
	body, err := c.recorder.read(ctx, location, c.rules.MaxDocumentBytes)
	if err != nil {
		c.bad("keys", 90061, "the key set can't be had: "+err.Error(), "")
		return nil
	}
	return body
}

// connection is about how a document came: the address, the certificate, the answer's head.
func (c *checking) connection(x *transfer) {
	if x == nil {
		return
	}
	if x.err != nil {
		about, text, fix := explainTransport(x.err, x.host)
		if about == "address" { // which may be this machine's fault alone
			c.unknown(about, x.code(), text+"; what this machine can't reach, Entra may", fix)
			return
		}
		c.bad(about, x.code(), text, fix)
		return
	}
	c.address(x)
	c.certificate(x)
	if x.status >= 300 && x.status < 400 {
		c.unknown(x.about(), x.code(), fmt.Sprintf("the %s is a redirect (%d) to %s; whether Entra follows one is not known, and the emulator does not", x.name(), x.status, x.location),
			"answer at the address itself")
		return
	}
	if x.status != http.StatusOK {
		return // which the refusal says
	}
	if !isJSON(x.contentType) {
		c.warn(x.about(), fmt.Sprintf("the %s has the content type %q", x.name(), x.contentType), "serve it as application/json")
	}
	if x.took > slow {
		c.warn(x.about(), fmt.Sprintf("the %s took %s", x.name(), x.took.Round(100*time.Millisecond)), "how long Entra waits is not known: make it quicker, with a cache in front of it")
	}
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// address says whether the address is one that Entra can reach.
func (c *checking) address(x *transfer) {
	if !x.remote.IsValid() {
		return // through a proxy, or not over the network at all
	}
	if reachable(x.remote) {
		c.ok("address", fmt.Sprintf("%s answers at %s", x.host, x.remote))
		return
	}
	text := fmt.Sprintf("%s is %s here, which is no address of the internet", x.host, x.remote)
	if c.options.Private {
		c.ok("address", text+" (--private)")
		return
	}
	c.bad("address", fetchCode, text, "Entra fetches from the internet: publish the documents there. --private leaves this out, for an issuer under test")
}

// reachable tells addresses of the internet.
func reachable(a netip.Addr) bool {
	a = a.Unmap()
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// certificate is about the one that the server has shown, which the client has verified.
func (c *checking) certificate(x *transfer) {
	if x.leafEnd.IsZero() {
		return
	}
	left := x.leafEnd.Sub(c.Time)
	text := fmt.Sprintf("%s has a valid certificate of %s, until %s", x.host, x.certifiedBy, x.leafEnd.UTC().Format("2006-01-02"))
	switch {
	case left < nearExpiry:
		c.warn("tls", fmt.Sprintf("%s, in %s", text, wording.Count(int(left/(24*time.Hour)), "day")), "renew it: with an expired one every sign-in fails")
	case c.options.OwnRoots:
		c.warn("tls", text+"; roots of your own were trusted too", "Entra trusts public authorities only")
	default:
		c.ok("tls", text)
	}
}

// isTimeout tells errors of time apart.
func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
