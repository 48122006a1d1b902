// Command adapter connects a system to the central search: here a list of documents that a
// national authority has declared invalid, read from a CSV file with the columns number,
// issuer, category and action. It is an example to start from; docs/adapter.md explains it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"boothd/capture"
	"boothd/sync/system"
)

// list is the system: what is known of a document, by issuer and number.
type list struct {
	entries map[string]entry
	asOf    time.Time
}

type entry struct{ category, action string }

// Ask looks a document up. It makes the list a system.Adapter.
func (l *list) Ask(_ context.Context, q system.Question) (system.Reply, error) {
	if q.DocumentNumber == "" || q.Issuer == "" {
		return system.Reply{State: capture.StateUnavailable, Reason: "only documents can be looked up here"}, nil
	}
	e, found := l.entries[q.Issuer+" "+q.DocumentNumber]
	if !found {
		return system.Reply{State: capture.StateNoHit, AsOf: l.asOf}, nil
	}
	return system.Reply{State: capture.StateHit, AsOf: l.asOf, Findings: []capture.Finding{{
		Entry: q.Issuer + " " + q.DocumentNumber, By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1,
		Category: e.category, Action: e.action,
		Explanation: []capture.Part{{What: "document number", Asked: q.DocumentNumber, Found: q.DocumentNumber, Weight: 1}},
	}}}, nil
}

func readList(name string) (*list, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(f)
	r.FieldsPerRecord = 4
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	l := &list{entries: make(map[string]entry, len(rows)), asOf: info.ModTime()}
	for _, row := range rows {
		l.entries[row[1]+" "+row[0]] = entry{category: row[2], action: row[3]}
	}
	return l, nil
}

// mutualTLS lets in who shows a certificate of the authority in the file ca.
func mutualTLS(cert, key, ca string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read %s: no certificate in it", ca)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}, nil
}

// run serves the list until ctx ends; ready is told the address.
func run(ctx context.Context, args []string, ready func(address string)) error {
	flags := flag.NewFlagSet("adapter", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8091", "address; without TLS it must be a loopback one")
	name := flags.String("system", "national", "the system's name, as profiles call it")
	data := flags.String("data", "", "CSV file: number, issuer, category, action")
	tokenFile := flags.String("token-file", "", "file with the bearer token that askers show")
	cert := flags.String("cert", "", "certificate (PEM)")
	key := flags.String("key", "", "its key (PEM)")
	ca := flags.String("ca", "", "authority of the askers' certificates (PEM)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := readList(*data)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	opt := system.HandlerOptions{System: *name, Log: log}
	if *tokenFile != "" {
		token, err := os.ReadFile(*tokenFile)
		if err != nil {
			return err
		}
		opt.Token = strings.TrimSpace(string(token))
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if *cert != "" {
		conf, err := mutualTLS(*cert, *key, *ca)
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, conf)
	} else if opt.Token == "" || !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		return errors.New("without certificates: only with a token, and on a loopback address")
	}
	server := &http.Server{Handler: system.Handler(l, opt), ReadTimeout: 30 * time.Second, IdleTimeout: 10 * time.Minute}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	log.Info("serving", "system", *name, "address", listener.Addr().String(), "entries", len(l.entries))
	ready(listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], func(string) {}); err != nil {
		fmt.Fprintln(os.Stderr, "adapter:", err)
		os.Exit(1)
	}
}
