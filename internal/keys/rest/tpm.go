package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// The root lies in an object that the TPM encrypted under its storage root key (TCG TPM v2.0
// Provisioning Guidance, ECC P-256 template), which is made anew each time from the TPM's seed.
// Sessions are salted with that key and encrypt the root on its way, so that nobody reads it
// off the wires between processor and TPM.

// sealToTPM has the TPM seal the root.
func sealToTPM(ctx context.Context, device string, pcrs []int, root []byte) (*rootFile, error) {
	s := &rootFile{Format: rootFormat, Source: SourceTPM, PCRs: pcrs}
	err := withStorageKey(ctx, device, func(t transport.TPM, parent *storageKey) error {
		template := tpm2.TPMTPublic{
			Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
			// Without NoDA a few failures would lock the object for hours.
			ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, NoDA: true, UserWithAuth: len(pcrs) == 0},
		}
		if len(pcrs) > 0 {
			policy, err := policyOf(t, pcrs)
			if err != nil {
				return err
			}
			template.AuthPolicy = *policy
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		made, err := tpm2.Create{
			ParentHandle: tpm2.AuthHandle{Handle: parent.handle, Name: parent.name, Auth: parent.session(tpm2.AESEncryption(128, tpm2.EncryptIn))},
			InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
				Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: root}),
			}},
			InPublic: tpm2.New2B(template),
		}.Execute(t)
		if err != nil {
			return fmt.Errorf("seal: %w", err)
		}
		s.Parent, s.Public, s.Private = parent.name.Buffer, made.OutPublic.Bytes(), made.OutPrivate.Buffer
		return nil
	})
	return s, err
}

// unsealFromTPM has the TPM give the root out.
func (s *rootFile) unsealFromTPM(ctx context.Context, device string) ([]byte, error) {
	var root []byte
	err := withStorageKey(ctx, device, func(t transport.TPM, parent *storageKey) error {
		if !bytes.Equal(parent.name.Buffer, s.Parent) {
			return &fault{ErrOther, errors.New("it is another TPM, or it was cleared")}
		}
		loaded, err := tpm2.Load{
			ParentHandle: tpm2.AuthHandle{Handle: parent.handle, Name: parent.name, Auth: parent.session(tpm2.AESEncryption(128, tpm2.EncryptOut))},
			InPrivate:    tpm2.TPM2BPrivate{Buffer: s.Private},
			InPublic:     tpm2.BytesAs2B[tpm2.TPMTPublic](s.Public),
		}.Execute(t)
		if err != nil {
			return sealedFault(err)
		}
		defer tpm2.FlushContext{FlushHandle: loaded.ObjectHandle}.Execute(t)
		if err := ctx.Err(); err != nil {
			return err
		}
		given, err := tpm2.Unseal{
			ItemHandle: tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: loaded.Name, Auth: s.authorization(parent)},
		}.Execute(t)
		if err != nil {
			return s.refused(err)
		}
		root = given.OutData.Buffer
		if len(root) != rootSize {
			return &fault{ErrDamaged, errors.New("the TPM gave something else than a root")}
		}
		return nil
	})
	return root, err
}

// authorization is what the TPM wants to see before it gives the root out.
func (s *rootFile) authorization(parent *storageKey) tpm2.Session {
	if len(s.PCRs) == 0 {
		return parent.session(tpm2.AESEncryption(128, tpm2.EncryptOut))
	}
	show := func(t transport.TPM, handle tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
		_, err := tpm2.PolicyPCR{PolicySession: handle, Pcrs: selection(s.PCRs)}.Execute(t)
		return err
	}
	return tpm2.Policy(tpm2.TPMAlgSHA256, nonceSize, show, parent.salted(), tpm2.AESEncryption(128, tpm2.EncryptOut))
}

// refused tells the refusal of a policy from other errors.
func (s *rootFile) refused(err error) error {
	if errors.Is(err, tpm2.TPMRCPolicyFail) || errors.Is(err, tpm2.TPMRCPCRChanged) {
		return &fault{ErrChanged, fmt.Errorf("PCRs %v of the TPM differ", s.PCRs)}
	}
	return sealedFault(err)
}

// sealedFault tells a sealed object that is not whole from a TPM that does not answer.
func sealedFault(err error) error {
	// What a TPM says of its arguments is in format 1, except that an object cannot be
	// authorized in the way that the root file names.
	if _, ok := errors.AsType[tpm2.TPMFmt1Error](err); ok || errors.Is(err, tpm2.TPMRCAuthUnavailable) {
		return &fault{ErrDamaged, fmt.Errorf("the TPM does not take the sealed root: %w", err)}
	}
	return err
}

// policyOf is the policy that the registers hold what they hold now.
func policyOf(t transport.TPM, pcrs []int) (*tpm2.TPM2BDigest, error) {
	now, err := tpm2.PCRRead{PCRSelectionIn: selection(pcrs)}.Execute(t)
	if err != nil {
		return nil, fmt.Errorf("read PCRs: %w", err)
	}
	if len(now.PCRValues.Digests) == 0 { // it would be a policy of nothing
		return nil, errors.New("the TPM keeps no PCRs with SHA-256")
	}
	trial, end, err := tpm2.PolicySession(t, tpm2.TPMAlgSHA256, nonceSize, tpm2.Trial())
	if err != nil {
		return nil, fmt.Errorf("begin policy: %w", err)
	}
	defer end()
	if _, err := (tpm2.PolicyPCR{PolicySession: trial.Handle(), Pcrs: selection(pcrs)}).Execute(t); err != nil {
		return nil, fmt.Errorf("bind to PCRs: %w", err)
	}
	policy, err := tpm2.PolicyGetDigest{PolicySession: trial.Handle()}.Execute(t)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return &policy.PolicyDigest, nil
}

func selection(pcrs []int) tpm2.TPMLPCRSelection {
	var bits [PCRLimit / 8]byte
	for _, n := range pcrs {
		bits[n/8] |= 1 << (n % 8)
	}
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: bits[:]}}}
}

// nonceSize is that of sessions, in bytes.
const nonceSize = 32

// storageKey is the TPM's storage root key, loaded.
type storageKey struct {
	handle tpm2.TPMHandle
	name   tpm2.TPM2BName
	public tpm2.TPMTPublic
}

// session authorizes a use of the key, or of an object that asks for no more. It hides from
// the wires what crypt names.
func (k *storageKey) session(crypt tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, nonceSize, k.salted(), crypt)
}

// salted makes a session's key known to this TPM only.
func (k *storageKey) salted() tpm2.AuthOption { return tpm2.Salted(k.handle, k.public) }

// withStorageKey opens the TPM and loads its storage key for use.
func withStorageKey(ctx context.Context, device string, use func(transport.TPM, *storageKey) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := openTPM(device)
	if err != nil {
		return fmt.Errorf("open TPM: %w", err)
	}
	defer t.Close()
	made, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(t)
	if err != nil {
		return fmt.Errorf("make storage key: %w", err)
	}
	defer tpm2.FlushContext{FlushHandle: made.ObjectHandle}.Execute(t)
	if err := ctx.Err(); err != nil {
		return err
	}
	public, err := made.OutPublic.Contents()
	if err != nil {
		return fmt.Errorf("read storage key: %w", err)
	}
	// The name is computed, not believed: a session is safe if the key is the one known.
	name, err := tpm2.ObjectName(public)
	if err != nil {
		return fmt.Errorf("read storage key: %w", err)
	}
	return use(t, &storageKey{made.ObjectHandle, *name, *public})
}
