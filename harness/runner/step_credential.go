package runner

import (
	"context"

	"github.com/issuerd/issuerd/harness/scenario"
)

// changeCredential adds or removes a federated identity credential.
func (p *play) changeCredential(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	if a.Credential.Add == nil {
		return map[string]any{"id": nil}, p.client.RemoveCredential(ctx, p.farm.ID, p.app.ClientID, a.Credential.Remove)
	}
	credential, err := p.credential(a.Credential.Add)
	if err != nil {
		return nil, err
	}
	added, err := p.client.AddCredential(ctx, p.farm.ID, p.app.ClientID, credential)
	return map[string]any{"id": added.ID}, err
}
