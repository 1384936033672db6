package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// tokenRequest asks for a token of a service account.
type tokenRequest struct {
	typeMeta
	Metadata objectMeta         `json:"metadata"`
	Spec     tokenRequestSpec   `json:"spec"`
	Status   tokenRequestStatus `json:"status"`
}

type tokenRequestSpec struct {
	Audiences         []string   `json:"audiences"`
	ExpirationSeconds *int64     `json:"expirationSeconds"` // nil: defaultSeconds
	BoundObjectRef    *Reference `json:"boundObjectRef"`    // nil: bound to no object
}

type tokenRequestStatus struct {
	Token               string `json:"token"`
	ExpirationTimestamp string `json:"expirationTimestamp"` // RFC 3339, whole seconds
}

// Reference names an object that a token is bound to.
type Reference struct {
	Kind       string `json:"kind,omitempty" yaml:"kind,omitempty"`
	APIVersion string `json:"apiVersion,omitempty" yaml:"apiVersion,omitempty"`
	Name       string `json:"name,omitempty" yaml:"name,omitempty"`
	UID        string `json:"uid,omitempty" yaml:"uid,omitempty"`
}

// The limits of expirationSeconds.
const (
	defaultSeconds = 3600
	leastSeconds   = 600
	mostSeconds    = 1 << 32
)

func (t *tokenRequest) head() (*typeMeta, typeMeta) {
	return &t.typeMeta, typeMeta{Kind: "TokenRequest", APIVersion: authenticationVersion}
}

func (t *tokenRequest) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		switch number {
		case 1:
			return t.Metadata.unpack(value.bytes)
		case 2:
			return t.Spec.unpack(value.bytes)
		}
		return nil
	})
}

func (s *tokenRequestSpec) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		switch number {
		case 1:
			s.Audiences = append(s.Audiences, string(value.bytes))
		case 3:
			s.BoundObjectRef = new(Reference)
			return s.BoundObjectRef.unpack(value.bytes)
		case 4:
			seconds := value.number
			s.ExpirationSeconds = &seconds
		}
		return nil
	})
}

func (r *Reference) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		switch text := string(value.bytes); number {
		case 1:
			r.Kind = text
		case 2:
			r.APIVersion = text
		case 3:
			r.Name = text
		case 4:
			r.UID = text
		}
		return nil
	})
}

// createToken answers a TokenRequest, with the checks in the order of k8s.io/kubernetes,
// pkg/registry/core/serviceaccount/storage/token.go.
func (s *Server) createToken(w http.ResponseWriter, r *http.Request, _ userInfo) error {
	vars := mux.Vars(r)
	namespace, name := vars["namespace"], vars["name"]
	var request tokenRequest
	if _, err := readObject(w, r, &request); err != nil { // a dry run makes a token all the same
		return err
	}
	_, kind := request.head()
	this := resource{group: authenticationGroup, name: kind.Kind}
	if have := request.Metadata.Name; have != "" && have != name {
		return invalid(this, name, "metadata.name", strconv.Quote(have), "must match the service account name if specified")
	}
	if have := request.Metadata.Namespace; have != "" && have != namespace {
		return invalid(this, name, "metadata.namespace", strconv.Quote(have), "must match the service account namespace if specified")
	}
	account, err := s.accounts.find(namespace, name)
	if err != nil {
		return err
	}
	if have := request.Metadata.UID; have != "" && have != account.Metadata.UID {
		return conflict(this, name, fmt.Sprintf("the UID in the token request (%s) does not match the UID of the service account (%s)",
			have, account.Metadata.UID))
	}
	if len(request.Spec.Audiences) == 0 {
		request.Spec.Audiences = []string{s.audience()}
	}
	seconds := int64(defaultSeconds)
	if asked := request.Spec.ExpirationSeconds; asked != nil {
		seconds = *asked
	}
	switch {
	case seconds < leastSeconds:
		return invalid(this, "", "spec.expirationSeconds", strconv.FormatInt(seconds, 10), "may not specify a duration less than 10 minutes")
	case seconds > mostSeconds:
		return invalid(this, "", "spec.expirationSeconds", strconv.FormatInt(seconds, 10), "may not specify a duration larger than 2^32 seconds")
	}
	if err := s.validateBound(account, request.Spec.BoundObjectRef); err != nil {
		return err
	}
	if most := s.options.MaxSeconds; most > 0 && seconds > most {
		warn(w.Header(), fmt.Sprintf("requested expiration of %d seconds shortened to %d seconds", seconds, most))
		seconds = most
	}
	request.Spec.ExpirationSeconds = &seconds
	now := s.w.Now()
	token, err := s.w.Mint(s.mintRequest(account, request.Spec))
	if err != nil {
		return internal(err)
	}
	request.Metadata = objectMeta{Name: name, Namespace: namespace, UID: account.Metadata.UID, CreationTimestamp: timestamp(now)}
	request.Status = tokenRequestStatus{
		Token: token.Raw, ExpirationTimestamp: timestamp(now.Add(time.Duration(seconds) * time.Second)),
	}
	answer(w, http.StatusCreated, request)
	return nil
}

// validateBound finds the object that a token shall be bound to.
func (s *Server) validateBound(account serviceAccount, ref *Reference) error {
	if ref == nil {
		return nil
	}
	group, version := cutVersion(ref.APIVersion)
	kind := strings.ToLower(ref.Kind)
	if group != "" || !slices.Contains([]string{"Pod", "Secret", "Node"}, ref.Kind) {
		return badRequest("cannot bind token to object of type %s/%s, Kind=%s", group, version, ref.Kind)
	}
	have, ok := s.object(kind, account.Metadata.Namespace, ref.Name)
	if !ok {
		return notFound(resource{name: kind + "s"}, ref.Name)
	}
	if kind == "pod" && account.Metadata.Name != s.own.Name {
		return badRequest("cannot bind token for serviceaccount %q to pod running with different serviceaccount name.", account.Metadata.Name)
	}
	if ref.UID != "" && ref.UID != have.UID {
		return conflict(resource{name: ref.Kind}, ref.Name, fmt.Sprintf("the UID in the bound object reference (%s) does not match the UID "+
			"in record. The object might have been deleted and then recreated", ref.UID))
	}
	return nil
}

// mintRequest asks for what the spec says, and leaves to the workload's context what that says about its own account.
func (s *Server) mintRequest(account serviceAccount, spec tokenRequestSpec) issuer.Request {
	about, claims := map[string]any{}, issuer.Claims{}
	kind := ""
	if spec.BoundObjectRef != nil {
		kind = strings.ToLower(spec.BoundObjectRef.Kind)
	}
	for other := range s.bound {
		if other != kind && (other != "node" || kind != "pod") { // a pod's token names its node
			about[other] = nil
		}
	}
	if meta := account.Metadata; meta.Namespace != s.own.Namespace || meta.Name != s.own.Name {
		claims["sub"] = UserPrefix + meta.Namespace + ":" + meta.Name
		about["namespace"] = meta.Namespace
		about["serviceaccount"] = map[string]any{"name": meta.Name, "uid": meta.UID}
	}
	if len(about) > 0 {
		claims[BoundClaim] = about
	}
	life := time.Duration(*spec.ExpirationSeconds) * time.Second
	return issuer.Request{Audience: spec.Audiences, Lifetime: life, Fixed: kind != "pod" || life != DefaultExpiration, Claims: claims}
}
