package vpcd

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// quickReader reads from a TCP connection and has every read acknowledged at once.
type quickReader struct {
	conn net.Conn
	raw  syscall.RawConn
}

// quick returns a reader of the connection.
func quick(conn net.Conn) io.Reader {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return quickReader{conn, raw}
}

// Read asks anew each time, since the kernel forgets. Where it cannot, reading is slow.
func (q quickReader) Read(b []byte) (int, error) {
	_ = q.raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
	return q.conn.Read(b)
}
