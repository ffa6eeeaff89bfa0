/** The search of the console: what fits, in which order, and how fast. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { markParts } from '../../../../console/app/shell/search/mark-parts.ts'
import { MATCH, NameMatcher } from '../../../../console/app/shell/search/name-matcher.ts'
import { linkOf, scopeOf } from '../../../../console/app/shell/search/search-entries.ts'
import { SearchIndex } from '../../../../console/app/shell/search/search-index.ts'
import { apiOf } from '../../../support/console/api-of.ts'

describe('a name fits', () => {
  it.each([
    ['SayHello', 'sayhello', MATCH.exact],
    ['SayHello', 'say', MATCH.start],
    ['SayHello', 'hello', MATCH.wordStart],
    ['say_hello', 'hel', MATCH.wordStart],
    ['SayHello', 'ello', MATCH.inside],
    ['SayHello', 'sh', MATCH.words],
    ['SayHello', 'sahe', MATCH.words],
    ['say_hello_world', 'shw', MATCH.words],
    ['GetHTTPRoute', 'ghttp', MATCH.words],
    ['GetHTTPRoute', 'route', MATCH.inside],
    ['HelloSayHello', 'llosay', MATCH.inside],
    ['SayHello', 'sx', MATCH.none],
    ['SayHello', 'hs', MATCH.none],
    ['SayHello', 'sayhellox', MATCH.none],
  ])('%s: %s', (name, part, match) => {
    expect(new NameMatcher(part).match(name, name.toLowerCase())).toBe(match)
  })

  test('by the starts of words as trying all of them finds, in a time that grows with the name only', () => {
    const fits = (words: readonly string[], part: string): boolean =>
      part === '' ||
      words.some((word, index) =>
        Array.from(word, (_, length) => word.slice(0, length + 1)).some(
          (start) => part.startsWith(start) && fits(words.slice(index + 1), part.slice(start.length)),
        ),
      )
    const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
    const part = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), part, (words, each) => {
        const name = words.join('_')
        const match = new NameMatcher(each).match(name, name)
        if (match === MATCH.words) expect(fits(words, each)).toBe(true)
        if (match === MATCH.none || match === MATCH.inside) expect(fits(words, each)).toBe(false)
      }),
    )
    const long = 'Aa'.repeat(20_000)
    expect(new NameMatcher(`${'a'.repeat(15)}b`).match(long, long.toLowerCase())).toBe(MATCH.none)
  })
})

const api = apiOf({
  'shop.proto': `syntax = "proto3"; package shop.v1;
    service Greeter { rpc SayHello(Hello) returns (Hello); rpc Bye(Hello) returns (Hello); }
    message Hello { string hello = 1; Kind kind = 2; message Inner { bool hello_there = 1; } }
    enum Kind { KIND_UNSPECIFIED = 0; KIND_HELLO = 1; }`,
  'other.proto': 'syntax = "proto3"; package other.v1; message Hello {}',
})

function found(query: string, limit = 20) {
  const { entries, total } = new SearchIndex(api).find(query, limit)
  return { names: entries.map((entry) => `${entry.kind} ${scopeOf(entry)} ${entry.name}`), total }
}

describe('a search', () => {
  it('finds the best first', () => {
    const { names } = found('hello')
    expect(names.slice(0, 2).toSorted()).toEqual(['message other.v1 Hello', 'message shop.v1 Hello'])
    expect(names.slice(2)).toEqual([
      'field shop.v1.Hello hello',
      'field shop.v1.Hello.Inner hello_there',
      'method shop.v1.Greeter SayHello',
      'value shop.v1.Kind KIND_HELLO',
    ])
  })

  it('takes words of the package or type too, if one is of the name', () => {
    expect(found('shop hello').names).not.toContain('message other.v1 Hello')
    expect(found('shop.v1.Greeter/SayHello').names).toEqual(['method shop.v1.Greeter SayHello'])
    expect(found('greeter bye').names).toEqual(['method shop.v1.Greeter Bye'])
    expect(found('shop').names).toEqual([])
  })

  it('takes a whole name of the package or type for more than a part of the name', () => {
    const orders = apiOf({
      'orders.proto': `syntax = "proto3"; package orders.v1;
        service Greeter { rpc SayHello(GreeterSayHelloRequest) returns (OrderLine); }
        message GreeterSayHelloRequest {}
        message OrderLine {}
        message Order { message Line { string order_line = 1; } }`,
    })
    const best = (query: string) => {
      const [first] = new SearchIndex(orders).find(query, 1).entries
      return first === undefined ? '' : `${scopeOf(first)} ${first.name}`
    }
    expect(best('Order.Line')).toBe('orders.v1.Order Line')
    expect(best('Greeter/SayHello')).toBe('orders.v1.Greeter SayHello')
    expect(best('orders.v1.OrderLine')).toBe('orders.v1 OrderLine')
    expect(best('order line')).toBe('orders.v1.Order Line')
    expect(best('orderline')).toBe('orders.v1 OrderLine')
  })

  it('looks for each word once, as for a text that was pasted by mistake', () => {
    const matched = vi.spyOn(NameMatcher.prototype, 'match')
    onTestFinished(() => matched.mockRestore())
    const { total } = found('hello '.repeat(20_000))
    expect(total).toBe(6)
    expect(matched.mock.calls.length).toBeLessThanOrEqual(20)
  })

  it('is empty for nothing, and says how many there are beyond the limit', () => {
    expect(found('  ')).toEqual({ names: [], total: 0 })
    expect(found('hello', 2)).toMatchObject({ names: { length: 2 }, total: 6 })
  })

  it('links to members in the page of their type', () => {
    const links = new SearchIndex(api).find('hello', 20).entries.map(linkOf)
    expect(links).toEqual(
      expect.arrayContaining([
        '#/method/shop.v1.Greeter/SayHello',
        '#/message/shop.v1.Hello?field=hello',
        '#/enum/shop.v1.Kind?value=KIND_HELLO',
        '#/message/shop.v1.Hello.Inner?field=hello_there',
      ]),
    )
  })

  it('collects a few entries at a time', () => {
    const index = new SearchIndex(api)
    let turns = 0
    while (index.collect(3)) turns += 1
    expect(turns).toBe(4)
    expect(index.collect(3)).toBe(false)
    expect(index.find('kind', 10).total).toBe(4)
  })
})

it('marks the words of a query in a name', () => {
  expect(markParts('SayHello', 'hello say')).toEqual([{ text: 'SayHello', isMarked: true }])
  expect(markParts('SayHello', 'shop.hell')).toEqual([
    { text: 'Say', isMarked: false },
    { text: 'Hell', isMarked: true },
    { text: 'o', isMarked: false },
  ])
})
