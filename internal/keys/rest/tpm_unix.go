//go:build unix

package rest

import (
	"io/fs"
	"os"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

func tpmIsThere(device string) bool {
	_, err := os.Stat(device)
	return device != "" && err == nil
}

func openTPM(device string) (transport.TPMCloser, error) {
	st, err := os.Stat(device)
	if err != nil {
		return nil, err
	}
	if st.Mode()&fs.ModeSocket != 0 {
		return linuxudstpm.Open(device)
	}
	return linuxtpm.Open(device)
}
