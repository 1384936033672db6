package apiserver

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// UserPrefix starts the user name of every service account, which is the sub of its tokens.
const UserPrefix = "system:serviceaccount:"

// BoundClaim is the claim that says what a token is bound to.
const BoundClaim = "kubernetes.io"

// DefaultExpiration is what the kubelet asks for the token of a pod's default volume. An API server takes exactly this
// number as the sign of an old client that never reads the file again.
const DefaultExpiration = 3607 * time.Second

// Kinds returns the members of BoundClaim that have a name and a uid.
func Kinds() []string { return []string{"serviceaccount", "pod", "node", "secret"} }

// UID makes the uid of an object from its kind, as in Kinds, and its name, in the layout of the random ones that API
// servers give out.
func UID(kind, namespace, name string) string {
	if kind == "node" {
		namespace = "" // nodes belong to none
	}
	sum := sha256.Sum256([]byte(kind + "/" + namespace + "/" + name))
	return issuer.UUIDFrom(sum[:], 4)
}

// sampled reads from a token's claims whose it is and what it is bound to. Claims that a caller has made odd count for
// nothing.
func sampled(claims issuer.Claims) (own objectMeta, objects map[string]named) {
	member := func(members map[string]any, name string) map[string]any {
		object, _ := members[name].(map[string]any)
		return object
	}
	about := member(claims, BoundClaim)
	objects = map[string]named{}
	for _, kind := range Kinds() {
		if object := member(about, kind); issuer.Text(object, "name") != "" {
			objects[kind] = named{Name: issuer.Text(object, "name"), UID: issuer.Text(object, "uid")}
		}
	}
	account := objects["serviceaccount"]
	delete(objects, "serviceaccount")
	own = objectMeta{Namespace: issuer.Text(about, "namespace"), Name: account.Name, UID: account.UID}
	if subject, ok := strings.CutPrefix(issuer.Text(claims, "sub"), UserPrefix); ok {
		if namespace, name, ok := strings.Cut(subject, ":"); ok && namespace != "" && name != "" {
			own.Namespace, own.Name = namespace, name
		}
	}
	if own.Namespace == "" || own.Name == "" {
		own.Namespace, own.Name = "default", "default"
	}
	if own.UID == "" {
		own.UID = UID("serviceaccount", own.Namespace, own.Name)
	}
	return own, objects
}

// seconds is the life of a token.
func seconds(claims issuer.Claims) int64 {
	iat, _ := claims["iat"].(int64)
	if exp, ok := claims["exp"].(int64); ok && exp-iat >= leastSeconds && exp-iat <= mostSeconds {
		return exp - iat
	}
	return defaultSeconds
}

// reference names what the workload's token is bound to; nil: nothing.
func (s *Server) reference() *Reference {
	for _, kind := range []string{"Pod", "Secret", "Node"} {
		if object, ok := s.bound[strings.ToLower(kind)]; ok {
			return &Reference{Kind: kind, APIVersion: "v1", Name: object.Name, UID: object.UID}
		}
	}
	return nil
}

// User returns the name and the bearer token of a user, for a kubeconfig: of the administrator, for the empty name, of
// nobody for system:anonymous, or of a service account. Anybody else's is from another cluster.
func (s *Server) User(name string) (user, bearer string, err error) {
	switch account, ok := strings.CutPrefix(name, UserPrefix); {
	case name == "" || name == admin().Username:
		return admin().Username, s.admin, nil
	case name == anonymous().Username:
		return name, "", nil
	case ok:
		namespace, account, _ := strings.Cut(account, ":")
		found, err := s.accounts.find(namespace, account)
		if err != nil {
			return "", "", fmt.Errorf("kubernetes: user %q: %w", name, err)
		}
		life := int64(defaultSeconds)
		token, err := s.w.Mint(s.mintRequest(found, tokenRequestSpec{Audiences: []string{s.audience()}, ExpirationSeconds: &life}))
		return name, token.Raw, err
	}
	bearer, err = newBearer(s.w.Rand)
	return name, bearer, err
}

// newBearer makes a credential that nobody guesses.
func newBearer(source io.Reader) (string, error) {
	var secret [32]byte
	if _, err := io.ReadFull(source, secret[:]); err != nil {
		return "", fmt.Errorf("kubernetes: credential: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret[:]), nil
}
