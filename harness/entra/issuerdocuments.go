package entra

import (
	"context"
	"net/http"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// IssuerDocuments are the documents of an issuer, as a sign-in fetches and reads them.
type IssuerDocuments struct {
	Fetched   []Fetch // what was asked for, in order
	Discovery []byte  // as it was sent; nil: it was not had
	JWKS      []byte  // like Discovery

	// Keys are the keys that an assertion may be verified with, by kid; a nil value is a key of another type than RSA.
	// Nil if the documents are not as they must be.
	Keys map[string]*jose.JSONWebKey

	err *fetchError
}

// FetchIssuer reads the documents of the issuer with this URL with the code of the sign-in, and with its bounds: those
// of the options. The client must verify certificates and not follow redirects by itself.
func FetchIssuer(ctx context.Context, client *http.Client, issuer string, o directory.Options) IssuerDocuments {
	ctx, cancel := context.WithTimeout(ctx, o.FetchTimeout)
	defer cancel()
	return newKeyCache(client, nil).fetchDocuments(ctx, issuer, o)
}

// ReadIssuer reads documents of the issuer with this URL that were fetched before, as [FetchIssuer] does. A nil
// discovery is not read.
func ReadIssuer(issuer string, discovery, jwks []byte, o directory.Options) IssuerDocuments {
	d := IssuerDocuments{Discovery: discovery, JWKS: jwks}
	var err error
	if discovery != nil {
		if _, err = readDiscovery(discovery, issuer, o); err != nil {
			return d.failed(fetchDiscovery, "discovery", err)
		}
	}
	if d.Keys, err = readKeys(jwks, o); err != nil {
		return d.failed(readingKeys, "jwks", err)
	}
	return d
}

// Refusal is the AADSTS code that the documents would be answered with, and why; 0: they are as they must be.
func (d IssuerDocuments) Refusal(o directory.Options) (code int, reason string) {
	if d.err == nil {
		return 0, ""
	}
	return d.err.stage.refusal(o).Code, d.err.reason
}

func (d IssuerDocuments) failed(at fetchStage, document string, err error) IssuerDocuments {
	d.err = &fetchError{at, document + ": " + err.Error()}
	return d
}
