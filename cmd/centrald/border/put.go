package border

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
)

// File is a whole file, as another system hands it over or a training system is given it.
type File struct {
	// Entry is the identity part; its ID is the file's.
	Entry gallery.Entry
	// Records need neither document nor identity.
	Records []Crossing
}

const filesPerTransaction = 1000

// Put adds whole files: their identity parts, the documents that find them, and records,
// where those that are there already are left as they are. Of each 1,000 files the records
// are added in one transaction. An error that matches ErrInvalid tells the file's place
// among those given and comes before anything is put; what an entry may not hold, Enrol
// refuses.
func (e *EES) Put(ctx context.Context, files ...File) error {
	for i := range files {
		if err := files[i].validate(); err != nil {
			return fmt.Errorf("put file %d: %w: %w", i, ErrInvalid, err)
		}
	}
	for len(files) > 0 {
		part := files[:min(filesPerTransaction, len(files))]
		files = files[len(part):]
		entries := make([]gallery.Entry, len(part))
		for i := range part {
			entries[i] = part[i].Entry
		}
		if err := e.enrol(ctx, entries...); err != nil {
			return fmt.Errorf("put files: %w", err)
		}
		if err := e.db.Tx(ctx, func(tx *sql.Tx) error { return e.putPart(ctx, tx, part) }); err != nil {
			return fmt.Errorf("put files: %w", err)
		}
	}
	return nil
}

func (f *File) validate() error {
	var err error
	if f.Entry.ID == "" || len(f.Entry.ID) > maxID {
		err = errors.New("file without an id, or with one that is too long")
	}
	for i := range f.Entry.Documents {
		err = cmp.Or(err, validateDocument(f.Entry.Documents[i]))
	}
	for i := range f.Records {
		err = cmp.Or(err, f.Records[i].validate())
	}
	return err
}

func (e *EES) putPart(ctx context.Context, tx *sql.Tx, files []File) error {
	var rows, documents, crossings [][]any
	for i := range files {
		f := &files[i]
		rows = append(rows, []any{f.Entry.ID, e.now().UnixNano()})
		for _, d := range f.Entry.Documents {
			documents = append(documents, []any{e.digests.OfDocument(d.Number, d.Issuer), f.Entry.ID})
		}
		for j := range f.Records {
			crossings = append(crossings, e.row(f.Entry.ID, &f.Records[j]))
		}
	}
	err := store.Insert(ctx, tx, "INSERT INTO ees_file (id, created)", "ON CONFLICT (id) DO UPDATE SET gone = FALSE", rows)
	if err == nil {
		err = store.Insert(ctx, tx, "INSERT INTO ees_document (digest, file)",
			"ON CONFLICT (digest) DO UPDATE SET file = excluded.file", store.LastOfKey(documents))
	}
	if err == nil {
		err = store.Insert(ctx, tx, insertCrossing, onceOnly, crossings)
	}
	return err
}
