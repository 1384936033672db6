package scenario

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// use puts what a directory file has below what the Entra side says, if that names one, and returns the file's path.
// From then on the nodes of both are one tree, and each knows its file. fsys is nil where there are no files.
func use(root *document.Node, name string, fsys fs.FS, log *document.Log) (used string) {
	n := root.Get("entra").Get("use")
	written, isConstant := text(n)
	switch {
	case n == nil:
		return ""
	case !isConstant || written == "" || strings.Contains(written, "${{"):
		log.Add(n.Position, "such as ../directory.yaml", "want the path of a directory file, a constant")
		return ""
	case !mayUse(written):
		log.Add(n.Position, "put the file into the scenario's folder or the one above, or below these", "%q leads out of the scenarios: want a path with / that begins with .. once at most", written)
		return ""
	case fsys == nil:
		log.Add(n.Position, "", "this scenario is not read from a folder, in which %q could be", written)
		return ""
	}
	used = path.Join(path.Dir(name), written)
	if leadsOut(fsys, path.Dir(name), used) {
		log.Add(n.Position, "put the file itself there", "%q is a link that leads out of the scenario's folder and the one above", written)
		return used
	}
	src, err := document.ReadFile(fsys, used, MaxSize)
	if err != nil {
		log.Add(n.Position, "the path is relative to the folder of the scenario", "%s: %s", used, pathMessage(err))
		return used
	}
	other := readDirectory(used, src, log)
	if other == nil {
		return used
	}
	merge(root.Get("entra"), other)
	return used
}

// text is the text that a node is.
func text(n *document.Node) (string, bool) {
	if n == nil || n.Kind != document.Scalar {
		return "", false
	}
	s, ok := n.Value.(string)
	return s, ok
}

// mayUse tells whether a path stays within the folder above that of the scenario: the one that has the platforms'
// folders.
func mayUse(written string) bool {
	if path.IsAbs(written) || strings.ContainsAny(written, "\\:") {
		return false
	}
	clean := path.Clean(written)
	return clean != ".." && !strings.HasPrefix(strings.TrimPrefix(clean, "../"), "../") && strings.TrimPrefix(clean, "../") != ".."
}

// RealPaths is a file system with symbolic links, which has them followed for what entra.use names.
type RealPaths interface {
	fs.FS
	// RealPath returns the absolute, slash-separated path of a file or folder, with no symbolic link in it.
	RealPath(name string) (string, error)
}

// leadsOut tells whether a path in a scenario's folder or the one above it is, by symbolic links, one of somewhere else.
// Where nothing can be followed, as where there is no file, it is not: to read it is the error then.
func leadsOut(fsys fs.FS, folder, used string) bool {
	links, ok := fsys.(RealPaths)
	if !ok {
		return false
	}
	file, err := links.RealPath(used)
	if err != nil {
		return false
	}
	for _, allowed := range []string{folder, path.Join(folder, "..")} {
		if within, err := links.RealPath(allowed); err == nil && strings.HasPrefix(file, strings.TrimSuffix(within, "/")+"/") {
			return false
		}
	}
	return true
}

// readDirectory reads a directory file that a scenario uses; nil if it has problems.
func readDirectory(name string, src []byte, log *document.Log) *document.Node {
	own := &document.Log{File: name}
	format := document.Format{Name: "directory", Start: "a directory has tenants", Limit: MaxSize}
	read := format.Read(src, own)
	log.AddSource(name, own.Sources()[name])
	if read != nil {
		(&document.Decoder{Log: own}).Decode(read.Root, &directory.File{Options: directory.DefaultOptions()})
		read.Root.Walk(func(n *document.Node) {
			if text, _ := n.Value.(string); strings.Contains(text, "${{") {
				own.Add(n.Position, "", "a directory file holds no expression")
			}
		})
	}
	for _, p := range own.Problems() {
		at := p.Position
		at.File = name
		log.Add(at, p.Hint, "%s", p.Message)
	}
	if own.Len() > 0 {
		return nil
	}
	read.Root.Walk(func(n *document.Node) {
		n.File = name
		for i := range n.Entries {
			n.Entries[i].File = name
		}
	})
	return read.Root
}

// merge puts a directory file below an Entra side. Of the file's tenants, the one that entra.tenant names, or else the
// first, is the scenario's, and its application that is called entra.app is the scenario's, too.
//
// What both have is the scenario's. Options, policies and the names of the tenant are put together key by key, and lists
// of things with names thing by thing.
func merge(entra, file *document.Node) {
	fill(entra, "options", file.Get("options"))
	tenants := file.Get("tenants").List()
	own := slices.IndexFunc(tenants, func(t *document.Node) bool { return names(entra.Get("tenant"), t) })
	if own < 0 && entra.Get("tenant") == nil && len(tenants) > 0 {
		own = 0
	}
	for i, t := range tenants {
		if i != own {
			add(entra, "tenants", "displayName", t)
		}
	}
	if own < 0 {
		return
	}
	tenant := tenants[own]
	app, _ := text(entra.Get("app"))
	for _, e := range tenant.Entries {
		switch e.Key {
		case "id", "displayName", "domains":
			fill(entra, "tenant", &document.Node{Kind: document.Map, Position: tenant.Position, Style: '{', Entries: []document.Entry{e}})
		case "policies":
			fill(entra, e.Key, e.Value)
		case "applications":
			for _, a := range e.Value.List() {
				if called, _ := text(a.Get("displayName")); called == app && app != "" {
					mergeApplication(entra, a)
				} else {
					add(entra, e.Key, "displayName", a)
				}
			}
		case "managedIdentities":
			addAll(entra, e, "name")
		case "subscriptions":
			addAll(entra, e, "displayName")
		default:
			setDefault(entra, e)
		}
	}
}

// mergeApplication puts an application of the file below the scenario's.
func mergeApplication(entra, application *document.Node) {
	for _, e := range application.Entries {
		switch e.Key {
		case "displayName":
		case "credentials":
			addAll(entra, e, "name")
		case "noServicePrincipal":
			without, _ := e.Value.Value.(bool)
			value := *e.Value
			value.Value = !without
			setDefault(entra, document.Entry{Key: "servicePrincipal", Position: e.Position, Value: &value})
		default:
			setDefault(entra, e)
		}
	}
}

// names tells whether a scenario's tenant is one of the file's.
func names(own, tenant *document.Node) bool {
	for _, key := range []string{"id", "displayName"} {
		a, isText := text(own.Get(key))
		if b, _ := text(tenant.Get(key)); isText && strings.EqualFold(a, b) {
			return true
		}
	}
	return false
}

// setDefault adds an entry to a map that has none of its key.
func setDefault(m *document.Node, e document.Entry) {
	if m.Get(e.Key) == nil {
		m.Entries = append(m.Entries, e)
	}
}

// fill adds to the map at a key what another has beyond it.
func fill(m *document.Node, key string, more *document.Node) {
	if more == nil {
		return
	}
	if m.Get(key) == nil {
		m.Entries = append(m.Entries, document.Entry{Key: key, Position: more.Start(), Value: &document.Node{Kind: document.Map, Position: more.Position, Style: more.Style}})
	}
	for _, e := range more.Entries {
		if at := m.Get(key); at.Kind == document.Map {
			setDefault(at, e)
		}
	}
}

// addAll adds to the list at a key what another has that is not there by its name.
func addAll(m *document.Node, e document.Entry, name string) {
	for _, item := range e.Value.List() {
		add(m, e.Key, name, item)
	}
}

func add(m *document.Node, key, name string, item *document.Node) {
	list := m.Get(key)
	if list == nil {
		list = &document.Node{Kind: document.List, Position: item.Position}
		m.Entries = append(m.Entries, document.Entry{Key: key, Position: item.Start(), Value: list})
	}
	called, isText := text(item.Get(name))
	if list.Kind != document.List || isText && slices.ContainsFunc(list.Items, func(other *document.Node) bool {
		is, _ := text(other.Get(name))
		return is == called
	}) {
		return
	}
	list.Items = append(list.Items, item)
}
