package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// envFileVariable names the file of serve --env-file for commands, if it is not the usual one.
const envFileVariable = "ISSUERD_ENV_FILE"

// envFileHead begins every file of serve --env-file, and tells it from others.
const envFileHead = "# issuerd serve"

// maxEnvFile bounds a file of serve --env-file, which has a few lines.
const maxEnvFile = 64 << 10

// envFile is what a farm has left for the commands of its user: where it is, and its bearer token.
type envFile struct {
	path, url, token string
}

// defaultEnvFile is where serve --env-file without a path leaves it: in the user's folder for what lasts as long as a
// login, or in one of the user's in the folder for temporary files.
func defaultEnvFile() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "issuerd", "env")
	}
	return filepath.Join(os.TempDir(), "issuerd-"+strconv.Itoa(os.Getuid()), "env")
}

// findEnvFile is the path where commands look.
func findEnvFile() string {
	if path := os.Getenv(envFileVariable); path != "" {
		return path
	}
	return defaultEnvFile()
}

// readEnvFile reads what serve --env-file has left. The error is fs.ErrNotExist when there is nothing. A file that
// somebody else can write, or has written, is refused: it says who gets the tokens.
func readEnvFile(path string) (*envFile, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want the file of issuerd serve --env-file, got %s", path, kindOf(info))
	}
	if err := onlyOurs(path, info); err != nil {
		return nil, err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if path == defaultEnvFile() { // whoever owns the folder could put another file in its place
		if err := onlyOurs(filepath.Dir(path), folder); err != nil {
			return nil, err
		}
	}
	if info.Size() > maxEnvFile {
		return nil, fmt.Errorf("%s: want the file of issuerd serve --env-file, got %d bytes", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseEnvFile(path, string(text))
}

func kindOf(info fs.FileInfo) string {
	switch {
	case info.IsDir():
		return "a folder"
	case info.Mode()&fs.ModeSymlink != 0:
		return "a symbolic link, which is not followed"
	}
	return "mode " + info.Mode().String()
}

func parseEnvFile(path, text string) (*envFile, error) {
	if !strings.HasPrefix(text, envFileHead) {
		return nil, fmt.Errorf("%s: want the file of issuerd serve --env-file, which begins with %q", path, envFileHead)
	}
	read := envFile{path: path}
	for line := range strings.Lines(text) {
		assignment, ok := strings.CutPrefix(strings.TrimSpace(line), "export ")
		if !ok {
			continue
		}
		switch name, value, _ := strings.Cut(assignment, "="); name {
		case controlURLVariable:
			read.url = shellUnquote(value)
		case controlTokenVariable:
			read.token = shellUnquote(value)
		}
	}
	if read.url == "" || read.token == "" {
		return nil, fmt.Errorf("%s: want export lines of %s and %s, as issuerd serve --env-file writes them", path, controlURLVariable, controlTokenVariable)
	}
	return &read, nil
}

// text is the file's content, which a POSIX shell can source.
func (f *envFile) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, process %d: where issuerd's commands find it. It is removed when the farm ends.\n", envFileHead, os.Getpid())
	fmt.Fprintf(&b, "export %s=%s\nexport %s=%s\n", controlURLVariable, shellQuote(f.url), controlTokenVariable, shellQuote(f.token))
	return b.Bytes()
}

// write leaves the file for its owner alone, as a whole or not at all. It replaces one of a farm before, and nothing
// else.
func (f *envFile) write() error {
	if err := f.validatePath(); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(f.path), ".issuerd-env-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("--env-file %s: %w", f.path, err)
	}
	_, err = file.Write(f.text())
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		return cannotRun(errors.Join(fmt.Errorf("--env-file %s: %w", f.path, err), os.Remove(file.Name())))
	}
	return nil
}

// validatePath makes the folder of the usual path, and refuses to replace what is no file of a farm.
func (f *envFile) validatePath() error {
	if folder := filepath.Dir(f.path); f.path == defaultEnvFile() {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return cannotRun(fmt.Errorf("--env-file: %w", err))
		}
		info, err := os.Lstat(folder)
		if err != nil {
			return cannotRun(fmt.Errorf("--env-file: %w", err))
		}
		if !info.IsDir() {
			return fmt.Errorf("--env-file: %s is %s; want a folder", folder, kindOf(info))
		}
		if err := onlyOurs(folder, info); err != nil {
			return fmt.Errorf("--env-file: %w", err)
		}
	}
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	if err == nil {
		_, err = readEnvFile(f.path)
	}
	if err != nil {
		return fmt.Errorf("--env-file: %w; it is left as it is: remove it, or give another path", err)
	}
	return nil
}

// remove takes the file away, unless another farm has put its own in its place.
func (f *envFile) remove() error {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(text, f.text()) {
		return nil
	}
	return errors.Join(err, os.Remove(f.path))
}
