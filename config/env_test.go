package config

import (
	"slices"
	"strings"
	"testing"
)

func TestVariablesAreDerivedFromKeys(t *testing.T) {
	for key, want := range map[string]string{
		"dispatcher.capacity": "FEEDTREE_DISPATCHER_CAPACITY", "tls.ca_file": "FEEDTREE_TLS_CA_FILE",
		"http.addr": "FEEDTREE_HTTP_ADDR", "credentials.app_secret": "SETTRADE_APP_SECRET",
		"credentials.derivatives_account": "SETTRADE_DERIVATIVES_ACCOUNT", "credentials.base_url": "SETTRADE_BASE_URL",
		"strategies": "", "market.sessions": "", "nothing": "", "dispatcher": "", "symbols": "FEEDTREE_SYMBOLS",
	} {
		if got := EnvName(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	seen := map[string]string{EnvConfig: "the file"}
	for _, key := range Keys() {
		name := EnvName(key)
		if name == "" {
			continue
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%s sets %s and %s", name, key, other)
		}
		seen[name] = key
		if fromFile(key) {
			if other, ok := seen[name+fileSuffix]; ok {
				t.Errorf("%s names the file of %s and sets %s", name+fileSuffix, key, other)
			}
			seen[name+fileSuffix] = "the file of " + key
		}
	}
}

func TestTheEnvironmentsVariables(t *testing.T) {
	inTemp(t)
	secret := write(t, "secret", "  c2VjcmV0\n")
	write(t, "empty", " \n")
	write(t, "lines", "a\nb\n")
	for name, row := range map[string]struct {
		env  []string
		want []string
		read func(Config) string
		is   string
	}{
		"a value":            {env: []string{"SETTRADE_APP_SECRET=abc"}, is: "abc"},
		"a file":             {env: []string{"SETTRADE_APP_SECRET_FILE=" + secret}, is: "c2VjcmV0"},
		"both":               {env: []string{"SETTRADE_APP_SECRET=abc", "SETTRADE_APP_SECRET_FILE=" + secret}, want: []string{"SETTRADE_APP_SECRET_FILE: credentials.app_secret: SETTRADE_APP_SECRET is set too: set one of the two"}},
		"an empty one":       {env: []string{"SETTRADE_APP_SECRET=", "SETTRADE_APP_SECRET_FILE=" + secret, "FEEDTREE_LOG_LEVEL=", "FEEDTREE_NONSENSE="}, is: "c2VjcmV0"},
		"no such file":       {env: []string{"SETTRADE_APP_SECRET_FILE=hunter2"}, want: []string{"SETTRADE_APP_SECRET_FILE: credentials.app_secret: the file that it names does not exist"}},
		"an empty file":      {env: []string{"SETTRADE_APP_SECRET_FILE=empty"}, want: []string{"SETTRADE_APP_SECRET_FILE: credentials.app_secret: the file that it names is empty"}},
		"a file of lines":    {env: []string{"SETTRADE_APP_SECRET_FILE=lines"}, want: []string{"SETTRADE_APP_SECRET_FILE: credentials.app_secret: the file that it names holds more than one line"}},
		"a directory":        {env: []string{"SETTRADE_APP_SECRET_FILE=."}, want: []string{"SETTRADE_APP_SECRET_FILE: credentials.app_secret: the file that it names is a directory"}},
		"others' variables":  {env: []string{"SETTRADE_PIN=1", "SETTRADE_PIN_FILE=x", "PATH=x", "NONSENSE", "=C:=x", "FEEDTREE_CONFIG=x.yaml"}},
		"a file's name":      {env: []string{"FEEDTREE_TLS_CA_FILE=ca.pem"}, read: func(c Config) string { return c.TLS.CAFile }, is: "ca.pem"},
		"a typo":             {env: []string{"FEEDTREE_DISPATCHER_CAPACTY=1"}, want: []string{"FEEDTREE_DISPATCHER_CAPACTY: unknown variable, did you mean FEEDTREE_DISPATCHER_CAPACITY?"}},
		"a far one":          {env: []string{"FEEDTREE_QQQQQQQQQQQ=1"}, want: []string{"FEEDTREE_QQQQQQQQQQQ: unknown variable; the known ones are FEEDTREE_ with a key's name, as in FEEDTREE_DISPATCHER_CAPACITY"}},
		"a wrong prefix":     {env: []string{"FEEDTREE_APP_SECRET=x"}, want: []string{"FEEDTREE_APP_SECRET: unknown variable, did you mean SETTRADE_APP_SECRET?"}},
		"another prefix":     {env: []string{"FEEDTREE_CREDENTIALS_BROKER_ID=x"}, want: []string{"FEEDTREE_CREDENTIALS_BROKER_ID: unknown variable, did you mean SETTRADE_BROKER_ID?"}},
		"a name of lines":    {env: []string{"FEEDTREE_QQQ\nQQQ\xe9\x0fQQQ=1"}, want: []string{"FEEDTREE_QQQ?QQQ�?QQQ: unknown variable; the known ones are FEEDTREE_ with a key's name, as in FEEDTREE_DISPATCHER_CAPACITY"}},
		"a bad value":        {env: []string{"FEEDTREE_DISPATCHER_CAPACITY=lots"}, want: []string{`FEEDTREE_DISPATCHER_CAPACITY: dispatcher.capacity: "lots": expected a whole number`}},
		"a secret elsewhere": {env: []string{"FEEDTREE_TELEMETRY_OTLP_HEADERS_FILE=" + secret}, read: func(c Config) string { return c.Telemetry.OTLP.Headers.Reveal() }, want: []string{"FEEDTREE_TELEMETRY_OTLP_HEADERS_FILE: telemetry.otlp.headers: expected key=value, separated by commas"}},
		"the door's token":   {env: []string{"FEEDTREE_HTTP_TOKEN_FILE=" + write(t, "token", "0123456789abcdef\n")}, read: func(c Config) string { return c.HTTP.Token.Reveal() }, is: "0123456789abcdef"},
		"it and its file":    {env: []string{"FEEDTREE_HTTP_TOKEN=0123456789abcdef", "FEEDTREE_HTTP_TOKEN_FILE=token"}, want: []string{"FEEDTREE_HTTP_TOKEN_FILE: http.token: FEEDTREE_HTTP_TOKEN is set too: set one of the two"}},
		"its file of lines":  {env: []string{"FEEDTREE_HTTP_TOKEN_FILE=lines", "FEEDTREE_HTTP_ADDR=:1", "FEEDTREE_HTTP_TLS_CERT_FILE=x", "FEEDTREE_HTTP_TLS_KEY_FILE=x"}, want: []string{"FEEDTREE_HTTP_TOKEN_FILE: http.token: the file that it names holds more than one line"}},
		"a token of lines":   {env: []string{"FEEDTREE_HTTP_TOKEN=0123456789\nabcdef"}, want: []string{"FEEDTREE_HTTP_TOKEN: http.token: expected visible ASCII without blanks, which is what a header can carry; openssl rand -hex 32 makes one"}},
		"no file for others": {env: []string{"FEEDTREE_LOG_LEVEL_FILE=x"}, want: []string{"FEEDTREE_LOG_LEVEL_FILE: unknown variable, did you mean FEEDTREE_LOG_LEVEL?"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Load(Sources{Environ: row.env})
			wantErrors(t, err, row.want...)
			if err != nil {
				return
			}
			got := l.Config.Credentials.AppSecret.Reveal()
			if row.read != nil {
				got = row.read(l.Config)
			}
			if got != row.is {
				t.Errorf("%q, want %q", got, row.is)
			}
		})
	}
}

func TestTheEnvironmentBeatsTheFileBeneathItInBothFormsOfASecret(t *testing.T) {
	inTemp(t)
	write(t, "secret", "from-a-file")
	for _, row := range []struct{ dotenv, env, want, origin string }{
		{"SETTRADE_APP_SECRET=beneath", "SETTRADE_APP_SECRET_FILE=secret", "from-a-file", "environment SETTRADE_APP_SECRET_FILE"},
		{"SETTRADE_APP_SECRET_FILE=secret", "SETTRADE_APP_SECRET=above", "above", "environment SETTRADE_APP_SECRET"},
		{"SETTRADE_APP_SECRET_FILE=secret", "SETTRADE_APP_SECRET=", "from-a-file", "env file my.env:1"},
		{"SETTRADE_APP_SECRET=beneath", "", "beneath", "env file my.env:1"},
	} {
		l := load(t, Sources{EnvFile: write(t, "my.env", row.dotenv), Environ: []string{row.env}})
		if got := l.Config.Credentials.AppSecret.Reveal(); got != row.want || l.Origin("credentials.app_secret") != row.origin {
			t.Errorf("%s over %s: %q from %s", row.env, row.dotenv, got, l.Origin("credentials.app_secret"))
		}
	}
}

func TestTheFormsOfADotenvLine(t *testing.T) {
	for line, want := range map[string]string{
		"A=b": "b", "A = b ": "b", "export A=b": "b", "export\tA=b": "b", "A=": "", "A=b # c": "b", "A=b#c": "b#c", "A=# c": "",
		"A='b # c' # d": "b # c", `A="b \"c\" \\ \n"`: "b \"c\" \\ \n", `A='b\n'`: `b\n`, `A="$HOME"`: "$HOME", "A=$x$": "$x$",
		"A=b=c==": "b=c==", "A=b\r": "b", "\ufeffA=b": "b", `A="\d"`: `\d`, "A=b c": "b c",
	} {
		vars, errs := dotenv("f", line)
		if len(errs) > 0 || len(vars) != 1 || vars[0].name != "A" || vars[0].value != want {
			t.Errorf("%q: %+v %v, want %q", line, vars, errs, want)
		}
	}
	for _, line := range []string{"secret", "=secret", "A B=secret", "1A=secret", `A="secret`, "A='secret", `A='x'secret`, `A="secret\"`, "exportA =x y\nsecret"} {
		_, errs := dotenv("f", line)
		if len(errs) == 0 {
			t.Errorf("%q was accepted", line)
		}
		for _, e := range errs {
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("%q is quoted: %v", line, e)
			}
		}
	}
	if vars, errs := dotenv("f", "# A=b\n\n  \n"); len(vars)+len(errs) != 0 {
		t.Errorf("comments: %v %v", vars, errs)
	}
	if vars, _ := dotenv("f", "A=1\nB=2\n"); !slices.Equal(vars, []variable{
		{"A", "1", origin{kind: "env file", file: "f", line: 1}}, {"B", "2", origin{kind: "env file", file: "f", line: 2}}}) {
		t.Errorf("%+v", vars)
	}
}
