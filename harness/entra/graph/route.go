package graph

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"
)

// versions begins every route.
const versions = "/{version:v1\\.0|beta}"

// routes are made once for all APIs.
var routes = sync.OnceValue(newRoutes)

// newRoutes is the list of what there is. Keys in parentheses have become segments of their own, see normalize.
func newRoutes() *mux.Router {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	on := func(path string, serve methods) { router.Handle(versions+path, serve) }
	on("/applications", methods{"GET": listApplications, "POST": createApplication})
	on("/applications/{app}", methods{"GET": getApplication, "PATCH": updateApplication, "DELETE": deleteApplication})
	on("/applications/{app}/owners", methods{"GET": listOwners})
	on("/applications/{app}/owners/$ref", methods{"POST": addOwner})
	on("/applications/{app}/owners/{owner}/$ref", methods{"DELETE": removeOwner})
	on("/applications/{app}/federatedIdentityCredentials", methods{"GET": listCredentials, "POST": createCredential})
	on("/applications/{app}/federatedIdentityCredentials/{credential}",
		methods{"GET": getCredential, "PATCH": updateCredential, "DELETE": deleteCredential})
	on("/servicePrincipals", methods{"GET": listPrincipals, "POST": createPrincipal})
	on("/servicePrincipals/{principal}", methods{"GET": getPrincipal, "PATCH": updatePrincipal, "DELETE": deletePrincipal})
	on("/servicePrincipals/{principal}/owners", methods{"GET": listPrincipalOwners})
	on("/servicePrincipals/{principal}/appRoleAssignments", methods{"GET": listAssignments, "POST": createAssignment})
	on("/servicePrincipals/{principal}/appRoleAssignments/{assignment}", methods{"GET": getAssignment, "DELETE": deleteAssignment})
	on("/servicePrincipals/{principal}/appRoleAssignedTo", methods{"GET": listAssigned, "POST": createAssigned})
	on("/servicePrincipals/{principal}/appRoleAssignedTo/{assignment}", methods{"GET": getAssigned, "DELETE": deleteAssigned})
	on("/servicePrincipals/{principal}/federatedIdentityCredentials", methods{"GET": listPrincipalCredentials})
	on("/servicePrincipals/{principal}/federatedIdentityCredentials/{credential}", methods{"GET": getPrincipalCredential})
	on("/directoryObjects/getByIds", methods{"POST": getByIDs})
	on("/directoryObjects/{object}", methods{"GET": getDirectoryObject})
	on("/directory/deletedItems/{object}", methods{"GET": getDeleted, "DELETE": getDeleted})
	on("/organization", methods{"GET": listOrganizations})
	on("/organization/{organization}", methods{"GET": getOrganization})
	on("/auditLogs/signIns", methods{"GET": listSignIns})
	on("/auditLogs/signIns/{signIn}", methods{"GET": getSignIn})
	me := methods{"GET": refuseMe, "POST": refuseMe, "PATCH": refuseMe, "PUT": refuseMe, "DELETE": refuseMe}
	on("/me", me)
	on("/me/{rest:.*}", me)
	return router
}

// handler answers one request that has a good access token.
type handler func(*call) (*answer, error)

// methods are the handlers of a path by method. They are an [http.Handler] only for the router's sake.
type methods map[string]handler

// ServeHTTP does nothing: [call.serve] finds the handler and calls it.
func (methods) ServeHTTP(http.ResponseWriter, *http.Request) {}

// at is a request for an escaped path, as the router wants it.
func at(escaped string) *http.Request {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		path = escaped // then it matches no more than it can
	}
	return &http.Request{URL: &url.URL{Path: path, RawPath: escaped}}
}

// normalize turns keys in parentheses into segments: /applications(appId='x')/owners becomes
// /applications/appId='x'/owners, and ('x') as well as a segment that stands alone becomes x. A slash at the end goes.
func normalize(path string) (string, *refusal) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	var out []string
	for i, segment := range segments {
		if segment == "" && i > 1 {
			return "", badRequest("The request URI is not valid. Since the segment '%s' refers to a collection, this must be the last segment in the request URI "+
				"or it must be followed by an function or action that can be bound to it otherwise all intermediate segments must refer to a single resource.", segments[i-1])
		}
		name, key, hasKey := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(segment, "%28", "("), "%29", ")"), "(")
		out = append(out, name)
		if hasKey {
			key = strings.TrimSuffix(key, ")")
			key = strings.ReplaceAll(key, "%27", "'")
			if !strings.Contains(key, "=") {
				key = unquote(key)
			}
			out = append(out, key)
		}
	}
	return strings.Join(out, "/"), nil
}

// words are the names of segments.
var words = []string{
	"v1.0", "beta", "applications", "servicePrincipals", "owners", "federatedIdentityCredentials", "appRoleAssignments", "appRoleAssignedTo",
	"directoryObjects", "getByIds", "directory", "deletedItems", "organization", "auditLogs", "signIns", "me",
}

// canonical writes the names of segments, which may have any case, as they are in the list of routes. Keys are left
// alone.
func canonical(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if i == 3 && !slices.Contains(containers, segments[2]) {
			continue // the key of an object
		}
		if w := slices.IndexFunc(words, func(word string) bool { return strings.EqualFold(word, segment) }); w >= 0 && i < 5 {
			segments[i] = words[w]
		}
	}
	return strings.Join(segments, "/")
}

// noRoute names the first segment of a path that leads nowhere.
func (c *call) noRoute(path string) *refusal {
	segments := strings.Split(path, "/")[1:]
	if segments[0] != "v1.0" && segments[0] != "beta" {
		return badRequest("Invalid version: %s", segments[0])
	}
	for i := 2; i <= len(segments); i++ {
		prefix := strings.Join(segments[:i], "/")
		var match mux.RouteMatch
		container := i == 2 && slices.Contains(containers, segments[1])
		if !container && !routes().Match(at("/"+prefix), &match) {
			return badRequest("Resource not found for the segment '%s'.", segments[i-1])
		}
	}
	return badRequest("Resource not found for the segment '%s'.", segments[len(segments)-1])
}

// containers are first segments that answer nothing themselves.
var containers = []string{"auditLogs", "directory", "directoryObjects"}

// Routes are the paths below a version, each with its methods in front.
func (s *API) Routes() []string {
	var all []string
	// Walk's own error is the function's, which has none.
	_ = routes().Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		template, err := route.GetPathTemplate()
		names := slices.Sorted(maps.Keys(route.GetHandler().(methods)))
		all = append(all, strings.Join(names, ", ")+" "+strings.TrimPrefix(template, versions))
		return err
	})
	return all
}

// Route is the method and path template of the route that answers a request, with the version that was asked for, or
// empty.
func (s *API) Route(r *http.Request) string {
	path, bad := normalize(r.URL.EscapedPath())
	if bad != nil {
		return ""
	}
	var match mux.RouteMatch
	if !routes().Match(at(canonical(path)), &match) || match.Handler.(methods)[r.Method] == nil {
		return ""
	}
	template, err := match.Route.GetPathTemplate()
	if err != nil { // every route has one
		return ""
	}
	return r.Method + " /" + match.Vars["version"] + strings.TrimPrefix(template, versions)
}
