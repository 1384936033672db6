package runner

import (
	"context"
	"errors"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// changeCredential adds, changes or removes a federated identity credential.
func (p *play) changeCredential(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	switch c := a.Credential; {
	case c.Add != nil:
		audience, err := directory.ExchangeAudience(p.cloud)
		if err != nil {
			return nil, err
		}
		add := directory.Credential(*c.Add)
		add.Fill(p.issuer.URL, audience)
		added, err := p.client.AddCredential(ctx, p.world.ID, p.app.ClientID, add)
		return map[string]any{"id": added.ID}, atMember("add", err)
	case c.Update != nil:
		updated, err := p.client.UpdateCredential(ctx, p.world.ID, p.app.ClientID, c.Update.Name, directory.Credential(*c.Update))
		var refused *control.Error
		if errors.As(err, &refused) && refused.Member == "" { // there is no such credential
			return nil, &scenario.KeyError{Key: "update.name", Err: err}
		}
		return map[string]any{"id": updated.ID}, atMember("update", err)
	}
	return map[string]any{"id": nil}, atMember("remove", p.client.RemoveCredential(ctx, p.world.ID, p.app.ClientID, a.Credential.Remove))
}

// atMember says that what a target refuses of a step stands below a key of it; an empty key is the step.
func atMember(key string, err error) error {
	var refused *control.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &scenario.KeyError{Key: strings.Trim(key+"."+refused.Member, "."), Err: err}
}
