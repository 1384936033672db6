package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNotKept is wrapped by the error of a change that was right, and was not made because [Directory.Keep] failed.
var ErrNotKept = errors.New("the change can't be kept")

// Part is a part of a directory as it can be kept beyond the process: its options, or a tenant with what is still
// spreading of its changes. The data is JSON, for [Restore] and nobody else.
type Part struct {
	Name string // "options", or "tenants/" and digits: in the order of the tenants, as text too
	Data []byte
}

const optionsPart = "options"

func tenantPart(i int) string { return fmt.Sprintf("tenants/%06d", i) }

// keptTenant is a tenantRecord without what follows from the rest.
type keptTenant struct {
	Tenant  Tenant                   `json:"tenant"`
	Options Options                  `json:"options"` // those that it was validated under
	Before  map[string][]keptVersion `json:"before,omitempty"`
	Edited  map[string]keptEdit      `json:"edited,omitempty"`
}

type keptVersion struct {
	Client   *Application        `json:"client"`
	Identity *ManagedIdentity    `json:"identity,omitempty"` // of the client
	Changed  time.Time           `json:"changed"`
	Edited   map[string]keptEdit `json:"edited,omitempty"`
}

type keptEdit struct {
	Credential Credential `json:"credential"`
	Changed    time.Time  `json:"changed"`
}

// keep tells Keep about a change before it is made. The caller holds changing.
func (d *Directory) keep(all bool, parts ...Part) error {
	if err := d.Keep(all, parts); err != nil {
		return fmt.Errorf("directory: %w: %w", ErrNotKept, err)
	}
	return nil
}

// keepTenant is keep for one tenant.
func (d *Directory) keepTenant(i int, record *tenantRecord) error {
	if d.Keep == nil {
		return nil
	}
	part, err := record.part(i)
	if err != nil {
		return err
	}
	return d.keep(false, part)
}

// keepOptions is keep for the options.
func (d *Directory) keepOptions(o *Options) error {
	if d.Keep == nil {
		return nil
	}
	part, err := partOf(optionsPart, o)
	if err != nil {
		return err
	}
	return d.keep(false, part)
}

// Parts are all the parts of the directory. The caller owns them.
func (d *Directory) Parts() ([]Part, error) {
	d.mu.RLock()
	options, tenants := d.options, slices.Clone(d.tenants)
	d.mu.RUnlock()
	return partsOf(options, tenants)
}

func partsOf(options *Options, tenants []*tenantRecord) ([]Part, error) {
	part, err := partOf(optionsPart, options)
	if err != nil {
		return nil, err
	}
	parts := []Part{part}
	for i, record := range tenants {
		if part, err = record.part(i); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func partOf(name string, value any) (Part, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return Part{}, fmt.Errorf("directory: keep %s: %w", name, err)
	}
	return Part{name, data}, nil
}

func (r *tenantRecord) part(i int) (Part, error) {
	kept := keptTenant{Tenant: r.tenant, Options: r.options, Edited: keptEdits(r.edited)}
	for id, versions := range r.before {
		if kept.Before == nil {
			kept.Before = map[string][]keptVersion{}
		}
		for _, v := range versions {
			one := keptVersion{Client: v.client, Changed: v.changed, Edited: keptEdits(v.edited)}
			if v.client != nil {
				one.Identity = v.client.Identity
			}
			kept.Before[id] = append(kept.Before[id], one)
		}
	}
	return partOf(tenantPart(i), kept)
}

func keptEdits(edits map[string]edit) map[string]keptEdit {
	if edits == nil {
		return nil
	}
	kept := make(map[string]keptEdit, len(edits))
	for id, e := range edits {
		kept[id] = keptEdit{e.credential, e.changed}
	}
	return kept
}

// Restore makes the directory of its parts. It looks at no rule: those that were in force when a tenant changed last
// have been kept, and later ones count for later changes. The error says which part is not readable.
func Restore(parts []Part) (*Directory, error) {
	d := New()
	for _, part := range parts {
		var err error
		if part.Name == optionsPart {
			err = json.Unmarshal(part.Data, &d.options)
		} else if strings.HasPrefix(part.Name, "tenants/") {
			var record *tenantRecord
			if record, err = restoreTenant(part.Data); err == nil {
				if err = d.free(nil, record); err == nil {
					d.put(nil, record)
				}
			}
		}
		if err != nil {
			return nil, fmt.Errorf("directory: restore %s: %w", part.Name, err)
		}
	}
	return d, nil
}

func restoreTenant(data []byte) (*tenantRecord, error) {
	var kept keptTenant
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, err
	}
	cloud, err := CloudNamed(kept.Tenant.Cloud)
	if err != nil {
		return nil, err
	}
	r := &tenantRecord{tenant: kept.Tenant, cloud: cloud, options: kept.Options, edited: restoredEdits(kept.Edited)}
	r.index()
	for id, versions := range kept.Before {
		if r.before == nil {
			r.before = map[string][]version{}
		}
		for _, v := range versions {
			if v.Client != nil {
				v.Client.Identity = v.Identity
			}
			r.before[id] = append(r.before[id], version{v.Client, v.Changed, restoredEdits(v.Edited)})
		}
	}
	return r, nil
}

func restoredEdits(kept map[string]keptEdit) map[string]edit {
	if kept == nil {
		return nil
	}
	edits := make(map[string]edit, len(kept))
	for id, e := range kept {
		edits[id] = edit{e.Credential, e.Changed}
	}
	return edits
}
