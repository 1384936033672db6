package spiffe_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
)

func (a *agent) record(route, _ string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recorded = append(a.recorded, fmt.Sprint(strings.TrimPrefix(route, "/SpiffeWorkloadAPI/"), " ", status))
}

// TestRecord has calls recorded with the status they had, and a stream as soon as it has begun.
func TestRecord(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client := a.dial(t)
	svid := func(ctx context.Context) error {
		stream, err := client.FetchX509SVID(ctx, &workload.X509SVIDRequest{})
		return first(stream, err)
	}
	token := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.FetchJWTSVID(ctx, &workload.JWTSVIDRequest{Audience: []string{"a"}, SpiffeId: id})
			return err
		}
	}
	for _, tt := range []struct {
		ctx  context.Context
		call func(context.Context) error
		want string
	}{
		{withHeader(t.Context()), token(""), "FetchJWTSVID 200"},
		{t.Context(), token(""), "FetchJWTSVID 400"},
		{withHeader(t.Context()), token(workerID + "2"), "FetchJWTSVID 403"},
		{withHeader(t.Context()), svid, "FetchX509SVID 200"},
		{t.Context(), svid, "FetchX509SVID 400"},
		{withHeader(t.Context()), func(ctx context.Context) error {
			stream, err := client.FetchWITSVID(ctx, &workload.WITSVIDRequest{})
			return first(stream, err)
		}, "FetchWITSVID 501"},
	} {
		a.mu.Lock()
		a.recorded = nil
		a.mu.Unlock()
		err := tt.call(tt.ctx)
		if (err == nil) != strings.HasSuffix(tt.want, "200") {
			t.Errorf("%s: error %v", tt.want, err)
		}
		a.mu.Lock()
		if diff := cmp.Diff([]string{tt.want}, a.recorded); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
		a.mu.Unlock()
	}
}
