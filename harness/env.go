package harness

import (
	"maps"
	"slices"
)

// Env is the environment that leads a program in a process of its own to the farm: Microsoft's clients to the Entra
// plane and the tenant, and OpenSSL, Go (on Linux), Node.js, Python, curl and AWS's clients to the certificate.
// Programs that read it trust no other authority than the farm's, but for Node.js. The map is the caller's.
func (f *Farm) Env() map[string]string {
	env := map[string]string{"AZURE_AUTHORITY_HOST": f.URL(EntraPlane) + "/", "AZURE_TENANT_ID": f.tenant()}
	for _, name := range []string{"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"} {
		env[name] = f.CAFile()
	}
	return env
}

// Env is the farm's with AZURE_CLIENT_ID, for a program that signs in as the application. The map is the caller's.
func (a *App) Env() map[string]string {
	env := a.farm.Env()
	env["AZURE_CLIENT_ID"] = a.ClientID
	return env
}

// Environ makes of environments what exec.Cmd.Env takes, sorted by name; of a variable that several have, the last one
// counts.
func Environ(envs ...map[string]string) []string {
	all := map[string]string{}
	for _, env := range envs {
		maps.Copy(all, env)
	}
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

// ManagedIdentityEnv is the environment of a workload with managed identities, as in Azure App Service:
// IDENTITY_ENDPOINT and IDENTITY_HEADER, a secret. There are no system-assigned identities: a client names one that
// WithTenants has. The map is the caller's.
func (f *Farm) ManagedIdentityEnv() map[string]string {
	world := f.world.Describe()
	return map[string]string{"IDENTITY_ENDPOINT": world.IdentityEndpoint, "IDENTITY_HEADER": world.IdentityHeader}
}
