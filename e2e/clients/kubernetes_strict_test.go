package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	kjson "sigs.k8s.io/json"

	"github.com/issuerd/issuerd/harness"
)

// TestStrictDecoding sends bodies with fieldValidation=Strict and compares the refusals with what Kubernetes' own
// decoder finds.
func TestStrictDecoding(t *testing.T) {
	t.Parallel()
	farm, _, w := kubernetesWorkload(t, "pod")
	config, err := clientcmd.BuildConfigFromFlags("", w.Env["KUBECONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	accounts := w.Base + "/api/v1/namespaces/" + kubeNamespace + "/serviceaccounts?dryRun=All&fieldValidation=Strict"
	reviews := w.Base + "/apis/authentication.k8s.io/v1/tokenreviews?fieldValidation=Strict"
	const owner = `{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"}`
	for _, body := range []string{
		`{}`, `{"x":{"y":{}}}`, `{"metadata":{"x":1,"Name":"b"}}`, `{"metadata":{"labels":{"a":"1","a":"2","b":"3"}}}`,
		`{"metadata":{"ownerReferences":[` + owner + `,{"UID":"u","uid":"u","uid":"v"}]}}`, `{"metadata":null,"metadata":{"name":"a","name":"b"}}`,
		`{"metadata":{"managedFields":[{"fieldsV1":{"f:x":{},"f:x":{}},"Time":null}]}}`, `{"metadata":{"creationTimestamp":null,"clusterName":"c"}}`,
		`{"\u006detadata":{"a\"b":1,"ä\n":2}}`, `{"metadata":{"annotations":{"":"1","":"2"}},"":1,"":2}`,
		`{ "metadata" : { "finalizers" : [ "a" , "a" ] , "generation" : 1 } }`, `{"kind":"ServiceAccount","kind":"ServiceAccount","apiversion":"v1"}`,
		`{"secrets":[{"name":"a","x":1},{"x":1}],"secrets":[{"x":1}],"imagePullSecrets":[{"Name":"b"}],"automountServiceAccountToken":true}`,
	} {
		compareStrictly(t, farm, config.BearerToken, accounts, "ServiceAccount", body, &core.ServiceAccount{})
	}
	for _, body := range []string{
		`{"spec":{"token":"a","token":"b","Token":"c"}}`, `{"spec":{"token":"a","audiences":["a"],"audience":"b"},"status":{"User":1}}`,
		`{"spec":{"token":"a"},"status":{"user":{"extra":{"A":["a"],"A":["b"]},"name":"x"},"authenticated":true}}`,
	} {
		compareStrictly(t, farm, config.BearerToken, reviews, "TokenReview", body, &authentication.TokenReview{})
	}
}

// compareStrictly posts a body, and compares the refusal with the problems that Kubernetes' own decoder has with it.
func compareStrictly(t *testing.T, farm *harness.Farm, bearer, url, kind, body string, into any) {
	t.Helper()
	problems, err := kjson.UnmarshalStrict([]byte(body), into)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	response, err := farm.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var status meta.Status
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, problem := range problems {
		texts = append(texts, problem.Error())
	}
	want := fmt.Sprintf("%s in version \"v1\" cannot be handled as a %s: strict decoding error: %s", kind, kind, strings.Join(texts, ", "))
	strict := strings.Contains(status.Message, "strict decoding error")
	if strict != (len(problems) > 0) || strict && status.Message != want {
		t.Errorf("%s: %d %s\nwant %s", body, response.StatusCode, status.Message, want)
	}
}
