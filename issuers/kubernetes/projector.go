package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// projector keeps a token in a file as a kubelet does for a projected volume: dir/file is a link through dir/..data to
// a folder that is named for the time, so that a reader gets the old token or the new one and nothing in between. No
// goroutine and no timer runs: the file gets a new token when refresh is called and the old one is due. It is safe for
// concurrent use.
type projector struct {
	dir   string                 // the volume; refresh makes it
	file  string                 // the file's name in it
	life  time.Duration          // of a token, as it is asked for
	token func() (string, error) // asks for a token
	now   func() time.Time       // the clock that the token's age is measured with

	mu      sync.Mutex
	written time.Time // of the token in the file; zero: there is none
}

// data is the link to the folder that is current.
const data = "..data"

// maxAge is when a kubelet asks anew whatever the life.
const maxAge = 24 * time.Hour

// path is the path of the file.
func (p *projector) path() string { return filepath.Join(p.dir, p.file) }

// refresh writes a token if there is none yet, if less than 20 % of its life is left or if it is older than 24 hours,
// as in k8s.io/kubernetes, pkg/kubelet/token/token_manager.go, and returns when the next one is due. The up to ten
// seconds by which a kubelet is early, at random, are left out.
func (p *projector) refresh() (next time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if next := p.due(); now.Before(next) {
		return next, nil
	}
	token, err := p.token()
	if err == nil {
		err = p.write(now, token)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("kubernetes: projected token: %w", err)
	}
	p.written = now
	return p.due(), nil
}

// due is the first moment after the token's 80 % or 24 hours; the zero time when there is none.
func (p *projector) due() time.Time {
	if p.written.IsZero() {
		return time.Time{}
	}
	return p.written.Add(min(p.life*4/5, maxAge) + 1)
}

// write does what k8s.io/kubernetes does in pkg/volume/util/atomic_writer.go.
func (p *projector) write(now time.Time, token string) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(p.dir, now.UTC().Format("..2006_01_02_15_04_05."))
	if err != nil {
		return err
	}
	before, err := p.turn(folder, token)
	if err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if before != "" {
		return os.RemoveAll(filepath.Join(p.dir, before))
	}
	return os.Symlink(filepath.Join(data, p.file), p.path())
}

// turn makes the folder the current one and returns the name of the one before, which is empty at first.
func (p *projector) turn(folder, token string) (before string, err error) {
	if err := os.WriteFile(filepath.Join(folder, p.file), []byte(token), 0o600); err != nil {
		return "", err
	}
	current := filepath.Join(p.dir, data)
	before, err = os.Readlink(current)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	next := current + "_tmp"
	if err := os.Symlink(filepath.Base(folder), next); err != nil {
		return "", err
	}
	if err := os.Rename(next, current); err != nil {
		return "", errors.Join(err, os.Remove(next))
	}
	return before, nil
}
