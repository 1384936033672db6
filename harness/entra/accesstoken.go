package entra

import (
	"encoding/base64"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Lifetimes of app-only access tokens: 3600 seconds from now, back-dated by 300, announced as 3599. Clients that can
// have their tokens revoked (xms_cc cp1) get 24 hours for Microsoft Graph: 86399 was recorded.
const (
	tokenLifetime     = 3600 * time.Second
	revocableLifetime = 24 * time.Hour
	tokenBackdated    = 300 * time.Second
)

// graphWIDs is what app-only tokens for Microsoft Graph carry (seen 2024).
var graphWIDs = []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"}

// exchangeInfo is xms_ficinfo of a token for token exchange that was obtained with an assertion of Entra's (seen 2025
// and 2026). That one which was obtained with an outside issuer's assertion has the same is inferred. Tokens for other
// resources were seen without.
const exchangeInfo = "CAAQABgAIAAoAzAAOAE"

// claimsV1 has the members of a v1.0 app-only token in the order seen in Microsoft Graph tokens of 2024 and 2026. Those
// that only Graph tokens are known to carry are left out for other resources. xms_tdbr and the claims xms_act_fct,
// xms_idrel, xms_sub_fct and xms_tnt_fct of newer tokens, whose meaning is not public, are not emulated. The places of
// xms_cc and xms_mirid are inferred.
type claimsV1 struct {
	Audience      string   `json:"aud"`
	Issuer        string   `json:"iss"`
	Issued        int64    `json:"iat"`
	NotBefore     int64    `json:"nbf"`
	Expires       int64    `json:"exp"`
	AIO           string   `json:"aio"`
	AppName       string   `json:"app_displayname,omitempty"`
	AppID         string   `json:"appid"`
	AppIDACR      string   `json:"appidacr"`
	IDP           string   `json:"idp"`
	IDType        string   `json:"idtyp,omitempty"`
	ObjectID      string   `json:"oid"`
	RH            string   `json:"rh"`
	Roles         []string `json:"roles,omitempty"`
	Subject       string   `json:"sub"`
	RegionScope   string   `json:"tenant_region_scope,omitempty"`
	TenantID      string   `json:"tid"`
	UTI           string   `json:"uti"`
	Version       string   `json:"ver"`
	WIDs          []string `json:"wids,omitempty"`
	Capabilities  []string `json:"xms_cc,omitempty"`
	ResourceID    string   `json:"xms_mirid,omitempty"`
	TenantCreated int64    `json:"xms_tcdt,omitempty"`
}

// claimsV2 has the members of a v2.0 app-only token, exactly those captured
// from Entra on 2026-08-13, and those that tokens for token exchange have beside them (2025 and 2026).
type claimsV2 struct {
	Audience     string   `json:"aud"`
	Issuer       string   `json:"iss"`
	Issued       int64    `json:"iat"`
	NotBefore    int64    `json:"nbf"`
	Expires      int64    `json:"exp"`
	AIO          string   `json:"aio"`
	AZP          string   `json:"azp"`
	AZPACR       string   `json:"azpacr"`
	IDType       string   `json:"idtyp,omitempty"`
	ObjectID     string   `json:"oid"`
	RH           string   `json:"rh"`
	Roles        []string `json:"roles,omitempty"`
	Subject      string   `json:"sub"`
	TenantID     string   `json:"tid"`
	UTI          string   `json:"uti"`
	Version      string   `json:"ver"`
	ExchangeInfo string   `json:"xms_ficinfo,omitempty"`
	FTD          string   `json:"xms_ftd"`
	ResourceID   string   `json:"xms_mirid,omitempty"`
}

const (
	// assertionACR is appidacr/azpacr of a client that authenticated with an assertion: seen in tokens of Azure DevOps'
	// service connections and of agents (2026), documented for certificates.
	assertionACR = "2"
	// tenantCreated is xms_tcdt, when the tenant was created; the value of the sample of 2024.
	tenantCreated = 1717004002
	regionScope   = "WW"
)

// resource is what a request asks for.
type resource struct {
	name        string // as asked for
	service     *directory.Service
	application *directory.Application // set when service is not
}

// isV2 says which version of tokens the resource takes: its registration says so, whichever endpoint is asked.
// Microsoft's services take v1.0, token exchange apart.
func (r resource) isV2() bool {
	if r.service != nil {
		return r.service.AppID == directory.ExchangeAppID
	}
	return r.application.TokenVersion == 2
}

// appID is the application id of the resource.
func (r resource) appID() string {
	if r.service != nil {
		return r.service.AppID
	}
	return r.application.ClientID
}

// lifetime is how long the token will live.
func (x *exchange) lifetime() time.Duration {
	switch {
	case x.app.Identity != nil:
		return identityLifetime
	case x.revocable():
		return revocableLifetime
	}
	return tokenLifetime
}

// revocable says whether the token takes part in continuous access evaluation, which for applications means Microsoft
// Graph.
func (x *exchange) revocable() bool {
	return x.form.revocable && x.app.Identity == nil && x.resource.service != nil && x.resource.service.AppID == directory.GraphAppID
}

// issue makes the access token, once every check has passed.
func (x *exchange) issue() (string, error) {
	key, err := x.server.key.get()
	if err != nil {
		return "", err
	}
	issued, expires := x.now.Add(-tokenBackdated).Unix(), x.now.Add(x.lifetime()).Unix()
	aio := base64.StdEncoding.EncodeToString(x.random.aio[:])
	rh := "1." + base64.RawURLEncoding.EncodeToString(x.random.rh[:]) + "."
	tenant := x.view.Tenant
	idType := "app" // an optional claim of other resources than Microsoft's
	if x.resource.service == nil {
		idType = ""
	}
	if x.resource.isV2() {
		claims := claimsV2{
			Audience: x.resource.appID(), Issuer: x.base.issuer(&x.view), Issued: issued, NotBefore: issued, Expires: expires,
			AIO: aio, AZP: x.app.ClientID, AZPACR: assertionACR, IDType: idType,
			ObjectID: x.app.ServicePrincipalID, RH: rh, Roles: x.roles(), Subject: x.app.ServicePrincipalID,
			TenantID: tenant.ID, UTI: x.signIn.UTI, Version: "2.0",
			FTD: base64.RawURLEncoding.EncodeToString(x.random.ftd[:]), ResourceID: x.identityResourceID(),
		}
		if x.resource.service != nil && x.signIn.FederatedCredentialID != "" {
			claims.ExchangeInfo = exchangeInfo
		}
		return key.sign(key.headerV2, marshal(claims))
	}
	issuer := sharedIssuerV1 + tenant.ID + "/"
	claims := claimsV1{
		Audience: x.resource.name, Issuer: issuer, Issued: issued, NotBefore: issued, Expires: expires,
		AIO: aio, AppID: x.app.ClientID, AppIDACR: assertionACR, IDP: issuer, IDType: idType,
		ObjectID: x.app.ServicePrincipalID, RH: rh, Roles: x.roles(), Subject: x.app.ServicePrincipalID,
		TenantID: tenant.ID, UTI: x.signIn.UTI, Version: "1.0", ResourceID: x.identityResourceID(),
	}
	if x.resource.service != nil && x.resource.service.AppID == directory.GraphAppID {
		claims.AppName, claims.RegionScope, claims.WIDs = x.app.Name, regionScope, graphWIDs
		claims.TenantCreated = tenantCreated
	}
	if x.revocable() {
		claims.Capabilities = []string{"cp1"}
	}
	if x.resource.service != nil && x.resource.service.AppID == directory.GraphAppID {
		return key.signForGraph(base64.RawURLEncoding.EncodeToString(x.random.nonce[:]), marshal(claims))
	}
	return key.sign(key.headerV1, marshal(claims))
}

// identityResourceID is the claim xms_mirid of a managed identity; an application has none. That tokens which the
// identity gets with a federated credential have it too is inferred.
func (x *exchange) identityResourceID() string {
	if x.app.Identity == nil {
		return ""
	}
	return x.app.Identity.ResourceID()
}
