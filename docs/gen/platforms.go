package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// platforms writes a section for each platform.
func platforms(w io.Writer, root string, seen *conformance) error {
	for _, p := range issuers.All() {
		fmt.Fprintf(w, "\n## %s (`%s`)\n\n", p.Title, p.Name)
		if err := addresses(w, p); err != nil {
			return err
		}
		fmt.Fprintln(w)
		signing(w, p)
		fmt.Fprintf(w, "\n### Presets of `%s`\n\n", p.Name)
		presets(w, p)
		fmt.Fprintf(w, "\n### Official clients of `%s`\n\n", p.Name)
		if err := seen.clients(w, p.Name); err != nil {
			return err
		}
		if err := writeLimits(w, root, p); err != nil {
			return err
		}
		for _, part := range parts[p.Name] {
			dir := folder(p) + "/" + part.folder
			limits, err := unfaithful(root, dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "\n### Limits of %s\n\nFrom [its package](../%s/doc.go).\n\n%s", part.title, dir, limits)
		}
	}
	return nil
}

// writeLimits says what is not faithful about a platform, as its package or its file has it.
func writeLimits(w io.Writer, root string, p *issuer.Platform) error {
	fmt.Fprintf(w, "\n### Limits of `%s`\n\n", p.Name)
	if !issuers.IsFile(p.Name) {
		limits, err := unfaithful(root, folder(p))
		fmt.Fprintf(w, "From [its package](../%s/doc.go).\n\n%s", folder(p), limits)
		return err
	}
	file := generic.ShippedFile(p.Name)
	fmt.Fprintf(w, "From [its file](../issuers/generic/%s). %s\n\nNot faithful or not confirmed:\n\n", generic.ShippedPath(p.Name), file.About)
	for _, limit := range append([]string{assumed(file)}, file.Limits...) {
		if limit != "" {
			fmt.Fprintf(w, "  - %s\n", sentence(limit))
		}
	}
	if len(file.Sources) > 0 {
		fmt.Fprintf(w, "\nSources: %s.\n", strings.Join(file.Sources, ", "))
	}
	return nil
}

// assumed is a sentence about what is not known of a platform.
func assumed(file *generic.File) string {
	if len(file.Assumed) == 0 {
		return ""
	}
	return "Not known, and assumed: " + strings.Join(file.Assumed, ", ") + "."
}

// isAssumed marks what is said about a platform where its file says that it is assumed.
func isAssumed(p *issuer.Platform, text, word string) string {
	if issuers.IsFile(p.Name) && slices.Contains(generic.ShippedFile(p.Name).Assumed, word) {
		return text + " (assumed)"
	}
	return text
}

// parts are the packages below those of platforms.
var parts = map[string][]struct{ folder, title string }{"kubernetes": {{"apiserver", "the API server of `kubernetes`"}}}

// folder is where a platform's package is: a package has no dashes in its name.
func folder(p *issuer.Platform) string { return "issuers/" + strings.ReplaceAll(p.Name, "-", "") }

// addresses says where each issuer of a platform has its documents, and with which HTTP headers.
func addresses(w io.Writer, p *issuer.Platform) error {
	var rows [][]string
	for i := range p.Services {
		s := &p.Services[i]
		discovery, jwks, err := paths(p, s)
		if err != nil {
			return err
		}
		path := "/" + p.Name
		if s.Name != "" {
			path += "/" + s.Name
		}
		rows = append(rows, []string{serviceName(s.Name), code(s.Issuer), code(path), code(discovery), code(jwks), documentHeaders(s.Headers), s.CORS.String()})
	}
	table(w, []string{"service", "issuer", "by path", "discovery", "JWKS", "HTTP headers, where not only `application/json`", "browsers (CORS)"}, rows)
	return nil
}

// signing says what the issuers of a platform sign with; services that do it alike share a row.
func signing(w io.Writer, p *issuer.Platform) {
	var rows [][]string
	for i := range p.Services {
		s := &p.Services[i]
		row := []string{
			serviceName(s.Name), isAssumed(p, keys(s), "keys"), isAssumed(p, header(s), "header"), isAssumed(p, order(s.Order), "payload"),
			isAssumed(p, duration(s.Lifetime), "lifetime") + "; " + isAssumed(p, notYet(s.NotYet), "notBefore"), isAssumed(p, yesNo(s.ID), "jti"), overlap(s.Overlap),
		}
		if n := slices.IndexFunc(rows, func(r []string) bool { return slices.Equal(r[1:], row[1:]) }); n >= 0 {
			rows[n][0] += ", " + row[0]
			continue
		}
		rows = append(rows, row)
	}
	table(w, []string{"service", "keys", "header", "payload order", "lifetime", "`jti`", "a rotated key is listed"}, rows)
}

// serviceName is what a service is called; a platform's main one has no name.
func serviceName(name string) string {
	if name == "" {
		return "main"
	}
	return code(name)
}

// documentHeaders are the headers of the two documents that are not the usual ones.
func documentHeaders(t issuer.DocumentTypes) string {
	var list []string
	for _, h := range []struct{ about, value string }{
		{"discovery: ", t.Discovery}, {"JWKS: ", t.JWKS}, {"", cacheControl(t.Cache)}, {"JWKS: ", cacheControl(t.JWKSCache)},
	} {
		if h.value != "" {
			list = append(list, h.about+code(h.value))
		}
	}
	return strings.Join(list, "; ")
}

func cacheControl(value string) string {
	if value == "" {
		return ""
	}
	return "Cache-Control: " + value
}

// paths are the addresses of the two documents, without the issuer's URL where they lie below it.
func paths(p *issuer.Platform, s *issuer.Service) (discovery, jwks string, err error) {
	i := slices.IndexFunc(p.Presets, func(preset issuer.Preset) bool { return preset.Service == s.Name })
	if i < 0 {
		return "", "", fmt.Errorf("gen: %s: no preset for service %q", p.Name, s.Name)
	}
	live, err := issuer.New(p, issuer.WithPreset(p.Presets[i].Name))
	if err != nil {
		return "", "", err
	}
	below := func(address string) string {
		return strings.TrimPrefix(address, strings.TrimSuffix(s.Issuer, "/"))
	}
	return below(live.DiscoveryURL()), below(live.JWKSURL()), nil
}

// keys describes the key set in its order.
func keys(s *issuer.Service) string {
	list := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		var notes []string
		if k.Certificate != nil {
			notes = append(notes, "x5c and x5t")
		}
		if k.NoAlg {
			notes = append(notes, "no alg")
		}
		if k.NoUse {
			notes = append(notes, "no use")
		}
		if i == s.Signer && len(s.Keys) > 1 {
			notes = append(notes, "signs")
		}
		list[i] = string(k.Alg)
		if len(notes) > 0 {
			list[i] += " (" + strings.Join(notes, ", ") + ")"
		}
	}
	return fmt.Sprintf("%d: %s", len(list), strings.Join(list, "; "))
}

func header(s *issuer.Service) string {
	typ := "no `typ`"
	if s.Typ != "" {
		typ = "`typ` is " + code(s.Typ)
	}
	return order(s.Header) + "; " + typ
}

func order(names []string) string {
	if len(names) == 0 {
		return "alphabetical"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = code(name)
	}
	return strings.Join(quoted, " ")
}

// notYet is nbf of a service's tokens, which may have none.
func notYet(seconds *int) string {
	if seconds == nil {
		return "no `nbf`"
	}
	return notBefore(*seconds)
}

// notBefore is nbf, given how many seconds it is after iat.
func notBefore(seconds int) string {
	if seconds == 0 {
		return "`nbf` equals `iat`"
	}
	return fmt.Sprintf("`nbf` is `iat` %+d s", seconds)
}

// duration is a time without the zero units that String has at its end.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func overlap(d time.Duration) string {
	if d == 0 {
		return "until the process ends"
	}
	return "for " + duration(d)
}

// presets lists the contexts that a platform mints in.
func presets(w io.Writer, p *issuer.Platform) {
	rows := make([][]string, len(p.Presets))
	for i, preset := range p.Presets {
		var differs []string
		if preset.Lifetime != 0 {
			differs = append(differs, "lives "+duration(preset.Lifetime))
		}
		if preset.NotYet != nil {
			differs = append(differs, notBefore(*preset.NotYet))
		}
		if preset.Signer != nil {
			differs = append(differs, fmt.Sprintf("signed by key %d", *preset.Signer+1))
		}
		rows[i] = []string{code(preset.Name), serviceName(preset.Service), preset.About, strings.Join(differs, ", ")}
	}
	table(w, []string{"preset", "service", "about", "differs"}, rows)
}

func code(s string) string { return "`" + s + "`" }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
