package directory

import (
	"fmt"
	"slices"
	"strings"
)

// Cloud is one of Microsoft's clouds: the hosts sign-in happens at, and the
// services of Microsoft that exist in it. It must not be changed.
type Cloud struct {
	Name     string   // the word of a directory file
	Login    string   // the preferred login host; issuers and keys name it
	Cache    string   // the preferred_cache of instance discovery
	Aliases  []string // every login host but the regional ones, the preferred one first
	Instance string   // cloud_instance_name
	Graph    string   // the host of Microsoft Graph
	Audience string   // the audience of a token exchange
	OldGraph string   // cloud_graph_host_name; empty: not known, left out
	RBAC     string   // rbac_url; empty: not known, left out

	services      []Service
	noExpressions bool // it has no flexible credentials
}

// The clouds there are here. Sources: the instance metadata recorded by the Azure SDK for JavaScript, Microsoft's
// national cloud pages, and the audiences that the Azure SDK for Go asks for. cloud_instance_name of the national
// clouds is inferred. That usgov has no flexible credentials is reported (defenseunicorns/uds-core#1495); that china
// has them is inferred from its own documentation, docs.azure.cn, which has the pages about them. Other clouds are not
// known here.
var (
	PublicCloud = &Cloud{
		Name: "public", Login: "login.microsoftonline.com", Cache: "login.windows.net",
		Aliases:  []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
		Instance: "microsoftonline.com", Graph: "graph.microsoft.com", OldGraph: "graph.windows.net", RBAC: "https://pas.windows.net",
		Audience: "api://AzureADTokenExchange",
		services: servicesIn(func(row firstParty) *place { return row.public }),
	}
	USGovCloud = &Cloud{
		Name: "usgov", Login: "login.microsoftonline.us", Cache: "login.microsoftonline.us",
		Aliases:  []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		Instance: "microsoftonline.us", Graph: "graph.microsoft.us", Audience: "api://AzureADTokenExchangeUSGov",
		noExpressions: true,
		services:      servicesIn(func(row firstParty) *place { return row.usgov }),
	}
	ChinaCloud = &Cloud{
		Name: "china", Login: "login.partner.microsoftonline.cn", Cache: "login.partner.microsoftonline.cn",
		Aliases:  []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		Instance: "partner.microsoftonline.cn", Graph: "microsoftgraph.chinacloudapi.cn", Audience: "api://AzureADTokenExchangeChina",
		services: servicesIn(func(row firstParty) *place { return row.china }),
	}
)

// clouds lists them, the default one first.
var clouds = []*Cloud{PublicCloud, USGovCloud, ChinaCloud}

// CloudNames returns the words for the clouds, the default one first. The caller owns the slice.
func CloudNames() []string {
	names := make([]string, len(clouds))
	for i, c := range clouds {
		names[i] = c.Name
	}
	return names
}

// LoginHosts returns the login hosts of every cloud, aliases included. Regional hosts ({region}.login.microsoft.com)
// are not in the list. The caller owns the slice.
func LoginHosts() []string {
	var hosts []string
	for _, c := range clouds {
		hosts = append(hosts, c.Aliases...)
	}
	return hosts
}

// LoginURL returns where the clients of a cloud ("public", "usgov", "china"; ""
// means "public") sign in, without a trailing slash, or an error that lists the clouds there are.
func LoginURL(name string) (string, error) {
	c, err := CloudNamed(name)
	if err != nil {
		return "", err
	}
	return "https://" + c.Login, nil
}

// GraphURL is LoginURL for Microsoft Graph.
func GraphURL(name string) (string, error) {
	c, err := CloudNamed(name)
	if err != nil {
		return "", err
	}
	return "https://" + c.Graph, nil
}

// ExchangeAudience returns the recommended audience of federated credentials
// in a cloud ("public", "usgov", "china"; "" means "public"), or an error that
// lists the clouds there are.
func ExchangeAudience(name string) (string, error) {
	c, err := CloudNamed(name)
	if err != nil {
		return "", err
	}
	return c.Audience, nil
}

// CloudNamed finds a cloud by its word ("public", "usgov", "china"; "" means "public"). The error lists those there are.
func CloudNamed(name string) (*Cloud, error) {
	if name == "" {
		return clouds[0], nil
	}
	for _, c := range clouds {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("directory: no cloud %q (have %s)", name, strings.Join(CloudNames(), ", "))
}

// CloudOfAudience finds the cloud with this audience of a token exchange, or nil.
func CloudOfAudience(audience string) *Cloud {
	if i := slices.IndexFunc(clouds, func(c *Cloud) bool { return c.Audience == audience }); i >= 0 {
		return clouds[i]
	}
	return nil
}

// CloudOfHost finds the cloud of a login host, or nil, and says whether the host is a regional one: a region before a
// login host, as MSAL makes it (westeurope.login.microsoft.com, usgovvirginia.login.microsoftonline.us; older ones
// centralus.r.login.microsoftonline.com). host is lower case and has no port.
func CloudOfHost(host string) (c *Cloud, regional bool) {
	for _, c := range clouds {
		if slices.Contains(c.Aliases, host) {
			return c, false
		}
		if slices.ContainsFunc(c.Aliases, func(alias string) bool { return strings.HasSuffix(host, "."+alias) }) {
			return c, true
		}
	}
	return nil, false
}
