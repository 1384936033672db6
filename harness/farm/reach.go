package farm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reach is what the emulator may fetch from beside the farm's own issuers: real hosts, over the network. The zero value
// reaches nothing.
type reach struct {
	hosts     map[string]bool // as hostKey has them
	transport *http.Transport
}

// newReach makes it of Options.Reach and Options.ReachCA.
func newReach(hosts []string, caPEM []byte, now func() time.Time) (reach, error) {
	r := reach{hosts: map[string]bool{}}
	for _, given := range hosts {
		host, port, err := net.SplitHostPort(given)
		if err != nil { // it names no port
			host, port = strings.Trim(given, "[]"), "443"
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 || net.ParseIP(host) == nil && !domain.MatchString(host) {
			return reach{}, fmt.Errorf("farm: reach %q: want HOST or HOST:PORT of an issuer, such as issuer.contoso.com or 127.0.0.1:9443", given)
		}
		r.hosts[hostKey(net.JoinHostPort(host, port))] = true
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Time: now} // without roots: the system's
	if caPEM != nil {
		if len(hosts) == 0 {
			return reach{}, errors.New("farm: certificates to reach issuers with, and no issuer to reach")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(caPEM) {
			return reach{}, errors.New("farm: the certificates to reach issuers with: want PEM with at least one certificate")
		}
	}
	// No proxy: one named in the environment would be reached too.
	r.transport = &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second}
	return r, nil
}
