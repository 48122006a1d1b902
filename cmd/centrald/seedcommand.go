package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/seed"
	"boothd/cmd/centrald/server"
	"boothd/sync/signin"
)

type seedCommand struct {
	configFlag
	People int  `default:"0" help:"How many synthetic people to put in, beside the cast of the demonstration."`
	Late   bool `help:"Put in what the demonstration's central learns later."`
}

// Run fills the database of the configuration.
func (c *seedCommand) Run(ctx context.Context) error {
	conf, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	s, err := server.Open(ctx, conf, server.Options{Log: conf.Log.Logger(os.Stderr)})
	if err != nil {
		return err
	}
	began := time.Now()
	put := seed.Cast
	if c.Late {
		put = seed.Late
	}
	err = put(ctx, s.Stores())
	if err == nil {
		err = seed.People(ctx, s.Stores(), c.People, func(done int) { fmt.Printf("\r%d people", done) })
	}
	if err == nil {
		fmt.Printf("\r%d people and a cast of %d in %.1f s\n", c.People, len(seed.Roles()), time.Since(began).Seconds())
	}
	return errors.Join(err, s.Close(context.WithoutCancel(ctx)))
}

type officerCommand struct {
	ID       string   `arg:"" help:"The officer's id."`
	Profiles []string `required:"" help:"Profiles to choose from."`
	Roles    []string `default:"officer" help:"officer, supervisor, second-line, law-enforcement, data-protection."`
}

// Run prints the officer's line. The passphrase is read from standard input, not from the
// arguments, which everybody on the machine can see.
func (c *officerCommand) Run() error {
	fmt.Fprint(os.Stderr, "passphrase: ")
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() {
		return errors.New("no passphrase")
	}
	hash, err := signin.HashPassphrase(in.Text())
	if err != nil {
		return err
	}
	line, err := json.Marshal(signin.Officer{ID: c.ID, Passphrase: hash, Profiles: c.Profiles, Roles: c.Roles})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	return nil
}
