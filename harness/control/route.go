package control

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/wording"
)

// route is a row of the table of the API, from which come the router, the OpenAPI document and the documentation.
type route struct {
	id     string // the operationId of OpenAPI
	method string
	path   string
	about  string // what it does, in a sentence
	query  []parameter
	in     reflect.Type // of the request's body; of empty: it has none
	out    reflect.Type // of the answer
	sample string       // a body for it, in JSON; empty: it has none
	serve  func(*call) (any, error)
}

// routes is the table. What belongs to one world comes after what does not.
func routes() []route {
	return slices.Concat(farmRoutes, issuerRoutes, directoryRoutes, workloadRoutes, journalRoutes)
}

// empty is the body of a request that has none, and of an answer that says nothing.
type empty struct{}

// onFarm makes a row of the table that belongs to no world.
func onFarm[In, Out any](id, method, path, about string, query []parameter, do func(*call, In) (Out, error)) route {
	schema := sync.OnceValue(func() *jsonschema.Schema { return schemaOf(reflect.TypeFor[In]()) })
	return route{
		id: id, method: method, path: path, about: about, query: query, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		serve: func(c *call) (any, error) {
			var in In
			if err := c.read(&in, schema); err != nil {
				return nil, err
			}
			return do(c, in)
		},
	}
}

// example gives a row a body to show.
func (r route) example(body string) route {
	r.sample = body
	return r
}

// onWorld makes a row of the table that belongs to a world. Its path is the one below the world's.
func onWorld[In, Out any](id, method, path, about string, query []parameter, do func(*call, LiveWorld, In) (Out, error)) route {
	return onFarm(id, method, "/v1/worlds/{world}"+path, about, query, func(c *call, in In) (Out, error) {
		w, err := c.world()
		if err != nil {
			var none Out
			return none, err
		}
		return do(c, w, in)
	})
}

// call is a request for a route.
type call struct {
	*http.Request
	server *Server
	writer http.ResponseWriter
	query  url.Values
}

// world is the one that the path names.
func (c *call) world() (LiveWorld, error) { return c.server.World(c.variable("world")) }

// variable is a part of the path. The router leaves it escaped, so that an escaped slash does not end it.
func (c *call) variable(name string) string {
	escaped := mux.Vars(c.Request)[name]
	if value, err := url.PathUnescape(escaped); err == nil {
		return value
	}
	return escaped
}

// router answers what is in the table. A path that is there with another method is a 405 that says which ones it has,
// and any other path is a 404 that says which path is near.
func (s *Server) router() http.Handler {
	byPath := map[string]map[string]route{}
	for _, r := range routes() {
		if byPath[r.path] == nil {
			byPath[r.path] = map[string]route{}
		}
		byPath[r.path][r.method] = r
	}
	router := mux.NewRouter().UseEncodedPath()
	for path, methods := range byPath {
		allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		router.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			found, ok := methods[r.Method]
			if !ok {
				w.Header().Set("Allow", allowed)
				refuse(w, &Error{Status: http.StatusMethodNotAllowed, Message: fmt.Sprintf("control: %s takes %s, not %s", path, allowed, r.Method)})
				return
			}
			s.answer(found, w, r)
		})
	}
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, &Error{
			Status: http.StatusNotFound, Message: fmt.Sprintf("control: no route %s %s", r.Method, r.URL.EscapedPath()),
			Hint: near(r.URL.EscapedPath(), slices.Collect(maps.Keys(byPath))),
		})
	})
	return router
}

// answer serves a request for a route.
func (s *Server) answer(route route, w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, server: s, writer: w}
	var err error
	if c.query, err = readQuery(r.URL.RawQuery, route.query); err != nil {
		refuse(w, err)
		return
	}
	out, err := route.serve(c)
	switch {
	case err != nil:
		refuse(w, err)
	case route.out != typeOfStream: // which is sent already
		send(w, http.StatusOK, out)
	}
}

// near hints at the path of the table that is nearest to one that is not there.
func near(path string, known []string) string {
	given := strings.Split(path, "/")
	for i, template := range known {
		segments := strings.Split(template, "/")
		for j, segment := range segments {
			if strings.HasPrefix(segment, "{") && j < len(given) && given[j] != "" {
				segments[j] = given[j]
			}
		}
		known[i] = strings.Join(segments, "/")
	}
	return cmp.Or(wording.DidYouMean(path, known), "GET /openapi.json has all routes")
}
