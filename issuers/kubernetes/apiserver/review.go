package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/issuerd/issuerd/issuers/issuer"
)

const (
	authenticationGroup   = "authentication.k8s.io"
	authenticationVersion = authenticationGroup + "/v1"

	allAccounts = "system:serviceaccounts"
	extra       = "authentication.kubernetes.io/"
)

var selfSubjectReviews = resource{group: authenticationGroup, name: "selfsubjectreviews"}

// tokenReview asks whose a token is.
type tokenReview struct {
	typeMeta
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		Token     string   `json:"token,omitempty"`
		Audiences []string `json:"audiences,omitempty"`
	} `json:"spec"`
	Status tokenReviewStatus `json:"status"`
}

type tokenReviewStatus struct {
	Authenticated bool     `json:"authenticated,omitempty"`
	User          userInfo `json:"user"`
	Audiences     []string `json:"audiences,omitempty"`
	Error         string   `json:"error,omitempty"`
}

func (t *tokenReview) head() (*typeMeta, typeMeta) {
	return &t.typeMeta, typeMeta{Kind: "TokenReview", APIVersion: authenticationVersion}
}

func (t *tokenReview) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		switch number {
		case 1:
			return t.Metadata.unpack(value.bytes)
		case 2:
			return eachField(value.bytes, func(number protowire.Number, value field) error {
				switch number {
				case 1:
					t.Spec.Token = string(value.bytes)
				case 2:
					t.Spec.Audiences = append(t.Spec.Audiences, string(value.bytes))
				}
				return nil
			})
		}
		return nil
	})
}

// selfSubjectReview asks who the caller is.
type selfSubjectReview struct {
	typeMeta
	Metadata objectMeta `json:"metadata"`
	Status   struct {
		UserInfo userInfo `json:"userInfo"`
	} `json:"status"`
}

func (s *selfSubjectReview) head() (*typeMeta, typeMeta) {
	return &s.typeMeta, typeMeta{Kind: "SelfSubjectReview", APIVersion: authenticationVersion}
}

func (s *selfSubjectReview) unpack([]byte) error { return nil } // nothing that the caller says counts

func (s *Server) reviewToken(w http.ResponseWriter, r *http.Request, _ userInfo) error {
	var review tokenReview
	if _, err := readObject(w, r, &review); err != nil {
		return err
	}
	if review.Spec.Token == "" {
		return badRequest("token is required for TokenReview in authentication")
	}
	audiences := review.Spec.Audiences
	if len(audiences) == 0 {
		audiences = []string{s.audience()}
	}
	review.Metadata, review.Status = review.Metadata.own(), tokenReviewStatus{}
	review.Metadata.Namespace = "" // reviews are in none
	user, common, err := s.authenticate(review.Spec.Token, audiences)
	if err != nil {
		review.Status.Error = err.Error()
	} else {
		review.Status = tokenReviewStatus{Authenticated: true, User: user, Audiences: common}
	}
	answer(w, http.StatusCreated, review)
	return nil
}

func (s *Server) reviewSelf(w http.ResponseWriter, r *http.Request, user userInfo) error {
	var review selfSubjectReview
	if _, err := readObject(w, r, &review); err != nil {
		return err
	}
	review.Metadata = objectMeta{CreationTimestamp: timestamp(s.w.Now())}
	review.Status.UserInfo = user
	answer(w, http.StatusCreated, review)
	return nil
}

// errBearer is the answer to a token that no authenticator of the API server knows.
var errBearer = errors.New("invalid bearer token")

// authenticate tells whose a bearer token is and which of the audiences it is for. The errors are those of
// k8s.io/kubernetes, pkg/serviceaccount; that they follow "invalid bearer token" in brackets was seen in the status of
// public TokenReviews.
func (s *Server) authenticate(bearer string, audiences []string) (user userInfo, common []string, err error) {
	if s.isAdmin(bearer) {
		if !slices.Contains(audiences, s.audience()) {
			return user, nil, errBearer
		}
		return admin(), []string{s.audience()}, nil
	}
	token, err := jwt.ParseSigned(bearer, issuer.Algorithms)
	var claims tokenClaims
	if err != nil || token.UnsafeClaimsWithoutVerification(&claims) != nil || claims.Issuer != s.w.Issuer.URL() {
		return user, nil, errBearer
	}
	if common, err = s.validate(token, &claims, audiences); err != nil {
		return user, nil, fmt.Errorf("[%w, %w]", errBearer, err)
	}
	return claims.user(), common, nil
}

// tokenClaims are the claims that an API server checks of its tokens.
type tokenClaims struct {
	jwt.Claims
	About struct {
		Namespace      string `json:"namespace"`
		Node           *named `json:"node"`
		Pod            *named `json:"pod"`
		Secret         *named `json:"secret"`
		ServiceAccount named  `json:"serviceaccount"`
	} `json:"kubernetes.io"`
}

type named struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// validate verifies a token of the cluster's own issuer against the keys that it publishes, in the order of an API
// server.
func (s *Server) validate(token *jwt.JSONWebToken, claims *tokenClaims, audiences []string) (common []string, err error) {
	if err := s.verify(token, claims); err != nil {
		return nil, err
	}
	for _, audience := range claims.Audience {
		if slices.Contains(audiences, audience) {
			common = append(common, audience)
		}
	}
	if len(common) == 0 {
		return nil, fmt.Errorf("token audiences %q is invalid for the target audiences %q", []string(claims.Audience), audiences)
	}
	switch err := claims.Validate(jwt.Expected{Time: s.w.Now()}); { // with a minute's leeway, as there
	case errors.Is(err, jwt.ErrExpired):
		return nil, errors.New("service account token has expired")
	case errors.Is(err, jwt.ErrNotValidYet):
		return nil, errors.New("service account token is not valid yet")
	case errors.Is(err, jwt.ErrIssuedInTheFuture):
		return nil, errors.New("service account token is issued in the future")
	case err != nil:
		return nil, errors.New("service account token has been invalidated")
	}
	account, err := s.accounts.find(claims.About.Namespace, claims.About.ServiceAccount.Name)
	if err != nil {
		return nil, err
	}
	if have := claims.About.ServiceAccount.UID; account.Metadata.UID != have {
		return nil, fmt.Errorf("service account UID (%s) does not match claim (%s)", account.Metadata.UID, have)
	}
	return common, s.validateRefs(claims)
}

// validateRefs finds the object that a token is bound to, with the texts of k8s.io/kubernetes v1.36.3,
// pkg/serviceaccount/claims.go. A pod's node is only told of.
func (s *Server) validateRefs(claims *tokenClaims) error {
	about := claims.About
	for _, ref := range []struct {
		kind string
		have *named
	}{{"secret", about.Secret}, {"pod", about.Pod}, {"node", about.Node}} {
		if ref.have == nil || ref.kind == "node" && about.Pod != nil {
			continue
		}
		record, ok := s.object(ref.kind, about.Namespace, ref.have.Name)
		if !ok {
			return errors.New("service account token has been invalidated")
		}
		if record.UID != ref.have.UID {
			return fmt.Errorf("%s UID (%s) does not match service account %s ref claim (%s)", ref.kind, record.UID, ref.kind, ref.have.UID)
		}
	}
	return nil
}

// object finds a pod, node or secret. The cluster has the ones that its workload is bound to and no other; nodes are in
// no namespace.
func (s *Server) object(kind, namespace, name string) (named, bool) {
	have, ok := s.bound[kind]
	return have, ok && have.Name == name && (kind == "node" || namespace == s.own.Namespace)
}

// verify finds the token's key and checks the signature.
func (s *Server) verify(token *jwt.JSONWebToken, claims *tokenClaims) error {
	errNoKeys := errors.New("invalid signature, no keys found")
	raw, err := s.w.Issuer.JWKS()
	if err != nil {
		return err
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &published); err != nil {
		return errNoKeys
	}
	keys := published.Keys
	if kid := token.Headers[0].KeyID; kid != "" {
		keys = published.Key(kid)
	}
	if len(keys) == 0 {
		return errNoKeys
	}
	var errs []error
	for _, key := range keys {
		err := token.Claims(key.Key, claims)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// user is the service account that a token speaks for.
func (c *tokenClaims) user() userInfo {
	more := map[string][]string{}
	if c.ID != "" {
		more[extra+"credential-id"] = []string{"JTI=" + c.ID}
	}
	for kind, object := range map[string]*named{"pod": c.About.Pod, "node": c.About.Node} {
		if object == nil || object.Name == "" || object.UID == "" && kind == "pod" {
			continue
		}
		more[extra+kind+"-name"] = []string{object.Name}
		if object.UID != "" { // a node may have gone
			more[extra+kind+"-uid"] = []string{object.UID}
		}
	}
	return userInfo{
		Username: UserPrefix + c.About.Namespace + ":" + c.About.ServiceAccount.Name,
		UID:      c.About.ServiceAccount.UID,
		Groups:   append(accountGroups(c.About.Namespace), authenticated),
		Extra:    more,
	}
}
