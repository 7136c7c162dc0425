package market

import "fmt"

// busy are the names that make most of the exchange's traffic, and some of every form a
// symbol can have.
var busy = []string{"PTT", "AOT", "CPALL", "KBANK", "ADVANC", "DELTA", "GULF", "BBL", "SCB", "KTB",
	"BDMS", "SCC", "PTTEP", "TRUE", "CPN", "MINT", "BH", "TOP", "IVL", "CPF", "HMPRO", "BEM", "LH", "TU", "EA",
	"BBL-F", "L&E", "KBANK-F", "WHA", "OR", "CRC", "BTS", "TISCO", "TTB", "EGCO", "RATCH", "BGRIM", "GPSC", "BCP", "SPRC",
	"COM7", "JMT", "MTC", "SAWAD", "TIDLOR", "KCE", "HANA", "AMATA", "STA", "M-CHAI"}

// series are the derivatives.
var series = []string{"S50Z26", "S50H27", "GFZ26", "USDZ26"}

// DefaultSymbols lists the first n equities of any market of n.
func DefaultSymbols(n int) []string {
	out := make([]string, 0, n)
	for i := range n {
		if i < len(busy) {
			out = append(out, busy[i])
		} else {
			out = append(out, fmt.Sprintf("SYM%03d", i))
		}
	}
	return out
}
