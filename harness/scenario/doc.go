// Package scenario reads scenario files: one YAML file that describes an
// issuer, the Entra side that trusts it, and the steps that sign in, with what
// to expect of each.
//
// A file is parsed once and evaluated for each of its cases. [Load] finds all
// problems of a file without running it, each with its line and column: unknown keys and
// wrong kinds of values ([Schema] tells them to editors), expressions that do not compile or
// use a name that is not there, words such as presets and AADSTS codes, and rules of the directory,
// also where they come out of a row of cases. With [Names.Rules] it goes through each case ahead of its run, as far as
// what it needs is known, and finds what would be refused then. Values that depend on the run are
// evaluated later, by the Resolve methods, and fail with the same positions.
//
// Expressions are those of expr (https://expr-lang.org/docs/language-definition),
// inside ${{ }} in any string value; $${{ is the text "${{". A string that is
// nothing but an expression takes the type of its value. What an expression
// may use depends on where it stands, because the parts of a file come into
// being one after the other:
//
//	name, about, labels, vars, skip, ids   no expressions
//	cases                                  vars, run, env
//	clock, timeout, issuer                 … and case
//	entra                                  … and issuer
//	steps                                  … and entra, and steps.<id> of earlier steps
//	expect.that                            … and the results of the step itself, see Results
//
// The YAML is deliberately less than YAML: one document, string keys, and no anchors,
// merge keys or tags. A file has at most [MaxSize] bytes.
//
// The package reads no files but those of the fs.FS that [LoadFS] is given, has the vocabulary of a directory from package directory,
// and knows nothing of targets. A file that loads may still fail at a target that cannot do what it asks.
//
//	f, problems := scenario.Load("branch.yaml", src, names)
//	for _, p := range problems {
//		fmt.Println(p.Error()) // branch.yaml:3:1: unknown key "isuer"
//	}
//	env := scenario.Env{"vars": f.Vars, "run": run}
//	env["case"], err = f.ResolveCase(f.Cases[0], env)
//	issuer, err := f.ResolveIssuer(env)
//	for _, s := range f.Steps {
//		action, err := s.Resolve(env)
//		expect, err := s.ResolveExpect(env)
//	}
package scenario
