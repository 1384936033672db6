package container_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/testcontainers/testcontainers-go"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/targets/container"
)

func ExampleRun() {
	ctx := context.Background()
	c, err := container.Run(ctx, container.DefaultImage, container.WithHosts("ci.corp.internal.net"))
	defer func() {
		if err := testcontainers.TerminateContainer(c); err != nil {
			fmt.Println(err)
		}
	}()
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := c.Target(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: target.Transport(control.DefaultWorld)}
	resp, err := client.Get("https://token.actions.githubusercontent.com/.well-known/openid-configuration")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
}
