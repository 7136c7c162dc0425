package messages

import (
	"testing"

	"pgregory.net/rapid"
)

func price(t testing.TB, s string) Price {
	p, err := ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTicksAreThoseOfSET(t *testing.T) {
	for _, c := range []struct{ price, tick, down, up string }{
		{"0.01", "0.01", "0", "0.02"},
		{"1.99", "0.01", "1.98", "2"},
		{"2", "0.02", "1.99", "2.02"},
		{"4.98", "0.02", "4.96", "5"},
		{"5", "0.05", "4.98", "5.05"},
		{"9.95", "0.05", "9.9", "10"},
		{"10", "0.1", "9.95", "10.1"},
		{"24.9", "0.1", "24.8", "25"},
		{"25", "0.25", "24.9", "25.25"},
		{"99.75", "0.25", "99.5", "100"},
		{"100", "0.5", "99.75", "100.5"},
		{"199.5", "0.5", "199", "200"},
		{"200", "1", "199.5", "201"},
		{"399", "1", "398", "400"},
		{"400", "2", "399", "402"},
		{"1000", "2", "998", "1002"},
		{"0", "0.01", "-0.01", "0.01"},
		{"-1.25", "0.01", "-1.26", "-1.24"},
		{"-400", "0.01", "-400.01", "-399.99"},
	} {
		p := price(t, c.price)
		if got := p.TickSize(); got != price(t, c.tick) {
			t.Errorf("tick at %v is %v, want %s", p, got, c.tick)
		}
		if got := p.AddTicks(-1); got != price(t, c.down) {
			t.Errorf("a tick below %v is %v, want %s", p, got, c.down)
		}
		if got := p.AddTicks(1); got != price(t, c.up) {
			t.Errorf("a tick above %v is %v, want %s", p, got, c.up)
		}
		if !p.OnTick() || p.RoundDown() != p || p.RoundUp() != p || p.AddTicks(0) != p {
			t.Errorf("%v is not taken as on the grid", p)
		}
	}
}

func TestPricesOffTheGridAreRounded(t *testing.T) {
	for _, c := range []struct{ price, down, up string }{
		{"1.995", "1.99", "2"}, {"2.01", "2", "2.02"}, {"4.99", "4.98", "5"}, {"99.9", "99.75", "100"},
		{"400.000000001", "400", "402"}, {"-0.005", "-0.01", "0"}, {"0.000000001", "0", "0.01"}, {"399.999999999", "399", "400"},
	} {
		p := price(t, c.price)
		if p.OnTick() || p.RoundDown() != price(t, c.down) || p.RoundUp() != price(t, c.up) {
			t.Errorf("%v: down %v, up %v", p, p.RoundDown(), p.RoundUp())
		}
		if p.AddTicks(0) != p.RoundDown() {
			t.Errorf("%v: no tick is %v", p, p.AddTicks(0))
		}
	}
}

func TestTheGridEndsWherePricesDo(t *testing.T) {
	const huge = int(^uint(0) >> 1)
	top, bottom := Price(0).AddTicks(huge), Price(0).AddTicks(-huge-1)
	if !top.OnTick() || top <= MaxPrice-2*Baht || top.AddTicks(1) != top {
		t.Errorf("the highest price is %v", top)
	}
	if !bottom.OnTick() || bottom >= MinPrice+Satang || bottom.AddTicks(-1) != bottom {
		t.Errorf("the lowest price is %v", bottom)
	}
	if MaxPrice.RoundDown() != top || MaxPrice.RoundUp() != top || MinPrice.RoundDown() != bottom || MinPrice.RoundUp() != bottom {
		t.Error("rounding leaves the grid at its ends")
	}
	if bottom.AddTicks(huge) != top || top.AddTicks(-huge) != bottom {
		t.Error("the grid cannot be walked from end to end")
	}
}

func TestTicksUpAndDownComeBackAndAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Price(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5e9, 1000e9)).Draw(t, "price")).RoundDown()
		a, b := rapid.IntRange(-50_000, 50_000).Draw(t, "a"), rapid.IntRange(-50_000, 50_000).Draw(t, "b")
		if p > MaxPrice-1e6*Baht || p < MinPrice+1e6*Baht {
			return
		}
		if q := p.AddTicks(a); !q.OnTick() || q.AddTicks(-a) != p || q.AddTicks(b) != p.AddTicks(a+b) {
			t.Fatalf("%v %+d %+d ticks: %v, %v, %v", p, a, b, q, q.AddTicks(b), p.AddTicks(a+b))
		}
		if up := p.AddTicks(1); up <= p || (p+1).RoundUp() != up || (up-1).RoundDown() != p {
			t.Fatalf("between %v and %v lies something", p, up)
		}
	})
}
