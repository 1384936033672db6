package generic

import (
	"cmp"
	"maps"
	"reflect"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// Build makes the platform of a file that has been validated, as [Parse] does. Two calls make two platforms: issuers of
// one know nothing of those of the other.
func (f *File) Build() *issuer.Platform {
	p := &issuer.Platform{Name: f.Platform, Title: cmp.Or(f.Title, f.Platform), Claims: ci.Claims(f.Platform)}
	for _, s := range f.services() {
		p.Services = append(p.Services, s.build())
	}
	delivers := false
	for n := range f.Presets {
		preset := f.preset(n)
		p.Presets = append(p.Presets, preset)
		delivers = delivers || !preset.Direct
	}
	if delivers {
		p.Native = ci.Variables(f.Platform, p.Presets)
	}
	return p
}

// services are those of the file with what they have from the first level, whose own comes first.
func (f *File) services() []NamedService {
	all := []NamedService{{Service: f.Service}}
	for _, s := range f.Services {
		fill(reflect.ValueOf(&s.Service).Elem(), reflect.ValueOf(f.Service))
		all = append(all, s)
	}
	return all
}

// fill gives the fields of a struct that are zero the values of another, also in the structs in it.
func fill(v, from reflect.Value) {
	for i := range v.NumField() {
		switch field := v.Field(i); {
		case field.Kind() == reflect.Struct:
			fill(field, from.Field(i))
		case field.IsZero():
			field.Set(from.Field(i))
		}
	}
}

func (s *NamedService) build() issuer.Service {
	out := issuer.Service{
		Name: s.Name, Issuer: s.URL, Discovery: s.Discovery, JWKS: cmp.Or(s.JWKS, "/.well-known/jwks.json"),
		Document: s.document(),
		Headers: issuer.DocumentTypes{
			Discovery: s.HTTP.DiscoveryType, JWKS: s.HTTP.JWKSType, Cache: s.HTTP.CacheControl, JWKSCache: s.HTTP.JWKSCacheControl,
		},
		CORS:   map[string]issuer.CORS{"any-origin": issuer.CORSAnyOrigin, "none": issuer.CORSNone}[s.HTTP.CORS],
		KeySet: s.KeySet, JWK: s.Order.JWK, Typ: "JWT", Header: s.Order.Header, Order: s.Order.Payload,
		Lifetime: cmp.Or(s.Lifetime, time.Hour), NotYet: seconds(s.NotBefore), ID: s.JTI != nil && *s.JTI, Overlap: s.Overlap,
	}
	if s.Typ != nil {
		out.Typ = *s.Typ
	}
	if out.JWK == nil {
		out.JWK = ci.JWKOrder
	}
	if out.Header == nil {
		out.Header = ci.HeaderOrder
	}
	for n, key := range s.keys() {
		out.Keys = append(out.Keys, key.build())
		if key.Signs {
			out.Signer = n
		}
	}
	return out
}

// keys are those of the service; one if it says none.
func (s *NamedService) keys() []Key {
	if s.Keys == nil {
		return make([]Key, 1)
	}
	return s.Keys
}

func (k *Key) build() issuer.KeySpec {
	spec := issuer.KeySpec{
		Alg: jose.SignatureAlgorithm(cmp.Or(k.Alg, string(jose.RS256))), KID: kidOf(cmp.Or(k.KID, usualKID)), NoAlg: k.NoAlg, NoUse: k.NoUse,
	}
	if c := k.Certificate; c != nil {
		spec.Certificate = &issuer.Certificate{CommonName: c.CommonName, Age: c.Age, Life: cmp.Or(c.Life, 365*24*time.Hour)}
	}
	return spec
}

// document is the discovery document; its algorithms are those of the keys unless the file says others.
func (s *NamedService) document() issuer.Document {
	const algorithms = "id_token_signing_alg_values_supported"
	members := map[string]any{
		"response_types_supported": ci.Document.ResponseTypesSupported,
		"subject_types_supported":  ci.Document.SubjectTypesSupported,
	}
	maps.Copy(members, s.Document)
	_, given := members[algorithms]
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	out := issuer.Document{Extra: members, Order: s.Order.Document, Indent: s.Indent, Algs: !given}
	if out.Order == nil {
		out.Order = ci.Document.Order
	}
	return out
}

func (f *File) preset(n int) issuer.Preset {
	p := &f.Presets[n]
	out := issuer.Preset{
		Name: p.Name, About: p.About, Service: p.Service, Lifetime: p.Lifetime, NotYet: seconds(p.NotBefore), Claims: issuer.Claims{},
	}
	maps.Copy(out.Claims, f.Claims)
	maps.Copy(out.Claims, p.Claims)
	if p.Key > 0 {
		signer := p.Key - 1
		out.Signer = &signer
	}
	audience := f.audience(n)
	shape := ci.Shape{
		Audience: audience.Default,
		Asked:    map[string]ci.Asked{"string": ci.OneString, "string-or-array": ci.StringOrArray, "array": ci.Array, "refused": ci.Refused}[audience.Asked],
		Variable: cmp.Or(p.Variable, f.Variable),
	}
	forms, _ := inOrder(f.forms(n))
	for _, form := range forms {
		shape.Rules = append(shape.Rules, ci.Rule{Claim: form.claim, Form: form.text, On: form.where, Is: form.is})
	}
	out.Direct = shape.Variable == ""
	out.Settings = shape.Settings()
	return out
}

// audience is that of a preset.
func (f *File) audience(preset int) Audience {
	own := f.Presets[preset].Audience
	return Audience{
		Default: cmp.Or(own.Default, f.Audience.Default, ci.EntraAudience),
		Asked:   cmp.Or(own.Asked, f.Audience.Asked, "string-or-array"),
	}
}

// seconds are for issuer.Service.NotYet and issuer.Preset.NotYet.
func seconds(d *time.Duration) *int {
	if d == nil {
		return nil
	}
	return issuer.Seconds(int(*d / time.Second))
}
