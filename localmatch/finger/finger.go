// Package finger turns pictures of fingers into templates and compares them.
package finger
