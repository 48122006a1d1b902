package config

import (
	"fmt"
	"slices"
	"strings"

	"boothd/cmd/boothd/sbi"
	"boothd/internal/settings"
)

// SBI is the interface through which registration kiosks of MOSIP use the booth's scanners and
// cameras.
type SBI struct {
	Enabled bool        `toml:"enabled"`
	Purpose sbi.Purpose `toml:"purpose"`
	Env     string      `toml:"environment"`
	// Provider and ProviderID are the device provider as the authority has registered it.
	Provider   string   `toml:"provider"`
	ProviderID string   `toml:"provider_id"`
	Origins    []string `toml:"origins"` // of browser pages that may capture
	// Cert and Key are an imported device key; without them the booth makes its own.
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
	// Domain is the certificate that captures of an authentication are encrypted to.
	Domain string `toml:"domain_cert"`
}

func (c *Config) sbiFaults(f *settings.Faults) {
	s := &c.SBI
	if !s.Enabled {
		return
	}
	f.Unless(s.Purpose == sbi.Registration || s.Purpose == sbi.Auth, "sbi.purpose", "must be \"Registration\" or \"Auth\"")
	f.Unless(slices.Contains(sbi.Environments(), s.Env), "sbi.environment", "must be one of %s", strings.Join(sbi.Environments(), ", "))
	f.Unless(s.Provider != "" && len(s.Provider) <= 200, "sbi.provider", "is missing or too long")
	f.Unless(s.ProviderID != "" && len(s.ProviderID) <= 200, "sbi.provider_id", "is missing or too long")
	for i, o := range s.Origins {
		f.Unless(isOrigin(o), fmt.Sprintf("sbi.origins[%d]", i), "must be a web origin and no more, such as \"https://kiosk.example\"")
	}
	if s.Cert != "" || s.Key != "" {
		f.File("sbi.cert", s.Cert)
		f.File("sbi.key", s.Key)
	}
	if s.Purpose == sbi.Auth && f.File("sbi.domain_cert", s.Domain) {
		_, err := sbi.ReadDomain(s.Domain)
		f.Unless(err == nil, "sbi.domain_cert", "%v", err)
	}
}
