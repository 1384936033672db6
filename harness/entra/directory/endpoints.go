package directory

import "strings"

// ManagementURL is LoginURL for Azure Resource Manager.
func ManagementURL(name string) (string, error) {
	c, err := CloudNamed(name)
	if err != nil {
		return "", err
	}
	return c.management().URLs[0], nil
}

// ManagementAudiences are the resources, without a slash at the end, whose access tokens Azure Resource Manager takes
// in a cloud ("" means "public"). The caller owns the slice.
func ManagementAudiences(name string) ([]string, error) {
	c, err := CloudNamed(name)
	if err != nil {
		return nil, err
	}
	return append([]string(nil), c.management().URLs...), nil
}

// GraphHosts returns the hosts of Microsoft Graph in every cloud. The caller owns the slice.
func GraphHosts() []string {
	var hosts []string
	for _, c := range clouds {
		for _, url := range c.Service(GraphAppID).URLs {
			hosts = append(hosts, strings.TrimPrefix(url, "https://"))
		}
	}
	return hosts
}

// ManagementHosts returns the host of Azure Resource Manager in every cloud. The caller owns the slice.
func ManagementHosts() []string {
	var hosts []string
	for _, c := range clouds {
		hosts = append(hosts, strings.TrimPrefix(c.management().URLs[0], "https://"))
	}
	return hosts
}

// management is the cloud's Azure Resource Manager.
func (c *Cloud) management() *Service { return c.Service(ManagementAppID) }
