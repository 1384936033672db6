package scenario

import "time"

// File is a scenario file without problems. It is made by Load, is read-only
// afterwards and may be used by several goroutines at once.
type File struct {
	// Path is the name given to Load.
	Path string
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

	root  *node
	lines []string
}

// Case is one row of a file.
type Case struct {
	// Name is the row's name.
	Name string
	// Position is where the row's name stands.
	Position Position

	node *node
}

// Step is one step of a file.
type Step struct {
	// ID is the step's id, or "".
	ID string
	// Kind is the action's key: one of Kinds.
	Kind string
	// Position is where the action's key stands.
	Position Position

	file *File
	node *node
}

// Position is a place in a file. Lines and columns count from 1, columns in
// runes; Width is the number of runes of the value on that line, at least 1.
type Position struct {
	Line, Column, Width int
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
// and env. A nil c returns an empty map. An error is a *Problem.
func (f *File) ResolveCase(c *Case, env Env) (map[string]any, error) {
	columns := map[string]any{}
	if c == nil {
		return columns, nil
	}
	d := decoder{file: f, env: env}
	for _, e := range c.node.entries {
		columns[e.key] = d.value(e.value)
	}
	return columns, d.err()
}

// ResolveClock returns the clock settings of a case; zero when the file has
// none. An error is a *Problem.
func (f *File) ResolveClock(env Env) (*ClockSettings, error) {
	return resolve[ClockSettings](f, env, f.root.get("clock"))
}

// ResolveTimeout returns the timeout of a case, or 0 for the default of the
// target. An error is a *Problem.
func (f *File) ResolveTimeout(env Env) (time.Duration, error) {
	d, err := resolve[time.Duration](f, env, f.root.get("timeout"))
	return *d, err
}

// ResolveIssuer returns the issuer of a case. Of env it uses vars, case, run
// and env. An error is a *Problem.
func (f *File) ResolveIssuer(env Env) (*Issuer, error) {
	return resolve[Issuer](f, env, f.root.get("issuer"))
}

// ResolveEntra returns the Entra side of a case; of env it also uses issuer.
// Defaults are not filled in. An error is a *Problem.
func (f *File) ResolveEntra(env Env) (*Entra, error) {
	return resolve[Entra](f, env, f.root.get("entra"))
}

// Resolve returns what the step does in a case: an Action with the field of
// s.Kind set. Defaults are not filled in. An error is a *Problem.
func (s *Step) Resolve(env Env) (*Action, error) {
	d := decoder{file: s.file, env: env}
	var a Action
	d.fields(s.node, &a)
	return &a, d.err()
}

// ResolveExpect returns what must be true after the step; zero when the file
// says nothing. Call it after the step ran. An error is a *Problem.
func (s *Step) ResolveExpect(env Env) (*Expect, error) {
	return resolve[Expect](s.file, env, s.node.get("expect"))
}

// Pos returns where a value of the step stands, such as
// Pos("expect", "says", 1): a string is a key, an int an index. If there is no
// such value, it is the position of the nearest enclosing one that exists.
func (s *Step) Pos(path ...any) Position {
	n, found := s.node.descend(path)
	if len(found) == 0 {
		return s.Position
	}
	return n.start()
}

// Pos returns where a value of the file stands, such as
// Pos("entra", "credentials", 0, "subject"), like Step.Pos.
func (f *File) Pos(path ...any) Position {
	n, _ := f.root.descend(path)
	return n.start()
}

// Line returns the source of a line, counted from 1, without its end; empty
// when there is none.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

func resolve[T any](f *File, env Env, n *node) (*T, error) {
	d := decoder{file: f, env: env}
	v := new(T)
	if n != nil {
		d.decode(n, v)
	}
	return v, d.err()
}
