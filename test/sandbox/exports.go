package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// BaseURL is the REST API's address.
func (x *Exchange) BaseURL() string { return "https://localhost:" + port(x.listener) }

// AdminURL is the admin API's address, "" without one.
func (x *Exchange) AdminURL() string {
	if x.adminListener == nil {
		return ""
	}
	return "http://" + x.adminListener.Addr().String()
}

// port is the listener's, 443 for one that has none, such as a Pipe.
func port(ln net.Listener) string {
	if _, p, err := net.SplitHostPort(ln.Addr().String()); err == nil {
		return p
	}
	return "443"
}

// CA is the certificate of the exchange's authority, PEM.
func (x *Exchange) CA() []byte { return x.caPEM }

// CAPath is where the authority's certificate was written, "" without a directory.
func (x *Exchange) CAPath() string {
	if x.cfg.Dir == "" {
		return ""
	}
	return filepath.Join(x.cfg.Dir, "ca.pem")
}

// Environment is what a client needs to connect, by variable.
func (x *Exchange) Environment() map[string]string {
	return map[string]string{
		"SETTRADE_BASE_URL": x.BaseURL(), "SETTRADE_APP_ID": x.cfg.AppID, "SETTRADE_APP_SECRET": x.secret,
		"SETTRADE_APP_CODE": x.cfg.AppCode, "SETTRADE_BROKER_ID": x.cfg.BrokerID,
		"SETTRADE_EQUITY_ACCOUNT": x.cfg.EquityAccount, "SETTRADE_DERIVATIVES_ACCOUNT": x.cfg.DerivativesAccount,
		"FEEDTREE_TLS_CA_FILE": x.CAPath(),
	}
}

// Exports are the same as lines for a shell.
func (x *Exchange) Exports() (out []string) {
	for name, value := range x.Environment() {
		if value != "" {
			out = append(out, "export "+name+"="+quoted(value))
		}
	}
	sort.Strings(out)
	return out
}

// quoted puts a value between single quotes if a shell would make something of it.
func quoted(v string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=+@,", r)
	}
	if strings.IndexFunc(v, func(r rune) bool { return !plain(r) }) < 0 {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}

// write puts ca.pem and env into the directory.
func (x *Exchange) write() error {
	if x.cfg.Dir == "" {
		return nil
	}
	lines := strings.Join(x.Exports(), "\n") + "\n"
	env := filepath.Join(x.cfg.Dir, "env")
	os.Remove(env) // an old one's permissions are not to be inherited
	err := os.MkdirAll(x.cfg.Dir, 0o700)
	if err == nil {
		err = errors.Join(os.WriteFile(x.CAPath(), x.caPEM, 0o644), os.WriteFile(env, []byte(lines), 0o600))
	}
	if err != nil {
		return fmt.Errorf("write ca.pem and env: %w; choose another directory", err)
	}
	return nil
}
