package runner

import (
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
)

// Preview is what would happen to a case.
type Preview struct {
	Result report.Result // Pass: it would be played; Skip and Error as in a run
	Steps  []PreviewStep // those of a case that would be played
}

// PreviewStep is a step as far as it is known before anything has happened, as values of JSON. Expressions over the results
// of earlier steps are as they are written.
type PreviewStep struct {
	ID     string `json:"id,omitempty"`
	Action string `json:"action"`
	With   any    `json:"with,omitempty"`
	Expect any    `json:"expect,omitempty"`
}

// PreviewAll tells what Run would do with the files, in the order of the files, and sends nothing: of the target it
// needs the name and what it can.
func PreviewAll(files []*scenario.File, opts Options) []Preview {
	opts.fill()
	session := &session{opts: opts, secrets: secretsOf(opts.Env)}
	var all []Preview
	for _, c := range Plan(files, opts.Select) {
		p := newPlay(c, session)
		steps, err := p.preview()
		p.conclude(err)
		session.secrets.redact(&p.result, nil)
		all = append(all, Preview{p.result, steps})
	}
	return all
}

// preview goes through the case without its target.
func (p *play) preview() ([]PreviewStep, error) {
	if err := p.unfit(); err != nil {
		return nil, err
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if _, err := p.file.ResolveTimeout(p.env); err != nil {
		return nil, err
	}
	if _, _, err := p.design(); err != nil {
		return nil, err
	}
	var steps []PreviewStep
	for _, s := range p.file.Steps {
		action, _ := s.Resolve(p.env) // what depends on earlier steps can't be known
		if err := p.lacking(action); err != nil {
			return nil, err
		}
		with, expect := s.Show(p.env)
		steps = append(steps, PreviewStep{s.ID, s.Kind, p.among.secrets.value(with), p.among.secrets.value(expect)})
	}
	return steps, nil
}
