// Package statelock makes sure that one process at a time works with a booth's state: the
// daemon, or a command that changes what the daemon holds in memory.
package statelock
