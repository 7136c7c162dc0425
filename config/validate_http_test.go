package config

import "testing"

const (
	aToken  = "0123456789abcdef"
	orStay  = ", or stay on loopback (127.0.0.1, ::1 or localhost)"
	noTLS   = "http.tls.cert_file: missing: http.addr opens the door to the network (0.0.0.0), which needs TLS: set http.tls.cert_file and http.tls.key_file" + orStay
	inClear = "http.tls.cert_file: missing: http.addr opens the door to the network (0.0.0.0), and without TLS anybody on the way could read http.token: set http.tls.cert_file and http.tls.key_file" + orStay
	nobody  = "http.token: missing: http.addr opens the door to the network (0.0.0.0), where clients must show who they are: set FEEDTREE_HTTP_TOKEN_FILE to a file that holds a token, or http.tls.client_ca_file to the authority of their certificates" + orStay
	noKey   = "http.tls.key_file: missing: http.tls.cert_file is set; set http.tls.key_file to its private key, too"
	noCert  = "http.tls.cert_file: missing: http.tls.key_file is set; set http.tls.cert_file to its certificate, too"
	caAlone = "http.tls.cert_file: missing: http.tls.client_ca_file is set, and only over TLS can a client show a certificate; set http.tls.cert_file and http.tls.key_file"
)

func TestADoorOffLoopbackNeedsACertificateAndAWayToKnowItsClients(t *testing.T) {
	cert := HTTPTLS{CertFile: "c", KeyFile: "k"}
	mutual := HTTPTLS{CertFile: "c", KeyFile: "k", ClientCAFile: "a"}
	for name, row := range map[string]struct {
		token Secret
		tls   HTTPTLS
		open  []string // errors off loopback
		local []string // and on it
	}{
		"nothing":                {"", HTTPTLS{}, []string{noTLS, nobody}, nil},
		"a token in the clear":   {aToken, HTTPTLS{}, []string{inClear}, nil},
		"a certificate":          {"", cert, []string{nobody}, nil},
		"a certificate, a token": {aToken, cert, nil, nil},
		"mutual":                 {"", mutual, nil, nil},
		"mutual, and a token":    {aToken, mutual, nil, nil},
		"a key without":          {aToken, HTTPTLS{KeyFile: "k"}, []string{noCert}, []string{noCert}},
		"a certificate without":  {aToken, HTTPTLS{CertFile: "c"}, []string{noKey}, []string{noKey}},
		"clients' authority":     {"", HTTPTLS{ClientCAFile: "a"}, []string{caAlone}, []string{caAlone}},
	} {
		t.Run(name, func(t *testing.T) {
			c := Default()
			c.HTTP.Token, c.HTTP.TLS = row.token, row.tls
			wantErrors(t, c.Validate(), row.local...)
			c.HTTP.Addr = "0.0.0.0:9330"
			wantErrors(t, c.Validate(), row.open...)
		})
	}
	c := Default()
	c.HTTP.TLS = HTTPTLS{CertFile: "c", KeyFile: "-----BEGIN PRIVATE KEY-----\nhunter2"}
	wantErrors(t, c.Validate(), "http.tls.key_file: expected the name of a file, not what is in it")
	c = Default()
	c.HTTP.Ask.CertFile = "c"
	wantErrors(t, c.Validate(), "http.ask.key_file: missing: http.ask.cert_file is set; set http.ask.key_file to its private key, too")
}

func TestWhatIsLoopbackAndWhatIsNot(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:9330": true, "localhost:1": true, "LocalHost:1": true, "127.1.2.3:1": true, "[::ffff:127.0.0.1]:1": true,
		":9330": false, "0.0.0.0:1": false, "[::]:1": false, "example.com:1": false, "localhost.example.com:1": false, "10.0.0.1:1": false, "127.1:1": false, "[fe80::1%lo]:1": false,
	} {
		c := Default()
		c.HTTP.Addr = addr
		if got := c.HTTP.Loopback(); got != want || (c.Validate() == nil) != want {
			t.Errorf("%s: loopback %v, %v", addr, got, c.Validate())
		}
	}
}

func TestATokenIsLongEnoughAndFitsAHeader(t *testing.T) {
	const header = "http.token: expected visible ASCII without blanks, which is what a header can carry; openssl rand -hex 32 makes one"
	const guessed = "http.token: expected 16 to 4096 characters, at least 5 different ones, so that nobody guesses it; openssl rand -hex 32 makes one"
	long := make([]byte, 4097)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	for token, want := range map[string]string{
		"": "", aToken: "", "~!@#$%^&*()_+-=[]{}": "", string(long[1:]): "",
		"0123456789abcde": guessed, "aaaaaaaaaaaaaaaaaaaa": guessed, "12341234123412341234": guessed, string(long): guessed,
		"0123456789 abcdef": header, "0123456789\nabcdef": header, "0123456789abcdef\x7f": header, "0123456789abcdefé": header,
	} {
		c := Default()
		c.HTTP.Token = Secret(token)
		if want == "" {
			wantErrors(t, c.Validate())
		} else {
			wantErrors(t, c.Validate(), want)
		}
	}
}
