/** The routes of the console: what a link says is what the page reads. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { linkTo, linkToMember, parseRoute, VIEW_NAMES } from '../../../../console/app/route/parse-route.ts'

function partsOf(hash: string) {
  const { view, name, query } = parseRoute(hash)
  return { view, name, query: query.toString() }
}

it.each([
  ['', 'overview', '', ''],
  ['#', 'overview', '', ''],
  ['#/', 'overview', '', ''],
  ['#/nowhere/a.B', 'overview', '', ''],
  ['#service/a.B', 'service', 'a.B', ''],
  ['#/method/a.v1.B/Do', 'method', 'a.v1.B/Do', ''],
  ['#/method/a.v1.B/Do?call=x%3Fy&b=1', 'method', 'a.v1.B/Do', 'call=x%3Fy&b=1'],
  ['#/method/a.B/Do?call=a?b', 'method', 'a.B/Do', 'call=a%3Fb'],
  ['#/message/%E0%A4%A', 'message', '%E0%A4%A', ''],
  ['#/message/%zz', 'message', '%zz', ''],
  ['#/history', 'history', '', ''],
])('reads %j', (hash, view, name, query) => {
  expect(partsOf(hash)).toEqual({ view, name, query })
})

describe('a link', () => {
  test('leads to the view, the name and the query that it was made of', () => {
    const texts = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(fc.constantFrom(...VIEW_NAMES), texts, texts, (view, name, value) => {
        const query = new URLSearchParams({ value }).toString()
        expect(partsOf(linkTo(view, name, query))).toEqual({ view, name, query })
      }),
    )
  })

  test('leads to a member, whatever its name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(parseRoute(linkToMember('message', 'a.B', name)).query.get('field')).toBe(name)
        expect(parseRoute(linkToMember('enum', 'a.B', name)).query.get('value')).toBe(name)
      }),
      { examples: [['a+b'], ['a&field=b'], ['100%'], ['a#b?c']] },
    )
  })

  test('keeps the slash of a method readable', () => {
    expect(linkTo('method', 'a.v1.B/Do')).toBe('#/method/a.v1.B/Do')
  })
})
