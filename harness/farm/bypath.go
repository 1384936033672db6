package farm

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// IssuerURL is where a platform's issuer that mints a preset ("": its first) is by path below the issuer plane, such as
// https://127.0.0.1:8443/github. A plane that listens on every address is at 127.0.0.1.
func (s *Server) IssuerURL(platform, preset string) (string, error) {
	p, mints, err := s.platforms.Find(platform, preset)
	if err != nil {
		return "", err
	}
	return s.urlByPath(p, mints)
}

func (s *Server) urlByPath(p *issuer.Platform, mints *issuer.Preset) (string, error) {
	service, err := p.Service(mints.Service)
	if err != nil {
		return "", err
	}
	base := s.URL(plane.Issuer)
	if base == "" {
		return "", fmt.Errorf("farm: the issuer plane listens nowhere; give it an address with %s", plane.Issuer.Flag())
	}
	return byPath(base, p.Name, *service), nil
}

// byPath is the URL of a service below a base: base/platform, or base/platform/service, with a slash at the end where
// the canonical issuer has one.
func byPath(base, platform string, service issuer.Service) string {
	u := strings.TrimSuffix(base, "/") + "/" + platform
	if service.Name != "" {
		u += "/" + service.Name
	}
	if strings.HasSuffix(service.Issuer, "/") {
		u += "/"
	}
	return u
}

// realName is the canonical URL of the issuer of a platform that is addressed by path; any other URL is its own.
func (s *Server) realName(platform *issuer.Platform, issuerURL string) string {
	for _, base := range s.bases() {
		for _, service := range platform.Services {
			if base != "" && byPath(base, platform.Name, service) == issuerURL {
				return service.Issuer
			}
		}
	}
	return issuerURL
}
