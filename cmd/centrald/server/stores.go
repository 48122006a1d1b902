package server

import "boothd/cmd/centrald/seed"

// Stores are what can be seeded.
func (s *Server) Stores() seed.Stores {
	return seed.Stores{
		DB: s.DB, Registers: s.Registers, EES: s.EES, VIS: s.VIS, ETIAS: s.ETIAS, CIR: s.CIR, Links: s.Links, Now: s.now,
	}
}
