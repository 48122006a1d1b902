package identity

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"boothd/capture"
	"boothd/cmd/centrald/store"
)

// writeFiles replaces the rows of the files.
func writeFiles(ctx context.Context, tx *sql.Tx, files []File) error {
	last := map[string]int{} // of two files with one id the later counts
	for i := range files {
		last[files[i].ID] = i
	}
	ids := slices.Sorted(maps.Keys(last))
	for part := range slices.Chunk(ids, maxArgs) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM identity_file WHERE id IN "+places(1, len(part)), anys(part)...); err != nil {
			return err
		}
	}
	var rows, documents, biometrics, holdings [][]any
	for _, id := range ids {
		f := &files[last[id]]
		rows = append(rows, []any{f.ID, f.Surname, f.GivenNames, f.BirthDate, f.Sex, f.Nationality, f.nameKey(), f.birthYear()})
		for i, d := range f.Documents {
			d = d.normal()
			documents = append(documents, []any{f.ID, i, d.Type, d.Issuer, d.Number})
		}
		for i, b := range f.Biometrics {
			biometrics = append(biometrics, []any{f.ID, i, string(b.Kind), b.Reference})
		}
		for i, h := range f.Holdings {
			holdings = append(holdings, []any{h.System, h.Entry, f.ID, i, h.Discreet})
		}
	}
	for _, table := range []struct {
		insert string
		rows   [][]any
	}{
		{"INSERT INTO identity_file (id, surname, given_names, birth_date, sex, nationality, name_key, birth_year)", rows},
		{"INSERT INTO identity_document (file, place, type, issuer, number)", documents},
		{"INSERT INTO identity_biometric (file, place, kind, reference)", biometrics},
		{"INSERT INTO identity_holding (system, entry, file, place, discreet)", holdings},
	} {
		if err := store.Insert(ctx, tx, table.insert, "", table.rows); err != nil {
			return err
		}
	}
	return nil
}

// readFiles returns those of the files that are there, in the order of the ids.
func readFiles(ctx context.Context, q querier, ids []string) ([]File, error) {
	found := map[string]*File{}
	for part := range slices.Chunk(ids, maxArgs) {
		if err := readPart(ctx, q, part, found); err != nil {
			return nil, err
		}
	}
	var files []File
	for _, id := range ids {
		if f := found[id]; f != nil {
			files = append(files, *f)
		}
	}
	return files, nil
}

func readPart(ctx context.Context, q querier, ids []string, found map[string]*File) error {
	in, args := places(1, len(ids)), anys(ids)
	err := each(ctx, q, "SELECT id, surname, given_names, birth_date, sex, nationality FROM identity_file WHERE id IN "+in, args,
		func(rows *sql.Rows) error {
			f := new(File)
			err := rows.Scan(&f.ID, &f.Surname, &f.GivenNames, &f.BirthDate, &f.Sex, &f.Nationality)
			found[f.ID] = f
			return err
		})
	if err != nil {
		return err
	}
	err = each(ctx, q, "SELECT file, type, issuer, number FROM identity_document WHERE file IN "+in+" ORDER BY file, place", args,
		func(rows *sql.Rows) error {
			var id string
			var d Document
			err := rows.Scan(&id, &d.Type, &d.Issuer, &d.Number)
			if f := found[id]; f != nil {
				f.Documents = append(f.Documents, d)
			}
			return err
		})
	if err != nil {
		return err
	}
	err = each(ctx, q, "SELECT file, kind, reference FROM identity_biometric WHERE file IN "+in+" ORDER BY file, place", args,
		func(rows *sql.Rows) error {
			var id, kind, reference string
			err := rows.Scan(&id, &kind, &reference)
			if f := found[id]; f != nil {
				f.Biometrics = append(f.Biometrics, Biometric{capture.Modality(kind), reference})
			}
			return err
		})
	if err != nil {
		return err
	}
	return each(ctx, q, "SELECT file, system, entry, discreet FROM identity_holding WHERE file IN "+in+" ORDER BY file, place", args,
		func(rows *sql.Rows) error {
			var id string
			var m Member
			err := rows.Scan(&id, &m.System, &m.Entry, &m.Discreet)
			if f := found[id]; f != nil {
				f.Holdings = append(f.Holdings, m)
			}
			return err
		})
}

// sorted returns the members of a set in order.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
