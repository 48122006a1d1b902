package intake

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"boothd/sync/portal"
)

// commitTimeout limits a report's transaction. It does not end when the booth hangs up: what
// was received is committed.
const commitTimeout = 30 * time.Second

// Handler serves POST /v1/report and GET /v1/report/through. It must be reached over mutual
// TLS only: the caller is who the certificate says, and may speak for itself only.
func (in *Intake) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+portal.PathReport, in.serveReport)
	mux.HandleFunc("GET "+portal.PathThrough, in.serveThrough)
	return mux
}

func (in *Intake) serveReport(w http.ResponseWriter, r *http.Request) {
	items, err := portal.ReadReport(w, r)
	if err != nil {
		in.opt.Log.Warn("report refused", "booth", portal.Caller(r), "err", err)
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if items[0].Booth == "" || items[0].Booth != portal.Caller(r) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), commitTimeout)
	defer cancel()
	reply, err := in.Commit(ctx, items)
	if err != nil {
		in.opt.Log.Error("report not committed", "booth", items[0].Booth, "err", err)
		http.Error(w, "not committed", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(reply)
}

func (in *Intake) serveThrough(w http.ResponseWriter, r *http.Request) {
	booth, epoch := portal.Caller(r), r.URL.Query().Get("epoch")
	switch {
	case booth == "":
		http.Error(w, "no certificate", http.StatusForbidden)
		return
	case epoch == "" || plain(epoch) != epoch:
		http.Error(w, "no epoch", http.StatusBadRequest)
		return
	}
	word, err := in.Through(r.Context(), booth, epoch)
	if err != nil {
		in.opt.Log.Error("what is committed not found out", "booth", booth, "err", err)
		http.Error(w, "not known", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(word)
}
