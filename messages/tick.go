package messages

// bands is SET's table of tick sizes for equities: below a price, the tick. Each edge is a
// whole number of the ticks on both of its sides, so the grid has no seam there.
var bands = [...]struct{ below, tick Price }{
	{2 * Baht, Satang}, {5 * Baht, 2 * Satang}, {10 * Baht, 5 * Satang}, {25 * Baht, 10 * Satang},
	{100 * Baht, 25 * Satang}, {200 * Baht, 50 * Satang}, {400 * Baht, Baht}, {MaxPrice, 2 * Baht},
}

// band finds the band that a step upwards from p lies in.
func band(p Price) int {
	for i := range bands {
		if p < bands[i].below {
			return i
		}
	}
	return len(bands) - 1
}

// TickSize is SET's tick for equities from this price upwards: 0.01 below 2 baht, which
// zero and negative prices share, to 2 baht from 400 up. At the edge of two bands the tick
// downwards is the lower band's, which AddTicks knows.
func (p Price) TickSize() Price { return bands[band(p)].tick }

// OnTick reports whether the price lies on SET's grid.
func (p Price) OnTick() bool { return p%p.TickSize() == 0 }

// lowest is the lowest price on the grid.
const lowest = MinPrice - MinPrice%Satang

// RoundDown gives the highest price on SET's grid that is not above p, or the lowest that
// there is.
func (p Price) RoundDown() Price {
	if p < lowest {
		return lowest
	}
	rest := p % p.TickSize()
	if rest < 0 {
		rest += p.TickSize()
	}
	return p - rest
}

// RoundUp gives the lowest price on SET's grid that is not below p, or the highest that
// there is.
func (p Price) RoundUp() Price {
	d := p.RoundDown()
	if d < p {
		return d.AddTicks(1)
	}
	return d
}

// AddTicks moves the price n ticks up, or down for a negative n, along SET's grid; the tick
// changes where the bands do. A price off the grid is rounded down to it first. At the ends
// of what a Price holds, billions of baht away, it stops.
func (p Price) AddTicks(n int) Price {
	p = p.RoundDown()
	left := int64(n)
	for left > 0 {
		b := bands[band(p)]
		steps := min(left, ticksBetween(p, b.below, b.tick))
		if steps == 0 {
			break
		}
		p, left = p+Price(steps)*b.tick, left-steps
	}
	for left < 0 {
		i, floor := band(p-1), lowest // at an edge the band below it counts
		if i > 0 {
			floor = bands[i-1].below
		}
		steps := ticksBetween(floor, p, bands[i].tick)
		if left > -steps {
			steps = -left
		}
		if steps == 0 {
			break
		}
		p, left = p-Price(steps)*bands[i].tick, left+steps
	}
	return p
}

// ticksBetween counts the whole ticks from low up to high, whose difference may pass 63 bits.
func ticksBetween(low, high, tick Price) int64 {
	return int64((uint64(high) - uint64(low)) / uint64(tick))
}
