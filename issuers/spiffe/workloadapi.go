package spiffe

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// workloadAPI answers as the Workload API of a SPIRE agent does for a workload with one registration entry. Statuses
// and texts are those of spiffe/spire, pkg/agent/endpoints/workload/handler.go.
type workloadAPI struct {
	workload.UnimplementedSpiffeWorkloadAPIServer
	workload  issuer.Workload
	id        spiffeid.ID
	authority *authority
}

// FetchJWTSVID mints at every call, where an agent hands out the same token for half its life.
func (a *workloadAPI) FetchJWTSVID(_ context.Context, req *workload.JWTSVIDRequest) (*workload.JWTSVIDResponse, error) {
	if len(req.Audience) == 0 {
		return nil, status.Error(codes.InvalidArgument, "audience must be specified")
	}
	if req.SpiffeId != "" {
		if _, err := spiffeid.FromString(req.SpiffeId); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "invalid requested SPIFFE ID: %v", err)
		}
		if req.SpiffeId != a.id.String() {
			return nil, status.Error(codes.PermissionDenied, "no identity issued")
		}
	}
	audience := slices.DeleteFunc(slices.Clone(req.Audience), func(s string) bool { return s == "" }) // as the server does
	if len(audience) == 0 {                                                                           // what go-spiffe sends for no audience
		return nil, notSigned("invalid JWT-SVID audience: cannot be empty")
	}
	token, err := a.workload.Mint(issuer.Request{Audience: audience})
	if err != nil {
		return nil, notSigned(err.Error())
	}
	return &workload.JWTSVIDResponse{Svids: []*workload.JWTSVID{{SpiffeId: a.id.String(), Svid: token.Raw}}}, nil
}

// notSigned is what an agent says when its server would not sign. A real one says so after it has tried for 30 seconds.
func notSigned(reason string) error {
	server := status.Error(codes.Internal, "failed to sign JWT-SVID: "+reason)
	return status.Errorf(codes.Unavailable, "could not fetch JWT-SVID: failed to fetch JWT SVID: %v", server)
}

// FetchJWTBundles sends the keys of JWT-SVIDs now, and again whenever they change.
func (a *workloadAPI) FetchJWTBundles(_ *workload.JWTBundlesRequest, stream grpc.ServerStreamingServer[workload.JWTBundlesResponse]) error {
	return follow(a, stream, func(trust) (*workload.JWTBundlesResponse, error) {
		keys, err := jwtKeys(a.workload.Issuer)
		if err != nil {
			return nil, err
		}
		bundle, err := marshalBundle(keys)
		return &workload.JWTBundlesResponse{Bundles: map[string][]byte{a.id.TrustDomain().IDString(): bundle}}, err
	})
}

// ValidateJWTSVID checks a token of the trust domain.
func (a *workloadAPI) ValidateJWTSVID(_ context.Context, req *workload.ValidateJWTSVIDRequest) (*workload.ValidateJWTSVIDResponse, error) {
	if req.Audience == "" {
		return nil, status.Error(codes.InvalidArgument, "audience must be specified")
	}
	if req.Svid == "" {
		return nil, status.Error(codes.InvalidArgument, "svid must be specified")
	}
	keys, err := jwtKeys(a.workload.Issuer)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	id, claims, err := validate(req.Svid, req.Audience, a.id.TrustDomain(), keys, a.workload.Now())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	members, err := toStruct(claims)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &workload.ValidateJWTSVIDResponse{SpiffeId: id.String(), Claims: members}, nil
}

// FetchX509SVID sends the workload's X.509-SVID with its key now, and again whenever it is replaced.
func (a *workloadAPI) FetchX509SVID(_ *workload.X509SVIDRequest, stream grpc.ServerStreamingServer[workload.X509SVIDResponse]) error {
	return follow(a, stream, func(now trust) (*workload.X509SVIDResponse, error) {
		return &workload.X509SVIDResponse{Svids: []*workload.X509SVID{{
			SpiffeId: a.id.String(), X509Svid: now.svid, X509SvidKey: now.key, Bundle: now.rootsDER(),
		}}}, nil
	})
}

// FetchX509Bundles sends the roots of X.509-SVIDs now, and again whenever they change.
func (a *workloadAPI) FetchX509Bundles(_ *workload.X509BundlesRequest, stream grpc.ServerStreamingServer[workload.X509BundlesResponse]) error {
	return follow(a, stream, func(now trust) (*workload.X509BundlesResponse, error) {
		return &workload.X509BundlesResponse{Bundles: map[string][]byte{a.id.TrustDomain().IDString(): now.rootsDER()}}, nil
	})
}

// FetchWITSVID is newer than what SPIRE has.
func (a *workloadAPI) FetchWITSVID(*workload.WITSVIDRequest, grpc.ServerStreamingServer[workload.WITSVIDResponse]) error {
	return status.Error(codes.Unimplemented, "fetching WIT-SVIDs is not implemented")
}

// FetchWITBundles is newer than what SPIRE has.
func (a *workloadAPI) FetchWITBundles(*workload.WITBundlesRequest, grpc.ServerStreamingServer[workload.WITBundlesResponse]) error {
	return status.Error(codes.Unimplemented, "fetching WIT bundles is not implemented")
}

// follow sends what compose makes of the trust domain, and again after each change that alters it, until the client
// goes. Time changes it by the issuers' clock, which may be moved.
func follow[R any, P interface {
	*R
	proto.Message
}](a *workloadAPI, stream grpc.ServerStreamingServer[R], compose func(trust) (P, error)) error {
	var sent P
	for {
		rotated := a.workload.Issuer.Changed() // before the state is read
		now, err := a.authority.current()
		var answer P
		if err == nil {
			answer, err = compose(now)
		}
		if err != nil {
			return status.Errorf(codes.Unavailable, "could not serialize response: %v", err)
		}
		if sent == nil || !proto.Equal(sent, answer) {
			if err := stream.Send(answer); err != nil {
				return err
			}
			sent = answer
		}
		due, cancel := a.workload.Until(now.renew)
		select {
		case <-rotated:
		case <-due:
		case <-stream.Context().Done():
			cancel()
			return nil
		}
		cancel()
	}
}

// admitUnary refuses calls that may come from a browser: each must carry the metadata workload.spiffe.io: true. It
// records every call.
func (a *workloadAPI) admitUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	if err = admit(ctx, info.FullMethod); err == nil {
		answer, err = next(ctx, req)
	}
	a.record(ctx, info.FullMethod, err)
	return answer, err
}

// admitStream is admitUnary for streams. A stream that goes on is recorded when its first message is sent.
func (a *workloadAPI) admitStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if a.workload.Begin != nil {
		defer a.workload.Begin()()
	}
	recorded := recordedStream{ServerStream: stream, first: func() { a.record(stream.Context(), info.FullMethod, nil) }}
	err := admit(stream.Context(), info.FullMethod)
	if err == nil {
		err = next(server, &recorded)
	}
	if !recorded.sent {
		a.record(stream.Context(), info.FullMethod, err)
	}
	return err
}

// recordedStream tells when its first message is sent.
type recordedStream struct {
	grpc.ServerStream
	first func()
	sent  bool
}

// SendMsg implements grpc.ServerStream, which is not safe for concurrent use.
func (s *recordedStream) SendMsg(m any) error {
	if !s.sent {
		s.sent = true
		s.first() // before the client has it, who may look at once
	}
	return s.ServerStream.SendMsg(m)
}

func (a *workloadAPI) record(ctx context.Context, method string, err error) {
	if a.workload.Record != nil {
		a.workload.Record(method, strings.Join(metadata.ValueFromIncomingContext(ctx, "user-agent"), " "), httpStatus(status.Code(err)))
	}
}

// httpStatus is what stands for a gRPC status in the journal: the mapping of google/rpc/code.proto, for the statuses
// that there are here.
func httpStatus(code codes.Code) int {
	switch code {
	case codes.OK:
		return http.StatusOK
	case codes.Canceled:
		return 499 // client closed request
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

func admit(ctx context.Context, method string) error {
	if !strings.HasPrefix(method, "/SpiffeWorkloadAPI/") {
		return nil
	}
	if !slices.Equal(metadata.ValueFromIncomingContext(ctx, securityHeader), []string{"true"}) {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	return nil
}

// securityHeader is the metadata that every call carries.
const securityHeader = "workload.spiffe.io"
