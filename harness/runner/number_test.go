package runner_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
)

// TestLargeNumbers takes 2^53 + 1, the first whole number that a float64 changes, from the file into a token and back.
func TestLargeNumbers(t *testing.T) {
	t.Parallel()
	const mint = head + `steps:
  - mint: {audience: api://AzureADTokenExchange, claims: {n: 9007199254740993, deep: {list: [9007199254740993, 18446744073709551615, 1.5]}}}
    expect:
`
	good := mint + `      token: {n: 9007199254740993, deep: {list: [9007199254740993, 18446744073709551615, 1.5]}}
      that:
        - token.n == 9007199254740993
        - token.n - 1 == 9007199254740992
        - string(token.n) == "9007199254740993"
        - token.exp - token.iat > 0
  - exchange: {}
    expect: {that: [token.exp - token.iat > 3600]}
`
	if got := play(t.Context(), t, good, runner.Options{}); got.Status != report.Pass {
		t.Errorf("%s: %+v", got.Status, problemOf(got))
	}
	bad := mint + "      token: {n: 9007199254740992}\n"
	expectProblem(t, play(t.Context(), t, bad, runner.Options{}), report.Fail, bad, "9007199254740992", "token.n: want 9007199254740992, got 9007199254740993")
}

// TestNumbersOfResults uses a number of a token where the file wants one.
func TestNumbersOfResults(t *testing.T) {
	t.Parallel()
	src := head + `steps:
  - id: first
    mint: {audience: api://AzureADTokenExchange, claims: {status: 200, large: 9007199254740993}}
  - mint: {audience: api://AzureADTokenExchange, claims: {large: "${{ steps.first.claims.large }}", text: "n${{ steps.first.claims.large }}"}}
    expect: {token: {large: 9007199254740993, text: n9007199254740993}}
  - exchange: {}
    expect: {status: "${{ steps.first.claims.status }}"}
`
	if got := play(t.Context(), t, src, runner.Options{}); got.Status != report.Pass {
		t.Errorf("%s: %+v", got.Status, problemOf(got))
	}
}
