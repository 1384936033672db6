package farm_test

import (
	"fmt"
	"testing"

	"github.com/issuerd/issuerd/harness/farm"
)

// TestHide has texts in which a credential is hard to find.
func TestHide(t *testing.T) {
	t.Parallel()
	const hexadecimal, symbols = "78f8b0a343d37ac83c7b", "xK9#mP2$vL5@nQ8!"
	tests := []struct{ name, credential, text, want string }{
		{"behind a word that ends with it", hexadecimal, "/x" + hexadecimal + "/" + hexadecimal + "/y", "/x" + hexadecimal + "/[secret]/y"},
		{"behind a word that begins with it", hexadecimal, hexadecimal + "x " + hexadecimal, hexadecimal + "x [secret]"},
		{"twice", hexadecimal, hexadecimal + "," + hexadecimal, "[secret],[secret]"},
		{"behind an escape of a URL", hexadecimal, "token%20" + hexadecimal, "token%[secret]"},
		{"behind an escape of Go", hexadecimal, `"\n` + hexadecimal + `"`, `"\[secret]"`},
		{"behind a percent sign", hexadecimal, "100%" + hexadecimal, "100%[secret]"},
		{"without a long word", symbols, "curl/8 (" + symbols + ")", "curl/8 ([secret])"},
		{"not there", hexadecimal, "/github/%20token", "/github/%20token"},
	}
	for _, tt := range tests {
		if got := farm.Hide(tt.credential, tt.text); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestCredentialsOf knows credentials by the names of their variables, and paths by what they are of.
func TestCredentialsOf(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"AWS_SECRET_ACCESS_KEY": "/K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "0123456789abcdef",
		"GOOGLE_CREDENTIALS": `{"type":"service_account"}`,
	} {
		if got := farm.CredentialsOf(map[string]string{name: value}); len(got) != 1 || got[0] != value {
			t.Errorf("%s=%s: %q", name, value, got)
		}
	}
	for name, value := range map[string]string{
		"GOOGLE_APPLICATION_CREDENTIALS": "/tmp/issuerd/credentials.json", "AWS_CONTAINER_TOKEN": "https://127.0.0.1:8444/w/1", "AWS_REGION": "eu-central-1-and-more",
		"CI_TOKEN": "short",
	} {
		if got := farm.CredentialsOf(map[string]string{name: value}); len(got) != 0 {
			t.Errorf("%s=%s: %q, want none", name, value, got)
		}
	}
}

// TestSignInsOfManyTenants says that the sign-ins of all tenants together are bounded, and that those of a quiet tenant
// stay.
func TestSignInsOfManyTenants(t *testing.T) {
	t.Parallel()
	const most, each = 20_000, 1003
	tenants := []string{"quiet"}
	kept := farm.KeptSignIns(tenants, 3)
	if len(kept["quiet"]) != 3 {
		t.Errorf("%d sign-ins kept, want all 3", len(kept["quiet"]))
	}
	for n := range 25 {
		tenants = append(tenants, fmt.Sprint(n))
	}
	sum := 0
	kept = farm.KeptSignIns(tenants, each)
	for tenant, signIns := range kept {
		sum += len(signIns)
		for n, in := range signIns {
			if want := each - len(signIns) + n; in.Status != want {
				t.Fatalf("tenant %s: sign-in %d of those kept is number %d, want %d", tenant, n, in.Status, want)
			}
		}
		if len(signIns) < most/len(tenants)/2 {
			t.Errorf("tenant %s: %d sign-ins kept, want about its share", tenant, len(signIns))
		}
	}
	if sum != most {
		t.Errorf("%d sign-ins kept, want %d", sum, most)
	}
}
