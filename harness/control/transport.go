package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds an answer in bytes. A directory as large as there may be is a quarter of it.
const maxAnswer = 64 << 20

// defaultClient gives up on a farm that does not answer, and keeps the bearer token from the proxies of the
// environment.
var defaultClient = &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Minute}, Timeout: time.Minute}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("control: %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	return c.send(ctx, request{method, path, "application/json", body, 0}, out)
}

// request is one for a route.
type request struct {
	method, path, contentType string
	body                      io.Reader     // nil: it has none
	wait                      time.Duration // how long the farm may hold the answer back
}

// send makes a request and decodes the answer.
func (c *Client) send(ctx context.Context, r request, out any) error {
	address := strings.TrimSuffix(c.URL, "/") + r.path
	req, err := http.NewRequestWithContext(ctx, r.method, address, r.body)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if r.body != nil {
		req.Header.Set("Content-Type", r.contentType)
	}
	client := *cmp.Or(c.HTTP, defaultClient)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // no farm redirects
	if client.Timeout > 0 {
		client.Timeout += r.wait
	}
	resp, err := client.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	answer := http.MaxBytesReader(nil, resp.Body, maxAnswer)
	if resp.StatusCode != http.StatusOK {
		refusal := &Error{Status: resp.StatusCode}
		raw, _ := io.ReadAll(io.LimitReader(answer, maxBody))
		if json.Unmarshal(raw, refusal) != nil || refusal.Message == "" {
			return &AnswerError{c.URL, fmt.Errorf("%s %s: %s", r.method, address, resp.Status)}
		}
		return refusal
	}
	if out == nil {
		if _, err = io.Copy(io.Discard, answer); err != nil { // so that the connection is used again
			return c.unreachable(ctx, err)
		}
		return nil
	}
	dec := json.NewDecoder(answer)
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		if cut := net.Error(nil); ctx.Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &cut) {
			return c.unreachable(ctx, err) // it has ended in the middle of its answer
		}
		return &AnswerError{c.URL, fmt.Errorf("%s %s: answer: %w", r.method, address, err)}
	}
	return nil
}

// AnswerError is that what answers where a client looks for a farm is none.
type AnswerError struct {
	URL string // of the control plane
	Err error  // what was asked, and what came
}

// Error says where, and what came.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("control: what answers at %s is no farm's control plane: %s", e.URL, e.Err)
}

// Unwrap is what came.
func (e *AnswerError) Unwrap() error { return e.Err }

// UnreachableError is that no farm answers where a client looks for one.
type UnreachableError struct {
	URL string // of the control plane
	Err error  // why
}

// Error says where, why, and what to do.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("control: no farm answers at %s: %s; \"issuerd serve\" starts one and says where it is", e.URL, e.Err)
}

// Unwrap is why.
func (e *UnreachableError) Unwrap() error { return e.Err }

// unreachable is an UnreachableError, unless the caller did not want to wait any longer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("control: %w", err)
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return &UnreachableError{c.URL, err}
}
