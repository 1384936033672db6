package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/issuers"
)

// conformance is which routes of which platforms the official clients have asked, as the tests of e2e/clients saw it.
type conformance struct {
	Clients map[string]string              `json:"clients"` // versions
	Routes  map[string]map[string][]string `json:"routes"`  // clients by platform and route
}

// entraPlatform is the emulator among the platforms of the conformance table.
const entraPlatform = "entra"

const conformanceFile = "e2e/clients/testdata/conformance.json"

func readConformance(root string) (*conformance, error) {
	raw, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(conformanceFile)))
	if err != nil {
		return nil, fmt.Errorf("gen: %w", err)
	}
	c := new(conformance)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, fmt.Errorf("gen: %s: %w", conformanceFile, err)
	}
	return c, c.validate()
}

// validate wants a section of the page for every row and a version for every client.
func (c *conformance) validate() error {
	for platform, routes := range c.Routes {
		if _, err := issuers.ByName(platform); err != nil && platform != entraPlatform {
			return fmt.Errorf("gen: %s: %w", conformanceFile, err)
		}
		for route, clients := range routes {
			for _, client := range clients {
				if c.Clients[client] == "" {
					return fmt.Errorf("gen: %s: %s: %s: client %q has no version", conformanceFile, platform, route, client)
				}
			}
		}
	}
	return nil
}

// clients writes the table of a platform.
func (c *conformance) clients(w io.Writer, platform string) error {
	routes := c.Routes[platform]
	if len(routes) == 0 {
		return fmt.Errorf("gen: %s: no client has asked %s", conformanceFile, platform)
	}
	var rows [][]string
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		var list []string
		for _, client := range routes[route] {
			list = append(list, code(client)+" "+c.Clients[client])
		}
		rows = append(rows, []string{routeName(route), strings.Join(list, ", ")})
	}
	table(w, []string{"route", "asked by"}, rows)
	return nil
}

// routeName sets what is sent in code, and leaves words as they are.
func routeName(route string) string {
	if strings.ContainsAny(route, "/") || strings.Contains(route, " ") && !strings.HasPrefix(route, "sign-in") {
		return code(route)
	}
	return route
}
