package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// kind is a kind of step: what it needs, and the function that carries it out and returns its result, whose members
// expressions see. An error means that it could not be carried out.
type kind struct {
	name string
	need targets.Need // empty: every target can
	do   func(*play, context.Context, *scenario.Step, *scenario.Action) (map[string]any, error)
}

// kinds are the steps there are.
var kinds = []kind{
	{"mint", "", (*play).mint},
	{"exchange", "", (*play).exchange},
	{"rotate", targets.DynamicIssuer, (*play).rotate},
	{"clock", targets.VirtualClock, (*play).advance},
	{"credential", targets.CredentialAdmin, (*play).changeCredential},
	{"fault", targets.DynamicIssuer, (*play).changeFault},
	{"call", "", (*play).call},
}

// failure is an expectation that was not met, and where the file states it.
type failure struct {
	at            document.Position
	message, hint string
	value         string // what the expression there came to
}

func (f *failure) Error() string { return f.message }

// step carries one step out and checks what is expected of it.
func (p *play) step(ctx context.Context, s *scenario.Step) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == s.Kind })
	if i < 0 {
		return p.at(s.Position, fmt.Errorf("runner: no step %q in this version", s.Kind))
	}
	p.result.Steps = append(p.result.Steps, report.Step{ID: s.ID, Action: s.Kind, Status: report.Pass})
	action, err := s.Resolve(p.env)
	if err != nil {
		return err
	}
	if err := p.lacking(action); err != nil {
		return err
	}
	result, err := kinds[i].do(p, ctx, s, action)
	if err != nil {
		addBeside(err, result)
		var skip *skipped
		var failed *failure
		if errors.As(err, &skip) || errors.As(err, &failed) {
			return err
		}
		return p.at(s.ErrorPos(err), err)
	}
	if err := p.expect(s, result); err != nil {
		addBeside(err, result)
		return err
	}
	if s.ID != "" {
		p.remember(s, result)
	}
	return nil
}

// lacking is why the target, or this program, can't carry out what a step does; nil if it can.
func (p *play) lacking(a *scenario.Action) error {
	can := p.opts.Target.Can
	if e := a.Exchange; e != nil {
		if e.Client != "" && e.Client != "raw" && p.opts.Clients[e.Client] == nil {
			return &skipped{fmt.Sprintf("this program has no %s client in it", e.Client)}
		}
		if e.Retry != nil && !can[targets.VirtualClock] {
			return p.lacks(targets.VirtualClock)
		}
	}
	if a.Mint == nil || a.Mint.Via != "native" || p.platform == nil {
		return nil
	}
	switch native := p.platform.Native; {
	case !can[targets.NativeAPI]:
		return p.lacks(targets.NativeAPI)
	case native == nil:
		return &skipped{p.platform.Name + " has no token API of its own in this version"}
	case native.Local && !can[targets.SameMachine]:
		return p.lacks(targets.SameMachine)
	}
	return nil
}

// needOf is what a kind of step asks of a target.
func needOf(name string) targets.Need {
	for _, k := range kinds {
		if k.name == name {
			return k.need
		}
	}
	return ""
}

// remember puts a step's result at steps.<id>. There a mint step's token is the compact one, so that it can be
// presented.
func (p *play) remember(s *scenario.Step, result map[string]any) {
	kept := maps.Clone(result)
	if s.Kind == "mint" {
		kept["token"] = p.assertion
	}
	steps, _ := p.env["steps"].(map[string]any)
	steps = maps.Clone(steps)
	steps[s.ID] = kept
	p.env["steps"] = steps
}

// record is the report's line of the step under way.
func (p *play) record() *report.Step { return &p.result.Steps[len(p.result.Steps)-1] }
