package control_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// kinds are values of each type that JSON has.
var kinds = map[string]any{"string": "x", "number": 1.5, "integer": 7, "boolean": true, "array": []any{}, "object": map[string]any{}}

// resolve follows a reference to a schema of the document.
func (c *contract) resolve(schema map[string]any) map[string]any {
	for {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		schema = c.schemas[ref[strings.LastIndexByte(ref, '/')+1:]]
	}
}

// takes tells whether a schema takes values of a type.
func takes(schema map[string]any, kind string) bool {
	switch types := schema["type"].(type) {
	case nil:
		return true
	case string:
		return types == kind || types == "number" && kind == "integer"
	case []any:
		return slices.ContainsFunc(types, func(one any) bool { return takes(map[string]any{"type": one}, kind) })
	}
	return false
}

// mutation is a body that a route must refuse, naming a member.
type mutation struct {
	body   map[string]any
	member string
}

// mutations are what can be wrong with a body: each member missing, of each wrong type, and one that is unknown, at
// every depth of the objects in it.
func (c *contract) mutations(schema map[string]any, good map[string]any, path string) []mutation {
	var all []mutation
	with := func(name string, value any) map[string]any {
		changed := maps.Clone(good)
		changed[name] = value
		return changed
	}
	below := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	all = append(all, mutation{with("zzzz", 1), below("zzzz")})
	required, _ := schema["required"].([]any)
	for _, name := range required {
		without := maps.Clone(good)
		delete(without, name.(string))
		all = append(all, mutation{without, below(name.(string))}, mutation{with(name.(string), nil), below(name.(string))})
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		property := c.resolve(property.(map[string]any))
		for kind, value := range kinds {
			if !takes(property, kind) {
				all = append(all, mutation{with(name, value), below(name)})
			}
		}
		if property["additionalProperties"] == false && strings.Count(path, ".") < 4 {
			inner, _ := good[name].(map[string]any)
			for _, m := range c.mutations(property, orEmpty(inner), below(name)) {
				all = append(all, mutation{with(name, m.body), m.member})
			}
		}
		items, _ := property["items"].(map[string]any)
		if items = c.resolve(items); items["additionalProperties"] == false && strings.Count(path, ".") < 4 {
			for _, m := range c.mutations(items, c.smallest(items), below(name)+"[0]") {
				all = append(all, mutation{with(name, []any{m.body}), m.member})
			}
		} else if items["type"] == "string" {
			all = append(all, mutation{with(name, []any{1}), below(name) + "[0]"})
		}
	}
	return all
}

func orEmpty(object map[string]any) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return object
}

// smallest is an object with what a schema requires and no more.
func (c *contract) smallest(schema map[string]any) map[string]any {
	object := map[string]any{}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		property := c.resolve(schema["properties"].(map[string]any)[name.(string)].(map[string]any))
		for kind, value := range kinds {
			if takes(property, kind) {
				object[name.(string)] = value
			}
		}
	}
	return object
}

// anyVars are values for all variables of paths.
var anyVars = map[string]string{"trace": "t", "application": "demo", "credential": "x", "workload": "x", "fault": "x"}

// TestMutations sends to every route with a body everything that can be wrong with its example: the answer names the
// member, and the document's validator refuses the request as well.
func TestMutations(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	total := 0
	for _, id := range slices.Sorted(maps.Keys(c.operations)) {
		op := c.operations[id]
		content, ok := op.RequestBody.Content["application/json"]
		if _, isFile := op.RequestBody.Content["application/yaml"]; !ok || isFile {
			continue
		}
		schema := c.resolve(content.Schema)
		good, _ := content.Example.(map[string]any)
		if good == nil {
			t.Errorf("%s has no example", id)
			continue
		}
		seen := map[string]bool{}
		for _, m := range c.mutations(schema, good, "") {
			raw, err := json.Marshal(m.body)
			if err != nil {
				t.Fatal(err)
			}
			a := ask{op: id, vars: anyVars, body: string(raw)}
			status, answer := c.send(a)
			if status != http.StatusBadRequest || answer["member"] != m.member {
				t.Errorf("%s: %.200s: status %d, %v; want one about %s", id, raw, status, answer, m.member)
			}
			if key := m.member; !seen[key] { // the other validator is slow: one mistake of each member is enough
				seen[key] = true
				if ok, _ := c.validator.ValidateHttpRequest(c.request(a)); ok {
					t.Errorf("%s: the document allows %.200s", id, raw)
				}
			}
			total++
		}
	}
	if total < 500 {
		t.Errorf("%d mutations, want many more", total)
	}
	t.Logf("%d mutations", total)
}

// TestHuge sends to every route with a body texts as long as a body may be, and longer ones, and more brackets than a
// parser should see: the answer is never the farm's own failure.
func TestHuge(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	huge := strings.Repeat("x", 900<<10)
	for _, id := range slices.Sorted(maps.Keys(c.operations)) {
		op := c.operations[id]
		content, ok := op.RequestBody.Content["application/json"]
		if !ok {
			continue
		}
		example, mediaType := op.example()
		if mediaType == "application/json" {
			if status, answer := c.send(ask{op: id, vars: anyVars, body: example + strings.Repeat(" ", 1<<20)}); status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: more than 1 MiB: status %d, %v", id, status, answer)
			}
		}
		deep := `{"x":` + strings.Repeat(`{"x":[`, 10000) + strings.Repeat(`]}`, 10000) + `}`
		if status, answer := c.send(ask{op: id, vars: anyVars, body: deep}); status != http.StatusBadRequest {
			t.Errorf("%s: 20,000 brackets: status %d, %.200v", id, status, answer)
		}
		properties, _ := c.resolve(content.Schema)["properties"].(map[string]any)
		good, _ := content.Example.(map[string]any)
		for name, property := range properties {
			if !takes(c.resolve(property.(map[string]any)), "string") || good == nil {
				continue
			}
			changed := maps.Clone(good)
			changed[name] = huge
			raw, err := json.Marshal(changed)
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := c.send(ask{op: id, vars: anyVars, body: string(raw)}); status >= http.StatusInternalServerError {
				t.Errorf("%s: a long %s: status %d, %.200v", id, name, status, answer)
			} else if text := fmt.Sprint(answer["error"]); status != http.StatusOK && len(text) > 8<<10 {
				t.Errorf("%s: a long %s: an error of %d bytes", id, name, len(text))
			}
		}
	}
}

// TestBadPathsAndQueries asks every route for what is not there, and with parameters that it does not take.
func TestBadPathsAndQueries(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	for _, id := range slices.Sorted(maps.Keys(c.operations)) {
		op := c.operations[id]
		if status, answer := c.send(ask{op: id, vars: anyVars, query: "?zzzz=1"}); status != http.StatusBadRequest || answer["member"] != "zzzz" {
			t.Errorf("%s: an unknown parameter: status %d, %v", id, status, answer)
		}
		for _, p := range op.Parameters {
			switch bad := map[any]string{"integer": "x", "boolean": "perhaps"}[p.Schema["type"]]; {
			case p.In != "query" || bad == "" && p.Name != "wait" && p.Schema["enum"] == nil:
			default:
				a := ask{op: id, vars: anyVars, query: "?" + p.Name + "=" + bad}
				if status, answer := c.send(a); status != http.StatusBadRequest || answer["member"] != p.Name {
					t.Errorf("%s: %s: status %d, %v", id, a.query, status, answer)
				}
				if ok, _ := c.validator.ValidateHttpRequest(c.request(a)); ok {
					t.Errorf("%s: the document allows %s", id, a.query)
				}
			}
		}
		if !strings.Contains(op.path, "{world}") {
			continue
		}
		vars := maps.Clone(anyVars)
		vars["world"] = "nobody"
		if status, answer := c.send(ask{op: id, vars: vars}); status != http.StatusNotFound {
			t.Errorf("%s in an unknown world: status %d, %v", id, status, answer)
		}
		if strings.Count(op.path, "{") > 1 && id != "clearFault" {
			vars := map[string]string{"application": "nobody", "credential": "nobody", "workload": "nobody"}
			if status, answer := c.send(ask{op: id, vars: vars}); status != http.StatusNotFound {
				t.Errorf("%s of nobody: status %d, %v", id, status, answer)
			}
		}
	}
}
