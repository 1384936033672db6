package apiserver

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	jsonType     = "application/json"
	protobufType = "application/vnd.kubernetes.protobuf"

	// maxBody is the most bytes that an API server reads of a request.
	maxBody = 3 << 20
)

// magic starts a protobuf body; a runtime.Unknown message follows it.
var magic = []byte("k8s\x00")

// apiObject is what an API server reads and writes. Its struct has every member that the API's has, with or without a
// use for it here: what it does not have is an unknown field.
type apiObject interface {
	// head is the object's type; want is what it must be.
	head() (have *typeMeta, want typeMeta)
	// unpack reads the object's protobuf message, which does not have the type.
	unpack(raw []byte) error
}

type typeMeta struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
}

type objectMeta struct {
	Name                       string            `json:"name,omitempty"`
	GenerateName               string            `json:"generateName,omitempty"`
	Namespace                  string            `json:"namespace,omitempty"`
	SelfLink                   string            `json:"selfLink,omitempty"`
	UID                        string            `json:"uid,omitempty"`
	ResourceVersion            string            `json:"resourceVersion,omitempty"`
	Generation                 int64             `json:"generation,omitempty"`
	CreationTimestamp          string            `json:"creationTimestamp,omitempty"` // RFC 3339, whole seconds
	DeletionTimestamp          string            `json:"deletionTimestamp,omitempty"` // likewise
	DeletionGracePeriodSeconds *int64            `json:"deletionGracePeriodSeconds,omitempty"`
	Labels                     map[string]string `json:"labels,omitempty"`
	Annotations                map[string]string `json:"annotations,omitempty"`
	OwnerReferences            []ownerReference  `json:"ownerReferences,omitempty"`
	Finalizers                 []string          `json:"finalizers,omitempty"`
	ManagedFields              []managedFields   `json:"managedFields,omitempty"`
}

type ownerReference struct {
	APIVersion         string `json:"apiVersion"`
	Kind               string `json:"kind"`
	Name               string `json:"name"`
	UID                string `json:"uid"`
	Controller         *bool  `json:"controller,omitempty"`
	BlockOwnerDeletion *bool  `json:"blockOwnerDeletion,omitempty"`
}

type managedFields struct {
	Manager     string          `json:"manager,omitempty"`
	Operation   string          `json:"operation,omitempty"`
	APIVersion  string          `json:"apiVersion,omitempty"`
	Time        string          `json:"time,omitempty"`
	FieldsType  string          `json:"fieldsType,omitempty"`
	FieldsV1    json.RawMessage `json:"fieldsV1,omitempty"`
	Subresource string          `json:"subresource,omitempty"`
}

// own is what a client may say about an object, without what an API server sets or nothing here keeps.
func (m objectMeta) own() objectMeta {
	return objectMeta{Name: m.Name, GenerateName: m.GenerateName, Namespace: m.Namespace, Labels: m.Labels, Annotations: m.Annotations}
}

// readObject reads the body of a request into an object, whose type it completes, and the options of its query. Members
// that are unknown or doubled are told of in Warning headers, or refused where the options are strict. The error is a
// *status.
func readObject(w http.ResponseWriter, r *http.Request, into apiObject) (options createOptions, err error) {
	contentType := jsonType
	if given := r.Header.Get("Content-Type"); given != "" {
		media, _, err := mime.ParseMediaType(given)
		if err != nil || media != jsonType && media != protobufType {
			return options, unsupported()
		}
		contentType = media
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return options, tooLarge()
	case err != nil:
		return options, badRequest("%v", err)
	}
	if options, err = readOptions(r.URL.Query()); err != nil {
		return options, err
	}
	problems, err := decode(contentType, body, into)
	switch {
	case err != nil || len(problems) == 0:
		return options, err
	case options.fieldValidation == warnFields:
		warn(w.Header(), problems...)
	case options.fieldValidation == strictFields:
		_, want := into.head()
		_, version := cutVersion(want.APIVersion)
		return options, badRequest("%s in version %q cannot be handled as a %s: strict decoding error: %s",
			want.Kind, version, want.Kind, strings.Join(problems, ", "))
	}
	return options, nil
}

// cutVersion splits an apiVersion; the core group has no name.
func cutVersion(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}

// decode reads a body of one of the two types. A member kind or apiVersion that the body does not have is the expected
// one. The texts are inferred where k8s.io/apimachinery does not have them. The problems are what is unknown or doubled
// in JSON; in protobuf nobody looks.
func decode(contentType string, body []byte, into apiObject) (problems []string, err error) {
	have, want := into.head()
	known := false // the type was read, the rest was not
	if contentType == protobufType {
		known, err = decodeProtobuf(body, into)
	} else {
		known, problems, err = decodeJSON(body, into)
	}
	if have.Kind == "" {
		have.Kind = want.Kind
	}
	if have.APIVersion == "" {
		have.APIVersion = want.APIVersion
	}
	_, version := cutVersion(have.APIVersion)
	switch {
	case err != nil && known:
		return nil, badRequest("%s in version %q cannot be handled as a %s: %v", have.Kind, version, want.Kind, err)
	case err != nil:
		return nil, badRequest("the object provided is unrecognized (must be of type %s): %v (%s)", want.Kind, err, summary(body))
	case have.Kind != want.Kind:
		return nil, badRequest("%s in version %q cannot be handled as a %s: no kind %q is registered for version %q in scheme %q",
			have.Kind, version, want.Kind, have.Kind, have.APIVersion, "pkg/api/legacyscheme/scheme.go:30")
	case have.APIVersion != want.APIVersion:
		return nil, badRequest("the API version in the data (%s) does not match the expected API version (%s)", have.APIVersion, want.APIVersion)
	}
	return problems, nil
}

func decodeJSON(body []byte, into apiObject) (known bool, problems []string, err error) {
	var head typeMeta
	if err := json.Unmarshal(body, &head); err != nil {
		return false, nil, fmt.Errorf("couldn't get version/kind; json parse error: %w", err)
	}
	have, _ := into.head()
	exact, problems, err := exactMembers(body, into)
	if err == nil {
		err = json.Unmarshal(exact, into)
	}
	*have = head
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Struct != "" { // the platform's types are named like these, but exported
		wrong.Struct = strings.ToUpper(wrong.Struct[:1]) + wrong.Struct[1:]
	}
	return true, problems, err
}

func decodeProtobuf(body []byte, into apiObject) (known bool, err error) {
	switch {
	case len(body) == 0:
		return false, errors.New("empty data")
	case !bytes.HasPrefix(body, magic):
		return false, fmt.Errorf("provided data does not appear to be a protobuf message, expected prefix %v", magic)
	case len(body) == len(magic):
		return false, errors.New("empty body")
	}
	have, _ := into.head()
	var raw []byte
	err = eachField(body[len(magic):], func(number protowire.Number, value field) error {
		switch number {
		case 1:
			return eachField(value.bytes, func(number protowire.Number, value field) error {
				switch number {
				case 1:
					have.APIVersion = string(value.bytes)
				case 2:
					have.Kind = string(value.bytes)
				}
				return nil
			})
		case 2:
			raw = value.bytes
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	return true, into.unpack(raw)
}

// field is the value of a field of a protobuf message: of a string or a message its bytes, of a number the number.
type field struct {
	bytes  []byte
	number int64
}

// eachField calls visit for the fields of a message in their order.
func eachField(message []byte, visit func(protowire.Number, field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value field
		switch kind {
		case protowire.BytesType:
			value.bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(message)
			value.number = int64(v)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := visit(number, value); err != nil {
			return err
		}
	}
	return nil
}

// unpack reads an ObjectMeta.
func (m *objectMeta) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		switch number {
		case 1:
			m.Name = string(value.bytes)
		case 2:
			m.GenerateName = string(value.bytes)
		case 3:
			m.Namespace = string(value.bytes)
		case 5:
			m.UID = string(value.bytes)
		case 11:
			return unpackEntry(&m.Labels, value.bytes)
		case 12:
			return unpackEntry(&m.Annotations, value.bytes)
		}
		return nil
	})
}

// unpackEntry reads one entry of a map.
func unpackEntry(into *map[string]string, raw []byte) error {
	var key, value string
	err := eachField(raw, func(number protowire.Number, field field) error {
		switch number {
		case 1:
			key = string(field.bytes)
		case 2:
			value = string(field.bytes)
		}
		return nil
	})
	if err == nil {
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[key] = value
	}
	return err
}

// summary shows the start of a body that nobody understands: of JSON the text, of anything else in hexadecimal.
func summary(body []byte) string {
	const most = 30
	head, more := body, ""
	if len(body) > most {
		head, more = body[:most], " ..."
	}
	switch {
	case len(body) == 0:
		return "<empty>"
	case body[0] == '{':
		return string(head) + more
	}
	return hex.EncodeToString(head) + more
}
