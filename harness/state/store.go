package state

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Format is the format of the records that this version writes, and the newest that it reads.
const Format = 1

// FileName is the file of a state directory that has the records.
const FileName = "issuerd.db"

// The errors that [Open] wraps, for those who tell them apart.
var (
	ErrInUse   = errors.New("in use")
	ErrDamaged = errors.New("damaged")
	ErrNewer   = errors.New("of a newer version")
)

// Options say who opens a directory. The zero value works.
type Options struct {
	Version string           // of the program, for the error of an older one
	Now     func() time.Time // nil: time.Now; for the error of a process that comes second
}

// Store is a state directory that this process has. It is safe for concurrent use.
type Store struct {
	db    *bbolt.DB
	dir   string
	close func() error // once
}

// Record is a value under its key.
type Record struct {
	Key   string
	Value []byte
}

// Change is a record that is written or removed; [Put] and [Remove] make one.
type Change struct {
	key    string
	value  []byte
	remove bool
}

// Put writes a record, in the place of the one that the key may have.
func Put(key string, value []byte) Change { return Change{key: key, value: value} }

// Remove removes the record of a key, and where the key ends with a slash, every record below it. There need not be one.
func Remove(key string) Change { return Change{key: key, remove: true} }

// The buckets of the file, and the keys of the first one.
var (
	aboutBucket   = []byte("about")
	recordsBucket = []byte("records")
	formatKey     = []byte("format")
	digestKey     = []byte("digest")
)

// about is what the file says of itself.
type about struct {
	Format  int    `json:"format"`
	Version string `json:"version"` // of the program that wrote it last
}

// lockTime is how long Open waits for a process that is about to end, or that only looks.
const lockTime = time.Second

// Open opens a state directory, and makes it if it is not there. The errors wrap [ErrInUse], [ErrDamaged] or
// [ErrNewer], or the system's refusal; the file is then as it was.
func Open(dir string, opts Options) (*Store, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if dir == "" {
		return nil, errors.New("state: no directory is named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	path := filepath.Join(dir, FileName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(dir, path, opts.Version); err != nil {
			return nil, fmt.Errorf("state: make %s: %w", path, err)
		}
	}
	if err := inspect(path); err != nil {
		return nil, openError(dir, err)
	}
	db, err := open(path)
	if err != nil {
		return nil, openError(dir, err)
	}
	s := &Store{db: db, dir: dir}
	s.close = sync.OnceValue(func() error {
		release(dir) // before the lock is gone, with which another process may say that it has the directory
		return db.Close()
	})
	if err := s.begin(opts); err != nil {
		return nil, errors.Join(openError(dir, err), s.Close())
	}
	return s, nil
}

// open opens the file for writing. The list of free pages is not kept in it: it is made of what the file's other pages
// say, which inspect has looked at.
func open(path string) (*bbolt.DB, error) {
	return bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTime, PageSize: pageSize, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	})
}

// inspect looks at the pages of the file while nobody writes to it.
func inspect(path string) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if info.Size() < 2*pageSize { // it is made as a whole: see create
		return damaged("it has %d bytes, which is too few", info.Size())
	}
	reading, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTime, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = reading.Close() }() // nothing was written
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return checkPages(file)
}

// openError says what kept a directory from being opened, and what to do.
func openError(dir string, err error) error {
	path := filepath.Join(dir, FileName)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("state: %s is %w by %s: stop that one first, or name another directory", dir, ErrInUse, holderOf(dir))
	case slices.ContainsFunc([]error{ErrDamaged, bolterrors.ErrInvalid, bolterrors.ErrChecksum, bolterrors.ErrVersionMismatch}, func(damage error) bool {
		return errors.Is(err, damage)
	}):
		reason := strings.TrimPrefix(err.Error(), ErrDamaged.Error()+": ")
		return fmt.Errorf("state: %s is %w, and was left as it is: %s: put a copy of it back, or name another directory", path, ErrDamaged, reason)
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("state: %s is %w", path, err)
	}
	return fmt.Errorf("state: %w", err)
}

// damaged is an error that wraps ErrDamaged.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// create makes the file with no record in it. It gets its name when it is whole, and never takes the place of another.
func create(dir, path, version string) (err error) {
	unnamed, err := os.CreateTemp(dir, FileName+".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(unnamed.Name())) }()
	if err := unnamed.Close(); err != nil {
		return err
	}
	db, err := open(unnamed.Name())
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket(recordsBucket); err != nil {
			return err
		}
		bucket, err := tx.CreateBucket(aboutBucket)
		if err != nil {
			return err
		}
		var none digest
		return errors.Join(bucket.Put(digestKey, none[:]), putAbout(bucket, version))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(unnamed.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // another process was faster
		return err
	}
	return syncFolder(dir)
}

// syncFolder writes the names in a folder to the disk, where the system can do that.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = folder.Sync() // not every file system does it for folders
	return folder.Close()
}

func putAbout(bucket *bbolt.Bucket, version string) error {
	text, err := json.Marshal(about{Format, version})
	if err != nil {
		return err
	}
	return bucket.Put(formatKey, text)
}

// begin checks what the file says, and says who has it now.
func (s *Store) begin(opts Options) error {
	var written about
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		written, err = check(tx)
		return err
	})
	if err != nil {
		return err
	}
	if written != (about{Format, opts.Version}) {
		if err := s.db.Update(func(tx *bbolt.Tx) error { return putAbout(tx.Bucket(aboutBucket), opts.Version) }); err != nil {
			return err
		}
	}
	removeUnnamed(s.dir)
	return hold(s.dir, opts.Now())
}

// removeUnnamed removes what a process left that ended while it made the file.
func removeUnnamed(dir string) {
	left, err := filepath.Glob(filepath.Join(dir, FileName+".new-*"))
	if err != nil { // the pattern is right
		return
	}
	for _, path := range left {
		_ = os.Remove(path) // it takes some place, and does no other harm
	}
}

// check reads the format, and compares the digest with the records.
func check(tx *bbolt.Tx) (written about, err error) {
	bucket, records := tx.Bucket(aboutBucket), tx.Bucket(recordsBucket)
	if bucket == nil || records == nil {
		return written, damaged("it is no file of issuerd's, or has lost a part")
	}
	if err := json.Unmarshal(bucket.Get(formatKey), &written); err != nil || written.Format < 1 {
		return written, damaged("its format is not readable")
	}
	if written.Format > Format {
		return written, fmt.Errorf("%w (issuerd %s, format %d; this one reads formats to %d): use that version, or name another directory",
			ErrNewer, written.Version, written.Format, Format)
	}
	var all digest
	err = records.ForEach(func(key, value []byte) error {
		all.toggle(key, value)
		return nil
	})
	if err != nil {
		return written, err
	}
	if !bytes.Equal(all[:], bucket.Get(digestKey)) {
		return written, damaged("its records are not those that were written last")
	}
	return written, nil
}

// digest stands for a set of records: the sum, without carry, of a hash of each.
type digest [sha256.Size]byte

// toggle adds a record that is not in the set, or takes one out that is.
func (d *digest) toggle(key, value []byte) {
	hash := sha256.New()
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(key)))
	for _, part := range [][]byte{length[:], key, value} {
		hash.Write(part) // it does not fail
	}
	subtle.XORBytes(d[:], d[:], hash.Sum(nil))
}

// Write makes all of the changes, in their order, or none of them. They are on the disk when it returns. The error is
// the system's, such as that the disk is full.
func (s *Store) Write(changes ...Change) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		bucket, records := tx.Bucket(aboutBucket), tx.Bucket(recordsBucket)
		var all digest
		copy(all[:], bucket.Get(digestKey))
		for _, change := range changes {
			if err := change.apply(records, &all); err != nil {
				return err
			}
		}
		return bucket.Put(digestKey, all[:])
	})
	if err != nil {
		return fmt.Errorf("state: %s: write: %w", s.dir, err)
	}
	return nil
}

func (c Change) apply(records *bbolt.Bucket, all *digest) error {
	key := []byte(c.key)
	if c.remove && strings.HasSuffix(c.key, "/") {
		cursor := records.Cursor()
		for k, v := cursor.Seek(key); bytes.HasPrefix(k, key); k, v = cursor.Seek(key) {
			all.toggle(k, v)
			if err := cursor.Delete(); err != nil {
				return err
			}
		}
		return nil
	}
	if old := records.Get(key); old != nil {
		all.toggle(key, old)
	}
	if c.remove {
		return records.Delete(key)
	}
	all.toggle(key, c.value)
	return records.Put(key, c.value)
}

// Records are those whose keys begin with the prefix, in the order of their keys. They are the caller's.
func (s *Store) Records(prefix string) []Record {
	var all []Record
	// View's own error is the function's, or that the store is closed: then there is no record.
	_ = s.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(recordsBucket).Cursor()
		for k, v := cursor.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = cursor.Next() {
			all = append(all, Record{string(k), bytes.Clone(v)})
		}
		return nil
	})
	return all
}

// Folders are the parts, up to the next slash, of the keys that begin with the prefix and have a slash after it: each
// once, in their order.
func (s *Store) Folders(prefix string) []string {
	var all []string
	_ = s.db.View(func(tx *bbolt.Tx) error { // as in Records
		cursor := tx.Bucket(recordsBucket).Cursor()
		for k, _ := cursor.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); {
			folder, _, below := strings.Cut(string(k[len(prefix):]), "/")
			if !below {
				k, _ = cursor.Next()
				continue
			}
			all = append(all, folder)
			k, _ = cursor.Seek([]byte(prefix + folder + "0")) // the character after the slash: what is below is skipped
		}
		return nil
	})
	return all
}

// Record is the value of a key, which is the caller's, or nil.
func (s *Store) Record(key string) []byte {
	var value []byte
	_ = s.db.View(func(tx *bbolt.Tx) error { // as in Records
		value = bytes.Clone(tx.Bucket(recordsBucket).Get([]byte(key)))
		return nil
	})
	return value
}

// Close lets others have the directory. It may be called again.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("state: %s: close: %w", s.dir, err)
	}
	return nil
}
