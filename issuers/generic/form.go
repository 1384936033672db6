package generic

import (
	"cmp"
	"maps"
	"slices"

	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// form makes one claim of a preset, as a ci.Rule does.
type form struct {
	claim, text, where, is string
	path                   []any // where the file says it
}

// forms are those of a preset and of the first level: exceptions before what they are exceptions from, sorted by claim.
// What the preset derives takes the place of all that the first level has for the claim.
func (f *File) forms(preset int) []form {
	p := &f.Presets[preset]
	forms := p.Context.forms([]any{"presets", preset})
	for _, common := range f.Context.forms(nil) {
		if _, own := p.Derived[common.claim]; !own {
			forms = append(forms, common)
		}
	}
	slices.SortStableFunc(forms, func(a, b form) int { // a form without a condition comes last
		return cmp.Or(cmp.Compare(a.claim, b.claim), cmp.Compare(min(1, len(b.where)), min(1, len(a.where))))
	})
	return forms
}

func (c *Context) forms(path []any) []form {
	var forms []form
	for i, e := range c.Exceptions {
		forms = append(forms, form{e.Claim, e.Form, e.Where, e.Is, at(path, "exceptions", i)})
	}
	for _, claim := range slices.Sorted(maps.Keys(c.Derived)) {
		forms = append(forms, form{claim: claim, text: c.Derived[claim], path: at(path, "derived", claim)})
	}
	return forms
}

// at is a path with more steps; the path stays as it is.
func at(path []any, steps ...any) []any { return append(slices.Clip(path), steps...) }

// inOrder are the forms in an order in which each one finds the claims that it is made from. circle is one that is made
// from itself; nil: there is none.
func inOrder(forms []form) (ordered []form, circle *form) {
	const underWay, done = 1, 2
	state := map[string]int{}
	var visit func(claim string)
	visit = func(claim string) {
		if state[claim] != 0 {
			return
		}
		state[claim] = underWay
		first, _ := slices.BinarySearchFunc(forms, claim, func(f form, claim string) int { return cmp.Compare(f.claim, claim) })
		end := first
		for ; end < len(forms) && forms[end].claim == claim; end++ {
			names, _ := ci.ClaimsOf(forms[end].text) // Validate tells what is wrong with it
			if forms[end].where != "" {
				names = append(names, forms[end].where)
			}
			for _, name := range names {
				if state[name] == underWay && circle == nil {
					circle = &forms[end]
				}
				visit(name)
			}
		}
		state[claim] = done
		ordered = append(ordered, forms[first:end]...)
	}
	for _, f := range forms {
		visit(f.claim)
	}
	return ordered, circle
}

// claimNames are the claims that a preset's forms can be made from.
func claimNames(forms []form, values ...map[string]any) []string {
	names := []string{"iss"}
	for _, f := range forms {
		names = append(names, f.claim)
	}
	for _, claims := range values {
		names = slices.AppendSeq(names, maps.Keys(claims))
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}
