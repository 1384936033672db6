package plane

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers"
)

// RealNames are the hosts that every farm answers for under their own names: those of every platform's services, of
// Entra, Microsoft Graph and Azure Resource Manager, and domains below which platforms give every customer an issuer of
// their own, or which are reserved for examples. The names below one of them belong to the farm too. The slice is the
// caller's.
func RealNames() []string {
	names := slices.Concat(directory.LoginHosts(), directory.GraphHosts(), directory.ManagementHosts())
	names = append(names, issuers.Hosts()...)
	return append(names, wide...)
}

// wide are the domains below which platforms give every customer an issuer of their own, and those reserved for
// examples.
var wide = []string{
	"oic.prod-aks.azure.com", "oidc.prod-aks.azure.com", "blob.core.windows.net", "amazonaws.com", "tokens.sts.global.api.aws",
	"ghe.com", "amazoncognito.com", "app.spacelift.io", "aliyuncs.com", "example", "test", "example.com", "example.org",
}

// entraHosts are the hosts that the Entra plane answers for, but for regional login hosts.
var entraHosts = slices.Concat(directory.LoginHosts(), directory.GraphHosts(), directory.ManagementHosts())

// OfHost is the plane that answers for a host without a port, under its real name: [Entra] for those of the login
// service, regional ones such as westus.login.microsoft.com included, of Microsoft Graph and of Azure Resource Manager,
// and [Issuer] for every other.
func OfHost(host string) Plane {
	host = strings.ToLower(host)
	if slices.Contains(entraHosts, host) || strings.HasSuffix(host, ".login.microsoft.com") {
		return Entra
	}
	return Issuer
}

// HostKey is the form in which hosts of https URLs are compared: lower case, without the port that https has anyway.
func HostKey(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// BareHost is a host without its port, and an IPv6 address without its brackets.
func BareHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// IsLoopback tells whether a host without a port is this machine only.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Reachable is a listener's address, host:port, as a client uses it: a listener on every address is at the host. What
// is no host:port stays as it is.
func Reachable(addr, host string) string {
	listens, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(listens); err != nil || ip == nil || !ip.IsUnspecified() {
		return addr
	}
	return net.JoinHostPort(host, port)
}
