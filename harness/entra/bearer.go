package entra

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Bearer is whom an access token of a [Server] names.
type Bearer struct {
	TenantID string   // tid
	ClientID string   // appid or azp
	ObjectID string   // oid: the service principal
	Audience string   // aud
	Roles    []string // app roles at the resource; nil: none
	TokenID  string   // uti
	Expires  time.Time
}

// What may be wrong with the token that a request to a resource carries.
var (
	ErrNoToken       = errors.New("entra: the request has no bearer token")
	ErrMalformed     = errors.New("entra: the bearer token is no access token of this server")
	ErrTokenExpired  = errors.New("entra: the access token has expired")
	ErrTokenAudience = errors.New("entra: the access token is for another resource")
)

// Bearer checks the access token of a request to a resource that is known by these audiences, compared without slashes
// at the end. The error is one of those above; with [ErrTokenExpired] and [ErrTokenAudience] the token is otherwise
// valid, and what it says is returned too. Resources that Microsoft runs take tokens of every tenant; which of them the
// caller may touch is the resource's affair.
func (s *Server) Bearer(r *http.Request, audiences ...string) (Bearer, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return Bearer{}, ErrNoToken
	}
	key, err := s.key.get()
	if err != nil {
		return Bearer{}, err
	}
	var claims struct {
		Audience string   `json:"aud"`
		Expires  int64    `json:"exp"`
		AppID    string   `json:"appid"`
		AZP      string   `json:"azp"`
		ObjectID string   `json:"oid"`
		TenantID string   `json:"tid"`
		Roles    []string `json:"roles"`
		TokenID  string   `json:"uti"`
	}
	payload, err := key.verify(strings.TrimSpace(token))
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		return Bearer{}, ErrMalformed
	}
	b := Bearer{
		TenantID: claims.TenantID, ClientID: claims.AppID + claims.AZP, ObjectID: claims.ObjectID, Audience: claims.Audience, Roles: claims.Roles,
		TokenID: claims.TokenID, Expires: time.Unix(claims.Expires, 0),
	}
	if !s.now().Before(b.Expires) {
		return b, ErrTokenExpired
	}
	if !slices.ContainsFunc(audiences, func(a string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b.Audience, "/") }) {
		return b, ErrTokenAudience
	}
	return b, nil
}
