package main

import "boothd/internal/keys"

type keysCommand struct {
	Signing keysSigning `cmd:"" help:"Make an Ed25519 key that signs lists or acknowledgements: PATH and PATH.pub."`
	Sealing keysSealing `cmd:"" help:"Make a key that records are sealed to: PATH and PATH.pub."`
}

type keysSigning struct {
	Path string `arg:"" type:"path"`
}

func (k *keysSigning) Run(c *call) error {
	_, err := keys.GenerateSigning(k.Path)
	return err
}

type keysSealing struct {
	Path string `arg:"" type:"path"`
}

func (k *keysSealing) Run(c *call) error {
	_, err := keys.GenerateSealing(k.Path)
	return err
}
