package explain

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers"
)

var aksIssuer = regexp.MustCompile(`(?i)^https://(?:[a-z0-9-]+\.)?oi(?:c|dc)\.prod-aks\.azure\.com/`)

// issuerDifferences tells how two issuers differ by what they are.
func issuerDifferences(want, got string) []Difference {
	w, errWant := url.Parse(want)
	g, errGot := url.Parse(got)
	if errWant != nil || errGot != nil {
		return nil
	}
	wantCloud, _ := directory.CloudOfHost(strings.ToLower(w.Hostname()))
	gotCloud, _ := directory.CloudOfHost(strings.ToLower(g.Hostname()))
	const devOps = "vstoken.dev.azure.com"
	switch {
	case w.Hostname() == devOps && gotCloud != nil, g.Hostname() == devOps && wantCloud != nil:
		return []Difference{{"connection-issuer", "one is the issuer of Azure DevOps as it was (vstoken.dev.azure.com), the other is Entra's, which service connections have since: read issuer and subject from the service connection"}}
	case wantCloud != nil && gotCloud != nil && w.Host != g.Host && (w.Hostname() == "sts.windows.net") != (g.Hostname() == "sts.windows.net"):
		return []Difference{{"entra-version", "one is Entra's issuer of v1.0 tokens (https://sts.windows.net/TENANT/), the other that of v2.0 tokens (https://login.microsoftonline.com/TENANT/v2.0)"}}
	case wantCloud == nil && gotCloud != nil:
		return []Difference{{"entra-token", "the token is one of Entra's own, such as an access token, and not the platform's: pass the platform's token as the assertion"}}
	case Inside(got) != "" && Inside(want) == "":
		return []Difference{{"cluster-issuer", "the token's issuer " + Inside(got)}}
	case w.Hostname() != g.Hostname():
		return []Difference{{"host", fmt.Sprintf("the hosts differ: %s and %s", w.Hostname(), g.Hostname())}}
	case w.Port() != g.Port():
		return []Difference{{"port", fmt.Sprintf("the ports differ: %s and %s", orNone(w.Port()), orNone(g.Port()))}}
	case wantCloud != nil:
		return []Difference{{"tenant", "they are of different tenants: the first part of the path is the tenant's id"}}
	case w.Hostname() == "token.actions.githubusercontent.com":
		return []Difference{{"enterprise", fmt.Sprintf("an enterprise of GitHub's may have an issuer of its own, with its slug as the path: %s and %s", orNone(w.Path), orNone(g.Path))}}
	case aksIssuer.MatchString(want):
		return []Difference{{"cluster", "they are of different clusters: AKS has the cluster's id in the path (az aks show --query oidcIssuerProfile.issuerUrl)"}}
	}
	return []Difference{{"path", fmt.Sprintf("the paths differ: %s and %s", orNone(w.Path), orNone(g.Path))}}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// slashRemark says more about a slash at the end of an issuer.
func slashRemark(want, got string) string {
	switch {
	case aksIssuer.MatchString(got) || aksIssuer.MatchString(want):
		return "the issuers of AKS end with a slash, which belongs to them"
	case strings.Contains(got, "token.actions.githubusercontent.com"):
		return "GitHub's issuer has no slash at its end"
	}
	return ""
}

// clusterIssuer is one that a cluster has unless its API server is told another.
var clusterIssuer = regexp.MustCompile(`(?i)^(?:https://kubernetes\.default(?:[.:/]|$)|https://[^/]+\.svc(?:\.cluster\.local)?(?:[:/]|$)|kubernetes/serviceaccount$)`)

// Inside says why nobody outside of a network, such as Entra, can read the documents of an issuer; "": it does not look
// so.
func Inside(issuer string) string {
	if issuer == "kubernetes/serviceaccount" {
		return "is that of a token out of a Secret, which is no OpenID Connect token: project one with a public --service-account-issuer"
	}
	if clusterIssuer.MatchString(issuer) {
		return "is the cluster's own address, which nobody outside can read: the API server has no public --service-account-issuer"
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	address, err := netip.ParseAddr(host)
	switch {
	case err == nil && (address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast()):
		return "is a private address, which nobody outside can read"
	case err != nil && !strings.Contains(host, "."):
		return "is a name inside of a network, which nobody outside can read"
	}
	for _, suffix := range []string{".local", ".internal", ".localhost", ".lan", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return "is a name inside of a network, which nobody outside can read"
		}
	}
	return ""
}

// bareIssuers are issuers at hosts of tenants, that have no slash at their end.
var bareIssuers = regexp.MustCompile(`^https://(?:token\.actions\.[^/.]+\.ghe\.com|[^/.]+\.tokens\.sts\.global\.api\.aws|[^/.]+\.app\.spacelift\.io|app\.eu\.terraform\.io|kubernetes\.default\.svc(?:\.[^/]+)?)$`)

// withoutSlash is an issuer without the slash at its end, if its platform is known to have none there.
func withoutSlash(issuer string) (bare string, is bool) {
	bare, slash := strings.CutSuffix(issuer, "/")
	if !slash {
		return issuer, false
	}
	if bareIssuers.MatchString(bare) {
		return bare, true
	}
	for _, platform := range issuers.All() {
		for _, service := range platform.Services {
			if service.Issuer == bare {
				return bare, true
			}
		}
	}
	return issuer, false
}

// Superseded says which of the three values that AADSTS70021 prints is likely the wrong one, by the code that is
// answered of it since, and why. Values that are not known are empty. It is a guess: the credential is not at hand.
func Superseded(issuer, subject, audience string) (code int, why string) {
	if inside := Inside(issuer); inside != "" {
		return 700211, "the issuer " + inside
	}
	bare, slash := strings.CutSuffix(issuer, "/")
	_, none := withoutSlash(issuer)
	switch {
	case audience != "" && directory.CloudOfAudience(audience) == nil:
		return 700212, "the audience is not the one that Microsoft recommends, " + directory.PublicCloud.Audience
	case none:
		return 700211, "the issuer is printed with a slash at its end, which tokens of " + bare + " do not have, and credentials at times do"
	case slash && strings.Count(bare, "/") == 2:
		return 700211, "the issuer has a slash at its end, which credentials often lack"
	case issuer != "" && subject != "" && audience != "":
		return 700213, "the subject, as issuer and audience look as usual"
	}
	return 700213, ""
}
