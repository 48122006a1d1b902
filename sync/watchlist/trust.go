package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// maxOrders limits the orders in the lists' folder.
const maxOrders = 256

// trust is what the lists' folder holds for booths beside the lists.
type trust struct {
	keys   *SignedKeys
	orders []*SignedOrder
}

func readTrust(dir string) (*trust, error) {
	k, err := readKeys(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("no keys document: no booth could prove anything")
	}
	if err != nil {
		return nil, err
	}
	orders, err := Orders(dir)
	return &trust{k, orders}, err
}

// missing returns what the broker lacks, given what it holds.
func (t *trust) missing(held func(topic string) []byte, now time.Time) ([]message, error) {
	var all []message
	add := func(topic string, d *signedBytes) error {
		b, err := d.envelope()
		if err == nil && !bytes.Equal(b, held(topic)) {
			all = append(all, message{topic, b})
		}
		return err
	}
	if before, err := ParseKeys(held(keysTopic)); err == nil {
		if err := t.keys.Follows(before); err != nil {
			return nil, fmt.Errorf("the broker holds another keys document: %w", err)
		}
	}
	if err := add(keysTopic, &t.keys.signedBytes); err != nil {
		return nil, err
	}
	for _, o := range t.orders {
		if o.Expired(now) {
			continue
		}
		if err := add(ordersTopic+o.ID, &o.signedBytes); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// InstallKeys puts a keys document into the lists' folder after proving it. It may not go
// back behind the one that is there.
func InstallKeys(dir string, b []byte, roots Roots, now time.Time) (*SignedKeys, error) {
	var k *SignedKeys
	err := locked(dir, func() (err error) {
		k, err = installKeys(dir, b, roots, now)
		return err
	})
	return k, err
}

func installKeys(dir string, b []byte, roots Roots, now time.Time) (*SignedKeys, error) {
	k, err := ParseKeys(b)
	if err != nil {
		return nil, err
	}
	if err := k.Verify(roots); err != nil {
		return nil, err
	}
	if k.Expired(now) {
		return nil, fmt.Errorf("keys document expired %s", k.Expires.UTC().Format(time.RFC3339))
	}
	before, err := readKeys(dir)
	switch {
	case err == nil:
		if err := k.Follows(before); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	b, err = k.envelope()
	if err != nil {
		return nil, err
	}
	return k, writeFile(filepath.Join(dir, keysPath), b)
}

// Orders reads the orders in the lists' folder.
func Orders(dir string) ([]*SignedOrder, error) {
	b, err := readLimited(filepath.Join(dir, ordersPath), maxOrders*MaxMessage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseOrders(b)
}

// ParseOrders reads the file of orders, a JSON array, without judging their signatures. The
// error matches ErrMalformed.
func ParseOrders(b []byte) ([]*SignedOrder, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil || len(all) > maxOrders {
		return nil, ErrMalformed
	}
	orders := make([]*SignedOrder, 0, len(all))
	for _, b := range all {
		o, err := ParseOrder(b)
		if err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	return orders, nil
}

// AddOrder adds a signed order to those in the lists' folder. Expired ones are dropped.
func AddOrder(dir string, b []byte, now time.Time) (*SignedOrder, error) {
	var o *SignedOrder
	err := locked(dir, func() (err error) {
		o, err = addOrder(dir, b, now)
		return err
	})
	return o, err
}

func addOrder(dir string, b []byte, now time.Time) (*SignedOrder, error) {
	o, err := ParseOrder(b)
	if err != nil {
		return nil, err
	}
	if k, err := readKeys(dir); err == nil && o.Verify(k.ForOrders(o.Issued)) != nil {
		return nil, fmt.Errorf("by the keys document with serial %d this key gives no orders: %w", k.Serial, ErrForged)
	}
	before, err := Orders(dir)
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	if slices.ContainsFunc(before, func(old *SignedOrder) bool { return old.ID == o.ID }) {
		return nil, fmt.Errorf("there is an order %s already", o.ID)
	}
	for _, each := range append(before, o) {
		if each.Expired(now) {
			continue
		}
		b, err := each.envelope()
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	if len(all) > maxOrders {
		return nil, fmt.Errorf("more than %d orders", maxOrders)
	}
	file, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return o, writeFile(filepath.Join(dir, ordersPath), file)
}
