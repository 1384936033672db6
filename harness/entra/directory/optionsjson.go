package directory

import (
	"encoding/json"

	"github.com/issuerd/issuerd/harness/document"
)

// MarshalJSON writes the durations as text, "5m".
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(o.inJSON()) }

// UnmarshalJSON reads durations as text or as numbers of seconds. What is left out is the default.
func (o *Options) UnmarshalJSON(raw []byte) error {
	*o = DefaultOptions()
	return json.Unmarshal(raw, o.inJSON())
}

// inJSON is the options with their durations as JSON has them. Each field shadows the one of the same name.
func (o *Options) inJSON() any {
	type plain Options
	return &struct {
		*plain
		ClockSkew         *document.Duration `json:"clockSkew"`
		KeyCacheTTL       *document.Duration `json:"keyCacheTTL"`
		RefetchInterval   *document.Duration `json:"refetchInterval"`
		StaleKeys         *document.Duration `json:"staleKeys"`
		NewIssuerDelay    *document.Duration `json:"newIssuerDelay"`
		FetchTimeout      *document.Duration `json:"fetchTimeout"`
		PropagationDelay  *document.Duration `json:"propagationDelay"`
		StaleEdits        *document.Duration `json:"staleEdits"`
		IdentityWriteTime *document.Duration `json:"identityWriteTime"`
	}{
		(*plain)(o), (*document.Duration)(&o.ClockSkew), (*document.Duration)(&o.KeyCacheTTL), (*document.Duration)(&o.RefetchInterval),
		(*document.Duration)(&o.StaleKeys), (*document.Duration)(&o.NewIssuerDelay), (*document.Duration)(&o.FetchTimeout),
		(*document.Duration)(&o.PropagationDelay), (*document.Duration)(&o.StaleEdits), (*document.Duration)(&o.IdentityWriteTime),
	}
}
