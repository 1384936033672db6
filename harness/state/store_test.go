package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func start() time.Time { return time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC) }

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{Version: "1.2.0", Now: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func write(t *testing.T, s *Store, changes ...Change) {
	t.Helper()
	if err := s.Write(changes...); err != nil {
		t.Fatal(err)
	}
}

// TestRecordsStay writes, removes and reads records, before and after the store is opened again.
func TestRecordsStay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "state")
	s := mustOpen(t, dir)
	write(t, s, Put("worlds/a/clock", []byte("1")), Put("worlds/a/issuers/1", []byte("x")), Put("worlds/b", nil), Put("worlds/ab", []byte("2")))
	write(t, s, Put("worlds/a/clock", []byte("3")), Remove("worlds/b"), Remove("worlds/none"), Remove("none/"))
	want := []Record{{"worlds/a/clock", []byte("3")}, {"worlds/a/issuers/1", []byte("x")}, {"worlds/ab", []byte("2")}}
	for _, when := range []string{"at once", "opened again"} {
		if diff := cmp.Diff(want, s.Records("worlds/")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		if got := s.Record("worlds/ab"); string(got) != "2" {
			t.Errorf("%s: the record is %q", when, got)
		}
		if diff := cmp.Diff([]string{"a"}, s.Folders("worlds/")); diff != "" {
			t.Errorf("%s: folders (-want +got):\n%s", when, diff)
		}
		if got := s.Record("worlds/b"); got != nil {
			t.Errorf("%s: the removed record is %q", when, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, dir)
	}
	write(t, s, Remove("worlds/a/"))
	if diff := cmp.Diff(want[2:], s.Records("")); diff != "" {
		t.Errorf("after the records below a key were removed (-want +got):\n%s", diff)
	}
}

// TestFolders has keys whose folders begin alike.
func TestFolders(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, t.TempDir())
	for _, key := range []string{"w/a/1", "w/a/2/3", "w/a", "w/a-b/1", "w/a.b/1", "w/a0", "w/a0/1", "w/ab/1", "w/b", "v/x/1", "x/x/1"} {
		write(t, s, Put(key, nil))
	}
	if diff := cmp.Diff([]string{"a-b", "a.b", "a", "a0", "ab"}, s.Folders("w/")); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"v", "w", "x"}, s.Folders("")); diff != "" {
		t.Errorf("folders of all (-want +got):\n%s", diff)
	}
	if got := s.Folders("none/"); got != nil {
		t.Errorf("folders of none: %q", got)
	}
}

// TestFilesAreTheUsers looks at the modes of what Open makes: the records hold private keys.
func TestFilesAreTheUsers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	write(t, mustOpen(t, dir), Put("a", []byte("b")))
	modes := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		modes[filepath.Base(path)] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{"state": 0o700, FileName: 0o600, holderName: 0o600}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

// TestSecondIsToldWhoHasIt opens a directory twice.
func TestSecondIsToldWhoHasIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := mustOpen(t, dir)
	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("by process %d on ", os.Getpid())) ||
		!strings.Contains(err.Error(), "since 2026-11-01T09:00:00Z") {
		t.Errorf("the error is %v, want one that names this process", err)
	}
	write(t, first, Put("a", nil)) // the first is none the worse for it
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir)
}

// TestNewerVersion opens a file of a later format.
func TestNewerVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, dir)
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(aboutBucket).Put(formatKey, []byte(`{"format":2,"version":"9.0.0"}`))
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	before := read(t, dir)
	_, err = Open(dir, Options{Version: "1.2.0"})
	if want := "is of a newer version (issuerd 9.0.0, format 2; this one reads formats to 1)"; !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want: %s", err, want)
	}
	if !bytes.Equal(before, read(t, dir)) {
		t.Error("the file has changed")
	}
}

// TestOlderProgramIsReplaced keeps the version of the program that wrote last.
func TestOlderProgramIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"1.2.0", "1.3.0"} {
		s, err := Open(dir, Options{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		var written about
		err = s.db.View(func(tx *bbolt.Tx) (err error) { written, err = check(tx); return err })
		if err := errors.Join(err, s.Close()); err != nil || written != (about{Format, version}) {
			t.Errorf("the file says %+v (%v), want version %s", written, err, version)
		}
	}
}

func read(t *testing.T, dir string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// sample makes a file with branches, further pages and removed records, and returns it with what is in it.
func sample(t *testing.T) (file []byte, records []Record) {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		value := make([]byte, 100+random.IntN(400))
		for i := range value {
			value[i] = byte(random.Uint32())
		}
		write(t, s, Put(fmt.Sprintf("worlds/%02d/clock", n), value))
	}
	write(t, s, Put("worlds/05/long", bytes.Repeat([]byte("long"), 3000)), Remove("worlds/1"), Remove("worlds/20/"), Remove("worlds/21/"))
	records = s.Records("")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, dir), records
}

// openDamaged opens a file that was changed. It wants an error that says so, with the file as it was, or every record.
// It tells which of them it got.
func openDamaged(t *testing.T, dir string, file []byte, records []Record, what string) (refused bool) {
	t.Helper()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{Version: "1.2.0", Now: start})
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Errorf("%s: the error does not say that the file is damaged: %v", what, err)
		}
		if !bytes.Equal(file, read(t, dir)) {
			t.Errorf("%s: the damaged file was changed", what)
		}
		return true
	}
	if got := s.Records(""); !reflect.DeepEqual(records, got) {
		t.Errorf("%s: not noticed: %d records of %d, or others", what, len(got), len(records))
	}
	if err := s.Close(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return false
}

// TestDamageIsNoticed changes single bytes of a file: those that say where everything is, and others at random.
func TestDamageIsNoticed(t *testing.T) {
	t.Parallel()
	file, records := sample(t)
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	var places []int
	for page := 0; page < len(file); page += pageSize {
		for n := range 24 {
			places = append(places, page+n)
		}
	}
	for n := range 100 {
		places = append(places, n, pageSize+n)
	}
	for range 1000 {
		places = append(places, random.IntN(len(file)))
	}
	refused := 0
	for _, place := range places {
		damaged := bytes.Clone(file)
		damaged[place] ^= byte(1 + random.IntN(255))
		if openDamaged(t, dir, damaged, records, fmt.Sprintf("byte %d", place)) {
			refused++
		}
	}
	if refused < len(places)/4 {
		t.Errorf("%d of %d changes were noticed, which is too few for a test of it", refused, len(places))
	}
}

// TestLossIsNoticed takes the end of a file away, and zeroes pages of it.
func TestLossIsNoticed(t *testing.T) {
	t.Parallel()
	file, records := sample(t)
	dir := t.TempDir()
	for length := 0; length < len(file); length += 1000 {
		what := fmt.Sprintf("%d bytes", length)
		if refused := openDamaged(t, dir, file[:length], records, what); !refused && length < len(file)/2 {
			t.Errorf("%s: opened", what)
		}
	}
	for page := 0; page < len(file); page += pageSize {
		damaged := bytes.Clone(file)
		clear(damaged[page:][:pageSize])
		openDamaged(t, dir, damaged, records, fmt.Sprintf("page %d", page/pageSize))
	}
}

// TestOlderPagesAreNoticed puts each page of an older file in the place of the newer one: what a disk does that lost a
// write.
func TestOlderPagesAreNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, dir)
	var older, newer []byte
	for n := range 6 {
		for i := range 8 {
			write(t, s, Put(fmt.Sprint("a/", i), bytes.Repeat([]byte{byte(n), byte(i)}, 500)))
		}
		older, newer = newer, read(t, dir)
	}
	records := s.Records("")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for page := 0; page < min(len(older), len(newer)); page += pageSize {
		damaged := bytes.Clone(newer)
		copy(damaged[page:][:pageSize], older[page:])
		if openDamaged(t, dir, damaged, records, fmt.Sprintf("page %d", page/pageSize)) {
			noticed++
		}
	}
	if noticed < 3 { // both metas, and the root at least
		t.Errorf("%d pages were noticed", noticed)
	}
}

// FuzzPages has any bytes as a file: checkPages must not panic, and bbolt must read what it lets through.
func FuzzPages(f *testing.F) {
	dir := f.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	for n := range 20 {
		if err := s.Write(Put(fmt.Sprint("key/", n), bytes.Repeat([]byte("value"), 50))); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		f.Fatal(err)
	}
	for place := 2 * pageSize; place < len(file); place += 2039 {
		f.Add(place, []byte{0xff, 0x01})
	}
	f.Fuzz(func(t *testing.T, place int, with []byte) {
		damaged := bytes.Clone(file)
		if place >= 0 && place < len(damaged) {
			copy(damaged[place:], with)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir, Options{})
		if err != nil {
			return
		}
		if got := len(s.Records("")); got != 20 {
			t.Errorf("%d records of 20 are left", got)
		}
		if err := errors.Join(s.Write(Put("another", nil)), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestFolderThatIsNone names a file as the directory.
func TestFolderThatIsNone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{path, ""} {
		if _, err := Open(dir, Options{}); err == nil {
			t.Errorf("%q was opened", dir)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q (%v)", text, err)
	}
}
