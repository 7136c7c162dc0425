package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Serve runs an exchange until ctx ends or, if stdin is given, until that is closed: the
// parent that held it has ended. Once it listens it prints what a client needs, as lines for
// a shell, and then the line "# ready". Without a directory in the configuration it makes
// one, and takes it away at the end.
func Serve(ctx context.Context, cfg Config, stdin io.Reader, stdout io.Writer) error {
	if cfg.Dir == "" {
		dir, err := os.MkdirTemp("", "feedtree-sandbox-")
		if err != nil {
			return fmt.Errorf("make a directory for ca.pem: %w", err)
		}
		defer os.RemoveAll(dir)
		cfg.Dir = dir
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x, err := Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer x.Close()
	for _, line := range x.Exports() {
		fmt.Fprintln(stdout, line)
	}
	if admin := x.AdminURL(); admin != "" {
		fmt.Fprintln(stdout, "# admin", admin)
	}
	if _, err := fmt.Fprintln(stdout, "# ready"); err != nil {
		return fmt.Errorf("write the exports: %w", err)
	}
	if stdin != nil {
		go func() {
			io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	<-ctx.Done()
	return nil
}
