package spiffe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// fetch asks the Workload API for a JWT-SVID. The API does not speak HTTP as an http.Client does, so the client is not
// used. The text of a refusal is that of go-spiffe's error, with the status' name.
func fetch(ctx context.Context, _ *http.Client, found issuer.Found, audience string) (string, error) {
	socket := found.Env[endpointVariable]
	if socket == "" {
		return "", fmt.Errorf("spiffe: the environment has no %s", endpointVariable)
	}
	conn, err := grpc.NewClient(socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return "", fmt.Errorf("spiffe: workload api: %w", err)
	}
	defer conn.Close()
	var request workload.JWTSVIDRequest
	if audience != "" {
		request.Audience = []string{audience}
	}
	var server peer.Peer // set once there is a connection
	response, err := workload.NewSpiffeWorkloadAPIClient(conn).FetchJWTSVID(
		metadata.AppendToOutgoingContext(ctx, securityHeader, "true"), &request, grpc.Peer(&server))
	switch {
	case err != nil && (ctx.Err() != nil || server.Addr == nil):
		return "", fmt.Errorf("spiffe: workload api: %w", err)
	case err != nil:
		return "", &issuer.Refused{Message: err.Error()}
	case len(response.Svids) == 0:
		return "", errors.New("spiffe: workload api: there were no SVIDs in the response")
	}
	return response.Svids[0].Svid, nil
}
