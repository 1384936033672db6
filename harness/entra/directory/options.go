package directory

import (
	"errors"
	"slices"
	"time"

	"github.com/issuerd/issuerd/harness/entra/expression"
)

// MatchOrder is the order in which audience and subject are compared.
type MatchOrder string

// The orders there are. Entra's is not known; that 700212 (audience) comes
// before 700213 (subject) suggests the first.
const (
	AudienceFirst MatchOrder = "audience-first"
	SubjectFirst  MatchOrder = "subject-first"
)

// Options are the behaviours of Entra that are not documented. Each default is
// unconfirmed. Zero durations mean zero, and FetchTimeout must be more; [DefaultOptions] has the defaults.
type Options struct {
	// ClockSkew is how far exp and nbf may be off. Default 5m: it is the default of
	// Microsoft's libraries, and Entra back-dates its own tokens by as much.
	ClockSkew time.Duration `json:"clockSkew"`
	// KeyCacheTTL is how long an issuer's keys are kept. Default 1h: users report up to
	// about an hour after a rotation.
	KeyCacheTTL time.Duration `json:"keyCacheTTL"`
	// RefetchInterval is how old an issuer's keys must be before a kid that is not among them has the issuer's
	// documents fetched again. Default 5m; reports say only that it is not at once, and takes up to about an hour
	// (Azure/azure-workload-identity#1232, #616).
	RefetchInterval time.Duration `json:"refetchInterval"`
	// StaleKeys is how long beyond KeyCacheTTL keys are used while the issuer cannot be read. Default 0: that Entra
	// does so is not known, and refusing is the safe side.
	StaleKeys time.Duration `json:"staleKeys"`
	// NewIssuerDelay is how long the keys of an issuer that was never asked for before are not found (AADSTS7000272).
	// Default 0; users report twenty minutes and more for a new issuer.
	NewIssuerDelay time.Duration `json:"newIssuerDelay"`
	// FetchTimeout is how long an issuer may take to answer for both of its documents. Default 30s; Entra's is not
	// known.
	FetchTimeout time.Duration `json:"fetchTimeout"`
	// MaxDocumentBytes bounds a document of an issuer. Default 1048576; Entra's bound is not known. At most 16777216.
	MaxDocumentBytes int `json:"maxDocumentBytes"`
	// FollowRedirects follows redirects of an issuer, to https. Default false: that Entra does is not known.
	FollowRedirects bool `json:"followRedirects"`
	// AnyDiscoveryIssuer accepts a discovery document whose issuer is not the one asked for. Default false: OpenID
	// Connect Discovery forbids it, though no public log shows that Entra refuses it.
	AnyDiscoveryIssuer bool `json:"anyDiscoveryIssuer"`
	// RefuseEmptyAuthorizationEndpoint refuses a discovery document whose authorization_endpoint is an empty text.
	// Default false: every document of SPIRE's has one, and the walkthrough that Microsoft's page on SPIFFE links
	// (blog.identitydigest.com/azuread-federate-spiffe) and Red Hat's guide for Entra federate such documents. The one
	// report of a refusal had an empty subject_types_supported too, which is always refused.
	RefuseEmptyAuthorizationEndpoint bool `json:"refuseEmptyAuthorizationEndpoint"`
	// DiscoveryFailureCode is the code when the discovery document cannot be read: 501661, 90061 or 50166, which have
	// one text. Default 501661, the newest.
	DiscoveryFailureCode int `json:"discoveryFailureCode" jsonschema:"enum=501661,enum=90061,enum=50166"`
	// RefuseKeysWithoutUse ignores keys of a JWKS without "use". Default false: that such keys work is inferred from
	// their being common.
	RefuseKeysWithoutUse bool `json:"refuseKeysWithoutUse"`
	// RefusePSS refuses the algorithms PS256, PS384 and PS512. Default false: the error of 2025 lists them, that of
	// 2023 does not.
	RefusePSS bool `json:"refusePSS"`
	// TimeBeforeSignature checks lifetime and time of an assertion before its key and signature. Default false; the
	// order is not known.
	TimeBeforeSignature bool `json:"timeBeforeSignature"`
	// MatchOrder is the order of audience and subject. Default AudienceFirst.
	MatchOrder MatchOrder `json:"matchOrder" jsonschema:"enum=audience-first,enum=subject-first"`
	// AudienceLists accepts an aud of several values of which one matches. Default false:
	// only one value, alone or in a list, is known to work.
	AudienceLists bool `json:"audienceLists"`
	// EmptyWildcard lets * in a flexible expression stand for nothing. Default false, the safe side; Microsoft says
	// only that it stands for several characters.
	EmptyWildcard bool `json:"emptyWildcard"`
	// GitLabRequires is what a flexible expression about GitLab must have beside its clause with sub when a credential
	// is made. "id", the default: project_id, namespace_id or user_id, however sub begins, as Microsoft's page about
	// mutable subjects says in an edition of 2026-07-28. "subject": nothing, as another edition of that day and the
	// list of claims of 2026-08-14 have it. "project-id": project_id, unless sub begins with project_id, as the page on
	// setting one up says since 2026-09-18. No report says which is true.
	GitLabRequires expression.GitLabRule `json:"gitLabRequires" jsonschema:"enum=id,enum=project-id,enum=subject"`
	// ThrottleAfter is how many token requests a client may make in a minute of the clock before it gets 429. Default
	// 0: any number; Entra's limits are not published.
	ThrottleAfter int `json:"throttleAfter"`
	// PropagationDelay is how long a change of an application, as client or as resource, a managed identity or a
	// federated credential takes until the token endpoint sees it. Default 0; Microsoft documents seconds to minutes.
	// Meanwhile the answer is that of what was there before: AADSTS70025 for an application's first credential, which
	// was measured for about two minutes in 2026 and which installers wait out (dynatrace-oss/dtwiz), and AADSTS700211
	// to 700213 beside others. Microsoft's page of 2024 still names AADSTS70021 for that time, the code of all
	// mismatches until 2023; no log of later shows it.
	PropagationDelay time.Duration `json:"propagationDelay"`
	// StaleEdits is how long the token endpoint sees a federated credential as it was before it was changed in place,
	// while one that is removed and added anew counts at once. Default 0; users report hours
	// (Azure/azure-workload-identity#1200).
	StaleEdits time.Duration `json:"staleEdits"`
	// IdentityWriteTime is how long Azure Resource Manager takes to write a federated credential of a managed identity,
	// in real time, while it refuses other writes under the same identity (409). Default 100ms; Azure's time is not
	// known.
	IdentityWriteTime time.Duration `json:"identityWriteTime"`
	// GraphFlexibleBreaks makes Microsoft Graph v1.0 break off a list of federated credentials at the first with a
	// flexible expression, as it did from 2024-12 to 2025-09. Default false: since 2026-08 its metadata has credentials
	// without a subject.
	GraphFlexibleBreaks bool `json:"graphFlexibleBreaks"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{
		ClockSkew: 5 * time.Minute, KeyCacheTTL: time.Hour, RefetchInterval: 5 * time.Minute, FetchTimeout: 30 * time.Second,
		MaxDocumentBytes: 1 << 20, DiscoveryFailureCode: 501661, MatchOrder: AudienceFirst, GitLabRequires: expression.GitLabID, IdentityWriteTime: 100 * time.Millisecond,
	}
}

// maxMaxDocumentBytes bounds the bound, to protect this process.
const maxMaxDocumentBytes = 16 << 20

// maxWriteTime is less than the time that a listener gives an answer.
const maxWriteTime = 30 * time.Second

// validate says which options are wrong: the error joins a [*RuleError] for each.
func (o Options) validate() error {
	var broken []error
	fail := func(name, format string, args ...any) {
		rules{broken: &broken}.in("", "option %s: ", name).add(name, format, args...)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"clockSkew", o.ClockSkew}, {"keyCacheTTL", o.KeyCacheTTL}, {"refetchInterval", o.RefetchInterval}, {"staleKeys", o.StaleKeys},
		{"newIssuerDelay", o.NewIssuerDelay}, {"propagationDelay", o.PropagationDelay}, {"staleEdits", o.StaleEdits},
		{"identityWriteTime", o.IdentityWriteTime},
	} {
		if d.value < 0 {
			fail(d.name, "%s is negative", d.value)
		}
	}
	if o.IdentityWriteTime > maxWriteTime {
		fail("identityWriteTime", "%s (have at most %s)", o.IdentityWriteTime, maxWriteTime)
	}
	if o.FetchTimeout <= 0 {
		fail("fetchTimeout", "%s is not positive", o.FetchTimeout)
	}
	if o.MaxDocumentBytes < 1 || o.MaxDocumentBytes > maxMaxDocumentBytes {
		fail("maxDocumentBytes", "%d (have 1 to %d)", o.MaxDocumentBytes, maxMaxDocumentBytes)
	}
	if codes := []int{501661, 90061, 50166}; !slices.Contains(codes, o.DiscoveryFailureCode) {
		fail("discoveryFailureCode", "%d (have %v)", o.DiscoveryFailureCode, codes)
	}
	if o.ThrottleAfter < 0 {
		fail("throttleAfter", "%d is negative", o.ThrottleAfter)
	}
	if !slices.Contains(expression.GitLabRules, o.GitLabRequires) {
		fail("gitLabRequires", "%q (have %q)", o.GitLabRequires, expression.GitLabRules)
	}
	if o.MatchOrder != AudienceFirst && o.MatchOrder != SubjectFirst {
		fail("matchOrder", "%q (have %s, %s)", o.MatchOrder, AudienceFirst, SubjectFirst)
	}
	return errors.Join(broken...)
}
