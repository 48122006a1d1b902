package cvc_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/authenticity/cvc"
)

// The certificates and the signature of Terminal Authentication that OpenPACE tests with
// (src/eactest.c): brainpoolP512r1, ECDSA with SHA-512. The CVCA says inspection systems, the
// others say authentication terminals, so that a chip must not accept the chain; the
// signatures are right.
const (
	exampleCVCA = `7f218202f37f4e82026a5f290100420d44454356434141543030303031
		7f4982021f060a04007f00070202020205
		8140aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3
		82407830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca
		83403df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723
		8481810481aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822
		7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892
		8540aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069
		86818104 64f09c617c0d5a4e2e88b2598af06860440c07c5ed353a18a14e938a6cbce30594d94079594ccfaefe28d9aac9ac1bd37c89b6ccbd10b14fc3aa19deb1fd03ea151a
		42b892547a339618c4c9f26fa983855d893f81413cd320ea4230d3415ebccdb5908d91dc23c6566f47b8a0e0a19c175bdc775d8824676aacfaedea0c160e
		8701015f200d444543564341415430303030317f4c0e060904007f0007030102015301c35f25060100000903005f2406010100090205
		5f378180a5e72244d0ac9cd3e8fe9b878ea32a24f4aa060fd17c2a8291d9797e8a60f28a2978e3f4eae840e95b6a64fda44d8d39a699521cd538220396494515
		0a6cc4a50c49ee234ab36df675e44c11499080676dd5b3ac1859d98b302ca9605cd94a51d7da5738beaa49848bca7777b7dc9accdaa1d0b64432b2c13889a4854c9ff346`
	exampleDV = `7f218201667f4e81de5f290100420d444543564341415430303030317f498190060a04007f00070202020205
		868181040a74972e84b7d2c428fbe46d40c92d6cb56ae6a4b0af5b8bc0927e5ef6f73220776d31693e36d685df6cf3763e41728d967dc1963f7ca70f0ea7adb5ea856d8a
		133b867b8ef4132e7ffa3e8f32cd0321fc22199b9323376e59d84a0624919481 17178bf4db6c0ee7a235bfc3d4459183d408232ac781c78cf5c54e2ff35ba516
		5f200d444554455354445644453031397f4c12060904007f0007030102025305801fffff105f25060100000903005f2406010001000300
		5f37818098c637befa6305892190 2896a605206d5be3bff2f7e258eb0bb06ea7e84dfbc98e35276110c684bb23d277350e3862e6a30520808f417b8911985880a556e1
		758c7fe6545b3da03383bd7b5b51dec007139cbc44ff320f84f2b6ad44c7b28fcaeb2b7b98e3a2bae8322b115a8f10d48349281b4f4645c9aae307cfae9ad6b194`
	exampleTerminal = `7f218201667f4e81de5f290100420d444554455354445644453031397f498190060a04007f00070202020205
		868181043385b484e8e994c93f55adf4a9c92da3c063ac7d744e85d38ee070bf6ff8d7aba2de688724b27d6bae2b1c8ae074c09bb8808cc83036b0692898711d3f6fc321
		3846e14b3154845084dfbc0eb70ae2bdea8eebd6796acfa4c56f5703ce5a6efe0a266e43c3f71a1b7eec60e5c6f0850dc4d3455f53282c9fbca85dc947d13bee
		5f200d444554455354415444453031397f4c12060904007f000703010202530500000001105f25060100000903005f2406010001000300
		5f37818034bb8c280a7a593cf7c7e9f375ffffbfd92c4e3f6188a44824215e11ef47d03428cfc91936a2609c742ef92c5968bce65ba42aed7aad70b7b2a31201dc
		152cec930d7d7954bfbe0021ad1fd2acaa6c349a6c2fb86514b9f03dfab99871fbd990dd8416d3eda2883ebd0b94401a7dbfe16e5a1db643ee7c2fc0d5d77bae3666af`
	exampleSignature = `81A2D9E5891B86A0F01ADD0341C89D6E9EF3E20C223884F27B2F2040E9721C46C9C3CF7C0EE0A422263BA6F1EAFC693BD8738F34760B5998584F58DD25B8D60D
		99D7C45957C2E2F10C0E5F91A8DC88BD7CFA33CBF784A9DA83C800324165179DBE71C69B2C0FD811270E436C43278184DDB542142342DBF156E82D2A1BC19085`
	// What it is over: the chip's compressed key of PACE, the challenge, the compressed key of
	// the terminal's in Chip Authentication.
	exampleMessage = `282CF38073036AFAC216AF135BD994DA0C357F10BD4C34AFEA1042B2EB0FD680 547E4EAB03B235D2
		5A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799`
)

func parse(t testing.TB, s string) *cvc.Certificate {
	t.Helper()
	c, err := cvc.Parse(unhex(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCertificatesOfOpenPACE(t *testing.T) {
	root, dv, terminal := parse(t, exampleCVCA), parse(t, exampleDV), parse(t, exampleTerminal)
	anchor, err := cvc.Anchor(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := terminal.String(); got != "terminal certificate DETESTATDE019 by DETESTDVDE019" {
		t.Errorf("named %q", got)
	}
	if want := time.Date(2010, 10, 30, 0, 0, 0, 0, time.UTC); !terminal.Until.Equal(want) {
		t.Errorf("valid until %v, want %v", terminal.Until, want)
	}
	if err := anchor.Verify(dv.Body, dv.Signature); err != nil {
		t.Errorf("signature of the DV certificate: %v", err)
	}
	key := dv.Key
	key.Curve = anchor.Key.Curve
	if err := key.Verify(terminal.Body, terminal.Signature); err != nil {
		t.Errorf("signature of the terminal certificate: %v", err)
	}
	key.Point = terminal.Key.Point
	if err := key.Verify(unhex(t, exampleMessage), unhex(t, exampleSignature)); err != nil {
		t.Errorf("signature of the terminal: %v", err)
	}
	if _, err := anchor.Accept(dv, dv.From); !errors.Is(err, cvc.ErrNotIssued) {
		t.Errorf("certificate for another type of terminal: %v", err)
	}
}
