package stage

import (
	"context"
	"fmt"
	"strings"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/hardware"
	"boothd/cmd/boothsim/line"
	"boothd/cmd/centrald/intake"
	"boothd/cmd/centrald/seed"
)

// State tells how everything is.
type State struct {
	Addresses demo.Addresses `json:"addresses"`
	Devices   hardware.State `json:"devices"`
	Lines     struct {
		Portal   line.State `json:"portal"`
		National line.State `json:"national"`
		Broker   line.State `json:"broker"`
	} `json:"lines"`
	BrokerClients int              `json:"broker_clients"` // booths
	Systems       []SystemState    `json:"systems"`
	Lists         []ListState      `json:"lists"`
	Received      intake.Received  `json:"received"`
	Records       []intake.Summary `json:"records"`
	Cast          []Role           `json:"cast"`
	Chips         []ChipWord       `json:"chips"` // as "present" knows them
}

// ListState tells how a published list is.
type ListState struct {
	Name    string `json:"name"`
	System  string `json:"system"`
	Version uint64 `json:"version"`
	Entries int    `json:"entries"`
	// Certificates is set if they are certificates, and nobody is on the list.
	Certificates bool `json:"certificates,omitempty"`
}

// Role is a traveller of the demo.
type Role struct {
	Traveller int    `json:"traveller"`
	Note      string `json:"note"`
}

// State tells how everything is.
func (s *Stage) State(ctx context.Context) (*State, error) {
	st := &State{
		Addresses:     s.addresses,
		Devices:       s.Hardware.State(),
		BrokerClients: s.broker.Clients(),
		Lists:         s.lists.state(),
		Chips:         ChipWords(),
	}
	st.Lines.Portal, st.Lines.National, st.Lines.Broker = s.portalLine.State(), s.nationalLine.State(), s.brokerLine.State()
	for _, r := range seed.Roles() {
		st.Cast = append(st.Cast, Role{r.Traveller, r.Note})
	}
	st.Cast = append(st.Cast, chipRoles()...)
	var err error
	if st.Systems, err = s.Portal.Systems(ctx); err != nil {
		return nil, err
	}
	if st.Received, err = s.Portal.Intake.Received(ctx); err != nil {
		return nil, err
	}
	st.Records, err = s.Portal.Intake.Records(ctx, 8)
	return st, err
}

// String is the state in a few lines.
func (s *State) String() string {
	var b strings.Builder
	d := &s.Devices
	fmt.Fprintf(&b, "reader %s, chip reader %s, camera %s, scanner %s\n", d.Reader, d.ChipReader, d.Camera, d.Scanner)
	fmt.Fprintf(&b, "line to portal %s, to the nation's network %s, to broker %s (%d connected)\n", s.Lines.Portal, s.Lines.National, s.Lines.Broker, s.BrokerClients)
	for _, y := range s.Systems {
		how := "well"
		switch {
		case y.Failing:
			how = "failing"
		case y.Latency > 0:
			how = "slow by " + y.Latency.String()
		}
		fmt.Fprintf(&b, "system %s %s, %d people\n", y.Name, how, y.People)
	}
	for _, l := range s.Lists {
		fmt.Fprintf(&b, "list %s version %d, %d entries\n", l.Name, l.Version, l.Entries)
	}
	fmt.Fprintf(&b, "central has %d records, %d doubled", s.Received.Records, s.Received.Doubled)
	return b.String()
}
