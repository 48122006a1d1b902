package rest

import "os"

// giveAway does nothing: on Windows the folder says whose its files are.
func giveAway(*os.File) error { return nil }
