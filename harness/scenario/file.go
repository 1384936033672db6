package scenario

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// File is a scenario file without problems. It is made by Load, is read-only
// afterwards and may be used by several goroutines at once.
type File struct {
	// Path is the name given to Load.
	Path string
	// Uses is the path of the directory file that it uses; empty: none.
	Uses string
	// Name, About and Labels are as in the file.
	Name, About string
	Labels      []string
	// Platform is the issuer's platform, or "" when it is an expression.
	Platform string
	// Vars are the declared constants, never nil. A runner that overrides some
	// passes a changed copy in Env.
	Vars map[string]any
	// Skip maps a target to the reason not to run there.
	Skip map[string]string
	// Cases are the rows of the file; empty when it has none and runs once.
	Cases []*Case
	// Steps are the steps in order.
	Steps []*Step
	// Warnings are what the file should say in other words, by position. It means the same all the same.
	Warnings document.Problems

	root    *document.Node
	sources map[string][]string // the lines of the file, and of the one that it uses, by their paths
}

// Source is the text of the file, and behind it that of the directory file that it uses.
func (f *File) Source() string {
	return strings.Join(slices.Concat(f.sources[f.Path], f.sources[f.Uses]), "\n")
}

// Case is one row of a file.
type Case struct {
	// Name is the row's name.
	Name string
	// Position is where the row's name stands.
	Position document.Position

	node *document.Node
}

// Step is one step of a file.
type Step struct {
	// ID is the step's id, or "".
	ID string
	// Kind is the action's key: one of Kinds.
	Kind string
	// Position is where the action's key stands.
	Position document.Position

	file *File
	node *document.Node
}

// Env holds the values of the names an expression may use:
//
//	vars    map[string]any, File.Vars with overrides
//	case    map[string]any, from File.ResolveCase; needed only if the file has cases
//	issuer  {url, host, platform}
//	entra   {tenant, app: {name, clientId, objectId, servicePrincipalId}}
//	steps   step id → result of that step, see Results
//	run     {id, target}
//	env     environment variables, map[string]any of strings
//
// and in conditions also the members of Results of the step.
type Env map[string]any

// ResolveCase returns the columns of c for Env["case"]. Of env it uses vars, run
// and env. A nil c returns an empty map. An error is a *document.Problem.
func (f *File) ResolveCase(c *Case, env Env) (map[string]any, error) {
	columns := map[string]any{}
	if c == nil {
		return columns, nil
	}
	d := newDecoder(f, env, &document.Log{File: f.Path})
	for _, e := range c.node.Entries {
		columns[e.Key] = d.value(e.Value)
	}
	return columns, d.First()
}

// ResolveClock returns the clock settings of a case; zero when the file has
// none. An error is a *document.Problem.
func (f *File) ResolveClock(env Env) (*ClockSettings, error) {
	return resolve(f, env, f.root.Get("clock"), ClockSettings{})
}

// ResolveTimeout returns the timeout of a case, or 0 for the default of the
// target. An error is a *document.Problem.
func (f *File) ResolveTimeout(env Env) (time.Duration, error) {
	d, err := resolve(f, env, f.root.Get("timeout"), time.Duration(0))
	return *d, err
}

// ResolveIssuer returns the issuer of a case. Of env it uses vars, case, run
// and env. An error is a *document.Problem.
func (f *File) ResolveIssuer(env Env) (*Issuer, error) {
	return resolve(f, env, f.root.Get("issuer"), Issuer{})
}

// ResolveDefinition returns what a case's issuer is defined by, as JSON, for
// [generic.Decode]; nil when it is of a platform. An error is a
// *document.Problem.
func (f *File) ResolveDefinition(env Env) (json.RawMessage, error) {
	n := f.root.Get("issuer").Get("define")
	if n == nil {
		return nil, nil
	}
	d := newDecoder(f, env, &document.Log{File: f.Path})
	value := d.value(n)
	if err := d.First(); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// ResolveEntra returns the Entra side of a case; of env it also uses issuer.
// Defaults are not filled in. An error is a *document.Problem.
func (f *File) ResolveEntra(env Env) (*Entra, error) {
	return resolve(f, env, f.root.Get("entra"), Entra{Options: directory.DefaultOptions()})
}

// Resolve returns what the step does in a case: an Action with the field of
// s.Kind set. Defaults are not filled in. An error is a *document.Problem.
func (s *Step) Resolve(env Env) (*Action, error) {
	d := newDecoder(s.file, env, &document.Log{File: s.file.Path})
	return s.action(d), d.First()
}

// ResolveExpect returns what must be true after the step; zero when the file
// says nothing. Call it after the step ran. An error is a *document.Problem.
func (s *Step) ResolveExpect(env Env) (*Expect, error) {
	return resolve(s.file, env, s.node.Get("expect"), Expect{})
}

// Pos returns where a value of the step stands, such as
// Pos("expect", "says", 1): a string is a key, an int an index. If there is no
// such value, it is the position of the nearest enclosing one that exists.
func (s *Step) Pos(path ...any) document.Position {
	n, found := s.node.Descend(path)
	if len(found) == 0 {
		return s.Position
	}
	return n.Start()
}

// Pos returns where a value of the file stands, such as
// Pos("entra", "credentials", 0, "subject"), like Step.Pos.
func (f *File) Pos(path ...any) document.Position {
	n, _ := f.root.Descend(path)
	return n.Start()
}

// ErrorPos returns where the value at a path stands that an error is about, or what is below it that a [KeyError]
// names.
func (f *File) ErrorPos(err error, path ...any) document.Position { return errorPos(f.root, path, err) }

// ErrorPos returns where an error about the step's action stands: at what a [KeyError] names of it, or else at the
// action.
func (s *Step) ErrorPos(err error) document.Position {
	if about := (*KeyError)(nil); !errors.As(err, &about) || about.Key == "" {
		return s.Position
	}
	return errorPos(s.node, []any{s.Kind}, err)
}

func errorPos(root *document.Node, path []any, err error) document.Position {
	var about *KeyError
	if !errors.As(err, &about) {
		n, _ := root.Descend(path)
		return n.Start()
	}
	path = append(slices.Clone(path), document.Path(about.Key)...)
	n, found := root.Descend(path)
	if about.Unknown && len(found) == len(path) && len(path) > 0 {
		parent, _ := root.Descend(path[:len(path)-1])
		return parent.KeyPosition(fmt.Sprint(path[len(path)-1]))
	}
	return n.Start()
}

// Line returns the source of the line of a position, without its end; empty when there is none.
func (f *File) Line(at document.Position) string {
	lines := f.sources[cmp.Or(at.File, f.Path)]
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	return lines[at.Line-1]
}

// resolve decodes n over the defaults.
func resolve[T any](f *File, env Env, n *document.Node, v T) (*T, error) {
	d := newDecoder(f, env, &document.Log{File: f.Path})
	if n != nil {
		d.Decode(n, &v)
	}
	return &v, d.First()
}

// action decodes what the step does.
func (s *Step) action(d *decoder) *Action {
	a := new(Action)
	for _, e := range s.node.Entries {
		if e.Key == s.Kind {
			d.Decode(&document.Node{Kind: document.Map, Position: s.node.Position, Entries: []document.Entry{e}}, a)
		}
	}
	return a
}
