package directory_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestOptionsInJSON gives each duration another value, and reads back what is written. None is a number of nanoseconds.
func TestOptionsInJSON(t *testing.T) {
	t.Parallel()
	want := directory.DefaultOptions()
	fields := reflect.ValueOf(&want).Elem()
	for i := range fields.NumField() {
		if fields.Field(i).Type() == reflect.TypeFor[time.Duration]() {
			fields.Field(i).SetInt(int64(time.Duration(i+1) * time.Minute))
		}
	}
	raw, err := json.Marshal(directory.File{Options: want})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "0000000") || !strings.Contains(string(raw), `"keyCacheTTL":"2m"`) {
		t.Errorf("a duration is no text: %s", raw)
	}
	var got directory.File
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

// TestOptionsLeftOut says that what JSON leaves out is the default, and that a number is one of seconds.
func TestOptionsLeftOut(t *testing.T) {
	t.Parallel()
	want := directory.DefaultOptions()
	want.ClockSkew, want.StaleEdits, want.RefusePSS = 90*time.Second, 0, true
	got := directory.Options{StaleEdits: time.Hour}
	if err := json.Unmarshal([]byte(`{"clockSkew":90,"refusePSS":true}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{"clockSkew":"soon"}`), &got); err == nil || !strings.Contains(err.Error(), `"soon"`) {
		t.Errorf("error %v, want one about soon", err)
	}
}
