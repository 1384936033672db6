package entra

import (
	"encoding/base64"
	"time"
)

// Lifetimes of app-only access tokens: 3600 seconds from now, back-dated by
// 300, announced as 3599.
const (
	tokenLifetime  = 3600 * time.Second
	tokenBackdated = 300 * time.Second
	expiresIn      = "3599"
)

// graphWIDs is what app-only tokens for Microsoft Graph carry (seen 2024).
var graphWIDs = []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"}

// claimsV1 has the members of a v1.0 app-only token in the order seen in a
// Microsoft Graph token of 2024. Those that only Graph tokens are known to
// carry are left out for other resources. xms_tdbr and roles are not emulated;
// xms_ficinfo, which tokens obtained through a federated credential carry, has
// not been seen with a value and is left out.
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
	IDType        string   `json:"idtyp"`
	ObjectID      string   `json:"oid"`
	RH            string   `json:"rh"`
	Subject       string   `json:"sub"`
	RegionScope   string   `json:"tenant_region_scope,omitempty"`
	TenantID      string   `json:"tid"`
	UTI           string   `json:"uti"`
	Version       string   `json:"ver"`
	WIDs          []string `json:"wids,omitempty"`
	TenantCreated int64    `json:"xms_tcdt,omitempty"`
}

// claimsV2 has the members of a v2.0 app-only token, exactly those captured
// from Entra on 2026-08-13.
type claimsV2 struct {
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	Issued    int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	AIO       string `json:"aio"`
	AZP       string `json:"azp"`
	AZPACR    string `json:"azpacr"`
	ObjectID  string `json:"oid"`
	RH        string `json:"rh"`
	Subject   string `json:"sub"`
	TenantID  string `json:"tid"`
	UTI       string `json:"uti"`
	Version   string `json:"ver"`
	FTD       string `json:"xms_ftd"`
}

const (
	// assertionACR is appidacr/azpacr of a client that authenticated with a federated
	// assertion. Inferred: documented is only that a certificate gives "2".
	assertionACR = "2"
	// tenantCreated is xms_tcdt, when the tenant was created; the value of the sample of 2024.
	tenantCreated = 1717004002
	regionScope   = "WW"
)

// resource is what a scope asks for.
type resource struct {
	name        string // as asked for
	service     *service
	application *Application // set when service is not
}

// issue makes the access token, once every check has passed.
func (x *exchange) issue() (string, error) {
	key, err := x.server.key.get()
	if err != nil {
		return "", err
	}
	issued := x.now.Add(-tokenBackdated).Unix()
	expires := x.now.Add(tokenLifetime).Unix()
	aio := base64.StdEncoding.EncodeToString(x.random.aio[:])
	rh := "1." + base64.RawURLEncoding.EncodeToString(x.random.rh[:]) + "."
	tenant := &x.record.tenant

	if x.resource.service == nil {
		return key.sign(key.headerV2, marshal(claimsV2{
			Audience: x.resource.application.ClientID, Issuer: x.base.issuer(x.record),
			Issued: issued, NotBefore: issued, Expires: expires,
			AIO: aio, AZP: x.app.ClientID, AZPACR: assertionACR,
			ObjectID: x.app.ServicePrincipalID, RH: rh, Subject: x.app.ServicePrincipalID,
			TenantID: tenant.ID, UTI: x.signIn.UTI, Version: "2.0",
			FTD: base64.RawURLEncoding.EncodeToString(x.random.ftd[:]),
		}))
	}
	// The v1.0 issuer of the China cloud is not confirmed.
	issuer := "https://sts.windows.net/" + tenant.ID + "/"
	claims := claimsV1{
		Audience: x.resource.name, Issuer: issuer, Issued: issued, NotBefore: issued, Expires: expires,
		AIO: aio, AppID: x.app.ClientID, AppIDACR: assertionACR, IDP: issuer, IDType: "app",
		ObjectID: x.app.ServicePrincipalID, RH: rh, Subject: x.app.ServicePrincipalID,
		TenantID: tenant.ID, UTI: x.signIn.UTI, Version: "1.0",
	}
	if x.resource.service.graph {
		claims.AppName, claims.RegionScope, claims.WIDs = x.app.Name, regionScope, graphWIDs
		claims.TenantCreated = tenantCreated
	}
	return key.sign(key.headerV1, marshal(claims))
}
