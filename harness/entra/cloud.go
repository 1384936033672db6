package entra

import (
	"fmt"
	"slices"
	"strings"
)

// cloud is one of Microsoft's clouds: the hosts sign-in happens at, and the
// services of Microsoft that exist in it.
type cloud struct {
	name     string   // the word of a directory file
	login    string   // the preferred login host; issuers and keys name it
	cache    string   // the preferred_cache of instance discovery
	aliases  []string // every login host but the regional ones, the preferred one first
	instance string   // cloud_instance_name
	graph    string   // the host of Microsoft Graph
	audience string   // the audience of a token exchange
	oldGraph string   // cloud_graph_host_name; empty: not known, left out
	roles    string   // rbac_url; empty: not known, left out
	services []Service

	noExpressions bool // it has no flexible credentials
}

// clouds lists them, the default one first. Sources: the instance metadata
// recorded by the Azure SDK for JavaScript, Microsoft's national cloud pages, and
// the audiences that the Azure SDK for Go asks for.
// cloud_instance_name of the national clouds is inferred. That usgov has no flexible credentials is reported (defenseunicorns/uds-core#1495); that
// china has them is inferred from its own documentation, docs.azure.cn, which has the pages about them. Other clouds are not known here.
var clouds = []*cloud{
	{
		name: "public", login: "login.microsoftonline.com", cache: "login.windows.net",
		aliases:  []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
		instance: "microsoftonline.com", graph: "graph.microsoft.com", oldGraph: "graph.windows.net", roles: "https://pas.windows.net",
		audience: "api://AzureADTokenExchange",
		services: servicesIn(func(row firstParty) *place { return row.public }),
	},
	{
		name: "usgov", login: "login.microsoftonline.us", cache: "login.microsoftonline.us",
		aliases:  []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		instance: "microsoftonline.us", graph: "graph.microsoft.us", audience: "api://AzureADTokenExchangeUSGov",
		noExpressions: true,
		services:      servicesIn(func(row firstParty) *place { return row.usgov }),
	},
	{
		name: "china", login: "login.partner.microsoftonline.cn", cache: "login.partner.microsoftonline.cn",
		aliases:  []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		instance: "partner.microsoftonline.cn", graph: "microsoftgraph.chinacloudapi.cn", audience: "api://AzureADTokenExchangeChina",
		services: servicesIn(func(row firstParty) *place { return row.china }),
	},
}

// Hosts returns every login host of every cloud, aliases included, that a
// [Server] answers for. Regional hosts ({region}.login.microsoft.com), which
// it answers for too, are not in the list. The caller owns the slice.
func Hosts() []string {
	var hosts []string
	for _, c := range clouds {
		hosts = append(hosts, c.aliases...)
	}
	return hosts
}

// LoginURL returns where the clients of a cloud ("public", "usgov", "china"; ""
// means "public") sign in, without a trailing slash, or an error that lists the clouds there are.
func LoginURL(name string) (string, error) {
	c, err := cloudNamed(name)
	if err != nil {
		return "", err
	}
	return "https://" + c.login, nil
}

// GraphURL is LoginURL for Microsoft Graph.
func GraphURL(name string) (string, error) {
	c, err := cloudNamed(name)
	if err != nil {
		return "", err
	}
	return "https://" + c.graph, nil
}

// ExchangeAudience returns the recommended audience of federated credentials
// in a cloud ("public", "usgov", "china"; "" means "public"), or an error that
// lists the clouds there are.
func ExchangeAudience(name string) (string, error) {
	c, err := cloudNamed(name)
	if err != nil {
		return "", err
	}
	return c.audience, nil
}

// cloudNamed finds a cloud by its word; "" is the public one.
func cloudNamed(name string) (*cloud, error) {
	if name == "" {
		return clouds[0], nil
	}
	known := make([]string, 0, len(clouds))
	for _, c := range clouds {
		if c.name == name {
			return c, nil
		}
		known = append(known, c.name)
	}
	return nil, fmt.Errorf("entra: no cloud %q (have %s)", name, strings.Join(known, ", "))
}

// cloudOfHost finds the cloud of a login host, or nil, and says whether the host is a regional one: a region before a login host, as MSAL makes
// it (westeurope.login.microsoft.com, usgovvirginia.login.microsoftonline.us; older ones centralus.r.login.microsoftonline.com). host is lower
// case and has no port.
func cloudOfHost(host string) (c *cloud, regional bool) {
	for _, c := range clouds {
		if slices.Contains(c.aliases, host) {
			return c, false
		}
		if slices.ContainsFunc(c.aliases, func(alias string) bool { return strings.HasSuffix(host, "."+alias) }) {
			return c, true
		}
	}
	return nil, false
}
