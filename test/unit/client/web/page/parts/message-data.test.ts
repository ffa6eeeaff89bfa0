import { describe, expect, it } from 'vitest'
import {
  parseChatLine,
  parseQuote,
  parseReading,
  writeChatLine,
  writeReading,
} from '../../../../../../client/web/page/parts/message-data.ts'
import { StockQuotes } from '../../../../../../server/demo/topics/stock-quotes.ts'

const NOT_OURS = ['', 'null', '[]', '{}', '{"price":"1","celsius":"1","name":1,"text":1}', '{"price":', 'hello']

describe("parses the server's quotes", () => {
  it('reads what the server quotes', () => {
    const data = new StockQuotes('ACME', 1).next()
    expect(parseQuote(data)).toEqual({ price: JSON.parse(data).price })
  })

  it.each(NOT_OURS)('rejects what is not a quote: %s', (data) => {
    expect(parseQuote(data)).toBeUndefined()
  })
})

describe('parseReading', () => {
  it('parses the output of writeReading', () => {
    const reading = { celsius: -3.5, sender: 'me', sentMs: 12.5 }
    expect(parseReading(writeReading(reading))).toEqual(reading)
  })

  it.each([
    ['21.5', 21.5],
    ['{"celsius":4}', 4],
    ['{"celsius":4,"sender":"x","sentMs":"soon"}', 4],
  ])('parses a simpler reading of another program: %s', (data, celsius) => {
    expect(parseReading(data)).toEqual({ celsius })
  })

  it.each(NOT_OURS)('rejects what is not a reading: %s', (data) => {
    expect(parseReading(data)).toBeUndefined()
  })
})

describe('parseChatLine', () => {
  it('parses the output of writeChatLine', () => {
    const line = { name: 'Ada', text: '<b>"hi"</b>' }
    expect(parseChatLine(writeChatLine(line))).toEqual(line)
  })

  it.each(NOT_OURS)('shows anything else unchanged: %s', (data) => {
    expect(parseChatLine(data)).toEqual({ name: '', text: data })
  })
})
