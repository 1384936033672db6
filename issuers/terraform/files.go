package terraform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// The files of a run with several configurations, named as leg100/otf names them, with the tag in between. The user's
// configuration declares the variable tfc_azure_dynamic_credentials. HCP Terraform puts the last file into Terraform's
// working directory, where it is read by its name; here it is beside the others, and what it says is in the environment
// too, for a Terraform that works elsewhere.
const (
	tokenFile       = "azure%s_token"
	clientIDFile    = "azure%s_client_id"
	variablesFile   = "azure_dynamic_credentials.auto.tfvars.json"
	dynamicVariable = "TF_VAR_tfc_azure_dynamic_credentials"
)

// dynamicCredentials is the value of tfc_azure_dynamic_credentials. Its documented type wants both members: that
// default has empty paths where only aliases are configured is inferred.
type dynamicCredentials struct {
	Default credentialFiles            `json:"default"`
	Aliases map[string]credentialFiles `json:"aliases"`
}

type credentialFiles struct {
	ClientID string `json:"client_id_file_path"`
	Token    string `json:"oidc_token_file_path"`
}

// writeFiles writes the files of the configurations and returns the value of the variable that leads to them.
func writeFiles(w issuer.Workload, configurations []azureConfiguration, tokens map[string]string) (string, error) {
	dir, err := w.Dir()
	if err != nil {
		return "", fmt.Errorf("terraform: tagged configurations reach a run in files, and %w", err)
	}
	credentials := dynamicCredentials{Aliases: map[string]credentialFiles{}}
	for _, c := range configurations {
		files := credentialFiles{
			ClientID: filepath.Join(dir, fmt.Sprintf(clientIDFile, c.tag)), Token: filepath.Join(dir, fmt.Sprintf(tokenFile, c.tag)),
		}
		if err := cmp.Or(replace(files.ClientID, []byte(c.clientID)), replace(files.Token, []byte(tokens[c.audience]))); err != nil {
			return "", err
		}
		if c.tag == "" {
			credentials.Default = files
			continue
		}
		credentials.Aliases[strings.TrimPrefix(c.tag, "_")] = files
	}
	value, err := json.Marshal(credentials)
	if err != nil {
		return "", fmt.Errorf("terraform: variables: %w", err)
	}
	text, err := json.Marshal(map[string]json.RawMessage{"tfc_azure_dynamic_credentials": value})
	if err != nil {
		return "", fmt.Errorf("terraform: variables: %w", err)
	}
	return string(value), replace(filepath.Join(dir, variablesFile), text)
}

// replace writes a file so that a reader sees the old or the new one whole.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new-") // only its owner may read it
	if err != nil {
		return fmt.Errorf("terraform: %w", err)
	}
	_, err = f.Write(text)
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return fmt.Errorf("terraform: %w", err)
	}
	return nil
}
