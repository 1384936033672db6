package runner

import (
	"testing"
	"testing/fstest"
)

func TestBusyness(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, tt := range []struct {
		name string
		proc fstest.MapFS
		want string
	}{
		{
			"Linux",
			fstest.MapFS{"loadavg": file("14.26 0.65 1.88 1/96 27304\n"), "pressure/cpu": file("some avg10=63.29 avg60=5.04 avg300=5.50 total=17\nfull avg10=0.00\n")},
			"2 processors, a load of 14.3 in the last minute, something that waited for a processor in 63% of the last 10s, 420 goroutines in this process",
		},
		{"an older Linux", fstest.MapFS{"loadavg": file("0.50 0.65 1.88 1/96 27304\n")}, "2 processors, a load of 0.5 in the last minute, 420 goroutines in this process"},
		{"another system", fstest.MapFS{}, "2 processors, 420 goroutines in this process"},
		{"files of another form", fstest.MapFS{"loadavg": file(""), "pressure/cpu": file("all 12")}, "2 processors, 420 goroutines in this process"},
	} {
		if got := busyness(tt.proc, 2, 420); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}
