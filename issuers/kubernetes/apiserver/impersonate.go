package apiserver

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The headers with which kubectl --as and its like ask to act as somebody else.
const (
	impersonateUser  = "Impersonate-User"
	impersonateUID   = "Impersonate-Uid"
	impersonateGroup = "Impersonate-Group"
	impersonateExtra = "Impersonate-Extra-" // and a key
)

const (
	nodePrefix = "system:node:"
	nodesGroup = "system:nodes"
)

// wanted is the user whom a request asks to act as; ok is false when it asks for nobody. The error is a *status. The
// rules and texts are those of k8s.io/apiserver v0.36.3, pkg/endpoints/filters/impersonation, here and below.
func wanted(h http.Header) (user userInfo, ok bool, err error) {
	user = userInfo{Username: h.Get(impersonateUser), UID: h.Get(impersonateUID), Groups: slices.Clone(h.Values(impersonateGroup))}
	more := false
	for header, values := range h {
		name, isExtra := strings.CutPrefix(header, impersonateExtra)
		if !isExtra {
			continue
		}
		more = true
		key := strings.ToLower(name)
		if decoded, err := url.PathUnescape(key); err == nil {
			key = decoded
		}
		if user.Extra == nil {
			user.Extra = map[string][]string{}
		}
		user.Extra[key] = append(user.Extra[key], values...)
	}
	if user.Username != "" {
		return user, true, nil
	}
	if user.UID != "" || len(user.Groups) > 0 || more {
		return user, false, badRequest("requested &user.DefaultInfo{Name:%#v, UID:%#v, Groups:%#v, Extra:%#v} without impersonating a user name",
			user.Username, user.UID, user.Groups, user.Extra)
	}
	return user, false, nil
}

// impersonate returns who a request of the user is from after all: who it asks to act as, if the user may have that, or
// else the user. Of the roles that there are here, cluster-admin alone lets anybody act as somebody else. The error is
// a *status.
func impersonate(requestor userInfo, h http.Header, a attributes) (userInfo, error) {
	user, ok, err := wanted(h)
	if err != nil || !ok {
		return requestor, err
	}
	if !slices.Contains(requestor.Groups, masters) {
		return requestor, mayNotImpersonate(requestor, user, a)
	}
	alone := user.UID == "" && len(user.Groups) == 0 && len(user.Extra) == 0
	if _, isNode := nodeOf(user.Username); isNode && alone {
		user.Groups = []string{nodesGroup}
	}
	if namespace, _, isAccount := accountOf(user.Username); isAccount && len(user.Groups) == 0 {
		user.Groups = accountGroups(namespace)
	}
	switch {
	case user.Username == anonymous().Username:
		user.Groups = withGroup(user.Groups, unauthenticated)
	case !slices.Contains(user.Groups, unauthenticated):
		user.Groups = withGroup(user.Groups, authenticated)
	}
	return user, nil
}

// mayNotImpersonate is the refusal of the first way to impersonate that is open to such a user: by node, by service
// account or by anything that makes a user up, each for what the request is about; and for the rest the way of releases
// before 1.35.
func mayNotImpersonate(requestor, user userInfo, a attributes) error {
	alone := user.UID == "" && len(user.Groups) == 0 && len(user.Extra) == 0
	node, isNode := nodeOf(user.Username)
	namespace, name, isAccount := accountOf(user.Username)
	mode := ""
	switch {
	case isNode && alone:
		mode = "arbitrary-node"
		if _, _, ok := accountOf(requestor.Username); ok && slices.Equal(requestor.Extra[extra+"node-name"], []string{node}) {
			mode = "associated-node"
		}
	case isAccount && alone:
		mode = "serviceaccount"
	case !isNode && !isAccount:
		mode = "user-info"
	case isAccount:
		return refused(requestor, attributes{verb: "impersonate", resource: serviceAccounts, namespace: namespace, name: name})
	default:
		return refused(requestor, attributes{verb: "impersonate", resource: resource{name: "users"}, name: user.Username})
	}
	a.verb = fmt.Sprintf("impersonate-on:%s:%s", mode, a.verb)
	return refused(requestor, a)
}

// nodeOf reads the name of a node's user.
func nodeOf(user string) (name string, ok bool) {
	name, ok = strings.CutPrefix(user, nodePrefix)
	return name, ok && len(name) <= dnsMost && dnsSubdomain.MatchString(name)
}

// accountOf reads the name of a service account's user.
func accountOf(user string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(user, UserPrefix)
	namespace, name, two := strings.Cut(rest, ":")
	return namespace, name, ok && two && len(namespace) <= labelMost && dnsLabel.MatchString(namespace) &&
		len(name) <= dnsMost && dnsSubdomain.MatchString(name)
}

// accountGroups are the groups of a service account that shows a token, but for system:authenticated.
func accountGroups(namespace string) []string {
	return []string{allAccounts, allAccounts + ":" + namespace}
}

func withGroup(groups []string, group string) []string {
	if slices.Contains(groups, group) {
		return groups
	}
	return append(slices.Clone(groups), group)
}
