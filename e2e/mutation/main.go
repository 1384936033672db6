package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const module = "github.com/issuerd/issuerd"

// targets are the files that are changed, by the folder of their package.
var targets = map[string][]string{
	"harness/entra": {
		"approles.go", "assertion.go", "bearer.go", "checks.go", "checks_assertion.go", "checks_certificate.go", "checks_client.go",
		"checks_entratoken.go", "checks_matching.go", "checks_policy.go", "checks_request.go", "checks_resource.go", "checks_signature.go",
		"checks_tenant.go", "checks_time.go", "joseheader.go",
	},
	"harness/entra/directory":  {"approles.go", "certificates.go", "policies.go", "roles.go"},
	"harness/entra/expression": {"expression.go", "glob.go", "issuer.go"},
	"harness/entra/arm":        {"auth.go"},
	"harness/entra/graph":      {"auth.go"},
}

// suites are the packages whose tests are to notice, the quickest first. The tests of e2e play every scenario.
var suites = []string{"harness/entra/expression", "harness/entra/directory", "harness/entra", "harness/entra/arm", "harness/entra/graph", "e2e"}

// tests is the tests of a suite that are run. In e2e, all others are not about Entra.
func tests(suite string) string {
	if suite == "e2e" {
		return "^TestEveryCodeIsPlayed$"
	}
	return "^(Test|Fuzz)"
}

// limit bounds one run of a suite, for mutants that wait for ever. It is many times what the slowest suite takes on a
// busy machine. Loops without end are found out sooner.
const limit = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	parallel := flag.Int("parallel", runtime.NumCPU(), "mutants at the same time")
	only := flag.String("only", "", "try only mutants whose key contains this text")
	quick := flag.Bool("quick", false, "do not play the scenarios, which notice little that the tests do not")
	flag.Parse()
	if *quick {
		suites = slices.DeleteFunc(suites, func(s string) bool { return s == "e2e" })
	}
	if err := run(ctx, os.Stdout, *parallel, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// run tries every mutant whose key contains only.
func run(ctx context.Context, out io.Writer, parallel int, only string) error {
	begin := time.Now()
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	mutants, err := build(ctx, dir)
	if err != nil {
		return err
	}
	reached := make([]map[int][]string, len(suites))
	for i, suite := range suites {
		if reached[i], err = reach(ctx, dir, suite, parallel); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s reaches %d of %d mutants; %s\n", suite, len(reached[i]), len(mutants), time.Since(begin).Round(time.Second))
	}
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !strings.Contains(m.key, only) })

	var (
		mu                       sync.Mutex
		tried, unending          int
		survivors, excused, slot = []mutant{}, map[string]bool{}, make(chan struct{}, max(parallel, 1))
		wg                       sync.WaitGroup
	)
	for _, m := range mutants {
		slot <- struct{}{}
		wg.Go(func() {
			defer func() { <-slot }()
			killed, timedOut := false, false
			for i, suite := range suites {
				tests := reached[i][m.number]
				if killed = len(tests) > 0 && kills(ctx, dir, suite, tests, m.number, &timedOut); killed {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			tried++
			if timedOut {
				unending++
			}
			if !killed && ctx.Err() == nil {
				survivors = append(survivors, m)
				if reasons[m.key] != "" {
					excused[m.key] = true
				} else {
					fmt.Fprintf(out, "%s: survives: %s\n", m.pos, m.key)
				}
			}
			if tried%50 == 0 {
				fmt.Fprintf(out, "%d of %d tried in %s\n", tried, len(mutants), time.Since(begin).Round(time.Second))
			}
		})
	}
	wg.Wait()
	fmt.Fprintf(out, "%d mutants, %d killed (%d of them ran without end), %d survived, of which %d have a reason; %s\n", tried, tried-len(survivors),
		unending, len(survivors), len(excused), time.Since(begin).Round(time.Second))
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(unexplained(len(survivors)-len(excused)), stale(excused, only))
}

func unexplained(n int) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d survivors without a reason: write a test for each, or say in e2e/mutation/reasons.go why there can be none", n)
}

// stale tells of reasons that no survivor needs.
func stale(excused map[string]bool, only string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(reasons)) {
		if !excused[key] && strings.Contains(key, only) {
			errs = append(errs, fmt.Errorf("reasons.go: no mutant %q survives: remove the row", key))
		}
	}
	return errors.Join(errs...)
}

// command is the go command.
func command(ctx context.Context, args ...string) ([]byte, error) {
	var problems bytes.Buffer
	c := exec.CommandContext(ctx, "go", args...)
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, problems.Bytes())
	}
	return out, nil
}

// build makes the test programs of the suites, with every mutant in them, in dir. It is run in the module's root.
func build(ctx context.Context, dir string) ([]mutant, error) {
	exports := map[string]string{}
	list, err := command(ctx, "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./harness/...")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	var mutants []mutant
	overlay := map[string]string{}
	for _, folder := range slices.Sorted(maps.Keys(targets)) {
		changed, found, err := change(folder, targets[folder], exports, len(mutants))
		if err != nil {
			return nil, err
		}
		mutants = append(mutants, found...)
		for name, src := range changed {
			file := filepath.Join(dir, strings.ReplaceAll(folder, "/", "+")+"+"+name)
			if err := os.WriteFile(file, src, 0o600); err != nil {
				return nil, err
			}
			path, err := filepath.Abs(filepath.Join(folder, name))
			if err != nil {
				return nil, err
			}
			overlay[path] = file
		}
	}
	replace, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, replace, 0o600); err != nil {
		return nil, err
	}
	for _, suite := range suites {
		if _, err := command(ctx, "test", "-c", "-vet=off", "-overlay", file, "-o", program(dir, suite), "./"+suite); err != nil {
			return nil, err
		}
	}
	return mutants, nil
}

func program(dir, suite string) string {
	return filepath.Join(dir, strings.ReplaceAll(suite, "/", "+")+".test")
}

// change is the files of a package with every mutant in them, and the mutants, which are numbered from above a number
// on.
func change(folder string, names []string, exports map[string]string, above int) (map[string][]byte, []mutant, error) {
	fset := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	if _, err := config.Check(module+"/"+folder, fset, files, info); err != nil {
		return nil, nil, err
	}
	changed := map[string][]byte{}
	var mutants []mutant
	for _, name := range names {
		path := filepath.Join(folder, name)
		i := slices.IndexFunc(files, func(f *ast.File) bool { return fset.Position(f.Pos()).Filename == path })
		if i < 0 {
			return nil, nil, fmt.Errorf("%s is not there: mend the list of targets in e2e/mutation", path)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		m := &mutator{fset: fset, info: info, src: src, file: filepath.ToSlash(path), keys: map[string]int{}}
		m.next = func() int { above++; return above }
		for _, decl := range files[i].Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				m.function(f)
			}
		}
		changed[name] = m.apply()
		mutants = append(mutants, m.mutants...)
	}
	changed["zz_mutants.go"] = fmt.Appendf(nil, helpers, files[0].Name.Name, endless)
	return changed, mutants, nil
}

// test runs tests of a suite in the folder of its package.
func test(ctx context.Context, dir, suite string, args []string, env ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, program(dir, suite), append(args, "-test.failfast", "-test.parallel=1", "-test.timeout="+limit.String())...)
	c.Dir = suite
	c.Env = append(os.Environ(), env...)
	return c.CombinedOutput()
}

// reach is the tests of a suite that reach each mutant, those first that reach the fewest mutants: they are the
// likeliest to notice. Every test must pass without any.
func reach(ctx context.Context, dir, suite string, parallel int) (map[int][]string, error) {
	list, err := test(ctx, dir, suite, []string{"-test.list=" + tests(suite)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", suite, err, list)
	}
	names := strings.Fields(string(list))
	seen, errs, slot := make([][]int, len(names)), make([]error, len(names)), make(chan struct{}, max(parallel, 1))
	var wg sync.WaitGroup
	for i, name := range names {
		slot <- struct{}{}
		wg.Go(func() {
			defer func() { <-slot }()
			seen[i], errs[i] = reachedBy(ctx, dir, suite, name)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(seen[a]) - len(seen[b]) })
	reached := map[int][]string{}
	for _, i := range order {
		for _, number := range seen[i] {
			reached[number] = append(reached[number], names[i])
		}
	}
	return reached, nil
}

// reachedBy is the mutants that one test reaches.
func reachedBy(ctx context.Context, dir, suite, name string) ([]int, error) {
	file := program(dir, suite) + "." + name + ".seen"
	if out, err := test(ctx, dir, suite, []string{"-test.run=^" + name + "$"}, "MUTANTS_SEEN="+file); err != nil {
		return nil, fmt.Errorf("%s: %s fails without a change: %w\n%s", suite, name, err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var numbers []int
	for line := range strings.Lines(string(text)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// batch is how many tests are tried in one go: a first few are likely to notice, and all in one program cost less than
// each in one.
const batch = 4

// kills tells whether tests of a suite notice a mutant.
func kills(ctx context.Context, dir, suite string, tests []string, number int, timedOut *bool) bool {
	for first, rest := tests[:min(batch, len(tests))], tests[min(batch, len(tests)):]; len(first) > 0; first, rest = rest, nil {
		out, err := test(ctx, dir, suite, []string{"-test.run=^(" + strings.Join(first, "|") + ")$"}, "MUTANT="+strconv.Itoa(number))
		*timedOut = *timedOut || bytes.Contains(out, []byte(endless)) || bytes.Contains(out, []byte("panic: test timed out"))
		if err != nil && ctx.Err() == nil {
			return true
		}
	}
	return false
}
