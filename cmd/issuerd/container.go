package main

import (
	"context"
	"errors"

	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
)

// openContainer starts the image and returns the target, with the function that ends both.
func openContainer(ctx context.Context, image string, hosts []string) (*targets.Target, func() error, error) {
	c, err := docker.Run(ctx, image, hosts...)
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return c.Remove(context.WithoutCancel(ctx)) }
	t, err := c.Target(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // then what failed only tells that it was interrupted
		}
		return nil, nil, errors.Join(err, remove())
	}
	return t, func() error { return errors.Join(t.Close(), remove()) }, nil
}
