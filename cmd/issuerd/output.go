package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// output is standard output that remembers whether it took everything, so that no command ends well whose result nobody
// got.
type output struct {
	io.Writer
	err error // the first there was
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("standard output: %w", err)
	}
	return n, err
}

// writeCertificate writes the certificate of --ca-file. A file that is there is replaced as a whole, and only if it
// holds one certificate or nothing, so that neither a bundle nor a private key behind a certificate is lost; a symbolic
// link is not followed. Devices and pipes are written to. What can't be opened is bad usage; what can't be written to
// is not.
func writeCertificate(path string, certificate []byte) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("--ca-file: %s is a symbolic link, which is not followed; give the path that it leads to", path)
	case info.IsDir():
		return fmt.Errorf("--ca-file: %s is a folder; want the name of a file", path)
	case !info.Mode().IsRegular():
		return writeTo(path, certificate)
	case info.Size() > 0:
		held, err := readCertificates(path)
		if err != nil {
			return err
		}
		if !oneCertificate(held) {
			return fmt.Errorf("--ca-file: %s holds something else than one certificate and is left as it is; remove it, or give another name", path)
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".issuerd-ca-*")
	if err != nil {
		return fmt.Errorf("--ca-file %s: %w", path, err)
	}
	_, err = file.Write(certificate)
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return cannotRun(errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// oneCertificate tells a PEM file with a certificate and nothing before or behind it.
func oneCertificate(content []byte) bool {
	content = bytes.TrimSpace(content)
	block, rest := pem.Decode(content)
	return bytes.HasPrefix(content, []byte("-----BEGIN CERTIFICATE-----")) && block != nil && block.Type == "CERTIFICATE" && len(rest) == 0
}

// writeTo writes to a device, or to a pipe that somebody reads.
func writeTo(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return cannotRun(err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return cannotRun(err)
	}
	return nil
}

// maxCertificates bounds a file of certificates: a system's whole bundle is a fifth of it.
const maxCertificates = 1 << 20

// readCertificates reads a file that should hold certificates. One that is larger than such files are is an error.
func readCertificates(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxCertificates+1))
	if err == nil && len(text) > maxCertificates {
		err = fmt.Errorf("%s: want certificates, got more than %d bytes", path, maxCertificates)
	}
	return text, err
}
