package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/document"
)

// LoadFS loads scenario files from fsys: each of paths is a file or a directory,
// which is searched for *.yaml and *.yml, hidden directories excepted. Paths are
// slash-separated and relative to fsys; none means all of it. It returns the
// files without problems in the order of their paths, and all problems sorted by file and position.
//
// Beyond Load it checks that no two files have the same name, and that the
// name of a file found in a directory equals its path below that directory,
// without the extension. The path may have more directories in front than the
// name, or fewer, so it does not matter from where the search starts. A file
// that is named itself may be called anything: it is somebody's copy to try
// something out. What document.ReadFile refuses is a problem. It reads several files of fsys at the same time.
//
// A scenario may use a directory file of fsys (entra.use), in its own folder or the one above it, or below these. Such a
// file may lie among the scenarios. If fsys is a RealPaths, a symbolic link to a file of somewhere else is a problem.
func LoadFS(fsys fs.FS, names Names, paths ...string) ([]*File, document.Problems) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var found []source
	var all document.Problems
	for _, p := range paths {
		below, err := find(fsys, path.Clean(p))
		if err != nil {
			all = append(all, document.Problem{File: p, Message: pathMessage(err)})
		}
		found = append(found, below...)
	}
	slices.SortStableFunc(found, func(a, b source) int { return strings.Compare(a.path, b.path) })

	found = slices.CompactFunc(found, func(a, b source) bool { return a.path == b.path })

	var files []*File
	byName, shared := map[string]*File{}, map[string]bool{}
	for i, l := range loadAll(fsys, found, names) {
		shared[l.used] = true
		if l.file != nil {
			l.problems = validateTogether(l.file, found[i], byName)
		}
		all = append(all, l.problems...)
		if len(l.problems) == 0 {
			files = append(files, l.file)
		}
	}
	// A directory file that a scenario uses may lie among them.
	all = slices.DeleteFunc(all, func(p document.Problem) bool { return p.Message == DirectoryFile && shared[p.File] })
	all.Sort()
	return files, all
}

// loaded is what came of a source.
type loaded struct {
	file     *File
	used     string
	problems document.Problems
}

// loadAll loads the sources, as many at the same time as there are processors.
func loadAll(fsys fs.FS, sources []source, names Names) []loaded {
	all := make([]loaded, len(sources))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, s := range sources {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			all[i].file, all[i].used, all[i].problems = loadSource(fsys, s, names)
		})
	}
	wg.Wait()
	return all
}

// source is a file to load. below is its path in the directory that was searched for it, or empty if it was named
// itself.
type source struct {
	path  string
	below string
}

func find(fsys fs.FS, root string) ([]source, error) {
	info, err := fs.Stat(fsys, root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []source{{path: root}}, nil
	}
	var found []source
	err = fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && (path.Ext(p) == ".yaml" || path.Ext(p) == ".yml"):
			below := p
			if root != "." {
				below = strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
			}
			found = append(found, source{p, below})
		}
		return nil
	})
	return found, err
}

func loadSource(fsys fs.FS, s source, names Names) (f *File, used string, problems document.Problems) {
	src, err := document.ReadFile(fsys, s.path, MaxSize)
	if err != nil {
		return nil, "", document.Problems{{File: s.path, Message: pathMessage(err)}}
	}
	return load(fsys, s.path, src, names)
}

func validateTogether(f *File, s source, byName map[string]*File) document.Problems {
	at := f.Pos("name")
	problem := document.Problem{File: f.Path, Position: at}
	if before, dup := byName[f.Name]; dup {
		other := before.Pos("name")
		problem.Message = fmt.Sprintf("name %q is already at %s:%d:%d", f.Name, before.Path, other.Line, other.Column)
		return document.Problems{problem}
	}
	byName[f.Name] = f
	if s.below != "" && !sameEnd(withoutExt(s.below), f.Name) {
		problem.Message = fmt.Sprintf("name %q is not the path of the file without its extension", f.Name)
		problem.Hint = fmt.Sprintf("rename it to %q, or move the file", lastSegments(withoutExt(s.path), 2))
		return document.Problems{problem}
	}
	return nil
}

func withoutExt(p string) string { return strings.TrimSuffix(p, path.Ext(p)) }

// sameEnd reports whether two slash-separated paths are equal as far as the shorter one goes.
func sameEnd(a, b string) bool {
	n := min(strings.Count(a, "/"), strings.Count(b, "/")) + 1
	return lastSegments(a, n) == lastSegments(b, n)
}

func lastSegments(p string, n int) string {
	segments := strings.Split(p, "/")
	return strings.Join(segments[max(0, len(segments)-n):], "/")
}

// pathMessage leaves out the path of an error, which the problem names already.
func pathMessage(err error) string {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}
