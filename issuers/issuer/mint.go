package issuer

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"time"
)

// Request asks an issuer for a token.
type Request struct {
	Preset   string        // another preset of the same service; empty: the issuer's
	Audience []string      // as the workload asks; empty: what the platform does then
	Lifetime time.Duration // exp - iat; zero: the preset's or else the service's; negative: it ends before it begins
	// Lifetime is meant as it is: a platform that gives some lifetimes a meaning of their own takes this for none of
	// them
	Fixed bool

	// Claims go over the preset's and the issuer's. A nil value removes a claim; numbers may be json.Number.
	// Platform.Claims finds all three together here, without the nils.
	Claims Claims

	// Header are members of the JOSE header over the issuer's, and over what its faults make of them; a nil value
	// removes one. The signature is good, and the issuer's, whatever they say.
	Header map[string]any

	// Expired has it minted so long ago that it has been expired for an hour. Every time in it is of then.
	Expired bool

	// Workload is the id of the workload that asks; empty: none does. Workload.Mint fills it in.
	Workload string
	// For is the request that the token answers, whose visit is told which faults it has met; nil: none.
	For *http.Request

	// What follows is for Platform.Claims; Mint fills it in.

	Issuer   string         // the issuer's URL
	Service  string         // the name of the service that mints
	Settings map[string]any // the preset's
	NewID    func() string  // a random UUID
	Now      time.Time      // the time of minting; iat is its whole seconds
}

// Token is a minted token. It prints as what it says, never as the credential it is.
type Token struct {
	Raw    string // the compact JWT
	Header map[string]any
	Claims Claims
}

// String names the token by its key, issuer and subject.
func (t Token) String() string {
	return fmt.Sprintf("token kid=%v iss=%v sub=%v", t.Header["kid"], t.Claims["iss"], t.Claims["sub"])
}

// Format keeps the credential out of every verb of fmt.
func (t Token) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, t.String()) }

// LogValue keeps the credential out of logs.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Any("kid", t.Header["kid"]), slog.Any("iss", t.Claims["iss"]), slog.Any("sub", t.Claims["sub"]),
		slog.Any("aud", t.Claims["aud"]), slog.Any("jti", t.Claims["jti"]))
}

// Mint signs a token. It does what it is told: it refuses no claim, so that tokens a relying party must refuse can be
// made. An error means that the platform cannot say what was asked, such as an audience where the caller has no choice.
func (i *Issuer) Mint(req Request) (Token, error) {
	key, sample, err := i.sample(req)
	if err != nil {
		return Token{}, err
	}
	header, claims := sample.Header, sample.Claims
	i.tampers.claims(claims, req)
	i.tampers.header(header, req)
	if len(req.Header) > 0 {
		given, err := ExactMembers(req.Header)
		if err != nil {
			return Token{}, fmt.Errorf("issuer: header: %w", err)
		}
		header = withoutNil(merge(header, given))
	}
	raw, err := i.sign(key, header, claims)
	if err != nil {
		return Token{}, err
	}
	raw, err = i.tampers.token(raw, key, req)
	return Token{Raw: raw, Header: header, Claims: claims}, err
}

// Sample returns what a token would say that nobody gets: it has no Raw, and faults neither change nor count it.
func (i *Issuer) Sample(req Request) (Token, error) {
	_, token, err := i.sample(req)
	return token, err
}

// sample is the token before it meets a fault and is signed, and the key to sign it with.
func (i *Issuer) sample(req Request) (*issuerKey, Token, error) {
	preset, err := i.Preset(req.Preset)
	if err != nil {
		return nil, Token{}, err
	}
	claims, err := i.payload(preset, req)
	if err != nil {
		return nil, Token{}, err
	}
	key, err := i.keys.signingKey(i.spot(preset))
	if err != nil {
		return nil, Token{}, err
	}
	header := map[string]any{"alg": string(key.Alg), "kid": key.ID}
	if i.service.Typ != "" {
		header["typ"] = i.service.Typ
	}
	if x5t := key.thumbprint(); x5t != "" {
		header["x5t"] = x5t
	}
	return key, Token{Header: header, Claims: claims}, nil
}

// Payload returns the claims that Mint signs. It needs no key.
func (i *Issuer) Payload(req Request) (Claims, error) {
	preset, err := i.Preset(req.Preset)
	if err != nil {
		return nil, err
	}
	return i.payload(preset, req)
}

// Preset returns the preset to mint with: the issuer's for the empty name, or another one of the same service.
func (i *Issuer) Preset(name string) (*Preset, error) {
	if name == "" {
		return i.preset, nil
	}
	preset, err := i.platform.Preset(name)
	if err != nil {
		return nil, err
	}
	service, err := i.platform.Service(preset.Service)
	if err != nil {
		return nil, err
	}
	if service.Name != i.service.Name {
		return nil, fmt.Errorf("%s: preset %q belongs to another issuer than %q", i.platform.Name, name, i.url)
	}
	return preset, nil
}

// expiredFor is how long ago a token of Request.Expired has expired.
const expiredFor = time.Hour

// payload is the platform's claims under everything that overrides them.
func (i *Issuer) payload(preset *Preset, req Request) (Claims, error) {
	requested, err := ExactMembers(req.Claims)
	if err != nil {
		return nil, fmt.Errorf("issuer: claims: %w", err)
	}
	given := merge(merge(nil, preset.Claims), i.claims)
	given = merge(given, requested)
	now := i.now()
	claims, err := i.payloadAt(now, preset, req, given)
	if err != nil || !req.Expired {
		return claims, err
	}
	exp, ok := claims["exp"].(int64)
	if _, chosen := given["exp"]; chosen || !ok {
		return nil, errors.New("issuer: a token that is to be expired can't have an exp of the caller's among its claims: leave one out")
	}
	later := time.Duration(now.Unix()-exp)*time.Second - expiredFor // in whole seconds, as exp is; hardly ever positive
	return i.payloadAt(now.Add(later), preset, req, given)
}

// payloadAt is the payload of a token that is minted at a time, with the claims that override the platform's.
func (i *Issuer) payloadAt(now time.Time, preset *Preset, req Request, given Claims) (Claims, error) {
	req.Lifetime = cmp.Or(req.Lifetime, preset.Lifetime, i.service.Lifetime)
	req.Issuer, req.Service, req.Settings = i.url, i.service.Name, preset.Settings
	req.Claims = withoutNil(given)
	req.NewID = i.newID
	req.Now = now
	iat := now.Unix()
	claims := Claims{"iss": i.url, "iat": iat, "exp": iat + int64(req.Lifetime/time.Second)}
	if notYet := cmp.Or(preset.NotYet, i.service.NotYet); notYet != nil {
		claims["nbf"] = iat + int64(*notYet)
	}
	if i.service.ID {
		claims["jti"] = req.NewID()
	}
	own, err := i.platform.Claims(req)
	if err != nil {
		return nil, err
	}
	maps.Copy(claims, own)
	return withoutNil(merge(claims, given)), nil
}

// sign writes the compact form. go-jose computes the signature; the header is written here because go-jose knows only
// one order of its members.
func (i *Issuer) sign(key *issuerKey, header map[string]any, claims Claims) (string, error) {
	head, err := marshalOrdered(header, i.service.Header, "")
	if err != nil {
		return "", fmt.Errorf("issuer: header: %w", err)
	}
	body, err := marshalOrdered(claims, i.service.Order, "")
	if err != nil {
		return "", fmt.Errorf("issuer: payload: %w", err)
	}
	enc := base64.RawURLEncoding
	out := make([]byte, 0, enc.EncodedLen(len(head))+enc.EncodedLen(len(body))+360)
	out = enc.AppendEncode(out, head)
	out = append(out, '.')
	out = enc.AppendEncode(out, body)
	signature, err := key.signer.SignPayload(out, key.Alg)
	if err != nil {
		return "", fmt.Errorf("issuer: sign with key %q: %w", key.ID, err)
	}
	out = append(out, '.')
	return string(enc.AppendEncode(out, signature)), nil
}

// merge returns base with over laid on it. Objects merge member by member, everything else is replaced. Neither
// argument changes.
func merge(base, over Claims) Claims {
	out := make(Claims, len(base)+len(over))
	maps.Copy(out, base)
	for name, value := range over {
		if object, ok := value.(map[string]any); ok {
			under, _ := out[name].(map[string]any)
			value = merge(under, object)
		}
		out[name] = value
	}
	return out
}

// withoutNil drops the members that are nil, at every depth.
func withoutNil(claims Claims) Claims {
	out := make(Claims, len(claims))
	for name, value := range claims {
		if object, ok := value.(map[string]any); ok {
			value = withoutNil(object)
		}
		if value != nil {
			out[name] = value
		}
	}
	return out
}

// newID makes a token id; a source that fails yields the zero UUID, and crypto/rand does not fail. Only one call at a
// time reads the source of randomness, which may be a test's.
func (i *Issuer) newID() string {
	i.randMu.Lock()
	defer i.randMu.Unlock()
	id, _ := NewUUID(i.rand)
	return id
}
