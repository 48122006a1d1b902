package config

import (
	"slices"

	"boothd/capture"
	"boothd/capture/policy"
)

// chipsByLaw stands among the documents that must have a chip for those that must by law.
const chipsByLaw = "law"

// Rules returns the booth's policy.
func (c *Config) Rules() policy.Rules {
	rules := policy.Rules{
		Require:     c.Check.Require,
		FingersFrom: c.Check.FingersFrom,
		Fingers:     c.Check.FingerPlan(),
		ChipsByLaw:  slices.Contains(c.Documents.Chip, chipsByLaw),
		Default:     policy.Rule(c.Policy.Default),
	}
	for _, s := range c.Policy.Systems {
		rules.Systems = append(rules.Systems, policy.SystemRule{
			System: s.System, Modality: s.Modality, Rule: policy.Rule(s.Rule.or(c.Policy.Default)),
		})
	}
	for _, r := range c.Policy.Checks {
		rules.Checks = append(rules.Checks, r.rule())
	}
	rules.Chips = kindsOf(c.Documents.Chip)
	return rules
}

// FingerPlan says which fingers a check takes.
func (c *Check) FingerPlan() capture.FingerPlan {
	plan, _ := capture.NewFingerPlan(c.Fingers, capture.FingerPosition(c.Finger))
	return plan
}

func (r CheckRule) rule() policy.CheckRule {
	return policy.CheckRule{
		Check: r.Check, Reason: r.Reason, Documents: kindsOf(r.Documents), Failed: r.Failed, Undetermined: r.Undetermined, NotDone: r.NotDone,
	}
}

// kindsOf are the kinds of documents that are written well.
func kindsOf(texts []string) []policy.Kind {
	var kinds []policy.Kind
	for _, text := range texts {
		if k, err := policy.ParseKind(text); err == nil {
			kinds = append(kinds, k)
		}
	}
	return kinds
}
