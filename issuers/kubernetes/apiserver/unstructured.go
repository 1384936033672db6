package apiserver

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// maxUnstructured bounds what client-go shows of an answer, in bytes.
const maxUnstructured = 2048

// refusalText is what client-go makes of a refused request for a service account's token: the message of a Status, or
// for an answer that is none a text that depends on the code. [k8s.io/client-go v0.37.2, rest/request.go;
// k8s.io/apimachinery, pkg/api/errors/errors.go]
func refusalText(answer *http.Response, body []byte, account string) string {
	var said status
	if err := json.Unmarshal(body, &said); err == nil && said.Kind == "Status" {
		return said.Message
	}
	shown := "unknown"
	if media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err == nil && strings.HasPrefix(media, "text/") {
		shown = strings.TrimSpace(string(body[:min(len(body), maxUnstructured)]))
	}
	return fmt.Sprintf("%s (post serviceaccounts %s)", unstructured(answer.StatusCode, shown), account)
}

// unstructured is the text for a code, which for some codes is the server's own.
func unstructured(code int, shown string) string {
	switch code {
	case http.StatusBadRequest:
		return "the server rejected our request for an unknown reason"
	case http.StatusUnauthorized:
		return "the server has asked for the client to provide credentials"
	case http.StatusForbidden, http.StatusUnsupportedMediaType:
		return shown
	case http.StatusNotFound:
		return "the server could not find the requested resource"
	case http.StatusMethodNotAllowed:
		return "the server does not allow this method on the requested resource"
	case http.StatusNotAcceptable:
		if shown == "" || shown == "unknown" {
			return "the server was unable to respond with a content type that the client supports"
		}
		return shown
	case http.StatusConflict:
		return "the server reported a conflict"
	case http.StatusUnprocessableEntity:
		return "the server rejected our request due to an error in our request"
	case http.StatusTooManyRequests:
		return "the server has received too many requests and has asked us to try again later"
	case http.StatusServiceUnavailable:
		return "the server is currently unable to handle the request"
	case http.StatusGatewayTimeout:
		return "the server was unable to return a response in the time allotted, but may still be processing the request"
	}
	if code >= http.StatusInternalServerError {
		return fmt.Sprintf("an error on the server (%q) has prevented the request from succeeding", shown)
	}
	return fmt.Sprintf("the server responded with the status code %d but did not return more information", code)
}
