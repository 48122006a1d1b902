package seed

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

// answers are what the systems say of each role: to the document, and to the finger with the
// document where something is to be told by it. That an authorisation is valid or not
// required goes without saying.
var answers = map[int]struct{ paper, print, links []string }{
	1:   {},
	2:   {paper: []string{"SLTD, hit, document number, stolen document"}},
	3:   {},
	4:   {},
	5:   {paper: []string{"SIS, possible, name, arrest"}},
	7:   {paper: []string{"VIS: visa=revoked", "VIS, hit, document number, revoked visa"}, print: []string{"VIS: visa=revoked file=verified", "VIS, hit, document number, revoked visa"}},
	8:   {},
	10:  {paper: []string{"SIS, hit, document number, discreet check, discreet"}, print: []string{"SIS, hit, finger, discreet check, discreet"}},
	11:  {paper: []string{"national, hit, document number, wanted as a witness"}},
	12:  {paper: []string{"EES: file=not_verified presence=inside days_left=0 days_over=31", "EES, hit, document number, overstay"}},
	21:  {},
	50:  {print: []string{"national, hit, finger, discreet check, discreet"}},
	91:  {print: []string{"SIS, hit, finger, unknown wanted person"}},
	101: {paper: []string{"SIS, hit, document number, refusal of entry"}},
	111: {paper: []string{"SIS, hit, document number, return"}},
	112: {paper: []string{"SIS, hit, document number, arrest"}},
	114: {paper: []string{"SIS, hit, document number, missing person, minor"}},
	116: {paper: []string{"SIS, hit, document number, vulnerable person, minor"}, print: []string{"SIS, hit, finger, vulnerable person, minor"}},
	121: {paper: []string{"SIS, hit, document number, judicial procedure"}},
	122: {paper: []string{"SIS, hit, document number, inquiry check"}},
	132: {paper: []string{"SIS, hit, document number, specific check"}},
	140: {paper: []string{"SIS, hit, document number, document to be seized"}},
	150: {paper: []string{"SLTD, hit, document number, lost document"}},
	151: {paper: []string{"TDAWN, hit, document number, document associated with a notice"}},
	152: {paper: []string{"Europol, hit, document number, Europol data"}},
	160: {paper: []string{"ECRIS-TCN, possible, name, needs judicial"}},
	161: {print: []string{"Eurodac, hit, finger, applicant for international protection"}},
	162: {print: []string{"Eurodac, hit, finger, irregular crossing"}},
	170: {print: []string{"Eurodac, hit, finger, illegal stay"}},
	136: {print: []string{"Eurodac, hit, finger, applicant for international protection, minor"}},
	171: {paper: []string{"EES: file=not_verified presence=inside days_left=69"}, print: []string{"EES: file=verified presence=inside days_left=69"}},
	172: {paper: []string{"EES: file=not_verified presence=outside days_left=80"}},
	180: {paper: []string{"EES: file=not_verified presence=inside days_left=49"}},
	181: {paper: []string{"EES: file=not_verified presence=outside days_left=90", "EES, possible, document number, refused entry"}},
	182: {paper: []string{"EES: file=not_verified presence=outside days_left=0", "EES, possible, document number, no days of stay left"}},
	190: {paper: []string{"EES: file=not_verified presence=outside days_left=78", "EES, possible, document number, incomplete records"}},
	191: {paper: []string{"EES: file=not_verified presence=inside days_left=74 fallback=1"}},
	192: {paper: []string{"EES: file=not_verified presence=inside days_left=20"}},
	202: {paper: []string{"EES: file=not_verified presence=inside days_left=69"}, print: []string{"EES: file=not_verified presence=inside days_left=69", "EES, possible, document number, not verified"}},
	210: {paper: []string{"EES: file=not_verified", "EES, possible, name, perhaps this person's file"}, print: []string{"EES: file=verified presence=outside days_left=80", "EES, possible, finger, file under another document"}},
	211: {paper: []string{"EES: file=not_verified presence=outside days_left=90"}},
	124: {paper: []string{"EES: file=not_verified presence=inside days_left=69"}, print: []string{"EES: file=not_verified presence=inside days_left=69"}},
	102: {paper: []string{"VIS: visa=valid"}},
	110: {paper: []string{"VIS: visa=valid entries=1"}},
	120: {paper: []string{"VIS: visa=valid territory=Utopia only entries=2"}},
	130: {paper: []string{"VIS: visa=expired", "VIS, possible, document number, expired visa"}},
	131: {paper: []string{"VIS: visa=not_yet_valid", "VIS, possible, document number, visa not yet valid"}},
	141: {paper: []string{"VIS: visa=used_up entries=1", "VIS, possible, document number, entries of the visa used up"}},
	201: {paper: []string{"VIS: visa=annulled", "VIS, hit, document number, annulled visa"}},
	17:  {paper: []string{"VIS: visa=valid"}, print: []string{"VIS: visa=valid file=verified"}},
	177: {paper: []string{"VIS, possible, document number, unknown visa sticker"}},
	257: {paper: []string{"VIS: visa=valid"}, print: []string{"VIS: visa=valid file=not_verified", "VIS, possible, finger, fingers not the visa holder's"}},
	221: {paper: []string{"VIS, possible, name, perhaps this person's visa"}},
	134: {paper: []string{"VIS: visa=valid"}, print: []string{"VIS: visa=valid file=not_verified"}},
	212: {paper: []string{"ETIAS: authorisation=none", "ETIAS, hit, document number, no valid travel authorisation"}},
	220: {paper: []string{"ETIAS: authorisation=expired", "ETIAS, hit, document number, no valid travel authorisation"}},
	222: {paper: []string{"ETIAS: authorisation=refused", "ETIAS, hit, document number, no valid travel authorisation"}},
	230: {paper: []string{"ETIAS: authorisation=revoked", "ETIAS, hit, document number, no valid travel authorisation"}},
	231: {paper: []string{"ETIAS: authorisation=valid flag=second-line check recommended", "ETIAS, possible, document number, flagged authorisation"}},
	232: {paper: []string{"ETIAS: authorisation=none", "ETIAS, hit, document number, no valid travel authorisation"}},
	241: {paper: []string{"EES: file=not_verified presence=outside days_left=80", "VIS: visa=valid"}, links: []string{"white link EES VIS"}},
	242: {paper: []string{"EES: file=not_verified presence=inside days_left=69"}, print: []string{"EES: file=verified presence=inside days_left=69", "VIS: visa=valid file=verified"}, links: []string{"yellow link EES VIS, work"}},
	250: {paper: []string{"EES: file=not_verified presence=outside days_left=80"}, links: []string{"red link EES VIS"}},
	300: {paper: []string{"EES: file=not_verified presence=outside days_left=80", "VIS, possible, name, perhaps this person's visa"}, links: []string{"green link EES VIS"}},
	260: {paper: []string{"EES: file=not_verified presence=inside days_left=69"}, print: []string{"SIS, hit, finger, discreet check, discreet", "EES: file=verified presence=inside days_left=69"}, links: []string{"yellow link EES SIS, discreet, work"}},
	270: {paper: []string{"EES: file=not_verified presence=outside days_left=80", "VIS: visa=valid"}, links: []string{"white link EES Eurodac", "white link EES VIS", "white link Eurodac VIS"}},
	262: {},
}

func TestEveryRoleAnswersAsItsNoteSays(t *testing.T) {
	takesLong(t)
	roles := map[int]bool{}
	for _, r := range Roles() {
		if roles[r.Traveller] || r.Traveller >= FirstPerson || r.Note == "" {
			t.Errorf("traveller %d has two roles, a number of the mass or no note", r.Traveller)
		}
		roles[r.Traveller] = true
	}
	if !slices.Equal(slices.Sorted(maps.Keys(roles)), slices.Sorted(maps.Keys(answers))) {
		t.Fatal("roles and answers are not of the same travellers")
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		s := open(t, db)
		later := s
		later.Now = func() time.Time { return today.AddDate(0, 0, 3) }
		// Put in again on another day, nobody is known otherwise.
		must(t, Cast(t.Context(), s), Cast(t.Context(), later))
		for _, r := range Roles() {
			want := answers[r.Traveller]
			expect(t, r, "document", asked(t, &s, evidence(t, r.Traveller, false), byPaper...), want.paper)
			if want.print != nil {
				expect(t, r, "finger", asked(t, &s, evidence(t, r.Traveller, true), byPrint...), want.print)
			}
			expect(t, r, "links", linksOf(t, &s, r.Traveller), want.links)
		}
		askFurther(t, &s)
		lawEnforcement(t, &s)
		askLater(t, s)
	})
}

func expect(t *testing.T, r Role, what string, got, want []string) {
	t.Helper()
	got = slices.DeleteFunc(got, func(line string) bool {
		return line == "ETIAS: authorisation=valid" || line == "ETIAS: authorisation=not_required"
	})
	if !slices.Equal(got, want) {
		t.Errorf("traveller %d, %s, by %s:\ngot  %q\nwant %q", r.Traveller, r.Note, what, got, want)
	}
}

// askFurther asks for what takes more than a document.
func askFurther(t *testing.T, s *Stores) {
	doubt := &capture.Identification{Ground: capture.GroundDoubtOnHolder}
	best := &capture.Identification{Ground: capture.GroundDoubtOnHolder, BestInterests: "found alone on the platform"}
	for _, tt := range []struct {
		name      string
		traveller int
		system    string
		change    func(*system.Question)
		want      string
	}{
		{"an authorisation is told of", 3, system.ETIAS, func(*system.Question) {}, "ETIAS: authorisation=valid"},
		{"a conviction is told of with a grant", 160, system.ECRISTCN, func(q *system.Question) { q.Grant = "g-1" }, "ECRIS-TCN, possible, name, conviction"},
		{"nobody is identified without a reason", 171, system.CIR, func(*system.Question) {}, "CIR unavailable: identification needs a stated reason"},
		{"a traveller is identified for a reason", 171, system.CIR, func(q *system.Question) { q.Identify = doubt }, "CIR, possible, document number"},
		{"a child is not", 124, system.CIR, func(q *system.Question) { q.Identify = doubt }, "CIR unavailable: a child under 12 is identified only if it is stated why that serves the child"},
		{"unless it serves the child", 124, system.CIR, func(q *system.Question) { q.Identify = best }, "CIR, possible, document number, minor"},
	} {
		q := system.About(evidence(t, tt.traveller, false), tt.system)
		q.Keep(system.Allowed(tt.system))
		tt.change(&q)
		r, err := s.adapters()[tt.system].Ask(t.Context(), q)
		must(t, err)
		if got := strings.Join(saidOf(tt.system, &r), "; "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// lawEnforcement asks which systems hold data, and what waits for the second line.
func lawEnforcement(t *testing.T, s *Stores) {
	q := system.About(evidence(t, 270, false), system.CIR)
	held, _, err := s.CIR.Holds(t.Context(), q, []string{system.EES, system.VIS, system.ETIAS, system.Eurodac})
	if err != nil || !slices.Equal(held, []string{system.EES, system.VIS, system.Eurodac}) {
		t.Errorf("law enforcement is told of %q, %v", held, err)
	}
	for cleared, want := range map[bool]int{false: 1, true: 2} {
		items, err := s.Links.Open(t.Context(), identity.Sight{Systems: everySystem(), Cleared: cleared})
		if err != nil || len(items) != want {
			t.Errorf("%d items for the second line, cleared %t, want %d; %v", len(items), cleared, want, err)
		}
	}
}

// askLater asks for what becomes known late.
func askLater(t *testing.T, s Stores) {
	must(t, Late(t.Context(), s))
	if got := asked(t, &s, evidence(t, 262, false), system.SIS); !slices.Equal(got, []string{"SIS, hit, document number, arrest"}) {
		t.Errorf("known later: %q", got)
	}
}
