package rest

import (
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/windowstpm"
)

func tpmIsThere(string) bool {
	t, err := windowstpm.Open()
	if err != nil {
		return false
	}
	t.Close()
	return true
}

// openTPM opens the machine's TPM. Windows names it otherwise than by a path.
func openTPM(string) (transport.TPMCloser, error) { return windowstpm.Open() }
