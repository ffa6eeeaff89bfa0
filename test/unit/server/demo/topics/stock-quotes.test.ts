import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isQuoteTopic, StockQuotes, symbolOf } from '../../../../../server/demo/topics/stock-quotes.ts'

test('the same symbol and seed give the same prices, others give others', () => {
  const prices = (symbol: string, seed: number) => take(new StockQuotes(symbol, seed), 20).map(({ price }) => price)
  expect(prices('ACME', 1)).toEqual(prices('ACME', 1))
  expect(prices('ACME', 1)).not.toEqual(prices('ACME', 2))
  expect(prices('ACME', 1)).not.toEqual(prices('EMCA', 1))
})

test('a price is in cents, moves by at most 0.5%, with the matching change', () => {
  const quotes = take(new StockQuotes('ACME', 7), 1_000)
  expect(new Set(quotes.map(({ price }) => price)).size).toBeGreaterThan(100)
  quotes.slice(1).forEach(({ symbol, price, change }, index) => {
    const before = quotes[index]?.price ?? Number.NaN
    expect(symbol).toBe('ACME')
    expect(Math.abs(price * 100 - Math.round(price * 100))).toBeLessThan(1e-6)
    expect(change).toBeCloseTo(price - before, 6)
    expect(Math.abs(change)).toBeLessThanOrEqual(before * 0.005 + 0.005)
  })
})

test('every seed gives a price in range', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
      for (const { price } of take(new StockQuotes('X', seed), 5)) {
        expect(price).toBeGreaterThanOrEqual(1)
        expect(price).toBeLessThanOrEqual(100_000)
      }
    }),
  )
})

test('quote topics are those below stocks/', () => {
  expect(['stocks/ACME', 'stocks/', 'stocks', 'stocksACME', 'a/stocks/ACME'].map(isQuoteTopic)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a symbol has 1 to 16 characters and no slash', () => {
  expect(symbolOf('stocks/BRK.A')).toBe('BRK.A')
  for (const topic of ['stocks/', 'stocks/A/B', `stocks/${'A'.repeat(17)}`]) {
    expect(() => symbolOf(topic)).toThrow('must have a symbol of 1 to 16 characters')
  }
})

function take(quotes: StockQuotes, count: number): { symbol: string; price: number; change: number }[] {
  return Array.from({ length: count }, () => JSON.parse(quotes.next()))
}
