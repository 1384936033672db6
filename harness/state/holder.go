package state

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// holderName is the file that says who has the directory. The lock is bbolt's, on the file with the records: it ends
// with the process, however that ends.
const holderName = FileName + ".holder"

type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// hold says that this process has the directory, of which it has the lock.
func hold(dir string, now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "" // it helps to find the process, and no more
	}
	text, err := json.Marshal(holder{os.Getpid(), host, now.UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, holderName), text, 0o600)
}

func release(dir string) {
	_ = os.Remove(filepath.Join(dir, holderName)) // without the lock it says nothing
}

// holderOf names the process that has the directory.
func holderOf(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, holderName))
	var h holder
	if err != nil || json.Unmarshal(text, &h) != nil || h.PID == 0 {
		return "another process"
	}
	name := fmt.Sprintf("process %d", h.PID)
	if h.Host != "" {
		name += " on " + h.Host
	}
	return name + " since " + h.Since.Format(time.RFC3339)
}
