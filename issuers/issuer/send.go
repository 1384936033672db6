package issuer

import (
	"io"
	"net/http"
)

// maxReply bounds what Send reads; tokens have a few thousand bytes.
const maxReply = 1 << 20

// Send sends a request of a Native.Fetch, and returns the answer with what it has read of the body: at most 1 MiB.
func Send(client *http.Client, req *http.Request) (*http.Response, []byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return resp, body, err
}
