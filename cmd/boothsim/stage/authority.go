package stage

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/seed"
	"boothd/sync/drill"
	"boothd/sync/grant"
)

// orderCounts is how long an order of a drill may be under way.
const orderCounts = time.Hour

// OrderDrill lets central order a drill of the demo's booth.
func (s *Stage) OrderDrill(ctx context.Context, target string, minutes int) error {
	now := time.Now()
	order, err := drill.Sign(&drill.Order{
		ID: rand.Text(), Booth: demo.Booth, Target: target, Minutes: minutes, By: "the simulator", Issued: now, Expires: now.Add(orderCounts),
	}, s.Portal.Signing)
	if err != nil {
		return err
	}
	_, err = s.Portal.Alerts.Order(ctx, demo.Booth, order)
	return err
}

// Learn puts into central's systems what they did not know when the cast was seeded.
// Whoever was checked meanwhile is found.
func (s *Stage) Learn(ctx context.Context) error { return seed.Late(ctx, s.Portal.Stores()) }

// Grant lets the demo's court authorise a question to a system about a traveller, and
// returns the path of the file with the grant.
func (s *Stage) Grant(traveller int, system string) (string, error) {
	z, err := zone(traveller)
	if err != nil {
		return "", err
	}
	court, err := s.folder.Court()
	if err != nil {
		return "", err
	}
	now := time.Now()
	text, err := grant.Sign(&grant.Grant{
		ID: rand.Text(), Authority: grant.Judicial, By: "Court of Utopia", Reference: fmt.Sprintf("UTO %d/26", traveller),
		Deeds: []grant.Deed{grant.DeedQuery, grant.DeedAccess}, Systems: []string{system},
		Subject: grant.SubjectOf(z.DocumentNumber, z.Issuer), Issued: now, Expires: now.Add(24 * time.Hour),
	}, court)
	if err != nil {
		return "", err
	}
	path := s.folder.Path(fmt.Sprintf("grant-%d-%s.jws", traveller, system))
	return path, os.WriteFile(path, []byte(text), 0o600)
}
