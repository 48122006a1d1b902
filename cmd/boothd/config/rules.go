package config

import "boothd/capture/policy"

// Rules returns the booth's policy.
func (c *Config) Rules() policy.Rules {
	rules := policy.Rules{
		Require:     c.Check.Require,
		FingersFrom: c.Check.FingersFrom,
		Default:     policy.Rule(c.Policy.Default),
	}
	for _, s := range c.Policy.Systems {
		rules.Systems = append(rules.Systems, policy.SystemRule{
			System: s.System, Modality: s.Modality, Rule: policy.Rule(s.Rule.or(c.Policy.Default)),
		})
	}
	return rules
}
