package explain

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
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
	case strings.HasPrefix(g.Hostname(), "kubernetes.default.svc"):
		return []Difference{{"cluster-issuer", "the token's issuer is the cluster's own address, which nobody outside can read: the API server has no public --service-account-issuer"}}
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
