package runner

import (
	"context"

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
		return map[string]any{"id": added.ID}, err
	case c.Update != nil:
		updated, err := p.client.UpdateCredential(ctx, p.world.ID, p.app.ClientID, c.Update.Name, directory.Credential(*c.Update))
		return map[string]any{"id": updated.ID}, err
	}
	return map[string]any{"id": nil}, p.client.RemoveCredential(ctx, p.world.ID, p.app.ClientID, a.Credential.Remove)
}
