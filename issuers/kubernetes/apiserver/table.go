package apiserver

import (
	"fmt"
	"time"
)

// The version of the API that tables belong to.
const (
	tableGroup   = "meta.k8s.io"
	tableVersion = "v1"
)

// objectTable is a list as kubectl get prints it.
type objectTable struct {
	typeMeta
	Metadata objectMeta    `json:"metadata"`
	Columns  []tableColumn `json:"columnDefinitions"`
	Rows     []tableRow    `json:"rows"`
}

type tableColumn struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Format      string `json:"format"`
	Description string `json:"description"`
	Priority    int    `json:"priority"`
}

type tableRow struct {
	Cells  []any          `json:"cells"`
	Object serviceAccount `json:"object"` // as a PartialObjectMetadata
}

// newTable has the columns of k8s.io/kubernetes, pkg/printers/internalversion/printers.go, without their descriptions,
// which kubectl does not show.
func newTable(now time.Time, version string, accounts ...serviceAccount) objectTable {
	const api = tableGroup + "/" + tableVersion
	t := objectTable{
		typeMeta: typeMeta{Kind: "Table", APIVersion: api}, Metadata: objectMeta{ResourceVersion: version}, Rows: []tableRow{},
		Columns: []tableColumn{{Name: "Name", Type: "string", Format: "name"}, {Name: "Secrets", Type: "string"}, {Name: "Age", Type: "string"}},
	}
	for _, account := range accounts {
		age := "<unknown>"
		if made, err := time.Parse(time.RFC3339, account.Metadata.CreationTimestamp); err == nil {
			age = humanDuration(now.Sub(made))
		}
		account.typeMeta = typeMeta{Kind: "PartialObjectMetadata", APIVersion: api}
		t.Rows = append(t.Rows, tableRow{Cells: []any{account.Metadata.Name, 0, age}, Object: account})
	}
	return t
}

// humanDuration writes an age as k8s.io/apimachinery does, pkg/util/duration: in one unit or two, the finer the younger
// it is.
func humanDuration(d time.Duration) string {
	two := func(n int, unit string, rest int, of string) string {
		if rest == 0 {
			return fmt.Sprint(n, unit)
		}
		return fmt.Sprintf("%d%s%d%s", n, unit, rest, of)
	}
	seconds, minutes, hours := int(d.Seconds()), int(d.Minutes()), int(d.Hours())
	days := hours / 24
	switch {
	case seconds < -1:
		return "<invalid>"
	case seconds < 0:
		return "0s"
	case seconds < 2*60:
		return fmt.Sprint(seconds, "s")
	case minutes < 10:
		return two(minutes, "m", seconds%60, "s")
	case minutes < 3*60:
		return fmt.Sprint(minutes, "m")
	case hours < 8:
		return two(hours, "h", minutes%60, "m")
	case hours < 2*24:
		return fmt.Sprint(hours, "h")
	case days < 8:
		return two(days, "d", hours%24, "h")
	case days < 2*365:
		return fmt.Sprint(days, "d")
	case days < 8*365:
		return two(days/365, "y", days%365, "d")
	}
	return fmt.Sprint(days/365, "y")
}
